/* stream_inside.h - what the files of the stream face share. stream.h lists them. */
#ifndef STREAM_INSIDE_H
#define STREAM_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "answers.h"
#include "asker.h"
#include "car.h"
#include "dialect.h"
#include "edge_inside.h"
#include "http_request.h"
#include "limiter.h"
#include "limits.h"
#include "loop.h"
#include "memberships.h"
#include "pool.h"
#include "stream.h"
#include "stream_log.h"
#include "websocket.h"

/* What is kept of the log for all who read it live: some seconds of a very busy house. */
#define STREAM_LOG_BYTES (2u * 1024 * 1024)
#define STREAM_LOG_ENTRIES 8192u

/* Bytes of input that are held for a connection that is not to be heard yet. */
#define STREAM_INPUT_BYTES_MAX (32u * 1024)
_Static_assert(HTTP_REQUEST_BYTES_MAX < STREAM_INPUT_BYTES_MAX, "a request is held whole");
/* A frame of the longest message, and what comes with it. */
#define WEBSOCKET_INPUT_BYTES_MAX                                                                  \
	(STREAM_TAGS_BYTES_MAX + STREAM_LINE_BYTES_MAX + WEBSOCKET_HEAD_BYTES_MAX)
/* Requests of one connection that are not answered: more lines are taken when they are. */
#define STREAM_REQUESTS_MAX 128

/* Answers to one burst of lines: when so many bytes wait, or do not go out, no line is taken. */
#define STREAM_UNREAD_BYTES (8u * 1024)

/* Times of a connection, in steps of 2^14 microseconds. */
#define STREAM_TIME_SHIFT 14

/* After the last words: so long its client has to end it as well, or it is just closed. */
#define STREAM_LINGER_US (2 * 1000 * 1000)

/* Why, when the process ends. */
#define LEAVING "The server is leaving"

/* How what is said on a connection goes over it. */
enum stream_wire {
	WIRE_UNKNOWN, /* its first bytes have not said */
	WIRE_LINES,
	WIRE_HTTP,
	WIRE_TEXT,   /* WebSocket: a line is a message of text, */
	WIRE_BINARY, /* or of bytes */
};

/* In no room, for all who are: not to be written to, nor freed. */
extern struct memberships stream_nowhere;

struct rest; /* plan.c: of an entry that was written in part */

/* Owned by the pool of connections. Ordered by when it is looked at: first what fan-out touches. */
struct stream_connection {
	uint64_t cursor; /* is_reading: entries up to it are written */
	uint64_t person, session;
	struct memberships *rooms;
	struct answers *answers;
	struct rest *rest;
	struct websocket *websocket; /* a message that is coming in; or NULL */
	uint32_t key;
	bool is_open : 1;
	bool is_opened : 1;    /* the dialect knows it, and has not heard that it ended */
	bool is_reading : 1;   /* something behind its cursor concerns it; else it is at the end */
	bool is_ready : 1;     /* in stream->ready */
	bool is_waiting : 1;   /* in stream->waiting: held input */
	bool is_blocked : 1;   /* its socket is full */
	bool is_behind : 1;    /* waits for the car */
	bool is_ending : 1;    /* nothing is read; closed when all is written */
	bool is_lingering : 1; /* all is written; until its client ends it */
	bool wants_echo : 1;
	bool has_more : 1;     /* stream_continue() */
	bool is_skipping : 1;  /* input: inside of a line that is too long */
	bool is_unsettled : 1; /* the first line held waits for `barrier` */
	bool is_at_end : 1;    /* no more input will come */
	bool is_asked : 1;     /* quiet() was called, and nothing has come since */
	bool is_lagging : 1; /* it reads, or has read, what the car brought; until it is at the end */
	bool is_overrun : 1;   /* more answers than it may have: to be closed */
	bool is_continued : 1; /* HTTP: its sender has been told to send the body */
	bool is_closed : 1;    /* WebSocket: a close frame was said */
	bool is_either : 1;    /* WebSocket: it has not said which of both it speaks */
	uint8_t wire : 3;      /* enum stream_wire */
	uint8_t listener;
	const struct stream_dialect *dialect; /* NULL: not known yet */
	void *its;                            /* the dialect's */
	void *own;                            /* the dialect's own for this connection */
	struct stream *stream;
	struct watch watch;
	uint32_t events; /* watched for */
	uint32_t slot, generation;
	uint32_t link_person;
	struct address peer;
	uint64_t next_ns; /* of its pace */
	uint64_t request; /* number of its last one */
	uint64_t barrier; /* 0: requests are waited for; else the ring's position, and one */
	char *input;      /* held */
	uint16_t input_size;
	uint16_t requests; /* since all were answered */
	uint32_t since;    /* when it came; HTTP: when its request began, or the last one ended */
	uint32_t heard;    /* when it last said something */
	uint32_t moved;    /* when it last read, or had nothing to read */
	uint32_t unread;   /* is_blocked: bytes in its socket, when they were last fewer */
};
_Static_assert(sizeof(struct stream_connection) <= 256, "an idle connection is small");

/* Connections in the order in which something is to be done for them; who is gone is passed over. */
struct stream_line_up {
	struct connection *each; /* a circle */
	uint32_t first, count, room;
};

/* Who is in which room, here. */
struct stream_room {
	uint32_t link;
	uint32_t count, size; /* of `slots` */
	uint64_t room;
	uint32_t *slots;
	uint64_t woken; /* stream->served at the time when all of them were made ready */
};

struct stream_door {
	struct stream *stream;
	unsigned listener;
	struct watch watch;
	bool is_watched;
};

/* Sessions whose end the hub has not been told for want of room in the queue. */
struct stream_gone {
	uint64_t session, read_up_to;
	uint16_t reason;
	uint16_t size;
	char text[WHY_BYTES_MAX];
};

/* What the operator may set. */
struct stream_limits {
	uint64_t stall_us;    /* without a byte read, though there is something to read */
	uint64_t ping_us;     /* silence after which somebody is asked for, */
	uint64_t timeout_us;  /* and after that, until it is the end */
	uint64_t register_us; /* to enter */
	uint32_t connections_max;
	uint32_t per_net_max; /* loopback apart */
	struct pace pace;     /* of lines */
};

struct stream {
	struct edge *edge;
	const struct stream_dialect *dialect; /* IRC's; NULL: nobody is served */
	void *its;
	struct stream_limits limits;
	uint64_t config_version; /* that they are of */
	struct pool connections, rooms;
	struct table by_person, by_room;
	uint32_t generation;
	struct stream_line_up ready, waiting;
	uint32_t round_left; /* to be visited before the next round */
	bool is_busy;        /* this round has several entries for each */
	bool is_urgent;      /* somebody is ready for more than entries */
	uint32_t gathered;   /* entries for which somebody is ready */
	uint64_t hold_us;    /* entries alone are not written before */
	struct stream_log log;
	bool has_log;
	bool is_blind;     /* the walk is in slices: answers are lost */
	uint64_t passed;   /* the entry in hand, or the last one */
	uint64_t served;   /* visits of output, counted: what was ready before is not any more */
	uint64_t answered; /* the highest of our requests that a record has answered */
	struct car car;
	struct stream_log car_log;
	struct stream_door doors[LISTENERS_MAX];
	uint64_t sweep_us, input_us; /* when it has to be done next */
	struct stream_gone *gone;
	uint32_t gone_count, gone_room;
	struct stream_whom whom; /* of the entry in hand */
	bool must_say_orphans;
	bool is_full; /* no descriptor was to be had: the doors are closed for a moment */
	char rendering[STREAM_RENDERING_BYTES_MAX];
	char framed[STREAM_FRAMED_BYTES_MAX];
	char input[STREAM_INPUT_BYTES_MAX];
};

static inline uint64_t stream_now_us(const struct stream *stream) {
	return loop_now_us(stream->edge->house.loop);
}
static inline uint32_t stream_time(const struct stream *stream) {
	return (uint32_t)(stream_now_us(stream) >> STREAM_TIME_SHIFT);
}
/* It has to read first, before more is heard from it. */
static inline bool stream_is_unread(const struct stream_connection *it) {
	return it->answers != NULL &&
	       (it->is_blocked || answers_size(it->answers) >= STREAM_UNREAD_BYTES);
}
/* It reads what the car brings, or will have to. */
static inline bool stream_is_lagging(const struct stream *stream,
                                     const struct stream_connection *it) {
	return it->is_lagging ||
	       (stream->has_log && it->is_reading && it->cursor < stream->log.stretch.low);
}
/* How long ago that was. */
static inline uint64_t stream_age_us(const struct stream *stream, uint32_t time) {
	return (uint64_t)(stream_time(stream) - time) << STREAM_TIME_SHIFT;
}
static inline struct stream_connection *connection_at(const struct stream *stream, uint32_t slot) {
	return pool_at(&stream->connections, slot);
}

/* stream_whom.c */
/* Into stream->whom: whom an entry concerns. */
void stream_whom_of(struct stream *stream, const struct record *entry);
/* Into the log, if it concerns anybody here, who is woken for it. */
void stream_show(struct stream *stream, const struct record *entry);
/* Who joins a room by it, or parts from one. */
void stream_follow(struct stream *stream, const struct record *entry);

/* connections.c */
void connections_begin(struct stream *stream);
void connections_finish(struct stream *stream);
/* Takes over the socket, which is non-blocking. NULL: it could not be watched, and is closed. */
struct stream_connection *connection_open(struct stream *stream, int fd, const struct address *peer,
                                          unsigned listener);
/* Tells the dialect, once; nothing is read, from it or for it, any more. */
void connection_end(struct stream *stream, struct stream_connection *it, enum stream_end end,
                    struct slice text);
/* How a WebSocket is told why it ends: unless it has said so itself, or cannot be told. */
void connection_say_why(struct stream *stream, struct stream_connection *it, enum stream_end end);
/* The socket is closed and the slot free. Ended before. */
void connection_drop(struct stream *stream, struct stream_connection *it);
/* Both. */
void connection_lose(struct stream *stream, struct stream_connection *it, enum stream_end end,
                     struct slice text);
/* `how` the last system call on its socket failed: errno. */
void connection_fail(struct stream *stream, struct stream_connection *it, int how);
void connection_watch(struct stream *stream, struct stream_connection *it);
void connection_join(struct stream *stream, struct stream_connection *it, uint64_t room,
                     uint64_t seq);
void connection_part(struct stream *stream, struct stream_connection *it, uint64_t room,
                     uint64_t seq);
void connection_leave(struct stream *stream, struct stream_connection *it, uint64_t seq);
/* Its reader has passed the ends of those that have ended. */
void connection_forget_rooms(struct stream_connection *it);
void connection_free_rooms(struct stream_connection *it);
/* A person's, one after the other: NULL to start; NULL at the end. */
struct stream_connection *stream_next_of_person(const struct stream *stream, uint64_t person,
                                                const struct stream_connection *after);
struct stream_room *stream_room_of(const struct stream *stream, uint64_t room);
void line_up_add(struct stream_line_up *line, struct connection who);
/* The first, taken out; NULL if there is none any more. Marks are the caller's. */
struct stream_connection *line_up_take(struct stream *stream, struct stream_line_up *line);

/* accept.c */
void accept_begin(struct stream *stream);
void accept_finish(struct stream *stream);
/* A listening socket, non-blocking. */
void accept_at(struct stream *stream, unsigned listener, int fd);
void accept_stop(struct stream *stream);
/* Descriptors are to be had again. */
void accept_go_on(struct stream *stream);

static inline bool stream_is_websocket(const struct stream_connection *it) {
	return it->wire == WIRE_TEXT || it->wire == WIRE_BINARY;
}
/* Lines as they go over its wire: as they are, or in frames, in stream->framed. */
struct slice stream_wired(struct stream *stream, const struct stream_connection *it,
                          struct slice lines);
/* What has the same bytes on the same wire, for lanes. */
static inline uint64_t stream_lane_key(const struct stream_connection *it) {
	return it->key | (uint64_t)it->wire << 32;
}

/* input.c */
/* It speaks the dialect from now on, over this wire. */
void input_open(struct stream *stream, struct stream_connection *it, enum stream_wire wire);
/* False: the line stays. */
bool input_take_line(struct stream *stream, struct stream_connection *it, struct slice line);
/* May a line be taken? */
bool input_may_take(struct stream *stream, struct stream_connection *it);
void input_ready(struct stream *stream, struct stream_connection *it);
/* What is held of its input may be taken now. */
void input_go_on(struct stream *stream, struct stream_connection *it);
/* Those who wait: returns when they have to be looked at again though nothing happens. */
uint64_t input_tick(struct stream *stream, uint64_t now_us);
bool input_may_read(const struct stream_connection *it);

/* output.c */
/* As stream_answer(), as it goes over the wire. */
void output_say(struct stream *stream, struct stream_connection *it, struct slice bytes);
/* Of one that has ended, behind all that was said. */
void output_last(struct stream *stream, struct stream_connection *it, struct slice bytes);
void output_ready(struct stream *stream, struct stream_connection *it);
/* It concerns this one: from this seq on there is something to read. */
void output_wake(struct stream *stream, struct stream_connection *it, uint64_t seq);
/* An entry for which somebody is ready has been added to the log. */
void output_gather(struct stream *stream);
void output_turn(struct stream *stream);
bool output_has_work(const struct stream *stream);
/* When it will have. */
uint64_t output_due_us(const struct stream *stream);
bool output_is_done(const struct stream_connection *it);

/* stream_car.c */
void stream_car_begin(struct stream *stream);

#endif
