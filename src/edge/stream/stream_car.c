/* stream_car.c - the car (car.h) of those who come by TCP. */
#include "stream_inside.h"

static void look(void *it) {
	struct stream *stream = it;
	for (uint32_t i = 1; i < stream->connections.used; i++) {
		const struct stream_connection *at = connection_at(stream, i);
		if (at->is_open && at->is_reading) {
			car_note(&stream->car, at->cursor, at->is_behind);
		}
	}
}

static void take(void *it, const struct record *entry) {
	struct stream *stream = it;
	stream_whom_of(stream, entry);
	stream_log_add(&stream->car_log, entry, &stream->whom);
}

static void arrived(void *it) {
	struct stream *stream = it;
	for (uint32_t i = 1; i < stream->connections.used; i++) {
		struct stream_connection *at = connection_at(stream, i);
		if (at->is_open && at->is_behind) {
			output_ready(stream, at);
		}
	}
}

void stream_car_begin(struct stream *stream) {
	static const struct car_face face = {.look = look, .take = take, .arrived = arrived};
	car_begin(&stream->car, stream->edge, &face, stream, &stream->car_log.stretch,
	          &stream->log.stretch);
}
