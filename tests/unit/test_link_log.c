/* The client against a simulated server: messages, the log, people, questions (link_server.h). */
#include "unit.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link_inner.h"
#include "link_reader.h"
#include "record.h"

/* ---- messages ---- */

static void test_says_and_is_told_what_became_of_it(void **state) {
	struct sim *sim = sim_create(5);
	struct reader *face = reader_enter(sim, "Ann");
	reader_say(face, 1, "hello");
	reader_say(face, 1, "refuse");
	reader_say(face, 1, "vanish");
	reader_say(face, 7, "no such room");
	reader_settle(face);
	assert_int_equal(face->states[1], MESSAGE_KEPT);
	assert_int_equal(face->seqs[1], face->last_tag_seq);
	assert_int_equal(face->states[2], MESSAGE_REFUSED);
	assert_int_equal(face->reasons[2], REASON_MUTED);
	assert_int_equal(face->arguments[2], 77);
	assert_int_equal(face->states[3], MESSAGE_REFUSED);
	assert_int_equal(face->reasons[3], REASON_NONE);
	assert_int_equal(face->reasons[4], REASON_NOT_IN_ROOM);
	reader_finish(sim);
}

static void test_refuses_by_itself_what_is_too_much(void **state) {
	struct sim *sim = sim_create(6);
	struct reader *face = reader_enter(sim, "Ann");
	static char long_text[TEXT_BYTES_MAX + 200];
	memset(long_text, 'x', sizeof long_text - 1);
	reader_say(face, 1, long_text);
	sim_run(sim, SECOND);
	assert_int_equal(face->reasons[1], REASON_TEXT_TOO_LONG);
	assert_int_equal(face->arguments[1], TEXT_BYTES_MAX);
	for (int i = 0; i < WISHES_OPEN_MAX + 1; i++) {
		reader_say(face, 1, "much");
	}
	reader_settle(face);
	assert_int_equal(face->reasons[WISHES_OPEN_MAX + 2], REASON_BUSY);
	assert_int_equal(face->kept, WISHES_OPEN_MAX);
	reader_finish(sim);
}

/* Texts of all sizes, some in parts; everybody hears everything once, in one order. */
static void talk_on_bad_network(uint64_t seed, unsigned loss, size_t clients, size_t messages) {
	static char text[TEXT_BYTES_MAX + 1];
	struct sim *sim = sim_create(seed);
	struct reader *faces[SIM_CLIENTS];
	sim->loss = loss;
	sim->doubles = 50;
	sim->delay_us_min = 5000;
	sim->delay_us_max = 80000;
	for (size_t i = 0; i < clients; i++) {
		char name[10];
		snprintf(name, sizeof name, "n%zu", i);
		faces[i] = reader_enter(sim, name);
	}
	for (size_t i = 0; i < clients; i++) {
		faces[i]->said_count = 0;
	}
	for (size_t sent = 0; sent < messages; sent++) {
		struct reader *face = faces[sim_random(sim, clients)];
		size_t size = sim_random(sim, 8) == 0 ? sim_random(sim, TEXT_BYTES_MAX)
		                                      : sim_random(sim, 100);
		int head = snprintf(text, sizeof text, "%zu:", sent);
		memset(text + head, 'a' + (int)(sent % 26), size);
		text[size < (size_t)head ? (size_t)head : size] = '\0';
		if (face->tag - face->kept < WISHES_OPEN_MAX) {
			reader_say(face, 1, text);
		}
		sim_run(sim, sim_random(sim, 30) * 1000);
	}
	size_t said = 0;
	for (size_t i = 0; i < clients; i++) {
		reader_settle(faces[i]);
		assert_int_equal(faces[i]->refused, 0);
		said += faces[i]->tag;
	}
	sim_run(sim, 20 * SECOND);
	for (size_t i = 0; i < clients; i++) {
		assert_int_equal(faces[i]->said_count, said);
		assert_memory_equal(faces[i]->said, faces[0]->said, said * sizeof(uint64_t));
		assert_memory_equal(faces[i]->said_sums, faces[0]->said_sums,
		                    said * sizeof(uint32_t));
		assert_int_equal(link_deadline(faces[i]->client->link) > sim->now_us, 1);
	}
	reader_finish(sim);
}

static void test_loses_nothing_on_a_bad_network(void **state) {
	talk_on_bad_network(7, 0, 3, 300);
	talk_on_bad_network(8, 100, 3, 300);
	talk_on_bad_network(9, 300, 4, 300);
	talk_on_bad_network(10, 600, 2, 60);
	size_t seeds = getenv("QUN_LONG") != NULL ? 200 : 10;
	for (uint64_t seed = 11; seed < 11 + seeds; seed++) {
		talk_on_bad_network(seed, 300, 3, 60);
	}
}

static void test_repeats_little_on_a_good_network(void **state) {
	struct sim *sim = sim_create(31);
	sim->delay_us_min = 5000;
	sim->delay_us_max = 6000;
	struct reader *face = reader_enter(sim, "Ann");
	uint64_t before = sim->sent_to_server;
	for (int i = 0; i < 200; i++) {
		reader_say(face, 1, "as quick as it goes");
		if (i % 50 == 49) {
			reader_settle(face);
		}
	}
	reader_settle(face);
	assert_int_equal(face->kept, 200);
	/* Messages travel together, acknowledgements with them. */
	assert_in_range(sim->sent_to_server - before, 20, 200);
	reader_finish(sim);
}

/* ---- the log ---- */

static void test_a_slow_reader_loses_nothing(void **state) {
	struct sim *sim = sim_create(50);
	struct reader *face = reader_enter(sim, "Ann");
	sim_run(sim, SECOND);
	face->client->is_reading = false;
	for (int i = 0; i < 2500; i++) {
		sim_say(sim, "Zoe", 1,
		        slice_from_string("and so on, and so on, and so on, and so on"
		                          "and so on, and so on, and so on, and so on"));
	}
	sim_run(sim, 30 * SECOND);
	/* It has taken what it can hold, and is still there. */
	assert_true(sim_session_of(sim, face->client)->acked < sim->next_seq);
	assert_int_equal(link_standing(face->client->link), STANDING_IN);
	/* What there is to tell, of PONGs that came meanwhile, wakes nobody as long as it does not read. */
	assert_true(link_deadline(face->client->link) <= sim->now_us);
	assert_true(link_send_deadline(face->client->link) > sim->now_us);
	face->client->is_reading = true;
	sim_run(sim, 30 * SECOND);
	assert_int_equal(face->said_count, 2500);
	assert_int_equal(sim_session_of(sim, face->client)->acked, sim->next_seq);
	reader_finish(sim);
}

static void test_is_told_what_is_gone(void **state) {
	struct sim *sim = sim_create(51);
	struct reader *face = reader_enter(sim, "Ann");
	sim_run(sim, SECOND);
	struct link_memory memory = *link_memory(face->client->link);
	sim_drop(sim, face->client);
	sim_say(sim, "Zoe", 1, slice_from_string("gone"));
	sim->forgotten = sim->next_seq;
	sim_say(sim, "Zoe", 1, slice_from_string("there"));
	struct reader *again = reader_come(sim, (struct session_start){.memory = memory});
	assert_true(sim_run_until(sim, SECOND, reader_is_in, again));
	sim_run(sim, SECOND);
	assert_int_equal(again->gaps, 1);
	assert_int_equal(again->gap_from, memory.cursor);
	assert_int_equal(again->gap_to, sim->forgotten);
	assert_int_equal(again->said_count, 1);
	reader_finish(sim);
}

static void test_a_new_face_is_told_how_things_stand(void **state) {
	struct sim *sim = sim_create(52);
	struct reader *face = reader_enter(sim, "Ann");
	sim_come(sim, 60, "Zoe", 1);
	sim_run(sim, SECOND);
	uint64_t told = face->last_seq;
	sim->is_dead = true;
	reader_say(face, 1, "hanging");
	sim_run(sim, SECOND / 2);
	struct reader *next = calloc(1, sizeof *next);
	assert_non_null(next);
	next->sim = sim;
	next->client = face->client;
	next->last_seq = told;
	next->tag = 1;
	free(face);
	next->client->context = next;
	reader_wish(next, (struct wish){.kind = WISH_ATTACH, .flags = WISH_ROSTERS});
	sim_run(sim, SECOND / 10);
	assert_int_equal(next->standing, STANDING_IN);
	assert_true(next->is_in[1] && next->is_there[1][60]);
	assert_int_equal(next->connected[1], 2);
	assert_int_equal(next->states[1], MESSAGE_ON_ITS_WAY);
	sim->is_dead = false;
	reader_settle(next);
	assert_int_equal(next->said_count, 1);
	reader_finish(sim);
}

static void test_drops_what_is_forged(void **state) {
	struct sim *sim = sim_create(53);
	struct reader *face = reader_enter(sim, "Ann");
	sim_run(sim, SECOND);
	struct sim_session *session = sim_session_of(sim, face->client);
	uint64_t refused = link_counts(face->client->link)->refused;
	for (int i = 0; i < 2000; i++) {
		uint8_t bytes[WIRE_DATAGRAM_BYTES_MAX], body[100] = {ITEM_GAP};
		struct wire_head head = {.type = i % 2 == 0 ? WIRE_LOG : WIRE_TALK,
		                         .session = session->id,
		                         .connection = session->connection,
		                         .packet = (uint32_t)i,
		                         .to = UINT64_MAX};
		size_t size = wire_write_datagram(&head, slice_of((char *)body, 1),
		                                  &session->connection_key, bytes);
		bytes[2 + sim_random(sim, size - 2)] ^= (uint8_t)(1 + sim_random(sim, 255));
		link_receive(face->client->link, slice_of((char *)bytes, size), sim->now_us);
	}
	assert_int_equal(link_counts(face->client->link)->refused, refused + 2000);
	reader_say(face, 1, "undisturbed");
	reader_settle(face);
	assert_int_equal(face->gaps, 0);
	assert_int_equal(face->said_count, 1);
	reader_finish(sim);
}

/* ---- rooms and people ---- */

static void test_knows_who_is_where(void **state) {
	for (uint64_t seed = 60; seed < 70; seed++) {
		struct sim *sim = sim_create(seed);
		bool is_there[3][200] = {0};
		sim->loss = 200;
		sim->delay_us_max = 50000;
		snprintf(sim->room_names[2], sizeof sim->room_names[2], "#two");
		for (uint64_t person = 10; person < 80; person++) {
			uint64_t room = 1 + person % 2;
			is_there[room][person] = true;
			sim_come(sim, person, "somebody", room);
		}
		struct reader *face = reader_enter(sim, "Ann");
		reader_wish(face, (struct wish){.kind = WISH_JOIN,
		                                .tag = ++face->tag,
		                                .name = slice_from_string("#two")});
		for (int i = 0; i < 400; i++) {
			uint64_t person = 10 + sim_random(sim, 90), room = 1 + person % 2;
			if (is_there[room][person]) {
				sim_go(sim, person, room);
			} else {
				sim_come(sim, person, "somebody else", room);
			}
			is_there[room][person] = !is_there[room][person];
			sim_run(sim, sim_random(sim, 20) * 1000);
			if (i == 100 || i == 300) {
				sim_forget_connections(sim);
			}
		}
		reader_settle(face);
		sim_run(sim, 20 * SECOND);
		for (uint64_t room = 1; room <= 2; room++) {
			size_t count = 1;
			for (uint64_t person = 10; person < 100; person++) {
				assert_int_equal(face->is_there[room][person],
				                 is_there[room][person]);
				count += is_there[room][person];
			}
			assert_true(face->is_in[room] && face->is_whole[room]);
			assert_int_equal(face->connected[room], count);
		}
		reader_wish(face, (struct wish){.kind = WISH_PART, .tag = ++face->tag, .room = 2});
		reader_settle(face);
		assert_false(face->is_in[2]);
		reader_finish(sim);
	}
}

static void test_speaks_with_one_alone(void **state) {
	struct sim *sim = sim_create(71);
	struct reader *ann = reader_enter(sim, "Ann"), *bob = reader_enter(sim, "Bob"),
		      *cid = reader_enter(sim, "Cid");
	reader_wish(ann, (struct wish){.kind = WISH_DIRECT,
	                               .tag = ++ann->tag,
	                               .name = slice_from_string("Bob"),
	                               .text = slice_from_string("psst")});
	reader_wish(ann, (struct wish){.kind = WISH_DIRECT,
	                               .tag = ++ann->tag,
	                               .name = slice_from_string("Nobody"),
	                               .text = slice_from_string("psst")});
	reader_settle(ann);
	sim_run(sim, SECOND);
	assert_int_equal(ann->states[1], MESSAGE_KEPT);
	assert_int_equal(ann->reasons[2], REASON_NO_SUCH_NAME);
	assert_string_equal(ann->direct_name, "Bob");
	assert_string_equal(bob->direct_name, "Ann");
	assert_int_equal(bob->said_count, 1);
	assert_int_equal(cid->said_count, 0);
	reader_wish(bob, (struct wish){.kind = WISH_RENAME,
	                               .tag = ++bob->tag,
	                               .name = slice_from_string("Bert")});
	reader_settle(bob);
	sim_run(sim, SECOND);
	assert_string_equal(bob->name, "Bert");
	assert_string_equal(ann->direct_name, "Bert");
	reader_finish(sim);
}

/* ---- questions ---- */

static bool is_answered(void *context) {
	return ((struct reader *)context)->answered != 0;
}

static void ask(struct reader *face, struct wish question) {
	face->answered = face->rows = 0;
	reader_wish(face, question);
	assert_true(sim_run_until(face->sim, 60 * SECOND, is_answered, face));
	assert_int_equal(face->answered, question.question);
}

static void test_gets_answers_through_loss(void **state) {
	struct sim *sim = sim_create(80);
	for (uint64_t person = 10; person < 110; person++) {
		sim_come(sim, person, "somebody", 1);
	}
	uint64_t seqs[120];
	for (int i = 0; i < 120; i++) {
		static char text[TEXT_BYTES_MAX];
		snprintf(text, sizeof text, "%s %d", i % 10 == 0 ? "needle" : "hay", i);
		memset(text + strlen(text), 'y', 80);
		seqs[i] = sim_say(sim, "Zoe", 1, slice_of(text, 80));
	}
	sim->loss = 300;
	sim->doubles = 100;
	sim->delay_us_max = 50000;
	struct reader *face = reader_enter(sim, "Ann");
	ask(face,
	    (struct wish){
		    .kind = WISH_BEFORE, .question = 1, .room = 1, .seq = seqs[100], .lines = 50});
	assert_int_equal(face->rows, 50);
	assert_int_equal(face->first_row_seq, seqs[50]);
	assert_true(face->has_more);
	ask(face,
	    (struct wish){
		    .kind = WISH_BEFORE, .question = 2, .room = 1, .seq = seqs[20], .lines = 50});
	assert_int_equal(face->rows, 20);
	assert_false(face->has_more);
	ask(face, (struct wish){.kind = WISH_SEARCH,
	                        .question = 3,
	                        .room = 1,
	                        .seq = UINT64_MAX,
	                        .lines = 50,
	                        .text = slice_from_string("needle")});
	assert_int_equal(face->rows, 12);
	ask(face, (struct wish){.kind = WISH_ROOMS, .question = 4});
	assert_int_equal(face->rows, 1);
	ask(face, (struct wish){.kind = WISH_WHO, .question = 5, .room = 1});
	assert_int_equal(face->rows, 101);
	for (uint64_t i = 6; i < 6 + QUESTIONS_OPEN_MAX + 3; i++) {
		reader_wish(face, (struct wish){.kind = WISH_ROOMS, .question = i});
	}
	face->answered = 0;
	sim_run(sim, 50000);
	assert_int_equal(face->answer_reason, REASON_BUSY);
	reader_finish(sim);
}

/* Whoever says "more" and names nobody would be asked for ever. */
static void test_asks_no_further_where_nothing_comes(void **state) {
	struct sim *sim = sim_create(80);
	struct reader *face = reader_enter(sim, "Ann");
	sim_run(sim, SECOND);
	sim->is_teasing = true;
	sim->asked = 0;
	ask(face, (struct wish){.kind = WISH_ROOMS, .question = 1});
	assert_int_equal(face->rows, 0);
	ask(face, (struct wish){.kind = WISH_WHO, .question = 2, .room = 1});
	assert_int_equal(face->rows, 0);
	assert_int_equal(sim->asked, 2);
	/* Its own questions: who is there, and, when it comes back, which rooms. */
	reader_wish(face, (struct wish){.kind = WISH_WHO, .room = 1});
	sim_run(sim, SECOND);
	assert_int_equal(sim->asked, 3);
	link_doubt(face->client->link, sim->now_us);
	sim_run(sim, 5 * SECOND);
	assert_int_equal(face->standing, STANDING_IN);
	assert_in_range(sim->asked, 3, 6);
	reader_finish(sim);
}

/* An entry that was read and not told yet outlives what it was read from. */
static void test_tells_what_it_has_read_when_it_begins_anew(void **state) {
	struct sim *sim = sim_create(83);
	struct reader *face =
		reader_come(sim, (struct session_start){.name = "Ann", .is_trusting = true});
	struct link *link = face->client->link;
	struct tell tell;
	assert_true(sim_run_until(sim, SECOND, reader_is_in, face));
	sim_run(sim, SECOND);
	face->client->is_reading = false;
	sim_come(sim, 4711, "Zoe", 1);
	sim_run(sim, SECOND / 5);
	/* Before the entry the face is told that somebody more is there. */
	while (!link->has_entry) {
		assert_true(link_next(link, &tell, sim->now_us));
	}
	sim->is_forgetful = true;
	link_doubt(link, sim->now_us);
	sim_run(sim, SECOND);
	sim->is_forgetful = false;
	/* Its old name is that of somebody of whom this server knows no session. */
	assert_int_equal(link_standing(link), STANDING_NAME_WANTED);
	reader_wish(face, (struct wish){.kind = WISH_NAME, .name = slice_from_string("Amy")});
	sim_run(sim, SECOND);
	assert_int_equal(link_standing(link), STANDING_IN);
	for (int i = 0; i < 300; i++) {
		sim_say(sim, "Bob", 1, slice_from_string("something else altogether"));
	}
	sim_run(sim, SECOND);
	do {
		assert_true(link_next(link, &tell, sim->now_us));
	} while (tell.kind != TELL_ENTRY);
	assert_int_equal(tell.entry_kind, ENTRY_ENTERED);
	assert_true(slice_equal(tell.name, slice_from_string("Zoe")));
	face->client->is_reading = true;
	reader_finish(sim);
}

int main(void) {
	if (sodium_init() < 0) {
		return 1;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_and_is_told_what_became_of_it),
		cmocka_unit_test(test_refuses_by_itself_what_is_too_much),
		cmocka_unit_test(test_loses_nothing_on_a_bad_network),
		cmocka_unit_test(test_repeats_little_on_a_good_network),
		cmocka_unit_test(test_a_slow_reader_loses_nothing),
		cmocka_unit_test(test_is_told_what_is_gone),
		cmocka_unit_test(test_a_new_face_is_told_how_things_stand),
		cmocka_unit_test(test_drops_what_is_forged),
		cmocka_unit_test(test_knows_who_is_where),
		cmocka_unit_test(test_speaks_with_one_alone),
		cmocka_unit_test(test_gets_answers_through_loss),
		cmocka_unit_test(test_asks_no_further_where_nothing_comes),
		cmocka_unit_test(test_tells_what_it_has_read_when_it_begins_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
