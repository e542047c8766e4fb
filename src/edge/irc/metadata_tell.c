/*
 * metadata_tell.c - metadata as lines: what is asked for, what one sees from the beginning, and what
 * changes before one's eyes.
 */
#include <stdlib.h>
#include <string.h>

#include "irc_metadata.h"
#include "irc_view.h"

/* In a lister's ids: a room, not a person. */
#define IS_ROOM ((uint64_t)1 << 63)

/* With the longest names there are a value still fits, behind "*" in place of the reader's own name. */
_Static_assert(CONFIG_NAME_BYTES + NAME_BYTES_MAX + METADATA_KEY_BYTES_MAX +
                               METADATA_VALUE_BYTES_MAX + sizeof(" 761 *   * :\r\n") - 1 <=
                       IRC_LINE_BYTES_MAX,
               "a value is never cut");
_Static_assert(ROOM_NAME_BYTES_MAX <= NAME_BYTES_MAX, "and a room's name is no longer than that");

/* ---- lines ---- */

static void say_value(struct irc *irc, const char *numeric, struct slice name, struct slice key,
                      struct slice value) {
	struct slice nick = irc_nick(irc);
	irc_begin_line(irc, numeric);
	size_t size = irc->at.size + name.size + key.size + value.size + sizeof("    * :\r\n") - 1;
	irc_put_text(&irc->at, " ");
	irc_put(&irc->at, size + nick.size > IRC_LINE_BYTES_MAX ? irc_word("*") : nick);
	irc_put_parameter(&irc->at, name);
	irc_put_parameter(&irc->at, key);
	irc_put_text(&irc->at, " *");
	irc_put_last(irc, value);
	irc_end_line(irc);
}

void irc_say_metadata(struct irc *irc, struct slice name, struct slice key, struct slice value) {
	if (value.size > 0) {
		say_value(irc, "761", name, key, value);
	} else {
		irc_numeric(irc, RPL_KEYNOTSET, name, key);
	}
}

/* Those that people read; all others are for LIST. */
void irc_whois_metadata(struct irc *irc, const struct person *person) {
	static const char *const shown[] = {"display-name", "pronouns", "homepage", "status"};
	const struct state *state = irc->edge->state;
	for (size_t i = 0; irc_is_metadata_aware(irc) && i < sizeof(shown) / sizeof(shown[0]);
	     i++) {
		struct slice key = irc_word(shown[i]);
		struct slice value = state_metadata(state, 0, person_id(person), key);
		if (value.size > 0) {
			say_value(irc, "760", person_name(person), key, value);
		}
	}
}

/* ---- whose ---- */

static struct irc_owner owner_by_id(const struct irc *irc, uint64_t room, uint64_t person_of) {
	const struct state *state = irc->edge->state;
	const struct person *person = person_of == 0 ? NULL : state_person(state, person_of);
	return (struct irc_owner){.room = room,
	                          .person = person == NULL ? 0 : person_of,
	                          .name = person != NULL ? person_name(person)
	                                                 : view_room_name(state, room)};
}

struct irc_owner irc_owner_of(const struct irc *irc, struct slice typed) {
	const struct state *state = irc->edge->state;
	if (irc->user->door != NULL) {
		return (struct irc_owner){.name = irc_word("*")};
	}
	if (irc_is_room_name(typed)) {
		return owner_by_id(irc, state_room_named(state, typed), 0);
	}
	const struct person *person = slice_equal(typed, irc_word("*"))
	                                      ? irc_self(irc)
	                                      : state_person_named(state, typed);
	return owner_by_id(irc, 0, person == NULL ? 0 : person_id(person));
}

static bool is_operator(const struct irc *irc) {
	const struct person *self = irc_self(irc);
	return self != NULL && (person_bits(irc->edge->state, self) & PERSON_IS_OPERATOR) != 0;
}

bool irc_reads_room(const struct irc *irc, uint64_t room) {
	return state_is_member(irc->edge->state, room, stream_person(irc->to)) || is_operator(irc);
}

/* Is it before one's eyes: oneself, a room one is in, or somebody in it, or whom one watches? */
static bool is_seen(const struct irc *irc, uint64_t room, uint64_t person) {
	uint64_t self = stream_person(irc->to);
	if (room != 0) {
		return state_is_member(irc->edge->state, room, self);
	}
	const struct person *it = state_person(irc->edge->state, person);
	return person == self || (it != NULL && person_is_present(it) &&
	                          (irc_shares_room(irc, it, self) || irc_watches(irc, it)));
}

/* ---- asked for ---- */

void irc_list_metadata(struct irc *irc, const struct irc_owner *owner) {
	struct metadata at = {0};
	unsigned batch = irc->in_batch = irc_open_batch(irc, "metadata", owner->name);
	irc_say_early(irc, owner);
	while (state_metadata_next(irc->edge->state, owner->room, owner->person, &at)) {
		if (!irc_is_early(irc, owner, at.key)) {
			irc_say_metadata(irc, owner->name, at.key, at.value);
		}
	}
	irc->in_batch = 0;
	irc_close_batch(irc, batch);
}

static void note_if_any(const struct irc *irc, struct irc_lister *lister, uint64_t room,
                        uint64_t person) {
	if (state_metadata_of(irc->edge->state, room, person) > 0) {
		irc_lister_add_id(lister, room != 0 ? room | IS_ROOM : person);
	}
}

static void note_members(const struct irc *irc, struct irc_lister *lister, uint64_t room) {
	const struct state *state = irc->edge->state;
	size_t count = state_metadata_count(state) == 0 ? 0 : state_room_members_count(state, room);
	note_if_any(irc, lister, room, 0);
	for (size_t i = 0; i < count; i++) {
		note_if_any(irc, lister, 0, person_id(state_room_member(state, room, i)));
	}
}

/* Some more than once, who are in several rooms; the lister has them side by side. */
static void note_all(const struct irc *irc, struct irc_lister *lister) {
	uint64_t rooms[ROOMS_PER_PERSON_MAX];
	const struct person *self = irc_self(irc);
	size_t count = self == NULL
	                       ? 0
	                       : person_rooms(irc->edge->state, self, rooms, ROOMS_PER_PERSON_MAX);
	note_if_any(irc, lister, 0, stream_person(irc->to));
	for (size_t i = 0; i < count && i < ROOMS_PER_PERSON_MAX; i++) {
		note_members(irc, lister, rooms[i]);
	}
	for (const struct irc_watch *it = irc_watch_first(irc); it != NULL; it = it->next) {
		const struct person *person =
			state_person_named(irc->edge->state, irc_watch_typed(it));
		note_if_any(irc, lister, 0, person == NULL ? 0 : person_id(person));
	}
}

void irc_sync_metadata(struct irc *irc, const struct irc_owner *owner, size_t from) {
	struct slice name = owner != NULL ? owner->name : irc_word("*ALL");
	struct irc_lister *lister = irc_lister_create(LIST_METADATA, name);
	lister->keys_from = from;
	if (irc->user->subs == NULL) {
		/* Nothing is wanted. */
	} else if (owner == NULL) {
		note_all(irc, lister);
	} else if (owner->room != 0) {
		note_members(irc, lister, owner->room);
	} else {
		note_if_any(irc, lister, 0, owner->person);
	}
	/* Asked for by name, those are told of as well whom one does not see. */
	lister->is_of_one = owner != NULL;
	lister->batch = irc_open_batch(irc, "metadata", name);
	irc_lister_start(irc, lister);
}

void irc_metadata_lines(struct irc *irc, struct irc_lister *lister) {
	size_t at_id = lister->at++;
	uint64_t id = lister->ids[at_id];
	uint64_t room = (id & IS_ROOM) != 0 ? id & ~IS_ROOM : 0;
	struct irc_owner owner = owner_by_id(irc, room, room != 0 ? 0 : id);
	struct slice keys = irc_subscribed(irc->user, lister->keys_from);
	struct metadata at = {0};
	bool is_again = at_id > 0 && lister->ids[at_id - 1] == id;
	if (is_again || (owner.room == 0 && owner.person == 0) || owner.name.size == 0 ||
	    (!lister->is_of_one && !is_seen(irc, owner.room, owner.person))) {
		return;
	}
	irc->in_batch = lister->batch;
	while (state_metadata_next(irc->edge->state, owner.room, owner.person, &at)) {
		if (irc_is_key_among(keys, at.key)) {
			irc_say_metadata(irc, owner.name, at.key, at.value);
		}
	}
	irc->in_batch = 0;
}

static void say_later(struct irc *irc) {
	irc_begin_numeric(irc, ERR_METADATASYNCLATER);
	irc_put_text(&irc->at, " *ALL 0");
	irc_put_last(irc, irc_word(irc_numeric_text(ERR_METADATASYNCLATER)));
	irc_end_line(irc);
}

void irc_metadata_subscribed(struct irc *irc, size_t from) {
	const struct person *self = irc_self(irc);
	if (self != NULL &&
	    (person_rooms(irc->edge->state, self, NULL, 0) > 0 || irc_watch_first(irc) != NULL)) {
		irc_sync_metadata(irc, NULL, from);
	} else if (irc->user->door == NULL) {
		say_later(irc);
	}
}

/* ---- told without being asked ---- */

void irc_greet_with_metadata(struct irc *irc) {
	struct irc_owner self = owner_by_id(irc, 0, stream_person(irc->to));
	if (irc_is_metadata_aware(irc) && self.person != 0) {
		irc_list_metadata(irc, &self);
	}
}

void irc_metadata_of_room(struct irc *irc, uint64_t room) {
	struct irc_owner owner = owner_by_id(irc, room, 0);
	if (irc_is_metadata_aware(irc)) {
		irc_sync_metadata(irc, &owner, 0);
	}
}

void irc_metadata_missed(struct irc *irc) {
	if (irc->user->subs != NULL) {
		say_later(irc);
	}
}

/* What it was set to, or, of a key that a CLEAR took away, that it is not. */
static void say_change(struct irc *irc, const struct record *entry, struct slice only) {
	struct slice name = owner_by_id(irc, entry->room, entry->target).name;
	struct slice keys = entry->text, key;
	if (entry->other_name.size > 0) {
		if (only.bytes == NULL || irc_is_key_among(only, entry->other_name)) {
			irc_say_metadata(irc, name, entry->other_name, entry->text);
		}
		return;
	}
	while (irc_next_key(&keys, &key)) {
		if (only.bytes == NULL || irc_is_key_among(only, key)) {
			irc_say_metadata(irc, name, key, irc_nothing());
		}
	}
}

void irc_own_metadata(struct irc *irc, const struct record *entry) {
	bool is_clear = entry->other_name.size == 0;
	if (entry->session != stream_session(irc->to)) {
		return;
	}
	if (is_clear) {
		irc->in_batch = irc_open_batch(irc, "metadata",
		                               owner_by_id(irc, entry->room, entry->target).name);
	}
	unsigned batch = irc->in_batch;
	say_change(irc, entry, irc_nothing());
	irc->in_batch = 0;
	if (is_clear) {
		irc_close_batch(irc, batch);
	}
}

/* What was asked for is so already: `target` is "target key". */
void irc_say_unchanged_metadata(struct irc *irc, struct slice target) {
	struct slice name, key;
	irc_next_key(&target, &name);
	struct irc_owner owner = irc_owner_of(irc, name);
	if (irc_next_key(&target, &key)) {
		irc_say_metadata(irc, owner.name.size > 0 ? owner.name : name, key,
		                 state_metadata(irc->edge->state, owner.room, owner.person, key));
	} else {
		irc_list_metadata(irc, &owner);
	}
}

void irc_other_metadata(struct irc *irc, const struct record *entry) {
	struct irc_subs *next;
	for (struct irc_subs *subs = irc->subscribers; subs != NULL; subs = next) {
		struct stream_connection *it = stream_find(irc->stream, subs->connection);
		next = subs->after;
		if (it == NULL || stream_own(it) == NULL || stream_session(it) == entry->session) {
			continue;
		}
		irc_talk_to(irc, it);
		if (is_seen(irc, entry->room, entry->target)) {
			say_change(irc, entry, irc_subscribed(irc->user, 0));
		}
		irc_flush(irc);
	}
}

static void say_all_of(struct irc *irc, const struct person *person) {
	struct metadata at = {0};
	while (state_metadata_next(irc->edge->state, 0, person_id(person), &at)) {
		if (irc_is_key_among(irc_subscribed(irc->user, 0), at.key)) {
			irc_say_metadata(irc, person_name(person), at.key, at.value);
		}
	}
}

/* Who comes into a room brings along what others there want to know of it. */
void irc_metadata_of_newcomer(struct irc *irc, const struct record *joined) {
	struct irc_subs *next;
	const struct person *person =
		irc->subscribers == NULL ? NULL : state_person(irc->edge->state, joined->person);
	if (person == NULL || state_metadata_of(irc->edge->state, 0, joined->person) == 0) {
		return;
	}
	for (struct irc_subs *subs = irc->subscribers; subs != NULL; subs = next) {
		struct stream_connection *it = stream_find(irc->stream, subs->connection);
		next = subs->after;
		if (it == NULL || stream_own(it) == NULL || stream_person(it) == joined->person ||
		    !state_is_member(irc->edge->state, joined->room, stream_person(it))) {
			continue;
		}
		irc_talk_to(irc, it);
		say_all_of(irc, person);
		irc_flush(irc);
	}
}
