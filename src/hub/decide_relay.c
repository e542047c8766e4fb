/*
 * decide_relay.c - what a bridge passes on: said in a room under a name from elsewhere, which
 * nobody here can have.
 */
#include <string.h>

#include "decide_inner.h"
#include "name.h"

/* What some client of IRC would not take for part of a name. */
static bool has_special(struct slice name) {
	for (size_t i = 0; i < name.size; i++) {
		if (memchr("!+%@&#$:'\"?*,.", name.bytes[i], 14) != NULL) {
			return true;
		}
	}
	return false;
}

/* Some who came before separators were nobody's may have one. */
static bool is_somebodys(const struct deciding *d, struct slice name) {
	return state_person_known(d->state, name) != NULL ||
	       state_account_named(d->state, name) != 0 ||
	       state_account_like(d->state, name).size > 0;
}

static enum reason check_relayed_name(const struct deciding *d, struct slice name) {
	if (name_check(name) != NAME_OK || has_special(name) ||
	    memchr(name.bytes, NAME_SEPARATORS[0], name.size) == NULL) {
		return REASON_NAME_INVALID;
	}
	return is_somebodys(d, name) ? REASON_NAME_TAKEN : REASON_NONE;
}

/* Where it came from shows, as far as that ever does: the host is that of who passes it on. */
static struct slice relayed_userhost(const struct deciding *d, const struct message *message,
                                     char out[static USERHOST_BYTES_MAX]) {
	struct slice userhost = userhost_of(d, message->person);
	const char *at = memchr(userhost.bytes, '@', userhost.size);
	size_t before = at == NULL ? userhost.size : (size_t)(at - userhost.bytes);
	struct slice host = slice_from(userhost, before);
	static const char user[] = "~relay";
	if (sizeof(user) - 1 + host.size > USERHOST_BYTES_MAX) {
		return userhost;
	}
	memcpy(out, user, sizeof(user) - 1);
	memcpy(out + sizeof(user) - 1, host.bytes, host.size);
	return slice_of(out, sizeof(user) - 1 + host.size);
}

static bool may_relay(struct deciding *d, const struct message *message, uint64_t room) {
	if (!is_room_operator(d, message, room)) {
		refuse_with(d, message, REASON_NOT_ROOM_OPERATOR);
		return false;
	}
	enum reason reason = check_relayed_name(d, d->request->by);
	if (reason != REASON_NONE) {
		refuse_with(d, message, reason);
		return false;
	}
	return !is_refused(d, message, check_text(d->request->text)) &&
	       !is_refused(d, message, check_speech(d, message->person, room)) &&
	       !is_refused(d, message, check_muted(d, person_name(message->person))) &&
	       !is_refused(d, message, check_muted(d, d->request->by)) && are_tags_good(d, message);
}

void decide_relay(struct deciding *d) {
	char userhost[USERHOST_BYTES_MAX];
	struct message message;
	uint64_t room = take_stream(d, &message) ? take_own_room(d, &message) : 0;
	if (room == 0 || !may_relay(d, &message, room)) {
		return;
	}
	struct record entry = entry_of(d, ENTRY_SAID, &message);
	entry.room = room;
	entry.other_name = room == ROOM_LOBBY ? slice_of(NULL, 0) : state_room_name(d->state, room);
	entry.by = entry.name;
	entry.name = d->request->by;
	entry.userhost = relayed_userhost(d, &message, userhost);
	entry.bits = 0;
	entry.text = d->request->text;
	entry.tags = d->request->tags;
	add_entry(d, entry);
}
