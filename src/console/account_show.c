/* account_show.c - /account show: what the clerk knows of an account, and then what the state does. */
#include <stdio.h>
#include <string.h>

#include "account_task.h"
#include "accountwire.h"
#include "console_inner.h"
#include "handlers.h"
#include "name.h"
#include "speech.h"
#include "state.h"

static struct slice name_of(const struct task *task) {
	return slice_of(task->account.name, task->account.name_size);
}

/* ---- when it was made ---- */

void account_show(struct task *task) {
	struct slice name = task->command.name;
	if (name.size > sizeof(task->account.name)) {
		account_refuse(task, ACCOUNT_BAD_NAME);
		return;
	}
	/* The line is gone when the answers come. */
	task->account.name_size = (uint16_t)name.size;
	memcpy(task->account.name, name.bytes, name.size);
	account_ask_page(task, 0);
}

static void take_account(struct task *task, const struct state *state);

void account_show_page(struct task *task, const struct clerk_answer *answer, const char *bytes,
                       size_t size) {
	struct account_answer its;
	for (uint32_t i = 0; i < answer->count && size >= sizeof(its); i++) {
		memcpy(&its, bytes, sizeof(its));
		bytes += sizeof(its);
		size -= sizeof(its);
		if (its.word != ACCOUNT_OK || its.name_size > sizeof(its.name)) {
			account_refuse(task, its.word);
			return;
		}
		task->count++;
		task->seq = its.id;
		if (name_equal(slice_of(its.name, its.name_size), name_of(task))) {
			task->account_made_us = its.created_us;
		}
	}
	if (!answer->is_last) {
		return;
	}
	if (task->account_made_us != 0 && task->command.deed == DEED_ERASE) {
		account_erase_found(task);
		return;
	}
	bool is_page_full = task->count == ACCOUNT_PAGE;
	task->count = 0;
	if (task->account_made_us != 0) {
		task->take_state = take_account;
		task_wait(task, TASK_STATE);
		roll_want(task->console);
	} else if (is_page_full) {
		account_ask_page(task, task->seq);
	} else {
		account_refuse(task, ACCOUNT_UNKNOWN);
	}
}

/* ---- what the state knows ---- */

struct showing {
	struct task *task;
	const struct state *state;
	const char *label[2]; /* by language */
};

static void show_name(const struct showing *showing, struct slice name, json_t *object) {
	char words[512];
	snprintf(words, sizeof(words), "  %s: %.*s",
	         either(showing->task->language, showing->label[0], showing->label[1]),
	         (int)name.size, name.size > 0 ? name.bytes : "");
	task_say(showing->task, words, object);
}

static json_t *object_of(const char *kind, struct slice name) {
	return json_pack("{s:s,s:o}", "kind", kind, "name", speech_string(name));
}

static bool show_device(void *context, struct slice device, uint64_t since_us) {
	json_t *object = object_of("device", device);
	json_object_set_new(object, "since", json_integer((json_int_t)since_us));
	show_name(context, device, object);
	return true;
}

static bool show_room(void *context, uint64_t room) {
	const struct showing *showing = context;
	const struct room_charter charter = state_room_charter(showing->state, room);
	if (charter.founder_account.size > 0 &&
	    name_equal(charter.founder_account, name_of(showing->task))) {
		struct slice name = state_room_name(showing->state, room);
		show_name(showing, name, object_of("founded", name));
	}
	return true;
}

static void show_sessions(const struct showing *showing, const struct person *person) {
	const struct session *session = NULL;
	while (person != NULL &&
	       (session = person_session_next(showing->state, person, session)) != NULL) {
		struct slice device = session_device(showing->state, session);
		json_t *object = object_of("connection", device);
		bool is_cut_off = session_absent_since_us(showing->state, session) != 0;
		json_object_set_new(object, "absent", json_boolean(is_cut_off));
		show_name(showing, device, object);
	}
}

static const char *word_of_staying(uint64_t bits) {
	return (bits & ACCOUNT_STAYS) != 0       ? "on"
	       : (bits & ACCOUNT_STAYS_NOT) != 0 ? "off"
	                                         : "default";
}

static void show_account(const struct showing *showing, uint64_t account,
                         const struct person *person) {
	const struct state *state = showing->state;
	struct task *task = showing->task;
	struct slice name = state_account_name(state, account);
	const char *stay = word_of_staying(state_account_bits(state, account));
	bool is_here = person != NULL && person_is_present(person);
	bool is_absent = is_here && person_is_absent(state, person);
	char words[512], time[SPEECH_TIME_MAX];
	snprintf(words, sizeof(words),
	         either(task->language, "%.*s  注册于 %s  stay %s  %s",
	                "%.*s  registered %s  stay %s  %s"),
	         (int)name.size, name.bytes, speech_time(task->account_made_us, time), stay,
	         !is_here    ? either(task->language, "不在", "not here")
	         : is_absent ? either(task->language, "在，没有连接", "here, not connected")
	                     : either(task->language, "在", "here"));
	json_t *object = object_of("account", name);
	json_object_set_new(object, "since", json_integer((json_int_t)task->account_made_us));
	json_object_set_new(object, "stay", json_string(stay));
	json_object_set_new(object, "present", json_boolean(is_here));
	json_object_set_new(object, "absent", json_boolean(is_absent));
	task_say(task, words, object);
}

static void take_account(struct task *task, const struct state *state) {
	uint64_t account = state_account_named(state, name_of(task));
	struct showing showing = {.task = task, .state = state};
	if (account == 0) {
		/* The hub is told in a moment. */
		account_refuse(task, ACCOUNT_BUSY);
		return;
	}
	const struct person *person = state_person(state, state_account_person(state, account));
	show_account(&showing, account, person);
	showing.label[0] = "连接";
	showing.label[1] = "connection";
	show_sessions(&showing, person);
	showing.label[0] = "设备";
	showing.label[1] = "device";
	state_devices_each(state, account, show_device, &showing);
	showing.label[0] = "房间";
	showing.label[1] = "founded";
	state_rooms_each(state, show_room, &showing);
	task_done(task, NULL, NULL);
}
