/* history.c - CHATHISTORY, WHOWAS, and the last lines for older clients: what is asked, and the desk for it. */
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "irc_commands.h"
#include "irc_history.h"
#include "irc_view.h"

/* ---- the desk ---- */

void history_items_take(struct history_items *items, struct history_item *item) {
	if (items->count == items->room) {
		items->room = items->room == 0 ? 32 : 2 * items->room;
		items->each = realloc(items->each, items->room * sizeof(*items->each));
	}
	if (items->each == NULL) {
		abort();
	}
	items->each[items->count++] = *item;
	item->bytes = NULL;
}

void history_items_add(struct history_items *items, const void *bytes, size_t size,
                       const struct record *entry) {
	struct history_item item = {
		.seq = entry->seq, .kind = entry->kind, .size = size, .bytes = malloc(size)};
	if (item.bytes == NULL) {
		abort();
	}
	memcpy(item.bytes, bytes, size);
	history_items_take(items, &item);
}

void history_items_clear(struct history_items *items) {
	for (size_t i = 0; i < items->count; i++) {
		free(items->each[i].bytes);
	}
	free(items->each);
	*items = (struct history_items){0};
}

void irc_history_free(struct history_job *job) {
	if (job == NULL) {
		return;
	}
	history_items_clear(&job->page);
	history_items_clear(&job->found);
	irc_label_drop(job->label);
	free(job->targets);
	free(job->words);
	free(job);
}

/* The one in hand is told, or has failed; the next begins. */
static void end_first(struct irc_history_desk *desk, bool is_good) {
	struct irc *irc = desk->irc;
	struct history_job *job = desk->first;
	struct stream_connection *to = stream_find(irc->stream, job->connection);
	struct irc_label *label = job->label;
	bool is_taken = false;
	job->label = NULL;
	desk->first = job->next;
	desk->last = desk->first == NULL ? NULL : desk->last;
	desk->count--;
	if (to != NULL && stream_own(to) != NULL) {
		irc_talk_to(irc, to);
		irc->user->waits--;
		irc->label = label;
		if (is_good) {
			is_taken = history_tell(irc, job);
		} else if (job->kind == HISTORY_IS_WHOWAS) {
			irc_numeric(irc, RPL_TRYAGAIN, irc_word("WHOWAS"), irc_nothing());
		} else if (job->kind == HISTORY_IS_REDACTION) {
			irc_numeric(irc, RPL_TRYAGAIN, irc_word("REDACT"), irc_nothing());
		} else if (job->kind == HISTORY_IS_SEARCH) {
			irc_standard(irc, "FAIL", "SEARCH", "INTERNAL_ERROR", irc_nothing(),
			             "The search could not be run");
		} else if (job->kind != HISTORY_IS_BACKLOG && job->kind != HISTORY_IS_MISSED &&
		           job->kind != HISTORY_IS_LETTERS) {
			irc_standard(irc, "FAIL", "CHATHISTORY", "MESSAGE_ERROR", irc_nothing(),
			             "Messages could not be retrieved");
		}
		if (label != NULL) {
			label->is_ended = label->holders == 1;
		}
		irc_flush(irc);
		irc->label = NULL;
	}
	irc_label_drop(label);
	if (!is_taken) {
		irc_history_free(job);
	}
}

static void go_on(struct irc_history_desk *desk) {
	while (desk->first != NULL && !desk->is_waiting && desk->first->step == HISTORY_DONE) {
		end_first(desk, true);
		if (desk->first != NULL) {
			history_set_out(desk, desk->first);
		}
	}
}

static void on_slice(void *context, struct slice_in_hand slice) {
	struct irc_history_desk *desk = context;
	struct history_job *job = desk->first;
	struct record entry;
	const uint8_t *bytes = slice.bytes;
	for (; slice_next(&slice, &entry); bytes = slice.bytes) {
		/* After the clerk's death a slice may come twice. */
		size_t count = job->page.count;
		if (count == 0 || job->page.each[count - 1].seq < entry.seq) {
			history_items_add(&job->page, bytes, (size_t)(slice.bytes - bytes), &entry);
		}
	}
	asker_release(&desk->irc->edge->asker);
	if (slice.is_last) {
		history_step(desk, job);
		go_on(desk);
	}
}

static void on_failure(void *context) {
	struct irc_history_desk *desk = context;
	end_first(desk, false);
	if (desk->first != NULL) {
		history_set_out(desk, desk->first);
	}
	go_on(desk);
}

void irc_history_begin(struct irc *irc) {
	struct irc_history_desk *desk = calloc(1, sizeof(*desk));
	if (desk == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory for the IRC dialect");
	}
	desk->irc = irc;
	desk->ask = (struct ask){.take = on_slice, .fail = on_failure, .context = desk};
	irc->desk = desk;
	asker_add(&irc->edge->asker, &desk->ask);
}

void irc_history_end(struct irc *irc) {
	struct irc_history_desk *desk = irc->desk;
	while (desk->first != NULL) {
		struct history_job *job = desk->first;
		desk->first = job->next;
		irc_history_free(job);
	}
	free(desk);
}

void history_add_job(struct irc *irc, struct history_job *job) {
	struct irc_history_desk *desk = irc->desk;
	job->head = state_seq(irc->edge->state);
	job->connection = stream_name(irc->stream, irc->to);
	job->label = irc_label_keep(irc);
	irc->user->waits++;
	desk->count++;
	if (desk->last != NULL) {
		desk->last->next = job;
	} else {
		desk->first = job;
	}
	desk->last = job;
	if (desk->first == job) {
		history_set_out(desk, job);
	}
}

/* What needs no clerk is told when the line that asked for it has been taken. */
uint64_t irc_history_due_us(const struct irc *irc) {
	const struct history_job *first = irc->desk->first;
	if (irc->desk->is_waiting) {
		return loop_now_us(irc->edge->house.loop) + HISTORY_LOOK_US;
	}
	return first != NULL && first->step == HISTORY_DONE ? 0 : LOOP_FOREVER;
}

void irc_history_tick(struct irc *irc) {
	if (irc->desk->is_waiting) {
		history_set_out(irc->desk, irc->desk->first);
	}
	go_on(irc->desk);
}

/* ---- questions ---- */

struct history_job *history_make_job(struct irc *irc, enum history_kind kind, struct slice target) {
	struct history_job *job =
		irc->desk->count >= HISTORY_JOBS_MAX ? NULL : calloc(1, sizeof(*job));
	if (job != NULL) {
		job->kind = kind;
		job->target_size =
			target.size < sizeof(job->target) ? target.size : sizeof(job->target);
		memcpy(job->target, target.bytes, job->target_size);
		job->wants_events = irc_can(irc, CAP_EVENT_PLAYBACK);
		job->wants_redactions = irc_can(irc, CAP_MESSAGE_REDACTION);
	}
	return job;
}

void irc_backlog(struct irc *irc, uint64_t room, uint64_t seq) {
	struct history_job *job =
		history_make_job(irc, HISTORY_IS_BACKLOG, view_room_name(irc->edge->state, room));
	if (job == NULL) {
		return;
	}
	job->room = room;
	job->verb = HISTORY_LATEST;
	job->first.kind = SELECTOR_LATEST;
	job->limit = HISTORY_BACKLOG;
	job->before = seq + 1;
	job->wants_events = false;
	history_add_job(irc, job);
}

static struct history_job *make_missed(struct irc *irc, uint64_t room, struct slice name) {
	struct history_job *job = history_make_job(irc, HISTORY_IS_MISSED, name);
	if (job != NULL) {
		job->room = room;
		job->verb = HISTORY_LATEST;
		job->first.kind = SELECTOR_LATEST;
		job->wants_events = false;
	}
	return job;
}

void irc_missed(struct irc *irc, uint64_t room, struct slice name, uint64_t since) {
	struct history_job *job = make_missed(irc, room, name);
	if (job == NULL) {
		return;
	}
	/* A message's seq is as good as any: what is behind it. */
	job->first.kind = SELECTOR_MSGID;
	job->first.seq = since;
	/* One more shows that there are more. */
	job->limit = HISTORY_MISSED_MAX + 1;
	job->before = state_seq(irc->edge->state) + 1;
	history_add_job(irc, job);
}

void irc_missed_letters(struct irc *irc, uint64_t since) {
	struct history_job *job = history_make_job(irc, HISTORY_IS_LETTERS, irc_nick(irc));
	if (job != NULL) {
		job->room = stream_person(irc->to);
		job->first.seq = since;
		job->limit = HISTORY_MISSED_MAX;
		history_add_job(irc, job);
	}
}

static struct irc_selector at_time(uint64_t time_us) {
	return (struct irc_selector){.kind = SELECTOR_TIME, .time_us = time_us};
}

void irc_play(struct irc *irc, uint64_t room, struct slice name, uint64_t from_us, uint64_t to_us) {
	struct history_job *job = make_missed(irc, room, name);
	if (job == NULL) {
		irc_notice(irc, "*playback", irc_word("Too many ask for messages just now"));
		return;
	}
	if (from_us != 0 || to_us != 0) {
		job->first = at_time(from_us);
	}
	if (to_us != 0) {
		job->verb = HISTORY_BETWEEN;
		job->second = at_time(to_us);
	}
	job->limit = HISTORY_PLAYED_MAX + 1;
	history_add_job(irc, job);
}

bool irc_ask_whowas(struct irc *irc, struct slice name, size_t count) {
	struct history_job *job = history_make_job(irc, HISTORY_IS_WHOWAS, name);
	if (job == NULL) {
		return false;
	}
	job->limit = count;
	history_add_job(irc, job);
	return true;
}

static void fail(struct irc *irc, const char *code, const char *text) {
	char words[IRC_LINE_BYTES_MAX];
	struct irc_line line = irc_line_at(words, sizeof(words));
	for (size_t i = 0; i < irc->message.count && i < 2; i++) {
		irc_put_text(&line, i > 0 ? " " : "");
		irc_put(&line, irc->message.parameters[i]);
	}
	irc_standard(irc, "FAIL", "CHATHISTORY", code, irc_line_slice(&line), text);
}

bool history_find_target(const struct irc *irc, struct slice target, uint64_t *room) {
	const struct state *state = irc->edge->state;
	uint64_t self = stream_person(irc->to);
	if (target.size > 0 && target.bytes[0] == '#') {
		*room = state_room_named(state, target);
		if (*room != 0 && state_is_member(state, *room, self)) {
			return true;
		}
	} else {
		const struct person *other = state_person_named(state, target);
		if (other != NULL) {
			*room = state_thread(state, self, person_id(other));
			return true;
		}
	}
	return false;
}

static bool is_ours(const struct irc *irc, const struct irc_selector *selector) {
	return selector->kind != SELECTOR_MSGID || selector->log == irc->log;
}

static struct history_target *add_target(struct history_job *job) {
	if ((job->targets_count & (job->targets_count - 1)) == 0) {
		size_t room = job->targets_count == 0 ? 1 : 2 * job->targets_count;
		job->targets = realloc(job->targets, room * sizeof(*job->targets));
		if (job->targets == NULL) {
			abort();
		}
	}
	struct history_target *target = &job->targets[job->targets_count++];
	*target = (struct history_target){0};
	return target;
}

static bool add_thread(void *context, uint64_t thread, uint64_t other) {
	struct history_target *target = add_target(context);
	target->room = thread;
	target->person = other;
	return true;
}

static void collect_targets(struct irc *irc, struct history_job *job) {
	uint64_t rooms[ROOMS_PER_PERSON_MAX];
	const struct state *state = irc->edge->state;
	const struct person *self = irc_self(irc);
	size_t count = self == NULL ? 0 : person_rooms(state, self, rooms, ROOMS_PER_PERSON_MAX);
	for (size_t i = 0; i < count && i < ROOMS_PER_PERSON_MAX; i++) {
		add_target(job)->room = rooms[i];
	}
	state_threads_each(state, stream_person(irc->to), add_thread, job);
}

void irc_list_playback(struct irc *irc) {
	struct history_job *job = history_make_job(irc, HISTORY_IS_LIST, irc_word("*"));
	if (job == NULL) {
		irc_notice(irc, "*playback", irc_word("Too many ask for messages just now"));
		return;
	}
	job->first = at_time(0);
	job->second = at_time(UINT64_MAX);
	job->limit = SIZE_MAX;
	collect_targets(irc, job);
	history_add_job(irc, job);
}

void irc_on_chathistory(struct irc *irc) {
	uint64_t room = 0;
	struct irc_history wish = irc_read_history(&irc->message);
	if (wish.fault == HISTORY_NEED_MORE_PARAMS) {
		fail(irc, "NEED_MORE_PARAMS", "Not enough parameters");
		return;
	}
	if (wish.fault != HISTORY_OK || wish.verb == HISTORY_UNKNOWN ||
	    !is_ours(irc, &wish.first) || !is_ours(irc, &wish.second)) {
		fail(irc, "INVALID_PARAMS", "Invalid parameters");
		return;
	}
	if (wish.verb != HISTORY_TARGETS && !history_find_target(irc, wish.target, &room)) {
		fail(irc, "INVALID_TARGET", "Messages could not be retrieved");
		return;
	}
	struct history_job *job = history_make_job(
		irc, wish.verb == HISTORY_TARGETS ? HISTORY_IS_TARGETS : HISTORY_IS_SLICE,
		wish.verb == HISTORY_TARGETS ? irc_word("*") : wish.target);
	if (job == NULL) {
		fail(irc, "MESSAGE_ERROR", "Too many ask for messages just now");
		return;
	}
	job->room = room;
	job->verb = wish.verb;
	job->first = wish.first;
	job->second = wish.second;
	job->limit = wish.limit < HISTORY_MESSAGES_MAX ? wish.limit : HISTORY_MESSAGES_MAX;
	if (job->kind == HISTORY_IS_TARGETS) {
		collect_targets(irc, job);
	}
	history_add_job(irc, job);
}
