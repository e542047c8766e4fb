#include "check.h"

#include <stdio.h>

#include "console_inner.h"
#include "handlers.h"
#include "speech.h"

/* Who has not passed the record after this long may have been started behind it. */
#define RETRY_US (2 * 1000 * 1000)

/* The processes that hold the state, one after the other; PROCESSES_MAX at the end. */
static unsigned next_holder(const struct console *console, unsigned index) {
	unsigned end = PROCESS_EDGE_0 + console->house.options->edges;
	switch (index) {
	case PROCESS_KEEPER: return PROCESS_HUB;
	case PROCESS_HUB: return PROCESS_SCRIBE;
	case PROCESS_SCRIBE: return PROCESS_EDGE_0;
	default: return index + 1 < end ? index + 1 : PROCESSES_MAX;
	}
}

static bool has_noted(const struct task *task, unsigned index) {
	const struct board *board = task->console->house.boards[index];
	return board != NULL && atomic_load_explicit(&board->check_number, memory_order_acquire) ==
	                                task->check_number;
}

static bool have_all_noted(const struct task *task) {
	unsigned index = next_holder(task->console, PROCESS_KEEPER);
	while (index < PROCESSES_MAX && has_noted(task, index)) {
		index = next_holder(task->console, index);
	}
	return index == PROCESSES_MAX;
}

static void ask_all(struct task *task) {
	struct console *console = task->console;
	uint64_t incarnation = atomic_load(&console->house.own->incarnation);
	task->check_number = incarnation << 32 | ++console->checks;
	uint64_t deadline_us = task->deadline_us;
	if (task_request(task,
	                 &(struct record){.kind = REQUEST_CHECK, .number = task->check_number}) &&
	    deadline_us != 0) {
		task->deadline_us = deadline_us; /* Asking again is no reason for more patience. */
	}
}

void run_check(struct task *task) {
	const struct console *console = task->console;
	for (size_t i = 0; i < TASKS_MAX; i++) {
		const struct task *other = &console->tasks[i];
		if (other != task && other->phase != TASK_FREE &&
		    other->command.row == task->command.row) {
			task_refuse(task, reason_word(REASON_BUSY),
			            either(task->language, "已经在核对了，请等它结束",
			                   "A check is under way already, please wait for it"));
			return;
		}
	}
	ask_all(task);
}

void check_begin(struct task *task) {
	task->phase = TASK_BOARDS;
	task->retry_us = loop_now_us(task->console->house.loop) + RETRY_US;
}

/* ---- comparing ---- */

static void say_state(struct task *task, unsigned index) {
	const struct board *board = task->console->house.boards[index];
	unsigned long long seq = atomic_load(&board->check_seq);
	unsigned long long digest = atomic_load(&board->check_digest);
	char name[PROCESS_NAME_MAX];
	char hex[20];
	char words[120];
	process_name(index, name);
	snprintf(hex, sizeof(hex), "%016llx", digest);
	snprintf(words, sizeof(words), "%-8s %s %llu: %s", name,
	         either(task->language, "在第", "at entry"), seq, hex);
	task_say(task, words,
	         json_pack("{s:s,s:s,s:I,s:s}", "kind", "state", "process", name, "seq",
	                   (json_int_t)seq, "digest", hex));
}

static bool is_like_hub(const struct task *task, unsigned index) {
	const struct board *hub = task->console->house.boards[PROCESS_HUB];
	const struct board *board = task->console->house.boards[index];
	return atomic_load(&board->check_seq) == atomic_load(&hub->check_seq) &&
	       atomic_load(&board->check_digest) == atomic_load(&hub->check_digest);
}

static void compare(struct task *task) {
	unsigned index = next_holder(task->console, PROCESS_KEEPER);
	for (; index < PROCESSES_MAX; index = next_holder(task->console, index)) {
		say_state(task, index);
		task->is_check_bad = task->is_check_bad || !is_like_hub(task, index);
	}
}

void check_step(struct task *task, uint64_t now_us) {
	if (have_all_noted(task)) {
		compare(task);
		task_question(task, (struct clerk_question){.what = CLERK_CHECK});
	} else if (now_us >= task->retry_us) {
		ask_all(task);
	}
}

void check_give_up(struct task *task) {
	char words[200];
	char name[PROCESS_NAME_MAX];
	unsigned index = next_holder(task->console, PROCESS_KEEPER);
	while (index < PROCESSES_MAX && has_noted(task, index)) {
		index = next_holder(task->console, index);
	}
	snprintf(words, sizeof(words), either(task->language, "%s 没有回答", "%s does not answer"),
	         index < PROCESSES_MAX ? process_name(index, name) : "hub");
	task_refuse(task, "no-answer", words);
}

void check_on_clerk(struct task *task, uint32_t problems) {
	char words[120];
	snprintf(words, sizeof(words),
	         either(task->language, "log.db 有 %u 处问题", "problems in log.db: %u"), problems);
	task_say(task, words, json_pack("{s:s,s:i}", "kind", "log", "problems", (int)problems));
	if (task->is_check_bad) {
		task_refuse(task, "states-differ",
		            either(task->language, "各进程的状态不一致", "The states differ"));
	} else if (problems > 0) {
		task_refuse(task, "log-damaged",
		            either(task->language, "历史记录有损坏，详情见服务器的输出",
		                   "The history is damaged; the server's messages say how"));
	} else {
		task_done(task,
		          either(task->language, "各进程的状态一致，历史记录完好",
		                 "The states are the same and the history is whole"),
		          NULL);
	}
}
