/* The client against a simulated server: coming in, coming back, the end (link_server.h). */
#include "unit.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link_reader.h"
#include "record.h"

/* ---- coming in ---- */

static void test_comes_in_and_hears_itself(void **state) {
	struct sim *sim = sim_create(1);
	struct reader *face = reader_enter(sim, "Ann");
	sim_run(sim, SECOND);
	assert_string_equal(face->name, "Ann");
	assert_int_equal(face->entries, 1);
	assert_true(face->is_in[1] && face->is_whole[1]);
	assert_int_equal(face->connected[1], 1);
	assert_true((face->flags & TELL_IS_NEW) != 0);
	assert_true(face->rtt_us >= 2000 && face->rtt_us < 8000);
	const struct link_memory *memory = link_memory(face->client->link);
	assert_true(memory->has_session && memory->has_server_key);
	assert_memory_equal(memory->server_key, sim->pair.open, KEY_BYTES);
	reader_finish(sim);
}

static void test_asks_for_a_name(void **state) {
	struct sim *sim = sim_create(2);
	reader_enter(sim, "Ann");
	struct reader *face = reader_come(sim, (struct session_start){0});
	sim_run(sim, SECOND / 10);
	assert_int_equal(face->standing, STANDING_NAME_WANTED);
	assert_int_equal(face->standing_reason, 0);
	reader_wish(face, (struct wish){.kind = WISH_NAME, .name = slice_from_string("Ann")});
	sim_run(sim, SECOND);
	assert_int_equal(face->standing, STANDING_NAME_WANTED);
	assert_int_equal(face->standing_reason, REASON_NAME_TAKEN);
	/* A part of a name is not it. */
	static char long_name[NAME_BYTES_MAX + 2];
	memset(long_name, 'x', NAME_BYTES_MAX + 1);
	reader_wish(face, (struct wish){.kind = WISH_NAME, .name = slice_from_string(long_name)});
	sim_run(sim, SECOND);
	assert_int_equal(face->standing, STANDING_NAME_WANTED);
	assert_int_equal(face->standing_reason, REASON_NAME_TOO_LONG);
	reader_wish(face, (struct wish){.kind = WISH_NAME, .name = slice_from_string("Bob")});
	assert_true(sim_run_until(sim, SECOND, reader_is_in, face));
	assert_string_equal(face->name, "Bob");
	reader_finish(sim);
}

static void test_says_who_does_not_answer(void **state) {
	struct sim *sim = sim_create(3);
	sim->is_dead = true;
	struct reader *face =
		reader_come(sim, (struct session_start){.name = "Ann", .patience_us = 10 * SECOND});
	sim_run(sim, 4 * SECOND);
	assert_true(face->was_silent);
	assert_int_equal(face->standing, STANDING_SEEKING);
	assert_true(sim_run_until(sim, 7 * SECOND, reader_is_over, face));
	assert_int_equal(face->ending, ENDING_NO_ANSWER);
	/* After 200 ms, then twice as long each time, two seconds at the most: no flood. */
	assert_in_range(sim->sent_to_server, 6, 9);
	reader_finish(sim);
}

static void test_says_which_version_and_which_refusal(void **state) {
	struct sim *sim = sim_create(4);
	sim->version = 9;
	struct reader *face = reader_come(sim, (struct session_start){.name = "Ann"});
	assert_true(sim_run_until(sim, SECOND, reader_is_over, face));
	assert_int_equal(face->ending, ENDING_VERSION);
	assert_int_equal(face->standing_number, 9);
	sim->version = WIRE_VERSION;
	sim->refuses = REASON_BANNED;
	face = reader_come(sim, (struct session_start){.name = "Bob"});
	assert_true(sim_run_until(sim, SECOND, reader_is_over, face));
	assert_int_equal(face->ending, ENDING_REFUSED);
	assert_int_equal(face->standing_reason, REASON_BANNED);
	sim->refuses = REASON_BUSY;
	face = reader_come(sim, (struct session_start){.name = "Cid"});
	assert_false(sim_run_until(sim, SECOND, reader_is_in, face));
	assert_int_equal(face->standing, STANDING_SEEKING);
	assert_int_equal(face->standing_reason, REASON_BUSY);
	assert_true(sim_run_until(sim, 3 * SECOND, reader_is_in, face));
	assert_int_equal(face->standing_reason, 0);
	reader_finish(sim);
}

/* ---- coming back ---- */

static void test_goes_on_after_reset_lost_and_moving(void **state) {
	struct sim *sim = sim_create(40);
	struct reader *ann = reader_enter(sim, "Ann"), *bob = reader_enter(sim, "Bob");
	sim->loss = 100;
	for (int i = 0; i < 300; i++) {
		reader_say(i % 2 == 0 ? ann : bob, 1, "on and on");
		sim_run(sim, 30000);
		switch (i) {
		case 50: sim_forget_connections(sim); break;
		case 100: sim_lost(sim); break;
		case 150: ann->client->address = 501; break;
		case 160: bob->client->address = 502; break;
		case 170: bob->client->address = 503; break;
		case 200: sim->is_dead = true; break;
		case 250:
			sim->is_dead = false;
			sim_lost(sim);
			break;
		default: break;
		}
	}
	reader_settle(ann);
	reader_settle(bob);
	sim_run(sim, 5 * SECOND);
	assert_int_equal(ann->kept, 150);
	assert_int_equal(bob->kept, 150);
	assert_int_equal(ann->said_count, 300);
	assert_int_equal(bob->said_count, 300);
	assert_memory_equal(ann->said, bob->said, 300 * sizeof(uint64_t));
	assert_int_equal(sim->sessions_count, 2);
	reader_finish(sim);
}

static void test_notices_silence_and_the_end_of_it(void **state) {
	struct sim *sim = sim_create(41);
	struct reader *face = reader_enter(sim, "Ann");
	sim_run(sim, SECOND);
	sim->is_dead = true;
	/* Quiet: only a PING, after 15 seconds, finds out. */
	sim_run(sim, 14 * SECOND);
	assert_int_equal(face->standing, STANDING_IN);
	sim_run(sim, 8 * SECOND);
	assert_int_equal(face->standing, STANDING_SEEKING);
	sim_run(sim, 60 * SECOND);
	assert_true(face->was_silent);
	sim->is_dead = false;
	assert_true(sim_run_until(sim, 3 * SECOND, reader_is_in, face));
	reader_say(face, 1, "again");
	reader_settle(face);
	assert_int_equal(face->kept, 1);
	/* It slept: asks at once. */
	link_doubt(face->client->link, sim->now_us);
	sim_run(sim, 2000);
	assert_true(sim_run_until(sim, SECOND, reader_is_in, face));
	reader_finish(sim);
}

static void test_is_the_same_one_again_after_its_own_restart(void **state) {
	struct sim *sim = sim_create(42);
	struct reader *face = reader_enter(sim, "Ann");
	reader_say(face, 1, "one");
	reader_settle(face);
	reader_wish(face, (struct wish){.kind = WISH_SHOWN, .seq = face->last_seq});
	uint64_t shown = face->last_seq;
	sim_say(sim, "Zoe", 1, slice_from_string("told, not shown"));
	sim_run(sim, SECOND);
	struct link_memory memory = *link_memory(face->client->link);
	assert_int_equal(memory.cursor, shown);
	sim_drop(sim, face->client);
	sim_say(sim, "Zoe", 1, slice_from_string("while away"));
	struct reader *again = reader_come(sim, (struct session_start){.memory = memory});
	assert_true(sim_run_until(sim, SECOND, reader_is_in, again));
	sim_run(sim, SECOND);
	assert_false(again->flags & TELL_IS_NEW);
	assert_string_equal(again->name, "Ann");
	assert_int_equal(again->said_count, 2);
	reader_say(again, 1, "two");
	reader_settle(again);
	assert_int_equal(again->kept, 1);
	assert_int_equal(sim->sessions_count, 1);
	reader_finish(sim);
}

static void test_asks_before_it_believes(void **state) {
	struct sim *sim = sim_create(43);
	struct reader *face = reader_enter(sim, "Ann");
	struct link_memory memory = *link_memory(face->client->link);
	sim_drop(sim, face->client);
	/* The session is gone: that is a question. */
	sim->is_forgetful = true;
	struct reader *again = reader_come(sim, (struct session_start){.memory = memory});
	sim_run(sim, SECOND);
	assert_int_equal(again->standing, STANDING_TRUST_WANTED);
	assert_int_equal(again->standing_reason, REASON_NO_SUCH_SESSION);
	assert_true(link_memory(again->client->link)->has_session);
	sim->is_forgetful = false;
	sim->sessions[0].is_present = false;
	reader_wish(again, (struct wish){.kind = WISH_TRUST});
	assert_true(sim_run_until(sim, SECOND, reader_is_in, again));
	assert_int_equal(sim->sessions_count, 2);
	/* Another key: that is one, too. */
	memory.has_session = false;
	memory.server_key[0] ^= 1;
	struct reader *third =
		reader_come(sim, (struct session_start){.memory = memory, .name = "Eve"});
	sim_run(sim, SECOND);
	assert_int_equal(third->standing, STANDING_TRUST_WANTED);
	assert_int_equal(third->standing_reason, 0);
	assert_int_equal(third->entries, 0);
	assert_int_equal(link_memory(third->client->link)->server_key[0], memory.server_key[0]);
	reader_wish(third, (struct wish){.kind = WISH_TRUST});
	assert_true(sim_run_until(sim, SECOND, reader_is_in, third));
	sim_run(sim, SECOND);
	assert_memory_equal(link_memory(third->client->link)->server_key, sim->pair.open,
	                    KEY_BYTES);
	assert_true(third->entries > 0);
	/* Who trusts is not asked. */
	struct reader *fourth = reader_come(
		sim, (struct session_start){.memory = memory, .name = "Flo", .is_trusting = true});
	assert_true(sim_run_until(sim, SECOND, reader_is_in, fourth));
	reader_finish(sim);
}

static void test_asks_for_another_name_when_it_slept_too_long(void **state) {
	struct sim *sim = sim_create(44);
	struct reader *face = reader_enter(sim, "Ann");
	struct link_memory memory = *link_memory(face->client->link);
	uint64_t session = memory.session;
	sim_drop(sim, face->client);
	sim->sessions[0].is_present = false;
	reader_enter(sim, "Ann");
	struct reader *again = reader_come(sim, (struct session_start){.memory = memory});
	sim_run(sim, SECOND);
	assert_int_equal(again->standing, STANDING_NAME_WANTED);
	assert_int_equal(again->standing_reason, REASON_NAME_TAKEN);
	reader_wish(again, (struct wish){.kind = WISH_NAME, .name = slice_from_string("Anna")});
	assert_true(sim_run_until(sim, SECOND, reader_is_in, again));
	assert_int_equal(link_memory(again->client->link)->session, session);
	sim_run(sim, SECOND);
	assert_int_equal(again->said_count, 0);
	assert_true(again->entries >= 2);
	reader_finish(sim);
}

static void test_takes_the_name_that_was_asked_for(void **state) {
	struct sim *sim = sim_create(45);
	struct reader *face = reader_enter(sim, "Ann");
	struct link_memory memory = *link_memory(face->client->link);
	sim_drop(sim, face->client);
	struct reader *again =
		reader_come(sim, (struct session_start){.memory = memory, .name = "Anna"});
	assert_true(sim_run_until(sim, SECOND, reader_is_in, again));
	sim_run(sim, SECOND);
	assert_string_equal(again->name, "Anna");
	assert_string_equal(link_memory(again->client->link)->name, "Anna");
	reader_finish(sim);
}

/* ---- the end ---- */

static void test_quits_when_all_is_said(void **state) {
	struct sim *sim = sim_create(90);
	sim->loss = 300;
	struct reader *face = reader_enter(sim, "Ann");
	for (int i = 0; i < 30; i++) {
		reader_say(face, 1, "last words");
	}
	reader_wish(face, (struct wish){.kind = WISH_QUIT, .text = slice_from_string("bye")});
	struct sim_session *session = sim_session_of(sim, face->client);
	assert_true(sim_run_until(sim, 60 * SECOND, reader_is_over, face));
	assert_int_equal(face->ending, ENDING_QUIT);
	assert_int_equal(face->kept, 30);
	assert_false(session->is_present);
	assert_int_equal(sim->log[sim->log_count - 1].entry.kind, ENTRY_LEFT);
	assert_true(link_memory(face->client->link)->has_session);
	reader_finish(sim);
}

static void test_stays_when_only_the_terminal_goes(void **state) {
	struct sim *sim = sim_create(91);
	struct reader *face = reader_enter(sim, "Ann");
	reader_wish(face, (struct wish){.kind = WISH_QUIT, .flags = WISH_STAYS | WISH_AT_ONCE});
	struct sim_session *session = sim_session_of(sim, face->client);
	assert_true(sim_run_until(sim, SECOND, reader_is_over, face));
	sim_run(sim, SECOND);
	assert_true(session->detached > 0 && session->is_present);
	reader_finish(sim);
}

static void test_does_not_wait_for_ever(void **state) {
	struct sim *sim = sim_create(92);
	struct reader *ann = reader_enter(sim, "Ann"), *bob = reader_enter(sim, "Bob");
	sim->is_dead = true;
	reader_say(ann, 1, "into the void");
	reader_wish(ann, (struct wish){.kind = WISH_QUIT});
	reader_wish(bob, (struct wish){.kind = WISH_QUIT});
	assert_true(sim_run_until(sim, 10 * SECOND, reader_is_over, bob));
	assert_int_equal(bob->ending, ENDING_QUIT);
	assert_true(sim_run_until(sim, 65 * SECOND, reader_is_over, ann));
	assert_int_equal(ann->ending, ENDING_NO_ANSWER);
	/* Who has nothing left to say waits no longer when nobody has answered for long. */
	sim->is_dead = false;
	struct reader *dan = reader_enter(sim, "Dan");
	sim->is_dead = true;
	reader_say(dan, 1, "lost");
	sim_run(sim, 10 * SECOND);
	assert_int_equal(dan->standing, STANDING_SEEKING);
	sim->is_dead = false;
	reader_settle(dan);
	sim->is_dead = true;
	sim_run(sim, 30 * SECOND);
	assert_int_equal(dan->standing, STANDING_SEEKING);
	reader_wish(dan, (struct wish){.kind = WISH_QUIT});
	assert_true(sim_run_until(sim, 5 * SECOND, reader_is_over, dan));
	assert_int_equal(dan->ending, ENDING_QUIT);
	/* Nobody was ever there: nothing to wait for. */
	struct reader *cid = reader_come(sim, (struct session_start){.name = "Cid"});
	sim_run(sim, SECOND);
	reader_wish(cid, (struct wish){.kind = WISH_QUIT});
	assert_true(sim_run_until(sim, SECOND, reader_is_over, cid));
	reader_finish(sim);
}

static void test_hears_that_it_was_put_out(void **state) {
	struct sim *sim = sim_create(93);
	struct reader *face = reader_enter(sim, "Ann");
	sim_run(sim, SECOND);
	sim_end(sim, sim_session_of(sim, face->client), REASON_KICKED);
	assert_true(sim_run_until(sim, SECOND, reader_is_over, face));
	assert_int_equal(face->ending, ENDING_PUT_OUT);
	assert_int_equal(face->standing_reason, REASON_KICKED);
	assert_false(link_memory(face->client->link)->has_session);
	assert_true(link_memory(face->client->link)->has_server_key);
	reader_finish(sim);
}

/* ---- time ---- */

static void test_is_quiet_when_nothing_happens(void **state) {
	struct sim *sim = sim_create(94);
	reader_enter(sim, "Ann");
	sim_run(sim, 2 * SECOND);
	uint64_t before = sim->sent_to_server;
	sim_run(sim, 61 * SECOND);
	/* Four PINGs, and an acknowledgement of each PONG. */
	assert_in_range(sim->sent_to_server - before, 4, 8);
	reader_finish(sim);
}

/* The next LOG that the server sends to this client. */
static struct sim_packet next_log(struct sim *sim, const struct sim_client *client) {
	for (int i = 0; i < 1000; i++) {
		for (size_t j = 0; j < sim->packets_count; j++) {
			const struct sim_packet *packet = &sim->packets[j];
			struct slice bytes = slice_of((const char *)packet->bytes, packet->size);
			if (!packet->is_to_server && packet->address == client->address &&
			    wire_type_of(bytes) == WIRE_LOG) {
				return *packet;
			}
		}
		sim_run(sim, 500);
	}
	fail_msg("no LOG was sent");
	return (struct sim_packet){0};
}

/* Who can record datagrams can send them again; that does not make a dead server alive. */
static void test_takes_no_repeated_datagram_for_life(void **state) {
	struct sim *sim = sim_create(95);
	struct reader *face = reader_enter(sim, "Ann");
	sim_run(sim, SECOND);
	sim_say(sim, "Bob", 1, slice_from_string("recorded"));
	struct sim_packet recorded = next_log(sim, face->client);
	sim_run(sim, SECOND);
	assert_int_equal(face->said_count, 1);
	sim->is_dead = true;
	reader_say(face, 1, "is anybody there?");
	for (int i = 0; i < 70 && face->standing == STANDING_IN; i++) {
		sim_run(sim, SECOND / 10);
		link_receive(face->client->link,
		             slice_of((const char *)recorded.bytes, recorded.size), sim->now_us);
	}
	assert_int_equal(face->standing, STANDING_SEEKING);
	sim_run(sim, SECOND / 10);
	link_receive(face->client->link, slice_of((const char *)recorded.bytes, recorded.size),
	             sim->now_us);
	sim_run(sim, SECOND / 10);
	assert_int_equal(face->standing, STANDING_SEEKING);
	assert_int_equal(face->said_count, 1);
	reader_finish(sim);
}

int main(void) {
	if (sodium_init() < 0) {
		return 1;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_in_and_hears_itself),
		cmocka_unit_test(test_asks_for_a_name),
		cmocka_unit_test(test_says_who_does_not_answer),
		cmocka_unit_test(test_says_which_version_and_which_refusal),
		cmocka_unit_test(test_goes_on_after_reset_lost_and_moving),
		cmocka_unit_test(test_notices_silence_and_the_end_of_it),
		cmocka_unit_test(test_is_the_same_one_again_after_its_own_restart),
		cmocka_unit_test(test_asks_before_it_believes),
		cmocka_unit_test(test_asks_for_another_name_when_it_slept_too_long),
		cmocka_unit_test(test_takes_the_name_that_was_asked_for),
		cmocka_unit_test(test_quits_when_all_is_said),
		cmocka_unit_test(test_stays_when_only_the_terminal_goes),
		cmocka_unit_test(test_does_not_wait_for_ever),
		cmocka_unit_test(test_hears_that_it_was_put_out),
		cmocka_unit_test(test_is_quiet_when_nothing_happens),
		cmocka_unit_test(test_takes_no_repeated_datagram_for_life),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
