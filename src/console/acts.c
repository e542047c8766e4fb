#include "acts.h"

#include <stdio.h>
#include <string.h>

#include "act.h"
#include "clock.h"
#include "console_inner.h"
#include "handlers.h"
#include "moment.h"
#include "state.h"
#include "visible.h"

/* Acts of one answer of the clerk. */
#define PAGE 500

#define DAY_US UINT64_C(86400000000)

/* ---- what is looked for ---- */

static uint16_t keep(struct slice from, char *out, size_t room) {
	size_t size = from.size < room ? from.size : room;
	if (size > 0) {
		memcpy(out, from.bytes, size);
	}
	return (uint16_t)size;
}

void acts_wish(struct audit *audit, const struct command *command, uint64_t now_us) {
	*audit = (struct audit){.since_us = now_us - ACTS_DAYS_DEFAULT * DAY_US};
	if (command->since.size > 0) {
		moment_parse(command->since, now_us, &audit->since_us);
	}
	audit->by_size = keep(command->by, audit->by, sizeof(audit->by));
	audit->about_size = keep(command->about, audit->about, sizeof(audit->about));
}

bool acts_is_wished(const struct audit *audit, const struct record *act) {
	return record_is_act(act) && act->time_us >= audit->since_us &&
	       (audit->by_size == 0 || act_is_by(act, slice_of(audit->by, audit->by_size))) &&
	       (audit->about_size == 0 ||
	        act_is_about(act, slice_of(audit->about, audit->about_size)));
}

/* ---- in words ---- */

/* In a phrase: 'w' stands for whom or what, 'r' for the room, 't' for the text, each behind a '%'. */
static const struct phrase {
	uint16_t kind;
	const char *words[2];
} phrases[] = {
	{ENTRY_KICKED, {"请出了 %w", "put %w out of the server"}},
	{ENTRY_SHOUTED, {"对所有人说", "told everybody"}},
	{ENTRY_MUTED, {"禁言了 %w", "muted %w"}},
	{ENTRY_UNMUTED, {"解除了 %w 的禁言", "let %w speak again"}},
	{ENTRY_BANNED, {"禁止了 %w", "banned %w"}},
	{ENTRY_UNBANNED, {"取消了对 %w 的禁止", "took the ban of %w back"}},
	{ENTRY_CLOSED, {"关闭了聊天室", "closed the server"}},
	{ENTRY_MODE, {"改了 %r 的设置 %t", "changed the modes of %r: %t"}},
	{ENTRY_PUT_OUT, {"把 %w 请出了 %r", "put %w out of %r"}},
	{ENTRY_ACCOUNT_ENDED, {"取消了 %w 的注册", "dropped the account %w"}},
	{ENTRY_REDACTED, {"删掉了 %r 的消息 %n", "took message %n of %r away"}},
	{ENTRY_ROOM_RENAMED, {"把房间 %b 改名为 %r", "renamed the room %b to %r"}},
	{ENTRY_SERVER_SET, {"把级别设为 %l", "set the level to %l"}},
	{ENTRY_FOUNDER, {"把 %r 交给了 %w", "gave the room %r to %w"}},
	{ENTRY_STANDING, {"改了 %w 在 %r 的身份", "changed what %w is in %r"}},
	{ENTRY_ERASED, {"删除了 %w 说过的一切", "erased all that %w said"}},
};

struct writing {
	char *out;
	size_t size;
};

static void put(struct writing *writing, struct slice text) {
	char shown[VISIBLE_BYTES_MAX(TEXT_BYTES_MAX)];
	size_t size = visible_render(
		slice_first(text, text.size < TEXT_BYTES_MAX ? text.size : TEXT_BYTES_MAX), shown,
		sizeof(shown));
	size_t room = SPEECH_LINE_MAX - 1 - writing->size;
	size = size < sizeof(shown) ? size : sizeof(shown);
	size = size < room ? size : room;
	for (size_t i = 0; i < size; i++) {
		/* No text looks like a line of its own. */
		writing->out[writing->size++] = shown[i];
		writing->out[writing->size - 1] = (char)(shown[i] == '\n' ? ' ' : shown[i]);
	}
	writing->out[writing->size] = '\0';
}

static void put_string(struct writing *writing, const char *text) {
	put(writing, slice_from_string(text));
}

static void put_whom(struct writing *writing, const struct record *act) {
	char net[ADDRESS_TEXT_MAX];
	bool is_ban = act->kind == ENTRY_BANNED || act->kind == ENTRY_UNBANNED;
	if (act->has_net) {
		put_string(writing, net_format(&act->net, net));
		return;
	}
	put_string(writing, is_ban && (act->bits & BAN_IS_ACCOUNT) != 0 ? "account:" : "");
	put(writing, act->name);
}

static void put_room(struct writing *writing, enum language language, const struct record *act) {
	if (act->other_name.size > 0) {
		put(writing, act->other_name);
	} else {
		put_string(writing, act->room == ROOM_LOBBY
		                            ? either(language, "#大厅", "#lobby")
		                            : either(language, "悄悄话", "direct messages"));
	}
}

static void put_field(struct writing *writing, enum language language, char field,
                      const struct record *act) {
	char digits[24];
	switch (field) {
	case 'w': put_whom(writing, act); break;
	case 'r': put_room(writing, language, act); break;
	case 't': put(writing, act->text); break;
	case 'b': put(writing, act->by); break;
	case 'l': put_string(writing, speech_level(language, act->number)); break;
	default:
		snprintf(digits, sizeof(digits), "%llu", (unsigned long long)act->number);
		put_string(writing, digits);
	}
}

static void put_phrase(struct writing *writing, enum language language, const char *words,
                       const struct record *act) {
	while (*words != '\0') {
		size_t size = strcspn(words, "%");
		put(writing, slice_of(words, size));
		words += size;
		if (*words == '%') {
			put_field(writing, language, words[1], act);
			words += 2;
		}
	}
}

static const char *phrase_of(enum language language, uint16_t kind) {
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
		if (phrases[i].kind == kind) {
			return phrases[i].words[language == LANGUAGE_EN ? 1 : 0];
		}
	}
	return record_kind_word(kind);
}

size_t acts_line(enum language language, const struct record *act, char out[SPEECH_LINE_MAX]) {
	char time[SPEECH_TIME_MAX];
	struct writing writing = {.out = out};
	struct slice by = act_by(act);
	put_string(&writing, speech_time(act->time_us, time));
	put_string(&writing, "  ");
	if (by.size > 0) {
		put(&writing, by);
	} else {
		put_string(&writing, act_is_expiry(act)
		                             ? either(language, "（到期）", "(it ran out)")
		                             : either(language, "管理员", "administrator"));
	}
	put_string(&writing, " ");
	put_phrase(&writing, language, phrase_of(language, act->kind), act);
	if (act->until_us != 0 && !act_is_expiry(act)) {
		put_string(&writing, either(language, "，到 ", ", until "));
		put_string(&writing, speech_time(act->until_us, time));
	}
	if (act->text.size > 0 && act->kind != ENTRY_MODE) {
		put_string(&writing, ": ");
		put(&writing, act->text);
	}
	return writing.size;
}

json_t *acts_object(const struct record *act) {
	json_t *object = speech_object(act);
	struct slice by = act_by(act);
	json_object_set_new(object, "by",
	                    by.size > 0          ? speech_string(by)
	                    : act_is_expiry(act) ? json_string("expiry")
	                                         : json_string("administrator"));
	if (act->kind == ENTRY_SERVER_SET) {
		json_object_set_new(object, "level", json_integer((json_int_t)act->number));
	}
	if (act->kind == ENTRY_ROOM_RENAMED) {
		json_object_set_new(object, "old_name", speech_string(act->by));
	}
	if (act->kind == ENTRY_BANNED) {
		/* How the mask is compared is nobody's to know. */
		json_object_del(object, "other_name");
	}
	return object;
}

/* ---- asking ---- */

static void ask_page(struct task *task, uint64_t after) {
	task->received = 0;
	task_question(task, (struct clerk_question){.what = CLERK_ACTS,
	                                            .room = task->audit.since_us,
	                                            .seq = after,
	                                            .count = PAGE});
}

void run_audit(struct task *task) {
	acts_wish(&task->audit, &task->command, clock_wall_us());
	ask_page(task, 0);
}

void acts_on_clerk(struct task *task, const struct clerk_answer *answer, const char *bytes,
                   size_t size) {
	for (uint32_t i = 0; i < answer->count; i++) {
		struct record act;
		size_t taken = record_decode(&act, bytes, size);
		if (taken == 0) {
			break;
		}
		task->received++;
		task->seq = act.seq;
		if (acts_is_wished(&task->audit, &act)) {
			pile_add(&task->pile, &act);
		}
		bytes += taken;
		size -= taken;
	}
	if (answer->is_last) {
		task_show(task);
	}
}

bool acts_go_on(struct task *task) {
	if (task->question.what != CLERK_ACTS) {
		return false;
	}
	task->count += task->pile.count;
	if (task->received < PAGE) {
		return false;
	}
	pile_finish(&task->pile);
	task->shown = 0;
	ask_page(task, task->seq);
	return true;
}
