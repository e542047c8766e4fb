/*
 * screen_room.h - one room as a person sees it: its lines, what of them is unread,
 * who is there, and where one is looking. A conversation of two is a room as
 * well, and so is a list of what a search has found.
 *
 * Lines have ids that never change: rising at the end, falling as older ones are
 * put in front. So a place in the room stays the same place whatever comes.
 * One's own words that are not in the log yet *wait* behind all lines.
 *
 * How much is kept. Of a room that is read at its end, some thousand lines: what
 * is older is fetched again when somebody looks. While one looks back, all that
 * one has looked at stays; and if meanwhile more comes than is good, the end is
 * not kept (the room is *torn*), and fetched when one goes there.
 */
#ifndef SCREEN_ROOM_H
#define SCREEN_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "screen_line.h"
#include "screen_roster.h"

#define ROOM_LINES_KEPT 2000
/* Lines behind the place where one is looking. */
#define ROOM_LINES_BEHIND_MAX 20000

struct room_lines {
	size_t count, capacity;
	struct line **at;
};

/*
 * A row that one looks at, however wide the terminal is: a line, and the byte of its text with which the row
 * begins; or so many rows above that text (the day, the unread line).
 */
struct room_place {
	int64_t id;
	size_t offset;
	size_t above;
};

struct room {
	uint64_t id; /* 0: the server has none for it (yet) */
	bool is_direct;
	bool is_found; /* the results of a search */
	bool is_in;
	bool is_whole;              /* the roster is */
	uint64_t person;            /* of a conversation: the other one */
	size_t name_size;           /* as the server has it */
	char name[NAME_BYTES_MAX];  /* (a room's is shorter) */
	uint64_t connected, absent; /* people */
	struct roster roster;
	uint64_t people_asked_ms; /* when the roster was last asked for */

	struct room_lines lines;
	int64_t first_id;
	struct room_lines waiting;
	uint64_t seq_newest; /* the last that came, kept or not */
	bool is_torn;

	bool has_older;        /* there may be lines before the first */
	bool is_older_refused; /* the last question for them was: until one asks again */
	uint64_t question;     /* for them; 0: none */
	uint64_t page_seq;     /* the lowest that the answer has brought so far */
	uint64_t older_seq;    /* ask for what is before; 0: before the first line */
	struct room_lines page;

	unsigned unread, mentions; /* messages, and those to oneself */
	bool has_mark;
	int64_t mark_id; /* the first unread line: the unread line stands above it */
	uint64_t mark_seq;

	bool is_looking_back; /* else one sees the end */
	struct room_place top;
};

struct room *room_create(void);
void room_destroy(struct room *room);
void room_set_name(struct room *room, struct slice name);
static inline struct slice room_name(const struct room *room) {
	return slice_of(room->name, room->name_size);
}

/* ---- lines ---- */

/* All that can be looked at: lines, then those that wait. */
static inline int64_t room_end_id(const struct room *room) {
	return room->first_id + (int64_t)(room->lines.count + room->waiting.count);
}
/* NULL outside of them. */
const struct line *room_line(const struct room *room, int64_t id);

/*
 * Each takes the line. `is_read`: somebody sees the end of the room as it comes. What comes and goes in
 * a row becomes one line.
 */
void room_append(struct room *room, struct line *line, bool is_read);
/* An entry that makes no line here has passed. */
void room_pass(struct room *room, uint64_t seq);
void room_wait(struct room *room, struct line *line);
/* The line that waits under a tag is taken out: it is the caller's. NULL: there is none. */
struct line *room_take_waiting(struct room *room, uint64_t tag);
/* The same line, which stays where it is. */
struct line *room_waiting(const struct room *room, uint64_t tag);

/* ---- older lines ---- */

/* What to ask: the last lines before this seq. */
uint64_t room_older_than(const struct room *room, uint64_t seq_told);
/* The answer, oldest first, piece by piece: a line, or NULL for an entry that makes none. */
void room_page_add(struct room *room, uint64_t seq, struct line *line);
void room_page_done(struct room *room, bool has_more);
void room_page_refused(struct room *room);

/* ---- reading ---- */

/* One sees the end, and has read it all. */
void room_is_read(struct room *room);
/* One looks elsewhere: what comes from now on is unread. */
void room_is_left(struct room *room);
/* Lets go of all lines; those that come again are fetched. */
void room_forget_lines(struct room *room);
/* To the end. */
void room_look_at_end(struct room *room);

#endif
