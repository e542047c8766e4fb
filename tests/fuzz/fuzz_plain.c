/* Any datagram of the plain dialect: parsed within its bounds, and what is taken can be passed on. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "plain_parse.h"
#include "utf8.h"
#include "words.h"

static void is_inside(struct slice part, struct slice whole) {
	assert(part.size == 0 ||
	       (part.bytes >= whole.bytes && part.bytes + part.size <= whole.bytes + whole.size));
}

static void can_be_passed_on(const struct plain_request *request) {
	_Alignas(8) static char bytes[RECORD_BYTES_MAX];
	struct record record = {.kind = request->kind,
	                        .name = request->name,
	                        .text = request->text,
	                        .number = request->number};
	struct record again;
	size_t size = record_encode(&record, bytes, sizeof(bytes));
	assert(size > 0);
	assert(record_decode(&again, bytes, size) == size);
	assert(again.kind == request->kind && again.number == request->number);
	assert(slice_equal(again.name, request->name) && slice_equal(again.text, request->text));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	struct slice datagram = slice_of((const char *)bytes, size);
	bool is_cut = size > PLAIN_REQUEST_BYTES_MAX;
	if (is_cut) {
		datagram = slice_first(datagram, PLAIN_REQUEST_BYTES_MAX);
	}
	struct plain_request request = plain_parse(datagram, is_cut);
	(void)words_are_a_servers(datagram);
	if (request.kind == RECORD_NONE) {
		assert(request.reason != REASON_NONE && request.reason < REASON_COUNT);
		return 0;
	}
	assert(request.reason == REASON_NONE && !is_cut);
	is_inside(request.name, datagram);
	is_inside(request.text, datagram);
	assert(request.name.size <= NAME_BYTES_MAX);
	assert(request.text.size <= PLAIN_ARGUMENT_BYTES_MAX);
	assert(utf8_is_valid(request.name) && utf8_is_valid(request.text));
	assert(request.number <= HISTORY_LINES_MAX);
	can_be_passed_on(&request);
	return 0;
}
