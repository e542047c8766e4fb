/* screen_compose_inner.h - the rows of the screen that are no lines of a room: title, status, input. */
#ifndef SCREEN_COMPOSE_INNER_H
#define SCREEN_COMPOSE_INNER_H

#include "screen_compose.h"

void compose_title(struct page *page, size_t row, const struct model *model);
void compose_status(struct page *page, size_t row, const struct model *model);

/* As many as the input would like. */
size_t compose_input_rows(const struct compose_input *input, size_t columns);
/* The rows around the cursor, when it is longer than that. */
void compose_input(struct page *page, size_t row, size_t rows, const struct compose_input *input);

#endif
