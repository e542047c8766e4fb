/*
 * dialect.h - what a dialect is: how a protocol of lines is spoken over the
 * stream face's connections. stream.h is what it may call.
 *
 * All callbacks run in the edge's one thread, never one inside another but for
 * closed(), which stream_close() calls.
 */
#ifndef DIALECT_H
#define DIALECT_H

#include "limits.h"
#include "stream.h"

struct edge;

/* A line, without its tags, and its tags with '@' and blank: what is longer is no line. */
#define STREAM_LINE_BYTES_MAX 512
#define STREAM_TAGS_BYTES_MAX 8191
/* A rendering of one entry: tags and a few lines of a long text. */
#define STREAM_RENDERING_BYTES_MAX (64 * 1024)
/* The same, or an answer, in frames (websocket.h). */
#define STREAM_FRAMED_BYTES_MAX (2 * STREAM_RENDERING_BYTES_MAX + 4)

enum stream_verdict {
	STREAM_TAKEN,
	/*
	 * Not yet: when this connection's requests are answered, and the walk is where the log
	 * ends now, the same line comes again, settled. Lines behind it wait.
	 */
	STREAM_WAIT,
};

/* Why a connection ended. */
enum stream_end {
	STREAM_END_CLOSED,  /* by its client */
	STREAM_END_RESET,   /* by an error, which `text` says */
	STREAM_END_SILENT,  /* nothing came, and no answer to quiet() */
	STREAM_END_STALLED, /* it has not read for --stall */
	STREAM_END_OVERRUN, /* more answers than it may have */
	STREAM_END_OURS,    /* stream_close() */
	STREAM_END_EDGE,    /* the edge is leaving */
};

/* Whom an entry concerns, as whom() fills it in. */
enum stream_whom_kind {
	STREAM_NOBODY,
	STREAM_ALL, /* everybody who has entered */
	STREAM_ROOMS, /* who is in one of the rooms; whoever joins by it does not read it, who parts does */
	STREAM_PEOPLE, /* `people`, be they here or not */
};
#define STREAM_WHOM_PEOPLE_MAX 2

struct stream_whom {
	enum stream_whom_kind kind;
	bool skips_own;     /* not entry->person, unless stream_set_echo() */
	bool skips_session; /* with skips_own: of its connections, not that of entry->session alone */
	bool must_ask;      /* and of these, those only for whom reads() is true */
	uint64_t people[STREAM_WHOM_PEOPLE_MAX];
	/* STREAM_ROOMS: which rooms; at first those of the record. */
	uint64_t rooms[ROOMS_PER_PERSON_MAX];
	size_t rooms_count;
};

struct stream_dialect {
	const char *word;
	/* Before "ready". Exits with a sentence if it cannot. */
	void *(*create)(struct stream *stream, struct edge *edge);
	void (*destroy)(void *it);

	/* The first bytes were this dialect's. */
	void (*opened)(void *it, struct stream_connection *connection);
	/* A line, without its end, never empty; any bytes but CR, LF. `is_settled`: see STREAM_WAIT. */
	enum stream_verdict (*line)(void *it, struct stream_connection *connection,
	                            struct slice line, bool is_settled);
	/* A line was longer than a line may be; what is left of it is passed over. */
	void (*too_long)(void *it, struct stream_connection *connection);
	/* Nothing has come for the ping interval: ask whether somebody is there. */
	void (*quiet)(void *it, struct stream_connection *connection);
	/*
	 * It is ended because nothing came, or the edge is leaving: the last words, with `text` as
	 * closed() gets it. May be NULL.
	 */
	void (*farewell)(void *it, struct stream_connection *connection, struct slice text);
	/* See stream_continue(). False: that was all. */
	bool (*more)(void *it, struct stream_connection *connection);
	/* Exactly once for each that was opened. `text`: for people ("Connection reset by peer"). */
	void (*closed)(void *it, struct stream_connection *connection, enum stream_end end,
	               struct slice text);

	/* An answer to a request of this connection, REQUEST and all. */
	void (*answer)(void *it, struct stream_connection *connection, const struct record *answer);
	/*
	 * Every entry, once it is in the window and rooms are followed: state is as after it. For
	 * what one connection alone gets to see (one's own JOIN, with topic and names) and for ends.
	 */
	void (*entry)(void *it, const struct record *entry);

	/* Whom it concerns; pure but for the state, which is as after the entry, or newer. */
	void (*whom)(void *it, const struct record *entry, struct stream_whom *whom);
	/* Of a must_ask entry: does this one read it? */
	bool (*reads)(void *it, const struct stream_connection *connection,
	              const struct record *entry);
	/*
	 * The bytes for everybody with this key: a function of entry and key, and of nothing else.
	 * 0: this key is shown nothing of it. `room` is STREAM_RENDERING_BYTES_MAX.
	 */
	size_t (*render)(void *it, const struct record *entry, uint32_t key, char *out,
	                 size_t room);

	/*
	 * It was so far behind that it was told of entries that are kept alone (record_is_hidden()), and
	 * reads with the others again. May be NULL.
	 */
	void (*returned)(void *it, struct stream_connection *connection);

	/* As in face.h. */
	void (*reloaded)(void *it);
	void (*caught_up)(void *it);
	uint64_t (*due_us)(void *it);
	void (*tick)(void *it, uint64_t now_us);
};

#endif
