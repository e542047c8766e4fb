/* How many columns of a terminal a text takes.
 *
 * A grapheme cluster takes what its code points take together, but never more than two: so a letter
 * with marks is as wide as the letter, and a family of emoji, a flag, a syllable of jamo take two.
 * An emoji asked for by U+FE0F takes two as well. East Asian "ambiguous" characters take one.
 * Controls (tab and line feed too: who lays out lines has dealt with those before) and what is not
 * UTF-8 take one, since a reader is shown U+FFFD for each (see visible.h). Code points that the
 * installed utf8proc has no width for yet take two in the blocks of emoji and ideographs, one
 * elsewhere.
 *
 * Terminals differ in what they make of new emoji; no table is right on all of them. */
#ifndef QUN_WIDTH_H
#define QUN_WIDTH_H

#include <stddef.h>

#include "slice.h"

/* The columns of one cluster, 0 to 2; of an empty one 0. cluster is as cut_cluster() gave it. */
size_t width_of_cluster(struct slice cluster);

/* The columns of a text. */
size_t width_of(struct slice text);

/* The size in bytes of the longest beginning that ends between clusters and takes at most
 * columns_max. What takes no column stays with what is before it. */
size_t width_fit(struct slice text, size_t columns_max);

#endif
