/*
 * redact.c - REDACT: what was said is taken back. Who had said it nobody knows but the history, so
 * the clerk is asked first; whether one may, the hub decides.
 */
#include <stdlib.h>
#include <string.h>

#include "cut.h"
#include "irc_commands.h"
#include "irc_history.h"
#include "irc_time.h"

/* "target msgid", as they were typed. */
static struct slice context_of(struct irc_line *line, struct slice target, struct slice msgid) {
	irc_put(line, target);
	irc_put_parameter(line, msgid);
	return irc_line_slice(line);
}

static void fail(struct irc *irc, const char *code, struct slice context, const char *text) {
	irc_standard(irc, "FAIL", "REDACT", code, context, text);
}

static void fail_unknown(struct irc *irc, struct slice context) {
	fail(irc, "UNKNOWN_MSGID", context, "This message does not exist or is too old");
}

static void fail_target(struct irc *irc, struct slice target) {
	fail(irc, "INVALID_TARGET", target, "You cannot delete messages from there");
}

/* A room that one is in (the server's operators: any), or the conversation with somebody. */
static bool find_place(const struct irc *irc, struct slice target, uint64_t *room) {
	const struct state *state = irc->edge->state;
	const struct person *self = irc_self(irc), *other;
	if (self == NULL || target.size == 0) {
		return false;
	}
	if (target.bytes[0] == '#') {
		*room = state_room_named(state, target);
		return *room != 0 && (state_is_member(state, *room, person_id(self)) ||
		                      (person_bits(state, self) & PERSON_IS_OPERATOR) != 0);
	}
	other = state_person_named(state, target);
	*room = other == NULL ? 0 : state_thread(state, person_id(self), person_id(other));
	return other != NULL;
}

/* What is asked for, until the clerk has answered: the msgid and the reason, one behind the other. */
static char *keep_words(struct slice msgid, struct slice why) {
	char *words = malloc(msgid.size + why.size + 2);
	if (words == NULL) {
		abort();
	}
	memcpy(words, msgid.bytes, msgid.size);
	words[msgid.size] = '\0';
	if (why.size > 0) {
		memcpy(words + msgid.size + 1, why.bytes, why.size);
	}
	words[msgid.size + 1 + why.size] = '\0';
	return words;
}

void irc_on_redact(struct irc *irc) {
	char text[IRC_LINE_BYTES_MAX];
	struct irc_line line = irc_line_at(text, sizeof(text));
	struct slice target = irc_parameter(&irc->message, 0);
	struct slice msgid = irc_parameter(&irc->message, 1);
	struct slice why = irc_parameter(&irc->message, 2);
	uint64_t room, log, seq;
	if (!irc_can(irc, CAP_MESSAGE_REDACTION)) {
		irc_numeric(irc, ERR_UNKNOWNCOMMAND, irc->message.command, irc_nothing());
		return;
	}
	if (!find_place(irc, target, &room)) {
		fail_target(irc, target);
		return;
	}
	if (!irc_read_msgid(msgid, &log, &seq) || log != irc->log || seq == 0 || room == 0) {
		fail_unknown(irc, context_of(&line, target, msgid));
		return;
	}
	struct history_job *job = history_make_job(irc, HISTORY_IS_REDACTION, target);
	if (job == NULL) {
		irc_numeric(irc, RPL_TRYAGAIN, irc_word("REDACT"), irc_nothing());
		return;
	}
	why = why.size > WHY_BYTES_MAX ? slice_first(why, cut_before(why, WHY_BYTES_MAX)) : why;
	job->room = room;
	job->first.seq = seq;
	job->words = keep_words(msgid, why);
	history_add_job(irc, job);
}

void history_tell_redaction(struct irc *irc, const struct history_job *job) {
	char text[IRC_LINE_BYTES_MAX];
	struct irc_line line = irc_line_at(text, sizeof(text));
	struct slice target = slice_of(job->target, job->target_size);
	struct slice msgid = slice_from_string(job->words);
	struct slice context = context_of(&line, target, msgid);
	struct record entry;
	const struct history_item *item = job->page.count > 0 ? &job->page.each[0] : NULL;
	if (item == NULL || record_decode(&entry, item->bytes, item->size) == 0) {
		fail_unknown(irc, context);
		return;
	}
	struct record request = {.kind = REQUEST_REDACT,
	                         .room = job->room,
	                         .number = entry.seq,
	                         .target = entry.person,
	                         .by = entry.name,
	                         .bits = entry.bits & PERSON_HAS_ACCOUNT,
	                         .since_us = entry.time_us,
	                         .text = slice_from_string(job->words + msgid.size + 1)};
	if (target.bytes[0] == '#') {
		request.other_name = target;
	} else {
		request.name = target;
	}
	if (!irc_request_now(irc, &request, context, false)) {
		irc_numeric(irc, RPL_TRYAGAIN, irc_word("REDACT"), irc_nothing());
	}
}

void irc_redact_refused(struct irc *irc, const struct irc_asked *asked,
                        const struct record *answer) {
	struct slice context = slice_from_string(asked->target);
	const char *blank = strchr(asked->target, ' ');
	switch (answer->reason) {
	case REASON_NOT_PERMITTED:
		fail(irc, "REDACT_FORBIDDEN", context,
		     "You are not authorised to delete this message");
		return;
	case REASON_NO_SUCH_MESSAGE: fail_unknown(irc, context); return;
	default:
		fail_target(irc, blank == NULL
		                         ? context
		                         : slice_first(context, (size_t)(blank - asked->target)));
		return;
	}
}
