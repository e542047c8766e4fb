/* Names that look like others: two of them, parted by the first line feed. A skeleton is valid
 * UTF-8, every name has one, and who looks like another is found by hashes, and nobody else. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "alike.h"
#include "utf8.h"

static void try_skeleton(struct slice text) {
	static struct skeleton first, second;
	bool is_there = skeleton_of(text, &first);
	assert(is_there || first.size == 0);
	assert(!is_there || utf8_is_valid(text));
	assert(utf8_is_valid(slice_of(first.bytes, first.size)));
	assert(is_there || !utf8_is_valid(text) || text.size > NAME_BYTES_MAX);
	assert(skeleton_of(text, &second) == is_there && skeleton_equal(&first, &second));
	(void)name_mixes_scripts(text);
}

static bool have_one(const uint64_t *a, size_t a_count, const uint64_t *b, size_t b_count) {
	for (size_t i = 0; i < a_count * b_count; i++) {
		if (a[i / b_count] == b[i % b_count]) {
			return true;
		}
	}
	return false;
}

static void compare(struct slice a, struct slice b) {
	static const uint8_t seed[NAME_SEED_BYTES] = {1};
	uint64_t asked[ALIKE_HASHES_MAX], filed[ALIKE_HASHES_MAX];
	size_t asked_count = alike_asked(a, seed, asked);
	size_t filed_count = alike_filed(b, seed, filed);
	assert(asked_count <= ALIKE_HASHES_MAX && filed_count <= ALIKE_HASHES_MAX);
	bool is_found = have_one(asked, asked_count, filed, filed_count);
	assert(name_looks_like(a, b) == (is_found && !name_equal(a, b)));
	assert(!name_looks_like(a, a));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	struct slice all = slice_of((const char *)bytes, size);
	const char *line_feed = size > 0 ? memchr(all.bytes, '\n', size) : NULL;
	size_t first = line_feed == NULL ? size : (size_t)(line_feed - all.bytes);
	struct slice a = slice_first(all, first);
	struct slice b = line_feed == NULL ? a : slice_from(all, first + 1);
	try_skeleton(a);
	try_skeleton(b);
	compare(a, b);
	compare(b, a);
	return 0;
}
