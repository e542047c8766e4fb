/*
 * http_request.h - a request of HTTP/1.1 (RFC 9112), out of the bytes that have come.
 *
 * Nothing is kept between two calls: as long as a request is not whole its bytes are
 * the caller's to hold, and it is taken apart when more have come. So a connection
 * without a request costs nothing, and one that sends slowly costs what it sends.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

/* The request line, all fields and the empty line behind them. */
#define HTTP_HEAD_BYTES_MAX (8u * 1024)
#define HTTP_BODY_BYTES_MAX (16u * 1024)
/* All of a request, as it comes: chunks have lines of their own. */
#define HTTP_REQUEST_BYTES_MAX (28u * 1024)
#define HTTP_FIELDS_MAX 64

struct http_field {
	struct slice name, value;
};

/* Slices point into the bytes that were read, and into `text`. */
struct http_request {
	/* Why it is refused: 400, 413, ...; 0: it is not. */
	unsigned status;
	const char *why; /* in words, with status */

	struct slice method, target;
	struct slice path, query; /* of the target; the query without its '?' */
	struct slice host; /* of the target, or else the field's; may be empty with HTTP/1.0 */
	unsigned major, minor;
	bool keeps_alive;    /* the connection may go on behind it */
	bool wants_continue; /* its sender waits for 100 before it sends the body */
	bool has_head;       /* whole; if not, only the body is missing */
	unsigned fields_count;
	struct http_field fields[HTTP_FIELDS_MAX];
	struct slice body;
	char text[HTTP_BODY_BYTES_MAX]; /* of which `body` is the beginning */
};

enum http_result {
	HTTP_PART,    /* more has to come */
	HTTP_WHOLE,   /* *size bytes are one */
	HTTP_REFUSED, /* request->status; what follows it cannot be found */
};

/* Takes the request at the beginning of `bytes` apart. */
enum http_result http_read(struct slice bytes, struct http_request *request, size_t *size);

/* The first field of that name; false: there is none. Names are compared as HTTP does. */
bool http_find(const struct http_request *request, const char *name, struct slice *value);
/* Is `word` one of those that stand in the fields of that name, with commas between them? */
bool http_has_word(const struct http_request *request, const char *name, const char *word);
/* May what it gets be coded like that (Accept-Encoding)? */
bool http_accepts_coding(const struct http_request *request, const char *coding);
/* The next one off *list, without blanks around it; false: that was all. */
bool http_next_word(struct slice *list, struct slice *word);

bool http_is_same(struct slice a, struct slice b);
/* Without blanks around it. */
struct slice http_trim(struct slice text);

#endif
