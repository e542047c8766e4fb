/* Frames, cut anywhere: the same messages, answers and end come of them however they came. And what is said goes
 * into frames that give the lines back. The first byte says in which pieces they come. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "utf8.h"
#include "websocket.h"

#define MOST 8703

/* A sum of all that came of it, in order. */
struct seen {
	uint64_t sum, count;
	bool is_over;
	size_t kept;
};

static void add(struct seen *seen, unsigned what, struct slice bytes) {
	seen->sum = seen->sum * 31 + what;
	for (size_t i = 0; i < bytes.size; i++) {
		seen->sum = seen->sum * 31 + (uint8_t)bytes.bytes[i];
	}
	seen->count++;
}

static void check_reply(const struct websocket_reply *reply) {
	if (reply->size > 0) {
		unsigned first = (uint8_t)reply->bytes[0];
		assert(first == 0x88 || first == 0x8a);
		assert((size_t)(uint8_t)reply->bytes[1] + 2 == reply->size);
	}
}

static void read_all(struct websocket **it, struct slice *bytes, struct seen *seen) {
	while (!seen->is_over) {
		struct websocket_reply reply;
		bool is_text;
		size_t before = bytes->size;
		enum websocket_result result = websocket_read(it, bytes, MOST, &reply);
		check_reply(&reply);
		if (result == WEBSOCKET_PART) {
			assert(bytes->size == before &&
			       bytes->size < MOST + WEBSOCKET_HEAD_BYTES_MAX);
			return;
		}
		if (result == WEBSOCKET_MESSAGE) {
			struct slice message = websocket_message(*it, &is_text);
			assert(message.size <= MOST && (!is_text || utf8_is_valid(message)));
			assert(websocket_read(it, bytes, MOST, &reply) == WEBSOCKET_MESSAGE);
			add(seen, is_text, message);
			websocket_drop(it);
			continue;
		}
		assert(result == WEBSOCKET_FRAME || reply.size >= 2);
		add(seen, 2 + (result == WEBSOCKET_END), slice_of(reply.bytes, reply.size));
		seen->is_over = result == WEBSOCKET_END;
	}
}

static struct seen cut(struct slice all, size_t piece) {
	static char bytes[MOST + WEBSOCKET_HEAD_BYTES_MAX + 64 * 1024];
	struct websocket *it = NULL;
	struct seen seen = {0};
	while (all.size > 0 && !seen.is_over) {
		size_t size = all.size < piece ? all.size : piece;
		memcpy(bytes + seen.kept, all.bytes, size);
		all = slice_from(all, size);
		struct slice rest = slice_of(bytes, seen.kept + size);
		read_all(&it, &rest, &seen);
		memmove(bytes, rest.bytes, rest.size);
		seen.kept = rest.size;
	}
	websocket_drop(&it);
	return seen;
}

/* Frames out of any lines; and the lines out of the frames. */
static void say(struct slice lines) {
	static char out[2 * 64 * 1024 + 4], back[64 * 1024];
	size_t size = websocket_frames(lines, true, out, sizeof(out)), at = 0, put = 0;
	assert(size <= 2 * lines.size + 4);
	while (at < size) {
		unsigned length = (uint8_t)out[at + 1];
		size_t head = length == 126 ? 4 : 2;
		assert((uint8_t)out[at] == 0x81 && length <= 126);
		size_t payload =
			head == 2 ? length
				  : (size_t)((uint8_t)out[at + 2] << 8 | (uint8_t)out[at + 3]);
		assert(payload > 0 && memchr(out + at + head, '\n', payload) == NULL);
		memcpy(back + put, out + at + head, payload);
		put += payload;
		at += head + payload;
	}
	size_t wanted = 0;
	for (size_t i = 0; i < lines.size; i++) {
		wanted += lines.bytes[i] != '\n' && lines.bytes[i] != '\r';
	}
	assert(at == size && put >= wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	if (size < 1 || size > 60 * 1024) {
		return 0;
	}
	struct slice all = slice_of((const char *)bytes + 1, size - 1);
	struct seen whole = cut(all, SIZE_MAX / 2), parts = cut(all, 1 + (size_t)bytes[0] * 16);
	assert(whole.sum == parts.sum && whole.count == parts.count);
	assert(whole.is_over == parts.is_over);
	assert(whole.is_over || whole.kept == parts.kept);
	say(all);
	return 0;
}
