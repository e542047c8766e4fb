#include "screen_compose.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cut.h"
#include "name.h"
#include "screen_colour.h"
#include "screen_compose_inner.h"
#include "screen_mention.h"
#include "screen_text.h"
#include "width.h"

#define PEOPLE_COLUMNS_MIN 18
#define PEOPLE_COLUMNS_MAX 28
/* A terminal narrower than this shows who is there by /who alone. */
#define PEOPLE_SCREEN_MIN 76
#define INPUT_ROWS_MAX 6

static size_t least(size_t a, size_t b) {
	return a < b ? a : b;
}

void compose_plan(struct compose_plan *plan, const struct model *model,
                  const struct compose_input *input, size_t rows, size_t columns) {
	const struct room *room = model_shown(model);
	*plan = (struct compose_plan){.rows = rows, .columns = columns};
	size_t most = rows / 3 > 1 ? least(rows / 3, INPUT_ROWS_MAX) : 1;
	plan->input_rows = least(compose_input_rows(input, columns), most);
	plan->status_rows = rows >= 3;
	plan->title_rows = rows >= 5;
	plan->lines_row = plan->title_rows;
	plan->lines_rows = rows - plan->input_rows - plan->status_rows - plan->title_rows;
	plan->lines_columns = columns;
	if (columns >= PEOPLE_SCREEN_MIN && room != NULL && !room->is_direct && !room->is_found) {
		size_t people = columns / 6;
		people = people < PEOPLE_COLUMNS_MIN ? PEOPLE_COLUMNS_MIN : people;
		plan->people_columns = least(people, PEOPLE_COLUMNS_MAX);
		plan->people_column = columns - plan->people_columns;
		plan->lines_columns = plan->people_column - 2;
	}
}

/* ---- lines ---- */

static struct slice body_slice(const struct layout *layout, size_t begin, size_t size) {
	return slice_of(layout->body + begin, size);
}

/* What is looked for in a text, to be shown in reverse: one's name, or what was searched for. */
static bool find_mark(const struct model *model, const struct line *line, struct slice text,
                      size_t from, size_t *at, size_t *size) {
	if (line->kind != LINE_SAID) {
		return false;
	}
	if (model->found != NULL) {
		struct slice sought = slice_of(model->sought, model->sought_size);
		*size = sought.size;
		return mention_find(text, sought, false, from, at);
	}
	*size = model->standing.name_size;
	return line->is_mention &&
	       mention_find(text, slice_of(model->standing.name, *size), true, from, at);
}

static unsigned text_style(const struct line *line) {
	switch (line->kind) {
	case LINE_NOTICE:
	case LINE_TRAFFIC: return STYLE_DIM;
	case LINE_SHOUTED: return STYLE_BOLD;
	default: return 0;
	}
}

static size_t put_text(struct page *page, size_t row, size_t column, size_t end,
                       const struct model *model, const struct line *line, struct slice text) {
	unsigned style = text_style(line);
	unsigned colour = line->kind == LINE_ALARM ? COLOUR_ALARM : COLOUR_PLAIN;
	size_t from = 0, at, size;
	while (page->rows[row].spans_count + 4 < PAGE_SPANS_MAX &&
	       find_mark(model, line, text, from, &at, &size)) {
		struct slice before = slice_of(text.bytes + from, at - from);
		column = page_put(page, row, column, end, style, colour, before);
		column = page_put(page, row, column, end, style | STYLE_REVERSE, colour,
		                  slice_of(text.bytes + at, size));
		from = at + size;
	}
	return page_put(page, row, column, end, style, colour, slice_from(text, from));
}

/* The time and the name before the first row. */
static size_t put_head(struct page *page, size_t row, size_t end, const struct layout *layout) {
	const struct line *line = layout->line;
	struct slice label = slice_of(layout->label, layout->label_size);
	size_t column = page_put(page, row, 0, end, STYLE_DIM, COLOUR_PLAIN,
	                         slice_of(layout->time, layout->time_size));
	if (layout->name_size == 0) {
		unsigned colour = line->kind == LINE_ALARM ? COLOUR_ALARM : COLOUR_PLAIN;
		return page_put(page, row, column, end, STYLE_DIM, colour, label);
	}
	unsigned colour = COLOUR_ALARM;
	if (line->kind == LINE_SAID) {
		colour = colour_of_name(line_name(line));
	}
	unsigned style = line->is_own || line->kind == LINE_SHOUTED ? STYLE_BOLD : 0;
	column = page_put(page, row, column, end, style, colour,
	                  slice_first(label, layout->name_size));
	return page_put(page, row, column, end, 0, COLOUR_PLAIN,
	                slice_from(label, layout->name_size));
}

static void put_text_row(struct page *page, size_t row, size_t end, const struct layout *layout,
                         const struct model *model, const struct laid_row *laid) {
	size_t column = laid->is_first ? put_head(page, row, end, layout) : layout->indent;
	size_t behind = laid->begin + laid->size;
	size_t text_end = least(behind, layout->state_begin);
	if (laid->begin < text_end) {
		column = put_text(page, row, column, end, model, layout->line,
		                  body_slice(layout, laid->begin, text_end - laid->begin));
	}
	if (behind > layout->state_begin) {
		bool is_refused = layout->line->state == MESSAGE_REFUSED;
		size_t begin =
			laid->begin > layout->state_begin ? laid->begin : layout->state_begin;
		page_put(page, row, column, end, is_refused ? 0 : STYLE_DIM,
		         is_refused ? COLOUR_ALARM : COLOUR_PLAIN,
		         body_slice(layout, begin, behind - begin));
	}
}

/* "──── words ────" */
static void put_rule(struct page *page, size_t row, size_t end, unsigned style, unsigned colour,
                     const char *words) {
	static const char dashes[] = "────────────────────────────────────────";
	size_t width = width_of(slice_from_string(words)) + 2;
	size_t side = end > width + 2 ? (end - width) / 2 : 1;
	size_t bytes = least(side, 12) * 3;
	char text[256];
	int size = snprintf(text, sizeof text, "%.*s %s %.*s", (int)bytes, dashes, words,
	                    (int)bytes, dashes);
	size_t indent = side > 12 ? side - 12 : 0;
	page_put(page, row, indent, end, style, colour, slice_of(text, (size_t)size));
}

static void put_day(struct page *page, size_t row, size_t end, const struct layout *layout) {
	char day[64];
	struct tm tm;
	time_t seconds = (time_t)(layout->line->time_ms / 1000);
	localtime_r(&seconds, &tm);
	strftime(day, sizeof day, "%Y-%m-%d", &tm);
	put_rule(page, row, end, STYLE_DIM, COLOUR_PLAIN, day);
}

static void put_top(struct page *page, size_t row, size_t end, const struct model *model,
                    const struct room *room) {
	bool is_zh = model->language == LANGUAGE_ZH;
	const char *words = is_zh ? "最早的记录" : "the beginning";
	if (room->question != 0) {
		words = is_zh ? "正在取更早的记录…" : "fetching what is older…";
	} else if (room->is_older_refused) {
		words = is_zh ? "现在拿不到更早的记录" : "what is older is not available just now";
	} else if (room->is_found) {
		words = is_zh ? "没有更早的结果" : "nothing older was found";
	}
	put_rule(page, row, end, STYLE_DIM, COLOUR_PLAIN, words);
}

static void put_row(struct page *page, size_t row, size_t end, const struct layout *layout,
                    const struct model *model, const struct room *room,
                    const struct laid_row *laid) {
	bool is_zh = model->language == LANGUAGE_ZH;
	switch (laid->kind) {
	case LAID_TOP: put_top(page, row, end, model, room); break;
	case LAID_DAY: put_day(page, row, end, layout); break;
	case LAID_MARK: put_rule(page, row, end, 0, COLOUR_ALARM, is_zh ? "未读" : "unread"); break;
	case LAID_TEXT: put_text_row(page, row, end, layout, model, laid); break;
	}
}

static void put_lines(struct page *page, const struct compose_plan *plan, struct layout *layout,
                      const struct model *model, struct room *room) {
	struct view_top top = view_find_top(layout, room, plan->lines_rows);
	size_t row = plan->lines_row + top.blank;
	size_t end = plan->lines_row + plan->lines_rows;
	size_t first = top.row;
	for (int64_t id = top.id; id < room_end_id(room) && row < end; id++) {
		layout_line(layout, room, id);
		for (size_t i = first; i < layout->rows_count && row < end; i++) {
			put_row(page, row++, plan->lines_columns, layout, model, room,
			        &layout->rows[i]);
		}
		first = 0;
	}
}

static struct slice line_first_row(const struct line *line) {
	struct slice text = line_text(line);
	const char *end = text.size > 0 ? memchr(text.bytes, '\n', text.size) : NULL;
	return end == NULL ? text : slice_first(text, (size_t)(end - text.bytes));
}

/* What stands where there is no line yet. */
static void put_nothing(struct page *page, const struct compose_plan *plan,
                        const struct model *model, const struct room *room) {
	bool is_zh = model->language == LANGUAGE_ZH;
	size_t row = plan->lines_row + plan->lines_rows - 1;
	if (plan->lines_rows > 0 && room == NULL && model->loose_note != NULL) {
		page_put(page, row, 0, plan->lines_columns, 0, COLOUR_ALARM,
		         line_first_row(model->loose_note));
	}
	if (plan->lines_rows == 0 || room == NULL || !room->is_found) {
		return;
	}
	const char *words = room->question != 0 ? is_zh ? "正在搜索…" : "searching…"
	                    : is_zh             ? "什么也没找到"
	                                        : "nothing was found";
	put_rule(page, row, plan->lines_columns, STYLE_DIM, COLOUR_PLAIN, words);
}

/* ---- people ---- */

static void put_person(struct page *page, size_t row, const struct compose_plan *plan,
                       const struct model *model, const struct roster_person *person) {
	char shown[SCREEN_TEXT_BYTES_MAX(NAME_BYTES_MAX)];
	size_t size = screen_text(screen_roster_name(person), SCREEN_TEXT_ONE_LINE, shown);
	bool is_own = person->id == model->standing.person;
	unsigned style = person->is_absent ? STYLE_DIM : is_own ? STYLE_BOLD : 0;
	unsigned colour = person->is_absent ? COLOUR_PLAIN : colour_of_name(slice_of(shown, size));
	page_put(page, row, plan->people_column, plan->columns, style, colour,
	         slice_of(shown, size));
}

static void put_people(struct page *page, const struct compose_plan *plan,
                       const struct model *model, struct room *room) {
	size_t rows = plan->lines_rows;
	size_t count = room->roster.count;
	size_t listed = count <= rows ? count : rows > 0 ? rows - 1 : 0;
	for (size_t i = 0; i < rows; i++) {
		page_put(page, plan->lines_row + i, plan->people_column - 2, plan->columns,
		         STYLE_DIM, COLOUR_PLAIN, slice_from_string("│"));
		if (i < listed) {
			put_person(page, plan->lines_row + i, plan, model,
			           screen_roster_at(&room->roster, i));
		}
	}
	if (listed < count && rows > 0) {
		char more[64];
		snprintf(more, sizeof more,
		         model->language == LANGUAGE_ZH ? "…另有 %zu 人" : "… and %zu more",
		         count - listed);
		page_put(page, plan->lines_row + rows - 1, plan->people_column, plan->columns,
		         STYLE_DIM, COLOUR_PLAIN, slice_from_string(more));
	}
}

void compose(struct page *page, const struct compose_plan *plan, struct layout *layout,
             const struct model *model, const struct compose_input *input) {
	struct room *room = model_shown(model);
	layout->language = model->language;
	layout->columns = plan->lines_columns;
	page_begin(page, plan->rows, plan->columns);
	if (room != NULL && room_end_id(room) > room->first_id) {
		put_lines(page, plan, layout, model, room);
	} else {
		put_nothing(page, plan, model, room);
	}
	if (room != NULL && plan->people_columns > 0) {
		put_people(page, plan, model, room);
	}
	if (plan->title_rows > 0) {
		compose_title(page, 0, model);
	}
	if (plan->status_rows > 0) {
		compose_status(page, plan->rows - plan->input_rows - 1, model);
	}
	compose_input(page, plan->rows - plan->input_rows, plan->input_rows, input);
}
