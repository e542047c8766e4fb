#include "screenwire.h"

#include "mp_errors.h"
#include "mp_pipe.h"

/* A message: its struct, with the slices' sizes true and their pointers void; then their bytes. */

static size_t put(uint8_t *out, size_t size, struct slice string) {
	assert(string.size <= SCREENWIRE_BYTES_MAX - size);
	if (string.size > 0) {
		memcpy(out + size, string.bytes, string.size);
	}
	return size + string.size;
}

static void take(struct slice *string, const uint8_t *bytes, size_t *at, size_t size) {
	assert(string->size <= size - *at);
	string->bytes = (const char *)bytes + *at;
	*at += string->size;
}

size_t tell_encode(const struct tell *tell, uint8_t out[SCREENWIRE_BYTES_MAX]) {
	memcpy(out, tell, sizeof *tell);
	size_t size = put(out, sizeof *tell, tell->rooms);
	size = put(out, size, tell->name);
	size = put(out, size, tell->other);
	return put(out, size, tell->text);
}

void tell_decode(struct tell *tell, const uint8_t *bytes, size_t size) {
	assert(size >= sizeof *tell);
	memcpy(tell, bytes, sizeof *tell);
	size_t at = sizeof *tell;
	take(&tell->rooms, bytes, &at, size);
	take(&tell->name, bytes, &at, size);
	take(&tell->other, bytes, &at, size);
	take(&tell->text, bytes, &at, size);
	assert(at == size);
	assert(tell->rooms.size % sizeof(uint64_t) == 0);
}

size_t wish_encode(const struct wish *wish, uint8_t out[SCREENWIRE_BYTES_MAX]) {
	memcpy(out, wish, sizeof *wish);
	size_t size = put(out, sizeof *wish, wish->name);
	return put(out, size, wish->text);
}

void wish_decode(struct wish *wish, const uint8_t *bytes, size_t size) {
	assert(size >= sizeof *wish);
	memcpy(wish, bytes, sizeof *wish);
	size_t at = sizeof *wish;
	take(&wish->name, bytes, &at, size);
	take(&wish->text, bytes, &at, size);
	assert(at == size);
}

int tell_send(struct mp_pipe *pipe, const struct tell *tell, int timeout_ms) {
	uint8_t bytes[SCREENWIRE_BYTES_MAX];
	return mp_pipe_send(pipe, bytes, tell_encode(tell, bytes), timeout_ms);
}

int tell_receive(struct mp_pipe *pipe, struct tell *tell, uint8_t buffer[SCREENWIRE_BYTES_MAX],
                 int timeout_ms) {
	size_t size;
	int error = mp_pipe_receive(pipe, buffer, SCREENWIRE_BYTES_MAX, &size, timeout_ms);
	if (error == 0) {
		tell_decode(tell, buffer, size);
	}
	return error;
}

int wish_send(struct mp_pipe *pipe, const struct wish *wish, int timeout_ms) {
	uint8_t bytes[SCREENWIRE_BYTES_MAX];
	return mp_pipe_send(pipe, bytes, wish_encode(wish, bytes), timeout_ms);
}

int wish_receive(struct mp_pipe *pipe, struct wish *wish, uint8_t buffer[SCREENWIRE_BYTES_MAX],
                 int timeout_ms) {
	size_t size;
	int error = mp_pipe_receive(pipe, buffer, SCREENWIRE_BYTES_MAX, &size, timeout_ms);
	if (error == 0) {
		wish_decode(wish, buffer, size);
	}
	return error;
}
