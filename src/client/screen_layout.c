#include "screen_layout.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cut.h"
#include "screen_wrap.h"
#include "screenwire.h"
#include "width.h"

/* A terminal so narrow has no room for times. */
#define TIME_COLUMNS_MIN 32
#define LABEL_COLUMNS_MIN 6
/* A server of ours sends none that is longer; marks upon marks take no column, but bytes. */
#define LABEL_NAME_BYTES_MAX (3 * NAME_BYTES_MAX)

static const char kept_sign[] = " \xE2\x9C\x93";     /* U+2713 */
static const char refused_sign[] = " \xE2\x9C\x97 "; /* U+2717 */
static const char waiting_sign[] = " \xE2\x80\xA6";  /* U+2026 */

void layout_finish(struct layout *layout) {
	free(layout->rows);
	free(layout->body);
	*layout = (struct layout){0};
}

/* ---- what stands in a line ---- */

static void body_put(struct layout *layout, struct slice text) {
	if (layout->body_size + text.size > layout->body_capacity) {
		layout->body_capacity = 2 * (layout->body_size + text.size);
		layout->body = realloc(layout->body, layout->body_capacity);
		assert(layout->body != NULL);
	}
	if (text.size > 0) {
		memcpy(layout->body + layout->body_size, text.bytes, text.size);
		layout->body_size += text.size;
	}
}

static void put_state(struct layout *layout, const struct line *line) {
	switch (line->state) {
	case MESSAGE_WAITING:
	case MESSAGE_ON_ITS_WAY: body_put(layout, slice_from_string(waiting_sign)); break;
	case MESSAGE_KEPT: body_put(layout, slice_from_string(kept_sign)); break;
	case MESSAGE_REFUSED:
		body_put(layout, slice_from_string(refused_sign));
		body_put(layout, line_why(line));
		break;
	default: break;
	}
}

static void put_body(struct layout *layout, const struct line *line) {
	layout->body_size = 0;
	if (line->kind == LINE_TRAFFIC) {
		char sentence[LINE_TRAFFIC_BYTES_MAX];
		size_t size =
			line_traffic_sentence(line, layout->language, sentence, sizeof sentence);
		body_put(layout, slice_of(sentence, size));
	} else {
		body_put(layout, line_text(line));
	}
	layout->state_begin = layout->body_size;
	put_state(layout, line);
}

static bool is_same_day(const struct tm *a, const struct tm *b) {
	return a->tm_yday == b->tm_yday && a->tm_year == b->tm_year;
}

static struct tm local(uint64_t time_ms) {
	struct tm tm;
	time_t seconds = (time_t)(time_ms / 1000);
	localtime_r(&seconds, &tm);
	return tm;
}

static void put_time(struct layout *layout, const struct room *room, const struct line *line) {
	const struct tm tm = local(line->time_ms);
	layout->time_size = 0;
	if (layout->columns < TIME_COLUMNS_MIN) {
		return;
	}
	layout->time_size = strftime(layout->time, sizeof layout->time,
	                             room->is_found ? "%m-%d %H:%M " : "%H:%M ", &tm);
}

static void label_put(struct layout *layout, struct slice text) {
	assert(layout->label_size + text.size <= sizeof layout->label);
	memcpy(layout->label + layout->label_size, text.bytes, text.size);
	layout->label_size += text.size;
}

/* "小明: "; a name that would leave no room for the text is cut. */
static void put_name(struct layout *layout, struct slice name) {
	size_t most = layout->columns / 3;
	most = most > LABEL_COLUMNS_MIN ? most : LABEL_COLUMNS_MIN;
	if (name.size > LABEL_NAME_BYTES_MAX) {
		name = slice_first(name, cut_before(name, LABEL_NAME_BYTES_MAX));
	}
	bool is_cut = width_of(name) > most;
	label_put(layout, is_cut ? slice_first(name, width_fit(name, most - 1)) : name);
	if (is_cut) {
		label_put(layout, slice_from_string("\xE2\x80\xA6"));
	}
	layout->name_size = layout->label_size;
	label_put(layout, slice_from_string(": "));
}

static void put_label(struct layout *layout, const struct line *line) {
	layout->label_size = layout->name_size = 0;
	switch (line->kind) {
	case LINE_SAID: put_name(layout, line_name(line)); break;
	case LINE_SHOUTED:
		put_name(layout,
		         slice_from_string(layout->language == LANGUAGE_ZH ? "管理员" : "admin"));
		break;
	case LINE_OWN_NOTE:
	case LINE_ALARM: label_put(layout, slice_from_string("* ")); break;
	default: label_put(layout, slice_from_string("- ")); break;
	}
}

/* ---- rows ---- */

static void row_put(struct layout *layout, const struct laid_row *row) {
	if (layout->rows_count == layout->rows_capacity) {
		layout->rows_capacity = layout->rows_capacity == 0 ? 16 : 2 * layout->rows_capacity;
		layout->rows =
			realloc(layout->rows, layout->rows_capacity * sizeof layout->rows[0]);
		assert(layout->rows != NULL);
	}
	layout->rows[layout->rows_count++] = *row;
}

static bool has_top(const struct room *room, int64_t id) {
	return id == room->first_id &&
	       (room->question != 0 || !room->has_older || room->is_older_refused) &&
	       (room->id != 0 || room->is_found);
}

static bool begins_day(const struct room *room, int64_t id) {
	const struct line *before = room_line(room, id - 1);
	if (room->is_found) {
		return false; /* each has its date */
	}
	if (before == NULL) {
		return true;
	}
	const struct tm now = local(room_line(room, id)->time_ms);
	const struct tm then = local(before->time_ms);
	return !is_same_day(&now, &then);
}

static void put_rows_above(struct layout *layout, const struct room *room, int64_t id) {
	if (has_top(room, id)) {
		row_put(layout, &(struct laid_row){.kind = LAID_TOP});
	}
	if (begins_day(room, id)) {
		row_put(layout, &(struct laid_row){.kind = LAID_DAY});
	}
	if (room->has_mark && room->mark_id == id) {
		row_put(layout, &(struct laid_row){.kind = LAID_MARK});
	}
}

static size_t at_least(size_t columns, size_t taken) {
	return columns > taken + 1 ? columns - taken : 2;
}

void layout_line(struct layout *layout, const struct room *room, int64_t id) {
	const struct line *line = room_line(room, id);
	assert(line != NULL && layout->columns > 0);
	layout->line = line;
	layout->rows_count = 0;
	put_body(layout, line);
	put_time(layout, room, line);
	put_label(layout, line);
	put_rows_above(layout, room, id);
	size_t label = width_of(slice_of(layout->label, layout->label_size));
	layout->indent = layout->time_size > 0 ? layout->time_size : 1;
	if (layout->columns < 2 * layout->indent) {
		layout->indent = 0;
	}
	struct wrap wrap;
	wrap_init(&wrap, slice_of(layout->body, layout->body_size),
	          at_least(layout->columns, layout->time_size + label),
	          at_least(layout->columns, layout->indent));
	struct laid_row row = {.kind = LAID_TEXT, .is_first = true};
	while (wrap_next(&wrap, &row.begin, &row.size)) {
		row_put(layout, &row);
		row.is_first = false;
	}
}

/* ---- places ---- */

static size_t rows_above(const struct layout *layout) {
	size_t above = 0;
	while (layout->rows[above].kind != LAID_TEXT) {
		above++;
	}
	return above;
}

/* Of the line that is laid out. */
static size_t row_of_place(const struct layout *layout, const struct room_place *place) {
	size_t above = rows_above(layout);
	if (place->above > 0) {
		return above - (place->above < above ? place->above : above);
	}
	size_t row = above;
	while (row + 1 < layout->rows_count && layout->rows[row + 1].begin <= place->offset) {
		row++;
	}
	return row;
}

static struct room_place place_of_row(struct layout *layout, const struct room *room, int64_t id,
                                      size_t row) {
	layout_line(layout, room, id);
	size_t above = rows_above(layout);
	struct room_place place = {.id = id};
	if (row < above) {
		place.above = above - row;
	} else {
		place.offset = layout->rows[row].begin;
	}
	return place;
}

/* So many rows before the end; what there are not is blank. */
static struct view_top top_before_end(struct layout *layout, const struct room *room,
                                      size_t height) {
	int64_t id = room_end_id(room);
	size_t rows = 0;
	while (rows < height && id > room->first_id) {
		layout_line(layout, room, --id);
		rows += layout->rows_count;
	}
	return (struct view_top){.id = id,
	                         .row = rows > height ? rows - height : 0,
	                         .blank = rows < height ? height - rows : 0};
}

static bool is_before(const struct view_top *a, const struct view_top *b) {
	return a->id < b->id || (a->id == b->id && a->row < b->row);
}

struct view_top view_find_top(struct layout *layout, struct room *room, size_t height) {
	struct view_top end = top_before_end(layout, room, height);
	if (!room->is_looking_back || room_end_id(room) == room->first_id) {
		return end;
	}
	if (room->top.id < room->first_id) {
		room->top = (struct room_place){.id = room->first_id};
	}
	if (room->top.id >= room_end_id(room)) {
		return end;
	}
	layout_line(layout, room, room->top.id);
	struct view_top top = {.id = room->top.id, .row = row_of_place(layout, &room->top)};
	/* After a terminal has grown there may be less below than there is room for. */
	return is_before(&top, &end) || room->is_torn ? top : end;
}

/* Returns how many rows there are not. */
static size_t move_up(struct layout *layout, const struct room *room, struct view_top *top,
                      size_t rows) {
	while (rows > top->row) {
		if (top->id == room->first_id) {
			rows -= top->row;
			top->row = 0;
			return rows;
		}
		rows -= top->row + 1;
		layout_line(layout, room, --top->id);
		top->row = layout->rows_count - 1;
	}
	top->row -= rows;
	return 0;
}

/* Comes to the end of all lines at the most. */
static void move_down(struct layout *layout, const struct room *room, struct view_top *top,
                      size_t rows) {
	while (top->id < room_end_id(room)) {
		layout_line(layout, room, top->id);
		size_t left = layout->rows_count - top->row;
		if (rows < left) {
			top->row += rows;
			return;
		}
		rows -= left;
		top->id++;
		top->row = 0;
	}
}

size_t view_scroll(struct layout *layout, struct room *room, size_t height, long rows) {
	struct view_top top = view_find_top(layout, room, height);
	size_t left = 0;
	if (room_end_id(room) == room->first_id) {
		return rows < 0 ? (size_t)-rows : 0;
	}
	if (rows < 0) {
		left = move_up(layout, room, &top, (size_t)-rows);
	} else {
		move_down(layout, room, &top, (size_t)rows);
	}
	struct view_top end = top_before_end(layout, room, height);
	if (!is_before(&top, &end)) {
		room_look_at_end(room);
		return left;
	}
	room->is_looking_back = true;
	room->top = place_of_row(layout, room, top.id, top.row);
	return left;
}

bool view_is_near_top(const struct room *room, size_t height) {
	size_t seen =
		room->is_looking_back ? (size_t)(room->top.id - room->first_id) : room->lines.count;
	return seen < 2 * height;
}
