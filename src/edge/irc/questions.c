/* questions.c - what a connection asks the clerk: it waits, and its label with it, for the answer. */
#include <sodium.h>
#include <string.h>

#include "accountwire.h"
#include "irc_cloak.h"
#include "irc_inside.h"

bool irc_takes_passwords(const struct irc *irc) {
	return irc_config(irc)->takes_cleartext_passwords ||
	       address_is_loopback(stream_peer(irc->to));
}

bool irc_ask_clerk(struct irc *irc, enum clerk_what what, struct slice name, struct slice password,
                   account_answered *answered) {
	return irc_ask_clerk_to_change(irc, what, name, password, irc_nothing(), answered);
}

bool irc_ask_clerk_to_change(struct irc *irc, enum clerk_what what, struct slice name,
                             struct slice password, struct slice new_password,
                             account_answered *answered) {
	struct account_question question = {
		.origin = cloak_origin(irc->cloak_key, stream_peer(irc->to)),
		.is_near = address_is_loopback(stream_peer(irc->to))};
	/* One at a time, however many a line would ask. */
	if (irc->user->waits > 0 || name.size > sizeof(question.name) ||
	    password.size > sizeof(question.password) ||
	    new_password.size > sizeof(question.new_password)) {
		return false;
	}
	randombytes_buf(&question.nonce, sizeof(question.nonce));
	question.nonce |= 1;
	question.name_size = (uint16_t)name.size;
	question.password_size = (uint16_t)password.size;
	if (name.size > 0) {
		memcpy(question.name, name.bytes, name.size);
	}
	if (password.size > 0) {
		memcpy(question.password, password.bytes, password.size);
	}
	question.new_password_size = (uint16_t)new_password.size;
	if (new_password.size > 0) {
		memcpy(question.new_password, new_password.bytes, new_password.size);
	}
	bool is_asked = asker_ask_account(&irc->edge->asker, what, &question,
	                                  stream_name(irc->stream, irc->to), answered, irc);
	sodium_memzero(&question, sizeof(question));
	if (is_asked) {
		irc->user->waits++;
		irc->user->waiting = irc_label_keep(irc);
	}
	return is_asked;
}

bool irc_clerk_answered(struct irc *irc, struct connection connection) {
	struct stream_connection *to = stream_find(irc->stream, connection);
	if (to == NULL || stream_own(to) == NULL) {
		return false;
	}
	irc_talk_to(irc, to);
	irc->user->waits--;
	irc->label = irc->user->waiting;
	irc->user->waiting = NULL;
	return true;
}

void irc_clerk_done(struct irc *irc) {
	struct irc_label *label = irc->label;
	if (label != NULL) {
		label->is_ended = label->holders == 1;
	}
	irc_flush(irc);
	irc->label = NULL;
	irc_label_drop(label);
}
