/*
 * search.c - SEARCH (soju.im/search): what is looked for, as selectors of one
 * room or conversation; history_steps.c finds it. Whoever may not ask for a
 * room's history may not search it either.
 */
#include <stdlib.h>
#include <string.h>

#include "irc_commands.h"
#include "irc_history.h"
#include "irc_time.h"

#define MILLISECOND_US 1000

/* What is asked for. */
struct wish {
	char in[IRC_LINE_BYTES_MAX], from[IRC_LINE_BYTES_MAX], text[IRC_LINE_BYTES_MAX];
	size_t in_size, from_size, text_size;
	bool has_after, has_before;
	uint64_t after_us, before_us;
	size_t limit;
};

static void fail(struct irc *irc, struct slice which, const char *text) {
	irc_standard(irc, "FAIL", "SEARCH", "INVALID_PARAMS", irc_as_middle(which), text);
}

static bool read_limit(struct slice text, size_t *limit) {
	size_t number = 0;
	for (size_t i = 0; i < text.size; i++) {
		if (text.bytes[i] < '0' || text.bytes[i] > '9') {
			return false;
		}
		number = 10 * number + (size_t)(text.bytes[i] - '0');
		number = number < HISTORY_MESSAGES_MAX ? number : HISTORY_MESSAGES_MAX;
	}
	*limit = number;
	return number > 0;
}

/* One attribute. False: there is none of that name, or its value is none. */
static bool read_attribute(struct wish *wish, const struct irc_tag *tag) {
	char text[IRC_LINE_BYTES_MAX];
	struct slice value = slice_of(text, irc_unescape(tag->value, text, sizeof(text)));
	if (irc_equal(tag->key, "in")) {
		memcpy(wish->in, text, value.size);
		wish->in_size = value.size;
		return value.size > 0;
	}
	if (irc_equal(tag->key, "from")) {
		memcpy(wish->from, text, value.size);
		wish->from_size = value.size;
		return value.size > 0 && value.size <= NAME_BYTES_MAX;
	}
	if (irc_equal(tag->key, "text")) {
		memcpy(wish->text, text, value.size);
		wish->text_size = value.size;
		return true;
	}
	if (irc_equal(tag->key, "after")) {
		wish->has_after = true;
		return irc_read_time(value, &wish->after_us);
	}
	if (irc_equal(tag->key, "before")) {
		wish->has_before = true;
		return irc_read_time(value, &wish->before_us);
	}
	return irc_equal(tag->key, "limit") && read_limit(value, &wish->limit);
}

/* False, and told. */
static bool read_wish(struct irc *irc, struct wish *wish) {
	struct slice attributes = irc_parameter(&irc->message, 0);
	struct irc_tag tag;
	*wish = (struct wish){.limit = HISTORY_MESSAGES_MAX};
	if (irc->message.count > 1) {
		fail(irc, irc_parameter(&irc->message, 1),
		     "Attributes are one word; a blank in a text is written \\s");
		return false;
	}
	while (irc_next_tag(&attributes, &tag)) {
		if (!read_attribute(wish, &tag)) {
			fail(irc, tag.key, "Invalid parameters");
			return false;
		}
	}
	if (wish->in_size == 0) {
		fail(irc, irc_word("in"), "Say where: in=#room or in=nick");
		return false;
	}
	return true;
}

/* Times are milliseconds, and both are inclusive; those of history_steps.c are not. */
static void choose_verb(struct history_job *job, const struct wish *wish) {
	struct irc_selector after = {.kind = SELECTOR_TIME};
	struct irc_selector before = {.kind = SELECTOR_TIME,
	                              .time_us = wish->before_us + MILLISECOND_US};
	after.time_us = wish->after_us < MILLISECOND_US ? 0 : wish->after_us - MILLISECOND_US;
	job->verb = HISTORY_LATEST;
	job->first.kind = SELECTOR_LATEST;
	if (wish->has_after && wish->has_before) {
		job->verb = HISTORY_BETWEEN;
		job->first = after;
		job->second = before;
	} else if (wish->has_after) {
		job->verb = HISTORY_AFTER;
		job->first = after;
	} else if (wish->has_before) {
		job->verb = HISTORY_BEFORE;
		job->first = before;
	}
}

void irc_on_search(struct irc *irc) {
	struct wish wish;
	uint64_t room = 0;
	if (!irc_can(irc, CAP_SEARCH)) {
		irc_numeric(irc, ERR_UNKNOWNCOMMAND, irc->message.command, irc_nothing());
		return;
	}
	if (!read_wish(irc, &wish)) {
		return;
	}
	struct slice target = slice_of(wish.in, wish.in_size);
	if (!history_find_target(irc, target, &room)) {
		fail(irc, irc_word("in"), "You are not in such a room, and nobody is called that");
		return;
	}
	struct history_job *job = history_make_job(irc, HISTORY_IS_SEARCH, target);
	if (job == NULL) {
		irc_standard(irc, "FAIL", "SEARCH", "INTERNAL_ERROR", irc_nothing(),
		             "Too many ask for messages just now");
		return;
	}
	bool is_empty = wish.has_after && wish.has_before && wish.after_us > wish.before_us;
	job->room = is_empty ? 0 : room;
	job->limit = wish.limit;
	job->wants_events = job->wants_redactions = false;
	memcpy(job->from, wish.from, wish.from_size);
	job->from_size = wish.from_size;
	job->words = wish.text_size > 0 ? strndup(wish.text, wish.text_size) : NULL;
	if (wish.text_size > 0 && job->words == NULL) {
		abort();
	}
	choose_verb(job, &wish);
	history_add_job(irc, job);
}
