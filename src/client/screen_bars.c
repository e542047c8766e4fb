/* screen_bars.c - title, status and input of the screen. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "cut.h"
#include "screen_compose_inner.h"
#include "screen_edit.h"
#include "screen_text.h"
#include "width.h"

#define SEGMENT_BYTES 256
#define CLUSTER_BYTES_MAX 256

/* ---- a bar: segments with dots between, as many as fit ---- */

struct bar {
	struct page *page;
	size_t row, column;
	bool is_begun;
};

static struct bar bar_begin(struct page *page, size_t row) {
	page->rows[row].is_bar = true;
	return (struct bar){.page = page, .row = row};
}

/* A segment that does not fit is left out, unless it may be cut. */
static void bar_put(struct bar *bar, unsigned style, struct slice text, bool may_cut) {
	static const char dot[] = " · ";
	size_t columns = bar->page->columns;
	size_t dot_columns = bar->is_begun ? 3 : 0;
	size_t width = width_of(text);
	if (text.size == 0 || (!may_cut && bar->column + dot_columns + width > columns) ||
	    bar->column + dot_columns >= columns) {
		return;
	}
	if (bar->is_begun) {
		bar->column = page_put(bar->page, bar->row, bar->column, columns, 0, COLOUR_PLAIN,
		                       slice_of(dot, sizeof dot - 1));
	}
	bar->column =
		page_put(bar->page, bar->row, bar->column, columns, style, COLOUR_PLAIN, text);
	bar->is_begun = true;
}

static void bar_put_string(struct bar *bar, const char *string) {
	bar_put(bar, 0, slice_from_string(string), false);
}

/* ---- title ---- */

/* "2:#room", "3:@小红" */
static size_t room_title(const struct model *model, const struct room *room, size_t index,
                         char out[SEGMENT_BYTES + SCREEN_TEXT_BYTES_MAX(NAME_BYTES_MAX)]) {
	char name[SCREEN_TEXT_BYTES_MAX(NAME_BYTES_MAX)];
	size_t size = screen_text(room_name(room), SCREEN_TEXT_ONE_LINE, name);
	bool is_lobby = model->language == LANGUAGE_ZH && room->id == 1;
	int all = snprintf(out, SEGMENT_BYTES + sizeof name, "%zu:%s%.*s%s", index + 1,
	                   room->is_direct ? "@" : "", (int)size, name, is_lobby ? " 大厅" : "");
	return (size_t)all;
}

static void title_of_found(struct bar *bar, const struct model *model) {
	char text[SEGMENT_BYTES + SCREEN_TEXT_BYTES_MAX(MODEL_TEXT_BYTES)];
	char sought[SCREEN_TEXT_BYTES_MAX(MODEL_TEXT_BYTES)];
	size_t size = screen_text(slice_of(model->sought, model->sought_size), SCREEN_TEXT_ONE_LINE,
	                          sought);
	bool is_zh = model->language == LANGUAGE_ZH;
	int all = snprintf(text, sizeof text,
	                   is_zh ? "找“%.*s”，Esc 返回" : "found: %.*s (Esc goes back)", (int)size,
	                   sought);
	bar_put(bar, STYLE_BOLD, slice_of(text, (size_t)all), true);
}

void compose_title(struct page *page, size_t row, const struct model *model) {
	struct bar bar = bar_begin(page, row);
	const struct room *room = model_current(model);
	bool is_zh = model->language == LANGUAGE_ZH;
	if (model->found != NULL) {
		title_of_found(&bar, model);
		return;
	}
	if (room == NULL) {
		bar_put_string(&bar, "qun 群");
		return;
	}
	char text[SEGMENT_BYTES + SCREEN_TEXT_BYTES_MAX(NAME_BYTES_MAX)];
	size_t size = room_title(model, room, model->current, text);
	bar_put(&bar, STYLE_BOLD, slice_of(text, size), true);
	if (room->is_direct) {
		bar_put_string(&bar, is_zh ? "悄悄话" : "direct messages");
		return;
	}
	snprintf(text, sizeof text, is_zh ? "%llu 人在线" : "%llu online",
	         (unsigned long long)room->connected);
	bar_put_string(&bar, text);
	if (room->absent > 0) {
		snprintf(text, sizeof text, is_zh ? "%llu 人离开" : "%llu away",
		         (unsigned long long)room->absent);
		bar_put_string(&bar, text);
	}
}

/* ---- status ---- */

static const char *connection_words(const struct model *model) {
	bool is_zh = model->language == LANGUAGE_ZH;
	bool is_silent = model->standing.flags & TELL_IS_SILENT;
	switch (model->standing.state) {
	case STANDING_IN:
		return !is_silent ? "●"
		       : is_zh    ? "○ 没有回音，还在试"
		                  : "○ no answer, still trying";
	case STANDING_NAME_WANTED: return is_zh ? "○ 还没有名字" : "○ no name yet";
	case STANDING_TRUST_WANTED: return is_zh ? "○ 等你决定" : "○ it is for you to decide";
	case STANDING_ENDED: return is_zh ? "○ 结束了" : "○ it is over";
	default:
		return is_silent || model->rooms_count > 0
		               ? is_zh ? "○ 没有回音，还在试" : "○ no answer, still trying"
		       : is_zh ? "○ 正在连接"
		               : "○ connecting";
	}
}

static void put_round_trip(struct bar *bar, const struct model *model) {
	char text[SEGMENT_BYTES];
	uint64_t rtt_us = model->standing.rtt_us;
	if (model->standing.state != STANDING_IN || rtt_us == 0) {
		return;
	}
	bool is_zh = model->language == LANGUAGE_ZH;
	if (rtt_us < 1000) {
		bar_put_string(bar, is_zh ? "<1 毫秒" : "<1 ms");
		return;
	}
	snprintf(text, sizeof text, is_zh ? "%llu 毫秒" : "%llu ms",
	         (unsigned long long)(rtt_us + 500) / 1000);
	bar_put_string(bar, text);
}

static void put_activity(struct bar *bar, const struct model *model) {
	char text[SEGMENT_BYTES + SCREEN_TEXT_BYTES_MAX(NAME_BYTES_MAX)];
	for (size_t i = 0; i < model->rooms_count; i++) {
		const struct room *room = model->rooms[i];
		if (room->unread == 0 || i == model->current) {
			continue;
		}
		size_t size = room_title(model, room, i, text);
		size += (size_t)snprintf(text + size, sizeof text - size, "(%u%s)", room->unread,
		                         room->mentions > 0 ? "!" : "");
		bar_put(bar, room->mentions > 0 ? STYLE_BOLD : 0, slice_of(text, size), false);
	}
}

void compose_status(struct page *page, size_t row, const struct model *model) {
	char text[SEGMENT_BYTES];
	struct bar bar = bar_begin(page, row);
	const struct model_standing *standing = &model->standing;
	const struct room *room = model_current(model);
	bool is_zh = model->language == LANGUAGE_ZH;
	bar_put_string(&bar, connection_words(model));
	if (page->columns >= 60 && standing->other_size > 0) {
		char address[SCREEN_TEXT_BYTES_MAX(sizeof standing->other)];
		size_t size = screen_text(slice_of(standing->other, standing->other_size),
		                          SCREEN_TEXT_ONE_LINE, address);
		bar_put(&bar, 0, slice_of(address, size), false);
	}
	put_round_trip(&bar, model);
	if (standing->waiting > 0) {
		snprintf(text, sizeof text, is_zh ? "%llu 条在途" : "%llu on their way",
		         (unsigned long long)standing->waiting);
		bar_put(&bar, STYLE_BOLD, slice_from_string(text), false);
	}
	if (!(standing->flags & TELL_IS_ENCRYPTED)) {
		bar_put_string(&bar, is_zh ? "未加密" : "not encrypted");
	}
	if (room != NULL && room->unread > 0 && model_shown(model)->is_looking_back) {
		snprintf(text, sizeof text, is_zh ? "↓ %u 条新消息" : "↓ %u new", room->unread);
		bar_put(&bar, STYLE_BOLD, slice_from_string(text), false);
	}
	put_activity(&bar, model);
}

/* ---- input ---- */

#define SHOWN_BYTES SCREEN_TEXT_BYTES_MAX(EDIT_BYTES_MAX)

/* Goes over the input in rows of so many columns, and puts those from `first` on that the page has room for. */
struct input_walk {
	size_t columns;
	size_t row, column;
	struct page *page; /* NULL: only counts */
	size_t page_row, first, rows;
};

static void walk_put(struct input_walk *walk, unsigned style, struct slice text) {
	size_t begin = 0, begin_column = walk->column, at = 0;
	bool is_shown = walk->page != NULL;
	while (true) {
		size_t size = cut_cluster(slice_from(text, at), CLUSTER_BYTES_MAX);
		size_t width = width_of_cluster(slice_of(text.bytes + at, size));
		bool is_full = size > 0 && walk->column + width > walk->columns && walk->column > 0;
		if ((size == 0 || is_full) && at > begin && is_shown && walk->row >= walk->first &&
		    walk->row < walk->first + walk->rows) {
			page_put(walk->page, walk->page_row + walk->row - walk->first, begin_column,
			         walk->columns, style, COLOUR_PLAIN,
			         slice_of(text.bytes + begin, at - begin));
		}
		if (size == 0) {
			return;
		}
		if (is_full) {
			walk->row++;
			walk->column = begin_column = 0;
			begin = at;
		}
		at += size;
		walk->column += width;
	}
}

static size_t shown(struct slice text, char out[SHOWN_BYTES]) {
	assert(text.size <= EDIT_BYTES_MAX);
	return screen_text(text, SCREEN_TEXT_ONE_LINE, out);
}

/* Walks over all of it; returns where the cursor is. */
static void walk_input(struct input_walk *walk, const struct compose_input *input,
                       size_t *cursor_row, size_t *cursor_column) {
	char text[SHOWN_BYTES];
	walk_put(walk, STYLE_DIM, input->prompt);
	walk_put(walk, 0, slice_of(text, shown(input->before, text)));
	if (walk->column == walk->columns) {
		walk->row++;
		walk->column = 0;
	}
	*cursor_row = walk->row;
	*cursor_column = walk->column;
	size_t size = shown(input->after, text);
	if (size > 0) {
		struct slice after = slice_of(text, size);
		size_t width =
			width_of_cluster(slice_first(after, cut_cluster(after, CLUSTER_BYTES_MAX)));
		if (walk->column + width > walk->columns) {
			/* A wide one does not fit there any more: it and the cursor go on below. */
			*cursor_row = walk->row + 1;
			*cursor_column = 0;
		}
		walk_put(walk, 0, after);
	}
}

size_t compose_input_rows(const struct compose_input *input, size_t columns) {
	struct input_walk walk = {.columns = columns};
	size_t row, column;
	walk_input(&walk, input, &row, &column);
	return walk.row + 1;
}

void compose_input(struct page *page, size_t row, size_t rows, const struct compose_input *input) {
	size_t cursor_row, cursor_column;
	struct input_walk counting = {.columns = page->columns};
	walk_input(&counting, input, &cursor_row, &cursor_column);
	struct input_walk walk = {
		.columns = page->columns, .page = page, .page_row = row, .rows = rows};
	walk.first = cursor_row < rows ? 0 : cursor_row - rows + 1;
	walk_input(&walk, input, &cursor_row, &cursor_column);
	page->has_cursor = !input->is_question;
	page->cursor_row = row + cursor_row - walk.first;
	page->cursor_column = cursor_column;
}
