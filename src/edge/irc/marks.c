/*
 * marks.c - MARKREAD (IRCv3 draft/read-marker): up to where one has read a room, or what one wrote with
 * somebody. It is one's own alone, and the same on all of one's connections.
 */
#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_time.h"
#include "irc_view.h"

/* Which of one's conversations: a room, or a person; both 0: there is no such. */
struct conversation {
	uint64_t room, person;
	struct slice name;
};

static struct conversation find_conversation(const struct irc *irc, struct slice typed) {
	const struct state *state = irc->edge->state;
	struct conversation it = {.name = typed};
	if (irc_is_room_name(typed)) {
		it.room = state_room_named(state, typed);
		it.name = it.room != 0 ? view_room_name(state, it.room) : typed;
		return it;
	}
	const struct person *person = state_person_known(state, typed);
	it.person = person == NULL ? 0 : person_id(person);
	it.name = person == NULL ? typed : person_name(person);
	return it;
}

static void say_mark(struct irc *irc, struct slice name, uint64_t since_us) {
	irc_begin_line(irc, "MARKREAD");
	irc_put_parameter(&irc->at, name);
	if (since_us == 0) {
		irc_put_text(&irc->at, " *");
	} else {
		irc_put_text(&irc->at, " timestamp=");
		irc_put_time(&irc->at, since_us);
	}
	irc_end_line(irc);
}

void irc_say_mark(struct irc *irc, struct slice typed) {
	struct conversation it = find_conversation(irc, typed);
	say_mark(irc, it.name,
	         state_mark_us(irc->edge->state, stream_person(irc->to), it.room, it.person));
}

static void fail(struct irc *irc, const char *code, struct slice context, const char *text) {
	irc_standard(irc, "FAIL", "MARKREAD", code, irc_as_middle(context), text);
}

void irc_on_markread(struct irc *irc) {
	struct slice target = irc_parameter(&irc->message, 0);
	struct slice moment = irc_parameter(&irc->message, 1);
	if (target.size == 0) {
		fail(irc, "NEED_MORE_PARAMS", irc_nothing(), "Missing parameters");
		return;
	}
	if (irc->message.count == 1) {
		if (!irc->is_settled) {
			irc->must_wait = true;
			return;
		}
		irc_say_mark(irc, target);
		return;
	}
	struct irc_selector read = irc_read_selector(moment);
	if (read.kind != SELECTOR_TIME) {
		fail(irc, "INVALID_PARAMS", moment,
		     "A time is written as timestamp=YYYY-MM-DDThh:mm:ss.sssZ");
		return;
	}
	struct record request = {.kind = REQUEST_MARK, .since_us = read.time_us};
	if (irc_is_room_name(target)) {
		request.room = state_room_named(irc->edge->state, target);
		request.other_name = target;
	} else {
		request.name = target;
	}
	irc_request(irc, &request, target, false);
}

void irc_mark_refused(struct irc *irc, struct slice target, const struct record *answer) {
	switch (answer->reason) {
	case REASON_NO_SUCH_NAME:
		fail(irc, "INVALID_PARAMS", target, "There is nobody of that name");
		break;
	case REASON_NO_SUCH_ROOM:
	case REASON_NOT_IN_ROOM:
		fail(irc, "INVALID_PARAMS", target, "You are not in that room");
		break;
	default: fail(irc, "INTERNAL_ERROR", target, "The read timestamp could not be set"); break;
	}
}

/* ---- told without being asked ---- */

void irc_mark_of_room(struct irc *irc, uint64_t room) {
	const struct state *state = irc->edge->state;
	if (irc_can(irc, CAP_READ_MARKER)) {
		say_mark(irc, view_room_name(state, room),
		         state_mark_us(state, stream_person(irc->to), room, 0));
	}
}

void irc_own_mark(struct irc *irc, const struct record *entry) {
	if (entry->session == stream_session(irc->to) || irc_can(irc, CAP_READ_MARKER)) {
		say_mark(irc,
		         entry->room != 0 ? view_room_name(irc->edge->state, entry->room)
		                          : entry->other_name,
		         entry->since_us);
	}
}

static bool say_each(void *context, uint64_t room, uint64_t other, uint64_t since_us) {
	struct irc *irc = context;
	const struct state *state = irc->edge->state;
	const struct person *person = other == 0 ? NULL : state_person(state, other);
	if (room == 0 || state_is_member(state, room, stream_person(irc->to))) {
		say_mark(irc, person != NULL ? person_name(person) : view_room_name(state, room),
		         since_us);
	}
	return !irc->is_over;
}

void irc_say_marks(struct irc *irc) {
	if (irc_can(irc, CAP_READ_MARKER)) {
		state_marks_each(irc->edge->state, stream_person(irc->to), say_each, irc);
	}
}
