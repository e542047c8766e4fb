/* Requests, cut anywhere: as long as one is not whole or refused, more is asked for; and what it is in the end
 * is the same however it came. What the answer is made of stays within the bytes. The first byte says in
 * which steps they come. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "http_answer.h"
#include "http_request.h"

static struct http_request request;

static void check_within(struct slice all, struct slice part) {
	bool is_of_all = part.bytes >= all.bytes && part.bytes + part.size <= all.bytes + all.size;
	assert(part.size == 0 || is_of_all);
}

static void check(struct slice all) {
	assert(request.status == 0 && request.has_head && request.major == 1);
	assert(request.path.size > 0 && request.fields_count <= HTTP_FIELDS_MAX);
	check_within(all, request.target);
	check_within(all, request.query);
	check_within(all, request.host);
	for (unsigned i = 0; i < request.fields_count; i++) {
		struct slice value = request.fields[i].value;
		check_within(all, request.fields[i].name);
		check_within(all, value);
		assert(value.size == http_trim(value).size);
		for (size_t k = 0; k < value.size; k++) {
			assert(value.bytes[k] != '\r' && value.bytes[k] != '\n' &&
			       value.bytes[k] != 0);
		}
	}
	assert(request.body.size <= HTTP_BODY_BYTES_MAX);
	(void)http_has_word(&request, "Connection", "upgrade");
}

static void refuse(void) {
	static char head[HTTP_ANSWER_HEAD_BYTES];
	struct http_answer answer = {.closes = true};
	assert(request.status >= 400 && request.status < 600 && request.why != NULL);
	http_answer_words(&answer, request.status, request.why);
	assert(http_answer_head(&answer, 0, head) > 0);
}

/* The first one; how many bytes it takes, 0 if it is refused or not whole. */
static size_t one(struct slice all, size_t step) {
	size_t size = 0, first = 0;
	enum http_result whole = http_read(all, &request, &size), part = HTTP_PART;
	unsigned status = request.status;
	if (whole == HTTP_WHOLE) {
		assert(size > 0 && size <= all.size && size <= HTTP_REQUEST_BYTES_MAX);
		check(all);
	} else if (whole == HTTP_REFUSED) {
		refuse();
	} else {
		assert(all.size < HTTP_REQUEST_BYTES_MAX);
	}
	for (size_t come = step; part == HTTP_PART && come < all.size; come += step) {
		part = http_read(slice_first(all, come), &request, &first);
	}
	/* Of what is wrong in two ways, the end of the bytes may show the other one first. */
	bool is_same = request.status == status || status == 414 || status == 431;
	assert(part == HTTP_PART || (part == whole && is_same));
	assert(part != HTTP_WHOLE || first == size);
	return whole == HTTP_WHOLE ? size : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	if (size < 1 || size > 64 * 1024) {
		return 0;
	}
	size_t step = 1 + (size_t)bytes[0] * (1 + size / 1024);
	struct slice all = slice_of((const char *)bytes + 1, size - 1);
	for (unsigned i = 0; i < 8 && all.size > 0; i++) {
		size_t taken = one(all, step);
		if (taken == 0) {
			break;
		}
		all = slice_from(all, taken);
	}
	return 0;
}
