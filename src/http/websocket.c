#include "websocket.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

struct websocket {
	wslay_event_context_ptr context;
	bool is_whole, is_text;
	size_t size;
	char *message;
	/* While it is read. */
	struct slice frame;
	struct websocket_reply *reply;
	bool is_wrong;
};

/* ---- what wslay asks for ---- */

static ssize_t on_read(wslay_event_context_ptr context, uint8_t *to, size_t room, int flags,
                       void *it) {
	struct websocket *websocket = it;
	size_t size = websocket->frame.size < room ? websocket->frame.size : room;
	if (size == 0) {
		wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	memcpy(to, websocket->frame.bytes, size);
	websocket->frame = slice_from(websocket->frame, size);
	return (ssize_t)size;
}

static ssize_t on_write(wslay_event_context_ptr context, const uint8_t *bytes, size_t size,
                        int flags, void *it) {
	struct websocket_reply *reply = ((struct websocket *)it)->reply;
	assert(size <= sizeof(reply->bytes) - reply->size);
	memcpy(reply->bytes + reply->size, bytes, size);
	reply->size += size;
	return (ssize_t)size;
}

static void on_message(wslay_event_context_ptr context,
                       const struct wslay_event_on_msg_recv_arg *message, void *it) {
	struct websocket *websocket = it;
	if (message->opcode == WSLAY_CONNECTION_CLOSE) {
		/* Half of a code is none (RFC 6455, 5.5.1), which wslay lets pass. */
		websocket->is_wrong = message->msg_length == 1;
	}
	if (message->opcode != WSLAY_TEXT_FRAME && message->opcode != WSLAY_BINARY_FRAME) {
		return;
	}
	websocket->is_whole = true;
	websocket->is_text = message->opcode == WSLAY_TEXT_FRAME;
	websocket->size = message->msg_length;
	websocket->message = malloc(message->msg_length + 1);
	if (websocket->message == NULL) {
		abort();
	}
	if (message->msg_length > 0) {
		memcpy(websocket->message, message->msg, message->msg_length);
	}
}

static struct websocket *make(size_t most) {
	static const struct wslay_event_callbacks callbacks = {
		.recv_callback = on_read,
		.send_callback = on_write,
		.on_msg_recv_callback = on_message,
	};
	struct websocket *it = calloc(1, sizeof(*it));
	if (it == NULL || wslay_event_context_server_init(&it->context, &callbacks, it) != 0) {
		abort();
	}
	wslay_event_config_set_max_recv_msg_length(it->context, most);
	return it;
}

/* ---- in ---- */

/* Of the frame that comes next. False: its head is not whole. */
static bool frame_size(struct slice bytes, size_t *head, uint64_t *payload) {
	const uint8_t *at = (const uint8_t *)bytes.bytes;
	if (bytes.size < 2) {
		return false;
	}
	unsigned size = at[1] & 0x7fu;
	unsigned more = size == 126 ? 2 : size == 127 ? 8 : 0;
	*head = 2 + more + ((at[1] & 0x80u) != 0 ? 4 : 0);
	*payload = more == 0 ? size : 0;
	if (bytes.size < *head) {
		return false;
	}
	for (unsigned i = 0; i < more; i++) {
		*payload = *payload << 8 | at[2 + i];
	}
	return true;
}

void websocket_close(struct websocket_reply *reply, enum websocket_code code) {
	const char bytes[] = {(char)0x88, 2, (char)(code >> 8), (char)(code & 0xff)};
	reply->size = sizeof(bytes);
	memcpy(reply->bytes, bytes, sizeof(bytes));
}

static enum websocket_result end(struct websocket_reply *reply, enum websocket_code code) {
	websocket_close(reply, code);
	return WEBSOCKET_END;
}

/* A frame that is whole, through wslay. */
static enum websocket_result take(struct websocket *it, struct slice frame,
                                  struct websocket_reply *reply) {
	it->frame = frame;
	it->reply = reply;
	it->is_wrong = wslay_event_recv(it->context) != 0 || it->is_wrong;
	if (it->is_wrong || wslay_event_send(it->context) != 0) {
		return end(reply, WEBSOCKET_PROTOCOL_ERROR);
	}
	if (wslay_event_get_close_received(it->context) ||
	    wslay_event_get_close_sent(it->context)) {
		return WEBSOCKET_END;
	}
	return it->is_whole ? WEBSOCKET_MESSAGE : WEBSOCKET_FRAME;
}

enum websocket_result websocket_read(struct websocket **it, struct slice *bytes, size_t most,
                                     struct websocket_reply *reply) {
	size_t head;
	uint64_t payload;
	reply->size = 0;
	if (*it != NULL && (*it)->is_whole) {
		return WEBSOCKET_MESSAGE;
	}
	if (!frame_size(*bytes, &head, &payload)) {
		return WEBSOCKET_PART;
	}
	if (payload > most) {
		return end(reply, WEBSOCKET_TOO_BIG);
	}
	if (bytes->size < head + payload) {
		return WEBSOCKET_PART;
	}
	bool is_control = ((uint8_t)bytes->bytes[0] & 8u) != 0, was_there = *it != NULL;
	*it = was_there ? *it : make(most);
	struct slice frame = slice_first(*bytes, head + (size_t)payload);
	*bytes = slice_from(*bytes, frame.size);
	enum websocket_result result = take(*it, frame, reply);
	if (result == WEBSOCKET_END || (result == WEBSOCKET_FRAME && is_control && !was_there)) {
		websocket_drop(it);
	} else if (result == WEBSOCKET_MESSAGE) {
		wslay_event_context_free((*it)->context);
		(*it)->context = NULL;
	}
	return result;
}

struct slice websocket_message(const struct websocket *it, bool *is_text) {
	*is_text = it->is_text;
	return slice_of(it->message, it->size);
}

void websocket_drop(struct websocket **it) {
	if (*it != NULL) {
		if ((*it)->context != NULL) {
			wslay_event_context_free((*it)->context);
		}
		free((*it)->message);
		free(*it);
	}
	*it = NULL;
}

/* ---- out ---- */

static size_t put_frame(struct slice line, bool is_text, char *out) {
	size_t head = 2;
	out[0] = (char)(0x80 | (is_text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME));
	if (line.size < 126) {
		out[1] = (char)line.size;
	} else {
		assert(line.size <= UINT16_MAX);
		out[1] = 126;
		out[2] = (char)(line.size >> 8);
		out[3] = (char)(line.size & 0xff);
		head = 4;
	}
	memcpy(out + head, line.bytes, line.size);
	return head + line.size;
}

size_t websocket_frames(struct slice lines, bool is_text, char *out, size_t room) {
	size_t size = 0;
	while (lines.size > 0) {
		const char *end_of_it = memchr(lines.bytes, '\n', lines.size);
		size_t whole =
			end_of_it == NULL ? lines.size : (size_t)(end_of_it - lines.bytes) + 1;
		struct slice line = slice_first(lines, whole);
		lines = slice_from(lines, whole);
		while (line.size > 0 &&
		       (line.bytes[line.size - 1] == '\n' || line.bytes[line.size - 1] == '\r')) {
			line.size--;
		}
		if (line.size > 0) {
			assert(size + 4 + line.size <= room);
			size += put_frame(line, is_text, out + size);
		}
	}
	return size;
}
