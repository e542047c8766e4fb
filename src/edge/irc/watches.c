/*
 * watches.c - the names that an edge's connections watch: a table of names, each with who watches it and
 * whether somebody has it.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "irc_inside.h"

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

/*
 * Told on the board, so that the hub wakes us for whatever becomes of people (bells.h). It looks there
 * after it has published a batch, we look for batches after we have said it: so none is missed.
 */
static void say_on_board(struct irc *irc) {
	atomic_store_explicit(&irc->edge->house.own->watches, irc->watches.count,
	                      memory_order_seq_cst);
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
	say_on_board(irc);
	return it;
}

static void drop_name(struct irc *irc, struct irc_watched *it) {
	struct irc_watched **at = bucket(&irc->watches, it->hash);
	while (*at != it) {
		at = &(*at)->next;
	}
	*at = it->next;
	irc->watches.count--;
	say_on_board(irc);
	free(it);
}

struct irc_watched *irc_watched_named(const struct irc *irc, struct slice name) {
	struct name_key key;
	return name.size > 0 && name_key(name, &key) == NAME_OK ? find(&irc->watches, &key) : NULL;
}

void irc_watches_begin(struct irc *irc) {
	say_on_board(irc);
}

void irc_watches_end(struct irc *irc) {
	free(irc->watches.buckets);
	irc->watches = (struct irc_watches){0};
}

/* ---- what one watches ---- */

static struct irc_watch *watch_of(const struct irc_user *user, const struct irc_watched *watched) {
	struct irc_watch *it = user->monitor == NULL ? NULL : user->monitor->first;
	while (it != NULL && it->watched != watched) {
		it = it->next;
	}
	return it;
}

static void put(struct irc *irc, struct irc_watched *watched, struct slice name) {
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
static void drop(struct irc *irc, struct irc_watch *it) {
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
		drop(irc, it);
	}
	free(user->monitor);
	user->monitor = NULL;
}

void irc_unwatch(struct irc *irc, struct slice name) {
	const struct irc_watched *watched = irc_watched_named(irc, name);
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
	drop(irc, it);
}

/* Nobody is ever called what is no name, and so it is not kept. */
bool irc_watch(struct irc *irc, struct slice name) {
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
	put(irc, watched != NULL ? watched : add_name(irc, name, &key), name);
	return true;
}

const struct irc_watch *irc_watch_first(const struct irc *irc) {
	return irc->user->monitor == NULL ? NULL : irc->user->monitor->first;
}

bool irc_watches(const struct irc *irc, const struct person *person) {
	const struct irc_watched *watched =
		irc_watch_first(irc) == NULL ? NULL : irc_watched_named(irc, person_name(person));
	return watched != NULL && watch_of(irc->user, watched) != NULL;
}
