/* Names (see name.h).
 *
 * Most names are either ASCII, which a short path settles by a table of one line, or a few Chinese
 * characters; those go through utf8proc: decompose with folding, put in order and compose,
 * encode. */
#include "name.h"

#include <assert.h>
#include <string.h>

#include <sodium/crypto_shorthash.h>
#include <utf8proc.h>

#include "alike.h"
#include "utf8.h"

#define ZERO_WIDTH_NON_JOINER 0x200C
#define ZERO_WIDTH_JOINER 0x200D
#define KEYCAP 0x20E3
#define BRAILLE_BLANK 0x2800
#define TEXT_STYLE 0xFE0E
#define EMOJI_STYLE 0xFE0F

/* The canonical combining class that Unicode gives to viramas. */
#define VIRAMA_CLASS 9

_Static_assert(NAME_SEED_BYTES == crypto_shorthash_KEYBYTES, "the seed is the key of SipHash");
_Static_assert(sizeof(uint64_t) == crypto_shorthash_BYTES, "a hash is 64 bits");

const char *name_strerror(enum name_error error) {
	switch (error) {
#define NAME_ERROR_WORD(name, value, word)                                                         \
	case name: return word;
		NAME_ERRORS(NAME_ERROR_WORD)
#undef NAME_ERROR_WORD
	}
	return "unknown";
}

/* ---- The key ------------------------------------------------------------------------------- */

/* RFC 8266 2.4 as one pass: what utf8proc is asked for. Blanks are mapped by map_blank() before
 * it. */
#define KEY_OPTIONS                                                                                \
	(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)

/* A pass changes the key of a real name once; RFC 8266 gives up after three more. */
#define KEY_PASSES_MAX 4

static utf8proc_int32_t map_blank(utf8proc_int32_t point, void *context) {
	return utf8proc_category(point) == UTF8PROC_CATEGORY_ZS ? ' ' : point;
}

/* Blanks at the ends go, several become one; returns the new count. */
static size_t trim_blanks(int32_t *points, size_t count) {
	size_t kept = 0;
	for (size_t at = 0; at < count; at++) {
		bool is_wanted = points[at] != ' ' || (kept > 0 && points[kept - 1] != ' ');
		if (is_wanted) {
			points[kept++] = points[at];
		}
	}
	return kept > 0 && points[kept - 1] == ' ' ? kept - 1 : kept;
}

static enum name_error encode_key(const int32_t *points, size_t count, struct name_key *out) {
	out->size = 0;
	for (size_t at = 0; at < count; at++) {
		char bytes[UTF8_POINT_BYTES_MAX];
		size_t size = utf8_encode(points[at], bytes);
		if (size > sizeof(out->bytes) - out->size) {
			return NAME_TOO_LONG;
		}
		memcpy(out->bytes + out->size, bytes, size);
		out->size = (uint16_t)(out->size + size);
	}
	return NAME_OK;
}

/* One pass of the profile; name is UTF-8 and may not be in *out. */
static enum name_error pass(struct slice name, struct name_key *out) {
	utf8proc_int32_t points[NAME_KEY_BYTES_MAX];
	utf8proc_ssize_t count = utf8proc_decompose_custom(
		(const utf8proc_uint8_t *)name.bytes, (utf8proc_ssize_t)name.size, points,
		NAME_KEY_BYTES_MAX, KEY_OPTIONS, map_blank, NULL);
	if (count < 0) {
		return NAME_NOT_UTF8;
	}
	if (count > NAME_KEY_BYTES_MAX) {
		return NAME_TOO_LONG;
	}
	count = utf8proc_normalize_utf32(points, count, KEY_OPTIONS);
	assert(count >= 0);
	return encode_key(points, trim_blanks(points, (size_t)count), out);
}

static struct slice key_slice(const struct name_key *key) {
	return slice_of(key->bytes, key->size);
}

/* Passes until nothing changes. */
static enum name_error pass_until_stable(struct slice name, struct name_key *out) {
	enum name_error error = pass(name, out);
	for (int passes = 1; error == NAME_OK; passes++) {
		struct name_key before = *out;
		error = pass(key_slice(&before), out);
		if (error == NAME_OK && name_key_equal(&before, out)) {
			return NAME_OK;
		}
		if (passes == KEY_PASSES_MAX) {
			return NAME_CHARACTER;
		}
	}
	return error;
}

static bool is_upper(char byte) {
	return byte >= 'A' && byte <= 'Z';
}

/* The key of a name of printable ASCII without blanks: only case is to be mapped. */
static void lower(struct slice name, struct name_key *out) {
	for (size_t at = 0; at < name.size; at++) {
		char byte = name.bytes[at];
		out->bytes[at] = is_upper(byte) ? (char)(byte + ('a' - 'A')) : byte;
	}
	out->size = (uint16_t)name.size;
}

/* Printable ASCII without a blank. */
static bool is_plain(struct slice name) {
	return utf8_ascii_run(name) == name.size &&
	       (name.size == 0 || memchr(name.bytes, ' ', name.size) == NULL);
}

enum name_error name_key(struct slice name, struct name_key *out) {
	out->size = 0;
	if (name.size > NAME_BYTES_MAX) {
		return NAME_TOO_LONG;
	}
	if (is_plain(name)) {
		lower(name, out);
	} else if (!utf8_is_valid(name)) {
		return NAME_NOT_UTF8;
	} else {
		enum name_error error = pass_until_stable(name, out);
		if (error != NAME_OK) {
			out->size = 0;
			return error;
		}
	}
	return out->size == 0 ? NAME_EMPTY : NAME_OK;
}

bool name_key_equal(const struct name_key *a, const struct name_key *b) {
	return slice_equal(key_slice(a), key_slice(b));
}

bool name_equal(struct slice a, struct slice b) {
	struct name_key key_a;
	struct name_key key_b;
	return name_key(a, &key_a) == NAME_OK && name_key(b, &key_b) == NAME_OK &&
	       name_key_equal(&key_a, &key_b);
}

uint64_t name_key_hash(const struct name_key *key, const uint8_t seed[static NAME_SEED_BYTES]) {
	uint64_t hash;
	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)key->bytes, key->size,
	                 seed);
	return hash;
}

/* ---- What a name may have ------------------------------------------------------------------ */

/* The code points of a name, so that a rule can look at its neighbours. */
struct spelling {
	size_t count;
	int32_t points[NAME_CODE_POINTS_MAX];
};

/* The code point at an index; UTF8_INVALID beyond the end, and before the beginning (SIZE_MAX). */
static int32_t point_at(const struct spelling *spelling, size_t at) {
	return at < spelling->count ? spelling->points[at] : UTF8_INVALID;
}

static bool is_ascii_of(int32_t point, const char *set) {
	return point > 0 && point < 0x80 && strchr(set, point) != NULL;
}

static bool may_be_emoji(int32_t point) {
	return utf8proc_get_property(point)->boundclass ==
	       UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

static bool is_skin_tone(int32_t point) {
	return point >= 0x1F3FB && point <= 0x1F3FF;
}

static bool is_after_virama(const struct spelling *spelling, size_t at) {
	return utf8proc_get_property(point_at(spelling, at - 1))->combining_class == VIRAMA_CLASS;
}

/* Is the joiner between two emoji? The first may have a style or a skin tone. */
static bool joins_emoji(const struct spelling *spelling, size_t at) {
	size_t before = at - 1;
	while (point_at(spelling, before) == EMOJI_STYLE ||
	       is_skin_tone(point_at(spelling, before))) {
		before--;
	}
	return may_be_emoji(point_at(spelling, before)) && may_be_emoji(point_at(spelling, at + 1));
}

/* Is the style that of an emoji, or of a keycap ("1", U+FE0F, U+20E3)? */
static bool styles_emoji(const struct spelling *spelling, size_t at) {
	int32_t before = point_at(spelling, at - 1);
	bool is_keycap = is_ascii_of(before, "0123456789#") && point_at(spelling, at + 1) == KEYCAP;
	return is_keycap || may_be_emoji(before);
}

/* Does what cannot be seen by itself belong where it stands? */
static bool is_in_place(const struct spelling *spelling, size_t at) {
	switch (point_at(spelling, at)) {
	case TEXT_STYLE:
	case EMOJI_STYLE: return styles_emoji(spelling, at);
	case ZERO_WIDTH_NON_JOINER: return is_after_virama(spelling, at);
	case ZERO_WIDTH_JOINER: return is_after_virama(spelling, at) || joins_emoji(spelling, at);
	default: return false;
	}
}

static bool is_mark(int32_t point) {
	switch (utf8proc_category(point)) {
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME: return true;
	default: return false;
	}
}

static bool is_bidi_control(int32_t point) {
	return point == 0x061C || point == 0x200E || point == 0x200F ||
	       (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

static enum name_error check_ascii(int32_t point, bool is_first) {
	if (point == ' ') {
		return NAME_BLANK;
	}
	if (point < 0x20 || point == 0x7F) {
		return NAME_CONTROL;
	}
	if (is_ascii_of(point, "!@,*?") || (is_first && is_ascii_of(point, ":#&$~%+"))) {
		return NAME_CHARACTER;
	}
	return NAME_OK;
}

static enum name_error check_category(int32_t point) {
	switch (utf8proc_category(point)) {
	case UTF8PROC_CATEGORY_ZS: return NAME_BLANK;
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
	case UTF8PROC_CATEGORY_CC: return NAME_CONTROL;
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_CS: return NAME_UNASSIGNED;
	default: return NAME_OK;
	}
}

/* Drawn as nothing, though Unicode counts them among the letters, marks and symbols. */
static bool is_drawn_as_nothing(int32_t point) {
	switch (point) {
	case 0xFFFC:  /* object replacement character */
	case 0x13441: /* Egyptian full blank */
	case 0x13442: /* Egyptian half blank */
	case 0x16FE4: /* Khitan filler */
	case 0x1D159: /* musical null notehead */ return true;
	default: return false;
	}
}

static bool is_invisible(int32_t point) {
	return utf8proc_get_property(point)->ignorable || is_drawn_as_nothing(point) ||
	       utf8proc_category(point) == UTF8PROC_CATEGORY_CF;
}

static enum name_error check_point(const struct spelling *spelling, size_t at) {
	int32_t point = spelling->points[at];
	bool is_first = at == 0;
	if (point < 0x80) {
		return check_ascii(point, is_first);
	}
	if (is_bidi_control(point)) {
		return NAME_BIDI;
	}
	if (point == BRAILLE_BLANK) {
		return NAME_BLANK;
	}
	if ((is_invisible(point) && !is_in_place(spelling, at)) || (is_first && is_mark(point))) {
		return NAME_INVISIBLE;
	}
	return check_category(point);
}

/* Reads the code points; NAME_NOT_UTF8 before NAME_TOO_LONG. */
static enum name_error spell(struct slice name, struct spelling *out) {
	out->count = 0;
	if (!utf8_is_valid(name)) {
		return NAME_NOT_UTF8;
	}
	while (!slice_is_empty(name)) {
		if (out->count == NAME_CODE_POINTS_MAX) {
			return NAME_TOO_LONG;
		}
		name = slice_from(name, utf8_decode(name, &out->points[out->count++]));
	}
	return NAME_OK;
}

/* The first thing wrong with a code point, but what cannot be seen only when nothing else is. */
static enum name_error check_points(const struct spelling *spelling) {
	enum name_error found = NAME_OK;
	for (size_t at = 0; at < spelling->count; at++) {
		enum name_error error = check_point(spelling, at);
		if (error != NAME_OK && error != NAME_INVISIBLE) {
			return error;
		}
		if (error == NAME_INVISIBLE) {
			found = error;
		}
	}
	return found;
}

/* Keys that nobody may have: who bears one of these names would be taken for the house. */
static const char *const reserved_keys[] = {
	"admin", "administrator", "chanserv", "nickserv", "server", "system", "管理员",
};

/* What these look like (alike.h). */
static const char *const reserved_skeletons[] = {
	"adrnin", "adrninistrator", "chanserv", "nickserv", "server", "systern", "管理员",
	"ADMlN",  "ADMlNlSTRATOR",  "CHANSERV", "NlCKSERV", "SERVER", "SYSTEM",
};

static bool is_reserved(struct slice name, const struct name_key *key) {
	for (size_t at = 0; at < sizeof(reserved_keys) / sizeof(reserved_keys[0]); at++) {
		if (slice_equal(key_slice(key), slice_from_string(reserved_keys[at]))) {
			return true;
		}
	}
	return name_looks_like_skeleton(name, reserved_skeletons,
	                                sizeof(reserved_skeletons) / sizeof(reserved_skeletons[0]));
}

/* As check_points(), behind the `#`. */
static enum name_error check_room_points(const struct spelling *spelling) {
	enum name_error found = is_mark(spelling->points[1]) ? NAME_INVISIBLE : NAME_OK;
	for (size_t at = 1; at < spelling->count; at++) {
		enum name_error error =
			spelling->points[at] == ':' ? NAME_CHARACTER : check_point(spelling, at);
		if (error != NAME_OK && error != NAME_INVISIBLE) {
			return error;
		}
		found = error != NAME_OK ? error : found;
	}
	return found;
}

enum name_error room_name_check(struct slice name) {
	struct spelling spelling;
	struct name_key key;
	if (slice_is_empty(name)) {
		return NAME_EMPTY;
	}
	if (name.bytes[0] != '#') {
		return NAME_CHARACTER;
	}
	if (name.size > ROOM_NAME_BYTES_MAX) {
		return NAME_TOO_LONG;
	}
	enum name_error error = spell(name, &spelling);
	if (error == NAME_OK && spelling.count == 1) {
		error = NAME_EMPTY;
	}
	if (error == NAME_OK) {
		error = check_room_points(&spelling);
	}
	return error == NAME_OK ? name_key(name, &key) : error;
}

enum name_error name_check(struct slice name) {
	if (slice_is_empty(name)) {
		return NAME_EMPTY;
	}
	struct spelling spelling;
	enum name_error error = spell(name, &spelling);
	if (error != NAME_OK) {
		return error;
	}
	error = check_points(&spelling);
	if (error != NAME_OK && error != NAME_INVISIBLE) {
		return error;
	}
	struct name_key key;
	enum name_error key_error = name_key(name, &key);
	if (key_error == NAME_OK && is_reserved(name, &key)) {
		return NAME_RESERVED;
	}
	return error != NAME_OK ? error : key_error;
}

bool name_has_separator(struct slice name) {
	static const char *const alike[] = {"\u2044", "\u2215", "\u29F8"};
	struct name_key key;
	if (name_key(name, &key) != NAME_OK) {
		return false;
	}
	for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++) {
		if (memmem(key.bytes, key.size, alike[i], strlen(alike[i])) != NULL) {
			return true;
		}
	}
	return memchr(key.bytes, NAME_SEPARATORS[0], key.size) != NULL;
}
