#include "board.h"

#include <errno.h>
#include <unistd.h>

#include "mp_errors.h"
#include "mp_mapping.h"

int board_format(int fd) {
	uint64_t magic = BOARD_MAGIC;
	if (ftruncate(fd, BOARD_BYTES) != 0) {
		return -1;
	}
	return pwrite(fd, &magic, sizeof(magic), 0) == sizeof(magic) ? 0 : -1;
}

struct board *board_open(int fd, bool is_owner) {
	struct mp_mapping mapping;
	if (mp_mapping_map(&mapping, fd, 0, BOARD_BYTES, is_owner) != 0) {
		return NULL;
	}
	struct board *board = mapping.address;
	if (board->magic != BOARD_MAGIC) {
		mp_mapping_unmap(&mapping);
		errno = EINVAL;
		return NULL;
	}
	return board;
}

void board_close(struct board *board) {
	if (board != NULL) {
		struct mp_mapping mapping = {.address = board, .size = BOARD_BYTES};
		mp_mapping_unmap(&mapping);
	}
}

#define COUNTER_WORD(name, word)                                                                   \
	case name: return word;

const char *counter_word(enum counter counter) {
	switch (counter) {
		COUNTERS(COUNTER_WORD)
	case COUNTER_COUNT: break;
	}
	return "unknown";
}

bool bell_ring(int fd, const struct board *theirs) {
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&theirs->asleep, memory_order_seq_cst) == 0) {
		return false;
	}
	/* An eventfd holds 2^64 - 2 rings: this cannot block. */
	uint64_t one = 1;
	ssize_t wrote = write(fd, &one, sizeof(one));
	(void)wrote;
	return true;
}

/* In an eventfd's one number ordinary rings are counted below, those for the prompt above. */
#define FOR_PROMPT_SHIFT 32

void bell_ring_for_prompt(int fd) {
	uint64_t rings = UINT64_C(1) << FOR_PROMPT_SHIFT;
	ssize_t wrote = write(fd, &rings, sizeof(rings));
	(void)wrote;
}

void bell_ring_anyway(int fd) {
	uint64_t ring = 1;
	ssize_t wrote = write(fd, &ring, sizeof(ring));
	(void)wrote;
}

unsigned bell_clear(int fd) {
	uint64_t rings;
	ssize_t got = read(fd, &rings, sizeof(rings));
	return got == sizeof(rings) ? (unsigned)(rings >> FOR_PROMPT_SHIFT) : 0;
}
