/*
 * A bounded queue of messages between processes or threads: many put, many get, first in, first out.
 *
 *	struct mp_queue queue;
 *	mp_queue_create(&queue, 100, 256);            // 100 items of at most 256 bytes
 *	mp_process_start(&consumer);                  // its copy of `queue` is the same queue
 *	mp_queue_put(&queue, "hello", 5, MP_FOREVER);
 *	…
 *	mp_queue_close(&queue);                       // nothing more; what is in it can still be got
 *	mp_queue_finish(&queue);
 *
 * It is one piece of shared memory with one descriptor, mp_queue_fd(), which can be handed to a spawned
 * child (mp_spawn.h) that calls mp_queue_attach(). The struct is each process's own grip on it.
 *
 * When somebody is killed half-way, the others go on. An item is in the queue or it is not: a put that was
 * killed is as if it had not been, and so is a get; only a get that had been done, whose caller died
 * before it could use the item, takes it along. Nobody hangs: locks are handed on (mp_lock.h), and who
 * waits looks again every 250 ms on its own account, in case that who should have waked it was killed on
 * the way; otherwise waiters sleep.
 *
 * Functions answer 0 or an error of mp_errors.h.
 */
#ifndef MP_QUEUE_H
#define MP_QUEUE_H

#include "mp_mapping.h"

#include <stdbool.h>
#include <stddef.h>

#define MP_QUEUE_ITEMS_MAX 65536      /* the kit's limit, and what a maximum of 0 asks for */
#define MP_QUEUE_ITEM_BYTES_MAX 65536 /* as a message of mp_pipe.h */
#define MP_QUEUE_BYTES_MAX                                                                         \
	((size_t)1 << 30) /* all items together; touched pages alone take memory */

struct mp_queue_memory;

/* Kept by the kit. All zeroes is no queue; finishing that is fine. */
struct mp_queue {
	struct mp_mapping mapping;
	struct mp_queue_memory *memory;
	int fd;
};

/*
 * Make one of at most `items_max` items of at most `item_bytes_max` bytes each. items_max 0 is the most
 * that the limits allow: MP_QUEUE_ITEMS_MAX, or fewer when the items are so large that they would
 * exceed MP_QUEUE_BYTES_MAX (item bytes count rounded up to 8, plus 8). Errors: MP_RANGE, MP_SYSTEM.
 */
int mp_queue_create(struct mp_queue *queue, size_t items_max, size_t item_bytes_max);

/*
 * Take hold of a queue by its descriptor, which is the queue's from now on (also when this fails it is
 * not closed). Errors: MP_FOREIGN (no queue of this version of the kit), MP_SYSTEM.
 */
int mp_queue_attach(struct mp_queue *queue, int fd);

/* Let go of it in this process. It is neither closed nor emptied; its memory goes with the last grip. */
void mp_queue_finish(struct mp_queue *queue);

/* The descriptor, for handing on; it stays the queue's. */
int mp_queue_fd(const struct mp_queue *queue);

/*
 * Put a copy of the item at the end, waiting while the queue is full. Errors: MP_TIMEOUT, MP_CLOSED,
 * MP_TOO_LARGE; then it was not put. With timeout 0, and beyond the end of any timeout, up to a second
 * may pass when another process was stopped (SIGSTOP) in the midst of a put.
 */
int mp_queue_put(struct mp_queue *queue, const void *item, size_t size, int timeout_ms);

/*
 * Take the first item out, waiting while there is none; its size goes to `length`. Errors: MP_TIMEOUT;
 * MP_CLOSED (closed, and empty); MP_TOO_LARGE (it does not fit into `size`, `length` says what it would
 * take, and it is still the first). As to stopped processes: see put.
 */
int mp_queue_get(struct mp_queue *queue, void *item, size_t size, size_t *length, int timeout_ms);

/* No more puts, for everybody; who waits is waked. Twice is fine. */
void mp_queue_close(struct mp_queue *queue);
bool mp_queue_is_closed(const struct mp_queue *queue);

/* How many items are in it at this moment, and at most. */
size_t mp_queue_count(const struct mp_queue *queue);
size_t mp_queue_items_max(const struct mp_queue *queue);
size_t mp_queue_item_bytes_max(const struct mp_queue *queue);

#endif
