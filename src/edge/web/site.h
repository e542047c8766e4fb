/*
 * site.h - what there is to be had by HTTP: a path is a row of site.c's table, and a
 * function that fills in the answer from what the edge knows.
 */
#ifndef SITE_H
#define SITE_H

#include "address.h"
#include "http_answer.h"
#include "http_request.h"

struct edge;

/* How it goes on behind an answer. */
enum site_next {
	SITE_HTTP,
	SITE_TEXT,   /* 101: a WebSocket of text messages, */
	SITE_BINARY, /* of binary ones, */
	SITE_EITHER, /* or of what its client likes better */
};

/* `answer` is all zeroes. What its body points to stays as it is until the next call. */
enum site_next site_answer(struct edge *edge, const struct http_request *request,
                           const struct address *peer, struct http_answer *answer);

#endif
