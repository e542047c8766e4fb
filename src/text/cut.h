/* Where text may be cut: between grapheme clusters, what a reader takes for one character.
 *
 * A family of emoji, a flag, a letter with its marks, a Hangul syllable is one cluster (Unicode UAX
 * #29, the extended clusters, as the installed utf8proc knows them). What is not UTF-8 is walked
 * over in the pieces of utf8.h, each a cluster of its own.
 *
 * The places do not depend on where a walk began, provided that it began at one of them: so a text
 * may be cut, sent, and cut on from there. Whole texts are walked in linear time. Nothing here
 * allocates or keeps anything; all sizes are in bytes. */
#ifndef QUN_CUT_H
#define QUN_CUT_H

#include <stddef.h>

#include "slice.h"

/* The size of the longest beginning of text that is at most size_max and ends between clusters.
 *
 * When the first cluster alone is larger than that, its longest beginning that ends between code
 * points; 0 when not even one code point fits. With size_max >= UTF8_POINT_BYTES_MAX (4) it is 0
 * only for an empty text, so that this ends, and touches every byte at most a few times:
 *
 *	while (!slice_is_empty(text)) {
 *		size_t size = cut_before(text, room);
 *		send(slice_first(text, size));
 *		text = slice_from(text, size);
 *	} */
size_t cut_before(struct slice text, size_t size_max);

/* The size of the first cluster, cut as above when it is larger than size_max. Looks at no more
 * than size_max bytes and the code point after them, however large the cluster is. */
size_t cut_cluster(struct slice text, size_t size_max);

#endif
