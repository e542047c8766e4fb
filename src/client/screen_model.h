/*
 * screen_model.h - all that the screen of `qun join` knows, without a terminal: what
 * the link has told (screen_tell.c brings it in), and what is wished of the link.
 *
 * The caller sets now_ms before each call, takes the wishes off the outbox, and
 * draws when is_changed says so.
 */
#ifndef SCREEN_MODEL_H
#define SCREEN_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "options.h"
#include "screen_room.h"
#include "screenwire.h"

#define MODEL_TEXT_BYTES 512

/* How one stands to the server: TELL_STANDING, kept. */
struct model_standing {
	uint8_t state; /* enum standing; 0: nothing was told yet */
	uint8_t ending;
	uint16_t flags, reason;
	uint64_t argument, number, person;
	uint64_t since_ms, rtt_us, waiting;
	size_t name_size, other_size, text_size;
	char name[NAME_BYTES_MAX];
	char other[128];
	char text[MODEL_TEXT_BYTES];
};

/* A wish that is no line of a room: what it was, so that a refusal can be told. */
struct model_errand {
	uint64_t tag; /* 0: free */
	uint8_t kind; /* enum wish_kind */
	size_t name_size;
	char name[NAME_BYTES_MAX];
};
#define MODEL_ERRANDS_MAX 64

/* A wish, encoded. */
struct model_wish {
	struct model_wish *next;
	size_t size;
	uint8_t bytes[];
};

/* /who and /rooms: the answer gathers here and becomes a note. */
#define MODEL_LISTING_BYTES_MAX 3500
struct model_listing {
	uint64_t question; /* 0: none */
	uint64_t room;
	uint64_t count, left_out;
	size_t size;
	char bytes[MODEL_LISTING_BYTES_MAX];
};

struct model {
	enum language language;
	uint64_t now_ms; /* wall clock */
	const char *host;
	struct model_standing standing;
	uint64_t seq_told; /* the log was told up to here */
	uint64_t seq_shown;
	uint64_t tag_last, question_last;

	size_t rooms_count, rooms_capacity;
	struct room **rooms; /* in the order in which they came; conversations among them */
	size_t current;      /* index; meaningless while there are none */
	struct room
		*found; /* what a search has found, shown instead of the current room; or NULL */
	size_t sought_size;
	char sought[MODEL_TEXT_BYTES];
	bool has_asked_to_join; /* the room that was wanted on the command line */
	size_t wanted_size;     /* the room to go to as soon as one is in it */
	char wanted[ROOM_NAME_BYTES_MAX];

	struct model_errand errands[MODEL_ERRANDS_MAX];
	struct model_listing listing;
	bool is_away; /* nobody has pressed a key since we began, or since Ctrl-Z: all is unread */
	bool is_quitting;
	bool is_changed;

	struct line *
		loose_note; /* the last words of this client while there was no room for them; or NULL */

	struct model_wish *outbox, **outbox_end;
};

/* What is asked for at the beginning: `room` ("#room") or NULL. Wishes WISH_ATTACH. */
void model_init(struct model *model, enum language language, const char *host, const char *room);
void model_finish(struct model *model);

/* Something that the link tells. */
void model_tell(struct model *model, const struct tell *tell);

/* ---- wishes ---- */

void model_wish(struct model *model, const struct wish *wish);
const struct model_wish *model_first_wish(const struct model *model);
void model_drop_wish(struct model *model);

/* ---- rooms ---- */

/* What one looks at: a room, or what was found; NULL while there is none. */
struct room *model_shown(const struct model *model);
/* The room that one speaks in. */
struct room *model_current(const struct model *model);
struct room *model_room(const struct model *model, uint64_t id);
struct room *model_room_named(const struct model *model, struct slice name, bool is_direct);
/* The conversation with somebody, begun if there is none; it is shown. */
struct room *model_talk_to(struct model *model, struct slice name);
void model_add_room(struct model *model, struct room *room);
void model_remove_room(struct model *model, struct room *room);
void model_go_to(struct model *model, size_t index);
/* Is the end of the room seen as it comes? */
bool model_reads(const struct model *model, const struct room *room);
/* After a key, a scroll: what is seen is read. */
void model_look(struct model *model);
/* Tells the link how far all has been seen, if that is news. For now and then, not for each entry. */
void model_report_shown(struct model *model);
/*
 * Who is absent is not in the log: asks for it, if the room that is shown was not asked about for long. Returns how
 * many milliseconds it can be left alone.
 */
uint64_t model_refresh_people(struct model *model);
/* All that the link had to tell was told: asks for the room that is wanted, if one is not in it already. */
void model_settle(struct model *model);
/* Somebody is here; nobody is. */
void model_come(struct model *model);
void model_go_away(struct model *model);

/* ---- saying ---- */

/* In the current room, which there has to be. False, and a note that says why, if it cannot be. */
bool model_say(struct model *model, struct slice text);
bool model_say_to(struct model *model, struct room *room, struct slice text);
/* A wish with a tag that becomes no line: JOIN, PART, RENAME. */
void model_run_errand(struct model *model, struct wish wish);
/* The errand under the tag, which is free from then on; NULL: none. */
const struct model_errand *model_take_errand(struct model *model, uint64_t tag);
/* Words of this client, in the room that is shown. */
void model_note(struct model *model, enum line_kind kind, struct slice text);

/* ---- questions ---- */

uint64_t model_next_question(struct model *model);
/* One looks so far back that more is wanted. */
void model_want_older(struct model *model, struct room *room);
void model_search(struct model *model, struct slice text);
void model_end_search(struct model *model);
void model_ask_who(struct model *model);
void model_ask_rooms(struct model *model);

#endif
