/*
 * A ring of slots between two positions that only grow: `put` counts the items ever put, `got` those ever
 * taken; the item number n lies in slot n % items_max. Those who put have a lock, those who get have
 * another; each position is written under its own lock only, and read by the other side.
 *
 * An item is put by one store, of `put`, after its bytes are in the slot; it is got by one store, of
 * `got`, after its bytes are copied out. So wherever a holder of a lock is killed, the positions and what
 * lies between them are whole, and the next holder has nothing to mend: MP_HOLDER_DIED needs no care.
 *
 * Waiting: see `struct side`.
 */
#include "mp_queue.h"

#include "mp_errors.h"
#include "mp_futex.h"
#include "mp_lock.h"
#include "mp_time.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC UINT64_C(0x3165756575716d70) /* "pmqueue1" */
#define SLOTS_AT 512
#define CACHE_LINE 64
#define PATIENCE_MS                                                                                \
	1000 /* how long one holder of a lock may take for one item: it must be stopped */

/* The largest item, rounded up, and the length before it. */
struct slot {
	uint64_t bytes;
	unsigned char item[];
};

/*
 * Those who put, or those who get.
 *
 * Who waits counts itself among the waiters, notes the bell, then looks at the positions. Who changes a
 * position looks at the other side's waiters afterwards, and if there are any changes the bell and wakes
 * one. All are sequentially consistent: at least one sees the other.
 */
struct side {
	_Alignas(CACHE_LINE) struct mp_lock lock;
	_Atomic uint64_t position; /* written by the lock's holder, read by all */
	_Atomic uint32_t bell;     /* changed by the other side; what waiters sleep on */
	_Atomic uint32_t waiters; /* at least as many as sleep: one that was killed stays counted */
};

struct mp_queue_memory {
	uint64_t magic; /* this and the three below: written once, by the maker */
	uint64_t items_max;
	uint64_t item_bytes_max;
	uint64_t slot_bytes;
	_Atomic uint32_t is_closed; /* written by any, under the putters' lock; never taken back */
	struct side putters;
	struct side getters;
};
_Static_assert(sizeof(struct mp_queue_memory) <= SLOTS_AT, "the slots begin behind the header");

static size_t slot_bytes_for(size_t item_bytes_max) {
	return sizeof(struct slot) + (item_bytes_max + 7) / 8 * 8;
}

static size_t size_for(size_t items_max, size_t item_bytes_max) {
	return SLOTS_AT + items_max * slot_bytes_for(item_bytes_max);
}

static struct slot *slot_at(const struct mp_queue *queue, uint64_t position) {
	uint64_t index = position % queue->memory->items_max;
	return (struct slot *)(void *)((char *)queue->mapping.address + SLOTS_AT +
	                               index * queue->memory->slot_bytes);
}

static void use_mapping(struct mp_queue *queue, int fd) {
	queue->memory = queue->mapping.address;
	queue->fd = fd;
}

/* ---- Made and given back ---- */

static size_t most_items(size_t item_bytes_max) {
	size_t fit = MP_QUEUE_BYTES_MAX / slot_bytes_for(item_bytes_max);
	return fit < MP_QUEUE_ITEMS_MAX ? fit : MP_QUEUE_ITEMS_MAX;
}

static int init_memory(struct mp_queue_memory *memory, size_t items_max, size_t item_bytes_max) {
	memory->items_max = items_max;
	memory->item_bytes_max = item_bytes_max;
	memory->slot_bytes = slot_bytes_for(item_bytes_max);
	memory->magic = MAGIC;
	int error = mp_lock_init(&memory->putters.lock);
	return error ? error : mp_lock_init(&memory->getters.lock);
}

int mp_queue_create(struct mp_queue *queue, size_t items_max, size_t item_bytes_max) {
	*queue = (struct mp_queue){.fd = -1};
	if (item_bytes_max == 0 || item_bytes_max > MP_QUEUE_ITEM_BYTES_MAX ||
	    items_max > most_items(item_bytes_max)) {
		return MP_RANGE;
	}
	if (items_max == 0) {
		items_max = most_items(item_bytes_max);
	}
	size_t size = size_for(items_max, item_bytes_max);
	int fd = mp_mapping_create("mp_queue", size);
	if (fd < 0) {
		return fd;
	}
	int error = mp_mapping_map(&queue->mapping, fd, 0, size, true);
	if (error) {
		close(fd);
		return error;
	}
	use_mapping(queue, fd);
	error = init_memory(queue->memory, items_max, item_bytes_max);
	if (error) {
		mp_queue_finish(queue);
	}
	return error;
}

static bool is_queue(const struct mp_queue_memory *memory, size_t size) {
	return memory->magic == MAGIC && memory->item_bytes_max > 0 &&
	       memory->item_bytes_max <= MP_QUEUE_ITEM_BYTES_MAX && memory->items_max > 0 &&
	       memory->items_max <= most_items(memory->item_bytes_max) &&
	       memory->slot_bytes == slot_bytes_for(memory->item_bytes_max) &&
	       size_for(memory->items_max, memory->item_bytes_max) == size;
}

int mp_queue_attach(struct mp_queue *queue, int fd) {
	*queue = (struct mp_queue){.fd = -1};
	struct stat file;
	if (fstat(fd, &file) < 0) {
		return MP_SYSTEM;
	}
	if (file.st_size < SLOTS_AT) {
		return MP_FOREIGN;
	}
	int error = mp_mapping_map(&queue->mapping, fd, 0, (size_t)file.st_size, true);
	if (error) {
		return error;
	}
	if (!is_queue(queue->mapping.address, queue->mapping.size)) {
		mp_mapping_unmap(&queue->mapping);
		return MP_FOREIGN;
	}
	use_mapping(queue, fd);
	return 0;
}

void mp_queue_finish(struct mp_queue *queue) {
	if (queue->memory && queue->fd >= 0) {
		close(queue->fd);
	}
	mp_mapping_unmap(&queue->mapping);
	*queue = (struct mp_queue){.fd = -1};
}

int mp_queue_fd(const struct mp_queue *queue) {
	return queue->fd;
}

/* ---- One try, under the lock of a side ---- */

/* What a try answers beside errors: the queue is full, or empty, and a wait may help. */
#define NOT_NOW 1

/* A put or a get: what it does under its own side's lock, and to what. */
struct work {
	struct mp_queue *queue;
	struct side *mine, *theirs;
	int (*do_locked)(const struct work *work);
	const void *put;
	void *get;
	size_t size;
	size_t *length; /* of what was got */
};

/*
 * A side's lock is never held by one who waits, so it comes soon, unless its holder was stopped; a
 * timeout of 0 means not to wait for items, and does not fail because of a neighbour's copying.
 */
static int enter(struct side *side, int64_t deadline) {
	int left_ms = mp_left_ms(deadline);
	bool is_hurried = left_ms >= 0 && left_ms < PATIENCE_MS;
	int error = mp_lock_acquire(&side->lock, is_hurried ? PATIENCE_MS : left_ms);
	return error < 0 ? error : 0;
}

static void ring(struct side *side) {
	if (atomic_load(&side->waiters) > 0) {
		atomic_fetch_add(&side->bell, 1);
		mp_futex_wake(&side->bell, 1);
	}
}

static void ring_all(struct side *side) {
	atomic_fetch_add(&side->bell, 1);
	mp_futex_wake(&side->bell, MP_WAKE_ALL);
}

static int put_locked(const struct work *work) {
	struct mp_queue_memory *memory = work->queue->memory;
	uint64_t put = atomic_load_explicit(&memory->putters.position, memory_order_relaxed);
	if (atomic_load(&memory->is_closed)) {
		return MP_CLOSED;
	}
	if (put - atomic_load(&memory->getters.position) == memory->items_max) {
		return NOT_NOW;
	}
	struct slot *slot = slot_at(work->queue, put);
	slot->bytes = work->size;
	if (work->size > 0) {
		memcpy(slot->item, work->put, work->size);
	}
	atomic_store(&memory->putters.position, put + 1);
	return 0;
}

static int get_locked(const struct work *work) {
	struct mp_queue_memory *memory = work->queue->memory;
	uint64_t got = atomic_load_explicit(&memory->getters.position, memory_order_relaxed);
	/* In this order: what is there after it was seen closed is all that will ever be there. */
	bool is_closed = atomic_load(&memory->is_closed);
	uint64_t put = atomic_load(&memory->putters.position);
	assert(put - got <= memory->items_max);
	if (put == got) {
		return is_closed ? MP_CLOSED : NOT_NOW;
	}
	const struct slot *slot = slot_at(work->queue, got);
	assert(slot->bytes <= memory->item_bytes_max);
	*work->length = slot->bytes;
	if (slot->bytes > work->size) {
		return MP_TOO_LARGE;
	}
	if (slot->bytes > 0) {
		memcpy(work->get, slot->item, slot->bytes);
	}
	atomic_store(&memory->getters.position, got + 1);
	return 0;
}

static int try_once(const struct work *work, int64_t deadline) {
	int result = enter(work->mine, deadline);
	if (result) {
		return result;
	}
	result = work->do_locked(work);
	mp_lock_release(&work->mine->lock);
	if (result == 0) {
		ring(work->theirs);
	}
	return result;
}

/* ---- Try, wait, try again ---- */

static int wait_and_try(const struct work *work, int64_t deadline) {
	bool has_time = true;
	int result;
	atomic_fetch_add(&work->mine->waiters, 1);
	for (;;) {
		uint32_t bell = atomic_load(&work->mine->bell);
		result = try_once(work, deadline);
		if (result != NOT_NOW || !has_time) {
			break;
		}
		has_time = mp_futex_wait(&work->mine->bell, bell, deadline);
	}
	atomic_fetch_sub(&work->mine->waiters, 1);
	return result;
}

static int try_until(const struct work *work, int timeout_ms) {
	int64_t deadline = mp_deadline(timeout_ms);
	int result = try_once(work, deadline);
	if (result == NOT_NOW && timeout_ms != 0) {
		result = wait_and_try(work, deadline);
	}
	return result == NOT_NOW ? MP_TIMEOUT : result;
}

int mp_queue_put(struct mp_queue *queue, const void *item, size_t size, int timeout_ms) {
	struct mp_queue_memory *memory = queue->memory;
	if (size > memory->item_bytes_max) {
		return MP_TOO_LARGE;
	}
	const struct work work = {
		.queue = queue,
		.mine = &memory->putters,
		.theirs = &memory->getters,
		.do_locked = put_locked,
		.put = item,
		.size = size,
	};
	return try_until(&work, timeout_ms);
}

int mp_queue_get(struct mp_queue *queue, void *item, size_t size, size_t *length, int timeout_ms) {
	struct mp_queue_memory *memory = queue->memory;
	const struct work work = {
		.queue = queue,
		.mine = &memory->getters,
		.theirs = &memory->putters,
		.do_locked = get_locked,
		.get = item,
		.size = size,
		.length = length,
	};
	return try_until(&work, timeout_ms);
}

/* Under the putters' lock when it can be had: after it no put comes through that was under way. */
void mp_queue_close(struct mp_queue *queue) {
	struct mp_queue_memory *memory = queue->memory;
	int error = mp_lock_acquire(&memory->putters.lock, PATIENCE_MS);
	atomic_store(&memory->is_closed, 1);
	if (error >= 0) {
		mp_lock_release(&memory->putters.lock);
	}
	ring_all(&memory->putters);
	ring_all(&memory->getters);
}

bool mp_queue_is_closed(const struct mp_queue *queue) {
	return atomic_load(&queue->memory->is_closed);
}

/* `got` first: it never overtakes the `put` that is read after it. */
size_t mp_queue_count(const struct mp_queue *queue) {
	uint64_t got = atomic_load(&queue->memory->getters.position);
	uint64_t put = atomic_load(&queue->memory->putters.position);
	uint64_t count = put - got;
	return count < queue->memory->items_max ? count : queue->memory->items_max;
}

size_t mp_queue_items_max(const struct mp_queue *queue) {
	return queue->memory->items_max;
}

size_t mp_queue_item_bytes_max(const struct mp_queue *queue) {
	return queue->memory->item_bytes_max;
}
