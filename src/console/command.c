/* command.c - the table of commands, and the parser that goes by it (see command.h). */
#include "command.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "duration.h"
#include "handlers.h"
#include "limits.h"
#include "moment.h"
#include "record.h"
#include "utf8.h"
#include "whom.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Nine digits are more than any command takes. */
#define NUMBER_DIGITS_MAX 9
/* A century of minutes: more than that is not a number of minutes but a mistake. */
#define MINUTES_MAX (100 * 366 * 24 * 60)

/* clang-format off */
static const struct command_row rows[] = {
	{"who", {"", ""},
	 {"谁在线，从哪里来", "who is here, and from where"},
	 SHAPE_NOTHING, 0, run_who},
	{"kick", {"名字 [原因]", "NAME [why]"},
	 {"请出聊天室", "show somebody out"},
	 SHAPE_NAME_WHY, REQUEST_KICK, run_request},
	{"mute", {"名字 [分钟 [原因]]", "NAME [minutes [why]]"},
	 {"禁言；不写分钟就直到 unmute", "let nobody of that name speak; without minutes until unmute"},
	 SHAPE_NAME_MINUTES, REQUEST_MUTE, run_request},
	{"unmute", {"名字", "NAME"},
	 {"解除禁言", "let them speak again"},
	 SHAPE_NAME, REQUEST_UNMUTE, run_request},
	{"ban", {"名字|地址|网段|掩码|account:名字 [--for 7d] [原因]", "NAME|ADDRESS|NET|MASK|account:NAME [--for 7d] [why]"},
	 {"禁止进入，在场的也会离开；掩码是 名字!用户@主机", "keep out; who is in must leave; a mask is nick!user@host"},
	 SHAPE_WHOM_WHY, REQUEST_BAN, run_request},
	{"unban", {"名字|地址|网段|掩码|account:名字", "NAME|ADDRESS|NET|MASK|account:NAME"},
	 {"取消禁止", "take a ban back"},
	 SHAPE_WHOM, REQUEST_UNBAN, run_request},
	{"bans", {"", ""},
	 {"列出所有禁止和禁言", "list all bans and mutes"},
	 SHAPE_NOTHING, 0, run_bans},
	{"defcon", {"[级别 [原因]]", "[LEVEL [why]]"},
	 {"对外开放到什么程度: 5 照常，4 不能注册，3 只进有账号的人，2 谁也不进，1 房间也静音",
	  "how far it is open: 5 to all, 3 to accounts, 2 to nobody new"},
	 SHAPE_LEVEL, REQUEST_SERVER_SET, run_level},
	{"audit", {"[--since 时间] [--by 名字] [--about 名字|房间]", "[--since TIME] [--by NAME] [--about NAME|ROOM]"},
	 {"谁做了什么管理，为什么；不写时间是最近 30 天", "who moderated what, and why; without a time the last 30 days"},
	 SHAPE_AUDIT, 0, run_audit},
	{"history", {"[行数]", "[N]"},
	 {"最近的记录，不写行数是 10 行", "the last lines, 10 if no number is given"},
	 SHAPE_COUNT, 0, run_history},
	{"stats", {"", ""},
	 {"服务器各进程的情况", "how the server's processes are"},
	 SHAPE_NOTHING, 0, run_stats},
	{"check", {"", ""},
	 {"核对各进程的状态和历史记录", "compare the processes' states and read the history through"},
	 SHAPE_NOTHING, REQUEST_CHECK, run_check},
	{"shout", {"话", "TEXT"},
	 {"对所有人说，和不带斜线的一行相同", "tell everybody; so does a line without a slash"},
	 SHAPE_TEXT, REQUEST_SHOUT, run_request},
	{"close", {"[原因]", "[why]"},
	 {"告诉所有人，结束聊天室和服务器", "tell everybody, end the room and the server"},
	 SHAPE_WHY, REQUEST_CLOSE, run_request},
	{"account", {"list | add|password|drop|show|export|erase 名字 | set 名字 stay on|off|default",
	             "list | add|password|drop|show|export|erase NAME | set NAME stay on|off|default"},
	 {"注册的名字，以及关于它们的一切；见 man qun-admin", "registered names, and what is kept about them; see man qun-admin"},
	 SHAPE_DEED, 0, run_account},
	{"help", {"", ""},
	 {"这张表", "this list"},
	 SHAPE_NOTHING, 0, run_help},
};
/* clang-format on */

size_t command_rows_count(void) {
	return COUNT(rows);
}

const struct command_row *command_row(size_t index) {
	assert(index < COUNT(rows));
	return &rows[index];
}

/* ---- blanks and words ---- */

/* U+3000, the blank of Chinese and Japanese keyboards, is three bytes. */
static size_t blank_size(struct slice text) {
	if (text.size == 0) {
		return 0;
	}
	char byte = text.bytes[0];
	if (byte == ' ' || byte == '\t') {
		return 1;
	}
	return slice_starts_with(text, slice_from_string("\u3000")) ? 3 : 0;
}

static struct slice skip_blanks(struct slice text) {
	for (size_t size = blank_size(text); size > 0; size = blank_size(text)) {
		text = slice_from(text, size);
	}
	return text;
}

/* Takes the first word off *text, and the blanks after it. */
static struct slice take_word(struct slice *text) {
	size_t size = 0;
	while (size < text->size && blank_size(slice_from(*text, size)) == 0) {
		size++;
	}
	struct slice word = slice_first(*text, size);
	*text = skip_blanks(slice_from(*text, size));
	return word;
}

static struct slice without_line_end(struct slice line) {
	if (line.size > 0 && line.bytes[line.size - 1] == '\n') {
		line.size--;
	}
	if (line.size > 0 && line.bytes[line.size - 1] == '\r') {
		line.size--;
	}
	return line;
}

/* 1 to `most`; 0 if it is no such number. */
static uint64_t parse_number(struct slice word, uint64_t most) {
	uint64_t number = 0;
	if (word.size > NUMBER_DIGITS_MAX) {
		return 0;
	}
	for (size_t i = 0; i < word.size; i++) {
		if (word.bytes[i] < '0' || word.bytes[i] > '9') {
			return 0;
		}
		number = number * 10 + (uint64_t)(word.bytes[i] - '0');
	}
	return number <= most ? number : 0;
}

/* ---- arguments ---- */

static enum command_error parse_count(struct slice rest, struct command *command) {
	if (rest.size == 0) {
		return COMMAND_OK;
	}
	command->number = parse_number(take_word(&rest), COMMAND_HISTORY_MAX);
	if (command->number == 0) {
		return COMMAND_BAD_NUMBER;
	}
	return rest.size > 0 ? COMMAND_SURPLUS : COMMAND_OK;
}

static enum command_error parse_minutes(struct slice rest, struct command *command) {
	if (rest.size == 0) {
		return COMMAND_OK;
	}
	command->number = parse_number(take_word(&rest), MINUTES_MAX);
	command->text = rest;
	return command->number == 0 ? COMMAND_BAD_NUMBER : COMMAND_OK;
}

/* "--for 7d", "--why": in whatever order, before the text. */
static enum command_error parse_ban(struct slice rest, struct command *command) {
	static const char how_long[] = "--for", why[] = "--why";
	for (;;) {
		struct slice before = rest;
		struct slice word = take_word(&rest);
		if (slice_equal(word, slice_from_string(how_long)) && command->number == 0) {
			if (rest.size == 0) {
				return COMMAND_MISSING;
			}
			if (!duration_parse(take_word(&rest), &command->number)) {
				return COMMAND_BAD_TIME;
			}
			continue;
		}
		bool is_why = slice_equal(word, slice_from_string(why));
		command->text = is_why ? rest : before;
		return is_why && rest.size == 0 ? COMMAND_MISSING : COMMAND_OK;
	}
}

static enum command_error parse_level(struct slice rest, struct command *command) {
	if (rest.size == 0) {
		return COMMAND_OK;
	}
	command->number = parse_number(take_word(&rest), LEVEL_OPEN);
	if (command->number == 0) {
		return COMMAND_BAD_NUMBER;
	}
	command->text = rest;
	struct slice word = take_word(&rest);
	command->text = slice_equal(word, slice_from_string("--why")) ? rest : command->text;
	return COMMAND_OK;
}

/* The field that the option fills; NULL: there is no such option. */
static struct slice *field_of(struct command *command, struct slice option) {
	return slice_equal(option, slice_from_string("--since"))   ? &command->since
	       : slice_equal(option, slice_from_string("--by"))    ? &command->by
	       : slice_equal(option, slice_from_string("--about")) ? &command->about
	                                                           : NULL;
}

static enum command_error parse_audit(struct slice rest, struct command *command) {
	uint64_t since_us;
	while (rest.size > 0) {
		struct slice *field = field_of(command, take_word(&rest));
		if (field == NULL) {
			return COMMAND_SURPLUS;
		}
		if (rest.size == 0) {
			return COMMAND_MISSING;
		}
		*field = take_word(&rest);
	}
	bool is_time = command->since.size == 0 || moment_parse(command->since, 0, &since_us);
	return is_time ? COMMAND_OK : COMMAND_BAD_TIME;
}

static enum command_error parse_whom(struct slice rest, struct command *command) {
	if (rest.size == 0) {
		return COMMAND_MISSING;
	}
	enum command_shape shape = command->row->shape;
	command->name = take_word(&rest);
	if (shape == SHAPE_WHOM || shape == SHAPE_WHOM_WHY) {
		const struct whom whom = whom_parse(command->name);
		command->name = whom.name;
		command->bits = whom.bits;
		command->has_net = whom.has_net;
		command->net = whom.net;
	}
	if (shape == SHAPE_WHOM_WHY) {
		return parse_ban(rest, command);
	}
	if (shape == SHAPE_NAME_MINUTES) {
		return parse_minutes(rest, command);
	}
	if (shape == SHAPE_NAME || shape == SHAPE_WHOM) {
		return rest.size > 0 ? COMMAND_SURPLUS : COMMAND_OK;
	}
	command->text = rest;
	return COMMAND_OK;
}

static enum command_deed deed_named(struct slice word) {
	static const char *const words[] = {
		[DEED_LIST] = "list",     [DEED_ADD] = "add",    [DEED_PASSWORD] = "password",
		[DEED_DROP] = "drop",     [DEED_SHOW] = "show",  [DEED_SET] = "set",
		[DEED_EXPORT] = "export", [DEED_ERASE] = "erase"};
	for (size_t i = DEED_LIST; i < COUNT(words); i++) {
		if (slice_equal(word, slice_from_string(words[i]))) {
			return (enum command_deed)i;
		}
	}
	return DEED_NONE;
}

/* "stay on|off|default": ACCOUNT_* bits. */
static enum command_error parse_setting(struct slice rest, struct command *command) {
	static const struct {
		const char *word;
		uint64_t bits;
	} values[] = {{"on", ACCOUNT_STAYS}, {"off", ACCOUNT_STAYS_NOT}, {"default", 0}};
	if (!slice_equal(take_word(&rest), slice_from_string("stay"))) {
		return COMMAND_MISSING;
	}
	struct slice value = take_word(&rest);
	for (size_t i = 0; i < COUNT(values); i++) {
		if (slice_equal(value, slice_from_string(values[i].word))) {
			command->number = values[i].bits;
			return rest.size > 0 ? COMMAND_SURPLUS : COMMAND_OK;
		}
	}
	return value.size == 0 ? COMMAND_MISSING : COMMAND_BAD_DEED;
}

static enum command_error parse_deed(struct slice rest, struct command *command) {
	if (rest.size == 0) {
		return COMMAND_MISSING;
	}
	command->deed = deed_named(take_word(&rest));
	if (command->deed == DEED_NONE) {
		return COMMAND_BAD_DEED;
	}
	if (command->deed != DEED_LIST) {
		command->name = take_word(&rest);
		if (command->name.size == 0) {
			return COMMAND_MISSING;
		}
	}
	if (command->deed == DEED_SET) {
		return parse_setting(rest, command);
	}
	if (command->deed == DEED_ERASE && slice_equal(rest, slice_from_string("--yes"))) {
		command->number = 1;
		return COMMAND_OK;
	}
	if (command->deed == DEED_EXPORT) {
		command->text = rest;
		return COMMAND_OK;
	}
	return rest.size > 0 ? COMMAND_SURPLUS : COMMAND_OK;
}

static enum command_error parse_arguments(struct slice rest, struct command *command) {
	switch (command->row->shape) {
	case SHAPE_NOTHING: return rest.size > 0 ? COMMAND_SURPLUS : COMMAND_OK;
	case SHAPE_DEED: return parse_deed(rest, command);
	case SHAPE_LEVEL: return parse_level(rest, command);
	case SHAPE_AUDIT: return parse_audit(rest, command);
	case SHAPE_COUNT: return parse_count(rest, command);
	case SHAPE_WHY: command->text = rest; return COMMAND_OK;
	case SHAPE_TEXT: command->text = rest; return rest.size == 0 ? COMMAND_MISSING : COMMAND_OK;
	default: return parse_whom(rest, command);
	}
}

/* ---- lines ---- */

static const struct command_row *row_named(struct slice name) {
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (slice_equal(name, slice_from_string(rows[i].name))) {
			return &rows[i];
		}
	}
	return NULL;
}

/* The size of the slash at the beginning; 0 if there is none. */
static size_t slash_size(struct slice text) {
	if (slice_starts_with(text, slice_from_string("/"))) {
		return 1;
	}
	return slice_starts_with(text, slice_from_string("／")) ? strlen("／") : 0;
}

static enum command_error check_text(struct slice text) {
	return text.size > TEXT_BYTES_MAX ? COMMAND_TOO_LONG : COMMAND_OK;
}

enum command_error command_parse(struct slice line, struct command *command) {
	*command = (struct command){0};
	line = without_line_end(line);
	struct slice rest = skip_blanks(line);
	if (rest.size == 0) {
		return COMMAND_EMPTY;
	}
	if (!utf8_is_valid(line)) {
		return COMMAND_NOT_UTF8;
	}
	size_t slash = slash_size(rest);
	if (slash == 0) {
		command->row = row_named(slice_from_string("shout"));
		command->text = line;
		return check_text(line);
	}
	rest = slice_from(rest, slash);
	command->row = row_named(take_word(&rest));
	if (command->row == NULL) {
		return COMMAND_UNKNOWN;
	}
	enum command_error error = parse_arguments(rest, command);
	return error == COMMAND_OK ? check_text(command->text) : error;
}

/* ---- words ---- */

const char *command_strerror(enum command_error error) {
	switch (error) {
	case COMMAND_OK: return "ok";
	case COMMAND_EMPTY: return "empty";
	case COMMAND_UNKNOWN: return "unknown-command";
	case COMMAND_MISSING: return "argument-missing";
	case COMMAND_SURPLUS: return "argument-surplus";
	case COMMAND_BAD_NUMBER: return "bad-number";
	case COMMAND_NOT_UTF8: return "not-utf8";
	case COMMAND_TOO_LONG: return "text-too-long";
	case COMMAND_BAD_DEED: return "unknown-deed";
	case COMMAND_BAD_TIME: return "bad-time";
	}
	return "unknown";
}

static const char *what_is_wrong(enum command_error error, bool is_en) {
	switch (error) {
	case COMMAND_MISSING: return is_en ? "Something is missing" : "还缺内容";
	case COMMAND_SURPLUS: return is_en ? "That is too much" : "内容多了";
	case COMMAND_BAD_DEED: return is_en ? "It does no such thing" : "它不会做这个";
	case COMMAND_BAD_TIME:
		return is_en ? "That is no time, such as 7d, 12h30m or (since) 2026-11-23"
		             : "时间不对；可以是 7d、12h30m，或者（从）2026-11-23";
	case COMMAND_BAD_NUMBER: return is_en ? "That is not a number to use" : "数字不对";
	default: return "";
	}
}

static void put_usage(enum command_error error, const struct command *command,
                      enum language language, const char *slash, char out[COMMAND_WORDS_MAX]) {
	assert(command->row != NULL);
	bool is_en = language == LANGUAGE_EN;
	const char *arguments = command->row->arguments[is_en ? LANGUAGE_EN : LANGUAGE_ZH];
	snprintf(out, COMMAND_WORDS_MAX, is_en ? "%s; usage: %s%s%s%s" : "%s；用法: %s%s%s%s",
	         what_is_wrong(error, is_en), slash, command->row->name,
	         arguments[0] != '\0' ? " " : "", arguments);
}

const char *command_words(enum command_error error, const struct command *command,
                          enum language language, const char *slash, char out[COMMAND_WORDS_MAX]) {
	bool is_en = language == LANGUAGE_EN;
	switch (error) {
	case COMMAND_UNKNOWN:
		snprintf(out, COMMAND_WORDS_MAX,
		         is_en ? "There is no such command; %shelp lists them all"
		               : "没有这个命令；%shelp 列出所有命令",
		         slash);
		break;
	case COMMAND_NOT_UTF8:
		snprintf(out, COMMAND_WORDS_MAX, "%s",
		         is_en ? "That is not UTF-8" : "请用 UTF-8 编码");
		break;
	case COMMAND_TOO_LONG:
		snprintf(out, COMMAND_WORDS_MAX,
		         is_en ? "That is too long, at most %d bytes" : "太长了，最多 %d 字节",
		         TEXT_BYTES_MAX);
		break;
	default: put_usage(error, command, language, slash, out);
	}
	return out;
}
