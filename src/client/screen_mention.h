/* screen_mention.h - where a name, or what was searched for, stands in a text. */
#ifndef SCREEN_MENTION_H
#define SCREEN_MENTION_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

/*
 * The first place at or behind `from`; false: there is none. Letters of ASCII are the same large and small. A
 * word (a name) that begins or ends with such a letter or a digit does not stand inside of a longer one.
 */
bool mention_find(struct slice text, struct slice wanted, bool is_word, size_t from, size_t *at);

#endif
