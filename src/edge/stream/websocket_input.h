/*
 * websocket_input.h - those who speak the dialect over a WebSocket: messages off what has come, a line each. The
 * rules of when a line is taken are input.c's; and a frame counts like a line.
 */
#ifndef WEBSOCKET_INPUT_H
#define WEBSOCKET_INPUT_H

#include "stream_inside.h"

/* Takes what may be taken off *bytes. True: what is left is no frame yet. */
bool websocket_input(struct stream *stream, struct stream_connection *it, struct slice *bytes);

#endif
