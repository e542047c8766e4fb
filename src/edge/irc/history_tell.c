/* history_tell.c - what was found, as lines: a batch, or, for older clients, each with its time before it. */
#include <stdio.h>
#include <stdlib.h>
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

static void say_item(struct irc *irc, const struct irc_rendering *how,
                     const struct history_item *item) {
	struct record entry;
	if (record_decode(&entry, item->bytes, item->size) != 0) {
		size_t size = irc_render(how, &entry, irc->scratch, sizeof(irc->scratch));
		irc_put_lines(irc, slice_of(irc->scratch, size));
	}
}

static void tell_slice(struct irc *irc, struct history_job *job) {
	char text[32];
	struct irc_line tag = irc_line_at(text, sizeof(text));
	bool has_batch = irc_can(irc, CAP_BATCH);
	unsigned batch = ++irc->batches;
	irc_put_text(&tag, "batch=");
	irc_put_number(&tag, batch);
	struct irc_rendering how = {.server = irc_config(irc)->server,
	                            .log = irc->log,
	                            .state = irc->edge->state,
	                            .form = irc_form_of(irc->user->capabilities) | FORM_PLAYBACK,
	                            .more_tags = has_batch ? irc_line_slice(&tag) : irc_nothing()};
	how.room = state_room_exists(irc->edge->state, job->room) ? job->room : 0;
	struct slice target = slice_of(job->target, job->target_size);
	if (has_batch) {
		say_batch(irc, '+', batch, "chathistory", target);
	}
	for (size_t i = 0; i < job->found.count; i++) {
		say_item(irc, &how, &job->found.each[i]);
	}
	if (has_batch) {
		say_batch(irc, '-', batch, NULL, irc_nothing());
	}
}

/* "[09:41] " in this machine's time. */
static void tell_backlog(struct irc *irc, struct history_job *job) {
	struct irc_rendering how = {.server = irc_config(irc)->server,
	                            .log = irc->log,
	                            .state = irc->edge->state,
	                            .form = irc_form_of(irc->user->capabilities)};
	for (size_t i = 0; i < job->found.count; i++) {
		char text[16];
		struct record entry;
		struct tm when = {0};
		if (record_decode(&entry, job->found.each[i].bytes, job->found.each[i].size) == 0) {
			continue;
		}
		time_t seconds = (time_t)(entry.time_us / 1000000);
		localtime_r(&seconds, &when);
		int size = snprintf(text, sizeof(text), "[%02d:%02d] ", when.tm_hour % 24,
		                    when.tm_min % 60);
		how.before_text = slice_of(text, (size_t)size);
		say_item(irc, &how, &job->found.each[i]);
	}
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

void history_tell(struct irc *irc, struct history_job *job) {
	switch (job->kind) {
	case HISTORY_IS_BACKLOG: tell_backlog(irc, job); break;
	case HISTORY_IS_SLICE: tell_slice(irc, job); break;
	case HISTORY_IS_TARGETS: tell_targets(irc, job); break;
	case HISTORY_IS_WHOWAS: tell_whowas(irc, job); break;
	}
}
