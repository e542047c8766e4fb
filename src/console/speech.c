#include "speech.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "limits.h"
#include "state.h"
#include "visible.h"
#include "words.h"

#define SECOND_US 1000000

/* ---- times ---- */

static struct tm local_time(uint64_t time_us) {
	time_t seconds = (time_t)(time_us / SECOND_US);
	struct tm local;
	return localtime_r(&seconds, &local) != NULL ? local : (struct tm){0};
}

static bool is_today(const struct tm *local) {
	time_t now = time(NULL);
	struct tm today;
	return localtime_r(&now, &today) != NULL && today.tm_yday == local->tm_yday &&
	       today.tm_year == local->tm_year;
}

const char *speech_time(uint64_t time_us, char out[SPEECH_TIME_MAX]) {
	struct tm local = local_time(time_us);
	size_t size = is_today(&local)
	                      ? strftime(out, SPEECH_TIME_MAX, "%H:%M:%S", &local)
	                      : strftime(out, SPEECH_TIME_MAX, "%Y-%m-%d %H:%M:%S", &local);
	out[size] = '\0';
	return out;
}

/* RFC 3339, as `qun history --json` has it. */
static json_t *time_object(uint64_t time_us) {
	time_t seconds = (time_t)(time_us / SECOND_US);
	struct tm utc;
	char day[SPEECH_TIME_MAX];
	if (gmtime_r(&seconds, &utc) == NULL ||
	    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &utc) == 0) {
		return json_null();
	}
	return json_sprintf("%s.%06uZ", day, (unsigned)(time_us % SECOND_US));
}

/* ---- lines ---- */

/* What is written so far, and how much more fits. */
struct line {
	char *out;
	size_t size;
};

static void put(struct line *line, struct slice text) {
	size_t room = SPEECH_LINE_MAX - 1 - line->size;
	size_t size = text.size < room ? text.size : room;
	if (size > 0) {
		memcpy(line->out + line->size, text.bytes, size);
		line->size += size;
	}
	line->out[line->size] = '\0';
}

static void put_string(struct line *line, const char *text) {
	put(line, slice_from_string(text));
}

static void put_name(struct line *line, struct slice name) {
	char shown[VISIBLE_BYTES_MAX(MASK_BYTES_MAX)];
	size_t size = visible_render(name, shown, sizeof(shown));
	put(line, slice_of(shown, size < sizeof(shown) ? size : sizeof(shown)));
}

static void put_text(struct line *line, struct slice text, const char *indent) {
	while (text.size > 0) {
		const char *end = memchr(text.bytes, '\n', text.size);
		if (end == NULL) {
			put(line, text);
			return;
		}
		size_t size = (size_t)(end - text.bytes) + 1;
		put(line, slice_first(text, size));
		put_string(line, indent);
		text = slice_from(text, size);
	}
}

static void put_why(struct line *line, struct slice why) {
	char shown[VISIBLE_BYTES_MAX(TEXT_BYTES_MAX)];
	if (why.size > 0) {
		size_t size = visible_render(why, shown, sizeof(shown));
		put_string(line, ": ");
		put_text(line, slice_of(shown, size < sizeof(shown) ? size : sizeof(shown)), "  ");
	}
}

/* The administrator's own are most: that is not said. */
static void put_by(struct line *line, enum language language, struct slice by) {
	if (by.size > 0) {
		put_string(line, either(language, "  由 ", "  by "));
		put_name(line, by);
	}
}

static void put_entry(struct line *line, enum language language, const struct record *entry) {
	char words[VISIBLE_BYTES_MAX(TEXT_BYTES_MAX) + 1024];
	char time[SPEECH_TIME_MAX];
	size_t size = words_entry(language, entry, words, sizeof(words));
	if (size > 0) {
		put_string(line, speech_time(entry->time_us, time));
		put_string(line, " ");
		if (entry->kind == ENTRY_SAID && entry->other_name.size > 0) {
			put_string(line, "[");
			put_name(line, entry->other_name);
			put_string(line, "] ");
		}
		put_text(line, slice_of(words, size), "         ");
	}
}

static void put_session(struct line *line, enum language language, const struct record *row) {
	char text[ADDRESS_TEXT_MAX];
	char time[SPEECH_TIME_MAX];
	put_name(line, row->name);
	if (row->has_route) {
		put_string(line, "  ");
		put_string(line, address_format(&row->route.peer, text));
	}
	put_string(line, either(language, "  进入于 ", "  since "));
	put_string(line, speech_time(row->since_us, time));
	if (row->number != 0) {
		put_string(line, either(language, "  暂离", "  absent"));
	}
}

static void put_account(struct line *line, enum language language, const struct record *row) {
	char time[SPEECH_TIME_MAX];
	put_name(line, row->name);
	put_string(line, either(language, "  注册于 ", "  registered "));
	put_string(line, speech_time(row->since_us, time));
}

const char *speech_level(enum language language, uint64_t level) {
	switch (level) {
	case LEVEL_QUIET:
		return either(language, "1，谁也不进，房间都静音",
		              "1, nobody new comes in, and every room is as if moderated");
	case LEVEL_SHUT: return either(language, "2，谁也不进", "2, nobody new comes in");
	case LEVEL_ACCOUNTS:
		return either(language, "3，只进有账号的人", "3, only accounts come in");
	case LEVEL_NO_NEW_ACCOUNTS:
		return either(language, "4，不能注册", "4, nobody can register an account");
	default: return either(language, "5，照常", "5, as ever");
	}
}

static void put_level(struct line *line, enum language language, const struct record *row) {
	char time[SPEECH_TIME_MAX];
	put_string(line, speech_level(language, row->number));
	if (row->since_us != 0) {
		put_string(line, either(language, "  从 ", "  since "));
		put_string(line, speech_time(row->since_us, time));
		put_by(line, language, row->by);
		put_why(line, row->text);
	}
}

static void put_restriction(struct line *line, enum language language, const struct record *row) {
	char text[ADDRESS_TEXT_MAX];
	char time[SPEECH_TIME_MAX];
	put_string(line, row->kind == ROW_MUTE ? either(language, "禁言  ", "mute  ")
	                                       : either(language, "禁止  ", "ban   "));
	if (row->has_net) {
		put_string(line, net_format(&row->net, text));
	} else {
		put_string(line, (row->bits & BAN_IS_ACCOUNT) != 0 ? "account:" : "");
		put_name(line, row->name);
	}
	put_string(line, either(language, "  从 ", "  since "));
	put_string(line, speech_time(row->since_us, time));
	if (row->until_us != 0) {
		put_string(line, either(language, " 到 ", " until "));
		put_string(line, speech_time(row->until_us, time));
	}
	put_by(line, language, row->by);
	put_why(line, row->text);
}

size_t speech_line(enum language language, const struct record *record, char out[SPEECH_LINE_MAX]) {
	struct line line = {.out = out};
	out[0] = '\0';
	switch (record->kind) {
	case ROW_SESSION: put_session(&line, language, record); break;
	case ROW_ACCOUNT: put_account(&line, language, record); break;
	case ROW_SERVER: put_level(&line, language, record); break;
	case ROW_BAN:
	case ROW_MUTE: put_restriction(&line, language, record); break;
	default: put_entry(&line, language, record); break;
	}
	return line.size;
}

/* ---- objects ---- */

json_t *speech_string(struct slice text) {
	json_t *string = json_stringn(text.size > 0 ? text.bytes : "", text.size);
	if (string == NULL) {
		char shown[VISIBLE_BYTES_MAX(TEXT_BYTES_MAX)];
		size_t size = visible_render(text, shown, sizeof(shown));
		string = json_stringn(shown, size < sizeof(shown) ? size : sizeof(shown));
	}
	return string != NULL ? string : json_string("");
}

static void set_text(json_t *object, const char *key, struct slice text) {
	if (text.size > 0) {
		json_object_set_new(object, key, speech_string(text));
	}
}

static void set_number(json_t *object, const char *key, uint64_t number) {
	if (number != 0) {
		json_object_set_new(object, key, json_integer((json_int_t)number));
	}
}

static void set_time(json_t *object, const char *key, uint64_t time_us) {
	if (time_us != 0) {
		json_object_set_new(object, key, time_object(time_us));
	}
}

static void set_room(json_t *object, uint64_t room) {
	if (room == ROOM_LOBBY) {
		json_object_set_new(object, "room", json_string("#lobby"));
	} else {
		set_number(object, "room", room);
	}
}

static const char *face_word(uint8_t face) {
	switch (face) {
	case FACE_PLAIN: return "plain";
	case FACE_SESSION: return "session";
	case FACE_IRC: return "irc";
	case FACE_WEB: return "web";
	default: return "unknown";
	}
}

json_t *speech_object(const struct record *record) {
	json_t *object = json_object();
	char text[ADDRESS_TEXT_MAX];
	if (record_is_entry(record)) {
		set_number(object, "seq", record->seq);
		set_time(object, "time", record->time_us);
		set_room(object, record->room);
	}
	json_object_set_new(object, "kind", json_string(record_kind_word(record->kind)));
	set_number(object, "person", record->person);
	set_number(object, "id", record->target);
	set_text(object, "name", record->name);
	set_text(object, "other_name", record->other_name);
	set_text(object, "text", record->text);
	set_text(object, "by", record->by);
	set_time(object, "since", record->since_us);
	set_time(object, "until", record->until_us);
	if ((record->kind == ROW_BAN || record->kind == ENTRY_BANNED ||
	     record->kind == ENTRY_UNBANNED) &&
	    record->bits != 0) {
		json_object_set_new(
			object, "of",
			json_string((record->bits & BAN_IS_ACCOUNT) != 0 ? "account" : "mask"));
	}
	if (record->kind == ROW_SESSION) {
		json_object_set_new(object, "face", json_string(face_word(record->face)));
		json_object_set_new(object, "absent", json_boolean(record->number != 0));
	}
	if (record->has_route) {
		const char *peer = address_format(&record->route.peer, text);
		json_object_set_new(object, "address", json_string(peer));
	}
	if (record->has_net) {
		json_object_set_new(object, "net", json_string(net_format(&record->net, text)));
	}
	if (record->reason != REASON_NONE) {
		json_object_set_new(object, "reason", json_string(reason_word(record->reason)));
	}
	return object;
}
