/*
 * The stream face over socket pairs: lines in, answers and entries out in one
 * order, whatever the reader does; and what ends a connection.
 */
#include "stream_help.h"

static int set_up(void **state) {
	world_begin();
	return 0;
}

static int tear_down(void **state) {
	world_end();
	return 0;
}

static void client_enters(struct client *client, uint64_t person) {
	char text[64];
	snprintf(text, sizeof(text), "ENTER %llu\n", (unsigned long long)person);
	client_says(client, text);
	turn(2);
}

/* ---- input ---- */

static void test_lines_come_in_however_they_are_cut(void **state) {
	static const char script[] = "ECHO one\r\nECHO two\r\n\r\nECHO three\n";
	for (size_t cut = 0; cut < sizeof(script) - 1; cut++) {
		struct client client = connects(0);
		assert_int_equal(send(client.fd, script, cut, 0), cut);
		turn(2);
		client_says(&client, script + cut);
		assert_string_equal(client_hears(&client), "one\ntwo\nthree\n");
		client_ends(&client);
	}
	turn(4);
	assert_int_equal(world.seen.opened, sizeof(script) - 1);
	assert_int_equal(world.seen.closed, world.seen.opened);
	assert_int_equal(world.seen.end, STREAM_END_CLOSED);
	assert_int_equal(stream_count(world.stream), 0);
}

static void test_a_flood_without_an_end_is_one_answer(void **state) {
	struct client client = connects(0);
	char bytes[1000];
	memset(bytes, 'x', sizeof(bytes));
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(send(client.fd, bytes, sizeof(bytes), 0), sizeof(bytes));
		turn(2);
		const struct stream_connection *it = stream_find(world.stream, client.name);
		assert_true(it->input_size <= STREAM_INPUT_BYTES_MAX);
	}
	client_says(&client, "\nECHO after\n");
	assert_string_equal(client_hears(&client), "too long\nafter\n");
	assert_int_equal(world.seen.too_long, 1);
	client_ends(&client);
}

static void test_other_protocols_are_told_by_their_first_bytes(void **state) {
	struct client http = connects(0), tls = connects(0);
	client_says(&http, "GET /no HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /");
	client_says(&tls, "\x16\x03\x01");
	assert_true(strncmp(client_hears(&http), "HTTP/1.1 404 ", 13) == 0);
	client_hears(&tls);
	assert_int_equal(tls.size, 7);
	assert_int_equal(tls.heard[0], 0x15);
	assert_true(http.is_at_end && tls.is_at_end);
	assert_int_equal(world.seen.opened, 0);
	client_ends(&http);
	client_ends(&tls);
	turn(4);
	assert_int_equal(stream_count(world.stream), 0);
}

static void test_a_settled_line_waits_for_requests_and_the_log(void **state) {
	struct client client = connects(0);
	struct record request;
	client_says(&client, "ASK a\nWAIT b\nECHO c\n");
	assert_string_equal(client_hears(&client), "");
	assert_true(take_request(&request));
	assert_int_equal(request.connection.slot, client.name.slot);
	answers(&request, "asked");
	assert_string_equal(client_hears(&client), "asked\nb\nc\n");
	client_says(&client, "WAIT d\n");
	assert_string_equal(client_hears(&client), "asked\nb\nc\nd\n");
	client_ends(&client);
}

static void test_what_happened_before_comes_before_a_settled_answer(void **state) {
	uint64_t ming = make_person("ming"), hong = make_person("hong"), room = make_room("#r");
	joins(ming, room);
	turn(2);
	struct client client = connects(0);
	client_enters(&client, ming);
	says(hong, room, "before");
	client_says(&client, "WAIT pong\n");
	char expected[64];
	snprintf(expected, sizeof(expected), "0 %llu before\npong\n",
	         (unsigned long long)world.seq);
	assert_string_equal(client_hears(&client), expected);
	client_ends(&client);
}

static void test_a_flood_is_slowed(void **state) {
	struct client client = connects(0);
	world.stream->limits.pace = pace_of(200, 5);
	uint64_t before_us = clock_steady_us();
	for (unsigned i = 0; i < 45; i++) {
		client_says(&client, "ECHO x\n");
	}
	while (world.seen.lines < 45) {
		turn(1);
	}
	/* 40 beyond the burst, at 200 a second; nobody is lost. */
	assert_true(clock_steady_us() - before_us >= 150 * 1000);
	client_hears(&client);
	assert_int_equal(client.size, 45 * 2);
	client_ends(&client);
}

static void test_who_does_not_read_is_not_heard(void **state) {
	struct client client = connects(4096);
	client_says(&client, "BIG 60000\n");
	turn(4);
	client_says(&client, "ECHO after\n");
	turn(10);
	assert_int_equal(world.seen.lines, 1);
	client_hears(&client);
	assert_int_equal(world.seen.lines, 2);
	assert_int_equal(client.size, 60001 + 6);
	client_ends(&client);
}

static void test_long_answers_come_bit_by_bit(void **state) {
	struct client client = connects(4096);
	char line[32], *at;
	client_says(&client, "MORE 5000\nECHO after\n");
	turn(10);
	const struct stream_connection *it = stream_find(world.stream, client.name);
	assert_true(answers_size(it->answers) < 32 * 1024);
	at = (char *)client_hears(&client);
	for (unsigned i = 5000; i-- > 0;) {
		snprintf(line, sizeof(line), "more %u\n", i);
		assert_memory_equal(at, line, strlen(line));
		at += strlen(line);
	}
	assert_string_equal(at, "after\n");
	client_ends(&client);
}

/* ---- ends ---- */

static void test_last_words_are_the_last(void **state) {
	struct client client = connects(0);
	client_says(&client, "ECHO a\nBYE\nECHO b\n");
	assert_string_equal(client_hears(&client), "a\nbye\n");
	assert_true(client.is_at_end);
	assert_int_equal(world.seen.closed, 1);
	assert_int_equal(world.seen.end, STREAM_END_OURS);
	assert_null(stream_of_person(world.stream, 1));
	client_ends(&client);
	turn(4);
	assert_int_equal(stream_count(world.stream), 0);
}

static void test_who_ends_is_gone_at_once(void **state) {
	uint64_t ming = make_person("ming");
	struct client client = connects(0);
	struct record request;
	client_enters(&client, ming);
	assert_non_null(stream_of_person(world.stream, ming));
	client_ends(&client);
	turn(2);
	assert_int_equal(world.seen.closed, 1);
	assert_true(take_request(&request));
	assert_int_equal(request.kind, REQUEST_GONE);
	assert_int_equal(request.session, ming);
	assert_null(stream_of_person(world.stream, ming));
}

static void test_lines_before_the_end_count(void **state) {
	struct client client = connects(0);
	client_says(&client, "ECHO a\nECHO b\nWAIT c\nECHO");
	client_ends(&client);
	turn(4);
	assert_int_equal(world.seen.lines, 3);
	assert_int_equal(world.seen.closed, 1);
}

static void test_who_does_not_read_for_long_is_closed(void **state) {
	struct client reads = connects(4096), stalls = connects(4096);
	world.stream->limits.stall_us = 400 * 1000;
	uint64_t until_us = clock_steady_us() + 20 * 1000 * 1000;
	client_says(&stalls, "BIG 100000\n");
	client_says(&reads, "BIG 100000\n");
	while (world.seen.closed == 0 && clock_steady_us() < until_us) {
		turn(1);
		client_reads(&reads, 20);
	}
	assert_int_equal(world.seen.closed, 1);
	assert_int_equal(world.seen.end, STREAM_END_STALLED);
	assert_null(stream_find(world.stream, stalls.name));
	client_ends(&reads);
	client_ends(&stalls);
}

static void test_more_answers_than_may_be_end_it(void **state) {
	struct client client = connects(4096);
	client_says(&client, "BIG 600000\n");
	turn(4);
	assert_int_equal(world.seen.closed, 1);
	assert_int_equal(world.seen.end, STREAM_END_OVERRUN);
	assert_int_equal(stream_count(world.stream), 0);
	client_ends(&client);
}

static void test_silence_is_asked_about_and_then_ends_it(void **state) {
	uint64_t ming = make_person("ming");
	struct client client = connects(0);
	client_enters(&client, ming);
	world.stream->limits.ping_us = world.stream->limits.timeout_us = 200 * 1000;
	world.stream->sweep_us = LOOP_FOREVER;
	while (world.seen.quiet == 0) {
		turn(1);
	}
	assert_int_equal(world.seen.closed, 0);
	client_says(&client, "ECHO here\n");
	while (world.seen.quiet == 1) {
		turn(1);
	}
	assert_int_equal(world.seen.closed, 0);
	while (world.seen.closed == 0) {
		turn(1);
	}
	assert_int_equal(world.seen.quiet, 2);
	assert_int_equal(world.seen.end, STREAM_END_SILENT);
	client_ends(&client);
}

static void test_who_never_enters_is_closed(void **state) {
	struct client client = connects(0);
	world.stream->limits.register_us = 100 * 1000;
	world.stream->sweep_us = LOOP_FOREVER;
	client_says(&client, "ECHO a\n");
	while (world.seen.closed == 0) {
		turn(1);
	}
	assert_int_equal(world.seen.end, STREAM_END_SILENT);
	client_ends(&client);
}

/* Of those who are here, too; and it is looked at once. */
static void test_limits_follow_the_configuration(void **state) {
	struct client client = connects(0);
	turn(4);
	assert_true(world.stream->limits.ping_us > 7000000);
	world.config.version++;
	world.config.ping_s = 7;
	world.config.ping_timeout_s = 8;
	world.config.register_s = 9;
	world.config.connections_per_network = 3;
	world.stream->sweep_us = LOOP_FOREVER - 1;
	turn(1);
	assert_int_equal(world.stream->limits.ping_us, 7000000);
	assert_int_equal(world.stream->limits.timeout_us, 8000000);
	assert_int_equal(world.stream->limits.register_us, 9000000);
	assert_int_equal(world.stream->limits.per_net_max, 3);
	assert_true(world.stream->sweep_us < LOOP_FOREVER - 1);
	client_ends(&client);
}

static void test_a_new_edge_tells_of_orphans_once(void **state) {
	struct record request;
	turn(4);
	assert_false(take_request(&request));
	stream_face.destroy(world.stream);
	atomic_store(&world.edge.house.own->incarnation, 2);
	memset(world.edge.asker.asks, 0, sizeof(world.edge.asker.asks));
	world.stream = world.edge.its[0] = stream_face.create(&world.edge);
	turn(4);
	assert_true(take_request(&request));
	assert_int_equal(request.kind, REQUEST_ORPHANS);
	assert_false(take_request(&request));
}

/* ---- the log ---- */

static void test_who_is_in_a_room_reads_it_and_nobody_else(void **state) {
	uint64_t ming = make_person("ming"), hong = make_person("hong"), lan = make_person("lan");
	uint64_t room = make_room("#r");
	struct client of_ming = connects(0), of_hong = connects(0), of_lan = connects(0);
	char expected[256];
	client_enters(&of_ming, ming);
	client_enters(&of_hong, hong);
	client_enters(&of_lan, lan);
	joins(ming, room);
	uint64_t joined = joins(hong, room);
	uint64_t said = says(ming, room, "hello");
	uint64_t parted = parts(ming, room);
	(void)says(hong, room, "alone");
	snprintf(expected, sizeof(expected), "0 %llu \n0 %llu \n", (unsigned long long)joined,
	         (unsigned long long)parted);
	assert_string_equal(client_hears(&of_ming), expected);
	snprintf(expected, sizeof(expected), "0 %llu hello\n0 %llu \n", (unsigned long long)said,
	         (unsigned long long)parted);
	assert_string_equal(client_hears(&of_hong), expected);
	assert_string_equal(client_hears(&of_lan), "");
	client_ends(&of_ming);
	client_ends(&of_hong);
	client_ends(&of_lan);
	turn(4);
	assert_int_equal(world.stream->rooms.count, 0);
}

static void test_many_in_a_room_cost_one_write_each(void **state) {
	enum { MANY = 200, SAYS = 64 };
	static struct client clients[MANY];
	uint64_t people[MANY], speaker = make_person("speaker"), room = make_room("#r");
	char name[16];
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		people[i] = make_person(name);
		clients[i] = connects(0);
		client_enters(&clients[i], people[i]);
	}
	for (unsigned i = 0; i < MANY; i++) {
		joins(people[i], room);
	}
	turn(10);
	for (unsigned i = 0; i < MANY; i++) {
		client_hears(&clients[i]);
		client_forgets(&clients[i]);
	}
	uint64_t served = world.stream->served;
	for (unsigned i = 0; i < SAYS; i++) {
		says(speaker, room, "x");
	}
	turn(6);
	assert_int_equal(world.stream->served - served, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		assert_true(client_reads(&clients[i], 65536) >= SAYS * 4);
		client_ends(&clients[i]);
	}
}

/*
 * A house of a few people, rooms and forms, with a window so small that who reads slowly is soon
 * behind it, and random sizes of everything. What each client hears in the end is what happened.
 */
#define PEOPLE 12
#define ROOMS 3

static struct model {
	struct chance chance;
	uint64_t rooms[ROOMS], people[PEOPLE];
	bool is_in[PEOPLE][ROOMS], is_lazy[PEOPLE];
	struct client clients[PEOPLE];
	char *expected[PEOPLE];
	size_t size[PEOPLE];
} model;

/* Some of them come by a WebSocket, of text or of bytes. */
static bool is_web(unsigned who) {
	return who % 4 == 3;
}

static bool is_text(unsigned who) {
	return who % 8 == 3;
}

static void expect(unsigned who, const char *bytes, size_t size) {
	char framed[8192];
	if (is_web(who)) {
		size = websocket_frames(slice_of(bytes, size), is_text(who), framed,
		                        sizeof(framed));
		bytes = framed;
	}
	model.expected[who] = realloc(model.expected[who], model.size[who] + size + 1);
	memcpy(model.expected[who] + model.size[who], bytes, size);
	model.size[who] += size;
}

/* `room` in ROOMS: everybody. */
static void expect_entry(const struct record *entry, unsigned room, unsigned but) {
	char bytes[2048];
	for (unsigned i = 0; i < PEOPLE; i++) {
		if (i != but && (room == ROOMS || model.is_in[i][room])) {
			expect(i, bytes, rendering(entry, i % 3, bytes, sizeof(bytes)));
		}
	}
}

static void something_is_said(void) {
	char text[1001];
	unsigned who = (unsigned)chance_below(&model.chance, PEOPLE);
	unsigned room = (unsigned)chance_below(&model.chance, ROOMS + 1);
	size_t size = chance_below(&model.chance, chance_once_in(&model.chance, 10) ? 1000 : 80);
	memset(text, 'a' + (int)who, size);
	struct record entry = {.kind = room == ROOMS ? ENTRY_SHOUTED : ENTRY_SAID,
	                       .person = model.people[who],
	                       .room = room == ROOMS ? 0 : model.rooms[room],
	                       .text = slice_of(text, size)};
	entry.seq = happens(entry);
	expect_entry(&entry, room, room == ROOMS ? PEOPLE : who);
}

static void somebody_moves(void) {
	unsigned who = (unsigned)chance_below(&model.chance, PEOPLE);
	unsigned room = (unsigned)chance_below(&model.chance, ROOMS);
	struct record entry = {.kind = model.is_in[who][room] ? ENTRY_PARTED : ENTRY_JOINED};
	entry.seq = model.is_in[who][room] ? parts(model.people[who], model.rooms[room])
	                                   : joins(model.people[who], model.rooms[room]);
	expect_entry(&entry, room, model.is_in[who][room] ? PEOPLE : who);
	model.is_in[who][room] = !model.is_in[who][room];
}

static void somebody_is_answered(void) {
	char bytes[3000];
	unsigned who = (unsigned)chance_below(&model.chance, PEOPLE);
	size_t size = 1 + chance_below(&model.chance, chance_once_in(&model.chance, 8) ? 3000 : 50);
	/* All that has happened has passed. */
	turn(1);
	struct stream_connection *it = stream_find(world.stream, model.clients[who].name);
	assert_non_null(it);
	if (answers_size(it->answers) + size > 64 * 1024) {
		return;
	}
	memset(bytes, 'A' + (int)who, size - 1);
	bytes[size - 1] = '\n';
	stream_answer(world.stream, it, slice_of(bytes, size));
	expect(who, bytes, size);
}

static void somebody_reads(void) {
	unsigned who = (unsigned)chance_below(&model.chance, PEOPLE);
	if (!model.is_lazy[who] || chance_once_in(&model.chance, 50)) {
		client_reads(&model.clients[who], 1 + chance_below(&model.chance, 20000));
	}
	model.is_lazy[who] ^= chance_once_in(&model.chance, 20);
}

static void model_begins(unsigned seed) {
	static const char *const names[] = {"a", "b", "c", "d", "e", "f",
	                                    "g", "h", "i", "j", "k", "l"};
	static const char *const rooms[] = {"#a", "#b", "#c"};
	model = (struct model){.chance = {seed}};
	stream_log_init(&world.stream->log, 64 * 1024, 64, 0);
	world.stream->has_log = true;
	for (unsigned i = 0; i < ROOMS; i++) {
		model.rooms[i] = make_room(rooms[i]);
	}
	for (unsigned i = 0; i < PEOPLE; i++) {
		char key[16];
		model.people[i] = make_person(names[i]);
		turn(1);
		model.clients[i] = connects(4096);
		snprintf(key, sizeof(key), "KEY %u\n", i % 3);
		if (is_web(i)) {
			unsigned first = is_text(i) ? 0x81 : 0x82;
			client_upgrades(&model.clients[i],
			                is_text(i) ? "text.ircv3.net" : "binary.ircv3.net");
			key[strlen(key) - 1] = '\0';
			client_says_message(&model.clients[i], first, key);
			snprintf(key, sizeof(key), "ENTER %llu",
			         (unsigned long long)model.people[i]);
			client_says_message(&model.clients[i], first, key);
			turn(2);
			continue;
		}
		client_says(&model.clients[i], key);
		client_enters(&model.clients[i], model.people[i]);
	}
}

static void model_ends(void) {
	unsigned idle = 0;
	while (idle++ < 200) {
		turn(1);
		for (unsigned i = 0; i < PEOPLE; i++) {
			idle = client_reads(&model.clients[i], 65536) > 0 ? 0 : idle;
		}
		/* The car takes its time. */
		const struct car *car = &world.stream->car;
		idle = car->is_asked || car->must_look || car->is_waited_for ? 0 : idle;
	}
	for (unsigned i = 0; i < PEOPLE; i++) {
		assert_int_equal(model.clients[i].size, model.size[i]);
		assert_memory_equal(model.clients[i].heard, model.expected[i], model.size[i]);
		free(model.expected[i]);
		client_ends(&model.clients[i]);
	}
}

static void test_everybody_hears_all_of_it_in_order(void **state) {
	unsigned steps = (unsigned)sized(6000, 100000);
	model_begins((unsigned)seed_or(7));
	for (unsigned i = 0; i < steps; i++) {
		switch (chance_below(&model.chance, 8)) {
		case 0: somebody_moves(); break;
		case 1: somebody_is_answered(); break;
		case 2: turn(1); break;
		case 3:
		case 4:
		case 5: somebody_reads(); break;
		default: something_is_said(); break;
		}
	}
	model_ends();
	assert_true(world.slices > 0);
	assert_int_equal(world.seen.closed, 0);
}

/* ---- WebSocket ---- */

/* A line that waits is kept, also one of fragments; what comes behind it waits as well. */
static void test_a_message_waits_as_a_line_does(void **state) {
	struct client client = connects(0);
	struct record request;
	client_upgrades(&client, "text.ircv3.net");
	client_says_message(&client, 0x81, "ASK a");
	client_says_message(&client, 0x01, "WA");
	client_says_message(&client, 0x89, "ping");
	client_says_message(&client, 0x80, "IT b");
	client_says_message(&client, 0x81, "ECHO c");
	client_says_message(&client, 0x89, "behind");
	assert_string_equal(client_hears(&client), "\x8a\x04ping");
	const struct stream_connection *it = stream_find(world.stream, client.name);
	assert_non_null(it->websocket);
	assert_true(take_request(&request));
	answers(&request, "asked");
	assert_string_equal(client_hears(&client), "\x8a\x04ping\x81\x05"
	                                           "asked\x81\x01"
	                                           "b\x81\x01"
	                                           "c\x8a\x06"
	                                           "behind");
	/* Nothing is left of it. */
	assert_null(it->websocket);
	assert_null(it->input);
	client_says_message(&client, 0x81, "BYE");
	client_hears(&client);
	assert_memory_equal(client.heard + client.size - 9,
	                    "\x81\x03"
	                    "bye\x88\x02\x03\xe8",
	                    9);
	assert_true(client.is_at_end);
	assert_int_equal(world.seen.closed, 1);
	client_ends(&client);
}

/* Not heard while it does not read; and gone with what it was in the middle of. */
static void test_a_flood_of_messages_is_slowed(void **state) {
	struct client client = connects(4096);
	client_upgrades(&client, "text.ircv3.net");
	client_says_message(&client, 0x81, "BIG 60000");
	for (unsigned i = 0; i < 50; i++) {
		client_says_message(&client, 0x89, "p");
	}
	client_says_message(&client, 0x01, "ECHO ");
	turn(10);
	assert_int_equal(world.seen.lines, 1);
	client_hears(&client);
	assert_int_equal(world.seen.lines, 1);
	assert_memory_equal(client.heard + client.size - 3, "\x8a\x01p", 3);
	assert_non_null(stream_find(world.stream, client.name)->websocket);
	client_ends(&client);
	turn(4);
	assert_int_equal(world.seen.closed, 1);
	assert_int_equal(stream_count(world.stream), 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_lines_come_in_however_they_are_cut),
		TEST(test_a_flood_without_an_end_is_one_answer),
		TEST(test_other_protocols_are_told_by_their_first_bytes),
		TEST(test_a_settled_line_waits_for_requests_and_the_log),
		TEST(test_what_happened_before_comes_before_a_settled_answer),
		TEST(test_a_flood_is_slowed),
		TEST(test_who_does_not_read_is_not_heard),
		TEST(test_long_answers_come_bit_by_bit),
		TEST(test_last_words_are_the_last),
		TEST(test_who_ends_is_gone_at_once),
		TEST(test_lines_before_the_end_count),
		TEST(test_who_does_not_read_for_long_is_closed),
		TEST(test_more_answers_than_may_be_end_it),
		TEST(test_silence_is_asked_about_and_then_ends_it),
		TEST(test_who_never_enters_is_closed),
		TEST(test_limits_follow_the_configuration),
		TEST(test_a_new_edge_tells_of_orphans_once),
		TEST(test_who_is_in_a_room_reads_it_and_nobody_else),
		TEST(test_many_in_a_room_cost_one_write_each),
		TEST(test_everybody_hears_all_of_it_in_order),
		TEST(test_a_message_waits_as_a_line_does),
		TEST(test_a_flood_of_messages_is_slowed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
