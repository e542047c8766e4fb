/*
 * stream.h - the face of those who come by TCP: connections, lines in, the log
 * out. What is said on them is a dialect's (dialect.h): IRC's, later others'.
 *
 * A connection has no send queue. It is a cursor in the log, and a bounded
 * buffer of *answers*, which are for it alone. Each answer has its place in the
 * log: behind the last entry that the walk had passed when it was given. So what
 * a reader gets is one order, however slowly it reads, and an entry is rendered
 * once for all who read it in the same form (its *key*).
 *
 *   stream       the face: records to connections; beginning, ending, time
 *   accept       the listening sockets
 *   connections  who is here: slots, generations, members of rooms
 *   input        reading, the first bytes, pauses
 *   cutter       bytes into lines (pure)
 *   sniff        which protocol the first bytes are (pure)
 *   http_input   HTTP: requests off what has come, an answer each (../web/site.h)
 *   websocket_input  WebSocket: lines off its messages, and into frames
 *   answers      the buffer of answers (pure)
 *   lane         entries rendered for one key (pure)
 *   stream_log   a stretch of the log (stretch.h), and its lanes
 *   output       one system call for all that waits: whose turn it is
 *   plan         and what that is
 *   stream_whom  whom an entry concerns, who is woken for it, who is in which rooms
 *   stream_car   stretches of the log that are older, for who is far behind (car.h)
 *
 * What a dialect calls is below. A `struct stream_connection *` is good until
 * closed() has been called for it; across turns keep its `struct connection`
 * and look it up again.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "face.h"
#include "record.h"
#include "slice.h"

struct stream;
struct stream_connection;

/* The row of edge.c's table. */
extern const struct edge_face stream_face;

/* One answer at most; and all that waits for a connection: who has more than that is closed. */
#define STREAM_ANSWER_BYTES_MAX (64 * 1024)
#define STREAM_ANSWERS_BYTES_MAX (512 * 1024)

/* ---- a connection ---- */

/* {slot, generation}, for records; and back: NULL if that one is gone. */
struct connection stream_name(const struct stream *stream, const struct stream_connection *it);
struct stream_connection *stream_find(const struct stream *stream, struct connection name);
/* One that entered as this person (stream_enter()); NULL: none here. */
struct stream_connection *stream_of_person(const struct stream *stream, uint64_t person);
/* All of them; return false from `each` to stop. `each` may close the one it is given. */
void stream_each_of_person(const struct stream *stream, uint64_t person,
                           bool (*each)(void *context, struct stream_connection *it),
                           void *context);
/* Has this person a connection here that is not of this session? */
bool stream_has_other(const struct stream *stream, uint64_t person, uint64_t session);
/* The one with this session; NULL: none here. */
struct stream_connection *stream_of_session(const struct stream *stream, uint64_t person,
                                            uint64_t session);

/* The dialect's own, NULL at first. It frees it when closed() is called. */
void *stream_own(const struct stream_connection *it);
void stream_set_own(struct stream_connection *it, void *own);

const struct address *stream_peer(const struct stream_connection *it);
/* Peer, our own address that it came to, the listener: for requests. */
struct route stream_route(const struct stream_connection *it);

/* ---- answers ---- */

/*
 * Says it to this connection alone, behind all that the walk has passed. Lines with their ends.
 * While answers wait for a slow reader, nothing is read from it.
 */
void stream_answer(struct stream *stream, struct stream_connection *it, struct slice bytes);
/* Answers wait that it does not read, or so many that no line is taken from it. */
bool stream_is_behind(const struct stream_connection *it);
/*
 * For long answers (NAMES, WHO, LIST, history): calls dialect->more() when what was answered is
 * mostly written, until it returns false. What happens meanwhile comes between; no line is
 * taken from the connection until then.
 */
void stream_continue(struct stream *stream, struct stream_connection *it);
/*
 * The last words, behind all that came before; then the connection is closed. Calls closed() at
 * once. May be called in any callback; nothing may be said to it any more.
 */
void stream_close(struct stream *stream, struct stream_connection *it, struct slice words);

/* ---- requests ---- */

/*
 * To the hub; `connection` is filled in. It is outstanding until the walk meets a record that
 * answers it. False: the queue is full; return STREAM_WAIT, and the line comes again.
 */
bool stream_request(struct stream *stream, struct stream_connection *it, struct record *request);
/* Requests of this connection that are not answered yet. */
bool stream_is_outstanding(const struct stream *stream, const struct stream_connection *it);
/*
 * REQUEST_GONE, sooner or later: to be called in closed() for a session that still is. `read_up_to`: all up
 * to this seq it has certainly read; 0: that is not known.
 */
void stream_gone(struct stream *stream, uint64_t session, uint16_t reason, struct slice text,
                 uint64_t read_up_to);
/* The seq up to which all that concerns it is written; and has its end of the line all of that? */
uint64_t stream_written(const struct stream *stream, const struct stream_connection *it,
                        bool *is_received);
/* What a line costs beyond the one that each costs: its connection is read later (--rate). */
void stream_charge(struct stream *stream, struct stream_connection *it, unsigned cost);

/* ---- reading the log ---- */

/*
 * From now on it reads what concerns this person, in the rooms in which the state has it; which
 * rooms it joins and parts from, the stream follows by itself. Called at ANSWER_WELCOME. What
 * it answers from then on stands behind the entries that came before.
 */
void stream_enter(struct stream *stream, struct stream_connection *it, uint64_t session,
                  uint64_t person);
/* The same for one that has entered: from now on it is another person's, by another session. */
void stream_move(struct stream *stream, struct stream_connection *it, uint64_t session,
                 uint64_t person);
uint64_t stream_session(const struct stream_connection *it); /* 0: not entered */
uint64_t stream_person(const struct stream_connection *it);
/* In which form it reads: equal keys, equal bytes. Any number, a set of capabilities, say. */
void stream_set_key(struct stream_connection *it, uint32_t key);
/* Whether it also reads what its own person caused where whom() said `skips_own`. */
void stream_set_echo(struct stream_connection *it, bool wants_echo);

/* All connections here, of any dialect; return false from `each` to stop. `each` may close the one it is given. */
void stream_each(struct stream *stream, bool (*each)(void *context, struct stream_connection *it),
                 void *context);
size_t stream_count(const struct stream *stream);

#endif
