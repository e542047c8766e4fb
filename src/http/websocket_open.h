/*
 * websocket_open.h - the request by which a connection becomes a WebSocket (RFC 6455, 4.2), and
 * which pages may have it sent.
 */
#ifndef WEBSOCKET_OPEN_H
#define WEBSOCKET_OPEN_H

#include "http_answer.h"
#include "http_request.h"

#define WEBSOCKET_ACCEPT_BYTES 29 /* with the NUL */

/* Does it ask for that at all? */
bool websocket_is_asked_for(const struct http_request *request);

/*
 * Is it a page of our own, one of the same host, or one of `origins` (words with blanks between them; "*" is
 * any), or no page? Browsers say which page it is in Origin, and let no page lie.
 */
bool websocket_may_come_from(const struct http_request *request, struct slice origins);

/*
 * Fills in 101 and what belongs to it, or says what is wrong with the request. `protocol` is what was agreed on; empty:
 * nothing.
 */
void websocket_open(const struct http_request *request, const char *protocol,
                    struct http_answer *answer);

/* Sec-WebSocket-Accept for a key. */
void websocket_accept(struct slice key, char out[static WEBSOCKET_ACCEPT_BYTES]);

#endif
