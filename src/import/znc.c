/*
 * The logs of ZNC's module `log`, as it writes them when nobody has set another path or time:
 *
 *   …/NETWORK/WINDOW/2026-11-23.log          and before ZNC 1.6
 *   …/USER_NETWORK_WINDOW_20261123.log
 *
 *   [20:15:00] <小明> text
 *   [20:15:00] * 小明 waves
 *   [20:15:00] -小明- a notice
 *   [20:15:00] *** Joins: 小明 (user@host)
 *   [20:15:00] *** Parts: 小明 (user@host) (why)
 *   [20:15:00] *** Quits: 小明 (user@host) (why)
 *   [20:15:00] *** 小明 is now known as 小红
 *   [20:15:00] *** 小明 changes topic to 'text'
 *
 * and of modes, kicks and itself. WINDOW is in lower case, with '-' for '/'. A nick has no blanks, so
 * the first one ends it.
 */
#include "import.h"

static bool is_digit(char byte) {
	return byte >= '0' && byte <= '9';
}

/* Has it the shape? '0' stands for a digit, all else for itself. */
static bool has_shape(struct slice text, const char *shape) {
	if (text.size != strlen(shape)) {
		return false;
	}
	for (size_t i = 0; i < text.size; i++) {
		bool fits = shape[i] == '0' ? is_digit(text.bytes[i]) : text.bytes[i] == shape[i];
		if (!fits) {
			return false;
		}
	}
	return true;
}

/* ---- names of files ---- */

/* "20261123" becomes "2026-11-23". */
static void put_day(char day[IMPORT_DAY_BYTES], const char *digits) {
	memcpy(day, digits, 4);
	day[4] = day[7] = '-';
	memcpy(day + 5, digits + 4, 2);
	memcpy(day + 8, digits + 6, 2);
	day[10] = '\0';
}

/* USER_NETWORK_#room: a room begins at its sign, which nothing before it has. */
static struct slice old_window(struct slice name) {
	size_t at = import_find(name, "#");
	if (at == name.size) {
		at = import_find_last(name, "_");
		return at == name.size ? name : slice_from(name, at + 1);
	}
	return slice_from(name, at);
}

bool znc_place(struct slice path, struct import_place *place) {
	struct slice name = import_base_name(path);
	*place = (struct import_place){0};
	if (has_shape(name, "0000-00-00.log")) {
		size_t folder = path.size - name.size;
		memcpy(place->day, name.bytes, IMPORT_DAY_BYTES - 1);
		place->window = import_base_name(slice_first(path, folder > 0 ? folder - 1 : 0));
		return true;
	}
	size_t tail = strlen("_00000000.log");
	if (name.size <= tail || !has_shape(slice_from(name, name.size - tail), "_00000000.log")) {
		return false;
	}
	put_day(place->day, name.bytes + name.size - tail + 1);
	place->window = old_window(slice_first(name, name.size - tail));
	return true;
}

/* ---- lines ---- */

/* "小明 (user@host) (why)": the reason stands in the last brackets, which are there even if it is empty. */
static enum import_kind went(struct slice rest, struct import_line *line) {
	struct slice behind;
	if (!import_cut(rest, " (", &line->name, &behind)) {
		return IMPORT_NONE;
	}
	if (import_cut(behind, ") (", &rest, &behind) && behind.size > 0 &&
	    behind.bytes[behind.size - 1] == ')') {
		line->text = slice_first(behind, behind.size - 1);
	}
	return IMPORT_PARTED;
}

static bool is_own(struct slice rest) {
	return import_take(&rest, "Connected to IRC (") ||
	       import_take(&rest, "Disconnected from IRC (") || import_take(&rest, "Broadcast: ");
}

/* "小明 changes topic to 'text'", and what else begins with a nick. */
static enum import_kind did(struct slice rest, struct import_line *line) {
	struct slice behind;
	if (!import_cut(rest, " ", &line->name, &behind)) {
		return IMPORT_NONE;
	}
	if (import_take(&behind, "is now known as ")) {
		line->other_name = behind;
		return IMPORT_RENAMED;
	}
	if (import_take(&behind, "changes topic to '")) {
		if (behind.size == 0 || behind.bytes[behind.size - 1] != '\'') {
			return IMPORT_NONE;
		}
		line->text = slice_first(behind, behind.size - 1);
		return IMPORT_TOPIC;
	}
	bool is_passed =
		import_take(&behind, "sets mode: ") || import_take(&behind, "was kicked by ");
	return is_passed ? IMPORT_PASSED : IMPORT_NONE;
}

static enum import_kind event(struct slice rest, struct import_line *line) {
	if (import_take(&rest, "Joins: ")) {
		struct slice behind;
		return import_cut(rest, " ", &line->name, &behind) ? IMPORT_JOINED : IMPORT_NONE;
	}
	if (import_take(&rest, "Parts: ") || import_take(&rest, "Quits: ")) {
		return went(rest, line);
	}
	return did(rest, line);
}

static enum import_kind kind_of(struct slice rest, struct import_line *line) {
	if (import_take(&rest, "<")) {
		return import_cut(rest, "> ", &line->name, &line->text) ? IMPORT_SAID : IMPORT_NONE;
	}
	if (import_take(&rest, "*** ")) {
		return event(rest, line);
	}
	if (import_take(&rest, "* ")) {
		return import_cut(rest, " ", &line->name, &line->text) ? IMPORT_ACTION
		                                                       : IMPORT_NONE;
	}
	if (import_take(&rest, "-")) {
		return import_cut(rest, "- ", &line->name, &line->text) ? IMPORT_NOTICE
		                                                        : IMPORT_NONE;
	}
	return is_own(rest) ? IMPORT_PASSED : IMPORT_NONE;
}

enum import_kind znc_line(struct slice bytes, char *scratch, struct import_line *line) {
	size_t head = strlen("[00:00:00] ");
	*line = (struct import_line){.kind = IMPORT_NONE};
	if (bytes.size < head || !has_shape(slice_first(bytes, head), "[00:00:00] ")) {
		return IMPORT_NONE;
	}
	line->time = slice_of(bytes.bytes + 1, head - 3);
	line->kind = kind_of(slice_from(bytes, head), line);
	line->name = import_bare_name(line->name);
	return line->kind;
}
