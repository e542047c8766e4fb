#include "http_input.h"

#include "clock.h"
#include "site.h"

/* One at a time, in the one thread: a request is looked at while its bytes lie in stream->input. */
static struct http_request request;

static void say(struct stream *stream, struct stream_connection *it,
                const struct http_answer *answer) {
	char head[HTTP_ANSWER_HEAD_BYTES];
	size_t size = http_answer_head(answer, clock_wall_us() / 1000000, head);
	output_say(stream, it, slice_of(head, size));
	if (!answer->is_bodiless) {
		output_say(stream, it, answer->body);
	}
	if (answer->closes) {
		connection_end(stream, it, STREAM_END_OURS, slice_of(NULL, 0));
	}
}

/* The last answer: what follows cannot be told from it any more. */
static void refuse(struct stream *stream, struct stream_connection *it, unsigned status,
                   const char *why) {
	struct http_answer answer = {.closes = true};
	http_answer_words(&answer, status, why);
	say(stream, it, &answer);
}

static void answer_it(struct stream *stream, struct stream_connection *it) {
	struct http_answer answer = {0};
	enum site_next next = site_answer(stream->edge, &request, &it->peer, &answer);
	/* In the library's view nothing follows what is to be upgraded. */
	answer.closes = next == SITE_HTTP && (answer.closes || !request.keeps_alive);
	answer.keeps_alive = request.minor == 0;
	answer.is_bodiless = slice_equal(request.method, slice_from_string("HEAD"));
	say(stream, it, &answer);
	if (next != SITE_HTTP) {
		it->is_either = next == SITE_EITHER;
		it->wire = next == SITE_BINARY ? WIRE_BINARY : WIRE_TEXT;
	}
}

/* Its sender waits until it knows that the body is wanted. */
static void go_on(struct stream *stream, struct stream_connection *it) {
	if (request.has_head && request.wants_continue && !it->is_continued) {
		it->is_continued = true;
		output_say(stream, it, slice_from_string("HTTP/1.1 100 Continue\r\n\r\n"));
	}
}

bool http_input(struct stream *stream, struct stream_connection *it, struct slice *bytes) {
	bool is_new = it->input_size == 0; /* Nothing of this request was here before. */
	while (!it->is_ending && it->wire == WIRE_HTTP && bytes->size > 0) {
		size_t size = 0;
		if (stream_is_unread(it)) {
			return false;
		}
		switch (http_read(*bytes, &request, &size)) {
		case HTTP_PART:
			it->since = is_new ? stream_time(stream) : it->since;
			go_on(stream, it);
			return true;
		case HTTP_REFUSED: refuse(stream, it, request.status, request.why); break;
		case HTTP_WHOLE:
			*bytes = slice_from(*bytes, size);
			it->is_continued = false;
			is_new = true;
			answer_it(stream, it);
			break;
		}
	}
	it->since = stream_time(stream);
	return true;
}

void http_look_at(struct stream *stream, struct stream_connection *it) {
	if (it->answers != NULL || stream_age_us(stream, it->since) < stream->limits.register_us) {
		return;
	}
	if (it->input_size > 0) {
		refuse(stream, it, 408, "The request took too long to come");
	} else {
		connection_lose(stream, it, STREAM_END_SILENT, slice_of(NULL, 0));
	}
}
