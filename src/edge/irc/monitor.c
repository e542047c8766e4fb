/*
 * monitor.c - MONITOR: who wants to be told when somebody comes, or goes, of a name.
 *
 * What an edge knows of it is a table of names, each with who watches it and whether somebody has it.
 * An entry is held against that by the names in it, whatever its kind: so people of every face count,
 * and nobody is told twice.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_monitor.h"
#include "irc_view.h"
#include "name.h"

/* One connection and one name: in the list of either. */
struct irc_watch {
	struct irc_watched *watched;
	struct irc_watch *before, *after; /* others who watch it */
	struct irc_watch *next;           /* what this one watches else */
	struct connection connection;
	uint8_t typed_size;
	char typed[NAME_BYTES_MAX];
};

struct irc_watched {
	struct irc_watched *next; /* in its bucket */
	struct irc_watch *watches;
	uint64_t hash;
	bool is_online; /* as all have been told */
	struct name_key key;
};

struct irc_monitor {
	struct irc_watch *first, *last;
	unsigned count;
};

static struct slice typed_of(const struct irc_watch *watch) {
	return slice_of(watch->typed, watch->typed_size);
}

/* ---- the table ---- */

static void *take(size_t size) {
	void *memory = calloc(1, size);
	if (memory == NULL) {
		abort();
	}
	return memory;
}

static struct irc_watched **bucket(const struct irc_watches *watches, uint64_t hash) {
	return &watches->buckets[hash & (watches->room - 1)];
}

static struct irc_watched *find(const struct irc_watches *watches, const struct name_key *key) {
	if (watches->count == 0) {
		return NULL;
	}
	uint64_t hash = name_key_hash(key, watches->seed);
	struct irc_watched *it = *bucket(watches, hash);
	while (it != NULL && (it->hash != hash || !name_key_equal(&it->key, key))) {
		it = it->next;
	}
	return it;
}

static void grow(struct irc_watches *watches) {
	struct irc_watches before = *watches;
	if (before.room == 0) {
		randombytes_buf(watches->seed, sizeof(watches->seed));
	}
	if (before.count < before.room) {
		return;
	}
	watches->room = before.room == 0 ? 64 : 2 * before.room;
	watches->buckets = take(watches->room * sizeof(struct irc_watched *));
	for (size_t i = 0; i < before.room; i++) {
		struct irc_watched *next;
		for (struct irc_watched *it = before.buckets[i]; it != NULL; it = next) {
			next = it->next;
			it->next = *bucket(watches, it->hash);
			*bucket(watches, it->hash) = it;
		}
	}
	free(before.buckets);
}

/* So that the hub wakes us for whoever comes and goes, wherever they are. */
static void note_watches(struct irc *irc) {
	atomic_store_explicit(&irc->edge->house.own->watches, irc->watches.count > 0,
	                      memory_order_relaxed);
}

static struct irc_watched *add_name(struct irc *irc, struct slice name,
                                    const struct name_key *key) {
	struct irc_watches *watches = &irc->watches;
	grow(watches);
	struct irc_watched *it = take(sizeof(*it));
	it->hash = name_key_hash(key, watches->seed);
	it->key = *key;
	it->is_online = state_person_named(irc->edge->state, name) != NULL;
	it->next = *bucket(watches, it->hash);
	*bucket(watches, it->hash) = it;
	watches->count++;
	note_watches(irc);
	return it;
}

static void drop_name(struct irc *irc, struct irc_watched *it) {
	struct irc_watches *watches = &irc->watches;
	struct irc_watched **at = bucket(watches, it->hash);
	while (*at != it) {
		at = &(*at)->next;
	}
	*at = it->next;
	watches->count--;
	note_watches(irc);
	free(it);
}

/* ---- what one watches ---- */

static struct irc_watch *watch_of(const struct irc_user *user, const struct irc_watched *watched) {
	struct irc_watch *it = user->monitor == NULL ? NULL : user->monitor->first;
	while (it != NULL && it->watched != watched) {
		it = it->next;
	}
	return it;
}

static void watch(struct irc *irc, struct irc_watched *watched, struct slice name) {
	struct irc_watch *it = take(sizeof(*it));
	if (irc->user->monitor == NULL) {
		irc->user->monitor = take(sizeof(*irc->user->monitor));
	}
	struct irc_monitor *monitor = irc->user->monitor;
	it->watched = watched;
	it->connection = stream_name(irc->stream, irc->to);
	it->typed_size = (uint8_t)name.size;
	memcpy(it->typed, name.bytes, name.size);
	it->after = watched->watches;
	if (it->after != NULL) {
		it->after->before = it;
	}
	watched->watches = it;
	*(monitor->last != NULL ? &monitor->last->next : &monitor->first) = it;
	monitor->last = it;
	monitor->count++;
}

/* It is out of its connection's list already. */
static void unwatch(struct irc *irc, struct irc_watch *it) {
	struct irc_watched *watched = it->watched;
	*(it->before != NULL ? &it->before->after : &watched->watches) = it->after;
	if (it->after != NULL) {
		it->after->before = it->before;
	}
	if (watched->watches == NULL) {
		drop_name(irc, watched);
	}
	free(it);
}

void irc_monitor_free(struct irc *irc, struct irc_user *user) {
	struct irc_watch *next = user->monitor == NULL ? NULL : user->monitor->first;
	while (next != NULL) {
		struct irc_watch *it = next;
		next = it->next;
		unwatch(irc, it);
	}
	free(user->monitor);
	user->monitor = NULL;
}

void irc_watches_begin(struct irc *irc) {
	note_watches(irc);
}

void irc_watches_end(struct irc *irc) {
	free(irc->watches.buckets);
	irc->watches = (struct irc_watches){0};
}

static void remove_name(struct irc *irc, struct slice name) {
	struct name_key key;
	struct irc_watched *watched =
		name_key(name, &key) == NAME_OK ? find(&irc->watches, &key) : NULL;
	struct irc_watch *it = watched == NULL ? NULL : watch_of(irc->user, watched);
	struct irc_watch *before = NULL;
	if (it == NULL) {
		return;
	}
	struct irc_monitor *monitor = irc->user->monitor;
	for (struct irc_watch *at = monitor->first; at != it; at = at->next) {
		before = at;
	}
	*(before != NULL ? &before->next : &monitor->first) = it->next;
	if (monitor->last == it) {
		monitor->last = before;
	}
	monitor->count--;
	unwatch(irc, it);
}

bool irc_is_watched(const struct irc *irc, const struct irc_user *by, struct slice name) {
	struct name_key key;
	struct irc_watched *watched = by->monitor != NULL && name_key(name, &key) == NAME_OK
	                                      ? find(&irc->watches, &key)
	                                      : NULL;
	return watched != NULL && watch_of(by, watched) != NULL;
}

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

/* False: there is no room for it. Nobody is ever called what is no name, and so it is not kept. */
static bool add(struct irc *irc, struct slice name) {
	struct name_key key;
	if (name_check(name) != NAME_OK || name_key(name, &key) != NAME_OK) {
		return true;
	}
	struct irc_watched *watched = find(&irc->watches, &key);
	if (watched != NULL && watch_of(irc->user, watched) != NULL) {
		return true;
	}
	if (irc->user->monitor != NULL && irc->user->monitor->count >= IRC_MONITOR_MAX) {
		return false;
	}
	watch(irc, watched != NULL ? watched : add_name(irc, name, &key), name);
	return true;
}

static void on_add(struct irc *irc, struct slice names) {
	struct slice name, again = names;
	struct both both = begin_both(irc);
	struct name_lines full = {.irc = irc, .numeric = ERR_MONLISTFULL};
	while (next_name(&names, &name)) {
		bool is_word = name.size <= NAME_BYTES_MAX && name.bytes[0] != ':' &&
		               memchr(name.bytes, ' ', name.size) == NULL;
		if (!is_word) {
			continue;
		}
		if (add(irc, name)) {
			put_status(&both, name);
		} else {
			put_name(&full, name, irc_nothing());
		}
	}
	end_both(&both);
	end_names(&full);
	while (next_name(&again, &name)) {
		irc_metadata_of_watched(irc, name);
	}
}

static void on_remove(struct irc *irc, struct slice names) {
	struct slice name;
	while (next_name(&names, &name)) {
		remove_name(irc, name);
	}
}

static void on_list(struct irc *irc) {
	const struct irc_monitor *monitor = irc->user->monitor;
	struct name_lines lines = {.irc = irc, .numeric = RPL_MONLIST};
	for (struct irc_watch *it = monitor == NULL ? NULL : monitor->first; it != NULL;
	     it = it->next) {
		put_name(&lines, typed_of(it), irc_nothing());
	}
	end_names(&lines);
	irc_numeric(irc, RPL_ENDOFMONLIST, irc_nothing(), irc_nothing());
}

static void on_status(struct irc *irc) {
	const struct irc_monitor *monitor = irc->user->monitor;
	struct both both = begin_both(irc);
	for (struct irc_watch *it = monitor == NULL ? NULL : monitor->first; it != NULL;
	     it = it->next) {
		put_status(&both, typed_of(it));
	}
	end_both(&both);
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
static void tell(struct irc *irc, struct irc_watched *watched) {
	struct irc_watch *next = watched->watches;
	watched->is_online = !watched->is_online;
	while (next != NULL) {
		struct irc_watch *watch = next;
		struct stream_connection *it = stream_find(irc->stream, watch->connection);
		next = watch->after;
		if (it == NULL || stream_own(it) == NULL) {
			continue;
		}
		irc_talk_to(irc, it);
		struct both both = begin_both(irc);
		put_status(&both, typed_of(watch));
		end_both(&both);
		irc_metadata_of_watched(irc, typed_of(watch));
		irc_flush(irc);
	}
}

static bool is_stale(const struct irc *irc, const struct irc_watched *watched) {
	bool is_online = state_person_named(irc->edge->state, typed_of(watched->watches)) != NULL;
	return is_online != watched->is_online;
}

static void look_at(struct irc *irc, struct slice name) {
	struct name_key key;
	struct irc_watched *watched =
		name.size > 0 && name_key(name, &key) == NAME_OK ? find(&irc->watches, &key) : NULL;
	if (watched != NULL && is_stale(irc, watched)) {
		tell(irc, watched);
	}
}

/* Who shares a room with that person has read it. */
static bool wants_changes(const struct irc *irc, const struct irc_watch *watch,
                          const struct record *entry) {
	const struct stream_connection *it = stream_find(irc->stream, watch->connection);
	const struct irc_user *user = it == NULL ? NULL : stream_own(it);
	const struct person *person = state_person(irc->edge->state, entry->person);
	return user != NULL && irc_has(user->capabilities, CAP_EXTENDED_MONITOR) &&
	       person != NULL && stream_person(it) != entry->person &&
	       !irc_shares_room(irc, person, stream_person(it));
}

/* With extended-monitor: what else is said of who is watched. */
static void tell_change(struct irc *irc, const struct record *entry) {
	struct name_key key;
	struct irc_watched *watched =
		name_key(entry->name, &key) == NAME_OK ? find(&irc->watches, &key) : NULL;
	struct irc_watch *next = watched == NULL ? NULL : watched->watches;
	while (next != NULL) {
		struct irc_watch *watch = next;
		next = watch->after;
		if (wants_changes(irc, watch, entry)) {
			irc_talk_to(irc, stream_find(irc->stream, watch->connection));
			irc_say_entry(irc, entry);
			irc_flush(irc);
		}
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
	case ENTRY_PROFILE: tell_change(irc, entry); break;
	case ENTRY_ATTACHED:
	case ENTRY_DETACHED:
		/* With rooms: so it became away, or is there again. */
		if (record_rooms_count(entry) > 0) {
			tell_change(irc, entry);
		}
		look_at(irc, entry->name);
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
				tell(irc, it);
				it = irc->watches.buckets[i];
			} else {
				it = it->next;
			}
		}
	}
}
