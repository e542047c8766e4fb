/*
 * screen_compose.h - the whole screen from what is known: title, lines, people,
 * status, input. Pure: rows and columns in, a page out.
 *
 *   1:#lobby 大厅 · 12 人在线                     title
 *   12:34 小明: 你好                 │ 小明        lines, people (if there is room for them)
 *   ● 127.0.0.1:8888 · 3 毫秒 · 未加密 · 2:#c(1)   status
 *   #lobby> ▁                                    input, some rows if it is long
 */
#ifndef SCREEN_COMPOSE_H
#define SCREEN_COMPOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "screen_layout.h"
#include "screen_model.h"
#include "screen_page.h"

/* The input as it stands: what is asked for, and what was typed so far. */
struct compose_input {
	struct slice prompt;
	struct slice before, after; /* the cursor; as typed */
	bool is_question;           /* answered with a key: there is no cursor */
};

/* The regions of a screen of that size. */
struct compose_plan {
	size_t rows, columns;
	size_t title_rows, status_rows, input_rows; /* 0 where there is no room */
	size_t lines_row, lines_rows, lines_columns;
	size_t people_column, people_columns; /* 0: no list */
};
void compose_plan(struct compose_plan *plan, const struct model *model,
                  const struct compose_input *input, size_t rows, size_t columns);

void compose(struct page *page, const struct compose_plan *plan, struct layout *layout,
             const struct model *model, const struct compose_input *input);

#endif
