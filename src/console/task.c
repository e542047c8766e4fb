#include "task.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "account_task.h"
#include "acts.h"
#include "check.h"
#include "console_inner.h"
#include "diag.h"
#include "handlers.h"
#include "speech.h"
#include "words.h"

/* Records of a pile that are shown in one turn: no list keeps others waiting. */
#define SHOWN_IN_A_TURN_MAX 256

/* A clerk or a board that is not ready is looked at again after this long. */
#define AGAIN_US (50 * 1000)

#define QUEUE_OWN(console) ((console)->house.queues_count - 1)

/* ---- beginning ---- */

struct task *task_take(struct console *console, const struct asker *asker, void *context,
                       enum language language) {
	for (size_t i = 0; i < TASKS_MAX; i++) {
		struct task *task = &console->tasks[i];
		if (task->phase == TASK_FREE) {
			*task = (struct task){.console = console,
			                      .asker = asker,
			                      .asker_context = context,
			                      .language = language,
			                      .phase = TASK_RUNNING,
			                      .generation = ++console->generation};
			return task;
		}
	}
	return NULL;
}

static void task_free(struct task *task) {
	pile_finish(&task->pile);
	account_wipe(task);
	task->phase = TASK_FREE;
}

void task_forget(struct task *task) {
	task_free(task);
}

void task_run(struct task *task, struct slice line) {
	char words[COMMAND_WORDS_MAX];
	enum command_error error = command_parse(line, &task->command);
	if (error == COMMAND_OK) {
		task->command.row->run(task);
	} else if (error == COMMAND_EMPTY) {
		task_done(task, NULL, NULL);
	} else {
		command_words(error, &task->command, task->language, "/", words);
		task_refuse(task, command_strerror(error), words);
	}
}

/* ---- for handlers ---- */

void task_say(struct task *task, const char *words, json_t *object) {
	task->asker->say(task->asker_context, words, object);
	json_decref(object);
}

static void finish(struct task *task, bool is_ok, const char *words, json_t *object) {
	const struct asker *asker = task->asker;
	void *context = task->asker_context;
	json_object_set_new(object, "ok", json_boolean(is_ok));
	task_free(task);
	asker->done(context, is_ok, words, object);
	json_decref(object);
}

void task_done(struct task *task, const char *words, json_t *extra) {
	finish(task, true, words, extra != NULL ? extra : json_object());
}

void task_refuse(struct task *task, const char *error, const char *words) {
	finish(task, false, words, json_pack("{s:s}", "error", error));
}

void task_wait(struct task *task, enum task_phase phase) {
	task->phase = phase;
	task->deadline_us = loop_now_us(task->console->house.loop) + TASK_PATIENCE_US;
}

static void refuse_for(struct task *task, const struct record *answer) {
	char words[WORDS_REFUSAL_BYTES_MAX + 1];
	size_t size = words_refusal(task->language, answer, words, sizeof(words) - 1);
	words[size] = '\0';
	board_count_refusal(task->console->house.own, answer->reason);
	task_refuse(task, reason_word(answer->reason), words);
}

bool task_request(struct task *task, struct record *request) {
	struct console *console = task->console;
	request->connection.slot = (uint32_t)(task - console->tasks);
	request->connection.generation = task->generation;
	if (queue_put(console->house.queues[QUEUE_OWN(console)], request) == 0) {
		refuse_for(task, &(struct record){.reason = REASON_BUSY});
		return false;
	}
	house_ring(&console->house, PROCESS_HUB);
	task_wait(task, TASK_ANSWER);
	return true;
}

static void ask_clerk(struct task *task) {
	struct console *console = task->console;
	const void *text = clerk_is_account(task->question.what) ? &task->account : NULL;
	task->must_ask = clerk_ask(console->house.clerk, &task->question, text) < 0;
}

void task_question(struct task *task, struct clerk_question question) {
	struct console *console = task->console;
	task->question = question;
	/* Who asks again keeps the number: a new clerk may hear the question twice. */
	task->question.incarnation = atomic_load(&console->house.own->incarnation);
	task->question.number = console_next_question(console);
	task_wait(task, TASK_CLERK);
	if (question.what == CLERK_CHECK) {
		task->deadline_us = 0; /* It takes as long as the history is long. */
	}
	ask_clerk(task);
}

/* ---- the hub's answers ---- */

void run_request(struct task *task) {
	const struct command *command = &task->command;
	task_request(task, &(struct record){.kind = command->row->request,
	                                    .name = command->name,
	                                    .has_net = command->has_net,
	                                    .net = command->net,
	                                    .bits = command->bits,
	                                    .number = command->number,
	                                    .text = command->text});
}

static void say_done(struct task *task) {
	char words[64];
	bool is_shout = task->command.row->request == REQUEST_SHOUT;
	unsigned long long count = task->count;
	if (is_shout) {
		snprintf(words, sizeof(words),
		         either(task->language, "已告诉 %llu 人", "Told %llu"), count);
	} else if (count > 1) {
		snprintf(words, sizeof(words),
		         either(task->language, "好了（%llu）", "Done (%llu)"), count);
	} else {
		snprintf(words, sizeof(words), "%s", either(task->language, "好了", "Done"));
	}
	task_done(task, is_shout && task->asker->sees_room ? NULL : words,
	          json_pack("{s:I,s:I}", "seq", (json_int_t)task->seq, "count",
	                    (json_int_t)task->count));
}

static bool is_durable(const struct task *task) {
	const struct house *house = &task->console->house;
	return !house->options->is_fsync ||
	       atomic_load_explicit(&house->boards[PROCESS_SCRIBE]->seq_durable,
	                            memory_order_acquire) >= task->seq;
}

static void step_durable(struct task *task) {
	if (is_durable(task)) {
		say_done(task);
	}
}

static struct task *task_of(struct console *console, const struct record *answer) {
	uint32_t slot = answer->connection.slot;
	if (answer->queue != QUEUE_OWN(console) ||
	    answer->incarnation != atomic_load(&console->house.own->incarnation) ||
	    slot >= TASKS_MAX || console->tasks[slot].generation != answer->connection.generation ||
	    console->tasks[slot].phase != TASK_ANSWER) {
		return NULL;
	}
	return &console->tasks[slot];
}

static void on_refused(struct task *task, const struct record *answer) {
	if (clerk_is_account(task->question.what)) {
		account_on_refused(task, answer->reason);
		say_done(task);
	} else {
		refuse_for(task, answer);
	}
}

void tasks_on_answer(struct console *console, const struct record *answer) {
	struct task *task = task_of(console, answer);
	if (task == NULL) {
		return;
	}
	task->seq = answer->seq;
	if (account_erase_on_answer(task, answer)) {
		return;
	}
	switch (answer->kind) {
	case ANSWER_DONE:
		task->count = answer->number;
		task_wait(task, TASK_DURABLE);
		step_durable(task);
		break;
	case ANSWER_CHECK: check_begin(task); break;
	case ANSWER_REFUSED: on_refused(task, answer); break;
	case ANSWER_NOTHING: say_done(task); break;
	default: break;
	}
}

void tasks_on_overtaken(struct console *console) {
	for (size_t i = 0; i < TASKS_MAX; i++) {
		struct task *task = &console->tasks[i];
		if (task->phase == TASK_ANSWER) {
			task_refuse(task, "overtaken",
			            either(task->language, "没来得及看到结果，可能已经做了",
			                   "The answer went by unseen; it may well be done"));
		}
	}
}

/* ---- lists ---- */

void task_show(struct task *task) {
	task->phase = TASK_SHOWING;
	task->deadline_us = 0;
}

static void finish_showing(struct task *task) {
	if (!account_go_on(task) && !acts_go_on(task)) {
		size_t count = task->count > 0 ? task->count : task->pile.count;
		task_done(task, NULL, json_pack("{s:I}", "count", (json_int_t)count));
	}
}

static void step_showing(struct task *task) {
	char words[SPEECH_LINE_MAX];
	struct record record;
	for (int i = 0; i < SHOWN_IN_A_TURN_MAX; i++) {
		if (!task->asker->has_room(task->asker_context)) {
			return;
		}
		if (!pile_next(&task->pile, &task->shown, &record)) {
			finish_showing(task);
			return;
		}
		bool is_act = task->question.what == CLERK_ACTS;
		if (is_act) {
			acts_line(task->language, &record, words);
			task_say(task, words, acts_object(&record));
		} else if (speech_line(task->language, &record, words) > 0) {
			task_say(task, words, speech_object(&record));
		}
	}
}

bool tasks_want_state(const struct console *console) {
	for (size_t i = 0; i < TASKS_MAX; i++) {
		if (console->tasks[i].phase == TASK_STATE) {
			return true;
		}
	}
	return false;
}

void tasks_on_state(struct console *console, const struct state *state) {
	for (size_t i = 0; i < TASKS_MAX; i++) {
		struct task *task = &console->tasks[i];
		if (task->phase != TASK_STATE) {
			continue;
		}
		if (state != NULL) {
			task->take_state(task, state);
		} else {
			refuse_for(task, &(struct record){.reason = REASON_UNAVAILABLE});
		}
	}
}

/* ---- the clerk ---- */

static void take_slice(struct task *task, const struct clerk_answer *answer, const char *bytes,
                       size_t size) {
	for (uint32_t i = 0; i < answer->count; i++) {
		struct record record;
		size_t taken = record_decode(&record, bytes, size);
		if (taken == 0 || task->pile.count >= COMMAND_HISTORY_MAX) {
			break;
		}
		pile_add(&task->pile, &record);
		bytes += taken;
		size -= taken;
	}
	if (answer->is_last) {
		task_show(task);
	}
}

void tasks_on_clerk(struct console *console, const struct clerk_answer *answer, const char *bytes,
                    size_t size) {
	for (size_t i = 0; i < TASKS_MAX; i++) {
		struct task *task = &console->tasks[i];
		if (task->phase != TASK_CLERK || task->question.number != answer->number) {
			continue;
		}
		if (answer->what == CLERK_FAILED) {
			refuse_for(task, &(struct record){.reason = REASON_UNAVAILABLE});
		} else if (task->question.what == CLERK_CHECK) {
			check_on_clerk(task, answer->count);
		} else if (clerk_is_account(task->question.what)) {
			account_on_clerk(task, answer, bytes, size);
		} else if (task->question.what == CLERK_ACTS) {
			acts_on_clerk(task, answer, bytes, size);
		} else {
			take_slice(task, answer, bytes, size);
		}
		return;
	}
}

void tasks_on_hello(struct console *console) {
	for (size_t i = 0; i < TASKS_MAX; i++) {
		struct task *task = &console->tasks[i];
		if (task->phase == TASK_CLERK) {
			pile_finish(&task->pile);
			task->received = 0;
			ask_clerk(task);
		}
	}
}

/* ---- the loop ---- */

static const char *whom_we_wait_for(const struct task *task) {
	switch (task->phase) {
	case TASK_ANSWER:
		return either(task->language, "聊天室中枢没有回答，可能稍后才做",
		              "The hub does not answer; it may still be done");
	case TASK_DURABLE:
		return either(task->language, "已经做了，但还没有写到磁盘",
		              "It is done, but not on the disk yet");
	default:
		return either(task->language, "暂时得不到回答，请过一会儿再试",
		              "There is no answer just now, please try again soon");
	}
}

static void step(struct task *task, uint64_t now_us) {
	switch (task->phase) {
	case TASK_DURABLE: step_durable(task); break;
	case TASK_BOARDS: check_step(task, now_us); break;
	case TASK_SHOWING: step_showing(task); break;
	case TASK_CLERK:
		if (task->must_ask) {
			ask_clerk(task);
		}
		break;
	default: break;
	}
	if (task->phase != TASK_FREE && task->deadline_us != 0 && task->deadline_us <= now_us) {
		if (task->phase == TASK_BOARDS) {
			check_give_up(task);
		} else {
			task_refuse(task, "no-answer", whom_we_wait_for(task));
		}
	}
}

/* When a task needs another look, in microseconds from now. */
static uint64_t patience_of(const struct task *task, uint64_t now_us) {
	if (task->phase == TASK_FREE) {
		return LOOP_FOREVER;
	}
	if (task->phase == TASK_SHOWING) {
		/* Who has no room now says so by having some later. */
		return task->asker->has_room(task->asker_context) ? 0 : LOOP_FOREVER;
	}
	if (task->phase == TASK_BOARDS || task->must_ask) {
		return AGAIN_US;
	}
	if (task->deadline_us == 0) {
		return LOOP_FOREVER;
	}
	return task->deadline_us > now_us ? task->deadline_us - now_us : 1;
}

void tasks_turn(struct console *console, uint64_t now_us) {
	for (size_t i = 0; i < TASKS_MAX; i++) {
		step(&console->tasks[i], now_us);
	}
	roll_turn(console);
}

uint64_t tasks_sleep(struct console *console, uint64_t now_us) {
	uint64_t sleep_us = console->roll.must_ask ? AGAIN_US : LOOP_FOREVER;
	for (size_t i = 0; i < TASKS_MAX; i++) {
		uint64_t patience_us = patience_of(&console->tasks[i], now_us);
		sleep_us = patience_us < sleep_us ? patience_us : sleep_us;
	}
	return sleep_us;
}

bool tasks_are_under_way(const struct console *console) {
	for (size_t i = 0; i < TASKS_MAX; i++) {
		if (console->tasks[i].phase != TASK_FREE) {
			return true;
		}
	}
	return false;
}
