/* history_tell.c - what was found, as lines: a batch, or, for older clients, each with its time before it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "irc_history.h"
#include "irc_render.h"

static void say_batch(struct irc *irc, char sign, unsigned batch, const char *kind,
                      struct slice target) {
	char word[2] = {sign, '\0'};
	irc_begin_line(irc, "BATCH ");
	irc_put_text(&irc->at, word);
	irc_put_number(&irc->at, batch);
	if (kind != NULL) {
		irc_put_text(&irc->at, " ");
		irc_put_text(&irc->at, kind);
	}
	if (target.size > 0) {
		irc_put_parameter(&irc->at, target);
	}
	irc_end_line(irc);
}

/* "[09:41] " in this machine's time; with its day if that is not the last one. */
static struct slice put_clock(const struct irc *irc, uint64_t time_us, char out[static 24]) {
	const uint64_t day_us = UINT64_C(86400) * 1000000;
	struct tm when = {0};
	time_t seconds = (time_t)(time_us / 1000000);
	localtime_r(&seconds, &when);
	int size = 0;
	if (irc_now_us(irc) - time_us >= day_us) {
		size = snprintf(out, 24, "[%02d-%02d %02d:%02d] ", when.tm_mon % 12 + 1,
		                when.tm_mday % 32, when.tm_hour % 24, when.tm_min % 60);
	} else {
		size = snprintf(out, 24, "[%02d:%02d] ", when.tm_hour % 24, when.tm_min % 60);
	}
	return slice_of(out, (size_t)size);
}

/* Older clients see no other time than one in the text. */
static bool shows_clock(const struct irc *irc, const struct history_job *job) {
	return job->kind == HISTORY_IS_BACKLOG ||
	       ((job->kind == HISTORY_IS_MISSED || job->kind == HISTORY_IS_LETTERS) &&
	        !irc_can(irc, CAP_SERVER_TIME));
}

static bool is_in_batch(const struct history_job *job) {
	return job->kind == HISTORY_IS_SLICE || job->kind == HISTORY_IS_SEARCH;
}

void irc_history_line(struct irc *irc, struct irc_lister *lister) {
	const struct history_job *job = lister->job;
	const struct history_item *item = &job->found.each[lister->at++];
	struct irc_rendering how = {.server = irc_config(irc)->server,
	                            .log = irc->log,
	                            .state = irc->edge->state,
	                            .form = irc_form_of(irc->user->capabilities)};
	char text[32], clock[24];
	struct irc_line tag = irc_line_at(text, sizeof(text));
	struct record entry;
	if (record_decode(&entry, item->bytes, item->size) == 0) {
		return;
	}
	if (shows_clock(irc, job)) {
		how.before_text = put_clock(irc, entry.time_us, clock);
	} else if (is_in_batch(job)) {
		how.form |= FORM_PLAYBACK;
		how.room = state_room_exists(irc->edge->state, job->room) ? job->room : 0;
	}
	if (lister->batch != 0) {
		irc_put_text(&tag, "batch=");
		irc_put_number(&tag, lister->batch);
		how.more_tags = irc_line_slice(&tag);
	}
	size_t size = irc_render(&how, &entry, irc->scratch, sizeof(irc->scratch));
	irc_put_lines(irc, slice_of(irc->scratch, size));
}

void irc_history_last_line(struct irc *irc, const struct irc_lister *lister) {
	if (lister->batch != 0) {
		say_batch(irc, '-', lister->batch, NULL, irc_nothing());
	}
}

/* There were more than are told. */
static void say_cut(struct irc *irc, struct history_job *job) {
	char text[IRC_LINE_BYTES_MAX];
	if (job->kind != HISTORY_IS_MISSED || job->found.count < job->limit) {
		return;
	}
	/* The one too many is the first, or, told from a moment on, the last. */
	bool is_from = job->verb == HISTORY_BETWEEN;
	size_t last = job->found.count - 1;
	free(job->found.each[is_from ? last : 0].bytes);
	if (!is_from) {
		memmove(job->found.each, job->found.each + 1, last * sizeof(*job->found.each));
	}
	job->found.count = last;
	snprintf(text, sizeof(text), "%.*s: more was said than is told here: the %s %zu lines",
	         (int)job->target_size, job->target, is_from ? "first" : "last", last);
	irc_notice(irc, NULL, irc_word(text));
}

/* A hundred long texts with tags are more than may wait for one reader: told as they are read. */
static void begin_telling(struct irc *irc, struct history_job *job) {
	struct slice target = slice_of(job->target, job->target_size);
	struct irc_lister *lister = irc_lister_create(LIST_HISTORY, target);
	say_cut(irc, job);
	lister->job = job;
	lister->count = job->found.count;
	if (is_in_batch(job) && irc_can(irc, CAP_BATCH)) {
		bool is_search = job->kind == HISTORY_IS_SEARCH;
		lister->batch = ++irc->batches;
		say_batch(irc, '+', lister->batch, is_search ? "soju.im/search" : "chathistory",
		          is_search ? irc_nothing() : target);
	}
	irc_lister_start(irc, lister);
}

static int by_time(const void *a, const void *b) {
	uint64_t x = ((const struct history_target *)a)->last_us;
	uint64_t y = ((const struct history_target *)b)->last_us;
	return x < y ? -1 : x > y;
}

static void say_target(struct irc *irc, const struct history_target *target, unsigned batch) {
	const struct state *state = irc->edge->state;
	const struct person *person = state_person(state, target->person);
	irc->at = irc_line_at(irc->line, sizeof(irc->line));
	if (batch != 0) {
		irc_put_text(&irc->at, "@batch=");
		irc_put_number(&irc->at, batch);
		irc_put_text(&irc->at, " ");
	}
	irc_put_text(&irc->at, ":");
	irc_put_text(&irc->at, irc_config(irc)->server);
	irc_put_text(&irc->at, " CHATHISTORY TARGETS");
	irc_put_parameter(&irc->at, person != NULL ? person_name(person)
	                                           : state_room_name(state, target->room));
	irc_put_text(&irc->at, " ");
	irc_put_time(&irc->at, target->last_us);
	irc_end_line(irc);
}

static void tell_targets(struct irc *irc, struct history_job *job) {
	bool has_batch = irc_can(irc, CAP_BATCH);
	unsigned batch = has_batch ? ++irc->batches : 0;
	size_t told = 0;
	if (job->targets_count > 1) {
		qsort(job->targets, job->targets_count, sizeof(*job->targets), by_time);
	}
	if (has_batch) {
		say_batch(irc, '+', batch, "draft/chathistory-targets", irc_nothing());
	}
	for (size_t i = 0; i < job->targets_count && told < job->limit; i++) {
		const struct history_target *target = &job->targets[i];
		bool is_there = target->person == 0 ||
		                state_person(irc->edge->state, target->person) != NULL;
		if (target->last_us != 0 && is_there) {
			say_target(irc, target, batch);
			told++;
		}
	}
	if (has_batch) {
		say_batch(irc, '-', batch, NULL, irc_nothing());
	}
}

/* "#tea 0 1764147023.123456": from the beginning, up to its last message. */
static void tell_list(struct irc *irc, const struct history_job *job) {
	const struct state *state = irc->edge->state;
	char text[IRC_LINE_BYTES_MAX];
	for (size_t i = 0; i < job->targets_count; i++) {
		const struct history_target *target = &job->targets[i];
		const struct person *person = state_person(state, target->person);
		struct slice name =
			person != NULL ? person_name(person) : state_room_name(state, target->room);
		if (target->last_us == 0 || name.size == 0) {
			continue;
		}
		snprintf(text, sizeof(text), "%.*s 0 %llu.%06llu", (int)name.size, name.bytes,
		         (unsigned long long)(target->last_us / 1000000),
		         (unsigned long long)(target->last_us % 1000000));
		irc_begin_from(irc, "*playback", "PRIVMSG");
		irc_put_last(irc, irc_word(text));
		irc_end_line(irc);
	}
}

/* The last first. */
static void tell_whowas(struct irc *irc, const struct history_job *job) {
	struct slice typed = slice_of(job->target, job->target_size);
	for (size_t i = job->page.count; i > 0; i--) {
		const struct history_item *item = &job->page.each[i - 1];
		struct record entry;
		if (record_decode(&entry, item->bytes, item->size) != 0) {
			irc_whowas_lines(irc, &entry);
		}
	}
	if (job->page.count == 0) {
		irc_numeric(irc, ERR_WASNOSUCHNICK, typed, irc_nothing());
	}
	irc_numeric(irc, RPL_ENDOFWHOWAS, typed, irc_nothing());
}

bool history_tell(struct irc *irc, struct history_job *job) {
	switch (job->kind) {
	case HISTORY_IS_BACKLOG:
	case HISTORY_IS_LETTERS:
	case HISTORY_IS_MISSED:
	case HISTORY_IS_SEARCH:
	case HISTORY_IS_SLICE: begin_telling(irc, job); return true;
	case HISTORY_IS_TARGETS: tell_targets(irc, job); break;
	case HISTORY_IS_LIST: tell_list(irc, job); break;
	case HISTORY_IS_WHOWAS: tell_whowas(irc, job); break;
	case HISTORY_IS_REDACTION: history_tell_redaction(irc, job); break;
	}
	return false;
}
