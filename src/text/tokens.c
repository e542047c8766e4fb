/* The tokens of a text (see tokens.h), in three layers:
 *
 *   piece    a grapheme cluster, folded into folded[]; most often one character
 *   element  a character with its marks, or a whole symbol: what is left of the piece, bit by bit
 *   token    one to many elements, copied together into token[]
 *
 * One element is always read ahead. ASCII and the common Han characters, which fold to themselves,
 * do not go through utf8proc. */
#include "tokens.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

#include "cut.h"
#include "utf8.h"

/* Two of them are a pair. */
#define ELEMENT_BYTES_MAX (TOKEN_BYTES_MAX / 2)

/* What decomposition may make of a piece: U+FDFA, 3 bytes, becomes 18 code points. */
#define PIECE_POINTS_MAX (6 * TOKENS_PIECE_BYTES_MAX)

#define FOLD_OPTIONS                                                                               \
	(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)

/* The classes of elements. */
enum {
	END,
	GAP,
	LETTER,    /* part of a word, marks without a letter included */
	CHARACTER, /* of a script written without blanks */
	SYMBOL,
};

/* ---- Classes --------------------------------------------------------------------------------- */

struct range {
	int32_t first;
	int32_t last;
};

/* Scripts written without blanks between words, by their blocks; ascending. */
static const struct range blankless[] = {
	{0x0E00, 0x0EFF},   /* Thai, Lao */
	{0x1000, 0x109F},   /* Burmese */
	{0x1100, 0x11FF},   /* Hangul jamo */
	{0x1780, 0x17FF},   /* Khmer */
	{0x2E80, 0x2FDF},   /* radicals */
	{0x3005, 0x3007},   /* 々〆〇 */
	{0x3021, 0x3029},   /* Hangzhou numerals */
	{0x3031, 0x303C},   /* repeat marks, more numerals */
	{0x3040, 0x31FF},   /* Kana, Bopomofo, Hangul compatibility jamo */
	{0x3400, 0x4DBF},   /* Han, extension A */
	{0x4E00, 0x9FFF},   /* Han */
	{0xA960, 0xA97F},   /* Hangul jamo, extended A */
	{0xAC00, 0xD7FF},   /* Hangul syllables, jamo extended B */
	{0xF900, 0xFAFF},   /* Han, compatibility */
	{0xFF66, 0xFFDC},   /* halfwidth Kana and jamo */
	{0x16FE0, 0x18D7F}, /* Tangut, Khitan */
	{0x1AFF0, 0x1B2FF}, /* more Kana, Nüshu */
	{0x20000, 0x3FFFF}, /* Han, further extensions */
};

static bool is_blankless(int32_t point) {
	const size_t count = sizeof(blankless) / sizeof(blankless[0]);
	for (size_t at = 0; at < count && blankless[at].first <= point; at++) {
		if (point <= blankless[at].last) {
			return true;
		}
	}
	return false;
}

static bool is_mark(int32_t point) {
	switch (utf8proc_category(point)) {
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME: return true;
	default: return false;
	}
}

static bool is_emoji(int32_t point) {
	return utf8proc_get_property(point)->boundclass ==
	               UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ||
	       (point >= 0x1F3FB && point <= 0x1F3FF);
}

static int class_of(int32_t point) {
	switch (utf8proc_category(point)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO: return is_blankless(point) ? CHARACTER : LETTER;
	case UTF8PROC_CATEGORY_SM:
	case UTF8PROC_CATEGORY_SC:
	case UTF8PROC_CATEGORY_SO:
	case UTF8PROC_CATEGORY_CN: /* most likely an emoji newer than our tables */
	case UTF8PROC_CATEGORY_CO: return SYMBOL;
	default: return is_emoji(point) ? SYMBOL : GAP;
	}
}

static bool is_ascii_letter_or_digit(unsigned char byte) {
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9');
}

static int class_of_ascii(unsigned char byte) {
	if (is_ascii_letter_or_digit(byte)) {
		return LETTER;
	}
	return byte != 0 && strchr("$+<=>|~", byte) != NULL ? SYMBOL : GAP;
}

/* ---- Elements -------------------------------------------------------------------------------- */

/* Folds to itself, and nothing before U+0300 or among its own joins it: those of the main block. */
static bool is_common_han(int32_t point) {
	return point >= 0x4E00 && point <= 0x9FFF;
}

/* Can what follows join what is before it? Not the end, not what is below U+0300 (bytes below CC),
 * not common Han (first bytes E4 to E9, with a few others that may). */
static bool is_joined_by(struct slice rest) {
	if (slice_is_empty(rest) || (unsigned char)rest.bytes[0] < 0xCC) {
		return false;
	}
	int32_t point;
	utf8_decode(rest, &point);
	return !is_common_han(point);
}

/* The present element is one that folds to itself (letters of ASCII: to the small ones). */
static void take_simple(struct tokens *tokens, int element, size_t size) {
	memcpy(tokens->folded, tokens->text.bytes + tokens->at, size);
	if (size == 1 && tokens->folded[0] >= 'A' && tokens->folded[0] <= 'Z') {
		tokens->folded[0] = (char)(tokens->folded[0] + ('a' - 'A'));
	}
	tokens->element = element;
	tokens->element_folded = slice_of(tokens->folded, size);
	tokens->element_begin = tokens->at;
	tokens->at += size;
	tokens->element_end = tokens->at;
}

/* Takes the short path where there is one. */
static bool take_if_simple(struct tokens *tokens) {
	struct slice rest = slice_from(tokens->text, tokens->at);
	int32_t point;
	size_t size = utf8_decode(rest, &point);
	bool is_ascii = point >= 0 && point < 0x80;
	if ((!is_ascii && !is_common_han(point)) || is_joined_by(slice_from(rest, size))) {
		return false;
	}
	take_simple(tokens, is_ascii ? class_of_ascii((unsigned char)point) : CHARACTER, size);
	return true;
}

/* Folds a piece; returns the size, 0 when nothing is left. */
static size_t fold(struct slice piece, char out[static TOKENS_FOLDED_BYTES_MAX]) {
	utf8proc_int32_t points[PIECE_POINTS_MAX];
	utf8proc_ssize_t count = utf8proc_decompose((const utf8proc_uint8_t *)piece.bytes,
	                                            (utf8proc_ssize_t)piece.size, points,
	                                            PIECE_POINTS_MAX, FOLD_OPTIONS);
	assert(count >= 0);
	assert(count <= PIECE_POINTS_MAX);
	count = utf8proc_normalize_utf32(points, count, FOLD_OPTIONS);
	assert(count >= 0);
	size_t size = 0;
	for (utf8proc_ssize_t at = 0; at < count; at++) {
		char bytes[UTF8_POINT_BYTES_MAX];
		size_t step = utf8_encode(points[at], bytes);
		assert(step <= TOKENS_FOLDED_BYTES_MAX - size);
		memcpy(out + size, bytes, step);
		size += step;
	}
	return size;
}

/* Folds the next cluster of the text, which has one, into folded[]. False when it is not UTF-8. */
static bool fold_next(struct tokens *tokens) {
	struct slice rest = slice_from(tokens->text, tokens->at);
	size_t size = cut_cluster(rest, TOKENS_PIECE_BYTES_MAX);
	struct slice piece = slice_first(rest, size);
	int32_t point;
	utf8_decode(piece, &point);
	tokens->element_begin = tokens->at;
	tokens->at += size;
	tokens->element_end = tokens->at;
	tokens->folded_at = 0;
	tokens->folded_size = point == UTF8_INVALID ? 0 : fold(piece, tokens->folded);
	return point != UTF8_INVALID;
}

/* The size of the first element of what is folded; a symbol is all of it. */
static size_t measure_element(struct slice folded, int element) {
	int32_t point;
	size_t size = utf8_decode(folded, &point);
	while (size < folded.size) {
		size_t step = utf8_decode(slice_from(folded, size), &point);
		bool belongs = element == SYMBOL || is_mark(point);
		if (!belongs || size + step > ELEMENT_BYTES_MAX) {
			break;
		}
		size += step;
	}
	return size;
}

/* The keycaps: a digit, # or * that a mark makes a symbol. */
static bool is_keycap(struct slice folded) {
	static const char mark[] = "\u20E3";
	const struct slice marks = slice_from(folded, 1);
	return folded.bytes[0] != 0 && strchr("0123456789#*", folded.bytes[0]) != NULL &&
	       slice_starts_with(marks, slice_of(mark, sizeof(mark) - 1));
}

/* The present element is the next of what is folded, which is not empty. */
static void take_folded(struct tokens *tokens) {
	struct slice folded = slice_of(tokens->folded + tokens->folded_at,
	                               tokens->folded_size - tokens->folded_at);
	int32_t point;
	utf8_decode(folded, &point);
	tokens->element = is_keycap(folded) ? SYMBOL : class_of(point);
	size_t size = measure_element(folded, tokens->element);
	tokens->element_folded = slice_first(folded, size);
	tokens->folded_at += size;
}

/* Reads the next element ahead. */
static void advance(struct tokens *tokens) {
	while (tokens->folded_at == tokens->folded_size) {
		if (tokens->at == tokens->text.size) {
			tokens->element = END;
			return;
		}
		if (take_if_simple(tokens)) {
			return;
		}
		if (!fold_next(tokens)) {
			tokens->element = GAP;
			return;
		}
	}
	take_folded(tokens);
}

/* ---- Tokens ---------------------------------------------------------------------------------- */

void tokens_init(struct tokens *tokens, struct slice text, enum tokens_purpose purpose) {
	tokens->text = text;
	tokens->purpose = purpose;
	tokens->at = 0;
	tokens->is_in_run = false;
	tokens->folded_at = 0;
	tokens->folded_size = 0;
	advance(tokens);
}

/* Appends the present element to the token, and reads on. */
static void gather(struct tokens *tokens, struct token *out) {
	struct slice folded = tokens->element_folded;
	size_t size = out->folded.size;
	assert(folded.size <= sizeof(tokens->token) - size);
	memcpy(tokens->token + size, folded.bytes, folded.size);
	out->folded = slice_of(tokens->token, size + folded.size);
	out->end = tokens->element_end;
	advance(tokens);
}

static void begin(struct tokens *tokens, enum token_kind kind, struct token *out) {
	*out = (struct token){
		.kind = kind,
		.folded = slice_of(tokens->token, 0),
		.begin = tokens->element_begin,
	};
	gather(tokens, out);
}

static void take_word(struct tokens *tokens, struct token *out) {
	begin(tokens, TOKEN_WORD, out);
	while (tokens->element == LETTER &&
	       tokens->element_folded.size <= sizeof(tokens->token) - out->folded.size) {
		gather(tokens, out);
	}
}

/* A pair, whose second stays the present element; or a character alone. False when the present one
 * was the last of a query's run, which has had its token. */
static bool take_character(struct tokens *tokens, struct token *out) {
	bool has_had_token = tokens->is_in_run;
	begin(tokens, TOKEN_SINGLE, out);
	tokens->is_in_run = tokens->element == CHARACTER;
	if (!tokens->is_in_run) {
		return !has_had_token || tokens->purpose == TOKENS_DOCUMENT;
	}
	struct slice second = tokens->element_folded;
	memcpy(tokens->token + out->folded.size, second.bytes, second.size);
	out->kind = TOKEN_PAIR;
	out->folded.size += second.size;
	out->end = tokens->element_end;
	return true;
}

bool tokens_next(struct tokens *tokens, struct token *out) {
	for (;;) {
		switch (tokens->element) {
		case END: return false;
		case GAP: advance(tokens); break;
		case LETTER: take_word(tokens, out); return true;
		case SYMBOL: begin(tokens, TOKEN_SYMBOL, out); return true;
		case CHARACTER:
			if (take_character(tokens, out)) {
				return true;
			}
			break;
		default: assert(!"an element without a class");
		}
	}
}

/* ---- The folded text ------------------------------------------------------------------------- */

/* Appends what fits; returns the size that it would have with all of it. */
static size_t append(char *out, size_t out_size, size_t at, struct slice bytes) {
	if (at < out_size) {
		size_t room = out_size - at;
		memcpy(out + at, bytes.bytes, bytes.size < room ? bytes.size : room);
	}
	return at + bytes.size;
}

size_t tokens_fold(struct slice text, char *out, size_t out_size) {
	struct tokens tokens;
	size_t size = 0;
	bool has_gap = false;
	for (tokens_init(&tokens, text, TOKENS_QUERY); tokens.element != END; advance(&tokens)) {
		if (tokens.element == GAP) {
			has_gap = size > 0;
			continue;
		}
		if (has_gap) {
			size = append(out, out_size, size, slice_of(" ", 1));
			has_gap = false;
		}
		size = append(out, out_size, size, tokens.element_folded);
	}
	return size;
}
