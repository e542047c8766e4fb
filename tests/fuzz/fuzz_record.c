/* Records: any bytes are one or none; what is one survives being written and read again, and what
 * is written for history holds nothing private. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "limits.h"
#include "record.h"

static void assert_same(const struct record *a, const struct record *b) {
	assert(a->kind == b->kind && a->flags == b->flags && a->queue == b->queue);
	assert(a->seq == b->seq && a->time_us == b->time_us && a->request == b->request);
	assert(a->incarnation == b->incarnation && a->person == b->person);
	assert(a->session == b->session && a->target == b->target && a->number == b->number);
	assert(a->until_us == b->until_us && a->since_us == b->since_us && a->room == b->room);
	assert(a->reason == b->reason && a->face == b->face);
	assert(slice_equal(a->name, b->name) && slice_equal(a->other_name, b->other_name));
	assert(slice_equal(a->text, b->text) && slice_equal(a->by, b->by));
	assert(slice_equal(a->more_rooms, b->more_rooms) && a->has_net == b->has_net);
	assert(a->net.bits == b->net.bits && memcmp(a->net.ip, b->net.ip, 16) == 0);
}

static void try_rooms(const struct record *record) {
	size_t count = record_rooms_count(record);
	for (size_t i = 0; i < count; i++) {
		assert(record_concerns_room(record, record_room(record, i)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	static _Alignas(8) uint8_t out[2 * RECORD_BYTES_MAX];
	struct record record, again;
	size_t taken = record_decode(&record, bytes, size);
	assert(taken <= size && taken % 8 == 0);
	if (taken == 0) {
		return 0;
	}
	try_rooms(&record);
	size_t written = record_encode(&record, out, sizeof(out));
	assert(written == (record_size(&record) > sizeof(out) ? 0 : record_size(&record)));
	if (written > 0) {
		assert(record_decode(&again, out, written) == written);
		assert_same(&record, &again);
		assert(again.home == record.home && again.has_route == record.has_route);
		assert(address_equal(&again.route.peer, &record.route.peer));
		assert(memcmp(again.route.local, record.route.local, 16) == 0);
		written = record_encode_public(&record, out, sizeof(out));
		assert(record_decode(&again, out, written) == written && written > 0);
		assert_same(&record, &again);
		assert(!again.has_route && again.home == 0 && again.connection.slot == 0);
	}
	return 0;
}
