/* The session dialect's bytes: what is written is read again, and what is broken is not. */
#include "unit.h"

#include <sodium.h>
#include <string.h>

#include "keys.h"
#include "wire.h"

static struct slice text(const char *string) {
	return slice_from_string(string);
}

static void varints(void **state) {
	static const uint64_t values[] = {0,     1,          127,        128,           300,
	                                  16384, UINT32_MAX, UINT64_MAX, UINT64_MAX / 2};
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		uint8_t bytes[10];
		struct wire_out out = wire_out_at(bytes, sizeof(bytes));
		wire_put_varint(&out, values[i]);
		assert_false(out.is_full);
		assert_int_equal(out.size, wire_varint_bytes(values[i]));
		struct wire_in in = wire_in_at(wire_out_slice(&out));
		assert_true(wire_get_varint(&in) == values[i]);
		assert_false(in.is_bad);
		assert_true(wire_is_at_end(&in));
	}
}

static void varints_of_more_than_64_bits(void **state) {
	static const char *const bad[] = {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
	                                  "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\xff"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct wire_in in = wire_in_at(text(bad[i]));
		assert_true(wire_get_varint(&in) == 0);
		assert_true(in.is_bad);
		assert_int_equal(wire_get_u8(&in), 0);
	}
}

static void fill(void *bytes, size_t size, uint8_t from) {
	for (size_t i = 0; i < size; i++) {
		((uint8_t *)bytes)[i] = (uint8_t)(from + i);
	}
}

static struct wire_greeting greeting_of(uint8_t type) {
	struct wire_greeting greeting = {.type = type,
	                                 .version = WIRE_VERSION,
	                                 .reason = 5,
	                                 .connection = 0xdeadbeef,
	                                 .session = 1234567890123,
	                                 .person = 7,
	                                 .number = 8,
	                                 .seq = 9,
	                                 .cursor = 10,
	                                 .argument = 4096,
	                                 .name = slice_from_string("小明"),
	                                 .text = slice_from_string("why")};
	fill(greeting.cookie, COOKIE_BYTES, 1);
	fill(greeting.nonce, NONCE_BYTES, 50);
	fill(greeting.server_nonce, NONCE_BYTES, 90);
	fill(greeting.open_key, KEY_BYTES, 130);
	fill(greeting.sealed, KEY_BYTES, 170);
	return greeting;
}

static void greetings(void **state) {
	static const struct {
		uint8_t type;
		size_t size;
		bool has_tag;
	} rows[] = {
		{WIRE_HELLO, 48, false}, {WIRE_COOKIE, 39, false},  {WIRE_OPEN, 82, false},
		{WIRE_RESUME, 82, true}, {WIRE_WELCOME, 157, true}, {WIRE_REFUSED, 25, false},
		{WIRE_RESET, 34, false}, {WIRE_LOST, 46, true},
	};
	struct key key;
	fill(key.bytes, KEY_BYTES, 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[WIRE_DATAGRAM_BYTES_MAX], again[WIRE_DATAGRAM_BYTES_MAX];
		struct wire_greeting from = greeting_of(rows[i].type), to;
		size_t size = wire_write_greeting(&from, rows[i].has_tag ? &key : NULL, bytes);
		assert_int_equal(size, rows[i].size);
		struct slice datagram = slice_of((const char *)bytes, size);
		assert_int_equal(wire_type_of(datagram), rows[i].type);
		assert_true(wire_read_greeting(datagram, &to));
		assert_int_equal(wire_write_greeting(&to, rows[i].has_tag ? &key : NULL, again),
		                 size);
		assert_memory_equal(bytes, again, size);
		if (rows[i].has_tag) {
			struct body_hash nothing;
			keys_hash_body(slice_of(NULL, 0), &nothing);
			assert_int_equal(to.head.size, size - TAG_BYTES);
			assert_true(keys_tag_is_good(&key, to.head, &nothing, to.tag));
			bytes[9] ^= 1;
			assert_true(wire_read_greeting(datagram, &to));
			assert_false(keys_tag_is_good(&key, to.head, &nothing, to.tag));
			bytes[9] ^= 1;
		}
		for (size_t cut = 0; cut < size; cut++) {
			assert_false(wire_read_greeting(slice_first(datagram, cut), &to));
		}
	}
}

static void a_hello_may_be_longer_but_of_zeros(void **state) {
	uint8_t bytes[WIRE_DATAGRAM_BYTES_MAX] = {0};
	struct wire_greeting from = greeting_of(WIRE_HELLO), to;
	wire_write_greeting(&from, NULL, bytes);
	assert_true(wire_read_greeting(slice_of((const char *)bytes, sizeof(bytes)), &to));
	bytes[1000] = 1;
	assert_false(wire_read_greeting(slice_of((const char *)bytes, sizeof(bytes)), &to));
}

static void datagrams(void **state) {
	uint8_t bytes[WIRE_DATAGRAM_BYTES_MAX];
	char body[WIRE_TALK_BODY_BYTES_MAX + 1];
	struct key key;
	fill(key.bytes, KEY_BYTES, 3);
	memset(body, 'x', sizeof(body));
	for (uint8_t type = WIRE_LOG; type <= WIRE_TALK; type++) {
		size_t most = type == WIRE_LOG ? WIRE_LOG_BODY_BYTES_MAX : WIRE_TALK_BODY_BYTES_MAX;
		struct wire_head head = {.type = type, .session = 5, .connection = 6, .packet = 7};
		struct wire_head read;
		struct slice inside;
		if (type == WIRE_LOG) {
			head.from = 100, head.to = 104117;
		}
		assert_int_equal(wire_write_datagram(&head, slice_of(body, most + 1), &key, bytes),
		                 0);
		size_t size = wire_write_datagram(&head, slice_of(body, most), &key, bytes);
		assert_int_equal(size, WIRE_DATAGRAM_BYTES_MAX);
		struct slice datagram = slice_of((const char *)bytes, size);
		assert_true(wire_read_head(datagram, &read, &inside));
		assert_memory_equal(&head, &read, sizeof(head));
		assert_true(slice_equal(inside, slice_of(body, most)));
		assert_true(wire_tag_is_good(datagram, &key));
		for (size_t i = 2; i < size; i += 37) {
			bytes[i] ^= 0x10;
			assert_false(wire_tag_is_good(datagram, &key));
			bytes[i] ^= 0x10;
		}
	}
}

static void entries(void **state) {
	uint8_t bytes[512];
	uint64_t more[2] = {77, 104117};
	struct wire_entry from = {.kind = 2,
	                          .seq = 104117,
	                          .time_ms = 1764100000123,
	                          .person = 12,
	                          .number = 3,
	                          .target = 4,
	                          .reason = 23,
	                          .rooms_count = 3,
	                          .room = 1,
	                          .rooms = slice_of((const char *)more, sizeof(more)),
	                          .name = slice_from_string("小明"),
	                          .other = slice_from_string("#lobby"),
	                          .text = slice_from_string("再见")};
	struct wire_entry to;
	struct wire_out out = wire_out_at(bytes, sizeof(bytes));
	wire_put_entry(&out, &from);
	wire_put_bytes(&out, "later versions", 14);
	assert_true(wire_read_entry(wire_out_slice(&out), &to));
	assert_true(to.kind == 2 && to.seq == 104117 && to.time_ms == 1764100000123);
	assert_true(to.person == 12 && to.number == 3 && to.target == 4 && to.reason == 23);
	assert_true(to.rooms_count == 3 && to.room == 1);
	assert_true(wire_entry_room(&to, 0) == 1 && wire_entry_room(&to, 1) == 77 &&
	            wire_entry_room(&to, 2) == 104117);
	assert_true(slice_equal(to.name, from.name) && slice_equal(to.other, from.other) &&
	            slice_equal(to.text, from.text));
	for (size_t cut = 0; cut < out.size - 14; cut++) {
		assert_false(wire_read_entry(slice_first(wire_out_slice(&out), cut), &to));
	}
}

static void acks(void **state) {
	uint8_t bytes[400];
	struct wire_ack from = {.seq = 9, .delay_us = 25000, .count = 3};
	struct wire_talk talk;
	from.ranges[0] = (struct wire_range){.first = 90, .last = 100};
	from.ranges[1] = (struct wire_range){.first = 50, .last = 88};
	from.ranges[2] = (struct wire_range){.first = 0, .last = 0};
	struct wire_out out = wire_out_at(bytes, sizeof(bytes));
	wire_put_ack(&out, &from);
	struct wire_in in = wire_in_at(wire_out_slice(&out));
	assert_true(wire_next_frame(&in, &talk));
	assert_int_equal(talk.frame, FRAME_ACK);
	assert_true(talk.ack.seq == 9 && talk.ack.delay_us == 25000 && talk.ack.count == 3);
	assert_memory_equal(talk.ack.ranges, from.ranges, 3 * sizeof(from.ranges[0]));
	assert_false(wire_next_frame(&in, &talk));
	assert_false(in.is_bad);
}

static void acks_below_zero(void **state) {
	/* Six more below the largest, 5; a gap that leads below 0. */
	const struct slice bad[] = {slice_of("\x01\x09\x05\x00\x00\x06", 6),
	                            slice_of("\x01\x09\x05\x00\x01\x02\x02\x00", 8)};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct wire_talk talk;
		struct wire_in in = wire_in_at(bad[i]);
		assert_false(wire_next_frame(&in, &talk));
		assert_true(in.is_bad);
	}
}

static void frames(void **state) {
	uint8_t bytes[WIRE_DATAGRAM_BYTES_MAX];
	const struct wire_talk all[] = {
		{.frame = FRAME_PADDING},
		{.frame = FRAME_MESSAGE,
	         .number = 3,
	         .kind = MESSAGE_SAY,
	         .total = 10,
	         .offset = 5,
	         .bytes = text("abcde")},
		{.frame = FRAME_PING, .number = 77},
		{.frame = FRAME_DETACH},
		{.frame = FRAME_KEPT, .number = 3, .seq = 104117},
		{.frame = FRAME_PONG, .number = 77},
		{.frame = FRAME_END, .reason = 25, .bytes = text("广告")},
		{.frame = FRAME_ANSWER,
	         .number = 1,
	         .page = 2,
	         .pages = 3,
	         .kind = ASK_WHO,
	         .bytes = text("rest")},
	};
	struct wire_out out = wire_out_at(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		wire_put_frame(&out, &all[i]);
	}
	assert_false(out.is_full);
	struct wire_in in = wire_in_at(wire_out_slice(&out));
	for (size_t i = 1; i < sizeof(all) / sizeof(all[0]); i++) {
		struct wire_talk talk;
		assert_true(wire_next_frame(&in, &talk));
		assert_int_equal(talk.frame, all[i].frame);
		assert_int_equal(talk.kind, all[i].kind);
		assert_int_equal(talk.page, all[i].page);
		assert_int_equal(talk.pages, all[i].pages);
		assert_int_equal(talk.reason, all[i].reason);
		assert_true(talk.number == all[i].number && talk.seq == all[i].seq);
		assert_true(talk.total == all[i].total && talk.offset == all[i].offset);
		assert_true(slice_equal(talk.bytes, all[i].bytes));
	}
	struct wire_talk talk;
	assert_false(wire_next_frame(&in, &talk));
	assert_false(in.is_bad);
}

static void keys_meet(void **state) {
	struct key master, session_key, got, k1, k2;
	struct key_pair server, client;
	uint8_t sealed[KEY_BYTES], nonce[NONCE_BYTES], server_nonce[NONCE_BYTES];
	fill(master.bytes, KEY_BYTES, 9);
	fill(nonce, NONCE_BYTES, 1);
	fill(server_nonce, NONCE_BYTES, 2);
	keys_server_pair(&master, &server);
	keys_pair(&client);
	keys_session(&master, 42, 7, &got);
	keys_session(&master, 42, 8, &session_key);
	assert_memory_not_equal(got.bytes, session_key.bytes, KEY_BYTES);
	assert_true(keys_seal(&server, client.open, 42, &session_key, sealed));
	assert_true(keys_unseal(&client, server.open, 42, sealed, &got));
	assert_memory_equal(got.bytes, session_key.bytes, KEY_BYTES);
	assert_true(keys_unseal(&client, server.open, 43, sealed, &got));
	assert_memory_not_equal(got.bytes, session_key.bytes, KEY_BYTES);
	keys_connection(&session_key, nonce, server_nonce, &k1);
	keys_connection(&session_key, server_nonce, nonce, &k2);
	assert_memory_not_equal(k1.bytes, k2.bytes, KEY_BYTES);
	static const uint8_t none[KEY_BYTES];
	assert_false(keys_seal(&server, none, 42, &session_key, sealed));
}

static void cookies(void **state) {
	struct key master, other;
	struct address peer = {.port = 1234}, elsewhere;
	uint8_t cookie[COOKIE_BYTES];
	fill(master.bytes, KEY_BYTES, 9);
	fill(other.bytes, KEY_BYTES, 10);
	fill(peer.ip, sizeof(peer.ip), 1);
	keys_cookie(&master, &peer, 6000, cookie);
	assert_true(keys_cookie_is_good(&master, &peer, 6000, cookie));
	assert_true(keys_cookie_is_good(&master, &peer, 6060, cookie));
	assert_true(keys_cookie_is_good(&master, &peer, 6119, cookie));
	assert_false(keys_cookie_is_good(&master, &peer, 6120, cookie));
	assert_true(keys_cookie_is_good(&master, &peer, 5999, cookie));
	assert_false(keys_cookie_is_good(&master, &peer, 5939, cookie));
	assert_false(keys_cookie_is_good(&other, &peer, 6000, cookie));
	elsewhere = peer;
	elsewhere.port++;
	assert_false(keys_cookie_is_good(&master, &elsewhere, 6000, cookie));
	elsewhere = peer;
	elsewhere.ip[15]++;
	assert_false(keys_cookie_is_good(&master, &elsewhere, 6000, cookie));
	cookie[COOKIE_BYTES - 1] ^= 1;
	assert_false(keys_cookie_is_good(&master, &peer, 6000, cookie));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(varints),   cmocka_unit_test(varints_of_more_than_64_bits),
		cmocka_unit_test(greetings), cmocka_unit_test(a_hello_may_be_longer_but_of_zeros),
		cmocka_unit_test(datagrams), cmocka_unit_test(entries),
		cmocka_unit_test(acks),      cmocka_unit_test(acks_below_zero),
		cmocka_unit_test(frames),    cmocka_unit_test(keys_meet),
		cmocka_unit_test(cookies),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
