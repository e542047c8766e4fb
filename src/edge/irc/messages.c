/* messages.c - PRIVMSG, NOTICE, TAGMSG: to rooms, to those above in a room, to people, to all. */
#include <string.h>

#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_mask.h"
#include "irc_render.h"
#include "irc_service.h"
#include "irc_view.h"
#include "name.h"

struct said {
	uint16_t kind; /* REQUEST_SAY: PRIVMSG, NOTICE; REQUEST_TAGMSG */
	bool is_notice;
	struct slice text, joints, tags;
	struct slice key; /* resume.c */
	char tag_bytes[TAGS_BYTES_MAX];
};

struct slice irc_client_tags(struct irc *irc, char out[static TAGS_BYTES_MAX]) {
	struct slice tags = irc->message.tags;
	struct irc_tag tag;
	struct irc_line line = irc_line_at(out, TAGS_BYTES_MAX);
	if (!irc_can(irc, CAP_MESSAGE_TAGS)) {
		return irc_nothing();
	}
	while (irc_next_tag(&tags, &tag)) {
		if (!irc_is_client_tag(&tag)) {
			continue;
		}
		irc_put_text(&line, line.size > 0 ? ";" : "");
		irc_put(&line, tag.key);
		if (tag.value.size > 0) {
			irc_put_text(&line, "=");
			irc_put(&line, tag.value);
		}
	}
	return irc_line_slice(&line);
}

/* "$*", or another mask of servers: there is one. */
static bool is_our_mask(const struct irc *irc, struct slice typed) {
	char mask[IRC_MASK_BYTES_MAX], server[IRC_MASK_BYTES_MAX];
	struct slice name = irc_word(irc_config(irc)->server);
	size_t mask_size = irc_mask_fold(slice_from(typed, 1), mask, sizeof(mask));
	size_t server_size = irc_mask_fold(name, server, sizeof(server));
	return irc_mask_matches(slice_of(mask, mask_size), slice_of(server, server_size));
}

static void to_all(struct irc *irc, const struct said *said, struct slice target) {
	const struct person *self = irc_self(irc);
	bool may = self != NULL && (person_bits(irc->edge->state, self) & PERSON_IS_OPERATOR) != 0;
	bool is_told = !said->is_notice;
	if (may && said->kind != REQUEST_TAGMSG && is_our_mask(irc, target)) {
		struct record request = {.kind = REQUEST_SHOUT, .text = said->text};
		irc_request(irc, &request, target, said->is_notice);
	} else if (is_told && may) {
		irc_numeric(irc, ERR_NOSUCHNICK, target, irc_nothing());
	} else if (is_told) {
		irc_numeric(irc, ERR_NOPRIVILEGES, irc_nothing(), irc_nothing());
	}
}

static void to_room(struct irc *irc, const struct said *said, struct slice target, uint64_t level) {
	struct record request = {
		.kind = said->kind,
		.other_name = slice_from(target, level != 0),
		.text = said->text,
		.joints = said->joints,
		.tags = said->tags,
		.number = level,
		.nonce = irc_message_nonce(irc, said->key, target),
		.bits = said->is_notice ? SAID_IS_NOTICE : 0,
	};
	request.room = state_room_named(irc->edge->state, request.other_name);
	irc_request(irc, &request, target, said->is_notice);
}

/*
 * Kept nowhere: one's own client has it. What is delivered is no answer: a label is the echo's alone. It is
 * delivered once, though the line comes again because the queue to the hub was full.
 */
static void to_self(struct irc *irc, const struct said *said, const struct person *self) {
	const struct state *state = irc->edge->state;
	const struct irc_rendering how = {.server = irc_config(irc)->server,
	                                  .log = irc->log,
	                                  .state = state,
	                                  .form = irc_form_of(irc->user->capabilities)};
	const struct record entry = {
		.kind = said->kind == REQUEST_TAGMSG ? ENTRY_TAGGED : ENTRY_DIRECT,
		.person = person_id(self),
		.target = person_id(self),
		.time_us = irc_now_us(irc),
		.name = person_name(self),
		.other_name = person_name(self),
		.userhost = view_userhost(state, self),
		.text = said->text,
		.joints = said->joints,
		.tags = said->tags,
		.bits = (person_bits(state, self) & PERSON_BITS) |
	                (said->is_notice ? SAID_IS_NOTICE : 0),
	};
	if (irc->must_wait) {
		return;
	}
	size_t size = irc_render(&how, &entry, irc->scratch, sizeof(irc->scratch));
	if (irc_can(irc, CAP_ECHO_MESSAGE)) {
		irc_put_lines(irc, slice_of(irc->scratch, size));
	}
	if (++irc->made > irc->user->resumed) {
		stream_answer(irc->stream, irc->to, slice_of(irc->scratch, size));
	}
}

static void to_person(struct irc *irc, const struct said *said, struct slice target) {
	const struct person *self = irc_self(irc);
	if (irc_is_playback(irc, target)) {
		if (said->kind != REQUEST_TAGMSG && !said->is_notice) {
			irc_playback(irc, said->text);
		}
		return;
	}
	const struct irc_service *service = irc_service_of(target);
	if (service != NULL) {
		if (said->kind != REQUEST_TAGMSG && !said->is_notice) {
			irc_serve(irc, service, said->text);
		}
		return;
	}
	if (self != NULL && name_equal(target, person_name(self))) {
		to_self(irc, said, self);
		return;
	}
	struct record request = {
		.kind = said->kind == REQUEST_SAY ? REQUEST_DIRECT : REQUEST_TAGMSG,
		.name = target,
		.text = said->text,
		.joints = said->joints,
		.tags = said->tags,
		.nonce = irc_message_nonce(irc, said->key, target),
		.bits = said->is_notice ? SAID_IS_NOTICE : 0,
	};
	irc_request(irc, &request, target, said->is_notice);
}

static void to_target(struct irc *irc, const struct said *said, struct slice target) {
	char first = target.size > 0 ? target.bytes[0] : '\0';
	char second = target.size > 1 ? target.bytes[1] : '\0';
	if (first == '#') {
		to_room(irc, said, target, 0);
	} else if ((first == '@' || first == '+') && second == '#') {
		to_room(irc, said, target, first == '@' ? MEMBER_IS_OPERATOR : MEMBER_HAS_VOICE);
	} else if (first == '$') {
		to_all(irc, said, target);
	} else if (target.size > 0) {
		to_person(irc, said, target);
	}
}

static void to_targets(struct irc *irc, struct said *said) {
	struct slice rest = irc_parameter(&irc->message, 0);
	said->tags = irc_client_tags(irc, said->tag_bytes);
	said->key = irc_message_key(irc);
	for (unsigned count = 0; rest.size > 0; count++) {
		const char *comma = memchr(rest.bytes, ',', rest.size);
		size_t size = comma == NULL ? rest.size : (size_t)(comma - rest.bytes);
		if (count == IRC_TARGETS_MAX) {
			if (!said->is_notice) {
				irc_numeric(irc, ERR_TOOMANYTARGETS, slice_first(rest, size),
				            irc_nothing());
			}
			return;
		}
		to_target(irc, said, slice_first(rest, size));
		rest = slice_from(rest, comma == NULL ? size : size + 1);
		if (irc->must_wait) {
			return;
		}
	}
}

static void say(struct irc *irc, bool is_notice) {
	struct said said = {.kind = REQUEST_SAY, .is_notice = is_notice};
	said.text = irc_parameter(&irc->message, 1);
	if (irc_batch_takes(irc, is_notice)) {
		return;
	}
	if (irc->message.count == 0 || irc_parameter(&irc->message, 0).size == 0) {
		if (!is_notice) {
			irc_numeric_with(irc, ERR_NORECIPIENT, irc_nothing(),
			                 irc_word("No recipient given (PRIVMSG)"));
		}
	} else if (said.text.size == 0) {
		if (!is_notice) {
			irc_numeric(irc, ERR_NOTEXTTOSEND, irc_nothing(), irc_nothing());
		}
	} else {
		to_targets(irc, &said);
	}
}

void irc_say_lines(struct irc *irc, struct slice target, bool is_notice,
                   const struct irc_multiline *lines, struct slice tags, struct slice key) {
	const struct said said = {.kind = REQUEST_SAY,
	                          .is_notice = is_notice,
	                          .text = slice_of(lines->text, lines->size),
	                          .joints =
	                                  slice_of((const char *)lines->joints, lines->joints_size),
	                          .tags = tags,
	                          .key = key};
	to_target(irc, &said, target);
}

void irc_on_privmsg(struct irc *irc) {
	say(irc, false);
}

void irc_on_notice(struct irc *irc) {
	say(irc, true);
}

void irc_on_tagmsg(struct irc *irc) {
	struct said said = {.kind = REQUEST_TAGMSG};
	if (irc_can(irc, CAP_MESSAGE_TAGS)) {
		to_targets(irc, &said);
	}
}
