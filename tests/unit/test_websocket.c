/* Messages in and out of frames: the cases of the published list of Autobahn's test suite, as far as they are about
 * frames: 1 framing, 2 pings, 3 reserved bits, 4 opcodes, 5 fragments, 6 UTF-8, 7 closing, 9 limits; each with
 * the bytes in one piece and one by one. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "websocket.h"

#define MOST 8703

/* What has come of some frames: "text(abc) pong(x) close(1002)". */
static char told[64 * 1024];
static char made[128 * 1024];
static size_t made_size;

static void tell(const char *what, struct slice text) {
	size_t size = strlen(told);
	bool is_long = text.size > 200;
	snprintf(told + size, sizeof(told) - size, "%s%s(%.*s", size > 0 ? " " : "", what,
	         is_long ? 0 : (int)text.size, text.bytes);
	size = strlen(told);
	snprintf(told + size, sizeof(told) - size, is_long ? "%zu bytes)" : ")", text.size);
}

static void tell_reply(const struct websocket_reply *reply) {
	if (reply->size == 0) {
		return;
	}
	struct slice payload = slice_of(reply->bytes + 2, reply->size - 2);
	assert_int_equal((uint8_t)reply->bytes[1], payload.size);
	if ((uint8_t)reply->bytes[0] == 0x8a) {
		tell("pong", payload);
		return;
	}
	char code[16] = "";
	assert_int_equal((uint8_t)reply->bytes[0], 0x88);
	if (payload.size >= 2) {
		snprintf(code, sizeof(code), "%u",
		         (unsigned)(uint8_t)payload.bytes[0] << 8 | (uint8_t)payload.bytes[1]);
	}
	tell("close", slice_from_string(code));
}

/* False: that was the end. */
static bool read_all(struct websocket **it, struct slice *bytes) {
	for (;;) {
		struct websocket_reply reply;
		bool is_text;
		switch (websocket_read(it, bytes, MOST, &reply)) {
		case WEBSOCKET_PART: return true;
		case WEBSOCKET_FRAME: tell_reply(&reply); break;
		case WEBSOCKET_MESSAGE: {
			struct slice message = websocket_message(*it, &is_text);
			tell(is_text ? "text" : "bytes", message);
			websocket_drop(it);
			break;
		}
		case WEBSOCKET_END: tell_reply(&reply); return false;
		}
	}
}

static void come_of(struct slice bytes, size_t step, const char *expected) {
	struct websocket *it = NULL;
	size_t held = 0;
	static char buffer[sizeof(made)];
	told[0] = '\0';
	bool goes_on = true;
	while (goes_on && bytes.size > 0) {
		size_t size = bytes.size < step ? bytes.size : step;
		memcpy(buffer + held, bytes.bytes, size);
		bytes = slice_from(bytes, size);
		struct slice there = slice_of(buffer, held + size);
		goes_on = read_all(&it, &there);
		memmove(buffer, there.bytes, there.size);
		held = there.size;
	}
	websocket_drop(&it);
	assert_string_equal(told, expected);
}

/* ---- frames, as clients send them ---- */

static void begin(void) {
	made_size = 0;
}

static void put(const void *bytes, size_t size) {
	memcpy(made + made_size, bytes, size);
	made_size += size;
}

/* `first` is its first byte: FIN, RSV, opcode. */
static void frame(unsigned first, const void *payload, size_t size) {
	static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
	uint8_t head[14] = {(uint8_t)first};
	size_t more = size < 126 ? 0 : size <= UINT16_MAX ? 2 : 8;
	head[1] = (uint8_t)(0x80 | (more == 0 ? size : more == 2 ? 126 : 127));
	for (size_t i = 0; i < more; i++) {
		head[2 + i] = (uint8_t)(size >> (8 * (more - 1 - i)));
	}
	memcpy(head + 2 + more, mask, 4);
	put(head, 6 + more);
	for (size_t i = 0; i < size; i++) {
		char byte = (char)(((const uint8_t *)payload)[i] ^ mask[i % 4]);
		put(&byte, 1);
	}
}

static void say(unsigned first, const char *payload) {
	frame(first, payload, strlen(payload));
}

static void end_in(const char *expected) {
	struct slice all = slice_of(made, made_size);
	come_of(all, SIZE_MAX, expected);
	come_of(all, 1, expected);
	come_of(all, 7, expected);
}

#define FIN 0x80u
#define TEXT 1u
#define BYTES 2u
#define CLOSE 8u
#define PING 9u
#define PONG 10u

/* ---- 1: framing ---- */

static void test_messages_of_all_sizes(void **state) {
	static const size_t sizes[] = {0, 1, 125, 126, 127, 128, 255, 256, 4096, 8191, MOST};
	static char payload[MOST];
	memset(payload, '*', sizeof(payload));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (unsigned opcode = TEXT; opcode <= BYTES; opcode++) {
			begin();
			frame(FIN | opcode, payload, sizes[i]);
			told[0] = '\0';
			tell(opcode == TEXT ? "text" : "bytes", slice_of(payload, sizes[i]));
			char expected[256];
			snprintf(expected, sizeof(expected), "%s", told);
			end_in(expected);
		}
	}
}

/* ---- 2: pings ---- */

static void test_pings_are_answered(void **state) {
	char long_one[126];
	memset(long_one, 'p', sizeof(long_one));
	begin();
	say(FIN | PING, "");
	say(FIN | PING, "hello");
	say(FIN | PONG, "nobody has asked");
	frame(FIN | PING, "\xff\xfe", 2);
	end_in("pong() pong(hello) pong(\xff\xfe)");
	begin();
	for (unsigned i = 0; i < 10; i++) {
		say(FIN | PING, "x");
	}
	end_in("pong(x) pong(x) pong(x) pong(x) pong(x) pong(x) pong(x) pong(x) pong(x) pong(x)");
	begin();
	frame(FIN | PING, long_one, 125);
	say(FIN | PONG, "nobody has asked");
	say(FIN | TEXT, "abc");
	char expected[256];
	snprintf(expected, sizeof(expected), "pong(%.125s) text(abc)", long_one);
	end_in(expected);
	begin();
	say(FIN | TEXT, "before");
	frame(FIN | PING, long_one, 126);
	end_in("text(before) close(1002)");
}

/* ---- 3, 4: reserved bits and opcodes ---- */

static void test_what_is_reserved_is_refused(void **state) {
	for (unsigned rsv = 1; rsv < 8; rsv++) {
		for (unsigned what = 0; what < 3; what++) {
			static const unsigned opcodes[] = {TEXT, CLOSE, PING};
			begin();
			say(FIN | TEXT, "before");
			say(FIN | rsv << 4 | opcodes[what], "");
			say(FIN | TEXT, "behind");
			end_in("text(before) close(1002)");
		}
	}
	for (unsigned opcode = 3; opcode < 16; opcode++) {
		if (opcode < 8 || opcode > 10) {
			begin();
			say(FIN | TEXT, "before");
			say(FIN | opcode, opcode % 2 == 0 ? "" : "with a payload");
			say(FIN | PING, "");
			end_in("text(before) close(1002)");
		}
	}
	begin(); /* No mask. */
	put("\x81\x03"
	    "abc",
	    5);
	end_in("close(1002)");
}

/* ---- 5: fragments ---- */

static void test_fragments_become_one(void **state) {
	begin();
	say(TEXT, "frag");
	say(FIN, "ment");
	say(BYTES, "");
	say(0, "");
	say(0, "x");
	say(FIN, "");
	say(FIN | TEXT, "whole");
	end_in("text(fragment) bytes(x) text(whole)");
	begin(); /* Control frames come between. */
	say(TEXT, "a");
	say(FIN | PING, "1");
	say(0, "b");
	say(FIN | PONG, "");
	say(FIN | PING, "2");
	say(FIN, "c");
	end_in("pong(1) pong(2) text(abc)");
	begin(); /* But are no fragments themselves. */
	say(PING, "frag");
	say(FIN, "ment");
	end_in("close(1002)");
	begin();
	say(PONG, "frag");
	end_in("close(1002)");
}

static void test_fragments_out_of_order(void **state) {
	static const unsigned first[] = {0, FIN};
	for (unsigned i = 0; i < 2; i++) {
		begin(); /* Of nothing. */
		say(first[i], "of nothing");
		say(FIN | TEXT, "behind");
		end_in("close(1002)");
		begin();
		say(FIN | TEXT, "whole");
		say(first[i], "of nothing");
		end_in("text(whole) close(1002)");
	}
	begin(); /* Another message in the middle of one. */
	say(TEXT, "frag");
	say(FIN | TEXT, "another");
	end_in("close(1002)");
	begin();
	say(BYTES, "frag");
	say(BYTES, "another");
	end_in("close(1002)");
}

/* ---- 6: UTF-8 ---- */

static void test_text_is_utf8(void **state) {
	static const char *const good[] = {
		"Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!",
		"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",
		"\xf0\x90\x80\x80",
		"\xef\xbf\xbf",
		"\xf4\x8f\xbf\xbf",
		"\xed\x9f\xbf",
		"\xee\x80\x80",
		"\xef\xbf\xbd",
	};
	static const char *const bad[] = {
		"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65\x64\x69\x74\x65\x64",
		"\xf4\x90\x80\x80",
		"\xf8\x88\x80\x80\x80",
		"\x80",
		"\xbf",
		"\xc0\x20",
		"\xfe",
		"\xff",
		"\xc0\xaf",
		"\xe0\x80\xaf",
		"\xf0\x80\x80\xaf",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xce",
		"\xe1\xbd",
		"\xf0\x90\x80",
	};
	char expected[256];
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		begin();
		say(FIN | TEXT, good[i]);
		snprintf(expected, sizeof(expected), "text(%s)", good[i]);
		end_in(expected);
		begin(); /* A byte a fragment. */
		say(TEXT, "");
		for (const char *at = good[i]; *at != '\0'; at++) {
			frame(0, at, 1);
		}
		say(FIN, "");
		end_in(expected);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin();
		say(FIN | TEXT, bad[i]);
		end_in("close(1007)");
		begin(); /* Seen in the fragment in which it is. */
		say(TEXT, "x");
		say(0, "\xff");
		end_in("close(1007)");
		begin(); /* Bytes may be what they like. */
		say(FIN | BYTES, bad[i]);
		snprintf(expected, sizeof(expected), "bytes(%s)", bad[i]);
		end_in(expected);
	}
}

/* ---- 7: closing ---- */

static void close_with(unsigned code, const char *why) {
	char payload[128] = {(char)(code >> 8), (char)(code & 0xff)};
	memcpy(payload + 2, why, strlen(why));
	frame(FIN | CLOSE, payload, 2 + strlen(why));
}

static void test_closing(void **state) {
	static const unsigned good[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009,
	                                1010, 1011, 3000, 3999, 4000, 4999};
	static const unsigned bad[] = {0,    999,  1004, 1005, 1006, 1016,
	                               1100, 2000, 2999, 5000, 65535};
	char why[124];
	begin();
	say(FIN | TEXT, "before");
	say(FIN | CLOSE, "");
	say(FIN | TEXT, "behind");
	say(FIN | PING, "");
	end_in("text(before) close()");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char expected[32];
		begin();
		close_with(good[i], i % 2 == 0 ? "" : "because");
		say(FIN | CLOSE, "");
		snprintf(expected, sizeof(expected), "close(%u)", good[i]);
		end_in(expected);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin();
		close_with(bad[i], "");
		end_in("close(1002)");
	}
	begin(); /* Half of a code. */
	frame(FIN | CLOSE, "\x03", 1);
	end_in("close(1002)");
	memset(why, 'w', sizeof(why));
	why[123] = '\0';
	begin();
	close_with(1000, why);
	end_in("close(1000)");
	begin();
	frame(FIN | CLOSE,
	      "\x03\xe8"
	      "12345678901234567890123456789012345678901234567890123456789012345678901234567890"
	      "12345678901234567890123456789012345678901234",
	      126);
	end_in("close(1002)");
	begin();
	close_with(1000, "\xce\xba\xe1\xbd\xb9\xed\xa0\x80");
	end_in("close(1007)");
	begin(); /* In the middle of a message, which then never ends. */
	say(TEXT, "frag");
	say(FIN | CLOSE, "");
	end_in("close()");
}

/* ---- 9: limits ---- */

static void test_what_is_too_long_is_refused_before_it_comes(void **state) {
	static char payload[MOST + 1];
	memset(payload, 'x', sizeof(payload));
	begin();
	frame(FIN | TEXT, payload, MOST + 1);
	made_size = 8; /* Its head alone. */
	end_in("close(1009)");
	begin();
	put("\x82\xff\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00", 14);
	end_in("close(1009)");
	begin();
	put("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", 14);
	end_in("close(1009)");
	begin();
	frame(BYTES, payload, MOST);
	frame(0, payload, 0);
	frame(FIN, payload, 1);
	end_in("close(1009)");
	begin();
	put("\x82\xfe\x00\x03\x00\x00\x00\x00"
	    "abc",
	    11); /* Longer than it need be. */
	end_in("close(1002)");
}

/* ---- out ---- */

static void frames_of(const char *lines, const char *expected, size_t size) {
	char out[1024];
	assert_int_equal(websocket_frames(slice_from_string(lines), true, out, sizeof(out)), size);
	assert_memory_equal(out, expected, size);
}

static void test_lines_become_frames(void **state) {
	static char lines[70000], out[2 * sizeof(lines) + 4];
	frames_of("", "", 0);
	frames_of("\r\n\n", "", 0);
	frames_of("abc\r\n",
	          "\x81\x03"
	          "abc",
	          5);
	frames_of("abc",
	          "\x81\x03"
	          "abc",
	          5);
	frames_of("a\nbc\r\n\r\nd\r\n",
	          "\x81\x01"
	          "a\x81\x02"
	          "bc\x81\x01"
	          "d",
	          10);
	static const size_t sizes[] = {125, 126, 65535};
	for (size_t i = 0; i < 3; i++) {
		memset(lines, 'x', sizes[i]);
		memcpy(lines + sizes[i], "\r\n", 2);
		size_t head = sizes[i] < 126 ? 2 : 4;
		size_t size =
			websocket_frames(slice_of(lines, sizes[i] + 2), false, out, sizeof(out));
		assert_int_equal(size, head + sizes[i]);
		assert_int_equal((uint8_t)out[0], 0x82);
		assert_int_equal((uint8_t)out[1], sizes[i] < 126 ? sizes[i] : 126);
		if (head == 4) {
			assert_int_equal((uint8_t)out[2] << 8 | (uint8_t)out[3], sizes[i]);
		}
	}
	/* The worst case fits. */
	for (size_t i = 0; i < 1000; i += 2) {
		memcpy(lines + i, "x\n", 2);
	}
	assert_int_equal(websocket_frames(slice_of(lines, 1000), true, out, 2004), 1500);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_of_all_sizes),
		cmocka_unit_test(test_pings_are_answered),
		cmocka_unit_test(test_what_is_reserved_is_refused),
		cmocka_unit_test(test_fragments_become_one),
		cmocka_unit_test(test_fragments_out_of_order),
		cmocka_unit_test(test_text_is_utf8),
		cmocka_unit_test(test_closing),
		cmocka_unit_test(test_what_is_too_long_is_refused_before_it_comes),
		cmocka_unit_test(test_lines_become_frames),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
