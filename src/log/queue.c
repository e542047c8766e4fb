#include "queue.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "limits.h"
#include "mp_errors.h"
#include "mp_mapping.h"

#define QUEUE_MAGIC 0x31657571206e7571 /* "qun que1", little endian */
#define HEAD_BYTES 4096

struct head {
	uint64_t magic;
	_Alignas(64) _Atomic uint64_t head; /* producer: release; consumer: acquire */
	_Atomic uint64_t number_put;        /* producer: relaxed, before head */
	_Atomic uint32_t incarnation;       /* producer */
	_Alignas(64) _Atomic uint64_t tail; /* consumer: release; producer: acquire */
	_Atomic uint64_t number_done;       /* consumer: relaxed, before tail */
};
_Static_assert(sizeof(struct head) <= HEAD_BYTES, "the head is a page");

struct queue {
	struct mp_mapping head_mapping, data_mapping;
	struct head *head;
	uint8_t *bytes;  /* twice; the consumer reads only what head's release has made visible */
	uint64_t peeked; /* consumer: behind the last request it was shown */
	uint64_t number_peeked; /* consumer: that request's number */
};

int queue_format(int fd) {
	struct head head = {.magic = QUEUE_MAGIC};
	if (ftruncate(fd, HEAD_BYTES + QUEUE_BYTES) != 0) {
		return -1;
	}
	return pwrite(fd, &head, sizeof(head), 0) == (ssize_t)sizeof(head) ? 0 : -1;
}

struct queue *queue_open(int fd) {
	struct queue *queue = calloc(1, sizeof(*queue));
	if (queue == NULL) {
		return NULL;
	}
	if (mp_mapping_map(&queue->head_mapping, fd, 0, HEAD_BYTES, true) != 0 ||
	    mp_mapping_map_doubled(&queue->data_mapping, fd, HEAD_BYTES, QUEUE_BYTES, true) != 0) {
		goto fail;
	}
	queue->head = queue->head_mapping.address;
	queue->bytes = queue->data_mapping.address;
	if (queue->head->magic != QUEUE_MAGIC) {
		errno = EINVAL;
		goto fail;
	}
	queue_rewind(queue);
	return queue;

fail:;
	int saved = errno;
	queue_close(queue);
	errno = saved;
	return NULL;
}

void queue_close(struct queue *queue) {
	if (queue == NULL) {
		return;
	}
	mp_mapping_unmap(&queue->data_mapping);
	mp_mapping_unmap(&queue->head_mapping);
	free(queue);
}

void queue_produce_as(struct queue *queue, uint32_t incarnation) {
	atomic_store_explicit(&queue->head->incarnation, incarnation, memory_order_relaxed);
}

uint64_t queue_put(struct queue *queue, const struct record *request) {
	uint64_t head = atomic_load_explicit(&queue->head->head, memory_order_relaxed);
	uint64_t tail = atomic_load_explicit(&queue->head->tail, memory_order_acquire);
	assert(head - tail <= QUEUE_BYTES);
	struct record numbered = *request;
	numbered.request = atomic_load_explicit(&queue->head->number_put, memory_order_relaxed) + 1;
	numbered.incarnation =
		atomic_load_explicit(&queue->head->incarnation, memory_order_relaxed);
	size_t room = QUEUE_BYTES - (size_t)(head - tail);
	room = room < RECORD_BYTES_MAX ? room : RECORD_BYTES_MAX;
	size_t size = record_encode(&numbered, queue->bytes + head % QUEUE_BYTES, room);
	if (size == 0) {
		return 0;
	}
	atomic_store_explicit(&queue->head->number_put, numbered.request, memory_order_relaxed);
	atomic_store_explicit(&queue->head->head, head + size, memory_order_release);
	return numbered.request;
}

uint64_t queue_number_put(const struct queue *queue) {
	return atomic_load_explicit(&queue->head->number_put, memory_order_relaxed);
}

uint64_t queue_number_done(const struct queue *queue) {
	return atomic_load_explicit(&queue->head->number_done, memory_order_acquire);
}

/*
 * Copies the request at `position` and takes it apart. Returns its size; 0 if
 * there is none; -1 if what is there is not a request. The producer is a
 * stranger here: only the copy is looked at, and no size is believed.
 */
static int look(const struct queue *queue, uint64_t position, struct record *request, void *out) {
	uint64_t head = atomic_load_explicit(&queue->head->head, memory_order_acquire);
	uint64_t waiting = head - position;
	if (waiting == 0) {
		return 0;
	}
	if (waiting > QUEUE_BYTES || waiting < RECORD_HEAD_BYTES) {
		return -1;
	}
	const uint8_t *from = queue->bytes + position % QUEUE_BYTES;
	uint32_t size;
	memcpy(&size, from, sizeof(size));
	if (size < RECORD_HEAD_BYTES || size % 8 != 0 || size > RECORD_BYTES_MAX ||
	    size > waiting) {
		return -1;
	}
	memcpy(out, from, size);
	return record_decode(request, out, size) == size ? (int)size : -1;
}

int queue_peek(struct queue *queue, struct record *request, void *out) {
	int got = look(queue, queue->peeked, request, out);
	if (got <= 0) {
		return got;
	}
	/* Numbers only rise; a producer killed between number and head leaves one out. */
	if (request->request <= queue->number_peeked) {
		return -1;
	}
	queue->peeked += (uint64_t)got;
	queue->number_peeked = request->request;
	return 1;
}

static void take_out(struct queue *queue, uint64_t position, uint64_t number) {
	queue->peeked = position;
	queue->number_peeked = number;
	atomic_store_explicit(&queue->head->number_done, number, memory_order_release);
	atomic_store_explicit(&queue->head->tail, position, memory_order_release);
}

void queue_done(struct queue *queue) {
	take_out(queue, queue->peeked, queue->number_peeked);
}

/*
 * number_done is stored before tail, so a consumer killed between the two
 * leaves a number that is ahead of its position: go by the requests
 * themselves, which bear their numbers.
 */
void queue_rewind(struct queue *queue) {
	_Alignas(8) uint8_t out[RECORD_BYTES_MAX];
	struct record oldest;
	queue->peeked = atomic_load_explicit(&queue->head->tail, memory_order_relaxed);
	queue->number_peeked =
		atomic_load_explicit(&queue->head->number_done, memory_order_relaxed);
	if (look(queue, queue->peeked, &oldest, out) > 0 && oldest.request > 0) {
		queue->number_peeked = oldest.request - 1;
	}
}

void queue_done_up_to(struct queue *queue, uint64_t number) {
	_Alignas(8) uint8_t out[RECORD_BYTES_MAX];
	struct record request;
	queue_rewind(queue);
	while (queue->number_peeked < number && queue_peek(queue, &request, out) == 1) {
	}
	queue_done(queue);
}

void queue_skip_all(struct queue *queue) {
	uint64_t head = atomic_load_explicit(&queue->head->head, memory_order_acquire);
	take_out(queue, head, queue_number_put(queue));
}

bool queue_is_empty(const struct queue *queue) {
	return atomic_load_explicit(&queue->head->head, memory_order_acquire) == queue->peeked;
}
