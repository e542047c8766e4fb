/*
 * http_answer.h - what a request is answered with: a status, fields, a body that lies
 * somewhere else; and its head as it goes out.
 */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

#define HTTP_ANSWER_FIELDS_BYTES 1024
#define HTTP_ANSWER_HEAD_BYTES (HTTP_ANSWER_FIELDS_BYTES + 512)

struct http_answer {
	unsigned status;
	bool is_bodiless; /* HEAD: as long as it says, but not sent */
	bool closes;      /* nothing follows it */
	bool keeps_alive; /* HTTP/1.0: that has to be said */
	bool upgrades;    /* there is an Upgrade field */
	const char *type; /* Content-Type; NULL: there is no body */
	struct slice body;
	size_t fields_size;
	char fields[HTTP_ANSWER_FIELDS_BYTES]; /* lines with their ends */
	char words[256];                       /* of http_answer_words(): `body` points here */
};

/* A field of its own; `value` may not come from outside. */
void http_answer_field(struct http_answer *answer, const char *name, const char *value);
/* A status in words, as plain text; a sentence without its point, from here. */
void http_answer_words(struct http_answer *answer, unsigned status, const char *sentence);

/* The head with the empty line behind it; at `time_s` since 1970. Its size. */
size_t http_answer_head(const struct http_answer *answer, uint64_t time_s,
                        char out[static HTTP_ANSWER_HEAD_BYTES]);

#endif
