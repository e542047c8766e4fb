/* What a text can be searched for: the tokens of the search index.
 *
 * Chinese has no blanks between words, so every two neighbours are a token; other scripts have.
 * Read from left to right a text is
 *  - words: letters, digits and their marks, as they stand together: one token each;
 *  - runs of scripts written without blanks (Han, Kana, Bopomofo, Hangul, Thai, Lao, Khmer,
 *    Burmese): a token for each two neighbouring characters, "群聊室" → 群聊, 聊室; alone one is its own
 *    token;
 *  - symbols and emoji (a family or flag is one): a token each;
 *  - all else (blanks, punctuation, controls, what is not UTF-8): gaps, which only separate.
 *
 * Tokens are folded as NFKC_Casefold does: "ＡＢ" is "ab", "ｶﾞ" is "ガ", "㍿" is four characters; what
 * is ignored by default (soft hyphens, U+FE0F, joiners) is left out, and does not separate.
 *
 * To find one character of a run, also its last, a *document* has one more token at the end of each
 * run, its last character alone: 群聊, 聊室, 室. Then every token that begins with 室 has it, and so:
 *
 *	TOKEN_SINGLE and TOKEN_SYMBOL of a query are searched as prefixes, all others as they are.
 *
 * (A symbol because 👍 is the beginning of 👍🏽.) An index without positions answers with what has all
 * the tokens somewhere; whether it has them in a row is then a search for one folded text in
 * another: see tokens_fold().
 *
 * Linear time, no allocation; sizes and offsets are in bytes. A word of more than TOKEN_BYTES_MAX
 * goes as several tokens. */
#ifndef QUN_TOKENS_H
#define QUN_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

/* The largest token. Words of languages stay far below it; links and hashes do not. */
#define TOKEN_BYTES_MAX 128

/* What a text is read for. */
enum tokens_purpose { TOKENS_DOCUMENT, TOKENS_QUERY };

enum token_kind {
	TOKEN_WORD,
	TOKEN_PAIR,   /* two neighbours of a run */
	TOKEN_SINGLE, /* one character: alone, or the last of a document's run */
	TOKEN_SYMBOL,
};

struct token {
	enum token_kind kind;
	struct slice folded; /* 1 to TOKEN_BYTES_MAX bytes; valid until the next call */
	size_t begin;        /* where it stands in the text: the offset of its first byte, */
	size_t end;          /* and the one after its last */
};

/* Inside of struct tokens: as much of a text as is folded at once, and what that may grow to
 * (U+FDFA: 3 bytes become 33). */
#define TOKENS_PIECE_BYTES_MAX 64
#define TOKENS_FOLDED_BYTES_MAX (11 * TOKENS_PIECE_BYTES_MAX)

/* A walk over a text. Plain memory, nothing to finish; the text must outlive it. The fields are for
 * tokens.c. */
struct tokens {
	struct slice text;
	enum tokens_purpose purpose;
	size_t at;                   /* what is before it has been folded */
	bool is_in_run;              /* the present character was the second of the last token */
	int element;                 /* the present element: its class, */
	struct slice element_folded; /* its bytes in folded[], */
	size_t element_begin;        /* and the place of its piece in the text */
	size_t element_end;
	size_t folded_at; /* the elements before it have been taken */
	size_t folded_size;
	char folded[TOKENS_FOLDED_BYTES_MAX];
	char token[TOKEN_BYTES_MAX];
};

void tokens_init(struct tokens *tokens, struct slice text, enum tokens_purpose purpose);

/* The next token; false when there are no more. begin and end never go backwards. */
bool tokens_next(struct tokens *tokens, struct token *out);

/* The largest folding of a text. */
#define TOKENS_FOLD_BYTES_MAX(text_size) (12 * (size_t)(text_size))

/* Writes the text folded, each gap as one blank, none at the ends. Two texts that differ only in
 * case, width, composition or punctuation are then the same bytes, and one is found in another with
 * memmem(). Returns the size; what does not fit is counted, not written: when the returned size is
 * larger than out_size, out holds the first out_size bytes of it. */
size_t tokens_fold(struct slice text, char *out, size_t out_size);

#endif
