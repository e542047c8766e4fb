/* rooms.c - JOIN, PART, TOPIC, KICK, INVITE, NAMES. */
#include <string.h>

#include "cut.h"
#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_view.h"
#include "name.h"

/* Takes the first of a list with commas off it; false when there is none left. */
static bool next_of(struct slice *list, struct slice *item) {
	while (list->size > 0) {
		const char *comma = memchr(list->bytes, ',', list->size);
		size_t size = comma == NULL ? list->size : (size_t)(comma - list->bytes);
		*item = slice_first(*list, size);
		*list = slice_from(*list, comma == NULL ? size : size + 1);
		if (item->size > 0) {
			return true;
		}
	}
	return false;
}

static struct slice cut_to(struct slice text, size_t most) {
	return text.size <= most ? text : slice_first(text, cut_before(text, most));
}

/* A request about a room, by its name: it may not be there yet, or not any more. */
static struct record about_room(const struct irc *irc, uint16_t kind, struct slice room) {
	return (struct record){
		.kind = kind, .room = state_room_named(irc->edge->state, room), .other_name = room};
}

/* ---- JOIN, PART ---- */

static void part_from(struct irc *irc, struct slice room, struct slice why) {
	struct record request = about_room(irc, REQUEST_PART, room);
	request.text = cut_to(why, WHY_BYTES_MAX);
	irc_request(irc, &request, room, false);
}

static void part_from_all(struct irc *irc) {
	uint64_t rooms[ROOMS_PER_PERSON_MAX];
	const struct state *state = irc->edge->state;
	const struct person *self = irc_self(irc);
	if (!irc->is_settled) {
		irc->must_wait = true;
		return;
	}
	size_t count = self == NULL ? 0 : person_rooms(state, self, rooms, ROOMS_PER_PERSON_MAX);
	for (size_t i = 0; i < count && i < ROOMS_PER_PERSON_MAX && !irc->must_wait; i++) {
		part_from(irc, view_room_name(state, rooms[i]), irc_word("Left all rooms"));
	}
}

void irc_on_join(struct irc *irc) {
	struct slice rooms = irc_parameter(&irc->message, 0);
	struct slice keys = irc_parameter(&irc->message, 1), room;
	if (slice_equal(rooms, irc_word("0"))) {
		part_from_all(irc);
		return;
	}
	while (!irc->must_wait && next_of(&rooms, &room)) {
		struct slice key = irc_nothing();
		next_of(&keys, &key);
		struct record request = {.kind = REQUEST_JOIN, .name = room, .text = key};
		irc_request(irc, &request, room, false);
	}
}

void irc_on_part(struct irc *irc) {
	struct slice rooms = irc_parameter(&irc->message, 0), room;
	while (!irc->must_wait && next_of(&rooms, &room)) {
		part_from(irc, room, irc_parameter(&irc->message, 1));
	}
}

/* ---- TOPIC ---- */

void irc_say_topic(struct irc *irc, uint64_t room, bool says_none) {
	const struct state *state = irc->edge->state;
	struct room_charter charter = state_room_charter(state, room);
	struct slice name = view_room_name(state, room);
	if (charter.topic.size == 0) {
		if (says_none) {
			irc_numeric(irc, RPL_NOTOPIC, name, irc_nothing());
		}
		return;
	}
	irc_numeric_with(irc, RPL_TOPIC, name, charter.topic);
	irc_begin_numeric(irc, RPL_TOPICWHOTIME);
	irc_put_parameter(&irc->at, name);
	irc_put_parameter(&irc->at, charter.topic_by.size > 0 ? charter.topic_by
	                                                      : irc_word(irc_config(irc)->server));
	irc_put_text(&irc->at, " ");
	irc_put_number(&irc->at, charter.topic_since_us / 1000000);
	irc_end_line(irc);
}

bool irc_sees_room(const struct irc *irc, uint64_t room) {
	const struct state *state = irc->edge->state;
	return (state_room_charter(state, room).bits & ROOM_IS_SECRET) == 0 ||
	       state_is_member(state, room, stream_person(irc->to));
}

static void ask_topic(struct irc *irc, struct slice name) {
	if (!irc->is_settled) {
		irc->must_wait = true;
		return;
	}
	uint64_t room = state_room_named(irc->edge->state, name);
	if (room == 0) {
		irc_numeric(irc, ERR_NOSUCHCHANNEL, name, irc_nothing());
	} else if (!irc_sees_room(irc, room)) {
		irc_numeric(irc, ERR_NOTONCHANNEL, name, irc_nothing());
	} else {
		irc_say_topic(irc, room, true);
	}
}

void irc_on_topic(struct irc *irc) {
	struct slice room = irc_parameter(&irc->message, 0);
	if (irc->message.count == 1) {
		ask_topic(irc, room);
		return;
	}
	struct record request = about_room(irc, REQUEST_TOPIC, room);
	request.text = cut_to(irc_parameter(&irc->message, 1), TOPIC_BYTES_MAX);
	irc_request(irc, &request, room, false);
}

/* ---- KICK, INVITE ---- */

void irc_on_kick(struct irc *irc) {
	struct slice room = irc_parameter(&irc->message, 0);
	struct slice names = irc_parameter(&irc->message, 1), name;
	for (unsigned count = 0; !irc->must_wait && next_of(&names, &name); count++) {
		if (count == IRC_TARGETS_MAX) {
			irc_numeric(irc, ERR_TOOMANYTARGETS, name, irc_nothing());
			return;
		}
		struct record request = about_room(irc, REQUEST_PUT_OUT, room);
		request.name = name;
		request.text = cut_to(irc_parameter(&irc->message, 2), WHY_BYTES_MAX);
		irc_request(irc, &request, room, false);
	}
}

struct invitations {
	struct irc *irc;
	uint64_t person;
};

static bool say_invitation(void *context, uint64_t room) {
	const struct invitations *it = context;
	const struct state *state = it->irc->edge->state;
	if (state_is_invited(state, room, it->person)) {
		irc_begin_numeric(it->irc, RPL_INVITELIST);
		irc_put_parameter(&it->irc->at, view_room_name(state, room));
		irc_end_line(it->irc);
	}
	return true;
}

static void say_invitations(struct irc *irc) {
	struct invitations it = {.irc = irc, .person = stream_person(irc->to)};
	if (!irc->is_settled) {
		irc->must_wait = true;
		return;
	}
	state_rooms_each(irc->edge->state, say_invitation, &it);
	irc_numeric(irc, RPL_ENDOFINVITELIST, irc_nothing(), irc_nothing());
}

void irc_on_invite(struct irc *irc) {
	struct slice name = irc_parameter(&irc->message, 0);
	struct slice room = irc_parameter(&irc->message, 1);
	if (irc->message.count == 0) {
		say_invitations(irc);
	} else if (irc->message.count == 1) {
		irc_numeric(irc, ERR_NEEDMOREPARAMS, irc_word("INVITE"), irc_nothing());
	} else {
		struct record request = about_room(irc, REQUEST_INVITE, room);
		request.name = name;
		irc_request(irc, &request, room, false);
	}
}

/* ---- NAMES ---- */

void irc_put_prefixes(struct irc *irc, struct irc_line *line, uint64_t room, uint64_t person) {
	uint64_t bits = state_member_bits(irc->edge->state, room, person);
	bool is_operator = (bits & MEMBER_IS_OPERATOR) != 0;
	if (is_operator) {
		irc_put_text(line, "@");
	}
	if ((bits & MEMBER_HAS_VOICE) != 0 && (!is_operator || irc_can(irc, CAP_MULTI_PREFIX))) {
		irc_put_text(line, "+");
	}
}

void irc_say_names(struct irc *irc, uint64_t room) {
	const struct state *state = irc->edge->state;
	struct irc_lister *lister = irc_lister_create(LIST_NAMES, view_room_name(state, room));
	lister->room = room;
	size_t count = state_room_members_count(state, room);
	for (size_t i = 0; i < count; i++) {
		irc_lister_add_id(lister, person_id(state_room_member(state, room, i)));
	}
	irc_lister_start(irc, lister);
}

void irc_on_names(struct irc *irc) {
	struct slice rooms = irc_parameter(&irc->message, 0), name;
	if (rooms.size == 0) {
		irc_numeric(irc, RPL_ENDOFNAMES, irc_word("*"), irc_nothing());
		return;
	}
	for (unsigned count = 0; next_of(&rooms, &name); count++) {
		uint64_t room = state_room_named(irc->edge->state, name);
		if (count == IRC_TARGETS_MAX) {
			irc_numeric(irc, ERR_TOOMANYTARGETS, name, irc_nothing());
			return;
		}
		if (room == 0 || !irc_sees_room(irc, room)) {
			irc_numeric(irc, RPL_ENDOFNAMES, name, irc_nothing());
		} else {
			irc_say_names(irc, room);
		}
	}
}
