#include "console.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clerkwire.h"
#include "console_inner.h"
#include "diag.h"
#include "editor.h"

#define RECORDS_IN_A_TURN_MAX 1024
#define CLERK_MESSAGES_IN_A_TURN_MAX 8

/*
 * At the first start the keeper has lines of its own to say when all are
 * ready; prompt and view come after them. Only looks depend on this.
 */
#define CURTAIN_US (100 * 1000)

/* How long the answer to /close may take on its way out. */
#define CLOSED_US (1000 * 1000)

/* ---- the ring ---- */

static void close_house(struct console *console) {
	if (!console->is_closed) {
		console->is_closed = true;
		console->closed_until_us = loop_now_us(console->house.loop) + CLOSED_US;
	}
}

static void on_record(struct console *console, const struct record *record) {
	if (record->kind == ENTRY_CLOSED) {
		close_house(console);
	} else if (record_is_answer(record)) {
		tasks_on_answer(console, record);
	}
}

static bool has_records(const struct console *console) {
	return console->position != ring_head(console->house.ring);
}

static void follow_ring(struct console *console) {
	for (int i = 0; i < RECORDS_IN_A_TURN_MAX && has_records(console); i++) {
		struct record record;
		if (ring_read(console->house.ring, &console->position, console->record) !=
		    RING_OK) {
			console->position = ring_head(console->house.ring);
			board_count(console->house.own, COUNT_LAPPED, 1);
			tasks_on_overtaken(console);
		} else if (record_decode(&record, console->record, sizeof(console->record)) > 0) {
			on_record(console, &record);
		}
	}
}

/* A successor goes on here. */
static void say_position(struct console *console) {
	uint64_t position = console->position;
	if (console->has_screen && console->view.position < position) {
		position = console->view.position;
	}
	atomic_store_explicit(&console->house.own->position, position, memory_order_release);
	atomic_store_explicit(&console->house.own->has_position, 1, memory_order_release);
}

/* ---- the clerk ---- */

/* What is no descriptor: the ledger's, or a task's. */
static void take_words(struct console *console, const struct clerk_answer *answer,
                       const char *bytes, size_t size) {
	if (!ledger_on_clerk(console, answer, bytes, size)) {
		tasks_on_clerk(console, answer, bytes, size);
	}
}

/* One message; false when there is none. */
static bool hear_clerk(struct console *console) {
	static union {
		struct clerk_answer answer;
		char bytes[CLERK_MESSAGE_BYTES_MAX];
	} buffer;
	int passed = -1;
	long size = clerk_receive(console->house.clerk, &buffer, sizeof(buffer), &passed);
	if (size == 0) {
		return false;
	}
	if (size < 0) {
		if (errno != EMSGSIZE && errno != EBADMSG) {
			diag_exit_errno(EXIT_TRY_AGAIN, "cannot hear the clerk");
		}
		return true;
	}
	const struct clerk_answer *answer = &buffer.answer;
	if (answer->what == CLERK_HELLO) {
		roll_on_hello(console);
		tasks_on_hello(console);
		ledger_begin(console);
	} else if (answer->what == CLERK_ACCOUNT_CHANGED ||
	           answer->incarnation == atomic_load(&console->house.own->incarnation)) {
		if (roll_on_answer(console, answer, passed)) {
			return true;
		}
		take_words(console, answer, buffer.bytes + sizeof(*answer),
		           (size_t)size - sizeof(*answer));
	}
	if (passed >= 0) {
		close(passed);
	}
	return true;
}

static void on_clerk(void *context, uint32_t events) {
	struct console *console = context;
	int heard = 0;
	while (heard < CLERK_MESSAGES_IN_A_TURN_MAX && hear_clerk(console)) {
		heard++;
	}
}

/* ---- the loop ---- */

static bool has_work(void *context) {
	const struct console *console = context;
	return has_records(console) || view_has_work(console) || keyboard_has_work(console) ||
	       clients_have_work(console);
}

/* Everything that was to be said after the end has been said, or has had its time. */
static bool is_at_end(const struct console *console, uint64_t now_us) {
	if (console->house.is_leaving) {
		return true;
	}
	return console->is_closed && (now_us >= console->closed_until_us ||
	                              (!tasks_are_under_way(console) && !clients_wait(console) &&
	                               !view_has_work(console)));
}

static uint64_t least(uint64_t a, uint64_t b) {
	return a < b ? a : b;
}

/* When time alone makes something due. */
static uint64_t time_to_sleep(struct console *console, uint64_t now_us) {
	uint64_t sleep_us = least(tasks_sleep(console, now_us), ledger_sleep(console, now_us));
	if (console->curtain_us != 0) {
		sleep_us = least(sleep_us, console->curtain_us - now_us);
	}
	if (console->is_closed) {
		sleep_us = least(sleep_us, console->closed_until_us - now_us);
	}
	return sleep_us;
}

/* Another process has said something on the terminal: the prompt is gone from there. */
static void mind_the_prompt(struct console *console) {
	bool is_displaced = console->prompt_rings != console->house.prompt_rings;
	console->prompt_rings = console->house.prompt_rings;
	if (is_displaced && console->screen.editor != NULL) {
		editor_displace(console->screen.editor);
	}
}

static uint64_t turn(void *context) {
	struct console *console = context;
	uint64_t now_us = loop_now_us(console->house.loop);
	if (console->curtain_us != 0 && now_us >= console->curtain_us) {
		console->curtain_us = 0;
	}
	mind_the_prompt(console);
	follow_ring(console);
	keyboard_turn(console);
	view_turn(console);
	tasks_turn(console, now_us);
	ledger_turn(console, now_us);
	clients_turn(console);
	if (console->has_screen && console->curtain_us == 0) {
		screen_flush(&console->screen);
	}
	say_position(console);
	if (is_at_end(console, now_us)) {
		loop_stop(console->house.loop);
		return 0;
	}
	return house_sleep(&console->house, has_work, console, time_to_sleep(console, now_us));
}

/* ---- beginning and end ---- */

static void open_screen(struct console *console) {
	struct house *house = &console->house;
	console->has_screen = house->keyboard >= 0;
	console->keyboard.fd = console->keyboard.signals = -1;
	if (!console->has_screen) {
		return;
	}
	if (atomic_load(&house->own->incarnation) == 1) {
		console->curtain_us = loop_now_us(house->loop) + CURTAIN_US;
	}
	screen_open(&console->screen, house->loop);
	keyboard_open(console);
}

static void begin(struct console *console) {
	struct house *house = &console->house;
	uint32_t incarnation = atomic_load(&house->own->incarnation);
	/* What a predecessor left on the board; a first life sees what happens from now on. */
	bool is_successor = incarnation > 1 && atomic_load(&house->own->has_position) != 0;
	console->position =
		is_successor ? atomic_load(&house->own->position) : ring_head(house->ring);
	view_open(console, console->position);
	queue_produce_as(house->queues[house->queues_count - 1], incarnation);
	console->watch_clerk =
		(struct watch){.fd = house->clerk, .ready = on_clerk, .context = console};
	if (loop_watch(house->loop, &console->watch_clerk, EPOLLIN) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot watch the clerk");
	}
	ledger_begin(console);
	clients_open(console);
	open_screen(console);
	say_position(console);
}

static void end(struct console *console) {
	clients_close(console);
	if (console->has_screen) {
		screen_flush(&console->screen);
		keyboard_close(console);
		screen_close(&console->screen);
	}
	for (size_t i = 0; i < TASKS_MAX; i++) {
		task_forget(&console->tasks[i]);
	}
	ledger_finish(console);
}

int console_main(const char *argv0) {
	static struct console console;
	house_enter(&console.house, argv0, turn, &console);
	begin(&console);
	house_ready(&console.house);
	loop_run(console.house.loop);
	int code = console.is_closed && !console.house.is_leaving ? EXIT_CLOSED : EXIT_DONE;
	end(&console);
	house_leave(&console.house);
	return code;
}
