/* history_last.c - the last message of the rooms that are asked for: irc_history.h says what for. */
#include "irc_history.h"

static struct history_last *find(struct irc_history_desk *desk, uint64_t room) {
	for (unsigned i = 0; i < HISTORY_LASTS_MAX; i++) {
		if (desk->lasts[i].room == room) {
			return &desk->lasts[i];
		}
	}
	return NULL;
}

void history_last_watch(struct irc_history_desk *desk, uint64_t room, uint64_t seq) {
	if (room != 0 && find(desk, room) == NULL) {
		desk->lasts[desk->lasts_next++ % HISTORY_LASTS_MAX] =
			(struct history_last){.room = room, .since = seq};
	}
}

void irc_history_note(struct irc *irc, const struct record *entry) {
	struct history_last *last = entry->room == 0 ? NULL : find(irc->desk, entry->room);
	if (last != NULL) {
		last->seq = entry->seq;
		last->is_known = true;
	}
}

void irc_history_lose(struct irc *irc) {
	for (unsigned i = 0; i < HISTORY_LASTS_MAX; i++) {
		irc->desk->lasts[i] = (struct history_last){0};
	}
}

uint64_t history_last_bound(const struct irc_history_desk *desk, const struct history_job *job) {
	for (unsigned i = 0; i < HISTORY_LASTS_MAX; i++) {
		const struct history_last *last = &desk->lasts[i];
		if (last->room == job->room && last->is_known) {
			return last->seq;
		}
	}
	return UINT64_MAX;
}

void history_last_learn(struct irc_history_desk *desk, const struct history_job *job) {
	struct history_last *last = find(desk, job->room);
	/* It has read all that was there when the watch began, back to the first message. */
	if (last == NULL || last->is_known || job->until <= last->since || job->after != 0 ||
	    job->pages == HISTORY_PAGES_MAX) {
		return;
	}
	last->seq = job->found.count == 0 ? 0 : job->found.each[job->found.count - 1].seq;
	last->is_known = true;
}
