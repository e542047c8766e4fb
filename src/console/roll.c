#include "roll.h"

#include <unistd.h>

#include "clerkwire.h"
#include "console_inner.h"
#include "diag.h"
#include "state.h"

static void ask(struct console *console) {
	struct roll *roll = &console->roll;
	struct clerk_question question = {
		.what = CLERK_STATE,
		.incarnation = atomic_load(&console->house.own->incarnation),
		.number = console_next_question(console),
	};
	roll->must_ask = clerk_ask(console->house.clerk, &question, NULL) < 0;
	roll->question = question.number;
}

void roll_want(struct console *console) {
	if (console->roll.question == 0) {
		ask(console);
	}
}

void roll_turn(struct console *console) {
	if (console->roll.must_ask) {
		ask(console);
	}
}

void roll_on_hello(struct console *console) {
	if (console->roll.question != 0) {
		ask(console);
	}
}

/* Applies what the ring has from `position` on: RING_EMPTY when that is done, else why not. */
static enum ring_result follow(struct console *console, struct state *state, uint64_t position) {
	enum ring_result result;
	while ((result = ring_read(console->house.ring, &position, console->record)) == RING_OK) {
		struct record record;
		if (record_decode(&record, console->record, sizeof(console->record)) == 0 ||
		    state_apply(state, &record, NULL, NULL) != STATE_OK) {
			return RING_BAD;
		}
	}
	return result;
}

/* To whoever waits for it; or (NULL) nobody gets it. */
static void give(struct console *console, const struct state *state) {
	tasks_on_state(console, state);
	ledger_on_state(console, state);
}

static void make_lists(struct console *console, struct state *state, uint64_t position) {
	switch (follow(console, state, position)) {
	case RING_EMPTY: give(console, state); break;
	case RING_LAPPED: ask(console); break; /* Again; the tasks' patience is the bound. */
	default:
		diag("the ring does not go on from the state that the clerk gave");
		give(console, NULL);
	}
}

bool roll_on_answer(struct console *console, const struct clerk_answer *answer, int fd) {
	struct roll *roll = &console->roll;
	if (roll->question == 0 || answer->number != roll->question) {
		return false;
	}
	roll->question = 0;
	roll->must_ask = false;
	if (tasks_want_state(console) || ledger_wants_state(console)) {
		struct state *state = state_create();
		const char *trouble = answer->what == CLERK_STATE ? clerk_load_rows(state, fd)
		                                                  : "the clerk cannot give it";
		if (trouble == NULL) {
			make_lists(console, state, answer->position);
		} else {
			diag("cannot load the state: %s", trouble);
			give(console, NULL);
		}
		state_destroy(state);
	}
	if (fd >= 0) {
		close(fd);
	}
	return true;
}
