#include "cursor.h"

#include <unistd.h>

#include "mp_errors.h"
#include "mp_mapping.h"

struct cursor *cursor_open(int fd) {
	struct mp_mapping mapping;
	if (ftruncate(fd, CURSOR_BYTES) != 0 ||
	    mp_mapping_map(&mapping, fd, 0, CURSOR_BYTES, true) != 0) {
		return NULL;
	}
	return mapping.address;
}

void cursor_close(struct cursor *cursor) {
	if (cursor != NULL) {
		struct mp_mapping mapping = {.address = cursor, .size = CURSOR_BYTES};
		mp_mapping_unmap(&mapping);
	}
}

bool cursor_is_of(struct cursor *cursor, uint64_t ring, uint64_t edges) {
	if (atomic_load(&cursor->ring) == ring && atomic_load(&cursor->edges) == edges) {
		return true;
	}
	atomic_store(&cursor->ring, 0);
	atomic_store(&cursor->position, 0);
	atomic_store(&cursor->seq, 0);
	atomic_store(&cursor->fanned_out_seq, 0);
	atomic_store(&cursor->fanned_out_to, 0);
	atomic_store(&cursor->held_from, 0);
	return false;
}

void cursor_begin(struct cursor *cursor, uint64_t ring, uint64_t edges) {
	atomic_store(&cursor->edges, edges);
	atomic_store(&cursor->ring, ring);
}
