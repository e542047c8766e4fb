/*
 * http_parse.h - the library that takes requests apart, behind one function: for
 * http_request.c alone.
 */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "http_request.h"

enum http_parsed {
	PARSED_PART,
	PARSED_WHOLE,
	PARSED_INVALID_METHOD,
	PARSED_INVALID_CODING,
	PARSED_INVALID,
	PARSED_REFUSED, /* by http_check_head(), or the body: request->status */
};

/*
 * Fills in method, target, version, fields, body and keeps_alive. When the head is whole
 * http_check_head() is asked with the length that it gives for the body, 0 if it gives none.
 */
enum http_parsed http_parse(struct slice bytes, struct http_request *request, size_t *size);

/* http_request.c. False: request->status says why not. */
bool http_check_head(struct http_request *request, unsigned long long length);
bool http_refuse(struct http_request *request, unsigned status, const char *why);

#endif
