/*
 * monitor.c - MONITOR: who wants to be told when somebody comes, or goes, of a name; and what else
 * becomes of who has it (extended-monitor).
 *
 * An entry is held against the names that are watched by the names in it, whatever its kind: so people
 * of every face count, and nobody is told twice.
 */
#include <string.h>

#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_metadata.h"
#include "irc_view.h"

/* ---- lines of names ---- */

/* Names of one numeric, in as many lines as it takes. */
struct name_lines {
	struct irc *irc;
	unsigned numeric;
	size_t size;
	char text[IRC_LINE_BYTES_MAX];
};

static void end_names(struct name_lines *lines) {
	struct irc *irc = lines->irc;
	if (lines->size == 0) {
		return;
	}
	struct slice names = slice_of(lines->text, lines->size);
	irc_begin_numeric(irc, lines->numeric);
	if (lines->numeric == ERR_MONLISTFULL) {
		irc_put_text(&irc->at, " ");
		irc_put_number(&irc->at, IRC_MONITOR_MAX);
		irc_put_text(&irc->at, " ");
		irc_put(&irc->at, names);
		names = irc_word(irc_numeric_text(ERR_MONLISTFULL));
	}
	irc_put_last(irc, names);
	irc_end_line(irc);
	lines->size = 0;
}

/* A line's bytes but for the server, two names of people and what else there is. */
#define NAMES_BYTES_MAX (IRC_LINE_BYTES_MAX - CONFIG_NAME_BYTES - NAME_BYTES_MAX - 48)
_Static_assert(NAMES_BYTES_MAX > NAME_BYTES_MAX + USERHOST_BYTES_MAX + 1, "a name always fits");

static void put_name(struct name_lines *lines, struct slice name, struct slice userhost) {
	if (lines->size + name.size + userhost.size + 2 > NAMES_BYTES_MAX) {
		end_names(lines);
	}
	struct irc_line text = irc_line_at(lines->text, sizeof(lines->text));
	text.size = lines->size;
	irc_put_text(&text, lines->size > 0 ? "," : "");
	irc_put(&text, name);
	irc_put_text(&text, userhost.size > 0 ? "!" : "");
	irc_put(&text, userhost);
	lines->size = text.size;
}

/* Who is there, and who is not, each in lines of their own. */
struct both {
	struct name_lines online, offline;
};

static void put_status(struct both *both, struct slice name) {
	const struct state *state = both->online.irc->edge->state;
	const struct person *person = state_person_named(state, name);
	if (person != NULL) {
		put_name(&both->online, person_name(person), view_userhost(state, person));
	} else {
		put_name(&both->offline, name, irc_nothing());
	}
}

static void end_both(struct both *both) {
	end_names(&both->online);
	end_names(&both->offline);
}

static struct both begin_both(struct irc *irc) {
	return (struct both){.online = {.irc = irc, .numeric = RPL_MONONLINE},
	                     .offline = {.irc = irc, .numeric = RPL_MONOFFLINE}};
}

/* Behind the 730 of somebody: what one wants to know of it, as METADATA SYNC says it. */
static void sync(struct irc *irc, struct slice name) {
	const struct person *person = state_person_named(irc->edge->state, name);
	if (person != NULL && irc_is_metadata_aware(irc)) {
		struct irc_owner owner = irc_owner_of(irc, person_name(person));
		irc_sync_metadata(irc, &owner, 0);
	}
}

/* ---- MONITOR ---- */

/* Takes the next of names with commas between them. */
static bool next_name(struct slice *names, struct slice *name) {
	while (names->size > 0 && names->bytes[0] == ',') {
		*names = slice_from(*names, 1);
	}
	const char *comma = names->size == 0 ? NULL : memchr(names->bytes, ',', names->size);
	*name = slice_first(*names, comma == NULL ? names->size : (size_t)(comma - names->bytes));
	*names = slice_from(*names, name->size);
	return name->size > 0;
}

static bool is_word(struct slice name) {
	return name.size <= NAME_BYTES_MAX && name.bytes[0] != ':' &&
	       memchr(name.bytes, ' ', name.size) == NULL;
}

static void on_add(struct irc *irc, struct slice names) {
	struct slice name, all = names;
	struct both both = begin_both(irc);
	struct name_lines full = {.irc = irc, .numeric = ERR_MONLISTFULL};
	while (next_name(&names, &name)) {
		if (!is_word(name)) {
			continue;
		}
		if (irc_watch(irc, name)) {
			put_status(&both, name);
		} else {
			put_name(&full, name, irc_nothing());
		}
	}
	end_both(&both);
	end_names(&full);
	while (next_name(&all, &name)) {
		if (irc_watched_named(irc, name) != NULL) {
			sync(irc, name);
		}
	}
}

static void on_remove(struct irc *irc, struct slice names) {
	struct slice name;
	while (next_name(&names, &name)) {
		irc_unwatch(irc, name);
	}
}

static void on_list(struct irc *irc) {
	struct name_lines lines = {.irc = irc, .numeric = RPL_MONLIST};
	for (const struct irc_watch *it = irc_watch_first(irc); it != NULL; it = it->next) {
		put_name(&lines, irc_watch_typed(it), irc_nothing());
	}
	end_names(&lines);
	irc_numeric(irc, RPL_ENDOFMONLIST, irc_nothing(), irc_nothing());
}

static void on_status(struct irc *irc) {
	struct both both = begin_both(irc);
	for (const struct irc_watch *it = irc_watch_first(irc); it != NULL; it = it->next) {
		put_status(&both, irc_watch_typed(it));
	}
	end_both(&both);
	for (const struct irc_watch *it = irc_watch_first(irc); it != NULL; it = it->next) {
		sync(irc, irc_watch_typed(it));
	}
}

void irc_on_monitor(struct irc *irc) {
	struct slice verb = irc_parameter(&irc->message, 0);
	struct slice names = irc_parameter(&irc->message, 1);
	bool has_names = irc_equal(verb, "+") || irc_equal(verb, "-");
	if (has_names && names.size == 0) {
		irc_numeric(irc, ERR_NEEDMOREPARAMS, irc_word("MONITOR"), irc_nothing());
	} else if (irc_equal(verb, "+")) {
		on_add(irc, names);
	} else if (irc_equal(verb, "-")) {
		on_remove(irc, names);
	} else if (irc_equal(verb, "C")) {
		irc_monitor_free(irc, irc->user);
	} else if (irc_equal(verb, "L")) {
		on_list(irc);
	} else if (irc_equal(verb, "S")) {
		on_status(irc);
	} else {
		irc_standard(irc, "FAIL", "MONITOR", "INVALID_PARAMS", irc_as_middle(verb),
		             "Say +, -, C, L or S");
	}
}

/* ---- coming and going ---- */

/* Who is closed by being told takes its own out of the list, and no other. */
static void tell_each(struct irc *irc, const struct irc_watched *watched,
                      void (*tell)(struct irc *irc, const void *it), const void *what) {
	struct irc_watch *next = watched->watches;
	while (next != NULL) {
		const struct irc_watch *watch = next;
		struct stream_connection *to = stream_find(irc->stream, watch->connection);
		next = watch->after;
		if (to != NULL && stream_own(to) != NULL) {
			irc_talk_to(irc, to);
			tell(irc, what != NULL ? what : watch);
			irc_flush(irc);
		}
	}
}

static void tell_status(struct irc *irc, const void *it) {
	const struct irc_watch *watch = it;
	struct both both = begin_both(irc);
	put_status(&both, irc_watch_typed(watch));
	end_both(&both);
	sync(irc, irc_watch_typed(watch));
}

static bool is_stale(const struct irc *irc, const struct irc_watched *watched) {
	struct slice name = irc_watch_typed(watched->watches);
	return (state_person_named(irc->edge->state, name) != NULL) != watched->is_online;
}

static void turn(struct irc *irc, struct irc_watched *watched) {
	watched->is_online = !watched->is_online;
	tell_each(irc, watched, tell_status, NULL);
}

static void look_at(struct irc *irc, struct slice name) {
	struct irc_watched *watched = irc_watched_named(irc, name);
	if (watched != NULL && is_stale(irc, watched)) {
		turn(irc, watched);
	}
}

/* ---- what else becomes of people (extended-monitor) ---- */

/* Who is in a room with it, or is it, hears of it anyway. */
static void tell_change(struct irc *irc, const void *it) {
	const struct record *entry = it;
	const struct person *person = state_person(irc->edge->state, entry->person);
	uint64_t self = stream_person(irc->to);
	if (irc_can(irc, CAP_EXTENDED_MONITOR) && person != NULL && self != entry->person &&
	    !irc_shares_room(irc, person, self)) {
		irc_say_entry(irc, entry);
	}
}

/* By a connection that comes or goes somebody is there again, or not any more, or as it was before. */
static bool is_change(const struct irc *irc, const struct record *entry) {
	const struct state *state = irc->edge->state;
	const struct person *person = state_person(state, entry->person);
	if (person == NULL || entry->kind == ENTRY_AWAY || entry->kind == ENTRY_PROFILE) {
		return person != NULL;
	}
	const struct session *first = person_session_next(state, person, NULL);
	bool is_only = first != NULL && person_session_next(state, person, first) == NULL;
	return person_away(state, person).size == 0 &&
	       (entry->kind == ENTRY_ATTACHED ? is_only : first == NULL);
}

static void look_at_change(struct irc *irc, const struct record *entry) {
	const struct irc_watched *watched = irc_watched_named(irc, entry->name);
	if (watched != NULL && is_change(irc, entry)) {
		tell_each(irc, watched, tell_change, entry);
	}
}

void irc_monitor_entry(struct irc *irc, const struct record *entry) {
	if (irc->watches.count == 0) {
		return;
	}
	switch (entry->kind) {
	case ENTRY_RENAMED:
		look_at(irc, entry->other_name);
		look_at(irc, entry->name);
		break;
	case ENTRY_AWAY:
	case ENTRY_PROFILE:
	case ENTRY_ATTACHED: look_at_change(irc, entry); break;
	case ENTRY_DETACHED:
		look_at(irc, entry->name);
		look_at_change(irc, entry);
		break;
	case ENTRY_ENTERED:
	case ENTRY_LEFT:
	case ENTRY_KICKED:
	case ENTRY_ACCOUNT_ENDED: look_at(irc, entry->name); break;
	case ENTRY_CLOSED: irc_monitor_all(irc); break;
	default: break;
	}
}

/* Names come and go by telling: after each its bucket is looked at from the beginning. */
void irc_monitor_all(struct irc *irc) {
	for (size_t i = 0; i < irc->watches.room; i++) {
		struct irc_watched *it = irc->watches.buckets[i];
		while (it != NULL) {
			if (is_stale(irc, it)) {
				turn(irc, it);
				it = irc->watches.buckets[i];
			} else {
				it = it->next;
			}
		}
	}
}
