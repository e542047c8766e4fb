/* IRC's lines: tables of what Modern IRC and the IRCv3 specifications say. */
#include "unit.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "irc_capability.h"
#include "irc_mask.h"
#include "irc_message.h"
#include "irc_mode.h"
#include "irc_numeric.h"
#include "irc_sasl.h"
#include "irc_time.h"

static struct slice text(const char *string) {
	return slice_from_string(string);
}

#define assert_slice(slice, string) assert_true(slice_equal((slice), text(string)))

/* ---- lines ---- */

static void lines(void **state) {
	static const struct {
		const char *line, *tags, *source, *command;
		size_t count;
		const char *parameters[4];
	} rows[] = {
		{"PING", "", "", "PING", 0, {0}},
		{"ping a", "", "", "ping", 1, {"a"}},
		{"PRIVMSG #a :hello world", "", "", "PRIVMSG", 2, {"#a", "hello world"}},
		{"PRIVMSG #a :", "", "", "PRIVMSG", 2, {"#a", ""}},
		{"PRIVMSG #a ::)", "", "", "PRIVMSG", 2, {"#a", ":)"}},
		{":nick!u@h PRIVMSG  #a   b:c ", "", "nick!u@h", "PRIVMSG", 2, {"#a", "b:c"}},
		{"@a=b;+c :n TAGMSG x", "a=b;+c", "n", "TAGMSG", 1, {"x"}},
		{"@ TAGMSG x", "", "", "TAGMSG", 1, {"x"}},
		{"  JOIN #大厅,#b  k ", "", "", "JOIN", 2, {"#大厅,#b", "k"}},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct irc_message message;
		assert_true(irc_parse(text(rows[i].line), &message));
		assert_slice(message.tags, rows[i].tags);
		assert_slice(message.source, rows[i].source);
		assert_slice(message.command, rows[i].command);
		assert_int_equal(message.count, rows[i].count);
		for (size_t j = 0; j < rows[i].count; j++) {
			assert_slice(message.parameters[j], rows[i].parameters[j]);
		}
	}
}

static void no_lines(void **state) {
	static const char *const rows[] = {"", " ", "@a", "@a ", ":x", ":x  ", "@a :x"};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct irc_message message;
		assert_false(irc_parse(text(rows[i]), &message));
	}
}

static void the_fifteenth_parameter_takes_the_rest(void **state) {
	struct irc_message message;
	assert_true(irc_parse(text("X 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 :17"), &message));
	assert_int_equal(message.count, 15);
	assert_slice(message.parameters[14], "15 16 :17");
	assert_slice(irc_parameter(&message, 15), "");
}

static void tags(void **state) {
	static const char line[] = ";;a=1;b;a=2;+draft/x=\\:\\s\\\\\\r\\n\\q\\;=z;+=y;+b%=1";
	struct slice rest = text(line);
	struct irc_tag tag;
	char out[32];
	assert_true(irc_find_tag(rest, "a", &tag));
	assert_slice(tag.value, "2");
	assert_false(irc_find_tag(rest, "c", &tag));
	assert_true(irc_find_tag(rest, "+draft/x", &tag));
	assert_true(irc_is_client_tag(&tag));
	assert_slice(slice_of(out, irc_unescape(tag.value, out, sizeof(out))), "; \\\r\nq");
	assert_int_equal(irc_unescape(tag.value, out, 3), 0);
	unsigned count = 0, of_clients = 0;
	while (irc_next_tag(&rest, &tag)) {
		count++;
		of_clients += irc_is_client_tag(&tag);
	}
	assert_int_equal(count, 6);
	assert_int_equal(of_clients, 1);
}

static void escaping_comes_back(void **state) {
	char bytes[64], back[32];
	static const char value[] = "a; b\\c\r\nd";
	struct irc_line line = irc_line_at(bytes, sizeof(bytes));
	irc_put_escaped(&line, text(value));
	assert_null(memchr(bytes, ';', line.size));
	assert_null(memchr(bytes, ' ', line.size));
	assert_slice(slice_of(back, irc_unescape(irc_line_slice(&line), back, sizeof(back))),
	             value);
}

static void putting_together(void **state) {
	char bytes[64];
	struct irc_line line = irc_line_at(bytes, sizeof(bytes));
	irc_put_text(&line, "X");
	irc_put_parameter(&line, text("a"));
	irc_put_parameter(&line, text("b:c"));
	irc_put_parameter(&line, text("d e\r\nQUIT"));
	irc_end(&line);
	assert_slice(irc_line_slice(&line), "X a b:c :d e  QUIT\r\n");
	line = irc_line_at(bytes, sizeof(bytes));
	irc_put_text(&line, "KILL bob :why\r\n:eve QUIT");
	irc_put(&line, slice_of("\0", 1));
	irc_end(&line);
	assert_slice(irc_line_slice(&line), "KILL bob :why  :eve QUIT \r\n");
	line = irc_line_at(bytes, 4);
	irc_put_number(&line, 12345);
	assert_true(line.is_full);
	assert_slice(irc_line_slice(&line), "");
}

static void numerics(void **state) {
	assert_int_equal(ERR_UNKNOWNCOMMAND, 421);
	assert_string_equal(irc_numeric_text(ERR_NOTEXTTOSEND), "No text to send");
	assert_string_equal(irc_numeric_text(999), "");
}

/* ---- masks ---- */

static void masks_are_made_whole(void **state) {
	static const char *const rows[][2] = {
		{"小明", "小明!*@*"},   {"*@host", "*!*@host"}, {"u@h", "*!u@h"},
		{"n!u", "n!u@*"},       {"n!u@h", "n!u@h"},     {"!@", "*!*@*"},
		{"n!u@a@h", "n!u@a@h"}, {"a@b!c", "a@b!c@*"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[IRC_MASK_BYTES_MAX];
		size_t size = irc_mask_complete(text(rows[i][0]), out, sizeof(out));
		assert_slice(slice_of(out, size), rows[i][1]);
	}
	char out[4];
	assert_int_equal(irc_mask_complete(text("a b"), out, sizeof(out)), 0);
	assert_int_equal(irc_mask_complete(text(""), out, sizeof(out)), 0);
	assert_int_equal(irc_mask_complete(text("小明小明"), out, sizeof(out)), 0);
}

static void extended_masks_are_made_whole(void **state) {
	static const char *const rows[][2] = {
		{"a:小明", "a:小明"},       {"m:小明", "m:小明!*@*"}, {"m:a:b*", "m:a:b*"},
		{"m:*@host", "m:*!*@host"}, {"b:c", "b:c!*@*"},       {"a:m:b", "a:m:b"},
		{"m:m:b", "m:m:b!*@*"},     {"A:b", "A:b!*@*"},       {"小明", "小明!*@*"},
	};
	static const char *const wrong[] = {
		"", "a:", "m:", "m:a:", "a:b!*@*", "a:@", "m:a b", "a:b c"};
	char out[IRC_MASK_BYTES_MAX];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t size = irc_room_mask_complete(text(rows[i][0]), out, sizeof(out));
		assert_slice(slice_of(out, size), rows[i][1]);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(irc_room_mask_complete(text(wrong[i]), out, sizeof(out)), 0);
	}
	for (size_t room = 0; room < 9; room++) {
		assert_int_equal(irc_room_mask_complete(text("m:abc"), out, room), 0);
		assert_int_equal(irc_room_mask_complete(text("m:a:abcde"), out, room), 0);
	}
	struct irc_room_mask mask = irc_room_mask_of(text("m:a:b"));
	assert_true(mask.is_of_account && mask.is_of_speech);
	assert_slice(mask.pattern, "b");
	mask = irc_room_mask_of(text("a:m:b"));
	assert_true(mask.is_of_account && !mask.is_of_speech);
	assert_slice(mask.pattern, "m:b");
}

static void masks_match(void **state) {
	static const struct {
		const char *mask, *text;
		bool matches;
	} rows[] = {
		{"*", "", true},
		{"*", "a", true},
		{"", "", true},
		{"", "a", false},
		{"a*c", "abbc", true},
		{"a*c", "abcd", false},
		{"a?c", "abc", true},
		{"a?c", "a明c", true},
		{"a?c", "ac", false},
		{"*b*b*", "abab", true},
		{"*b*b*", "aba", false},
		{"*!*@*", "n!u@h", true},
		{"小?!*@*", "小明!u@h", true},
		{"**a", "bca", true},
		{"*a?", "aaab", true},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(irc_mask_matches(text(rows[i].mask), text(rows[i].text)),
		                 rows[i].matches);
	}
}

static void masks_are_folded(void **state) {
	char mask[64], name[64];
	size_t mask_size = irc_mask_fold(text("ＡDMIN*!*@*"), mask, sizeof(mask));
	size_t name_size = irc_mask_fold(text("admin1!U@H"), name, sizeof(name));
	assert_true(irc_mask_matches(slice_of(mask, mask_size), slice_of(name, name_size)));
	assert_int_equal(irc_mask_fold(text("\xff"), mask, sizeof(mask)), 0);
	assert_int_equal(irc_mask_fold(text("abcdef"), mask, 3), 0);
}

/* ---- modes ---- */

static void modes(void **state) {
	struct irc_message message;
	struct irc_mode_change change;
	assert_true(irc_parse(text("MODE #a +o-vk+bl 小明 小红 key m!*@* 5"), &message));
	struct irc_mode_walk walk = irc_mode_begin(&message, 1);
	static const struct {
		char letter;
		bool is_set;
		const char *argument;
	} rows[] = {{'o', true, "小明"},
	            {'v', false, "小红"},
	            {'k', false, "key"},
	            {'b', true, "m!*@*"},
	            {'l', true, "5"}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(irc_mode_next(&walk, &change));
		assert_int_equal(change.letter, rows[i].letter);
		assert_int_equal(change.is_set, rows[i].is_set);
		assert_int_equal(change.fault, MODE_OK);
		assert_slice(change.argument, rows[i].argument);
	}
	assert_false(irc_mode_next(&walk, &change));
}

static void modes_with_faults(void **state) {
	struct irc_message message;
	struct irc_mode_change change;
	assert_true(irc_parse(text("MODE #a bZ+l-l+o-k"), &message));
	struct irc_mode_walk walk = irc_mode_begin(&message, 1);
	assert_true(irc_mode_next(&walk, &change) && change.is_question);
	assert_true(irc_mode_next(&walk, &change));
	assert_int_equal(change.fault, MODE_UNKNOWN);
	assert_true(irc_mode_next(&walk, &change));
	assert_int_equal(change.fault, MODE_NO_ARGUMENT);
	assert_true(irc_mode_next(&walk, &change));
	assert_int_equal(change.fault, MODE_OK);
	assert_true(irc_mode_next(&walk, &change));
	assert_int_equal(change.fault, MODE_NO_ARGUMENT);
	assert_true(irc_mode_next(&walk, &change));
	assert_int_equal(change.fault, MODE_OK);
	assert_false(irc_mode_next(&walk, &change));
	walk = irc_mode_begin(&message, 7);
	assert_false(irc_mode_next(&walk, &change));
}

static void chanmodes_follow_from_the_table(void **state) {
	static const char chanmodes[] = IRC_CHANMODES;
	unsigned group = 0;
	for (const char *at = chanmodes; *at != '\0'; at++) {
		enum irc_mode_type type;
		if (*at == ',') {
			group++;
			continue;
		}
		assert_true(irc_mode_type_of(*at, &type));
		assert_int_equal(type, group);
	}
	assert_int_equal(group, MODE_FLAG);
	enum irc_mode_type type;
	assert_true(irc_mode_type_of(IRC_PREFIX[1], &type) && type == MODE_PREFIX);
}

/* ---- times ---- */

static void times(void **state) {
	char bytes[64];
	uint64_t time_us = 0;
	struct irc_line line = irc_line_at(bytes, sizeof(bytes));
	irc_put_time(&line, 1764099000123456);
	assert_slice(irc_line_slice(&line), "2025-11-25T19:30:00.123Z");
	assert_int_equal(line.size, IRC_TIME_BYTES);
	assert_true(irc_read_time(irc_line_slice(&line), &time_us));
	assert_true(time_us == 1764099000123000);
	assert_true(irc_read_time(text("2025-11-25T19:30:00Z"), &time_us));
	assert_true(time_us == 1764099000000000);
	assert_true(irc_read_time(text("2024-02-29T00:00:00.5Z"), &time_us));
	static const char *const bad[] = {"",
	                                  "2025-11-25",
	                                  "2025-11-25T19:30:00",
	                                  "2025-02-29T00:00:00Z",
	                                  "2025-13-01T00:00:00Z",
	                                  "2025-11-25T24:00:00Z",
	                                  "2025-11-25T19:30:00.Z",
	                                  "2025-11-25T19:30:00.1234567Z",
	                                  "2025-11-25T19:30:00Zx",
	                                  "1969-12-31T23:59:59Z",
	                                  "x025-11-25T19:30:00Z"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(irc_read_time(text(bad[i]), &time_us));
	}
}

static void msgids(void **state) {
	static const uint64_t values[][2] = {{1, 1}, {UINT64_MAX, UINT64_MAX}, {0, 104117}};
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char bytes[IRC_MSGID_BYTES_MAX];
		uint64_t log, seq;
		struct irc_line line = irc_line_at(bytes, sizeof(bytes));
		irc_put_msgid(&line, values[i][0], values[i][1]);
		assert_false(line.is_full);
		assert_true(irc_read_msgid(irc_line_slice(&line), &log, &seq));
		assert_true(log == values[i][0] && seq == values[i][1]);
	}
	uint64_t log, seq;
	assert_false(irc_read_msgid(text("0000000000001-"), &log, &seq));
	assert_false(irc_read_msgid(text("zzzzzzzzzzzzz-1"), &log, &seq));
	assert_false(irc_read_msgid(text("000000000000l-1"), &log, &seq));
	assert_false(irc_read_msgid(text(""), &log, &seq));
}

static void histories(void **state) {
	static const struct {
		const char *line;
		enum irc_history_verb verb;
		enum irc_history_fault fault;
		unsigned limit;
	} rows[] = {
		{"CHATHISTORY LATEST #a * 100", HISTORY_LATEST, HISTORY_OK, 100},
		{"CHATHISTORY latest #a msgid=0000000000001-9 5", HISTORY_LATEST, HISTORY_OK, 5},
		{"CHATHISTORY BEFORE #a timestamp=2025-11-25T19:30:00.123Z 50", HISTORY_BEFORE,
	         HISTORY_OK, 50},
		{"CHATHISTORY BEFORE #a * 50", HISTORY_BEFORE, HISTORY_INVALID_PARAMS, 50},
		{"CHATHISTORY BETWEEN #a msgid=0000000000001-1 msgid=0000000000001-9 7",
	         HISTORY_BETWEEN, HISTORY_OK, 7},
		{"CHATHISTORY TARGETS timestamp=2025-11-25T19:30:00Z "
	         "timestamp=2025-11-26T19:30:00Z 10",
	         HISTORY_TARGETS, HISTORY_OK, 10},
		{"CHATHISTORY TARGETS msgid=0000000000001-1 msgid=0000000000001-9 10",
	         HISTORY_TARGETS, HISTORY_INVALID_PARAMS, 10},
		{"CHATHISTORY AROUND #a msgid=x 7", HISTORY_AROUND, HISTORY_INVALID_PARAMS, 7},
		{"CHATHISTORY AFTER #a msgid=0000000000001-1 0", HISTORY_AFTER,
	         HISTORY_INVALID_PARAMS, 0},
		{"CHATHISTORY AFTER #a msgid=0000000000001-1", HISTORY_AFTER,
	         HISTORY_NEED_MORE_PARAMS, 0},
		{"CHATHISTORY", HISTORY_UNKNOWN, HISTORY_NEED_MORE_PARAMS, 0},
		{"CHATHISTORY FIRST #a * 5", HISTORY_UNKNOWN, HISTORY_INVALID_PARAMS, 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct irc_message message;
		assert_true(irc_parse(text(rows[i].line), &message));
		struct irc_history history = irc_read_history(&message);
		assert_int_equal(history.verb, rows[i].verb);
		assert_int_equal(history.fault, rows[i].fault);
		assert_int_equal(history.limit, rows[i].limit);
	}
}

/* ---- capabilities ---- */

static void capabilities(void **state) {
	uint64_t set = 0;
	const uint64_t all = ((uint64_t)1 << CAPABILITIES_COUNT) - 1;
	assert_true(irc_capability_request(text("batch server-time"), all, &set));
	assert_true(set == (irc_bit(CAP_BATCH) | irc_bit(CAP_SERVER_TIME)));
	assert_false(irc_capability_request(text("echo-message nonsense"), all, &set));
	assert_false(irc_capability_request(text("echo-message"), irc_bit(CAP_BATCH), &set));
	assert_true(set == (irc_bit(CAP_BATCH) | irc_bit(CAP_SERVER_TIME)));
	assert_true(irc_capability_request(text(" -batch  -batch "), all, &set));
	assert_true(set == irc_bit(CAP_SERVER_TIME));
}

static void capabilities_in_several_lines(void **state) {
	const uint64_t all = ((uint64_t)1 << CAPABILITIES_COUNT) - 1;
	enum irc_capability at = 0;
	uint64_t seen = 0;
	bool is_more;
	unsigned lines_count = 0;
	do {
		char bytes[600];
		struct irc_line line = irc_line_at(bytes, sizeof(bytes));
		is_more = irc_capability_words(all, false, &at, 80, &line);
		assert_true(line.size > 0 && line.size <= 80);
		assert_true(irc_capability_request(irc_line_slice(&line), all, &seen));
		lines_count++;
	} while (is_more);
	assert_true(seen == all);
	assert_true(lines_count > 3);
}

/* ---- SASL ---- */

static void plain(void **state) {
	struct sasl_message message = {0};
	struct sasl_plain read;
	assert_int_equal(sasl_take_piece(&message, text("AOWwj+aYjgBwZW5jaWw=")), SASL_WHOLE);
	assert_true(sasl_read_plain(slice_of(message.bytes, message.size), &read));
	assert_slice(read.name, "小明");
	assert_slice(read.password, "pencil");
	assert_false(sasl_read_plain(slice_of("a\0b", 3), &read));
	assert_false(sasl_read_plain(slice_of("\0\0p", 3), &read));
	assert_false(sasl_read_plain(slice_of("\0n\0", 3), &read));
	assert_false(sasl_read_plain(slice_of("\0n\0p\0q", 6), &read));
}

static void pieces(void **state) {
	struct sasl_message message = {0};
	char full[SASL_PIECE_BYTES];
	memset(full, 'A', sizeof(full));
	assert_int_equal(sasl_take_piece(&message, slice_of(full, sizeof(full))), SASL_MORE);
	assert_int_equal(sasl_take_piece(&message, text("+")), SASL_WHOLE);
	assert_int_equal(message.size, 300);
	message = (struct sasl_message){0};
	assert_int_equal(sasl_take_piece(&message, text("*")), SASL_ABORTED);
	assert_int_equal(sasl_take_piece(&message, text("a!")), SASL_NOT_BASE64);
	message = (struct sasl_message){0};
	enum sasl_piece piece = SASL_MORE;
	for (int i = 0; i < 10 && piece == SASL_MORE; i++) {
		piece = sasl_take_piece(&message, slice_of(full, sizeof(full)));
	}
	assert_int_equal(piece, SASL_TOO_LONG);
}

static void hmac(const uint8_t *key, size_t key_size, const void *bytes, size_t size,
                 uint8_t out[32]) {
	crypto_auth_hmacsha256_state hmac_state;
	crypto_auth_hmacsha256_init(&hmac_state, key, key_size);
	crypto_auth_hmacsha256_update(&hmac_state, bytes, size);
	crypto_auth_hmacsha256_final(&hmac_state, out);
}

/* The example of RFC 7677, section 3. */
static struct scram_keys keys_of_the_rfc(void) {
	struct scram_keys keys = {.iterations = 4096};
	uint8_t first[20], u[32], sum[32], client[32];
	size_t size;
	sodium_base642bin(keys.salt, sizeof(keys.salt), "W22ZaJ0SNY7soEsUEjb6gQ==", 24, NULL, &size,
	                  NULL, sodium_base64_VARIANT_ORIGINAL);
	memcpy(first, keys.salt, 16);
	memcpy(first + 16, "\0\0\0\1", 4);
	hmac((const uint8_t *)"pencil", 6, first, sizeof(first), u);
	memcpy(sum, u, 32);
	for (unsigned i = 1; i < keys.iterations; i++) {
		hmac((const uint8_t *)"pencil", 6, u, 32, u);
		for (unsigned j = 0; j < 32; j++) {
			sum[j] ^= u[j];
		}
	}
	hmac(sum, 32, "Client Key", 10, client);
	crypto_hash_sha256(keys.stored, client, 32);
	hmac(sum, 32, "Server Key", 10, keys.server);
	return keys;
}

static void scram_of_the_rfc(void **state) {
	struct scram scram;
	struct scram_keys keys = keys_of_the_rfc();
	char out[64];
	size_t size;
	assert_true(scram_begin(&scram, text("n,,n=user,r=rOprNGfwEbeRWgbNEkqO")));
	assert_slice(slice_of(scram.name, scram.name_size), "user");
	assert_true(scram_challenge(&scram, &keys, text("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")));
	assert_slice(slice_of(scram.challenge, scram.challenge_size),
	             "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	             "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
	struct scram other = scram;
	assert_true(scram_finish(&scram,
	                         text("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	                              "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
	                         out, &size));
	assert_slice(slice_of(out, size), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
	assert_int_equal(scram.state, SCRAM_PROVEN);
	assert_false(
		scram_finish(&other,
	                     text("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	                          "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVA="),
	                     out, &size));
	assert_int_equal(other.state, SCRAM_FAILED);
}

static void scram_refuses(void **state) {
	static const char *const bad[] = {"",
	                                  "p=tls-unique,,n=user,r=abc",
	                                  "n,,n=us=er,r=abc",
	                                  "n,,n=,r=abc",
	                                  "n,,n=user,r=",
	                                  "n,,n=user,r=a c",
	                                  "n,,r=abc,n=user",
	                                  "n,,m=x,n=user,r=abc"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct scram scram;
		assert_false(scram_begin(&scram, text(bad[i])));
	}
	struct scram scram;
	assert_true(scram_begin(&scram, text("n,a=x,n=a=2Cb=3D,r=abc")));
	assert_slice(slice_of(scram.name, scram.name_size), "a,b=");
}

/* The final message says again what the first began with, and nothing else. */
static void scram_keeps_to_its_binding(void **state) {
	static const char *const rest = ",r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
					"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
	static const char *const bindings[] = {"c=eSws", "c=bixhPXgs", "c=", "c=biw", "c=biwsbiws"};
	struct scram_keys keys = keys_of_the_rfc();
	for (size_t i = 0; i < sizeof(bindings) / sizeof(bindings[0]); i++) {
		struct scram scram;
		char message[256], out[64];
		size_t size;
		assert_true(scram_begin(&scram, text("n,,n=user,r=rOprNGfwEbeRWgbNEkqO")));
		assert_true(scram_challenge(&scram, &keys, text("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")));
		snprintf(message, sizeof(message), "%s%s", bindings[i], rest);
		assert_false(scram_finish(&scram, text(message), out, &size));
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(no_lines),
		cmocka_unit_test(the_fifteenth_parameter_takes_the_rest),
		cmocka_unit_test(tags),
		cmocka_unit_test(escaping_comes_back),
		cmocka_unit_test(putting_together),
		cmocka_unit_test(numerics),
		cmocka_unit_test(masks_are_made_whole),
		cmocka_unit_test(extended_masks_are_made_whole),
		cmocka_unit_test(masks_match),
		cmocka_unit_test(masks_are_folded),
		cmocka_unit_test(modes),
		cmocka_unit_test(modes_with_faults),
		cmocka_unit_test(chanmodes_follow_from_the_table),
		cmocka_unit_test(times),
		cmocka_unit_test(msgids),
		cmocka_unit_test(histories),
		cmocka_unit_test(capabilities),
		cmocka_unit_test(capabilities_in_several_lines),
		cmocka_unit_test(plain),
		cmocka_unit_test(pieces),
		cmocka_unit_test(scram_of_the_rfc),
		cmocka_unit_test(scram_refuses),
		cmocka_unit_test(scram_keeps_to_its_binding),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
