#include "lane.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

void lane_init(struct lane *lane, size_t bytes_room, size_t entries_room) {
	*lane = (struct lane){.bytes_room = bytes_room, .entries_room = entries_room};
	lane->bytes = allocate(bytes_room);
	/* Zeroes that are not touched: the system's own. */
	lane->places = calloc(entries_room, sizeof(*lane->places));
	if (lane->places == NULL) {
		lane->places = allocate(entries_room * sizeof(*lane->places));
		memset(lane->places, 0, entries_room * sizeof(*lane->places));
	}
}

void lane_finish(struct lane *lane) {
	free(lane->bytes);
	free(lane->places);
	*lane = (struct lane){0};
}

void lane_restart(struct lane *lane, uint64_t key) {
	lane->key = key;
	memset(lane->places, 0, lane->entries_room * sizeof(*lane->places));
}

bool lane_find(const struct lane *lane, uint64_t number, struct slice *rendering) {
	const struct lane_place *place = &lane->places[number & (lane->entries_room - 1)];
	if (place->number != number + 1 || lane->at - place->at > lane->bytes_room / 2) {
		return false;
	}
	*rendering = slice_of(lane->bytes + (place->at & (lane->bytes_room - 1)), place->size);
	return true;
}

struct slice lane_add(struct lane *lane, uint64_t number, struct slice rendering) {
	size_t at = lane->at & (lane->bytes_room - 1);
	assert(rendering.size <= lane->bytes_room / 4);
	if (at + rendering.size > lane->bytes_room) {
		lane->at += lane->bytes_room - at;
		at = 0;
	}
	if (rendering.size > 0) {
		memcpy(lane->bytes + at, rendering.bytes, rendering.size);
	}
	lane->places[number & (lane->entries_room - 1)] = (struct lane_place){
		.number = number + 1, .at = lane->at, .size = (uint32_t)rendering.size};
	lane->at += rendering.size;
	return slice_of(lane->bytes + at, rendering.size);
}
