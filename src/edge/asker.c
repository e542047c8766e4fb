#include "asker.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "diag.h"
#include "house.h"

static uint32_t incarnation(const struct asker *asker) {
	return atomic_load_explicit(&asker->house->own->incarnation, memory_order_relaxed);
}

/* False if the wire is full. */
static bool send_ask(struct asker *asker, struct ask *ask) {
	const struct clerk_question question = {.what = ask->what,
	                                        .incarnation = incarnation(asker),
	                                        .number = ask->number,
	                                        .room = ask->room,
	                                        .seq = ask->seq,
	                                        .count = ask->count,
	                                        .text_bytes = (uint32_t)ask->text.size};
	if (clerk_ask(asker->house->clerk, &question, ask->text.bytes) == 0) {
		ask->is_sent = true;
		return true;
	}
	if (errno != EAGAIN && errno != ENOBUFS) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot ask the clerk");
	}
	return false;
}

/* Likewise. */
static bool send_account(struct asker *asker, struct account_ask *ask) {
	const struct clerk_question question = {.what = ask->what,
	                                        .incarnation = incarnation(asker),
	                                        .number = ask->number,
	                                        .text_bytes = sizeof(ask->question)};
	if (clerk_ask(asker->house->clerk, &question, &ask->question) == 0) {
		ask->is_sent = true;
		return true;
	}
	if (errno != EAGAIN && errno != ENOBUFS) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot ask the clerk");
	}
	return false;
}

/* Sends what is not sent yet, and watches for what there is to wait for. */
static void settle(struct asker *asker) {
	uint32_t events = asker->is_in_hand ? 0 : EPOLLIN;
	for (unsigned i = 0; i < ASKS_MAX; i++) {
		struct ask *ask = asker->asks[i];
		if (ask != NULL && ask->number != 0 && !ask->is_sent && !send_ask(asker, ask)) {
			events |= EPOLLOUT;
		}
	}
	for (unsigned i = 0; i < CLERK_ACCOUNTS_OPEN_MAX; i++) {
		struct account_ask *ask = &asker->accounts[i];
		if (ask->number != 0 && !ask->is_sent && !send_account(asker, ask)) {
			events |= EPOLLOUT;
		}
	}
	if (loop_change(asker->house->loop, &asker->watch, events) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot watch the clerk");
	}
}

static struct ask *ask_of(struct asker *asker, const struct clerk_answer *answer) {
	if (answer->incarnation != incarnation(asker)) {
		return NULL;
	}
	for (unsigned i = 0; i < ASKS_MAX; i++) {
		struct ask *ask = asker->asks[i];
		if (ask != NULL && ask->number != 0 && ask->number == answer->number) {
			return ask;
		}
	}
	return NULL;
}

static void on_slice(struct asker *asker, const struct clerk_answer *answer, size_t size) {
	struct ask *ask = ask_of(asker, answer);
	if (ask == NULL) {
		return;
	}
	asker->is_in_hand = true;
	if (answer->is_last) {
		ask->number = 0;
	}
	ask->take(ask->context, (struct slice_in_hand){.bytes = asker->message + sizeof(*answer),
	                                               .size = size - sizeof(*answer),
	                                               .is_last = answer->is_last != 0});
}

static void on_failure(struct asker *asker, const struct clerk_answer *answer) {
	struct ask *ask = ask_of(asker, answer);
	if (ask != NULL) {
		ask->number = 0;
		ask->fail(ask->context);
	}
}

/* ---- accounts ---- */

static struct account_ask *account_ask_of(struct asker *asker, const struct clerk_answer *answer) {
	if (answer->incarnation != incarnation(asker) || answer->number == 0) {
		return NULL;
	}
	for (unsigned i = 0; i < CLERK_ACCOUNTS_OPEN_MAX; i++) {
		if (asker->accounts[i].number == answer->number) {
			return &asker->accounts[i];
		}
	}
	return NULL;
}

/* True if the question was one about an account. */
static bool on_account(struct asker *asker, const struct clerk_answer *answer, size_t size) {
	struct account_ask *ask = account_ask_of(asker, answer);
	if (ask == NULL) {
		return false;
	}
	struct account_answer its = {.word = ACCOUNT_FAILED};
	if (answer->what == ask->what && size >= sizeof(*answer) + sizeof(its)) {
		memcpy(&its, asker->message + sizeof(*answer), sizeof(its));
	}
	/* Free before it is told: who is told may ask the next. */
	account_answered *answered = ask->answered;
	void *context = ask->context;
	struct connection connection = ask->connection;
	explicit_bzero(ask, sizeof(*ask));
	answered(context, connection, &its);
	return true;
}

bool asker_ask_account(struct asker *asker, enum clerk_what what,
                       const struct account_question *question, struct connection connection,
                       account_answered *answered, void *context) {
	assert(clerk_is_account(what));
	for (unsigned i = 0; i < CLERK_ACCOUNTS_OPEN_MAX; i++) {
		struct account_ask *ask = &asker->accounts[i];
		if (ask->number == 0) {
			*ask = (struct account_ask){.number = ++asker->number,
			                            .what = what,
			                            .answered = answered,
			                            .context = context,
			                            .connection = connection,
			                            .question = *question};
			settle(asker);
			return true;
		}
	}
	return false;
}

/* One message; false if none waits. */
static bool take_message(struct asker *asker) {
	int passed;
	long size =
		clerk_receive(asker->house->clerk, asker->message, sizeof(asker->message), &passed);
	if (size == 0) {
		return false;
	}
	if (size < 0) {
		if (errno != EMSGSIZE && errno != EBADMSG) {
			diag_exit_errno(EXIT_TRY_AGAIN, "cannot hear the clerk");
		}
		return true;
	}
	if (passed >= 0) {
		close(passed);
	}
	struct clerk_answer answer;
	memcpy(&answer, asker->message, sizeof(answer));
	switch (answer.what) {
	case CLERK_HELLO: asker_ask_again(asker); break;
	case CLERK_LAST:
	case CLERK_NEXT:
	case CLERK_ALL:
	case CLERK_MOVES:
	case CLERK_GONE:
	case CLERK_MESSAGES:
	case CLERK_MESSAGES_AFTER:
	case CLERK_ENTRY:
	case CLERK_EVENTS:
	case CLERK_EVENTS_AFTER:
	case CLERK_LETTERS:
	case CLERK_SEARCH: on_slice(asker, &answer, (size_t)size); break;
	case CLERK_FAILED:
		if (!on_account(asker, &answer, (size_t)size)) {
			on_failure(asker, &answer);
		}
		break;
	default: (void)on_account(asker, &answer, (size_t)size); break;
	}
	return true;
}

static void on_ready(void *context, uint32_t events) {
	struct asker *asker = context;
	/* A message in hand stops the reading, or a taker could be given two. */
	while (!asker->is_in_hand && take_message(asker)) {
	}
	settle(asker);
}

void asker_init(struct asker *asker, struct house *house) {
	*asker = (struct asker){.house = house};
	asker->watch = (struct watch){.fd = house->clerk, .ready = on_ready, .context = asker};
	if (loop_watch(house->loop, &asker->watch, EPOLLIN) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot watch the clerk");
	}
}

void asker_add(struct asker *asker, struct ask *ask) {
	for (unsigned i = 0; i < ASKS_MAX; i++) {
		if (asker->asks[i] == NULL) {
			asker->asks[i] = ask;
			return;
		}
	}
	assert(!"there is an ask for each");
}

void asker_ask(struct asker *asker, struct ask *ask, enum clerk_what what, uint64_t room,
               uint64_t seq, uint32_t count) {
	assert(ask->number == 0);
	ask->what = what;
	ask->number = ++asker->number;
	ask->room = room;
	ask->seq = seq;
	ask->count = count;
	ask->is_sent = false;
	settle(asker);
}

void asker_release(struct asker *asker) {
	assert(asker->is_in_hand);
	asker->is_in_hand = false;
	settle(asker);
}

void asker_ask_again(struct asker *asker) {
	for (unsigned i = 0; i < ASKS_MAX; i++) {
		if (asker->asks[i] != NULL) {
			asker->asks[i]->is_sent = false;
		}
	}
	for (unsigned i = 0; i < CLERK_ACCOUNTS_OPEN_MAX; i++) {
		asker->accounts[i].is_sent = false;
	}
	settle(asker);
}
