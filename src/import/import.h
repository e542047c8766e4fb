/*
 * import.h - a line of somebody else's log, taken apart.
 *
 * A form is a row (import_form): how its files are named, and how its lines are
 * written. Both are pure functions of bytes that anybody may have made: whatever
 * they are given, they answer, and keep nothing.
 *
 * What they find points into the line. It is not looked at any further: whether
 * qun would have such a name, or such a text, is for who takes it (import_source.h).
 */
#ifndef IMPORT_H
#define IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

/* What a line is. */
enum import_kind {
	IMPORT_NONE, /* no line of this form */
	IMPORT_PASSED, /* one that has no place in qun's history: modes, kicks, the client's own words */
	IMPORT_SAID,
	IMPORT_ACTION,
	IMPORT_NOTICE,
	IMPORT_JOINED,
	IMPORT_PARTED, /* or has quit: of one room's log it is the same */
	IMPORT_RENAMED,
	IMPORT_TOPIC,
};

struct import_line {
	enum import_kind kind;
	struct slice
		time; /* as it stands there: "10:02:33" of the file's day, or a moment (moment.h) */
	struct slice window; /* where it was heard, if the line says so, and not the file's name */
	struct slice name;
	struct slice other_name; /* RENAMED: the new one */
	struct slice text;       /* TOPIC: empty, it was taken away */
};

#define IMPORT_DAY_BYTES 11 /* "2026-11-23" and its NUL */

/* What the name of a file says. */
struct import_place {
	struct slice window;        /* "#room", somebody's name, or the client's own; empty: none */
	char day[IMPORT_DAY_BYTES]; /* of all its lines; empty: each has its own */
};

struct import_form {
	const char *word; /* behind --from */
	/* False: no file of this form is called that. */
	bool (*place)(struct slice path, struct import_place *place);
	/*
	 * Without a line end. Returns line->kind. What it finds may point into `scratch` instead, which has as
	 * many bytes as the line, if the form has a use for that.
	 */
	enum import_kind (*line)(struct slice bytes, char *scratch, struct import_line *line);
	bool has_scratch;
	bool has_windows; /* a line says where it was heard */
	/* What is no log, but a registry (import_registry.h): by its first bytes. May be NULL. */
	bool (*is_registry)(struct slice beginning);
};

/* ZNC's log module: a folder of each window, a file of each day. */
bool znc_place(struct slice path, struct import_place *place);
enum import_kind znc_line(struct slice bytes, char *scratch, struct import_line *line);

/* WeeChat's logger: a file of each window. */
bool weechat_place(struct slice path, struct import_place *place);
enum import_kind weechat_line(struct slice bytes, char *scratch, struct import_line *line);

/* Ergo's: what HistServ exports, an item a line (the rest: import_registry.h). */
bool ergo_place(struct slice path, struct import_place *place);
enum import_kind ergo_line(struct slice bytes, char *scratch, struct import_line *line);
/* Does a file that begins so hold accounts and channels, and not lines? */
bool ergo_is_registry(struct slice beginning);

/* ---- what parsers share ---- */

/* Takes these bytes from the front, if it begins with them. */
static inline bool import_take(struct slice *rest, const char *front) {
	struct slice wanted = slice_from_string(front);
	if (!slice_starts_with(*rest, wanted)) {
		return false;
	}
	*rest = slice_from(*rest, wanted.size);
	return true;
}

/* Where `what` stands first in it, or last; its size if it does not. */
size_t import_find(struct slice in, const char *what);
size_t import_find_last(struct slice in, const char *what);
/* Cuts it in two at the first `what`, which goes. False: it is not there. */
bool import_cut(struct slice in, const char *what, struct slice *before, struct slice *behind);
/* Could it stand in one line of a protocol: no line end, no NUL? */
bool import_is_line(struct slice text);
/* What stands behind the last '/'. */
struct slice import_base_name(struct slice path);
/* Without the sign of an office before it ("@小明"), with which no name begins. */
struct slice import_bare_name(struct slice name);

#endif
