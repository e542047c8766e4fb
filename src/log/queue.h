/*
 * queue.h - a request queue: one producer (an edge, the console), one
 * consumer (the hub), no locks, in shared memory that outlives both.
 *
 * Requests are numbered 1, 2, 3 ... for the life of the queue, whoever
 * produces. The consumer takes a request with queue_peek() and says
 * queue_done() when its records are published; a consumer that dies between
 * leaves it to the next, which asks the ring what was published
 * (see hub_resume()).
 *
 *   head, number_head   written by the producer (release), read by the consumer
 *   tail                written by the consumer (release), read by the producer
 *   incarnation         written by the producer when it starts
 *
 * The consumer trusts nothing here: positions and sizes are checked, and a
 * request is copied before it is looked at.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct queue;

/* Makes an empty queue in `fd` (a memfd): QUEUE_BYTES and a page. 0, or -1 with errno. */
int queue_format(int fd);
/* NULL with errno. */
struct queue *queue_open(int fd);
void queue_close(struct queue *queue);

/* Producer: says who it is from now on; what a predecessor put in stays. */
void queue_produce_as(struct queue *queue, uint32_t incarnation);
/*
 * Producer: puts a request in, filling in number and incarnation. Returns its
 * number, or 0 if the queue is full (an ordinary event: say "busy").
 */
uint64_t queue_put(struct queue *queue, const struct record *request);
/* Producer: how many requests have been put in and taken out. */
uint64_t queue_number_put(const struct queue *queue);
uint64_t queue_number_done(const struct queue *queue);

/*
 * Consumer: copies the oldest request that is not yet done, then the next,
 * and so on, into `out` (RECORD_BYTES_MAX, 8-byte aligned) and takes it apart.
 * 1: there is one; 0: none; -1: the memory is not what a queue looks like
 * (the producer is broken; queue_skip_all() drops what is in it).
 */
int queue_peek(struct queue *queue, struct record *request, void *out);
/* Consumer: all that was peeked at is done. */
void queue_done(struct queue *queue);
/* Consumer: forgets what it peeked at; the next peek starts at the oldest not done. */
void queue_rewind(struct queue *queue);
/* Consumer: everything up to and with this number is done (after a restart). */
void queue_done_up_to(struct queue *queue, uint64_t number);
void queue_skip_all(struct queue *queue);
bool queue_is_empty(const struct queue *queue);

#endif
