/* dialect.c - the row of the stream face: beginning and ending, lines, time; records.c has answers and entries. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "diag.h"
#include "irc_cloak.h"
#include "irc_dialect.h"
#include "irc_inside.h"
#include "irc_render.h"
#include "irc_time.h"
#include "queue.h"
#include "utf8.h"

/* ---- beginning and ending ---- */

static void *create(struct stream *stream, struct edge *edge) {
	struct irc *irc = calloc(1, sizeof(*irc));
	if (irc == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory for the IRC dialect");
	}
	irc->stream = stream;
	irc->edge = edge;
	irc->log = irc_log_id(edge->house.options->master, MASTER_BYTES);
	irc->since_us = clock_wall_us();
	irc->returns_us = LOOP_FOREVER;
	irc_count_unknown(irc, 0);
	irc_follow_offer(irc);
	cloak_key(edge->house.options->master, irc->cloak_key);
	irc_history_begin(irc);
	irc_batches_begin(irc);
	irc_watches_begin(irc);
	return irc;
}

static void destroy(void *it) {
	struct irc *irc = it;
	irc_asked_drop_all(irc);
	irc_history_end(irc);
	irc_watches_end(irc);
	free(irc);
}

static void opened(void *it, struct stream_connection *connection) {
	struct irc *irc = it;
	struct irc_user *user = calloc(1, sizeof(*user));
	struct irc_door *door = calloc(1, sizeof(*door));
	if (user == NULL || door == NULL) {
		abort();
	}
	user->door = door;
	stream_set_own(connection, user);
	irc_count_unknown(irc, +1);
}

static void closed(void *it, struct stream_connection *connection, enum stream_end end,
                   struct slice text) {
	struct irc *irc = it;
	struct irc_user *user = stream_own(connection);
	uint64_t session = stream_session(connection);
	if (session != 0 &&
	    (user->must_greet || state_session(irc->edge->state, session) != NULL)) {
		bool is_cut = user->nonce != 0 && user->quit_size == 0 && end != STREAM_END_OURS;
		stream_gone(irc->stream, session, is_cut ? REASON_UNREACHABLE : REASON_NONE,
		            user->quit_size > 0 ? slice_of(user->quit, user->quit_size) : text,
		            irc_read_up_to(irc, connection, end));
	}
	irc_count_unknown(irc, -(user->door != NULL));
	if (user->door != NULL) {
		sodium_memzero(user->door, sizeof(*user->door));
	}
	irc_sign_in_free(user);
	irc_label_drop(user->waiting);
	irc_listers_free(user);
	irc_subs_free(irc, user);
	irc_monitor_free(irc, user);
	irc_batch_free(user);
	free(user->early);
	free(user->door);
	free(user->quit);
	free(user->away);
	free(user->account);
	free(user->was);
	free(user);
	stream_set_own(connection, NULL);
}

/* ---- lines ---- */

static void begin_label(struct irc *irc) {
	struct irc_tag tag;
	irc->label = irc->user->waiting;
	irc->user->waiting = NULL;
	if (irc->label != NULL || !irc_can(irc, CAP_LABELED_RESPONSE) || !irc_can(irc, CAP_BATCH) ||
	    irc->user->resumed > 0 || !irc_find_tag(irc->message.tags, "label", &tag) ||
	    tag.value.size == 0 || tag.value.size > IRC_LABEL_BYTES_MAX ||
	    !utf8_is_valid(tag.value)) {
		return;
	}
	irc->label = calloc(1, sizeof(*irc->label));
	if (irc->label == NULL) {
		abort();
	}
	irc->label->holders = 1;
	irc->label->size = (uint8_t)tag.value.size;
	memcpy(irc->label->text, tag.value.bytes, tag.value.size);
}

static enum stream_verdict end_line(struct irc *irc) {
	struct irc_label *label = irc->label;
	if (irc->must_wait && !irc->is_over) {
		irc->user->resumed = irc->made;
		irc->out_size = 0;
		irc->out_lines = 0;
		if (irc->made > 0 && irc->user->waiting == NULL) {
			/* What it has asked for so far is part of the one answer. */
			irc->user->waiting = label;
		} else {
			irc_label_drop(label);
		}
		irc->label = NULL;
		return STREAM_WAIT;
	}
	if (label != NULL) {
		label->is_ended = label->holders == 1;
	}
	if (!irc->is_over) {
		irc_flush(irc);
		irc->user->resumed = 0;
	}
	irc_label_drop(label);
	irc->label = NULL;
	return STREAM_TAKEN;
}

static void handle(struct irc *irc) {
	const struct irc_message *message = &irc->message;
	const struct irc_command *command = irc_command_of(message->command);
	if (command == NULL) {
		irc_numeric(irc, ERR_UNKNOWNCOMMAND, message->command, irc_nothing());
	} else if (command->when == IRC_AFTER && irc->user->door != NULL) {
		irc_numeric(irc, ERR_NOTREGISTERED, irc_nothing(), irc_nothing());
	} else if (command->when == IRC_BEFORE && irc->user->door == NULL) {
		irc_numeric(irc, ERR_ALREADYREGISTERED, irc_nothing(), irc_nothing());
	} else if (message->count < command->least) {
		irc_numeric(irc, ERR_NEEDMOREPARAMS, irc_word(command->word), irc_nothing());
	} else if (command->settles && !irc->is_settled) {
		irc->must_wait = true;
	} else {
		command->handle(irc);
	}
}

static void refuse_bytes(struct irc *irc) {
	char command[32] = "*";
	struct slice word = irc->message.command;
	if (word.size < sizeof(command) && utf8_is_valid(word)) {
		memcpy(command, word.bytes, word.size);
		command[word.size] = '\0';
	}
	irc_standard(irc, "FAIL", command, "INVALID_UTF8", irc_nothing(),
	             "This server takes UTF-8 only; the message was not passed on");
}

/* No line of IRC has a NUL: what is around them is taken. */
static struct slice without_nuls(struct irc *irc, struct slice line) {
	size_t size = 0;
	if (memchr(line.bytes, '\0', line.size) == NULL || line.size > sizeof(irc->clean)) {
		return line;
	}
	for (size_t i = 0; i < line.size; i++) {
		irc->clean[size] = line.bytes[i];
		size += line.bytes[i] != '\0';
	}
	return slice_of(irc->clean, size);
}

static void tell_lost(struct irc *irc) {
	if (irc->lost_up_to != 0 && irc->edge->walk.way == WALK_LIVE &&
	    walk_is_past(&irc->edge->walk, irc->lost_at)) {
		irc_asked_lose(irc, irc->lost_up_to);
		irc->lost_up_to = 0;
	}
}

static enum stream_verdict on_line(void *it, struct stream_connection *connection,
                                   struct slice line, bool is_settled) {
	struct irc *irc = it;
	tell_lost(irc);
	if (stream_own(connection) == NULL) {
		return STREAM_TAKEN; /* It was closed by that. */
	}
	irc_talk_to(irc, connection);
	irc->is_settled = is_settled;
	irc->made = 0;
	irc->must_wait = false;
	const struct irc_door *door = irc->user->door;
	if (irc->user->waits > 0 || (door != NULL && door->is_returning) ||
	    (door != NULL && door->is_asked && !is_settled)) {
		return STREAM_WAIT;
	}
	if (door != NULL && door->is_asked) {
		irc_close(irc, irc_word("The server was too busy; try again"));
		return STREAM_TAKEN;
	}
	line = without_nuls(irc, line);
	if (!irc_parse(line, &irc->message)) {
		return STREAM_TAKEN;
	}
	begin_label(irc);
	if (irc->message.tags.size + 2 > IRC_CLIENT_TAGS_BYTES_MAX) {
		irc_numeric(irc, ERR_INPUTTOOLONG, irc_nothing(), irc_nothing());
	} else if (!utf8_is_valid(line)) {
		refuse_bytes(irc);
	} else {
		handle(irc);
	}
	return end_line(irc);
}

static void too_long(void *it, struct stream_connection *connection) {
	struct irc *irc = it;
	irc_talk_to(irc, connection);
	irc_numeric(irc, ERR_INPUTTOOLONG, irc_nothing(), irc_nothing());
	irc_flush(irc);
}

static void quiet(void *it, struct stream_connection *connection) {
	struct irc *irc = it;
	char text[IRC_LINE_BYTES_MAX];
	struct irc_line line = irc_line_at(text, sizeof(text));
	irc_put_text(&line, "PING ");
	irc_put_text(&line, irc_config(irc)->server);
	irc_end(&line);
	irc_note_ping(irc, connection);
	stream_answer(irc->stream, connection, irc_line_slice(&line));
}

static bool more(void *it, struct stream_connection *connection) {
	struct irc *irc = it;
	irc_talk_to(irc, connection);
	bool has_more = irc_lister_more(irc);
	return has_more && !irc->is_over;
}

/* ---- records ---- */

static size_t on_render(void *it, const struct record *entry, uint32_t key, char *out,
                        size_t room) {
	const struct irc *irc = it;
	const struct irc_rendering how = {.server = irc_config(irc)->server,
	                                  .log = irc->log,
	                                  .state = irc->edge->state,
	                                  .form = key};
	return irc_render(&how, entry, out, room);
}

/* ---- overtaken; time ---- */

/* Answers are lost: which, shows when all that there is has been read. */
static void reloaded(void *it) {
	struct irc *irc = it;
	const struct house *house = &irc->edge->house;
	irc->lost_up_to = queue_number_done(house->queues[house->edge]);
	irc->lost_at = ring_head(house->ring);
	irc_compare_states(irc);
	irc_follow_offer(irc);
}

static bool tell_what_changed(void *context, struct stream_connection *it) {
	irc_tell_changes(context, it);
	return true;
}

static void caught_up(void *it) {
	struct irc *irc = it;
	if (irc->lost_up_to != 0) {
		stream_each(irc->stream, tell_what_changed, irc);
		irc_monitor_all(irc);
	}
}

static void returned(void *it, struct stream_connection *connection) {
	irc_tell_changes(it, connection);
}

static uint64_t due_us(void *it) {
	const struct irc *irc = it;
	uint64_t history_us = irc_history_due_us(it), batches_us = irc_batches_due_us(it);
	uint64_t due_us = irc->returns_us < history_us ? irc->returns_us : history_us;
	return batches_us < due_us ? batches_us : due_us;
}

static void tick(void *it, uint64_t now_us) {
	tell_lost(it);
	irc_follow_offer(it);
	irc_history_tick(it);
	irc_returning_tick(it);
	irc_batches_tick(it, now_us);
	irc_device_tick(it, now_us);
}

const struct stream_dialect irc_dialect = {
	.word = "irc",
	.create = create,
	.destroy = destroy,
	.opened = opened,
	.line = on_line,
	.too_long = too_long,
	.quiet = quiet,
	.farewell = irc_farewell,
	.more = more,
	.closed = closed,
	.answer = irc_on_answer,
	.entry = irc_on_entry,
	.whom = irc_on_whom,
	.reads = irc_reads,
	.render = on_render,
	.reloaded = reloaded,
	.caught_up = caught_up,
	.returned = returned,
	.due_us = due_us,
	.tick = tick,
};
