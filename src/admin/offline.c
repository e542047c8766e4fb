#include "offline.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "acts.h"
#include "clock.h"
#include "speech.h"
#include "store.h"
#include "store_read.h"
#include "task.h"

/* Acts that are read at once. */
#define PAGE 500

bool offline_is_possible(const char *data) {
	char path[sizeof(((struct options *)0)->data) + 16];
	snprintf(path, sizeof(path), "%s/log.db", data);
	return access(path, F_OK) == 0;
}

static void say_problem(void *context, const char *sentence) {
	fprintf(stderr, "qun admin: %s\n", sentence);
}

static void print(bool is_json, json_t *object, FILE *out, const char *words) {
	if (is_json) {
		json_dumpf(object, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		fprintf(out, "%s\n", words);
	}
	json_decref(object);
}

static size_t read_through(struct store *store) {
	struct store_check *check = store_check_create(store, say_problem, NULL);
	if (check == NULL) {
		say_problem(NULL, store_why(store));
		return 1;
	}
	while (store_check_step(check)) {
	}
	size_t problems = store_check_problems(check);
	store_check_destroy(check);
	return problems;
}

/* ---- audit ---- */

struct auditing {
	struct audit audit;
	enum language language;
	bool is_json;
	uint64_t seq; /* the last one that was read */
	json_int_t count;
};

static bool say_act(void *context, const struct record *act) {
	static char words[SPEECH_LINE_MAX];
	struct auditing *auditing = context;
	auditing->seq = act->seq;
	if (acts_is_wished(&auditing->audit, act)) {
		acts_line(auditing->language, act, words);
		print(auditing->is_json, acts_object(act), stdout, words);
		auditing->count++;
	}
	return true;
}

static enum store_error read_acts(struct store *store, struct auditing *auditing) {
	enum store_error error = STORE_OK;
	uint64_t before;
	do {
		before = auditing->seq;
		error = store_acts(store, auditing->audit.since_us, before, PAGE, say_act,
		                   auditing);
	} while (error == STORE_OK && auditing->seq != before);
	return error;
}

bool offline_audit(const char *data, const struct command *command, enum language language,
                   bool is_json) {
	char why[STORE_WHY_BYTES];
	struct store *store;
	struct auditing auditing = {.language = language, .is_json = is_json};
	acts_wish(&auditing.audit, command, clock_wall_us());
	enum store_error error = store_open(&store, data, STORE_READ, why);
	if (error != STORE_OK) {
		say_problem(NULL, why);
	} else {
		error = read_acts(store, &auditing);
		if (error != STORE_OK) {
			say_problem(NULL, store_why(store));
		}
		store_close(store);
	}
	if (error != STORE_OK) {
		print(is_json, json_pack("{s:b,s:s}", "ok", 0, "error", "log-unreadable"), stderr,
		      either(language, "历史记录读不了", "The history cannot be read"));
		return false;
	}
	if (is_json) {
		print(true, json_pack("{s:b,s:I}", "ok", 1, "count", auditing.count), stdout, "");
	}
	return true;
}

/* ---- check ---- */

bool offline_check(const char *data, enum language language, bool is_json) {
	char why[STORE_WHY_BYTES];
	struct store *store;
	size_t problems = 1;
	enum store_error error = store_open(&store, data, STORE_READ, why);
	if (error == STORE_OK) {
		problems = read_through(store);
		store_close(store);
	} else {
		say_problem(NULL, why);
	}
	if (error != STORE_OK && error != STORE_DAMAGED) {
		print(is_json, json_pack("{s:b,s:s}", "ok", 0, "error", "log-unreadable"), stderr,
		      either(language, "历史记录读不了", "The history cannot be read"));
		return false;
	}
	if (is_json) {
		print(true, json_pack("{s:s,s:I}", "kind", "log", "problems", (json_int_t)problems),
		      stdout, "");
	}
	if (problems > 0) {
		print(is_json, json_pack("{s:b,s:s}", "ok", 0, "error", "log-damaged"), stderr,
		      either(language, "历史记录有损坏", "The history is damaged"));
		return false;
	}
	print(is_json, json_pack("{s:b}", "ok", 1), stdout,
	      either(language, "历史记录完好（没有服务器在运行）",
	             "The history is whole (no server runs)"));
	return true;
}
