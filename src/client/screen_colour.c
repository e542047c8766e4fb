#include "screen_colour.h"

#include <assert.h>

/* xterm's cube, 16 + 36 red + 6 green + blue; those of medium lightness, once around the circle. */
static const uint8_t names_256[COLOUR_NAMES_COUNT] = {
	166, 130, 94, 100, 64, 28, 29, 30, 31, 32, 67, 26, 62, 98, 97, 134, 128, 133, 163, 132};
/* Green, magenta, cyan, blue. */
static const uint8_t names_8[] = {2, 5, 6, 4};

unsigned colour_of_name(struct slice name) {
	/* FNV-1a; the last bits of the sum know little of the first bytes, so they are folded. */
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < name.size; i++) {
		hash = (hash ^ (uint8_t)name.bytes[i]) * 16777619u;
	}
	hash ^= hash >> 16;
	return COLOUR_NAMES + hash % COLOUR_NAMES_COUNT;
}

short colour_of_256(unsigned colour) {
	assert(colour > COLOUR_PLAIN && colour < COLOUR_COUNT);
	switch (colour) {
	case COLOUR_ALARM: return 160;
	case COLOUR_GOOD: return 28;
	default: return names_256[colour - COLOUR_NAMES];
	}
}

short colour_of_8(unsigned colour) {
	assert(colour > COLOUR_PLAIN && colour < COLOUR_COUNT);
	switch (colour) {
	case COLOUR_ALARM: return 1;
	case COLOUR_GOOD: return 2;
	default: return names_8[(colour - COLOUR_NAMES) % sizeof names_8];
	}
}
