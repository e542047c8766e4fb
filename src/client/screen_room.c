#include "screen_room.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct room *room_create(void) {
	struct room *room = calloc(1, sizeof *room);
	assert(room != NULL);
	room->has_older = true;
	return room;
}

/* ---- lists of lines ---- */

static void lines_make_room(struct room_lines *lines, size_t count) {
	if (lines->count + count > lines->capacity) {
		lines->capacity = 2 * (lines->count + count);
		lines->at = realloc(lines->at, lines->capacity * sizeof lines->at[0]);
		assert(lines->at != NULL);
	}
}

static void lines_add(struct room_lines *lines, struct line *line) {
	lines_make_room(lines, 1);
	lines->at[lines->count++] = line;
}

static void lines_drop_first(struct room_lines *lines, size_t count) {
	for (size_t i = 0; i < count; i++) {
		free(lines->at[i]);
	}
	lines->count -= count;
	memmove(lines->at, lines->at + count, lines->count * sizeof lines->at[0]);
}

static void lines_finish(struct room_lines *lines) {
	if (lines->count > 0) {
		lines_drop_first(lines, lines->count);
	}
	free(lines->at);
	*lines = (struct room_lines){0};
}

static struct line *last_of(const struct room_lines *lines) {
	return lines->count > 0 ? lines->at[lines->count - 1] : NULL;
}

void room_destroy(struct room *room) {
	if (room == NULL) {
		return;
	}
	lines_finish(&room->lines);
	lines_finish(&room->waiting);
	lines_finish(&room->page);
	screen_roster_finish(&room->roster);
	free(room);
}

void room_set_name(struct room *room, struct slice name) {
	assert(name.size <= sizeof room->name);
	room->name_size = name.size;
	if (name.size > 0) {
		memcpy(room->name, name.bytes, name.size);
	}
}

const struct line *room_line(const struct room *room, int64_t id) {
	if (id < room->first_id || id >= room_end_id(room)) {
		return NULL;
	}
	size_t index = (size_t)(id - room->first_id);
	return index < room->lines.count ? room->lines.at[index]
	                                 : room->waiting.at[index - room->lines.count];
}

/* ---- lines come ---- */

/* Many in a row over the day's end stay two lines, since a day begins with a line of its own. */
static bool may_join(const struct line *older, const struct line *newer) {
	return older != NULL && older->kind == LINE_TRAFFIC && newer->kind == LINE_TRAFFIC &&
	       older->time_ms / 86400000 == newer->time_ms / 86400000;
}

/* Keeps what is good, drops what is too much. */
static void trim(struct room *room) {
	if (!room->is_looking_back) {
		/* Not while older lines are on their way: they have to fit to the first one. */
		if (room->lines.count > 2 * ROOM_LINES_KEPT && room->question == 0) {
			size_t count = room->lines.count - ROOM_LINES_KEPT;
			lines_drop_first(&room->lines, count);
			room->first_id += (int64_t)count;
			room->has_older = true;
			room->older_seq = 0;
		}
	} else if (room_end_id(room) - room->top.id > ROOM_LINES_BEHIND_MAX) {
		room->is_torn = true;
	}
}

static void count_unread(struct room *room, const struct line *line, bool is_read) {
	if (is_read || line->is_own || !line_is_message(line)) {
		return;
	}
	room->unread++;
	room->mentions += line->is_mention || (room->is_direct && line->kind == LINE_SAID);
	if (room->unread == 1) {
		/* All before it was read. */
		room->has_mark = true;
		room->mark_seq = line->seq_first;
		room->mark_id = room->first_id + (int64_t)room->lines.count;
	}
}

void room_append(struct room *room, struct line *line, bool is_read) {
	bool is_entry = line->seq > 0;
	if (is_entry && line->seq <= room->seq_newest) {
		free(line);
		return;
	}
	if (is_entry) {
		room->seq_newest = line->seq;
	}
	count_unread(room, line, is_read);
	if (room->is_torn) {
		free(line);
		return;
	}
	struct line *last = last_of(&room->lines);
	if (may_join(last, line)) {
		room->lines.at[room->lines.count - 1] = line_join_traffic(last, line);
		return;
	}
	if (room->is_looking_back && room->top.id >= room->first_id + (int64_t)room->lines.count) {
		/* One looks at a line that waits: it moves on by one. */
		room->top.id++;
	}
	lines_add(&room->lines, line);
	trim(room);
}

void room_pass(struct room *room, uint64_t seq) {
	if (seq > room->seq_newest) {
		room->seq_newest = seq;
	}
}

void room_wait(struct room *room, struct line *line) {
	lines_add(&room->waiting, line);
}

static size_t waiting_index(const struct room *room, uint64_t tag) {
	size_t i = 0;
	while (i < room->waiting.count && room->waiting.at[i]->tag != tag) {
		i++;
	}
	return i;
}

struct line *room_waiting(const struct room *room, uint64_t tag) {
	size_t i = waiting_index(room, tag);
	return i < room->waiting.count ? room->waiting.at[i] : NULL;
}

struct line *room_take_waiting(struct room *room, uint64_t tag) {
	size_t i = waiting_index(room, tag);
	if (i == room->waiting.count) {
		return NULL;
	}
	struct line *line = room->waiting.at[i];
	room->waiting.count--;
	memmove(&room->waiting.at[i], &room->waiting.at[i + 1],
	        (room->waiting.count - i) * sizeof room->waiting.at[0]);
	return line;
}

/* ---- older lines ---- */

uint64_t room_older_than(const struct room *room, uint64_t seq_told) {
	if (room->older_seq > 0) {
		return room->older_seq;
	}
	for (size_t i = 0; i < room->lines.count; i++) {
		if (room->lines.at[i]->seq_first > 0) {
			return room->lines.at[i]->seq_first;
		}
	}
	return seq_told + 1;
}

void room_page_add(struct room *room, uint64_t seq, struct line *line) {
	if (room->page_seq == 0 || seq < room->page_seq) {
		room->page_seq = seq;
	}
	if (line == NULL) {
		return;
	}
	struct line *last = last_of(&room->page);
	if (may_join(last, line)) {
		room->page.at[room->page.count - 1] = line_join_traffic(last, line);
	} else {
		lines_add(&room->page, line);
	}
}

static bool has_place(const struct room *room, int64_t id) {
	return room->is_looking_back && room->top.id == id;
}

/* The last of the page and the first of the room are one. */
static void join_seam(struct room *room) {
	struct line *last = last_of(&room->page);
	struct line *first = room->lines.count > 0 ? room->lines.at[0] : NULL;
	bool is_marked = room->has_mark && room->mark_id == room->first_id;
	if (first != NULL && !is_marked && !has_place(room, room->first_id) &&
	    may_join(last, first)) {
		room->lines.at[0] = line_join_traffic(last, first);
		room->page.count--;
	}
}

void room_page_done(struct room *room, bool has_more) {
	bool is_empty = room->page_seq == 0;
	join_seam(room);
	size_t count = room->page.count;
	if (count > 0) {
		lines_make_room(&room->lines, count);
		memmove(room->lines.at + count, room->lines.at,
		        room->lines.count * sizeof room->lines.at[0]);
		memcpy(room->lines.at, room->page.at, count * sizeof room->lines.at[0]);
		room->lines.count += count;
		room->first_id -= (int64_t)count;
	}
	if (!is_empty) {
		room->older_seq = room->page_seq;
	}
	room->page.count = 0;
	room->page_seq = 0;
	room->question = 0;
	/* An answer that says "there is more" and brings nothing would be asked for ever. */
	room->has_older = has_more && !is_empty;
}

void room_page_refused(struct room *room) {
	if (room->page.count > 0) {
		lines_drop_first(&room->page, room->page.count);
	}
	room->page_seq = 0;
	room->question = 0;
	room->is_older_refused = true;
}

/* ---- reading ---- */

void room_is_read(struct room *room) {
	room->unread = room->mentions = 0;
}

void room_is_left(struct room *room) {
	if (room->unread == 0) {
		room->has_mark = false;
	}
}

void room_forget_lines(struct room *room) {
	if (room->page.count > 0) {
		lines_drop_first(&room->page, room->page.count);
	}
	room->page_seq = 0;
	room->question = 0;
	room->first_id += (int64_t)room->lines.count;
	if (room->lines.count > 0) {
		lines_drop_first(&room->lines, room->lines.count);
	}
	room->has_older = true;
	room->older_seq = room->seq_newest + 1;
	room->has_mark = false;
	room->is_torn = false;
}

void room_look_at_end(struct room *room) {
	room->is_looking_back = false;
	if (room->is_torn) {
		room_forget_lines(room);
	}
}
