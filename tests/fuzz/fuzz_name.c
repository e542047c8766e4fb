/* Names: two of them, parted by the first line feed. Whatever they are, the rules agree with each
 * other: what is taken has a key, a key is at rest, and being the same goes both ways. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "name.h"
#include "utf8.h"

static void try_name(struct slice name) {
	enum name_error error = name_check(name);
	struct name_key key;
	enum name_error key_error = name_key(name, &key);
	assert((key_error == NAME_OK) == (key.size > 0));
	assert(key_error == NAME_OK || error != NAME_OK);
	assert(name_equal(name, name) == (key_error == NAME_OK));
	assert(utf8_is_valid(slice_of(key.bytes, key.size)));
	if (error == NAME_OK) {
		assert(utf8_is_valid(name));
		assert(name.size <= NAME_BYTES_MAX);
		assert(utf8_count(name) <= NAME_CODE_POINTS_MAX);
		for (size_t at = 0; at < name.size; at++) {
			assert(memchr(" !@,*?\r\n\t\0", name.bytes[at], 10) == NULL);
		}
	}
	if (key_error == NAME_OK && key.size <= NAME_BYTES_MAX) {
		struct name_key again;
		assert(name_key(slice_of(key.bytes, key.size), &again) == NAME_OK);
		assert(name_key_equal(&key, &again));
	}
}

static void compare(struct slice a, struct slice b) {
	static const uint8_t seed[NAME_SEED_BYTES] = {1};
	assert(name_equal(a, b) == name_equal(b, a));
	struct name_key key_a;
	struct name_key key_b;
	if (name_key(a, &key_a) == NAME_OK && name_key(b, &key_b) == NAME_OK) {
		bool is_equal = name_key_equal(&key_a, &key_b);
		assert(is_equal == (name_key_hash(&key_a, seed) == name_key_hash(&key_b, seed)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	struct slice all = slice_of((const char *)bytes, size);
	const char *line_feed = size > 0 ? memchr(all.bytes, '\n', size) : NULL;
	size_t first = line_feed == NULL ? size : (size_t)(line_feed - all.bytes);
	struct slice a = slice_first(all, first);
	struct slice b = line_feed == NULL ? a : slice_from(all, first + 1);
	try_name(a);
	try_name(b);
	compare(a, b);
	return 0;
}
