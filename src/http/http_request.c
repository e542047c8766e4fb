#include "http_request.h"

#include <strings.h>

#include "http_parse.h"

/* ---- words ---- */

bool http_is_same(struct slice a, struct slice b) {
	return a.size == b.size && (a.size == 0 || strncasecmp(a.bytes, b.bytes, a.size) == 0);
}

static bool is_blank(char byte) {
	return byte == ' ' || byte == '\t';
}

struct slice http_trim(struct slice text) {
	while (text.size > 0 && is_blank(text.bytes[0])) {
		text = slice_from(text, 1);
	}
	while (text.size > 0 && is_blank(text.bytes[text.size - 1])) {
		text.size--;
	}
	return text;
}

bool http_next_word(struct slice *list, struct slice *word) {
	while (list->size > 0) {
		const char *comma = memchr(list->bytes, ',', list->size);
		size_t size = comma == NULL ? list->size : (size_t)(comma - list->bytes);
		*word = http_trim(slice_first(*list, size));
		*list = slice_from(*list, comma == NULL ? size : size + 1);
		if (word->size > 0) {
			return true;
		}
	}
	return false;
}

/* ---- fields ---- */

static unsigned count(const struct http_request *request, const char *name) {
	unsigned found = 0;
	for (unsigned i = 0; i < request->fields_count; i++) {
		found += http_is_same(request->fields[i].name, slice_from_string(name));
	}
	return found;
}

bool http_find(const struct http_request *request, const char *name, struct slice *value) {
	for (unsigned i = 0; i < request->fields_count; i++) {
		if (http_is_same(request->fields[i].name, slice_from_string(name))) {
			*value = request->fields[i].value;
			return true;
		}
	}
	return false;
}

bool http_has_word(const struct http_request *request, const char *name, const char *word) {
	for (unsigned i = 0; i < request->fields_count; i++) {
		struct slice list = request->fields[i].value, one;
		if (!http_is_same(request->fields[i].name, slice_from_string(name))) {
			continue;
		}
		while (http_next_word(&list, &one)) {
			if (http_is_same(one, slice_from_string(word))) {
				return true;
			}
		}
	}
	return false;
}

/* "gzip", "gzip;q=0.5": but not q=0, q=0.0. */
static bool is_wanted(struct slice word, struct slice coding) {
	const char *mark = memchr(word.bytes, ';', word.size);
	size_t size = mark == NULL ? word.size : (size_t)(mark - word.bytes);
	struct slice rest =
		mark == NULL ? slice_of(NULL, 0) : http_trim(slice_from(word, size + 1));
	bool is_none = slice_starts_with(rest, slice_from_string("q=0"));
	for (size_t i = 3; is_none && i < rest.size; i++) {
		is_none = rest.bytes[i] == '.' || rest.bytes[i] == '0';
	}
	return http_is_same(http_trim(slice_first(word, size)), coding) && !is_none;
}

bool http_accepts_coding(const struct http_request *request, const char *coding) {
	struct slice list, word;
	bool is_there = http_find(request, "Accept-Encoding", &list);
	while (is_there && http_next_word(&list, &word)) {
		if (is_wanted(word, slice_from_string(coding))) {
			return true;
		}
	}
	return false;
}

/* ---- the head ---- */

bool http_refuse(struct http_request *request, unsigned status, const char *why) {
	request->status = status;
	request->why = why;
	return false;
}

/* "http://host:port/path?query", "/path?query", "*". */
static bool split_target(struct http_request *request) {
	static const char scheme[] = "http://";
	struct slice rest = request->target;
	if (rest.size >= sizeof(scheme) - 1 &&
	    strncasecmp(rest.bytes, scheme, sizeof(scheme) - 1) == 0) {
		rest = slice_from(rest, sizeof(scheme) - 1);
		size_t size = 0;
		while (size < rest.size && rest.bytes[size] != '/' && rest.bytes[size] != '?') {
			size++;
		}
		request->host = slice_first(rest, size);
		rest = slice_from(rest, size);
	}
	const char *mark = rest.size == 0 ? NULL : memchr(rest.bytes, '?', rest.size);
	size_t size = mark == NULL ? rest.size : (size_t)(mark - rest.bytes);
	request->path = size == 0 ? slice_from_string("/") : slice_first(rest, size);
	request->query = mark == NULL ? slice_of(NULL, 0) : slice_from(rest, size + 1);
	if (request->path.bytes[0] != '/' && !slice_equal(request->path, slice_from_string("*"))) {
		return http_refuse(request, 400, "What is asked for begins with a slash");
	}
	return true;
}

static bool check_host(struct http_request *request) {
	struct slice host;
	unsigned hosts = count(request, "Host");
	if (hosts > 1 || (hosts == 0 && request->minor > 0)) {
		return http_refuse(request, 400, "A request names its host, once");
	}
	if (request->host.size == 0 && http_find(request, "Host", &host)) {
		request->host = host;
	}
	return true;
}

/* The library lets some bytes pass at a value's beginning that it does not let pass behind that. */
static bool has_control(struct slice text) {
	for (size_t i = 0; i < text.size; i++) {
		unsigned char byte = (unsigned char)text.bytes[i];
		if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
			return true;
		}
	}
	return false;
}

static bool check_fields(struct http_request *request) {
	for (unsigned i = 0; i < request->fields_count; i++) {
		struct http_field *field = &request->fields[i];
		if (field->name.size == 0 ||
		    memchr(field->name.bytes, ' ', field->name.size) != NULL) {
			return http_refuse(request, 400, "A field's name has no blank in it");
		}
		if (has_control(field->name) || has_control(field->value)) {
			return http_refuse(request, 400, "A field has no control characters");
		}
		field->value = http_trim(field->value);
	}
	return true;
}

static bool check_body(struct http_request *request, unsigned long long length) {
	struct slice coding;
	if (http_find(request, "Transfer-Encoding", &coding)) {
		if (request->minor == 0) {
			return http_refuse(request, 400, "HTTP/1.0 has no Transfer-Encoding");
		}
		if (count(request, "Transfer-Encoding") > 1 ||
		    !http_is_same(coding, slice_from_string("chunked"))) {
			return http_refuse(request, 501, "The only Transfer-Encoding is chunked");
		}
	}
	if (length > HTTP_BODY_BYTES_MAX) {
		return http_refuse(request, 413, "A request's body may have at most 16 KB");
	}
	return true;
}

static bool check_expect(struct http_request *request) {
	struct slice expect;
	if (request->minor == 0 || !http_find(request, "Expect", &expect)) {
		return true;
	}
	request->wants_continue = http_is_same(expect, slice_from_string("100-continue"));
	return request->wants_continue ||
	       http_refuse(request, 417, "All that may be expected is 100-continue");
}

bool http_check_head(struct http_request *request, unsigned long long length) {
	if (request->major != 1) {
		return http_refuse(request, 505, "This server speaks HTTP/1.1");
	}
	if (slice_equal(request->method, slice_from_string("CONNECT"))) {
		return http_refuse(request, 501, "This server is no proxy");
	}
	return check_fields(request) && split_target(request) && check_host(request) &&
	       check_body(request, length) && check_expect(request);
}

/* ---- all of it ---- */

/* The head with its empty line; or, if that has not come, all that there is, and one. */
static size_t head_size(struct slice bytes) {
	size_t at = 0;
	while (at < bytes.size && (bytes.bytes[at] == '\r' || bytes.bytes[at] == '\n')) {
		at++;
	}
	for (; at < bytes.size; at++) {
		const char *line = memchr(bytes.bytes + at, '\n', bytes.size - at);
		if (line == NULL) {
			break;
		}
		at = (size_t)(line - bytes.bytes);
		size_t next = at + 1 + (at + 1 < bytes.size && bytes.bytes[at + 1] == '\r');
		if (next < bytes.size && bytes.bytes[next] == '\n') {
			return next + 1;
		}
	}
	return bytes.size + 1;
}

/*
 * Where in the head a CR stands without its LF, or the end: libraries differ in what they take that for,
 * an empty line even. The last byte of what has come may still get one.
 */
static size_t find_lone_cr(struct slice bytes) {
	size_t size = head_size(bytes), at = 0;
	size_t end = size <= bytes.size ? size : bytes.size;
	while (at < end &&
	       (bytes.bytes[at] != '\r' || (at + 1 < end && bytes.bytes[at + 1] == '\n'))) {
		at++;
	}
	return at < end ? at : bytes.size;
}

/* Such a CR is refused, if nothing before it is. */
static enum http_parsed parse(struct slice bytes, struct http_request *request, size_t *size) {
	size_t lone_cr = find_lone_cr(bytes);
	enum http_parsed parsed =
		lone_cr == 0 ? PARSED_PART : http_parse(slice_first(bytes, lone_cr), request, size);
	bool is_decided = lone_cr + 1 < bytes.size;
	return parsed == PARSED_PART && is_decided ? PARSED_INVALID : parsed;
}

static enum http_result too_long(struct http_request *request, struct slice bytes) {
	(void)(memchr(bytes.bytes, '\n', HTTP_HEAD_BYTES_MAX) == NULL
	               ? http_refuse(request, 414, "The request line may have at most 8 KB")
	               : http_refuse(request, 431, "All fields together may have at most 8 KB"));
	return HTTP_REFUSED;
}

static enum http_result refused(struct http_request *request, enum http_parsed how) {
	switch (how) {
	case PARSED_INVALID_METHOD:
		(void)http_refuse(request, 501, "There is no such method");
		break;
	case PARSED_INVALID_CODING:
		(void)http_refuse(request, 501, "The only Transfer-Encoding is chunked");
		break;
	case PARSED_REFUSED: break;
	default: (void)http_refuse(request, 400, "This is not HTTP"); break;
	}
	return HTTP_REFUSED;
}

enum http_result http_read(struct slice bytes, struct http_request *request, size_t *size) {
	memset(request, 0, offsetof(struct http_request, text));
	if (bytes.size == 0) {
		return HTTP_PART;
	}
	if (head_size(bytes) > HTTP_HEAD_BYTES_MAX) {
		return too_long(request, bytes);
	}
	enum http_parsed parsed = parse(bytes, request, size);
	if (parsed != PARSED_PART && parsed != PARSED_WHOLE) {
		return refused(request, parsed);
	}
	if (parsed == PARSED_WHOLE ? *size > HTTP_REQUEST_BYTES_MAX
	                           : bytes.size >= HTTP_REQUEST_BYTES_MAX) {
		(void)http_refuse(request, 413, "A request's body may have at most 16 KB");
		return HTTP_REFUSED;
	}
	return parsed == PARSED_WHOLE ? HTTP_WHOLE : HTTP_PART;
}
