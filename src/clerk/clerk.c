/*
 * clerk.c - the process for whatever takes long.
 *
 * Questions come on a socket per process (clerkwire.h) and are answered at
 * once, one each a turn; a whole reading of log.db goes on in steps between,
 * and passwords have a worker of their own (desk.h).
 * The rest of the time it does the upkeep, at a lower priority than those who
 * serve the room.
 */
#include "clerk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "archive.h"
#include "client.h"
#include "desk.h"
#include "diag.h"
#include "house.h"
#include "limits.h"
#include "upkeep.h"

/* Entries in one answer: who wants more asks again. */
#define COUNT_MAX 1000

/* Nice, but not so much that a hub that starts would wait for its state. */
#define NICENESS 5

struct clerk {
	struct house house;
	struct store *store;
	struct desk *desk;
	struct upkeep upkeep;
	uint64_t taken_back; /* seen of the scribe's counter */
	struct client clients[PROCESSES_MAX];
	bool is_client[PROCESSES_MAX];
	struct store_check *check; /* a reading of log.db under way, and who asked */
	struct client *checker;
	struct clerk_question check_question;
};

/* An answer's head and room for what follows. */
struct parcel {
	struct clerk_answer head;
	_Alignas(8) char bytes[CLERK_MESSAGE_BYTES_MAX - sizeof(struct clerk_answer)];
};
_Static_assert(sizeof(struct parcel) == CLERK_MESSAGE_BYTES_MAX, "a parcel is a message");

static struct clerk_answer answer_to(const struct clerk_question *question) {
	return (struct clerk_answer){.what = question->what,
	                             .incarnation = question->incarnation,
	                             .number = question->number,
	                             .seq = question->seq,
	                             .is_last = 1};
}

static void refuse(struct client *client, const struct clerk_question *question, const char *why) {
	struct clerk_answer answer = answer_to(question);
	diag("a question could not be answered: %s", why);
	answer.what = CLERK_FAILED;
	client_send(client, &answer, sizeof(answer), -1);
}

static struct archive archive_of(struct clerk *clerk) {
	return (struct archive){
		.store = clerk->store, .search = clerk->upkeep.search, .ring = clerk->house.ring};
}

/* ---- questions ---- */

static void on_state(struct clerk *clerk, struct client *client,
                     const struct clerk_question *question) {
	char why[STORE_WHY_BYTES];
	struct archive archive = archive_of(clerk);
	struct clerk_answer answer = answer_to(question);
	int fd = archive_state(&archive, &answer.seq, &answer.position, why);
	if (fd < 0) {
		refuse(client, question, why);
		return;
	}
	client_send(client, &answer, sizeof(answer), fd);
}

/* In as many messages as it takes; the last one says so. */
static void send_slices(struct client *client, const struct clerk_question *question,
                        const struct slices *slices) {
	static struct parcel parcel;
	size_t next = 0;
	do {
		size_t size = 0;
		parcel.head = answer_to(question);
		while (next < slices->count) {
			const struct slices_item *item = slices_at(slices, next);
			if (size + item->size > sizeof(parcel.bytes)) {
				break;
			}
			memcpy(parcel.bytes + size, item->bytes, item->size);
			size += item->size;
			parcel.head.count++;
			next++;
		}
		parcel.head.is_last = next == slices->count;
		client_send(client, &parcel, sizeof(parcel.head) + size, -1);
	} while (next < slices->count);
}

static enum store_error read_slices(struct clerk *clerk, const struct clerk_question *question,
                                    const char *text, struct slices *out) {
	struct archive archive = archive_of(clerk);
	if (question->what == CLERK_LAST) {
		return archive_last(&archive, question->room, question->seq, out);
	}
	if (question->what == CLERK_NEXT) {
		return archive_next(&archive, question->room, question->seq, out);
	}
	if (question->what == CLERK_ALL) {
		return archive_all(&archive, question->seq, out);
	}
	if (question->what == CLERK_MOVES) {
		return archive_moves(&archive, question->room, question->seq, out);
	}
	if (question->what == CLERK_MESSAGES) {
		return archive_messages(&archive, question->room, question->seq, out);
	}
	if (question->what == CLERK_MESSAGES_AFTER) {
		return archive_messages_after(&archive, question->room, question->seq, out);
	}
	if (question->what == CLERK_EVENTS) {
		return archive_events(&archive, question->room, question->seq, out);
	}
	if (question->what == CLERK_EVENTS_AFTER) {
		return archive_events_after(&archive, question->room, question->seq, out);
	}
	if (question->what == CLERK_ENTRY) {
		return archive_entry(&archive, question->room, question->seq, out);
	}
	if (question->what == CLERK_ACTS) {
		return archive_acts(&archive, question->room, question->seq, out);
	}
	if (question->what == CLERK_LETTERS) {
		return archive_letters(&archive, question->room, question->seq, out);
	}
	if (question->what == CLERK_GONE) {
		return archive_gone(&archive, slice_of(text, question->text_bytes), question->seq,
		                    out);
	}
	struct search_query *query = search_query_create(slice_of(text, question->text_bytes));
	if (query == NULL) {
		return STORE_OK; /* Nothing holds nothing, or so long a text. */
	}
	enum store_error error =
		archive_search(&archive, query, question->room, question->seq, out);
	search_query_destroy(query);
	return error;
}

static void on_slices(struct clerk *clerk, struct client *client,
                      const struct clerk_question *question, const char *text) {
	struct slices slices;
	size_t most = question->count < COUNT_MAX ? question->count : COUNT_MAX;
	if (!slices_init(&slices, most)) {
		refuse(client, question, "no memory is left");
		return;
	}
	enum store_error error = most == 0 ? STORE_OK : read_slices(clerk, question, text, &slices);
	if (error == STORE_OK) {
		send_slices(client, question, &slices);
		board_count(clerk->house.own, COUNT_SLICES, 1);
	} else {
		refuse(client, question, store_strerror(error));
		if (question->what == CLERK_SEARCH && error == STORE_DAMAGED) {
			upkeep_renew_search(&clerk->upkeep);
		}
	}
	slices_finish(&slices);
}

static void say_problem(void *unused, const char *sentence) {
	diag("log.db: %s", sentence);
}

/* Whoever hears our hello asks again what is on its way to us; and a new process what its predecessor asked. */
static bool is_asked_again(const struct clerk *clerk, const struct client *client,
                           const struct clerk_question *question) {
	const struct clerk_question *under_way = &clerk->check_question;
	return client == clerk->checker && (question->number == under_way->number ||
	                                    question->incarnation != under_way->incarnation);
}

static void on_check(struct clerk *clerk, struct client *client,
                     const struct clerk_question *question) {
	if (clerk->check != NULL && is_asked_again(clerk, client, question)) {
		clerk->check_question = *question;
		return;
	}
	if (clerk->check != NULL) {
		refuse(client, question, "log.db is being checked already");
		return;
	}
	clerk->check = store_check_create(clerk->store, say_problem, NULL);
	if (clerk->check == NULL) {
		refuse(client, question, "no memory is left");
		return;
	}
	clerk->checker = client;
	clerk->check_question = *question;
}

static void go_on_checking(struct clerk *clerk) {
	if (clerk->check == NULL || store_check_step(clerk->check)) {
		return;
	}
	struct clerk_answer answer = answer_to(&clerk->check_question);
	answer.count = (uint32_t)store_check_problems(clerk->check);
	store_check_destroy(clerk->check);
	clerk->check = NULL;
	client_send(clerk->checker, &answer, sizeof(answer), -1);
}

static void on_account(struct clerk *clerk, struct client *client,
                       const struct clerk_question *question, const char *text) {
	unsigned index = (unsigned)(client - clerk->clients);
	if (!desk_ask(clerk->desk, index, question, text)) {
		refuse(client, question, "a question about an account is malformed");
	}
}

static void on_asked(void *context, struct client *client, const struct clerk_question *question,
                     const char *text) {
	struct clerk *clerk = context;
	board_count(clerk->house.own, COUNT_REQUESTS, 1);
	switch (question->what) {
	case CLERK_STATE: on_state(clerk, client, question); break;
	case CLERK_LAST: on_slices(clerk, client, question, text); break;
	case CLERK_NEXT: on_slices(clerk, client, question, text); break;
	case CLERK_ALL: on_slices(clerk, client, question, text); break;
	case CLERK_MOVES: on_slices(clerk, client, question, text); break;
	case CLERK_GONE: on_slices(clerk, client, question, text); break;
	case CLERK_MESSAGES: on_slices(clerk, client, question, text); break;
	case CLERK_MESSAGES_AFTER: on_slices(clerk, client, question, text); break;
	case CLERK_ENTRY: on_slices(clerk, client, question, text); break;
	case CLERK_EVENTS: on_slices(clerk, client, question, text); break;
	case CLERK_EVENTS_AFTER: on_slices(clerk, client, question, text); break;
	case CLERK_SEARCH: on_slices(clerk, client, question, text); break;
	case CLERK_LETTERS: on_slices(clerk, client, question, text); break;
	case CLERK_ACTS: on_slices(clerk, client, question, text); break;
	case CLERK_CHECK: on_check(clerk, client, question); break;
	case CLERK_ACCOUNT_REGISTER:
	case CLERK_ACCOUNT_VERIFY:
	case CLERK_ACCOUNT_KEYS:
	case CLERK_ACCOUNT_MISSED:
	case CLERK_ACCOUNT_PASSWORD:
	case CLERK_ACCOUNT_DROP:
	case CLERK_ACCOUNT_LIST:
	case CLERK_ACCOUNT_VERIFY_SECRET: on_account(clerk, client, question, text); break;
	default: refuse(client, question, "nobody knows this question"); break;
	}
}

/* ---- the turn ---- */

static uint64_t seq_stored(const struct clerk *clerk) {
	const struct board *scribe = clerk->house.boards[PROCESS_SCRIBE];
	return atomic_load_explicit(&scribe->seq_stored, memory_order_acquire);
}

/* Batches, and what was forgotten. */
static uint64_t writes(const struct clerk *clerk) {
	const struct board *scribe = clerk->house.boards[PROCESS_SCRIBE];
	return atomic_load_explicit(&scribe->counters[COUNT_BATCHES], memory_order_relaxed);
}

/* How often something was taken out of log.db. */
static uint64_t taken_back(const struct clerk *clerk) {
	const struct board *scribe = clerk->house.boards[PROCESS_SCRIBE];
	return atomic_load_explicit(&scribe->counters[COUNT_TAKEN_BACK], memory_order_relaxed);
}

static bool has_work(void *context) {
	struct clerk *clerk = context;
	return seq_stored(clerk) != clerk->upkeep.seq_seen ||
	       writes(clerk) != clerk->upkeep.writes_seen;
}

static uint64_t turn(void *context) {
	struct clerk *clerk = context;
	if (clerk->house.is_leaving) {
		loop_stop(clerk->house.loop);
		return 0;
	}
	uint64_t now_us = loop_now_us(clerk->house.loop);
	if (taken_back(clerk) != clerk->taken_back) {
		clerk->taken_back = taken_back(clerk);
		upkeep_scrub(&clerk->upkeep, now_us);
	}
	uint64_t due_us = upkeep_turn(&clerk->upkeep, seq_stored(clerk), writes(clerk), now_us);
	atomic_store_explicit(&clerk->house.own->seq, clerk->upkeep.seq_indexed,
	                      memory_order_release);
	go_on_checking(clerk);
	if (clerk->check != NULL) {
		return 0;
	}
	if (due_us == UINT64_MAX) {
		return house_sleep(&clerk->house, has_work, clerk, LOOP_FOREVER);
	}
	/* It will look again by itself: nobody needs to ring. */
	return due_us > now_us ? due_us - now_us : 0;
}

/* ---- the beginning and the end ---- */

static void open_store(struct clerk *clerk) {
	char why[STORE_WHY_BYTES];
	enum store_error error =
		store_open(&clerk->store, clerk->house.options->data, STORE_BESIDE, why);
	if (error != STORE_OK) {
		bool is_passing = error == STORE_BUSY || error == STORE_NO_MEMORY ||
		                  error == STORE_FULL || error == STORE_IO;
		diag_exit(is_passing ? EXIT_TRY_AGAIN : EXIT_FIX_ME, "%s", why);
	}
}

static void greet_clients(struct clerk *clerk) {
	const struct clerk_answer hello = {.what = CLERK_HELLO, .is_last = 1};
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		int fd = clerk->house.clients[i];
		if (fd < 0) {
			continue;
		}
		if (!client_init(&clerk->clients[i], fd, clerk->house.loop, on_asked, clerk)) {
			diag_exit_errno(EXIT_TRY_AGAIN, "cannot watch those who ask");
		}
		clerk->is_client[i] = true;
		client_send(&clerk->clients[i], &hello, sizeof(hello), -1);
	}
}

static int finish(struct clerk *clerk) {
	desk_destroy(clerk->desk);
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		if (clerk->is_client[i]) {
			client_finish(&clerk->clients[i]);
		}
	}
	store_check_destroy(clerk->check);
	upkeep_finish(&clerk->upkeep);
	store_close(clerk->store);
	house_leave(&clerk->house);
	free(clerk);
	return EXIT_DONE;
}

int clerk_main(const char *argv0) {
	struct clerk *clerk = calloc(1, sizeof(*clerk));
	if (clerk == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory is left");
	}
	clerk->desk = desk_create();
	house_enter(&clerk->house, argv0, turn, clerk);
	if (clerk->house.ring == NULL || clerk->house.boards[PROCESS_SCRIBE] == NULL) {
		diag_exit(EXIT_USAGE, "no ring and no board of the scribe were handed down");
	}
	(void)setpriority(PRIO_PROCESS, 0, NICENESS);
	open_store(clerk);
	upkeep_init(&clerk->upkeep, clerk->store, clerk->house.options->data,
	            loop_now_us(clerk->house.loop));
	desk_open(clerk->desk, &clerk->house, clerk->clients, clerk->is_client);
	greet_clients(clerk);
	house_ready(&clerk->house);
	loop_run(clerk->house.loop);
	return finish(clerk);
}
