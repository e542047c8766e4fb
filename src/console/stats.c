/* stats.c - /stats: what the boards say, a line a process, and the refusals by reason. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "console_inner.h"
#include "handlers.h"
#include "speech.h"

static uint64_t load(const _Atomic uint64_t *value) {
	return atomic_load_explicit(value, memory_order_relaxed);
}

/* Resident memory in kilobytes as /proc has it, the ring's mapped pages included; 0: not to be had. */
static uint64_t memory_kb(unsigned pid) {
	char path[40];
	unsigned long long whole = 0;
	unsigned long long resident = 0;
	snprintf(path, sizeof(path), "/proc/%u/statm", pid);
	FILE *file = fopen(path, "re");
	if (file == NULL) {
		return 0;
	}
	if (fscanf(file, "%llu %llu", &whole, &resident) != 2) {
		resident = 0;
	}
	fclose(file);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

/* ---- a process ---- */

static json_t *counters_of(const struct board *board) {
	json_t *counters = json_object();
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		uint64_t value = load(&board->counters[i]);
		if (value != 0) {
			json_object_set_new(counters, counter_word(i),
			                    json_integer((json_int_t)value));
		}
	}
	return counters;
}

static json_t *refusals_of(const struct board *board) {
	json_t *refusals = json_object();
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		uint64_t value = load(&board->refusals[i]);
		if (value != 0) {
			json_object_set_new(refusals, reason_word((uint16_t)i),
			                    json_integer((json_int_t)value));
		}
	}
	return refusals;
}

/* How far its position is behind the ring's head. The clerk's and the keeper's boards say none. */
static bool lag_of(const struct console *console, unsigned index, uint64_t *lag) {
	const struct board *board = console->house.boards[index];
	uint64_t position = atomic_load_explicit(&board->position, memory_order_acquire);
	uint64_t head = ring_head(console->house.ring);
	*lag = head > position ? head - position : 0;
	return index == PROCESS_HUB || index == PROCESS_SCRIBE || index == PROCESS_CONSOLE ||
	       index >= PROCESS_EDGE_0;
}

static void set(json_t *object, const char *key, uint64_t value) {
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *object_of(const struct console *console, unsigned index, const char *name,
                         unsigned pid, uint64_t memory) {
	const struct board *board = console->house.boards[index];
	uint32_t incarnation = atomic_load(&board->incarnation);
	uint64_t lag;
	json_t *object = json_pack("{s:s}", "process", name);
	set(object, "pid", pid);
	set(object, "restarts", incarnation > 0 ? incarnation - 1 : 0);
	set(object, "memory_kb", memory);
	set(object, "seq", load(&board->seq));
	if (lag_of(console, index, &lag)) {
		set(object, "lag_bytes", lag);
	}
	if (index == PROCESS_HUB) {
		set(object, "people", load(&board->people));
		set(object, "absent", load(&board->absent));
		json_object_set_new(object, "is_stalled",
		                    json_boolean(atomic_load(&board->is_stalled)));
	}
	if (index == PROCESS_SCRIBE) {
		set(object, "seq_stored", load(&board->seq_stored));
		set(object, "seq_durable", load(&board->seq_durable));
		set(object, "seq_reserve", load(&board->seq_reserve));
	}
	json_object_set_new(object, "counters", counters_of(board));
	json_object_set_new(object, "refusals", refusals_of(board));
	return object;
}

/* "  requests 12  entries 9": those that have counted anything. */
static void put_counters(const struct board *board, char *out, size_t out_size) {
	size_t size = 0;
	out[0] = '\0';
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		uint64_t value = load(&board->counters[i]);
		if (value != 0 && size < out_size) {
			size += (size_t)snprintf(out + size, out_size - size, "  %s %llu",
			                         counter_word(i), (unsigned long long)value);
		}
	}
}

static void say_process(struct task *task, unsigned index) {
	const struct console *console = task->console;
	const struct board *board = console->house.boards[index];
	unsigned pid = index == PROCESS_KEEPER ? (unsigned)getppid() : atomic_load(&board->pid);
	uint64_t memory = pid != 0 ? memory_kb(pid) : 0;
	uint32_t incarnation = atomic_load(&board->incarnation);
	uint64_t lag;
	char name[PROCESS_NAME_MAX];
	char behind[80] = "";
	char counters[COUNTER_COUNT * 48];
	char words[sizeof(counters) + 300];
	process_name(index, name);
	put_counters(board, counters, sizeof(counters));
	if (lag_of(console, index, &lag)) {
		snprintf(behind, sizeof(behind),
		         either(task->language, "  落后 %llu 字节", "  %llu bytes behind"),
		         (unsigned long long)lag);
	}
	snprintf(words, sizeof(words),
	         either(task->language, "%-8s pid %-7u %6llu KB  重启 %u 次%s%s",
	                "%-8s pid %-7u %6llu KB  restarts %u%s%s"),
	         name, pid, (unsigned long long)memory, incarnation > 0 ? incarnation - 1 : 0,
	         behind, counters);
	task_say(task, words, object_of(console, index, name, pid, memory));
}

/* ---- the whole ---- */

static uint64_t sum_refusals(const struct console *console, unsigned reason) {
	uint64_t sum = 0;
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		const struct board *board = console->house.boards[i];
		sum += board != NULL ? load(&board->refusals[reason]) : 0;
	}
	return sum;
}

/* Words only: programs have the processes' own numbers. */
static void say_refusals(struct task *task) {
	char words[200];
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		uint64_t sum = sum_refusals(task->console, i);
		if (sum != 0) {
			snprintf(words, sizeof(words),
			         either(task->language, "拒绝 %s %llu 次", "refused %s: %llu"),
			         reason_word((uint16_t)i), (unsigned long long)sum);
			task_say(task, words, json_object());
		}
	}
}

static void say_room(struct task *task) {
	const struct house *house = &task->console->house;
	const struct board *hub = house->boards[PROCESS_HUB];
	const struct board *scribe = house->boards[PROCESS_SCRIBE];
	char words[300];
	snprintf(words, sizeof(words),
	         either(task->language,
	                "在线 %llu 人，暂离 %llu 人，最后一条 %llu，已存到 %llu，落盘到 %llu%s",
	                "%llu online, %llu absent, last entry %llu, stored up to %llu, synced up "
	                "to %llu%s"),
	         (unsigned long long)load(&hub->people), (unsigned long long)load(&hub->absent),
	         (unsigned long long)load(&hub->seq), (unsigned long long)load(&scribe->seq_stored),
	         (unsigned long long)load(&scribe->seq_durable),
	         atomic_load(&hub->is_stalled) ? either(task->language, "，磁盘太慢，暂停接受",
	                                                ", halted: the disk is behind")
	                                       : "");
	task_say(task, words,
	         json_pack("{s:I,s:I,s:s}", "ring_bytes", (json_int_t)ring_capacity(house->ring),
	                   "ring_head", (json_int_t)ring_head(house->ring), "version",
	                   QUN_VERSION));
}

void run_stats(struct task *task) {
	say_room(task);
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		if (task->console->house.boards[i] != NULL) {
			say_process(task, i);
		}
	}
	say_refusals(task);
	task_done(task, NULL, NULL);
}
