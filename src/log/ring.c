#include "ring.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "limits.h"
#include "mp_errors.h"
#include "mp_mapping.h"

#define RING_MAGIC 0x31676e72206e7571 /* "qun rng1", little endian */
#define HEAD_BYTES 4096
#define BOOT_ID_BYTES 40
#define MARKS 256

/* The file's first page. The fields above the line are written once, by ring_format(). */
struct head {
	uint64_t magic;
	uint64_t capacity;
	uint64_t id;
	uint64_t seq_first;
	char boot_id[BOOT_ID_BYTES];
	/* ---- */
	_Alignas(64) _Atomic uint64_t head; /* writer: release; readers: acquire */
	_Alignas(64) _Atomic uint64_t
		low; /* writer: relaxed, then release fence; readers: see ring_read() */
	/* The writer's own. */
	_Alignas(64) _Atomic uint64_t blanked;
	_Atomic uint64_t marks[MARKS]; /* a record's position + 1; 0: none */
};
_Static_assert(sizeof(struct head) <= HEAD_BYTES, "the head is a page");
_Static_assert(offsetof(struct head, head) == 128, "the file's format");
_Static_assert(offsetof(struct head, low) == 192, "the file's format");
_Static_assert(offsetof(struct head, blanked) == 256, "the file's format");
_Static_assert(RECORD_BYTES_MAX % 8 == 0, "records are words");

struct ring {
	struct mp_mapping head_mapping, data_mapping;
	struct head *head;
	/* The record bytes, twice; touched only as relaxed 64-bit words, by both sides. */
	_Atomic uint64_t *words;
	uint64_t capacity;
	uint64_t end;   /* writer: where the next record goes; >= head */
	uint64_t chunk; /* writer: of the last record, + 1: which of the marks' parts */
	bool is_writer;
};

static bool read_boot_id(char boot_id[BOOT_ID_BYTES]) {
	memset(boot_id, 0, BOOT_ID_BYTES);
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	ssize_t got = read(fd, boot_id, BOOT_ID_BYTES - 1);
	close(fd);
	return got > 0;
}

int ring_format(int fd, size_t capacity, uint64_t seq_next) {
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	capacity = (capacity + page - 1) / page * page;
	assert(capacity >= 4 * RECORD_BYTES_MAX);
	struct head head = {.capacity = capacity, .seq_first = seq_next};
	if (getrandom(&head.id, sizeof(head.id), 0) != sizeof(head.id)) {
		return -1;
	}
	if (!read_boot_id(head.boot_id)) {
		return -1;
	}
	/* Empty it first: bytes of an older ring must not look like records. The magic comes last. */
	if (ftruncate(fd, 0) != 0) {
		return -1;
	}
	int error = posix_fallocate(fd, 0, (off_t)(HEAD_BYTES + capacity));
	if (error != 0) {
		errno = error;
		return -1;
	}
	if (pwrite(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head)) {
		return -1;
	}
	head.magic = RING_MAGIC;
	return pwrite(fd, &head.magic, sizeof(head.magic), 0) == sizeof(head.magic) ? 0 : -1;
}

bool ring_is_trusted(int fd, const char **why) {
	struct head head;
	struct stat status;
	char boot_id[BOOT_ID_BYTES];
	if (fstat(fd, &status) != 0 || status.st_size == 0) {
		*why = "there is none";
		return false;
	}
	if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    head.magic != RING_MAGIC) {
		*why = "it is not a ring";
		return false;
	}
	uint64_t end = atomic_load_explicit(&head.head, memory_order_relaxed);
	uint64_t low = atomic_load_explicit(&head.low, memory_order_relaxed);
	if (head.capacity == 0 || (uint64_t)status.st_size != HEAD_BYTES + head.capacity ||
	    low > end || end - low > head.capacity || end % 8 != 0) {
		*why = "it is damaged";
		return false;
	}
	if (!read_boot_id(boot_id) || memcmp(boot_id, head.boot_id, BOOT_ID_BYTES) != 0) {
		*why = "it is from before the machine's last start";
		return false;
	}
	*why = "";
	return true;
}

static uint64_t load_mark(const struct ring *ring, size_t index) {
	return atomic_load_explicit(&ring->head->marks[index], memory_order_relaxed);
}

struct ring *ring_open(int fd, bool is_writer) {
	struct ring *ring = calloc(1, sizeof(*ring));
	if (ring == NULL) {
		return NULL;
	}
	if (mp_mapping_map(&ring->head_mapping, fd, 0, HEAD_BYTES, is_writer) != 0) {
		goto fail;
	}
	ring->head = ring->head_mapping.address;
	ring->capacity = ring->head->capacity;
	ring->is_writer = is_writer;
	if (ring->head->magic != RING_MAGIC || ring->capacity == 0) {
		errno = EINVAL;
		goto fail;
	}
	if (mp_mapping_map_doubled(&ring->data_mapping, fd, HEAD_BYTES, ring->capacity,
	                           is_writer) != 0) {
		goto fail;
	}
	ring->words = ring->data_mapping.address;
	ring->end = ring_head(ring);
	for (size_t i = 0; is_writer && i < MARKS; i++) {
		/* What a predecessor had not published is not there. */
		if (load_mark(ring, i) > ring->end) {
			atomic_store_explicit(&ring->head->marks[i], 0, memory_order_relaxed);
		}
	}
	return ring;

fail:;
	int saved = errno;
	ring_close(ring);
	errno = saved;
	return NULL;
}

void ring_close(struct ring *ring) {
	if (ring == NULL) {
		return;
	}
	mp_mapping_unmap(&ring->data_mapping);
	mp_mapping_unmap(&ring->head_mapping);
	free(ring);
}

uint64_t ring_id(const struct ring *ring) {
	return ring->head->id;
}

size_t ring_capacity(const struct ring *ring) {
	return ring->capacity;
}

uint64_t ring_seq_first(const struct ring *ring) {
	return ring->head->seq_first;
}

uint64_t ring_head(const struct ring *ring) {
	return atomic_load_explicit(&ring->head->head, memory_order_acquire);
}

uint64_t ring_low(const struct ring *ring) {
	return atomic_load_explicit(&ring->head->low, memory_order_relaxed);
}

uint64_t ring_end(const struct ring *ring) {
	return ring->end;
}

/* Whether what was copied from `position` may have been overwritten meanwhile. */
static bool was_overtaken(const struct ring *ring, uint64_t position) {
	atomic_thread_fence(memory_order_acquire);
	return ring_low(ring) > position;
}

enum ring_result ring_read(const struct ring *ring, uint64_t *position, void *out) {
	uint64_t head = ring_head(ring);
	uint64_t at = *position;
	if (at == head) {
		return RING_EMPTY;
	}
	if (at > head || at % 8 != 0) {
		return RING_BAD;
	}
	if (at < ring_low(ring)) {
		return RING_LAPPED;
	}
	const _Atomic uint64_t *words = ring->words + at % ring->capacity / 8;
	uint64_t first = atomic_load_explicit(&words[0], memory_order_relaxed);
	uint32_t size;
	memcpy(&size, &first, sizeof(size));
	if (size < RECORD_HEAD_BYTES || size % 8 != 0 || size > RECORD_BYTES_MAX ||
	    size > head - at) {
		return was_overtaken(ring, at) ? RING_LAPPED : RING_BAD;
	}
	uint64_t *to = out;
	to[0] = first;
	for (size_t i = 1; i < size / 8; i++) {
		to[i] = atomic_load_explicit(&words[i], memory_order_relaxed);
	}
	/* Blanked meanwhile? Then what was copied of the text may be half of it. */
	atomic_thread_fence(memory_order_acquire);
	to[0] = atomic_load_explicit(&words[0], memory_order_relaxed);
	if (was_overtaken(ring, at)) {
		return RING_LAPPED;
	}
	*position = at + size;
	return RING_OK;
}

/* The first record that begins in a part of the ring is where its mark points. */
static void mark(struct ring *ring) {
	uint64_t chunk = ring->end / (ring->capacity / MARKS);
	if (ring->chunk != chunk + 1) {
		ring->chunk = chunk + 1;
		atomic_store_explicit(&ring->head->marks[chunk % MARKS], ring->end + 1,
		                      memory_order_relaxed);
	}
}

void ring_append(struct ring *ring, const void *record, size_t size) {
	assert(ring->is_writer);
	assert(size >= RECORD_HEAD_BYTES && size % 8 == 0 && size <= RECORD_BYTES_MAX);
	uint64_t end = ring->end + size;
	/* What is not yet published may not overwrite itself. */
	assert(end - ring_head(ring) <= ring->capacity);
	if (end > ring->capacity && end - ring->capacity > ring_low(ring)) {
		/* Give the oldest bytes up before they are overwritten: whole pages' worth, so that this is rare. */
		uint64_t low = end - ring->capacity;
		uint64_t room = ring->capacity / 64;
		uint64_t head = ring_head(ring);
		low = low + room < head ? low + room : low;
		atomic_store_explicit(&ring->head->low, low, memory_order_relaxed);
		atomic_thread_fence(memory_order_release);
	}
	mark(ring);
	_Atomic uint64_t *words = ring->words + ring->end % ring->capacity / 8;
	const uint64_t *from = record;
	for (size_t i = 0; i < size / 8; i++) {
		atomic_store_explicit(&words[i], from[i], memory_order_relaxed);
	}
	ring->end = end;
}

void ring_publish(struct ring *ring) {
	atomic_store_explicit(&ring->head->head, ring->end, memory_order_release);
}

/* ---- taking back ---- */

/* Answers bear the seq of the entry before them. */
static bool is_at_or_after(const struct record *record, uint64_t seq) {
	return record_is_entry(record) && record->seq >= seq;
}

/* Where to begin looking: the last mark before the entry. */
static bool find_mark(const struct ring *ring, uint64_t seq, uint64_t *position) {
	_Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	bool has_found = ring_low(ring) == 0;
	*position = 0;
	for (size_t i = 0; i < MARKS; i++) {
		uint64_t at = load_mark(ring, i);
		struct record record;
		if (at == 0 || --at < *position ||
		    ring_read(ring, &(uint64_t){at}, bytes) != RING_OK ||
		    record_decode(&record, bytes, sizeof(bytes)) == 0) {
			continue;
		}
		bool is_before =
			record.seq < seq || (record_is_entry(&record) && record.seq == seq);
		*position = is_before ? at : *position;
		has_found |= is_before;
	}
	return has_found;
}

bool ring_find(const struct ring *ring, uint64_t seq, uint64_t *position) {
	_Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	struct record record = {0};
	uint64_t at;
	if (!find_mark(ring, seq, &at)) {
		return false;
	}
	do {
		*position = at;
		if (ring_read(ring, &at, bytes) != RING_OK ||
		    record_decode(&record, bytes, sizeof(bytes)) == 0) {
			return false;
		}
	} while (!is_at_or_after(&record, seq));
	return record.seq == seq;
}

static void zero(struct slice slice) {
	if (slice.size > 0) {
		memset((char *)(uintptr_t)slice.bytes, 0, slice.size);
	}
}

void ring_blank(struct ring *ring, uint64_t position) {
	_Alignas(8) uint64_t copy[RECORD_BYTES_MAX / 8];
	uint8_t *bytes = (uint8_t *)copy;
	struct record record;
	assert(ring->is_writer);
	if (ring_read(ring, &(uint64_t){position}, copy) != RING_OK) {
		return;
	}
	/* The mark makes text and tags void for whoever decodes; they are what is looked for here. */
	bytes[7] &= (uint8_t)~RECORD_IS_BLANK;
	size_t size = record_decode(&record, copy, sizeof(copy));
	if (size == 0 || !record_is_entry(&record)) {
		return;
	}
	zero(record.text);
	zero(record.tags);
	zero(record.joints);
	bytes[7] |= RECORD_IS_BLANK;
	_Atomic uint64_t *words = ring->words + position % ring->capacity / 8;
	atomic_store_explicit(&words[0], copy[0], memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	for (size_t i = 1; i < size / 8; i++) {
		atomic_store_explicit(&words[i], copy[i], memory_order_relaxed);
	}
}

uint64_t ring_blanked(const struct ring *ring) {
	uint64_t blanked = atomic_load_explicit(&ring->head->blanked, memory_order_relaxed);
	return blanked >= ring_low(ring) && blanked <= ring_head(ring) ? blanked : 0;
}

void ring_set_blanked(struct ring *ring, uint64_t position) {
	assert(ring->is_writer && position <= ring_head(ring));
	atomic_store_explicit(&ring->head->blanked, position, memory_order_relaxed);
}
