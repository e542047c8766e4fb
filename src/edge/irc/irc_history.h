/*
 * irc_history.h - the desk for what was said before: questions of clients that
 * take the clerk's help, one after the other. For history.c and its parts alone.
 */
#ifndef IRC_HISTORY_H
#define IRC_HISTORY_H

#include "irc_inside.h"
#include "irc_time.h"

/* ISUPPORT's CHATHISTORY; lines that older clients get; entries asked of the clerk at once. */
#define HISTORY_MESSAGES_MAX 100
#define HISTORY_BACKLOG 20
/* What is told by itself of one room, or conversation; and when *playback is asked. */
#define HISTORY_MISSED_MAX 200
#define HISTORY_PLAYED_MAX 500
/* Conversations that are looked through for it. */
#define IRC_MISSED_THREADS_MAX 256
#define HISTORY_PAGE 200
#define HISTORY_SPARE 4
/* Pages that are looked through for messages among other events. */
#define HISTORY_PAGES_MAX 50
#define HISTORY_JOBS_MAX 4096
/* So long one search asks for further pages. */
#define HISTORY_SEARCH_US 1000000
/* So long an answer waits for what is not stored yet, and is looked for so often. */
#define HISTORY_WAIT_US 200000
#define HISTORY_LOOK_US 1000

enum history_kind {
	HISTORY_IS_BACKLOG,
	HISTORY_IS_LETTERS, /* as MISSED: who wrote to one, and is nobody any more */
	HISTORY_IS_MISSED, /* as BACKLOG, from where somebody had read to, or is asked for by *playback */
	HISTORY_IS_SLICE,
	HISTORY_IS_TARGETS,
	HISTORY_IS_LIST, /* as TARGETS, told as *playback does */
	HISTORY_IS_WHOWAS,
	HISTORY_IS_REDACTION, /* whose it is that is to be taken back */
	HISTORY_IS_SEARCH,
};
enum history_step {
	HISTORY_FIND_FIRST, /* the seqs of moments, by halves */
	HISTORY_FIND_SECOND,
	HISTORY_BACK, /* pages before `before` */
	HISTORY_ON,   /* pages behind `after` */
	HISTORY_NEXT_TARGET,
	HISTORY_GONE,       /* who had the name that is the target */
	HISTORY_FIND_ENTRY, /* the one that is `first` */
	HISTORY_LETTERS,    /* to the person `room` */
	HISTORY_DONE,
};

struct history_item {
	uint64_t seq;
	uint16_t kind;
	size_t size;
	uint8_t *bytes; /* an encoded entry; owned */
};
struct history_items {
	struct history_item *each;
	size_t count, room;
};

struct history_target {
	uint64_t room;
	uint64_t person; /* of a thread: with whom */
	uint64_t last_us;
};

struct history_job {
	struct history_job *next;
	struct connection connection;
	enum history_kind kind;
	struct irc_label *label;
	enum history_step step;
	bool wants_events, wants_redactions;
	uint64_t room;
	char target[NAME_BYTES_MAX + ROOM_NAME_BYTES_MAX];
	size_t target_size;
	enum irc_history_verb verb;
	struct irc_selector first, second;
	bool is_lower; /* BETWEEN a moment and a message: the moment is the earlier one */
	/* Exclusive bounds. */
	uint64_t after, before;
	uint64_t low, high; /* of a moment that is sought */
	uint64_t head;      /* when it was asked: what is stored up to there can be told */
	size_t limit, back_limit;
	unsigned pages;
	struct history_items page, found;
	size_t page_size;          /* as many were asked for: fewer is all there are */
	size_t counted;            /* of those found; others count for nothing */
	char *words;               /* redact.c's own; SEARCH: the text, or NULL; owned */
	char from[NAME_BYTES_MAX]; /* SEARCH: who said it */
	size_t from_size;          /* 0: whoever */
	bool keeps_oldest;         /* read backwards, and the first of them is what counts */
	uint64_t until_us;         /* SEARCH: no page more after that */
	struct history_target *targets;
	size_t targets_count, target_at;
};

struct irc_history_desk {
	struct irc *irc;
	struct ask ask;
	struct history_job *first, *last;
	size_t count;
	bool is_waiting; /* the first begins when the scribe has stored what it asks for */
	uint64_t wait_until_us;
};

/* history_steps.c: a page has come, whole; what is next. */
void history_step(struct irc_history_desk *desk, struct history_job *job);
/* The first one; or, if what it asks for is not stored yet, again in HISTORY_LOOK_US. */
void history_set_out(struct irc_history_desk *desk, struct history_job *job);
/* history_tell.c. True: it has taken the job over, which may take a while to be told. */
bool history_tell(struct irc *irc, struct history_job *job);

/* playback.c: what is asked of each room and conversation. */
struct irc_missing {
	struct irc *irc;
	uint64_t since;
	uint64_t from_us, to_us;
	unsigned count;
};
void irc_play(struct irc *irc, uint64_t room, struct slice name, uint64_t from_us, uint64_t to_us);
void irc_list_playback(struct irc *irc);
/* history.c: the room that one is in, or the thread with somebody (0: they have not written to each other). */
bool history_find_target(const struct irc *irc, struct slice target, uint64_t *room);
/* NULL: too many ask. */
struct history_job *history_make_job(struct irc *irc, enum history_kind kind, struct slice target);
/* Takes it over; the line's label waits for it, and further lines. */
void history_add_job(struct irc *irc, struct history_job *job);

/* redact.c: it has been found, or not. */
void history_tell_redaction(struct irc *irc, const struct history_job *job);

/* A copy; or the item itself, which is left empty. */
void history_items_add(struct history_items *items, const void *bytes, size_t size,
                       const struct record *entry);
void history_items_take(struct history_items *items, struct history_item *item);
void history_items_clear(struct history_items *items);

#endif
