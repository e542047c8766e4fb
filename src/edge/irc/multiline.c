/*
 * multiline.c - BATCH from a client: several lines that are one message (IRCv3
 * draft/multiline). They are gathered, and said when the batch is closed. What
 * is wrong is told once; the rest of that batch is passed over in silence.
 */
#include "irc_multiline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "irc_commands.h"
#include "irc_inside.h"
#include "name.h"

#define SECOND_US UINT64_C(1000000)

struct irc_batch {
	struct irc_timed timed; /* first: while it may not be open for ever */
	struct connection connection;
	char ref[MULTILINE_REF_BYTES_MAX];
	char target[IRC_LINE_BYTES_MAX];
	char tags[TAGS_BYTES_MAX];
	char key[IRC_KEY_BYTES_MAX];
	size_t ref_size, target_size, tags_size, key_size;
	struct irc_label *label; /* of the line that opened it */
	bool has_failed, is_notice;
	struct irc_multiline lines;
};

/* ---- those that are open, the oldest first ---- */

static void link_timed(struct irc *irc, struct irc_timed *timed) {
	struct irc_timed *head = &irc->timed;
	timed->before = head->before;
	timed->after = head;
	head->before->after = timed;
	head->before = timed;
}

static void unlink_timed(struct irc_timed *timed) {
	timed->before->after = timed->after;
	timed->after->before = timed->before;
	timed->before = timed->after = timed;
}

void irc_batches_begin(struct irc *irc) {
	irc->timed.before = irc->timed.after = &irc->timed;
	irc->timed.until_us = LOOP_FOREVER;
}

/* The configuration may have been another when those behind were opened: they wait for this one. */
uint64_t irc_batches_due_us(const struct irc *irc) {
	return irc->timed.after->until_us;
}

void irc_batch_free(struct irc_user *user) {
	if (user->batch != NULL) {
		irc_label_drop(user->batch->label);
		unlink_timed(&user->batch->timed);
	}
	free(user->batch);
	user->batch = NULL;
}

/* What is said now answers the line that opened the batch. */
static void answer_opening(struct irc *irc) {
	struct irc_batch *batch = irc->user->batch;
	if (batch != NULL) {
		irc_label_drop(irc->label);
		irc->label = batch->label;
		batch->label = NULL;
	}
}

static void fail(struct irc *irc, const char *code, struct slice context, const char *text) {
	answer_opening(irc);
	if (irc->user->batch != NULL) {
		irc->user->batch->has_failed = true;
	}
	irc_standard(irc, "FAIL", "BATCH", code, context, text);
}

static void fail_invalid(struct irc *irc) {
	fail(irc, "MULTILINE_INVALID", irc_nothing(), "Invalid multiline batch");
}

static void fail_limit(struct irc *irc, enum multiline_error error) {
	char limit[16];
	bool is_bytes = error == MULTILINE_MAX_BYTES;
	snprintf(limit, sizeof(limit), "%d", is_bytes ? TEXT_BYTES_MAX : MULTILINE_LINES_MAX);
	fail(irc, is_bytes ? "MULTILINE_MAX_BYTES" : "MULTILINE_MAX_LINES", irc_word(limit),
	     is_bytes ? "Multiline batch max-bytes exceeded"
	              : "Multiline batch max-lines exceeded");
}

static void fail_target(struct irc *irc, struct slice target) {
	char text[2 * IRC_LINE_BYTES_MAX];
	const struct irc_batch *batch = irc->user->batch;
	struct slice typed = target.size > 0 ? target : irc_word("*");
	int size = snprintf(text, sizeof(text), "%.*s %.*s", (int)batch->target_size, batch->target,
	                    (int)typed.size, typed.bytes);
	fail(irc, "MULTILINE_INVALID_TARGET", slice_of(text, (size_t)size),
	     "Invalid multiline target");
}

static void open_batch(struct irc *irc, struct slice ref) {
	struct slice target = irc_parameter(&irc->message, 2);
	if (irc->user->batch != NULL && !irc->user->batch->has_failed) {
		fail_invalid(irc); /* Neither is said. */
		return;
	}
	if (!irc_equal(irc_parameter(&irc->message, 1), "draft/multiline") || target.size == 0 ||
	    memchr(target.bytes, ',', target.size) != NULL ||
	    memchr(target.bytes, ' ', target.size) != NULL || ref.size > MULTILINE_REF_BYTES_MAX) {
		irc_batch_free(irc->user);
		fail_invalid(irc);
		return;
	}
	irc_batch_free(irc->user);
	struct irc_batch *batch = calloc(1, sizeof(*batch));
	if (batch == NULL) {
		abort();
	}
	batch->ref_size = ref.size;
	memcpy(batch->ref, ref.bytes, ref.size);
	batch->target_size = target.size;
	memcpy(batch->target, target.bytes, target.size);
	batch->tags_size = irc_client_tags(irc, batch->tags).size;
	struct slice key = irc_message_key(irc);
	if (key.size > 0) {
		batch->key_size = key.size;
		memcpy(batch->key, key.bytes, key.size);
	}
	batch->label = irc_label_keep(irc);
	batch->connection = stream_name(irc->stream, irc->to);
	batch->timed.until_us = clock_steady_us() + (uint64_t)irc_config(irc)->ping_s * SECOND_US;
	link_timed(irc, &batch->timed);
	irc->user->batch = batch;
}

/* What has come of it, and what will, is passed over. */
static void time_out(struct irc *irc, struct irc_batch *batch) {
	struct stream_connection *to = stream_find(irc->stream, batch->connection);
	unlink_timed(&batch->timed);
	if (to == NULL || stream_own(to) == NULL || batch->has_failed) {
		return;
	}
	irc_talk_to(irc, to);
	struct irc_label *label = batch->label;
	fail(irc, "TIMEOUT", slice_of(batch->ref, batch->ref_size), "The batch was open too long");
	if (label != NULL) {
		label->is_ended = label->holders == 1;
	}
	irc_flush(irc);
	irc->label = NULL;
	irc_label_drop(label);
}

void irc_batches_tick(struct irc *irc, uint64_t now_us) {
	while (irc->timed.after->until_us <= now_us) {
		time_out(irc, (struct irc_batch *)irc->timed.after);
	}
}

static bool is_ref(const struct irc_batch *batch, struct slice ref) {
	return batch != NULL && batch->ref_size == ref.size &&
	       memcmp(batch->ref, ref.bytes, ref.size) == 0;
}

static void close_batch(struct irc *irc, struct slice ref) {
	struct irc_batch *batch = irc->user->batch;
	if (!is_ref(batch, ref)) {
		fail_invalid(irc);
		return;
	}
	if (!batch->has_failed && !multiline_is_whole(&batch->lines)) {
		fail_invalid(irc);
	} else if (!batch->has_failed) {
		answer_opening(irc);
		irc_say_lines(irc, slice_of(batch->target, batch->target_size), batch->is_notice,
		              &batch->lines, slice_of(batch->tags, batch->tags_size),
		              slice_of(batch->key, batch->key_size));
	}
	if (irc->must_wait) {
		batch->label = irc_label_keep(irc); /* This line comes again. */
	} else {
		irc_batch_free(irc->user);
	}
}

void irc_on_batch(struct irc *irc) {
	struct slice word = irc_parameter(&irc->message, 0);
	if (!irc_can(irc, CAP_MULTILINE) || !irc_can(irc, CAP_BATCH)) {
		irc_numeric(irc, ERR_UNKNOWNCOMMAND, irc->message.command, irc_nothing());
	} else if (word.size > 1 && word.bytes[0] == '+') {
		open_batch(irc, slice_from(word, 1));
	} else if (word.size > 1 && word.bytes[0] == '-') {
		close_batch(irc, slice_from(word, 1));
	} else {
		fail_invalid(irc);
	}
}

bool irc_batch_takes(struct irc *irc, bool is_notice) {
	struct irc_tag ref, concat;
	struct irc_batch *batch = irc->user->batch;
	struct slice target = irc_parameter(&irc->message, 0);
	if (!irc_can(irc, CAP_MULTILINE) || !irc_can(irc, CAP_BATCH) ||
	    !irc_find_tag(irc->message.tags, "batch", &ref)) {
		return false;
	}
	if (!is_ref(batch, ref.value)) {
		irc_standard(irc, "FAIL", "BATCH", "MULTILINE_INVALID", irc_nothing(),
		             "There is no such batch");
		return true;
	}
	if (batch->has_failed) {
		return true;
	}
	if (!name_equal(target, slice_of(batch->target, batch->target_size))) {
		fail_target(irc, target);
		return true;
	}
	if (irc->message.count < 2 || (batch->lines.lines > 0 && batch->is_notice != is_notice)) {
		fail_invalid(irc);
		return true;
	}
	batch->is_notice = is_notice;
	enum multiline_error error =
		multiline_add(&batch->lines, irc_parameter(&irc->message, 1),
	                      irc_find_tag(irc->message.tags, "draft/multiline-concat", &concat));
	if (error == MULTILINE_INVALID) {
		fail_invalid(irc);
	} else if (error != MULTILINE_GOOD) {
		fail_limit(irc, error);
	}
	return true;
}
