#include "ledger.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "accountwire.h"
#include "clerkwire.h"
#include "console_inner.h"
#include "diag.h"
#include "pool.h"
#include "state.h"

#define PAGE 1000

/* What could not be had or told is tried again after this long. */
#define AGAIN_US (50 * 1000)
#define BEGIN_AGAIN_US (5 * 1000 * 1000)

/* ---- telling the hub ---- */

/* Nobody waits for the answer: the slot is no task's. */
static void tell(struct console *console, uint16_t kind, uint64_t id, struct slice name,
                 struct slice by) {
	pile_add(&console->ledger.requests, &(struct record){.kind = kind,
	                                                     .target = id,
	                                                     .name = name,
	                                                     .by = by,
	                                                     .connection.slot = TASKS_MAX});
}

static void tell_what_waits(struct console *console) {
	struct ledger *ledger = &console->ledger;
	struct house *house = &console->house;
	struct record request;
	size_t next = ledger->told;
	bool must_ring = false;
	while (pile_next(&ledger->requests, &next, &request) &&
	       queue_put(house->queues[house->queues_count - 1], &request) != 0) {
		ledger->told = next;
		must_ring = true;
	}
	if (must_ring) {
		house_ring(house, PROCESS_HUB);
	}
	if (ledger->told == ledger->requests.size) {
		pile_finish(&ledger->requests);
		ledger->told = 0;
	}
}

/* ---- what the state knows ---- */

static uint64_t hash_of(const struct ledger *ledger, struct slice name) {
	struct name_key key;
	return name_key(name, &key) == NAME_OK ? name_key_hash(&key, ledger->seed) : 0;
}

static void put_row(void *context, const struct record *row) {
	struct ledger *ledger = context;
	if (row->kind != ROW_ACCOUNT || row->name.size > NAME_BYTES_MAX) {
		return;
	}
	if (ledger->count == ledger->capacity) {
		ledger->capacity = ledger->capacity == 0 ? 64 : 2 * ledger->capacity;
		ledger->lines =
			allocate_again(ledger->lines, ledger->capacity * sizeof(*ledger->lines));
	}
	struct ledger_line *line = &ledger->lines[ledger->count++];
	*line = (struct ledger_line){.hash = hash_of(ledger, row->name),
	                             .id = row->target,
	                             .name_size = (uint8_t)row->name.size};
	memcpy(line->name, row->name.bytes, row->name.size);
}

static int compare_lines(const void *a, const void *b) {
	uint64_t first = ((const struct ledger_line *)a)->hash;
	uint64_t second = ((const struct ledger_line *)b)->hash;
	return (first > second) - (first < second);
}

static struct slice name_of(const struct ledger_line *line) {
	return slice_of(line->name, line->name_size);
}

static struct ledger_line *line_of(struct ledger *ledger, struct slice name) {
	uint64_t hash = hash_of(ledger, name);
	size_t first = 0, end = ledger->count;
	while (first < end) {
		size_t middle = first + (end - first) / 2;
		if (ledger->lines[middle].hash < hash) {
			first = middle + 1;
		} else {
			end = middle;
		}
	}
	for (; first < ledger->count && ledger->lines[first].hash == hash; first++) {
		if (name_equal(name_of(&ledger->lines[first]), name)) {
			return &ledger->lines[first];
		}
	}
	return NULL;
}

/* ---- asking ---- */

static void drop_lines(struct ledger *ledger) {
	free(ledger->lines);
	ledger->lines = NULL;
	ledger->count = ledger->capacity = 0;
}

static void ask_page(struct console *console) {
	static const struct account_question nothing = {0};
	struct ledger *ledger = &console->ledger;
	const struct clerk_question question = {
		.what = CLERK_ACCOUNT_LIST,
		.incarnation = atomic_load(&console->house.own->incarnation),
		.number = console_next_question(console),
		.seq = ledger->after,
		.count = PAGE,
		.text_bytes = sizeof(nothing),
	};
	ledger->must_ask = clerk_ask(console->house.clerk, &question, &nothing) < 0;
	ledger->question = question.number;
}

void ledger_begin(struct console *console) {
	struct ledger *ledger = &console->ledger;
	drop_lines(ledger);
	ledger->phase = LEDGER_STATE;
	ledger->question = 0;
	ledger->must_ask = false;
	ledger->again_us = 0;
	roll_want(console);
}

/* It cannot be had just now. */
static void begin_later(struct console *console) {
	struct ledger *ledger = &console->ledger;
	drop_lines(ledger);
	ledger->phase = LEDGER_IDLE;
	ledger->question = 0;
	ledger->must_ask = false;
	ledger->again_us = loop_now_us(console->house.loop) + BEGIN_AGAIN_US;
}

bool ledger_wants_state(const struct console *console) {
	return console->ledger.phase == LEDGER_STATE;
}

void ledger_on_state(struct console *console, const struct state *state) {
	struct ledger *ledger = &console->ledger;
	if (ledger->phase != LEDGER_STATE) {
		return;
	}
	if (state == NULL ||
	    getrandom(ledger->seed, sizeof(ledger->seed), 0) != (ssize_t)sizeof(ledger->seed)) {
		begin_later(console);
		return;
	}
	state_save(state, put_row, ledger);
	if (ledger->count > 0) {
		qsort(ledger->lines, ledger->count, sizeof(*ledger->lines), compare_lines);
	}
	ledger->phase = LEDGER_LIST;
	ledger->after = 0;
	ask_page(console);
}

/* ---- what accounts.db knows ---- */

static void finish_comparing(struct console *console) {
	struct ledger *ledger = &console->ledger;
	for (size_t i = 0; i < ledger->count; i++) {
		const struct ledger_line *line = &ledger->lines[i];
		if (!line->is_kept) {
			tell(console, REQUEST_ACCOUNT_ENDED, line->id, name_of(line),
			     slice_of(NULL, 0));
		}
	}
	drop_lines(ledger);
	ledger->phase = LEDGER_IDLE;
}

/* False: the list cannot be had. */
static bool take_one(struct console *console, const struct account_answer *account) {
	struct ledger *ledger = &console->ledger;
	if (account->word != ACCOUNT_OK || account->name_size > sizeof(account->name)) {
		return false;
	}
	struct slice name = slice_of(account->name, account->name_size);
	struct ledger_line *line = line_of(ledger, name);
	if (line == NULL) {
		tell(console, REQUEST_ACCOUNT_MADE, 0, name, slice_of(NULL, 0));
	} else {
		line->is_kept = true;
	}
	ledger->after = account->id;
	return true;
}

static void on_page(struct console *console, const struct clerk_answer *answer, const char *bytes,
                    size_t size) {
	struct ledger *ledger = &console->ledger;
	uint64_t before = ledger->after;
	for (uint32_t i = 0; i < answer->count && size >= sizeof(struct account_answer); i++) {
		struct account_answer account;
		memcpy(&account, bytes, sizeof(account));
		bytes += sizeof(account);
		size -= sizeof(account);
		if (!take_one(console, &account)) {
			begin_later(console);
			return;
		}
	}
	if (!answer->is_last) {
		return;
	}
	ledger->question = 0;
	/* An empty page is the last. */
	if (ledger->after == before) {
		finish_comparing(console);
	} else {
		ask_page(console);
	}
}

static void on_change(struct console *console, const char *bytes, size_t size) {
	struct account_answer account;
	if (size < sizeof(account)) {
		return;
	}
	memcpy(&account, bytes, sizeof(account));
	if (account.name_size <= sizeof(account.name)) {
		/* By an edge: nobody but its owner can do that there. */
		struct slice name = slice_of(account.name, account.name_size);
		tell(console,
		     account.word == ACCOUNT_OK ? REQUEST_ACCOUNT_MADE : REQUEST_ACCOUNT_ENDED, 0,
		     name, name);
	}
}

bool ledger_on_clerk(struct console *console, const struct clerk_answer *answer, const char *bytes,
                     size_t size) {
	struct ledger *ledger = &console->ledger;
	if (answer->what == CLERK_ACCOUNT_CHANGED) {
		on_change(console, bytes, size);
		return true;
	}
	if (ledger->question == 0 || answer->number != ledger->question) {
		return false;
	}
	if (answer->what == CLERK_FAILED) {
		begin_later(console);
	} else {
		on_page(console, answer, bytes, size);
	}
	return true;
}

/* ---- the loop ---- */

void ledger_turn(struct console *console, uint64_t now_us) {
	struct ledger *ledger = &console->ledger;
	if (ledger->again_us != 0 && now_us >= ledger->again_us) {
		ledger_begin(console);
	}
	if (ledger->must_ask) {
		ask_page(console);
	}
	if (ledger->requests.size > 0) {
		tell_what_waits(console);
	}
}

uint64_t ledger_sleep(const struct console *console, uint64_t now_us) {
	const struct ledger *ledger = &console->ledger;
	if (ledger->must_ask || ledger->requests.size > 0) {
		return AGAIN_US;
	}
	if (ledger->again_us == 0) {
		return LOOP_FOREVER;
	}
	return ledger->again_us > now_us ? ledger->again_us - now_us : 1;
}

void ledger_finish(struct console *console) {
	drop_lines(&console->ledger);
	pile_finish(&console->ledger.requests);
}
