/*
 * The logs of WeeChat's logger, in its own words (English), with the prefixes and the names of files that
 * it has when nobody has set others:
 *
 *   irc.SERVER.#ROOM.weechatlog
 *
 *   2026-11-23 20:15:00⇥@小明⇥text
 *   2026-11-23 20:15:00⇥ *⇥小明 waves
 *   2026-11-23 20:15:00⇥--⇥Notice(小明): a notice
 *   2026-11-23 20:15:00⇥-->⇥小明 (user@host) has joined #room
 *   2026-11-23 20:15:00⇥<--⇥小明 (user@host) has left #room (why)
 *   2026-11-23 20:15:00⇥<--⇥小明 (user@host) has quit (why)
 *   2026-11-23 20:15:00⇥--⇥小明 is now known as 小红
 *   2026-11-23 20:15:00⇥--⇥小明 has changed topic for #room from "old" to "new"
 *
 * and much else behind "--" and "=!=" that nobody in the room has said. Newer versions write the time as RFC
 * 3339 has it. A '/' in a room's name is '_' in the file's.
 */
#include "import.h"

bool weechat_place(struct slice path, struct import_place *place) {
	struct slice name = import_base_name(path);
	*place = (struct import_place){0};
	if (!import_take(&name, "irc.")) {
		return false;
	}
	size_t tail = import_find_last(name, ".weechatlog");
	if (tail == name.size || tail + strlen(".weechatlog") != name.size) {
		return false;
	}
	name = slice_first(name, tail);
	/* A room begins with its sign; a conversation with nothing that would tell it from a server's name. */
	size_t room = import_find(name, ".#");
	if (room < name.size) {
		place->window = slice_from(name, room + 1);
		return true;
	}
	size_t other = import_find(name, ".");
	place->window = other < name.size ? slice_from(name, other + 1) : name;
	return true;
}

/* "… (why)": the last brackets, if they end it. */
static struct slice why(struct slice rest) {
	struct slice before, behind;
	if (rest.size == 0 || rest.bytes[rest.size - 1] != ')' ||
	    !import_cut(rest, "(", &before, &behind)) {
		return slice_of(NULL, 0);
	}
	return slice_first(behind, behind.size - 1);
}

static enum import_kind came(struct slice text, struct import_line *line) {
	struct slice behind;
	if (import_find(text, " has joined ") == text.size) {
		return IMPORT_PASSED;
	}
	return import_cut(text, " ", &line->name, &behind) ? IMPORT_JOINED : IMPORT_NONE;
}

static enum import_kind went(struct slice text, struct import_line *line) {
	struct slice before, behind, name, rest;
	bool is_gone = import_cut(text, ") has left ", &before, &behind) ||
	               import_cut(text, ") has quit", &before, &behind);
	if (!is_gone) {
		return IMPORT_PASSED;
	}
	if (!import_cut(before, " ", &name, &rest)) {
		return IMPORT_NONE;
	}
	line->name = name;
	line->text = why(behind);
	return IMPORT_PARTED;
}

static enum import_kind topic(struct slice rest, struct import_line *line) {
	size_t at = import_find_last(rest, "\" to \"");
	size_t size = strlen("\" to \"");
	if (at == rest.size) {
		at = import_find(rest, " to \"");
		size = strlen(" to \"");
	}
	if (at == rest.size || rest.bytes[rest.size - 1] != '"' || at + size + 1 > rest.size) {
		return IMPORT_NONE;
	}
	line->text = slice_of(rest.bytes + at + size, rest.size - at - size - 1);
	return IMPORT_TOPIC;
}

static enum import_kind noticed(struct slice rest, struct import_line *line) {
	struct slice behind;
	if (!import_cut(rest, ")", &line->name, &behind)) {
		return IMPORT_NONE;
	}
	/* One's own has " -> #room" between. */
	return import_cut(behind, ": ", &rest, &line->text) ? IMPORT_NOTICE : IMPORT_NONE;
}

/* What stands behind "--". */
static enum import_kind did(struct slice text, struct import_line *line) {
	struct slice name, rest;
	if (import_take(&text, "Notice(")) {
		return noticed(text, line);
	}
	if (!import_cut(text, " ", &name, &rest)) {
		return IMPORT_PASSED;
	}
	if (import_take(&rest, "is now known as ")) {
		line->name = name;
		line->other_name = rest;
		return IMPORT_RENAMED;
	}
	line->name = name;
	if (import_take(&rest, "has changed topic for ") ||
	    import_take(&rest, "has set topic for ")) {
		return topic(rest, line);
	}
	if (import_take(&rest, "has unset topic for ")) {
		return IMPORT_TOPIC;
	}
	line->name = slice_of(NULL, 0);
	return IMPORT_PASSED;
}

static struct slice without_blanks(struct slice text) {
	while (text.size > 0 && text.bytes[0] == ' ') {
		text = slice_from(text, 1);
	}
	while (text.size > 0 && text.bytes[text.size - 1] == ' ') {
		text = slice_first(text, text.size - 1);
	}
	return text;
}

static bool is(struct slice prefix, const char *what) {
	return slice_equal(prefix, slice_from_string(what));
}

static enum import_kind kind_of(struct slice prefix, struct slice text, struct import_line *line) {
	if (is(prefix, "-->")) {
		return came(text, line);
	}
	if (is(prefix, "<--")) {
		return went(text, line);
	}
	if (is(prefix, "--")) {
		return did(text, line);
	}
	if (is(prefix, "*")) {
		return import_cut(text, " ", &line->name, &line->text) ? IMPORT_ACTION
		                                                       : IMPORT_NONE;
	}
	if (is(prefix, "=!=") || prefix.size == 0) {
		return IMPORT_PASSED;
	}
	line->name = prefix;
	line->text = text;
	return IMPORT_SAID;
}

enum import_kind weechat_line(struct slice bytes, char *scratch, struct import_line *line) {
	struct slice behind, prefix, text;
	*line = (struct import_line){.kind = IMPORT_NONE};
	if (!import_cut(bytes, "\t", &line->time, &behind)) {
		return IMPORT_NONE;
	}
	if (import_take(&behind, "****  ")) { /* Beginning of log, End of log */
		return line->kind = IMPORT_PASSED;
	}
	if (!import_cut(behind, "\t", &prefix, &text)) {
		return IMPORT_NONE;
	}
	line->kind = kind_of(without_blanks(prefix), text, line);
	line->name = import_bare_name(line->name);
	return line->kind;
}
