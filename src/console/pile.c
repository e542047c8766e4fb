#include "pile.h"

#include <assert.h>
#include <stdlib.h>

#include "pool.h"

void pile_finish(struct pile *pile) {
	free(pile->bytes);
	*pile = (struct pile){0};
}

void pile_add(struct pile *pile, const struct record *record) {
	size_t need = pile->size + record_size(record);
	if (need > pile->capacity) {
		pile->capacity = need < 2 * pile->capacity ? 2 * pile->capacity : need + 4096;
		pile->bytes = allocate_again(pile->bytes, pile->capacity);
	}
	size_t size = record_encode(record, pile->bytes + pile->size, pile->capacity - pile->size);
	assert(size > 0);
	pile->size += size;
	pile->count++;
}

bool pile_next(const struct pile *pile, size_t *offset, struct record *record) {
	if (*offset >= pile->size) {
		return false;
	}
	size_t size = record_decode(record, pile->bytes + *offset, pile->size - *offset);
	assert(size > 0);
	*offset += size;
	return true;
}
