/*
 * plain_history.c - `H`: the last lines. Asked of the clerk, one question at a
 * time; sent beside the ring's order, a line a millisecond, so that neither the
 * room nor the asker's own socket is flooded by them.
 */
#include <stdio.h>
#include <time.h>

#include "plain_inside.h"

#define LINE_US 1000

static struct history_job *first_job(struct plain_history *history) {
	return &history->jobs[history->first];
}

static void ask(struct plain *plain) {
	struct plain_history *history = &plain->history;
	const struct history_job *job = first_job(history);
	if (history->count == 0 || history->is_asked) {
		return;
	}
	history->is_asked = true;
	history->sent_to = 0;
	asker_ask(&plain->edge->asker, &history->ask, CLERK_LAST, ROOM_LOBBY, job->seq, job->lines);
}

static void end_job(struct plain *plain) {
	struct plain_history *history = &plain->history;
	history->first = (history->first + 1) % HISTORY_JOBS_MAX;
	history->count--;
	history->is_asked = false;
	ask(plain);
}

static void on_slice(void *context, struct slice_in_hand slice) {
	struct plain *plain = context;
	plain->history.slice = slice;
	plain->history.has_slice = true;
	plain->history.due_us = plain_now_us(plain);
	board_count(plain->edge->house.own, COUNT_SLICES, 1);
}

static void on_failure(void *context) {
	struct plain *plain = context;
	input_refuse(plain, &first_job(&plain->history)->route, REASON_UNAVAILABLE);
	end_job(plain);
}

void history_begin(struct plain *plain) {
	plain->history.ask = (struct ask){.take = on_slice, .fail = on_failure, .context = plain};
	asker_add(&plain->edge->asker, &plain->history.ask);
}

void history_add(struct plain *plain, const struct record *answer) {
	struct plain_history *history = &plain->history;
	if (history->count == HISTORY_JOBS_MAX) {
		input_refuse(plain, &answer->route, REASON_BUSY);
		return;
	}
	unsigned last = (history->first + history->count++) % HISTORY_JOBS_MAX;
	history->jobs[last] = (struct history_job){
		.route = answer->route, .seq = answer->seq, .lines = (uint32_t)answer->number};
	ask(plain);
}

/* ---- lines ---- */

/* "[09:41] " in this machine's time. */
static void render_line(struct plain *plain, const struct record *entry) {
	char when[16];
	time_t seconds = (time_t)(entry->time_us / 1000000);
	struct tm tm = {0};
	localtime_r(&seconds, &tm);
	int size = snprintf(when, sizeof(when), "[%02d:%02d] ", tm.tm_hour % 24, tm.tm_min % 60);
	parts_add_entry(&plain->history.parts, plain->language, entry,
	                slice_of(when, (size_t)size));
}

/* Puts the next entry that has a line into the parts. False: the slice is at its end. */
static bool next_line(struct plain *plain) {
	struct plain_history *history = &plain->history;
	struct slice_in_hand *slice = &history->slice;
	parts_clear(&history->parts);
	history->part = 0;
	struct record entry;
	while (history->parts.count == 0 && slice_next(slice, &entry)) {
		/* After the clerk's death a slice may come twice. */
		if (entry.seq > history->sent_to) {
			history->sent_to = entry.seq;
			render_line(plain, &entry);
		}
	}
	return history->parts.count > 0;
}

static void end_slice(struct plain *plain) {
	struct plain_history *history = &plain->history;
	bool is_last = history->slice.is_last;
	history->has_slice = false;
	asker_release(&plain->edge->asker);
	if (is_last) {
		end_job(plain);
	}
}

/* Sends what there is of the line; stops where the socket is full. */
static void send_line(struct plain *plain) {
	struct plain_history *history = &plain->history;
	struct target target = {0};
	int outlet = datagrams_aim(plain->datagrams, &first_job(history)->route, &target);
	while (history->part < history->parts.count && outlet >= 0) {
		const struct iovec *part = &history->parts.parts[history->part];
		if (!datagrams_say(plain->datagrams, (unsigned)outlet, &target,
		                   slice_of(part->iov_base, part->iov_len))) {
			return;
		}
		history->part++;
	}
	history->part = history->parts.count;
}

uint64_t history_due_us(const struct plain *plain) {
	return plain->history.has_slice ? plain->history.due_us : LOOP_FOREVER;
}

void history_tick(struct plain *plain, uint64_t now_us) {
	struct plain_history *history = &plain->history;
	if (!history->has_slice || now_us < history->due_us) {
		return;
	}
	history->due_us = now_us + LINE_US;
	if (history->part == history->parts.count && !next_line(plain)) {
		end_slice(plain);
		return;
	}
	send_line(plain);
}
