#include "screen_prompt.h"

#include <stdio.h>

#include "screen_text.h"
#include "width.h"

static struct slice string_of(const struct ui *ui, const char *zh, const char *en) {
	return slice_from_string(ui->model.language == LANGUAGE_ZH ? zh : en);
}

/* "#lobby> ", no longer than a third of the screen. */
static size_t put_room_prompt(const struct ui *ui, char *out, size_t size) {
	char name[SCREEN_TEXT_BYTES_MAX(NAME_BYTES_MAX)];
	const struct room *room = model_current(&ui->model);
	if (room == NULL) {
		return (size_t)snprintf(out, size, "> ");
	}
	struct slice shown =
		slice_of(name, screen_text(room_name(room), SCREEN_TEXT_ONE_LINE, name));
	shown = slice_first(shown, width_fit(shown, ui->columns / 3));
	return (size_t)snprintf(out, size, "%s%.*s> ", room->is_direct ? "@" : "", (int)shown.size,
	                        shown.bytes);
}

static size_t put_name_prompt(const struct ui *ui, char *out, size_t size) {
	char why[JOIN_WORDS_BYTES_MAX];
	const struct model_standing *standing = &ui->model.standing;
	const struct tell tell = {.reason = standing->reason, .argument = standing->argument};
	struct slice ask = string_of(ui, "请输入姓名: ", "Your name: ");
	size_t why_size = 0;
	if (standing->reason != 0) {
		why_size =
			join_words_reason(ui->model.language, &tell,
		                          slice_of(ui->name, ui->name_size), ui->model.now_ms, why);
	}
	struct slice stop = why_size > 0 ? string_of(ui, "。", ". ") : slice_of("", 0);
	return (size_t)snprintf(out, size, "%.*s%s%s", (int)why_size, why, stop.bytes, ask.bytes);
}

static size_t put_trust_question(const struct ui *ui, char *out, size_t size) {
	bool is_strange = ui->model.standing.reason == 0;
	struct slice words =
		is_strange
			? string_of(
				  ui,
				  "服务器的密钥和上次不一样：它可能重装过，也可能是别人在冒充。"
				  "继续吗？(y/n) ",
				  "The server's key is not the one it had: it was set up anew, or "
				  "somebody else answers in its place. Go on? (y/n) ")
			: string_of(ui, "服务器不再认得你的会话。重新进入吗？(y/n) ",
	                            "The server does not know your session any more. Enter anew? "
	                            "(y/n) ");
	return (size_t)snprintf(out, size, "%s", words.bytes);
}

static size_t put_paste_question(const struct ui *ui, char *out, size_t size) {
	unsigned lines = 1;
	for (size_t i = 0; i < ui->paste_size; i++) {
		lines += ui->paste[i] == '\n';
	}
	return (size_t)snprintf(out, size,
	                        ui->model.language == LANGUAGE_ZH
	                                ? "把 %u 行作为一条消息发出去？(Enter 发，Esc 不发) "
	                                : "Send %u lines as one message? (Enter: yes, Esc: no) ",
	                        lines);
}

size_t prompt_put(const struct ui *ui, char out[static PROMPT_BYTES_MAX], bool *is_question) {
	size_t used = 0, size = PROMPT_BYTES_MAX;
	if (ui->hint[0] != '\0') {
		used = (size_t)snprintf(out, size, "(%s) ", ui->hint);
	}
	out += used;
	size -= used;
	*is_question = true;
	if (ui->model.is_quitting) {
		return used + (size_t)snprintf(out, size, "%s",
		                               string_of(ui, "正在离开…", "leaving…").bytes);
	}
	if (ui->mode == UI_PASTE) {
		return used + put_paste_question(ui, out, size);
	}
	if (ui->model.standing.state == STANDING_TRUST_WANTED) {
		return used + put_trust_question(ui, out, size);
	}
	*is_question = false;
	if (ui->mode == UI_SEARCH) {
		return used +
		       (size_t)snprintf(out, size, "%s", string_of(ui, "搜索: ", "Search: ").bytes);
	}
	if (ui->model.standing.state == STANDING_NAME_WANTED) {
		return used + put_name_prompt(ui, out, size);
	}
	return used + put_room_prompt(ui, out, size);
}
