/* The clerk's desk: questions of several processes, one worker, answers to whoever asked. */
#include "folder_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "accountwire.h"
#include "client.h"
#include "desk.h"
#include "password.h"

#define EDGE (PROCESS_EDGE_0)

static struct options options;
static struct config_secrets secrets;
static struct house house;
static struct config config;
static struct client clients[PROCESSES_MAX];
static bool is_client[PROCESSES_MAX];
static int ends[PROCESSES_MAX]; /* of those who ask */
static struct desk *desk;
static uint64_t wanted; /* answers that have to come before the loop stops */

struct heard {
	unsigned index;
	struct clerk_answer head;
	struct account_answer its;
};
static struct heard heard[512];
static size_t heard_count;

static uint64_t turn(void *unused) {
	if (heard_count >= wanted) {
		loop_stop(house.loop);
	}
	return LOOP_FOREVER;
}

static void on_answer(void *context, uint32_t events) {
	const unsigned *index = context;
	static char bytes[CLERK_MESSAGE_BYTES_MAX];
	ssize_t size;
	while ((size = recv(ends[*index], bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		struct heard *one = &heard[heard_count++];
		assert_true((size_t)size >= sizeof(one->head));
		one->index = *index;
		memcpy(&one->head, bytes, sizeof(one->head));
		if ((size_t)size >= sizeof(one->head) + sizeof(one->its)) {
			memcpy(&one->its, bytes + sizeof(one->head), sizeof(one->its));
		}
	}
}

static void on_asked(void *unused, struct client *client, const struct clerk_question *question,
                     const char *text) {
	assert_true(desk_ask(desk, (unsigned)(client - clients), question, text));
}

static void connect_process(unsigned index) {
	static struct watch watches[PROCESSES_MAX];
	static unsigned indices[PROCESSES_MAX];
	int pair[2];
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	ends[index] = pair[0];
	house.clients[index] = pair[1];
	is_client[index] = true;
	indices[index] = index;
	assert_true(client_init(&clients[index], pair[1], house.loop, on_asked, NULL));
	watches[index] =
		(struct watch){.fd = pair[0], .ready = on_answer, .context = &indices[index]};
	assert_int_equal(loop_watch(house.loop, &watches[index], EPOLLIN), 0);
}

static int set_up(void **unused) {
	assert_int_equal(make_folder(NULL), 0);
	memset(is_client, 0, sizeof(is_client));
	snprintf(options.data, sizeof(options.data), "%s", folder);
	desk = desk_create();
	house = (struct house){.options = &options,
	                       .config = &config,
	                       .secrets = &secrets,
	                       .loop = loop_create(turn, NULL)};
	assert_non_null(house.loop);
	connect_process(PROCESS_CONSOLE);
	connect_process(EDGE);
	connect_process(EDGE + 1);
	desk_open(desk, &house, clients, is_client);
	heard_count = 0;
	return 0;
}

static int tear_down(void **unused) {
	desk_destroy(desk);
	loop_destroy(house.loop);
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		if (is_client[i]) {
			client_finish(&clients[i]);
			close(house.clients[i]);
			close(ends[i]);
		}
	}
	return drop_folder(NULL);
}

/* ---- asking ---- */

static void ask(unsigned index, enum clerk_what what, uint64_t number, const char *name,
                const char *password) {
	struct account_question question = {.origin = index, .nonce = 1000 * index + number};
	const struct clerk_question head = {.what = what,
	                                    .incarnation = 3,
	                                    .number = number,
	                                    .count = 10,
	                                    .text_bytes = sizeof(question)};
	question.name_size = (uint16_t)strlen(name);
	memcpy(question.name, name, question.name_size);
	question.password_size = (uint16_t)strlen(password);
	memcpy(question.password, password, question.password_size);
	/* As it comes from the wire, but at once: the bounds are counted where it is asked. */
	assert_true(desk_ask(desk, index, &head, (const char *)&question));
}

static void run_until(size_t count) {
	wanted = heard_count + count;
	loop_run(house.loop);
}

static const struct heard *answer_to(unsigned index, uint64_t number) {
	const struct heard *found = NULL;
	for (size_t i = 0; i < heard_count; i++) {
		if (heard[i].index == index && heard[i].head.number == number &&
		    heard[i].head.what != CLERK_ACCOUNT_CHANGED) {
			assert_null(found);
			found = &heard[i];
		}
	}
	assert_non_null(found);
	assert_int_equal(found->head.incarnation, 3);
	return found;
}

/* ---- tests ---- */

static void who_asked_is_answered_and_the_console_told(void **unused) {
	ask(EDGE, CLERK_ACCOUNT_REGISTER, 1, "ming", "correct horse");
	run_until(2);
	assert_int_equal(answer_to(EDGE, 1)->its.word, ACCOUNT_OK);
	assert_int_equal(heard[0].index + heard[1].index, EDGE + PROCESS_CONSOLE);
	const struct heard *told = &heard[heard[0].index == PROCESS_CONSOLE ? 0 : 1];
	assert_int_equal(told->head.what, CLERK_ACCOUNT_CHANGED);
	assert_int_equal(told->its.word, ACCOUNT_OK);
	assert_memory_equal(told->its.name, "ming", 4);
	ask(EDGE + 1, CLERK_ACCOUNT_VERIFY, 1, "ming", "correct horse");
	ask(PROCESS_CONSOLE, CLERK_ACCOUNT_LIST, 2, "", "");
	run_until(2);
	assert_int_equal(answer_to(EDGE + 1, 1)->its.word, ACCOUNT_OK);
	assert_int_equal(answer_to(PROCESS_CONSOLE, 2)->head.count, 1);
	/* Its own changes are nothing that the console must be told. */
	ask(PROCESS_CONSOLE, CLERK_ACCOUNT_DROP, 3, "ming", "");
	run_until(1);
	assert_int_equal(answer_to(PROCESS_CONSOLE, 3)->its.word, ACCOUNT_OK);
	ask(PROCESS_CONSOLE, CLERK_ACCOUNT_LIST, 4, "", "");
	run_until(1);
	assert_int_equal(answer_to(PROCESS_CONSOLE, 4)->head.count, 0);
	assert_int_equal(heard_count, 6);
}

static void what_is_the_consoles_is_not_an_edges(void **unused) {
	ask(EDGE, CLERK_ACCOUNT_LIST, 1, "", "");
	ask(PROCESS_HUB, CLERK_ACCOUNT_LIST, 1, "", "");
	run_until(1);
	assert_int_equal(answer_to(EDGE, 1)->its.word, ACCOUNT_NOT_PERMITTED);
}

/* One floods; what others ask, and what needs no password, is answered in between. */
static void a_flood_is_bounded_and_others_are_served(void **unused) {
	unsigned busy = 0;
	for (uint64_t i = 1; i <= CLERK_ACCOUNTS_OPEN_MAX + 3; i++) {
		ask(EDGE, CLERK_ACCOUNT_VERIFY, i, "nobody", "wrong horse");
	}
	ask(EDGE + 1, CLERK_ACCOUNT_VERIFY, 1, "somebody", "wrong horse");
	ask(EDGE + 1, CLERK_ACCOUNT_KEYS, 2, "somebody", "");
	run_until(CLERK_ACCOUNTS_OPEN_MAX + 5);
	size_t before = 0;
	for (size_t i = 0; i < heard_count; i++) {
		busy += heard[i].its.word == ACCOUNT_BUSY;
		if (heard[i].index == EDGE + 1) {
			before = i;
		}
	}
	assert_int_equal(busy, 3);
	assert_int_equal(answer_to(EDGE + 1, 1)->its.word, ACCOUNT_WRONG);
	assert_int_equal(answer_to(EDGE + 1, 2)->its.word, ACCOUNT_OK);
	/* The refused at once, and at most a few of the flood, that were begun before the others came. */
	assert_true(before < CLERK_ACCOUNTS_OPEN_MAX);
}

static void add_operator(const char *name, const char *secret) {
	struct config_operator *one = &secrets.operators[secrets.operators_count++];
	struct password password;
	password_prepare(slice_from_string(secret), &password);
	snprintf(one->name, sizeof(one->name), "%s", name);
	assert_true(password_hash(&password, one->hash));
}

/* What the configuration has is looked up here, each time anew: the asker says a name alone. */
static void secrets_are_the_clerks(void **unused) {
	ask(EDGE, CLERK_ACCOUNT_VERIFY_SECRET, 1, "root", "open sesame");
	ask(EDGE, CLERK_ACCOUNT_VERIFY_SECRET, 2, "", "open sesame");
	run_until(2);
	assert_int_equal(answer_to(EDGE, 1)->its.word, ACCOUNT_UNKNOWN);
	assert_int_equal(answer_to(EDGE, 2)->its.word, ACCOUNT_UNKNOWN);
	add_operator("other", "another one");
	add_operator("root", "open sesame");
	memcpy(secrets.password, secrets.operators[0].hash, sizeof(secrets.password));
	ask(EDGE, CLERK_ACCOUNT_VERIFY_SECRET, 3, "root", "open sesame");
	ask(EDGE, CLERK_ACCOUNT_VERIFY_SECRET, 4, "root", "another one");
	ask(EDGE, CLERK_ACCOUNT_VERIFY_SECRET, 5, "nobody", "open sesame");
	ask(EDGE, CLERK_ACCOUNT_VERIFY_SECRET, 6, "", "another one");
	/* What is asked is decided by what stood there then. */
	secrets = (struct config_secrets){0};
	run_until(4);
	assert_int_equal(answer_to(EDGE, 3)->its.word, ACCOUNT_OK);
	assert_int_equal(answer_to(EDGE, 4)->its.word, ACCOUNT_WRONG);
	assert_int_equal(answer_to(EDGE, 5)->its.word, ACCOUNT_WRONG);
	assert_int_equal(answer_to(EDGE, 6)->its.word, ACCOUNT_OK);
}

/* The end does not wait for what waits. */
static void the_end_comes_in_the_middle(void **unused) {
	for (uint64_t i = 1; i <= CLERK_ACCOUNTS_OPEN_MAX; i++) {
		ask(EDGE, CLERK_ACCOUNT_REGISTER, i, "ming", "correct horse");
	}
	run_until(1);
}

/* What a process that died had asked is not worked on; its successor's is. */
static void a_predecessors_questions_are_forgotten(void **unused) {
	for (uint64_t i = 1; i <= CLERK_ACCOUNTS_OPEN_MAX; i++) {
		ask(EDGE, CLERK_ACCOUNT_VERIFY, i, "nobody", "wrong horse");
	}
	struct account_question question = {.name_size = 4, .name = "ming"};
	const struct clerk_question head = {.what = CLERK_ACCOUNT_VERIFY,
	                                    .incarnation = 4,
	                                    .number = 1,
	                                    .text_bytes = sizeof(question)};
	assert_true(desk_ask(desk, EDGE, &head, (const char *)&question));
	bool is_heard = false;
	while (!is_heard) {
		run_until(1);
		is_heard = heard[heard_count - 1].head.incarnation == 4;
		assert_true(heard_count < CLERK_ACCOUNTS_OPEN_MAX);
	}
	assert_int_equal(heard[heard_count - 1].its.word, ACCOUNT_WRONG);
}

static void what_is_malformed_is_no_question(void **unused) {
	struct account_question question = {.name_size = NAME_BYTES_MAX + 1};
	struct clerk_question head = {.what = CLERK_ACCOUNT_VERIFY, .text_bytes = 5};
	assert_false(desk_ask(desk, EDGE, &head, "short"));
	head.text_bytes = sizeof(question);
	assert_false(desk_ask(desk, EDGE, &head, (const char *)&question));
}

#define at_a_desk(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
	const struct CMUnitTest tests[] = {
		at_a_desk(who_asked_is_answered_and_the_console_told),
		at_a_desk(what_is_the_consoles_is_not_an_edges),
		at_a_desk(a_flood_is_bounded_and_others_are_served),
		at_a_desk(secrets_are_the_clerks),
		at_a_desk(the_end_comes_in_the_middle),
		at_a_desk(a_predecessors_questions_are_forgotten),
		at_a_desk(what_is_malformed_is_no_question),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
