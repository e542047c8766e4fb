/* Cutting, rendering and measuring any bytes. The first byte is the room there is. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cut.h"
#include "utf8.h"
#include "visible.h"
#include "width.h"

/* In a loop nothing is lost and nothing is endless; what is UTF-8 stays UTF-8. */
static void cut_all(struct slice text, size_t room) {
	bool is_valid = utf8_is_valid(text);
	while (!slice_is_empty(text)) {
		size_t size = cut_before(text, room);
		assert(size > 0);
		assert(size <= room);
		assert(!is_valid || utf8_is_valid(slice_first(text, size)));
		assert(cut_before(slice_first(text, size), room) == size);
		assert(cut_cluster(text, room) <= size);
		text = slice_from(text, size);
	}
}

static void render(struct slice text, size_t room) {
	size_t size = visible_render(text, NULL, 0);
	assert(size <= VISIBLE_BYTES_MAX(text.size));
	char *whole = malloc(size + 1);
	char *part = malloc(room);
	assert(whole != NULL && part != NULL);
	assert(visible_render(text, whole, size) == size);
	assert(visible_render(text, part, room) == size);
	assert(memcmp(whole, part, room < size ? room : size) == 0);

	struct slice rendering = slice_of(whole, size);
	assert(utf8_is_valid(rendering));
	assert(visible_is_same(rendering));
	assert(visible_is_same(text) == slice_equal(text, rendering));
	assert(utf8_count(text) == utf8_count(rendering));
	free(whole);
	free(part);
}

static void measure(struct slice text, size_t columns_max) {
	size_t size = width_fit(text, columns_max);
	assert(size <= text.size);
	assert(width_of(slice_first(text, size)) <= columns_max);
	assert((size == text.size) == (width_of(text) <= columns_max));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	if (size == 0) {
		return 0;
	}
	size_t room = UTF8_POINT_BYTES_MAX + bytes[0];
	struct slice text = slice_of((const char *)bytes + 1, size - 1);
	cut_all(text, room);
	render(text, room);
	measure(text, room);
	return 0;
}
