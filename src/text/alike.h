/* Names that look like other names: Unicode's security mechanisms (UTS 39).
 *
 * Two texts look alike if they have the same *skeleton*: NFD, then each code point becomes what it
 * is drawn like (`1`, `I` and Cyrillic palochka become `l`, `m` becomes `rn`), then NFD again. What
 * is ignored by default is left out, as in keys (name.h).
 *
 * A skeleton is of what is drawn, and a name may be written in more than one case: whoever has
 * "alice" may be shown as ALICE. So a name looks like another, which is protected, if
 *  - in small letters both look the same, 0 and O, 1 and l as well: "b0b", "Β0Β" (Greek), "ВОВ"
 *    (Cyrillic) like "bob";
 *  - or as it was typed it looks like the other in small letters (its skeleton folded as keys are),
 *    like the other as that was typed, or like it in capitals: "AL1CE" like "alice", "lan" like
 *    "Ian".
 * "Lan" does not look like "Ian", nor "all" like "ali", as they would if all were folded first.
 *
 * Tables are kept by hashes: a protected name is filed under at most ALIKE_HASHES_MAX, a name is
 * looked up by as many; if they have one in common, name_looks_like() says whether it is so. All of
 * this is of the tables of this build, so nothing of it is kept on disk.
 *
 * And alphabets: a name *mixes scripts* if nobody would write so but to deceive, what UTS 39 (5.2)
 * lets "highly restrictive" not have: its letters are not of one script, nor all of those of
 * Japanese, Chinese with Bopomofo, or Korean, each with Latin. Digits, signs and emoji are of all
 * scripts.
 *
 * The tables are ICU's, taken at build time (make_alike_tables.c). Nothing here allocates, keeps
 * anything, or reads the locale. */
#ifndef QUN_ALIKE_H
#define QUN_ALIKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "name.h"
#include "slice.h"

/* Of 32 code points the longest have this many: each is drawn like 18 others at most. */
#define SKELETON_POINTS_MAX (18 * NAME_CODE_POINTS_MAX)
#define SKELETON_BYTES_MAX (4 * SKELETON_POINTS_MAX)

struct skeleton {
	uint16_t size;
	char bytes[SKELETON_BYTES_MAX];
};

/* The skeleton of a text as it is. False, and empty: it is not UTF-8, or longer than that of any
 * name. */
bool skeleton_of(struct slice text, struct skeleton *out);
bool skeleton_equal(const struct skeleton *a, const struct skeleton *b);

/* Does `name` look like `other`, which is protected, and is another name? What is no name looks
 * like nothing. */
bool name_looks_like(struct slice name, struct slice other);

/* Does it look like a name that has one of these skeletons, in small letters or in capitals? */
bool name_looks_like_skeleton(struct slice name, const char *const *skeletons, size_t count);

bool name_mixes_scripts(struct slice name);

#define ALIKE_HASHES_MAX 3

/* The hashes under which a protected name is filed, and those by which a name is looked up. Returns
 * how many; no two are the same. */
size_t alike_filed(struct slice name, const uint8_t seed[static NAME_SEED_BYTES],
                   uint64_t hashes[static ALIKE_HASHES_MAX]);
size_t alike_asked(struct slice name, const uint8_t seed[static NAME_SEED_BYTES],
                   uint64_t hashes[static ALIKE_HASHES_MAX]);

#endif
