#include "http_parse.h"

#include <string.h>

#ifdef HAVE_LLHTTP
#include <llhttp.h>
typedef llhttp_t parser_t;
typedef llhttp_settings_t settings_t;
#else
#include <http_parser.h>
typedef http_parser parser_t;
typedef http_parser_settings settings_t;
#endif

/* As more of a body comes all of it is taken apart again: many small chunks would cost much. */
#define CHUNKS_MAX 256

struct parse {
	struct http_request *request;
	unsigned chunks;
	bool is_whole, is_refused, has_value;
	bool has_too_many; /* fields: said when the head is whole, however it came */
};

static struct parse *parse_of(const parser_t *parser) {
	return parser->data;
}

static int refuse(parser_t *parser, unsigned status, const char *why) {
	(void)http_refuse(parse_of(parser)->request, status, why);
	parse_of(parser)->is_refused = true;
	return -1;
}

/* All bytes are there at once, so what belongs together comes as one, unless it is folded. */
static bool add(struct slice *to, const char *at, size_t size) {
	if (to->bytes == NULL) {
		*to = slice_of(at, size);
	} else if (size > 0 && to->bytes + to->size != at) {
		return false;
	} else {
		to->size += size;
	}
	return true;
}

static int on_target(parser_t *parser, const char *at, size_t size) {
	(void)add(&parse_of(parser)->request->target, at, size);
	return 0;
}

static int on_name(parser_t *parser, const char *at, size_t size) {
	struct parse *parse = parse_of(parser);
	struct http_request *request = parse->request;
	if (request->has_head) {
		return 0; /* Behind a body in chunks: nobody here wants to know. */
	}
	if (request->fields_count == 0 || parse->has_value) {
		parse->has_too_many = request->fields_count == HTTP_FIELDS_MAX;
		if (parse->has_too_many) {
			return 0;
		}
		request->fields[request->fields_count++] = (struct http_field){0};
		parse->has_value = false;
	}
	(void)add(&request->fields[request->fields_count - 1].name, at, size);
	return 0;
}

static int on_value(parser_t *parser, const char *at, size_t size) {
	struct parse *parse = parse_of(parser);
	struct http_request *request = parse->request;
	parse->has_value = true;
	if (!request->has_head && !parse->has_too_many &&
	    !add(&request->fields[request->fields_count - 1].value, at, size)) {
		return refuse(parser, 400, "A field's value may not go on in a second line");
	}
	return 0;
}

static const char *method_of(const parser_t *parser) {
#ifdef HAVE_LLHTTP
	return llhttp_method_name((llhttp_method_t)parser->method);
#else
	return http_method_str((enum http_method)parser->method);
#endif
}

static int on_head(parser_t *parser) {
	struct parse *parse = parse_of(parser);
	struct http_request *request = parse->request;
	bool has_length = parser->content_length != UINT64_MAX;
	request->method = slice_from_string(method_of(parser));
	request->major = parser->http_major;
	request->minor = parser->http_minor;
	request->has_head = true;
	if (parse->has_too_many) {
		return refuse(parser, 431, "A request may have at most 64 fields");
	}
	parse->is_refused = !http_check_head(request, has_length ? parser->content_length : 0);
	/* -1, not 1: that would say that there is no body. */
	return parse->is_refused ? -1 : 0;
}

static int on_chunk(parser_t *parser) {
	return ++parse_of(parser)->chunks > CHUNKS_MAX
	               ? refuse(parser, 413, "A request's body may come in at most 256 chunks")
	               : 0;
}

static int on_body(parser_t *parser, const char *at, size_t size) {
	struct http_request *request = parse_of(parser)->request;
	if (request->body.size + size > sizeof(request->text)) {
		return refuse(parser, 413, "A request's body may have at most 16 KB");
	}
	memcpy(request->text + request->body.size, at, size);
	request->body = slice_of(request->text, request->body.size + size);
	return 0;
}

#ifdef HAVE_LLHTTP

static int on_end(parser_t *parser) {
	struct parse *parse = parse_of(parser);
	parse->is_whole = true;
	parse->request->keeps_alive = llhttp_should_keep_alive(parser) != 0;
	return HPE_PAUSED;
}

static int run(struct parse *parse, const settings_t *settings, struct slice bytes, size_t *size) {
	parser_t parser;
	llhttp_init(&parser, HTTP_REQUEST, settings);
	parser.data = parse;
	int error = (int)llhttp_execute(&parser, bytes.bytes, bytes.size);
	const char *at = error == HPE_OK ? NULL : llhttp_get_error_pos(&parser);
	*size = at == NULL ? bytes.size : (size_t)(at - bytes.bytes);
	return error;
}

#else

static int on_end(parser_t *parser) {
	struct parse *parse = parse_of(parser);
	parse->is_whole = true;
	parse->request->keeps_alive = http_should_keep_alive(parser) != 0;
	http_parser_pause(parser, 1);
	return 0;
}

static int run(struct parse *parse, const settings_t *settings, struct slice bytes, size_t *size) {
	parser_t parser;
	http_parser_init(&parser, HTTP_REQUEST);
	parser.data = parse;
	*size = http_parser_execute(&parser, settings, bytes.bytes, bytes.size);
	return (int)HTTP_PARSER_ERRNO(&parser);
}

#endif

enum http_parsed http_parse(struct slice bytes, struct http_request *request, size_t *size) {
	static const settings_t settings = {
		.on_url = on_target,
		.on_header_field = on_name,
		.on_header_value = on_value,
		.on_headers_complete = on_head,
		.on_body = on_body,
		.on_chunk_header = on_chunk,
		.on_message_complete = on_end,
	};
	struct parse parse = {.request = request};
	int error = run(&parse, &settings, bytes, size);
	if (parse.is_refused) {
		return PARSED_REFUSED;
	}
	if (parse.is_whole) {
		return PARSED_WHOLE;
	}
	switch (error) {
	case HPE_OK: return PARSED_PART;
	case HPE_INVALID_METHOD: return PARSED_INVALID_METHOD;
	case HPE_INVALID_TRANSFER_ENCODING: return PARSED_INVALID_CODING;
	default: return PARSED_INVALID;
	}
}
