/* lists.c - /who, /bans, /history, /help: commands that look and change nothing. */
#include <stdio.h>
#include <stdlib.h>

#include "console_inner.h"
#include "handlers.h"
#include "pool.h"
#include "speech.h"
#include "state.h"

static void say_heading(struct task *task, const char *words) {
	if (task->asker->sees_room) {
		task_say(task, words, json_object());
	}
}

/* ---- /who ---- */

/* Ids of the people, to be put in the order in which they came. */
struct gathering {
	const struct state *state;
	uint64_t *ids;
	size_t count, capacity;
};

static bool gather(void *context, const struct session *session) {
	struct gathering *gathering = context;
	uint64_t id = session_person(gathering->state, session);
	const struct person *person = state_person(gathering->state, id);
	/* Each person who is present once, with its first session. */
	if (person_is_present(person) &&
	    person_session_next(gathering->state, person, NULL) == session &&
	    gathering->count < gathering->capacity) {
		gathering->ids[gathering->count++] = id;
	}
	return true;
}

/* And who has stayed without a session: accounts' people alone do. */
static bool gather_stayed(void *context, uint64_t account) {
	struct gathering *gathering = context;
	uint64_t id = state_account_person(gathering->state, account);
	const struct person *person = state_person(gathering->state, id);
	if (person != NULL && person_is_present(person) &&
	    person_session_next(gathering->state, person, NULL) == NULL &&
	    gathering->count < gathering->capacity) {
		gathering->ids[gathering->count++] = id;
	}
	return true;
}

static int compare_ids(const void *a, const void *b) {
	uint64_t first = *(const uint64_t *)a;
	uint64_t second = *(const uint64_t *)b;
	return (first > second) - (first < second);
}

static void add_person(struct task *task, const struct state *state, uint64_t id) {
	const struct person *person = state_person(state, id);
	const struct session *session = person_session_next(state, person, NULL);
	struct record row = {.kind = ROW_SESSION,
	                     .person = id,
	                     .name = person_name(person),
	                     .since_us = person_since_us(person),
	                     .number = person_is_absent(state, person),
	                     .face = session == NULL ? FACE_IRC : session_face(session)};
	row.has_route = session != NULL && session_route(state, session, &row.route);
	pile_add(&task->pile, &row);
}

static void add_people(struct task *task, const struct gathering *gathering, bool is_absent) {
	for (size_t i = 0; i < gathering->count; i++) {
		const struct person *person = state_person(gathering->state, gathering->ids[i]);
		if (person_is_absent(gathering->state, person) == is_absent) {
			add_person(task, gathering->state, gathering->ids[i]);
		}
	}
}

static void take_people(struct task *task, const struct state *state) {
	char words[64];
	size_t capacity = state_people_count(state);
	struct gathering gathering = {.state = state, .capacity = capacity};
	gathering.ids = allocate((capacity + 1) * sizeof(*gathering.ids));
	state_sessions_each(state, gather, &gathering);
	state_accounts_each(state, gather_stayed, &gathering);
	qsort(gathering.ids, gathering.count, sizeof(*gathering.ids), compare_ids);
	add_people(task, &gathering, false);
	add_people(task, &gathering, true);
	free(gathering.ids);
	size_t absent = state_absent_count(state);
	int size =
		snprintf(words, sizeof(words), either(task->language, "%zu 人在线", "%zu online"),
	                 gathering.count - absent);
	if (absent > 0) {
		snprintf(words + size, sizeof(words) - (size_t)size,
		         either(task->language, "，%zu 人暂离", ", %zu absent"), absent);
	}
	say_heading(task, words);
	task_show(task);
}

void run_who(struct task *task) {
	task->take_state = take_people;
	task_wait(task, TASK_STATE);
	roll_want(task->console);
}

/* ---- /bans ---- */

static void take_restrictions(struct task *task, const struct state *state) {
	for (size_t i = 0; i < state_restrictions_count(state); i++) {
		const struct restriction *restriction = state_restriction(state, i);
		pile_add(&task->pile,
		         &(struct record){.kind = restriction->is_mute ? ROW_MUTE : ROW_BAN,
		                          .target = restriction->id,
		                          .name = restriction->name,
		                          .has_net = restriction->has_net,
		                          .net = restriction->net,
		                          .bits = restriction->bits,
		                          .by = restriction->by,
		                          .text = restriction->why,
		                          .since_us = restriction->since_us,
		                          .until_us = restriction->until_us});
	}
	if (task->pile.count == 0) {
		say_heading(task,
		            either(task->language, "没有禁止，也没有禁言", "No bans, no mutes"));
	}
	task_show(task);
}

void run_bans(struct task *task) {
	task->take_state = take_restrictions;
	task_wait(task, TASK_STATE);
	roll_want(task->console);
}

/* ---- /defcon ---- */

static void say_level(struct task *task, const struct state *state) {
	char words[SPEECH_LINE_MAX];
	const struct server_state server = state_server(state);
	const struct record row = {.kind = ROW_SERVER,
	                           .number = server.level,
	                           .by = server.by,
	                           .text = server.why,
	                           .since_us = server.since_us};
	speech_line(task->language, &row, words);
	json_t *object = speech_object(&row);
	json_object_set_new(object, "level", json_integer(server.level));
	task_done(task, words, object);
}

void run_level(struct task *task) {
	if (task->command.number != 0) {
		run_request(task);
		return;
	}
	task->take_state = say_level;
	task_wait(task, TASK_STATE);
	roll_want(task->console);
}

/* ---- /history ---- */

void run_history(struct task *task) {
	uint64_t count = task->command.number;
	task_question(task, (struct clerk_question){
				    .what = CLERK_LAST,
				    .room = ROOM_LOBBY,
				    .seq = INT64_MAX,
				    .count = count == 0 ? COMMAND_HISTORY_DEFAULT : (uint32_t)count,
			    });
}

/* ---- /help ---- */

void run_help(struct task *task) {
	char words[400];
	for (size_t i = 0; i < command_rows_count(); i++) {
		const struct command_row *row = command_row(i);
		const char *arguments = row->arguments[task->language];
		snprintf(words, sizeof(words), "/%s%s%s  %s", row->name,
		         arguments[0] != '\0' ? " " : "", arguments, row->help[task->language]);
		task_say(task, words,
		         json_pack("{s:s,s:s,s:s}", "command", row->name, "arguments", arguments,
		                   "help", row->help[task->language]));
	}
	task_done(task,
	          either(task->language, "不带斜线的一行说给所有人听",
	                 "A line without a slash is said to everybody"),
	          NULL);
}
