#include "screen_command.h"

#include <string.h>

#include "screen_roster.h"

struct command {
	const char *name; /* with its slash */
	bool (*run)(struct ui *ui, struct slice rest);
	const char *arguments_zh, *arguments_en;
	const char *zh, *en;
};

static bool refuse(struct ui *ui, const char *zh, const char *en) {
	const char *words = ui->model.language == LANGUAGE_ZH ? zh : en;
	model_note(&ui->model, LINE_ALARM, slice_from_string(words));
	return false;
}

/* Takes the first word off. */
static struct slice next_word(struct slice *rest) {
	while (rest->size > 0 && rest->bytes[0] == ' ') {
		*rest = slice_from(*rest, 1);
	}
	const char *end = rest->size > 0 ? memchr(rest->bytes, ' ', rest->size) : NULL;
	struct slice word =
		slice_first(*rest, end == NULL ? rest->size : (size_t)(end - rest->bytes));
	*rest = slice_from(*rest, word.size);
	while (rest->size > 0 && rest->bytes[0] == ' ') {
		*rest = slice_from(*rest, 1);
	}
	return word;
}

static bool run_join(struct ui *ui, struct slice rest) {
	struct model *model = &ui->model;
	struct slice name = next_word(&rest);
	if (name.size == 0 || rest.size > 0 || name.size > ROOM_NAME_BYTES_MAX) {
		return refuse(ui, "用法: /join #房间", "usage: /join #room");
	}
	struct room *room = model_room_named(model, name, false);
	if (room == NULL) {
		memcpy(model->wanted, name.bytes, name.size);
		model->wanted_size = name.size;
		model_run_errand(model, (struct wish){.kind = WISH_JOIN, .name = name});
		return true;
	}
	for (size_t i = 0; i < model->rooms_count; i++) {
		if (model->rooms[i] == room) {
			model_go_to(model, i);
		}
	}
	return true;
}

static bool run_leave(struct ui *ui, struct slice rest) {
	struct room *room = model_current(&ui->model);
	if (room == NULL) {
		return refuse(ui, "这里没有房间", "there is no room here");
	}
	model_end_search(&ui->model);
	if (room->is_direct) {
		if (room->waiting.count > 0) {
			return refuse(ui, "还有消息在途", "a message is still on its way");
		}
		model_remove_room(&ui->model, room);
		return true;
	}
	model_run_errand(&ui->model, (struct wish){.kind = WISH_PART,
	                                           .room = room->id,
	                                           .name = room_name(room),
	                                           .text = rest});
	return true;
}

static bool run_rooms(struct ui *ui, struct slice rest) {
	model_ask_rooms(&ui->model);
	return true;
}

static bool run_who(struct ui *ui, struct slice rest) {
	const struct room *room = model_current(&ui->model);
	if (room == NULL || room->is_direct) {
		return refuse(ui, "/who 用在房间里", "/who is for rooms");
	}
	model_ask_who(&ui->model);
	return true;
}

static bool run_msg(struct ui *ui, struct slice rest) {
	struct slice name = next_word(&rest);
	if (name.size == 0 || name.size > NAME_BYTES_MAX) {
		return refuse(ui, "用法: /msg 名字 内容", "usage: /msg name text");
	}
	struct room *room = model_talk_to(&ui->model, name);
	return rest.size == 0 || model_say_to(&ui->model, room, rest);
}

static bool run_name(struct ui *ui, struct slice rest) {
	struct slice name = next_word(&rest);
	if (name.size == 0 || rest.size > 0 || name.size > NAME_BYTES_MAX) {
		return refuse(ui, "用法: /name 新名字", "usage: /name new-name");
	}
	model_run_errand(&ui->model, (struct wish){.kind = WISH_RENAME, .name = name});
	return true;
}

static bool run_search(struct ui *ui, struct slice rest) {
	if (rest.size == 0) {
		return refuse(ui, "用法: /search 要找的词", "usage: /search words");
	}
	model_search(&ui->model, rest);
	return true;
}

static bool run_quit(struct ui *ui, struct slice rest) {
	ui_quit(ui, false, rest);
	return true;
}

static bool run_help(struct ui *ui, struct slice rest);

/* clang-format off */
static const struct command commands[] = {
	{"/join", run_join, " #房间", " #room", "进入（或新开）一个房间", "enters a room, or makes it"},
	{"/leave", run_leave, "", "", "离开这个房间", "leaves this room"},
	{"/rooms", run_rooms, "", "", "有哪些房间", "lists the rooms"},
	{"/who", run_who, "", "", "谁在这里", "who is here"},
	{"/msg", run_msg, " 名字 内容", " name text", "只对一个人说", "says something to one person"},
	{"/name", run_name, " 新名字", " new-name", "改名", "changes your name"},
	{"/search", run_search, " 词", " words", "在这个房间里找（Ctrl-F）", "searches this room (Ctrl-F)"},
	{"/quit", run_quit, "", "", "离开聊天室（Ctrl-C 两次）", "leaves (Ctrl-C twice)"},
	{"/help", run_help, "", "", "显示本帮助", "shows this"},
};
/* clang-format on */
#define COMMANDS_COUNT (sizeof commands / sizeof commands[0])

static const char keys_zh[] =
	"PgUp PgDn 翻看历史  Alt-1…9 Ctrl-N Ctrl-P 换房间  Tab 补全  Ctrl-F 搜索  Esc 返回  "
	"Alt-Enter 换行  // 开头说出以 / 开头的话";
static const char keys_en[] =
	"PgUp PgDn: history  Alt-1…9 Ctrl-N Ctrl-P: rooms  Tab: completes  Ctrl-F: searches  "
	"Esc: back  Alt-Enter: another line  // says what begins with a slash";

static bool run_help(struct ui *ui, struct slice rest) {
	char text[2048];
	size_t size = 0;
	bool is_zh = ui->model.language == LANGUAGE_ZH;
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		const struct command *command = &commands[i];
		size += (size_t)snprintf(text + size, sizeof text - size, "%s%s  %s\n",
		                         command->name,
		                         is_zh ? command->arguments_zh : command->arguments_en,
		                         is_zh ? command->zh : command->en);
	}
	size += (size_t)snprintf(text + size, sizeof text - size, "%s", is_zh ? keys_zh : keys_en);
	model_note(&ui->model, LINE_OWN_NOTE, slice_of(text, size));
	return true;
}

bool command_is(struct slice line) {
	return line.size > 0 && line.bytes[0] == '/' && (line.size < 2 || line.bytes[1] != '/');
}

bool command_run(struct ui *ui, struct slice line) {
	struct slice rest = line;
	struct slice word = next_word(&rest);
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		if (slice_equal(word, slice_from_string(commands[i].name))) {
			return commands[i].run(ui, rest);
		}
	}
	return refuse(
		ui, "没有这个命令，/help 列出全部；要说以 / 开头的话，请写 //",
		"there is no such command, /help lists them; to say what begins with a slash, "
		"begin with //");
}

/* ---- Tab ---- */

static bool offer_with(struct complete_offer *offer, struct slice name, const char *behind) {
	char text[COMPLETE_BYTES_MAX];
	size_t behind_size = strlen(behind);
	if (name.size + behind_size > sizeof text) {
		return true;
	}
	memcpy(text, name.bytes, name.size);
	memcpy(text + name.size, behind, behind_size);
	return offer->offer(offer, slice_of(text, name.size + behind_size));
}

static void offer_commands(struct slice word, struct complete_offer *offer) {
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		struct slice name = slice_from_string(commands[i].name);
		if (slice_starts_with(name, word)) {
			offer_with(offer, name, " ");
		}
	}
}

static void offer_rooms(const struct model *model, struct slice word,
                        struct complete_offer *offer) {
	for (size_t i = 0; i < model->rooms_count; i++) {
		const struct room *room = model->rooms[i];
		if (!room->is_direct && complete_fits(word, room_name(room))) {
			offer_with(offer, room_name(room), " ");
		}
	}
}

void command_complete(void *context, struct slice word, bool is_first,
                      struct complete_offer *offer) {
	struct ui *ui = context;
	struct room *room = model_current(&ui->model);
	if (is_first && word.bytes[0] == '/') {
		offer_commands(word, offer);
		return;
	}
	if (word.bytes[0] == '#') {
		offer_rooms(&ui->model, word, offer);
		return;
	}
	if (room != NULL && room->is_direct && complete_fits(word, room_name(room))) {
		offer_with(offer, room_name(room), is_first ? ": " : " ");
	}
	for (size_t i = 0; room != NULL && i < room->roster.count; i++) {
		const struct roster_person *person = screen_roster_at(&room->roster, i);
		if (person->id != ui->model.standing.person &&
		    complete_fits(word, screen_roster_name(person))) {
			offer_with(offer, screen_roster_name(person), is_first ? ": " : " ");
		}
	}
}
