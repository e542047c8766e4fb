#include "websocket_input.h"

#include <string.h>

#include "cutter.h"

static const char *why_of(const struct websocket_reply *reply) {
	unsigned code = reply->size < 4 ? 0
	                                : (unsigned)(uint8_t)reply->bytes[2] << 8 |
	                                          (uint8_t)reply->bytes[3];
	switch (code) {
	case WEBSOCKET_PROTOCOL_ERROR: return "Not as WebSocket has it";
	case WEBSOCKET_UNSUPPORTED: return "Text and bytes confused";
	case WEBSOCKET_NOT_UTF8: return "Not UTF-8";
	case WEBSOCKET_TOO_BIG: return "Message too long";
	default: return "Connection closed";
	}
}

/* `reply` is a close frame. */
static void end(struct stream *stream, struct stream_connection *it,
                const struct websocket_reply *reply) {
	it->is_closed = true;
	connection_end(stream, it, STREAM_END_CLOSED, slice_from_string(why_of(reply)));
	output_last(stream, it, slice_of(reply->bytes, reply->size));
}

static void end_with(struct stream *stream, struct stream_connection *it,
                     enum websocket_code code) {
	struct websocket_reply reply;
	websocket_close(&reply, code);
	end(stream, it, &reply);
}

/* Its end is not part of it, but comes all the same from some. */
static struct slice without_end(struct slice line) {
	while (line.size > 0 &&
	       (line.bytes[line.size - 1] == '\n' || line.bytes[line.size - 1] == '\r')) {
		line.size--;
	}
	return line;
}

/* False: it stays. */
static bool take(struct stream *stream, struct stream_connection *it, struct slice line) {
	if (line.size == 0) {
		return true;
	}
	if (cutter_is_too_long(line)) {
		it->dialect->too_long(it->its, it);
		stream_charge(stream, it, 1);
		return true;
	}
	return input_take_line(stream, it, line);
}

/* The message that is whole. False: it stays. */
static bool take_message(struct stream *stream, struct stream_connection *it) {
	bool is_text;
	struct slice line = without_end(websocket_message(it->websocket, &is_text));
	if (!it->is_either && is_text != (it->wire == WIRE_TEXT)) {
		end_with(stream, it, WEBSOCKET_UNSUPPORTED);
		return true;
	}
	if (line.size > 0 && (memchr(line.bytes, '\n', line.size) != NULL ||
	                      memchr(line.bytes, '\r', line.size) != NULL)) {
		end_with(stream, it, WEBSOCKET_PROTOCOL_ERROR);
		return true;
	}
	if (it->dialect == NULL) {
		/* Not before: many may wait that have said nothing yet. */
		input_open(stream, it, (enum stream_wire)it->wire);
	}
	/* The dialect may close the connection while it reads the line. */
	struct websocket *websocket = it->websocket;
	it->websocket = NULL;
	bool is_taken = take(stream, it, line);
	if (!is_taken && !it->is_ending) {
		it->websocket = websocket;
	} else {
		websocket_drop(&websocket);
	}
	return is_taken;
}

bool websocket_input(struct stream *stream, struct stream_connection *it, struct slice *bytes) {
	const size_t most = STREAM_TAGS_BYTES_MAX + STREAM_LINE_BYTES_MAX;
	struct websocket_reply reply;
	while (!it->is_ending) {
		if ((bytes->size > 0 || it->websocket != NULL) && !input_may_take(stream, it)) {
			return false;
		}
		switch (websocket_read(&it->websocket, bytes, most, &reply)) {
		case WEBSOCKET_PART: return true;
		case WEBSOCKET_FRAME:
			output_say(stream, it, slice_of(reply.bytes, reply.size));
			stream_charge(stream, it, 1);
			break;
		case WEBSOCKET_MESSAGE:
			if (!take_message(stream, it)) {
				return false;
			}
			break;
		case WEBSOCKET_END: end(stream, it, &reply); break;
		}
	}
	return true;
}

struct slice stream_wired(struct stream *stream, const struct stream_connection *it,
                          struct slice lines) {
	if (!stream_is_websocket(it)) {
		return lines;
	}
	size_t size = websocket_frames(lines, it->wire == WIRE_TEXT, stream->framed,
	                               sizeof(stream->framed));
	return slice_of(stream->framed, size);
}
