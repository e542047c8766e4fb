/* Names: which are taken, and which two are the same.
 *
 * A name is shown as typed and compared by its *key*. Two questions, two functions: name_check()
 * says whether somebody may be called that; name_key() makes the key of any name, allowed or not,
 * so that what was typed can be looked up. Nothing here allocates, keeps anything, or reads the
 * locale.
 *
 * The key follows the PRECIS Nickname profile (RFC 8266, section 2.4): other blanks become U+0020,
 * blanks at the ends go and several become one, case is mapped, then NFKC, which also maps width
 * and composition; all of it again until nothing changes. In two points it joins more names than
 * the profile asks for, never fewer:
 *  - case is folded (Unicode's full case folding), not lowered: "STRASSE" is "straße", "ΣΑΣ" is
 *    "σας".
 *  - code points that Unicode says to ignore by default (U+200D, U+FE0F, U+00AD, U+3164, …) are
 *    left out, so that names which differ only in what cannot be seen are one.
 * Keys may be kept and shared: since code points that are not assigned yet are refused in names,
 * Unicode's stability policies promise the same key from every later version of the tables.
 *
 * What a name may not have:
 *  - blanks (category Zs, and U+2800, which looks like one), controls (C0, C1, DEL, line and
 *    paragraph separators), bidirectional controls;
 *  - what means something to IRC: `! @ , * ?` anywhere, `: # & $ ~ % +` first. Digits may be first;
 *  - code points that are not assigned (in the installed tables), private, or noncharacters;
 *  - what cannot be seen: format characters, and all that is ignored by default. Taken are only,
 *    where they belong: U+FE0E and U+FE0F after a character that can be an emoji; U+20E3's keycaps;
 *    U+200D between two emoji, and with U+200C after a virama, where spelling needs them (RFC 5892,
 *    A.1 and A.2). So flags spelled with tags and Persian's U+200C between letters are refused;
 *  - a combining mark first: it would stand on whatever is shown before the name. Hence every name
 *    has something to be seen.
 *
 * Letters of other alphabets that look alike (Cyrillic а, Latin a) are different letters here; whether
 * a name could be taken for another is another question: alike.h. */
#ifndef QUN_NAME_H
#define QUN_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "slice.h"

/* Why a name is refused. One list makes the enum and the words: name, value, stable word.
 *
 *   NAME_EMPTY       nothing, or (of a key) nothing but blanks and what is ignored
 *   NAME_TOO_LONG    over 32 code points or 96 bytes, or the key over NAME_KEY_BYTES_MAX
 *   NAME_NOT_UTF8
 *   NAME_BLANK       a blank anywhere
 *   NAME_CONTROL     a control, a line or paragraph separator
 *   NAME_BIDI        a bidirectional control
 *   NAME_CHARACTER   one that means something to IRC
 *   NAME_UNASSIGNED  a code point not assigned (yet), private, or a noncharacter
 *   NAME_INVISIBLE   what cannot be seen, or a combining mark with nothing before it
 *   NAME_RESERVED    is, or looks like, a name that is the house's: 管理员, admin, … */
/* clang-format off */
#define NAME_ERRORS(row)                                                                           \
	row(NAME_OK, 0, "ok")                                                                      \
	row(NAME_EMPTY, -1, "empty")                                                               \
	row(NAME_TOO_LONG, -2, "too-long")                                                         \
	row(NAME_NOT_UTF8, -3, "not-utf8")                                                         \
	row(NAME_BLANK, -4, "blank")                                                               \
	row(NAME_CONTROL, -5, "control")                                                           \
	row(NAME_BIDI, -6, "bidi")                                                                 \
	row(NAME_CHARACTER, -7, "character")                                                       \
	row(NAME_UNASSIGNED, -8, "unassigned")                                                     \
	row(NAME_INVISIBLE, -9, "invisible")                                                       \
	row(NAME_RESERVED, -10, "reserved")
/* clang-format on */

#define NAME_ERROR_VALUE(name, value, word) name = (value),
enum name_error { NAME_ERRORS(NAME_ERROR_VALUE) };
#undef NAME_ERROR_VALUE

/* The stable word of an error ("too-long"), for counters, diagnostics and tests; never NULL. */
const char *name_strerror(enum name_error error);

/* The largest key, in bytes. The worst that NFKC does is U+FDFA, 3 bytes that become 33: 1,056
 * bytes for 32 of them. But of all code points only 41, ligatures of whole words like that one,
 * grow more than threefold; every name without them has a key of at most 288 bytes. */
#define NAME_KEY_BYTES_MAX 384

/* What names are compared by. Plain data; only the first size bytes mean anything. */
struct name_key {
	uint16_t size;
	char bytes[NAME_KEY_BYTES_MAX];
};

/* May somebody be called this? NAME_OK, or the first reason why not. NAME_RESERVED is told before
 * NAME_INVISIBLE, so that `admin` with something unseen between is reserved, as `ADMIN` is. */
enum name_error name_check(struct slice name);

/* Names that a bridge passes on have one of these in them ("ming/matrix"). Nobody who comes anew may
 * have one, or what is drawn like one, so that no such name is somebody's. */
#define NAME_SEPARATORS "/"
bool name_has_separator(struct slice name);

/* May a room be called this? A room's name begins with `#`; behind it stands what a name may have,
 * and no `:`. At most ROOM_NAME_BYTES_MAX bytes and 32 code points, with the `#`; no names are
 * reserved. Two rooms' names are compared as those of people are. */
enum name_error room_name_check(struct slice name);

/* Makes the key of any name of up to NAME_BYTES_MAX bytes. NAME_OK; NAME_EMPTY when nothing is left
 * to compare; NAME_TOO_LONG; NAME_NOT_UTF8; NAME_CHARACTER when the passes never come to rest (no
 * name is known that does this). A name that name_check() takes has a key. On failure *out is the
 * empty key. */
enum name_error name_key(struct slice name, struct name_key *out);

bool name_key_equal(const struct name_key *a, const struct name_key *b);

/* Do two names compare equal? Never, if one of them has no key. Makes both keys; where one is
 * compared often, keep its key. */
bool name_equal(struct slice a, struct slice b);

/* The size of the secret of a table of names, in bytes. */
#define NAME_SEED_BYTES 16

/* A hash for tables in memory (SipHash-2-4). With a random secret nobody can choose names that fall
 * together. It is not for files: it changes with the secret. */
uint64_t name_key_hash(const struct name_key *key, const uint8_t seed[static NAME_SEED_BYTES]);

#endif
