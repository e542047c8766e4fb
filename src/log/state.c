/*
 * What entries mean: state_apply(), one function a kind.
 */
#include "state.h"

#include <assert.h>
#include <string.h>

#include "state_inner.h"

/* Rooms that are there, each once, and no more than a person may be in. */
static bool are_rooms_good(const struct state *state, const struct record *entry) {
	size_t count = record_rooms_count(entry);
	if (count > ROOMS_PER_PERSON_MAX) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (find_room(state, record_room(entry, i)) == 0) {
			return false;
		}
		for (size_t j = 0; j < i; j++) {
			if (record_room(entry, i) == record_room(entry, j)) {
				return false;
			}
		}
	}
	return true;
}

static bool is_name_good(struct slice name) {
	return name.size > 0 && name.size <= NAME_BYTES_MAX;
}

static size_t find_mute(const struct state *state, struct slice name) {
	struct name_key key;
	if (name_key(name, &key) == NAME_OK) {
		for (size_t i = 0; i < state->restrictions_count; i++) {
			if (state->restrictions[i]->shown.is_mute &&
			    name_key_equal(&state->restrictions[i]->key, &key)) {
				return i;
			}
		}
	}
	return state->restrictions_count;
}

static size_t find_restriction(const struct state *state, uint64_t id) {
	size_t i = 0;
	while (i < state->restrictions_count && state->restrictions[i]->shown.id != id) {
		i++;
	}
	return i;
}

static bool lasts_longer(const struct restriction *a, const struct restriction *b) {
	return a->until_us == 0 || (b->until_us != 0 && a->until_us > b->until_us);
}

/*
 * A mute stays with who was muted: it follows to the new name. If that one is
 * muted as well, the longer of the two remains.
 */
static void move_mute(struct state *state, struct slice from, struct slice to) {
	size_t old = find_mute(state, from);
	size_t other = find_mute(state, to);
	if (old == state->restrictions_count || other == old) {
		return;
	}
	/* Its texts are about to be freed with it: copy what they point to. */
	const struct restriction copy = state->restrictions[old]->shown;
	char by[NAME_BYTES_MAX], why[WHY_BYTES_MAX];
	memcpy(by, copy.by.bytes, copy.by.size);
	memcpy(why, copy.why.bytes, copy.why.size);
	struct record moved = {.name = to,
	                       .until_us = copy.until_us,
	                       .by = slice_of(by, copy.by.size),
	                       .text = slice_of(why, copy.why.size)};
	if (other != state->restrictions_count) {
		bool is_longer = lasts_longer(&copy, &state->restrictions[other]->shown);
		remove_restriction(state, is_longer ? other : old);
		if (!is_longer) {
			return;
		}
		old = find_mute(state, from);
	}
	remove_restriction(state, old);
	add_restriction(state, copy.id, true, &moved, copy.since_us);
}

/* Do they name the rooms that a person has kept, all of them? */
static bool are_rooms_kept(const struct state *state, const struct record *entry, uint32_t person) {
	size_t count = record_rooms_count(entry);
	if (person_rooms(state, person_at(state, person), NULL, 0) != count) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t room = find_room(state, record_room(entry, i));
		if (find_member(state, room, person) == 0) {
			return false;
		}
	}
	return true;
}

/* By its session, which lasts; an account's person by a new one, and into no room. */
static bool may_enter_again(const struct state *state, const struct record *entry,
                            uint32_t person) {
	uint32_t session = find_session(state, entry->session);
	if (!person_at(state, person)->is_dormant || !are_rooms_kept(state, entry, person)) {
		return false;
	}
	if (is_stream(entry->face)) {
		return session == 0 && find_account_of(state, person) != 0 &&
		       person_at(state, person)->sessions == 0;
	}
	return entry->face == FACE_SESSION && session != 0 &&
	       session_at(state, session)->person == person;
}

/* A dormant person comes back. */
static enum state_error on_entered_again(struct state *state, const struct record *entry,
                                         uint32_t person) {
	if (!may_enter_again(state, entry, person)) {
		return STATE_IMPOSSIBLE;
	}
	/* As with a rename; unless the old name, and the mute with it, is somebody else's now. */
	if (find_person_named(state, person_name(person_at(state, person))) == 0) {
		move_mute(state, person_name(person_at(state, person)), entry->name);
	}
	if (is_stream(entry->face)) {
		wake_person_alone(state, person, entry);
		note_profile(state, person, entry);
	} else {
		wake_person(state, person, find_session(state, entry->session), entry);
	}
	return STATE_OK;
}

static enum state_error on_entered(struct state *state, const struct record *entry) {
	if (entry->person == 0 || entry->session == 0 || !is_name_good(entry->name) ||
	    find_person_named(state, entry->name) != 0 || !are_rooms_good(state, entry)) {
		return STATE_IMPOSSIBLE;
	}
	if (!is_profile_good(&(struct record){.userhost = entry->userhost, .text = entry->text}) ||
	    entry->secret.size > DEVICE_BYTES_MAX) {
		return STATE_IMPOSSIBLE;
	}
	uint32_t person = find_person(state, entry->person);
	if (person != 0) {
		return on_entered_again(state, entry, person);
	}
	bool is_by_address = is_found_by_address(entry->face);
	if (find_session(state, entry->session) != 0 ||
	    (is_by_address && entry->has_route &&
	     find_session_at(state, &entry->route.peer) != 0) ||
	    find_lasting_of_nonce(state, entry->nonce) != 0) {
		return STATE_IMPOSSIBLE;
	}
	person = add_person(state, entry->person, entry->name, entry->time_us, false);
	for (size_t i = 0; i < record_rooms_count(entry); i++) {
		add_member(state, find_room(state, record_room(entry, i)), person, entry->person);
	}
	struct record session = *entry;
	session.client_number = session.since_us = 0;
	begin_session(state, person, &session);
	note_profile(state, person, entry);
	return STATE_OK;
}

static bool has_lasting_session(const struct state *state, uint32_t person) {
	uint32_t session = person_at(state, person)->sessions;
	return session != 0 && session_at(state, session)->face == FACE_SESSION;
}

/* An account's person is dormant then. */
static void let_go_for_good(struct state *state, uint32_t person) {
	if (find_account_of(state, person) == 0) {
		end_person(state, person);
	} else if (!person_at(state, person)->is_dormant) {
		make_dormant_alone(state, person);
	}
}

static enum state_error on_left(struct state *state, const struct record *entry) {
	uint32_t person = find_person(state, entry->person);
	if (person == 0 || person_at(state, person)->is_dormant) {
		return STATE_IMPOSSIBLE;
	}
	if (has_lasting_session(state, person)) {
		make_dormant(state, person, entry->time_us);
	} else {
		let_go_for_good(state, person);
	}
	return STATE_OK;
}

static enum state_error on_kicked(struct state *state, const struct record *entry) {
	uint32_t person = find_person(state, entry->person);
	if (person == 0) {
		return STATE_IMPOSSIBLE;
	}
	let_go_for_good(state, person);
	return STATE_OK;
}

static enum state_error on_absent(struct state *state, const struct record *entry) {
	uint32_t session = find_session(state, entry->session);
	if (session == 0 || is_found_by_address(session_at(state, session)->face) ||
	    !is_connected(session_at(state, session))) {
		return STATE_IMPOSSIBLE;
	}
	make_absent(state, session, entry->time_us);
	return STATE_OK;
}

static void orphan_of(struct state *state, uint32_t person, const struct record *entry) {
	uint64_t edges = entry->target != 0 ? entry->target : EDGES_MAX;
	uint32_t at = person_at(state, person)->sessions;
	for (; at != 0; at = session_after(session_at(state, at))) {
		const struct session *session = session_at(state, at);
		if (is_stream(session->face) && is_connected(session) &&
		    session->home % edges == entry->number) {
			make_absent(state, at, entry->time_us);
		}
	}
}

/* An edge died: whose streams it served may return. */
static enum state_error on_orphaned(struct state *state, const struct record *entry) {
	for (uint32_t i = 0; i < state->people_by_id.size; i++) {
		uint32_t at = *table_bucket(&state->people_by_id, i);
		for (; at != 0; at = table_next(&state->people_by_id, at)) {
			orphan_of(state, at, entry);
		}
	}
	return STATE_OK;
}

static enum state_error on_forgotten(struct state *state, const struct record *entry) {
	uint32_t session = find_session(state, entry->session);
	if (session == 0) {
		return STATE_IMPOSSIBLE;
	}
	uint32_t person = session_at(state, session)->person;
	if (!person_at(state, person)->is_dormant) {
		return STATE_IMPOSSIBLE;
	}
	end_person(state, person);
	return STATE_OK;
}

static enum state_error on_renamed(struct state *state, const struct record *entry) {
	uint32_t person = find_person(state, entry->person);
	if (person == 0 || person_at(state, person)->is_dormant || !is_name_good(entry->name)) {
		return STATE_IMPOSSIBLE;
	}
	uint32_t holder = find_person_named(state, entry->name);
	if (holder != 0 && holder != person) {
		return STATE_IMPOSSIBLE;
	}
	move_mute(state, person_name(person_at(state, person)), entry->name);
	rename_person(state, person, entry->name);
	return STATE_OK;
}

static enum state_error on_moved(struct state *state, const struct record *entry) {
	uint32_t session = find_session(state, entry->session);
	if (session == 0 || person_at(state, session_at(state, session)->person)->is_dormant) {
		return STATE_IMPOSSIBLE;
	}
	if (is_found_by_address(session_at(state, session)->face)) {
		uint32_t there = entry->has_route ? find_session_at(state, &entry->route.peer) : 0;
		if (there != 0 && there != session) {
			return STATE_IMPOSSIBLE;
		}
	}
	move_session(state, session, entry);
	return STATE_OK;
}

static enum state_error on_muted(struct state *state, const struct record *entry) {
	if (!is_restriction_good(entry)) {
		return STATE_IMPOSSIBLE;
	}
	size_t old = find_mute(state, entry->name);
	if (old != state->restrictions_count) {
		remove_restriction(state, old);
	}
	add_restriction(state, entry->seq, true, entry, entry->time_us);
	return STATE_OK;
}

static enum state_error on_banned(struct state *state, const struct record *entry) {
	if (!is_restriction_good(entry)) {
		return STATE_IMPOSSIBLE;
	}
	add_restriction(state, entry->seq, false, entry, entry->time_us);
	return STATE_OK;
}

static enum state_error on_lifted(struct state *state, const struct record *entry) {
	size_t index = find_restriction(state, entry->target);
	if (index == state->restrictions_count) {
		return STATE_IMPOSSIBLE;
	}
	remove_restriction(state, index);
	return STATE_OK;
}

/* Everybody goes; whose session lasts may come back. */
static enum state_error on_closed(struct state *state, const struct record *entry) {
	for (uint32_t i = 0; i < state->people_by_id.size; i++) {
		uint32_t next;
		for (uint32_t at = *table_bucket(&state->people_by_id, i); at != 0; at = next) {
			next = table_next(&state->people_by_id, at);
			if (!has_lasting_session(state, at)) {
				let_go_for_good(state, at);
			} else if (!person_at(state, at)->is_dormant) {
				make_dormant(state, at, entry->time_us);
			}
		}
	}
	return STATE_OK;
}

/* ---- rooms ---- */

static enum state_error on_room_made(struct state *state, const struct record *entry) {
	if (find_room(state, entry->seq) != 0 || entry->name.size == 0 ||
	    entry->name.size > ROOM_NAME_BYTES_MAX || find_room_named(state, entry->name) != 0) {
		return STATE_IMPOSSIBLE;
	}
	uint32_t room =
		add_room(state, entry->seq, entry->name,
	                 &(struct record){.number = entry->seq, .since_us = entry->time_us});
	note_founder(state, room, entry);
	return STATE_OK;
}

static enum state_error on_room_renamed(struct state *state, const struct record *entry) {
	uint32_t room = find_room(state, entry->room);
	uint32_t holder = find_room_named(state, entry->other_name);
	if (room == 0 || entry->room == ROOM_LOBBY || entry->other_name.size == 0 ||
	    entry->other_name.size > ROOM_NAME_BYTES_MAX || (holder != 0 && holder != room)) {
		return STATE_IMPOSSIBLE;
	}
	rename_room(state, room, entry->other_name, entry->time_us);
	return STATE_OK;
}

static enum state_error on_room_ended(struct state *state, const struct record *entry) {
	uint32_t room = find_room(state, entry->room);
	if (room == 0 || entry->room == ROOM_LOBBY || room_at(state, room)->memberships > 0) {
		return STATE_IMPOSSIBLE;
	}
	end_room(state, room);
	return STATE_OK;
}

static enum state_error on_joined(struct state *state, const struct record *entry) {
	uint32_t room = find_room(state, entry->room);
	uint32_t person = find_person(state, entry->person);
	if (room == 0 || person == 0 || person_at(state, person)->is_dormant ||
	    find_member(state, room, person) != 0 ||
	    person_rooms(state, person_at(state, person), NULL, 0) >= ROOMS_PER_PERSON_MAX) {
		return STATE_IMPOSSIBLE;
	}
	uint32_t invitation = find_invitation(state, room, person);
	if (invitation != 0) {
		end_invitation(state, invitation);
	}
	add_member(state, room, person, entry->seq);
	set_member_bits(state, find_member(state, room, person),
	                (uint32_t)(entry->bits & MEMBER_BITS));
	return STATE_OK;
}

static enum state_error on_parted(struct state *state, const struct record *entry) {
	uint32_t room = find_room(state, entry->room);
	uint32_t person = find_person(state, entry->person);
	uint32_t member = room != 0 && person != 0 ? find_member(state, room, person) : 0;
	if (member == 0 || person_at(state, person)->is_dormant) {
		return STATE_IMPOSSIBLE;
	}
	end_member(state, member);
	return STATE_OK;
}

static enum state_error on_said(struct state *state, const struct record *entry) {
	uint32_t room = entry->room != ROOM_LOBBY ? find_room(state, entry->room) : 0;
	if (room != 0) {
		note_said(state, room, entry->seq);
	}
	note_spoke(state, entry);
	note_spoken(state, entry);
	return STATE_OK;
}

/* The first of two people's direct messages makes their thread, whose id is its seq. */
static enum state_error on_direct(struct state *state, const struct record *entry) {
	uint32_t person = find_person(state, entry->person);
	uint32_t other = find_person(state, entry->target);
	if (person == 0 || other == 0 || person == other) {
		return STATE_IMPOSSIBLE;
	}
	uint32_t thread = find_thread_of(state, person, other);
	if (entry->room != (thread != 0 ? thread_at(state, thread)->id : entry->seq)) {
		return STATE_IMPOSSIBLE;
	}
	if (thread == 0) {
		add_thread(state, entry->seq, person, other);
	}
	note_spoke(state, entry);
	return STATE_OK;
}

static enum state_error apply_kind(struct state *state, const struct record *entry) {
	switch (entry->kind) {
	case ENTRY_ENTERED: return on_entered(state, entry);
	case ENTRY_LEFT: return on_left(state, entry);
	case ENTRY_KICKED: return on_kicked(state, entry);
	case ENTRY_RENAMED: return on_renamed(state, entry);
	case ENTRY_MOVED: return on_moved(state, entry);
	case ENTRY_ABSENT: return on_absent(state, entry);
	case ENTRY_FORGOTTEN: return on_forgotten(state, entry);
	case ENTRY_MUTED: return on_muted(state, entry);
	case ENTRY_UNMUTED: return on_lifted(state, entry);
	case ENTRY_BANNED: return on_banned(state, entry);
	case ENTRY_UNBANNED: return on_lifted(state, entry);
	case ENTRY_CLOSED: return on_closed(state, entry);
	case ENTRY_ROOM_MADE: return on_room_made(state, entry);
	case ENTRY_ROOM_ENDED: return on_room_ended(state, entry);
	case ENTRY_ROOM_RENAMED: return on_room_renamed(state, entry);
	case ENTRY_JOINED: return on_joined(state, entry);
	case ENTRY_PARTED: return on_parted(state, entry);
	case ENTRY_SAID: return on_said(state, entry);
	case ENTRY_DIRECT: return on_direct(state, entry);
	case ENTRY_REFUSED: return STATE_OK;
	case ENTRY_SHOUTED: return STATE_OK;
	case ENTRY_TOPIC: return on_topic(state, entry);
	case ENTRY_MODE: return on_mode(state, entry);
	case ENTRY_PUT_OUT: return on_parted(state, entry);
	case ENTRY_INVITED: return on_invited(state, entry);
	case ENTRY_AWAY: return on_away(state, entry);
	case ENTRY_PROFILE: return on_profile(state, entry);
	case ENTRY_TAGGED: return STATE_OK;
	case ENTRY_REDACTED: return STATE_OK;
	case ENTRY_SAID_TO: note_spoke(state, entry); return STATE_OK;
	case ENTRY_WALLOPS: return STATE_OK;
	case ENTRY_ACCOUNT_MADE: return on_account_made(state, entry);
	case ENTRY_ACCOUNT_ENDED: return on_account_ended(state, entry);
	case ENTRY_ERASED: return on_erased(state, entry);
	case ENTRY_ORPHANED: return on_orphaned(state, entry);
	case ENTRY_SERVER_SET: return on_server_set(state, entry);
	case ENTRY_MARKED: return on_marked(state, entry);
	case ENTRY_METADATA: return on_metadata(state, entry);
	case ENTRY_ATTACHED: return on_attached(state, entry);
	case ENTRY_DETACHED: return on_detached(state, entry);
	case ENTRY_ACCOUNT_SET: return on_account_set(state, entry);
	case ENTRY_READ: return on_read(state, entry);
	case ENTRY_FOUNDER: return on_founder(state, entry);
	case ENTRY_STANDING: return on_standing(state, entry);
	default: return STATE_IMPOSSIBLE;
	}
}

/* ---- applying ---- */

/*
 * A session's messages count 1, 2, 3. One may lead to several entries (a room
 * that is made, and entered), which bear its number all.
 */
static bool is_message_good(const struct state *state, const struct record *entry) {
	if (entry->client_number == 0) {
		return entry->kind != ENTRY_REFUSED;
	}
	uint32_t session = find_session(state, entry->session);
	if (session == 0) {
		return false;
	}
	const struct lasting *lasting = lasting_of(session_at(state, session));
	return lasting != NULL && (entry->client_number == lasting->client_number ||
	                           entry->client_number == lasting->client_number + 1);
}

static void note_message(struct state *state, const struct record *entry) {
	switch (entry->kind) {
	case ENTRY_SAID:
	case ENTRY_SAID_TO:
	case ENTRY_DIRECT:
	case ENTRY_TAGGED: note_kept(state, entry); break;
	default: break;
	}
	uint32_t session = entry->client_number != 0 ? find_session(state, entry->session) : 0;
	if (session != 0) {
		set_client_number(state, session, entry->client_number);
	}
}

enum state_error state_apply(struct state *state, const struct record *entry,
                             state_changed *changed, void *context) {
	if (!record_is_entry(entry)) {
		return STATE_OK;
	}
	/* Numbers rise; they may leave some out (after a ring that was not trusted). */
	if (entry->seq <= state->seq || entry->time_us < state->time_us ||
	    !is_message_good(state, entry)) {
		return STATE_IMPOSSIBLE;
	}
	state->entry_seq = entry->seq;
	state->changed = changed;
	state->context = context;
	enum state_error error = apply_kind(state, entry);
	if (error == STATE_OK) {
		note_message(state, entry);
		state->seq = entry->seq;
		state->time_us = entry->time_us;
	}
	state->changed = NULL;
	return error;
}
