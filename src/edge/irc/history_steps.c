/*
 * history_steps.c - from a question to the entries that answer it.
 *
 * Moments become seqs first: the clerk is asked for the last entry up to the
 * middle of what is possible, until nothing is left between. Then pages are
 * read, backwards from one bound or on from the other, until there are enough.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "irc_history.h"
#include "name.h"

#define MILLISECOND_US 1000

static bool is_message(uint16_t kind) {
	return kind == ENTRY_SAID || kind == ENTRY_DIRECT;
}

static bool is_event(uint16_t kind) {
	switch (kind) {
	case ENTRY_ENTERED:
	case ENTRY_LEFT:
	case ENTRY_RENAMED:
	case ENTRY_KICKED:
	case ENTRY_JOINED:
	case ENTRY_PARTED:
	case ENTRY_TOPIC:
	case ENTRY_MODE:
	case ENTRY_PUT_OUT:
	case ENTRY_REDACTED:
	case ENTRY_TAGGED: return true;
	default: return false;
	}
}

static void ask(struct irc_history_desk *desk, enum clerk_what what, uint64_t room, uint64_t seq,
                uint32_t count) {
	struct history_job *job = desk->first;
	history_items_clear(&job->page);
	job->page_size = count;
	desk->ask.text = what == CLERK_GONE     ? slice_of(job->target, job->target_size)
	                 : what == CLERK_SEARCH ? slice_from_string(job->words)
	                                        : slice_of(NULL, 0);
	asker_ask(&desk->irc->edge->asker, &desk->ask, what, room, seq, count);
}

/* ---- moments ---- */

static bool is_time(const struct irc_selector *selector) {
	return selector->kind == SELECTOR_TIME;
}

/* Between a moment and a message: which is the earlier one shows when the moment has been found. */
static bool is_mixed(const struct history_job *job) {
	return job->verb == HISTORY_BETWEEN && is_time(&job->first) != is_time(&job->second);
}

/* The first moment that is not before it any more: a message of that millisecond is neither before nor after. */
static uint64_t moment_of(const struct history_job *job) {
	const struct irc_selector *selector =
		job->step == HISTORY_FIND_FIRST ? &job->first : &job->second;
	bool is_lower = job->step == HISTORY_FIND_FIRST
	                        ? job->verb != HISTORY_BEFORE && job->verb != HISTORY_AROUND
	                        : false;
	if (is_mixed(job)) {
		is_lower = job->is_lower;
	} else if (job->verb == HISTORY_BETWEEN) {
		bool is_first_lower = job->first.time_us <= job->second.time_us;
		is_lower = (job->step == HISTORY_FIND_FIRST) == is_first_lower;
	}
	return selector->time_us + (is_lower ? MILLISECOND_US : 0);
}

static bool find(struct irc_history_desk *desk, struct history_job *job) {
	if (job->high - job->low <= 1) {
		return false;
	}
	ask(desk, CLERK_LAST, job->room, job->low + (job->high - job->low) / 2, 1);
	return true;
}

static void find_narrower(struct history_job *job) {
	uint64_t middle = job->low + (job->high - job->low) / 2;
	struct record entry;
	if (job->page.count == 0 ||
	    record_decode(&entry, job->page.each[0].bytes, job->page.each[0].size) == 0 ||
	    entry.time_us < moment_of(job)) {
		job->low = middle;
	} else {
		job->high = entry.seq;
	}
}

/* From here on the selector is a seq: that of the first entry at its moment, or later. */
static void found_moment(struct history_job *job) {
	struct irc_selector *selector =
		job->step == HISTORY_FIND_FIRST ? &job->first : &job->second;
	selector->seq = job->high;
}

/* ---- bounds ---- */

/* Exclusive, whichever way it was said. */
static uint64_t as_lower(const struct irc_selector *selector) {
	return selector->kind == SELECTOR_LATEST ? 0
	       : is_time(selector)               ? selector->seq - 1
	                                         : selector->seq;
}

static enum history_step begin_between(struct history_job *job) {
	bool is_forward = is_mixed(job)          ? is_time(&job->first) == job->is_lower
	                  : is_time(&job->first) ? job->first.time_us <= job->second.time_us
	                                         : job->first.seq <= job->second.seq;
	job->after = as_lower(is_forward ? &job->first : &job->second);
	job->before = is_forward ? job->second.seq : job->first.seq;
	return is_forward ? HISTORY_ON : HISTORY_BACK;
}

static enum history_step begin_reading(struct history_job *job, uint64_t head) {
	job->back_limit = job->limit;
	switch (job->verb) {
	case HISTORY_LATEST:
		job->after = as_lower(&job->first);
		job->before = job->before == 0 ? head + 1 : job->before;
		return HISTORY_BACK;
	case HISTORY_BEFORE: job->before = job->first.seq; return HISTORY_BACK;
	case HISTORY_AFTER:
		job->after = as_lower(&job->first);
		job->before = head + 1;
		return HISTORY_ON;
	case HISTORY_AROUND:
		/* Itself among those before. */
		job->before = job->first.seq + 1;
		job->back_limit = job->limit / 2 + 1;
		job->back_limit = job->back_limit < job->limit ? job->back_limit : job->limit;
		return HISTORY_BACK;
	case HISTORY_BETWEEN: return begin_between(job);
	default: return HISTORY_DONE;
	}
}

/* ---- pages ---- */

static bool is_by(const struct history_job *job, const struct history_item *item) {
	struct record entry;
	return record_decode(&entry, item->bytes, item->size) != 0 &&
	       name_equal(entry.name, slice_of(job->from, job->from_size));
}

static bool is_wanted(const struct history_job *job, const struct history_item *item) {
	if ((item->kind == ENTRY_REDACTED && !job->wants_redactions) ||
	    (job->from_size > 0 && !is_by(job, item))) {
		return false;
	}
	return is_message(item->kind) || (job->wants_events && is_event(item->kind));
}

/* Does it count toward the limit? */
static bool counts(const struct history_item *item) {
	return item->kind != ENTRY_REDACTED;
}

/* Takes it; oldest first: of a search from a moment on, those behind are too many. */
static void keep(const struct history_job *job, struct history_items *items,
                 struct history_item *item) {
	if (!job->keeps_oldest || items->count < job->limit) {
		history_items_take(items, item);
	}
}

/* Puts what a page has before what was found. True: that is enough. */
static bool take_back(struct history_job *job) {
	struct history_items all = {0};
	size_t room = job->back_limit - job->counted, from = job->page.count;
	bool is_at_end = job->page.count < job->page_size;
	while (from > 0 && room > 0) {
		struct history_item *item = &job->page.each[from - 1];
		if (item->seq <= job->after) {
			is_at_end = true;
			break;
		}
		from--;
		room -= is_wanted(job, item) && counts(item);
	}
	job->counted = job->back_limit - room;
	if (job->page.count > 0) {
		job->before = job->page.each[0].seq;
	}
	for (size_t i = from; i < job->page.count; i++) {
		if (is_wanted(job, &job->page.each[i])) {
			keep(job, &all, &job->page.each[i]);
		}
	}
	for (size_t i = 0; i < job->found.count; i++) {
		keep(job, &all, &job->found.each[i]);
	}
	history_items_clear(&job->found);
	job->found = all;
	return is_at_end || room == 0 || job->before <= 1;
}

static bool take_on(struct history_job *job) {
	bool is_at_end = job->page.count < job->page_size;
	for (size_t i = 0; i < job->page.count; i++) {
		struct history_item *item = &job->page.each[i];
		if (item->seq >= job->before || job->counted >= job->limit) {
			return true;
		}
		job->after = item->seq;
		if (is_wanted(job, item)) {
			keep(job, &job->found, item);
			job->counted += counts(item);
		}
	}
	return is_at_end || job->counted >= job->limit;
}

/* ---- targets: the last message of each ---- */

static void take_target(struct history_job *job) {
	struct history_target *target = &job->targets[job->target_at++];
	uint64_t a = job->first.time_us, b = job->second.time_us;
	uint64_t from = a < b ? a : b, to = a < b ? b : a;
	struct record entry;
	/* Both are exclusive, and moments are milliseconds. */
	if (job->page.count > 0 &&
	    record_decode(&entry, job->page.each[0].bytes, job->page.each[0].size) != 0 &&
	    entry.time_us >= from + MILLISECOND_US && entry.time_us < to) {
		target->last_us = entry.time_us;
	}
}

/* ---- letters: what no conversation that there is has ---- */

static void take_letters(const struct state *state, struct history_job *job) {
	uint64_t people[2];
	struct record entry;
	for (size_t i = 0; i < job->page.count; i++) {
		if (record_decode(&entry, job->page.each[i].bytes, job->page.each[i].size) != 0 &&
		    !state_thread_people(state, entry.room, people)) {
			keep(job, &job->found, &job->page.each[i]);
		}
	}
}

/* ---- step by step ---- */

static void begin_finding(struct history_job *job, enum history_step step, uint64_t head) {
	job->step = step;
	job->low = 0;
	job->high = head + 1;
}

/* Newest first is the only way that the clerk can look for a text. */
static void ask_for_text(struct irc_history_desk *desk, struct history_job *job) {
	size_t wanted = job->back_limit - job->counted;
	bool takes_all = job->from_size == 0 && wanted < HISTORY_PAGE;
	ask(desk, CLERK_SEARCH, job->room, job->before - 1,
	    takes_all ? (uint32_t)wanted : HISTORY_PAGE);
}

static bool looks_for_text(const struct history_job *job) {
	return job->kind == HISTORY_IS_SEARCH && job->words != NULL;
}

/*
 * At first no more than may be told, and some that count for nothing. Where that does not do, or of
 * one name alone, there may be few among many.
 */
static uint32_t page_for(const struct history_job *job, size_t limit) {
	size_t wanted = limit - job->counted;
	bool takes_all = job->kind != HISTORY_IS_SEARCH && job->pages == 0 &&
	                 wanted < HISTORY_PAGE - HISTORY_SPARE;
	return takes_all ? (uint32_t)wanted + HISTORY_SPARE : HISTORY_PAGE;
}

/* Asks the next question; or it is done. */
static void ask_next(struct irc_history_desk *desk, struct history_job *job) {
	switch (job->step) {
	case HISTORY_BACK:
		if (looks_for_text(job)) {
			ask_for_text(desk, job);
			return;
		}
		ask(desk, job->wants_events ? CLERK_EVENTS : CLERK_MESSAGES, job->room,
		    job->before - 1, page_for(job, job->back_limit));
		return;
	case HISTORY_ON:
		ask(desk, job->wants_events ? CLERK_EVENTS_AFTER : CLERK_MESSAGES_AFTER, job->room,
		    job->after, page_for(job, job->limit));
		return;
	case HISTORY_NEXT_TARGET:
		if (job->target_at < job->targets_count) {
			ask(desk, CLERK_MESSAGES, job->targets[job->target_at].room,
			    state_seq(desk->irc->edge->state), 1);
			return;
		}
		job->step = HISTORY_DONE;
		return;
	case HISTORY_LETTERS:
		ask(desk, CLERK_LETTERS, job->room, job->first.seq, HISTORY_MISSED_MAX);
		return;
	case HISTORY_FIND_ENTRY: ask(desk, CLERK_ENTRY, job->room, job->first.seq, 1); return;
	case HISTORY_GONE:
		ask(desk, CLERK_GONE, 0, state_seq(desk->irc->edge->state), (uint32_t)job->limit);
		return;
	default: job->step = HISTORY_DONE; return;
	}
}

static void begin_pages(struct irc_history_desk *desk, struct history_job *job) {
	job->step = begin_reading(job, state_seq(desk->irc->edge->state));
	if (job->step == HISTORY_ON && looks_for_text(job)) {
		job->step = HISTORY_BACK;
		job->keeps_oldest = true;
		job->back_limit = SIZE_MAX;
	}
	if (job->step == HISTORY_BACK && job->before <= 1) {
		job->step = HISTORY_DONE;
	}
	ask_next(desk, job);
}

static void find_second(struct irc_history_desk *desk, struct history_job *job) {
	uint64_t head = state_seq(desk->irc->edge->state);
	if (job->verb == HISTORY_BETWEEN && is_time(&job->second)) {
		begin_finding(job, HISTORY_FIND_SECOND, head);
		if (find(desk, job)) {
			return;
		}
		found_moment(job);
	}
	begin_pages(desk, job);
}

/* Nobody waits for it any more: the clerk has others to answer. */
static bool is_in_vain(const struct irc_history_desk *desk, const struct history_job *job) {
	return stream_find(desk->irc->stream, job->connection) == NULL;
}

static void begin_steps(struct irc_history_desk *desk, struct history_job *job) {
	job->until_us = clock_steady_us() + HISTORY_SEARCH_US;
	if (is_in_vain(desk, job)) {
		job->step = HISTORY_DONE;
		return;
	}
	if (job->kind == HISTORY_IS_TARGETS || job->kind == HISTORY_IS_LIST) {
		job->step = HISTORY_NEXT_TARGET;
		ask_next(desk, job);
		return;
	}
	if (job->kind == HISTORY_IS_WHOWAS) {
		job->step = HISTORY_GONE;
		ask_next(desk, job);
		return;
	}
	if (job->kind == HISTORY_IS_LETTERS) {
		job->step = HISTORY_LETTERS;
		ask_next(desk, job);
		return;
	}
	if (job->kind == HISTORY_IS_REDACTION) {
		job->step = HISTORY_FIND_ENTRY;
		ask_next(desk, job);
		return;
	}
	if (job->room == 0) {
		job->step = HISTORY_DONE; /* Two who have never written to each other. */
		return;
	}
	if (is_time(&job->first)) {
		begin_finding(job, HISTORY_FIND_FIRST, state_seq(desk->irc->edge->state));
		if (find(desk, job)) {
			return;
		}
		found_moment(job);
	}
	find_second(desk, job);
}

static bool is_stored(const struct irc_history_desk *desk, const struct history_job *job) {
	const struct board *scribe = desk->irc->edge->house.boards[PROCESS_SCRIBE];
	return scribe == NULL ||
	       atomic_load_explicit(&scribe->seq_stored, memory_order_acquire) >= job->head;
}

static bool may_wait(struct irc_history_desk *desk) {
	uint64_t now_us = loop_now_us(desk->irc->edge->house.loop);
	if (!desk->is_waiting) {
		desk->wait_until_us = now_us + HISTORY_WAIT_US;
	}
	return now_us < desk->wait_until_us;
}

void history_set_out(struct irc_history_desk *desk, struct history_job *job) {
	desk->is_waiting = !is_stored(desk, job) && may_wait(desk);
	if (!desk->is_waiting) {
		begin_steps(desk, job);
	}
}

/* True: the moment is the lower bound after all, and is sought as that. */
static bool turn_to_lower(struct irc_history_desk *desk, struct history_job *job) {
	const struct irc_selector *moment = is_time(&job->first) ? &job->first : &job->second;
	const struct irc_selector *message = is_time(&job->first) ? &job->second : &job->first;
	if (!is_mixed(job) || job->is_lower || moment->seq > message->seq) {
		return false;
	}
	job->is_lower = true;
	begin_finding(job, job->step, state_seq(desk->irc->edge->state));
	return find(desk, job);
}

static void step_finding(struct irc_history_desk *desk, struct history_job *job) {
	find_narrower(job);
	if (find(desk, job)) {
		return;
	}
	found_moment(job);
	if (turn_to_lower(desk, job)) {
		return;
	}
	if (job->step == HISTORY_FIND_FIRST) {
		find_second(desk, job);
	} else {
		begin_pages(desk, job);
	}
}

/* It has taken enough of the others' time. */
static bool is_late(struct history_job *job) {
	bool is_slow = job->kind == HISTORY_IS_SEARCH && clock_steady_us() > job->until_us;
	return ++job->pages == HISTORY_PAGES_MAX || is_slow;
}

static void step_back(struct irc_history_desk *desk, struct history_job *job) {
	bool is_enough = take_back(job) || is_late(job);
	if (is_enough && job->verb == HISTORY_AROUND) {
		job->step = HISTORY_ON;
		job->after = job->first.seq;
		job->before = state_seq(desk->irc->edge->state) + 1;
		job->pages = 0;
		if (job->counted >= job->limit) {
			job->step = HISTORY_DONE;
		}
	} else if (is_enough) {
		job->step = HISTORY_DONE;
	}
	ask_next(desk, job);
}

void history_step(struct irc_history_desk *desk, struct history_job *job) {
	if (is_in_vain(desk, job)) {
		job->step = HISTORY_DONE;
		return;
	}
	switch (job->step) {
	case HISTORY_FIND_FIRST:
	case HISTORY_FIND_SECOND: step_finding(desk, job); return;
	case HISTORY_BACK: step_back(desk, job); return;
	case HISTORY_ON:
		if (take_on(job) || is_late(job)) {
			job->step = HISTORY_DONE;
		}
		ask_next(desk, job);
		return;
	case HISTORY_NEXT_TARGET:
		take_target(job);
		ask_next(desk, job);
		return;
	case HISTORY_LETTERS:
		take_letters(desk->irc->edge->state, job);
		job->step = HISTORY_DONE;
		return;
	case HISTORY_FIND_ENTRY:
	case HISTORY_GONE: job->step = HISTORY_DONE; return;
	case HISTORY_DONE: return;
	}
}
