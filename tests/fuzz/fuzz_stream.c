/* What comes on a connection, cut anywhere: the first bytes are judged the same however many of them
 * there are yet, and the lines are the same however they came. The first byte says where it is cut. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "cutter.h"
#include "dialect.h"
#include "sniff.h"

/* A sum of all lines, in order; and of those that were too long. */
struct seen {
	uint64_t lines, sum, too_long;
	size_t kept;
};

static void look_at(struct seen *seen, struct slice line) {
	assert(line.size > 0 && line.size <= STREAM_TAGS_BYTES_MAX + STREAM_LINE_BYTES_MAX - 2);
	assert(line.bytes[0] == '@' || line.size <= STREAM_LINE_BYTES_MAX - 2);
	for (size_t i = 0; i < line.size; i++) {
		assert(line.bytes[i] != '\r' && line.bytes[i] != '\n');
		seen->sum = seen->sum * 31 + (uint8_t)line.bytes[i];
	}
	seen->sum = seen->sum * 31 + 256;
	seen->lines++;
}

/* In pieces of so many bytes; what is left of one is kept for the next. */
static struct seen cut(struct slice all, size_t piece) {
	static char bytes[1 << 20];
	struct seen seen = {0};
	bool is_skipping = false;
	size_t kept = 0;
	while (all.size > 0) {
		size_t size = all.size < piece ? all.size : piece;
		if (kept + size > sizeof(bytes)) {
			break;
		}
		memcpy(bytes + kept, all.bytes, size);
		all = slice_from(all, size);
		struct slice rest = slice_of(bytes, kept + size), line;
		enum cutter_result result;
		while ((result = cutter_next(&rest, &is_skipping, &line)) != CUTTER_NONE) {
			if (result == CUTTER_LINE) {
				look_at(&seen, line);
			} else {
				seen.too_long++;
			}
		}
		assert(rest.size <= STREAM_TAGS_BYTES_MAX + STREAM_LINE_BYTES_MAX);
		memmove(bytes, rest.bytes, rest.size);
		kept = rest.size;
	}
	seen.kept = kept;
	return seen;
}

static void first_bytes(struct slice all) {
	enum sniff before = SNIFF_MORE;
	for (size_t size = 0; size <= all.size && size <= 16; size++) {
		enum sniff now = sniff(slice_first(all, size));
		assert(before == SNIFF_MORE || now == before);
		before = now;
	}
	assert(all.size < 16 || before != SNIFF_MORE);
	(void)sniff_refusal(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	if (size < 1) {
		return 0;
	}
	struct slice all = slice_of((const char *)bytes + 1, size - 1);
	first_bytes(all);
	struct seen whole = cut(all, SIZE_MAX / 2), parts = cut(all, 1 + (size_t)bytes[0]);
	assert(whole.lines == parts.lines && whole.sum == parts.sum);
	assert(whole.too_long == parts.too_long && whole.kept == parts.kept);
	return 0;
}
