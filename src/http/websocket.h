/*
 * websocket.h - messages in and out of frames (RFC 6455), for a server.
 *
 *      0               1               2
 *     +-+-+-+-+-------+-+-------------+-------- - -
 *     |F|R|R|R| opcode|M| size        | more of the size, 2 or 8 bytes; the client's mask, 4; the payload
 *     +-+-+-+-+-------+-+-------------+-------- - -
 *
 * In: a frame at a time, when all of it is there; its bytes are the caller's to hold until then. A frame is
 * taken apart by libwslay, whose context is made for it and freed when no message is under way any more: who
 * says nothing, and who is in the middle of a frame, has none.
 *
 * Out: a line is a frame, not masked. What many read is put into frames once.
 */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

/* Before a payload, at most, as a client sends it. */
#define WEBSOCKET_HEAD_BYTES_MAX 14
/* What answers a frame: one of close or pong. */
#define WEBSOCKET_REPLY_BYTES_MAX 256

enum websocket_code {
	WEBSOCKET_NORMAL = 1000,
	WEBSOCKET_GOING_AWAY = 1001,
	WEBSOCKET_PROTOCOL_ERROR = 1002,
	WEBSOCKET_UNSUPPORTED = 1003,
	WEBSOCKET_NOT_UTF8 = 1007,
	WEBSOCKET_TOO_BIG = 1009,
};

/* Of one connection: a message that is coming, or has come and is not taken. NULL: none. */
struct websocket;

enum websocket_result {
	WEBSOCKET_PART,    /* the next frame is not whole */
	WEBSOCKET_FRAME,   /* one was taken, and answered if `reply` says anything */
	WEBSOCKET_MESSAGE, /* it is whole: see websocket_message() */
	WEBSOCKET_END,     /* nothing more may come; `reply` is the close frame that says why */
};

struct websocket_reply {
	size_t size;
	char bytes[WEBSOCKET_REPLY_BYTES_MAX];
};

/*
 * Takes one frame off *bytes. A message may have `most` bytes. While one that is whole is not taken, no frame
 * is, and the result stays WEBSOCKET_MESSAGE.
 */
enum websocket_result websocket_read(struct websocket **it, struct slice *bytes, size_t most,
                                     struct websocket_reply *reply);
struct slice websocket_message(const struct websocket *it, bool *is_text);
/* It is taken; or it, and what had come of it, is not wanted any more. NULL is fine. */
void websocket_drop(struct websocket **it);

/* A close frame that says why. */
void websocket_close(struct websocket_reply *reply, enum websocket_code code);

/*
 * Lines, with or without their ends, as frames without these; empty lines are none. Of n bytes of lines there are
 * less than 2 * n + 4 bytes of frames, which `out` has to have room for. The size.
 */
size_t websocket_frames(struct slice lines, bool is_text, char *out, size_t room);

#endif
