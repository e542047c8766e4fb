/* screen_prompt.h - what stands before the line that is typed: the room, or what is asked for. */
#ifndef SCREEN_PROMPT_H
#define SCREEN_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "join_words.h"
#include "screen_ui.h"

#define PROMPT_BYTES_MAX (JOIN_WORDS_BYTES_MAX + UI_HINT_BYTES + 512)

/* Returns its size. A question is answered by a key; nothing is typed behind it. */
size_t prompt_put(const struct ui *ui, char out[static PROMPT_BYTES_MAX], bool *is_question);

#endif
