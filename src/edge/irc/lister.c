/*
 * lister.c - long answers: whom or what they are about is noted at the
 * beginning, and each is looked up when its turn comes. So who comes meanwhile
 * is heard of by entries, and who has gone is left out.
 */
#include <stdlib.h>
#include <string.h>

#include "irc_inside.h"
#include "irc_view.h"

/* So many are told at once; of longer ones, so many before what waits is looked at. */
#define AT_ONCE 500
#define AT_ONCE_BYTES (64 * 1024)
#define PIECE_BYTES (16 * 1024)

struct irc_lister *irc_lister_create(enum irc_list_kind kind, struct slice target) {
	struct irc_lister *lister = calloc(1, sizeof(*lister));
	if (lister == NULL) {
		abort();
	}
	lister->kind = kind;
	lister->target_size =
		target.size < sizeof(lister->target) ? target.size : sizeof(lister->target);
	if (lister->target_size > 0) {
		memcpy(lister->target, target.bytes, lister->target_size);
	}
	return lister;
}

void irc_lister_add_id(struct irc_lister *lister, uint64_t id) {
	if ((lister->count & (lister->count - 1)) == 0) {
		size_t room = lister->count == 0 ? 1 : 2 * lister->count;
		lister->ids = realloc(lister->ids, room * sizeof(*lister->ids));
		if (lister->ids == NULL) {
			abort();
		}
	}
	lister->ids[lister->count++] = id;
}

static void destroy(struct irc_lister *lister) {
	irc_label_drop(lister->label);
	irc_history_free(lister->job);
	free(lister->ids);
	free(lister);
}

void irc_listers_free(struct irc_user *user) {
	while (user->listers != NULL) {
		struct irc_lister *first = user->listers;
		user->listers = first->next;
		destroy(first);
	}
}

/* ---- a piece of one ---- */

static void begin_names(struct irc *irc, const struct irc_lister *lister) {
	bool is_secret =
		(state_room_charter(irc->edge->state, lister->room).bits & ROOM_IS_SECRET) != 0;
	irc_begin_numeric(irc, RPL_NAMREPLY);
	irc_put_text(&irc->at, is_secret ? " @ " : " = ");
	irc_put(&irc->at, slice_of(lister->target, lister->target_size));
	irc_put_text(&irc->at, " :");
}

static bool put_name(struct irc *irc, const struct irc_lister *lister,
                     const struct person *person) {
	char text[2 + NAME_BYTES_MAX + USERHOST_BYTES_MAX + 2];
	struct irc_line name = irc_line_at(text, sizeof(text));
	irc_put_prefixes(irc, &name, lister->room, person_id(person));
	irc_put(&name, person_name(person));
	if (irc_can(irc, CAP_USERHOST_IN_NAMES)) {
		irc_put_text(&name, "!");
		irc_put(&name, view_userhost(irc->edge->state, person));
	}
	bool is_first = irc->at.bytes[irc->at.size - 1] == ':';
	if (irc->at.size + 1 + name.size > IRC_LINE_BYTES_MAX - 2) {
		return false;
	}
	irc_put_text(&irc->at, is_first ? "" : " ");
	irc_put(&irc->at, irc_line_slice(&name));
	return true;
}

/* One line of names. */
static void names_line(struct irc *irc, struct irc_lister *lister) {
	const struct state *state = irc->edge->state;
	bool has_any = false;
	begin_names(irc, lister);
	for (; lister->at < lister->count; lister->at++) {
		const struct person *person = state_person(state, lister->ids[lister->at]);
		if (person == NULL || !state_is_member(state, lister->room, person_id(person))) {
			continue;
		}
		if (!put_name(irc, lister, person)) {
			break;
		}
		has_any = true;
	}
	if (has_any) {
		irc_end_line(irc);
	}
}

static void next_line(struct irc *irc, struct irc_lister *lister) {
	const struct person *person;
	switch (lister->kind) {
	case LIST_NAMES: names_line(irc, lister); return;
	case LIST_WHO:
		person = state_person(irc->edge->state, lister->ids[lister->at++]);
		if (person != NULL && person_is_present(person)) {
			irc_who_line(irc, lister, person);
		}
		return;
	case LIST_ROOMS: irc_list_line(irc, lister, lister->ids[lister->at++]); return;
	case LIST_HISTORY: irc_history_line(irc, lister); return;
	case LIST_METADATA: irc_metadata_lines(irc, lister); return;
	}
}

static void end_line(struct irc *irc, const struct irc_lister *lister) {
	struct slice target = slice_of(lister->target, lister->target_size);
	switch (lister->kind) {
	case LIST_NAMES: irc_numeric(irc, RPL_ENDOFNAMES, target, irc_nothing()); break;
	case LIST_WHO: irc_numeric(irc, RPL_ENDOFWHO, target, irc_nothing()); break;
	case LIST_ROOMS: irc_numeric(irc, RPL_LISTEND, irc_nothing(), irc_nothing()); break;
	case LIST_HISTORY: irc_history_last_line(irc, lister); break;
	case LIST_METADATA: irc_close_batch(irc, lister->batch); break;
	}
}

/* False: it is over, and its end was told. */
static bool go_on(struct irc *irc, struct irc_lister *lister, size_t bytes) {
	uint64_t before = irc->put_bytes;
	/* What is looked at counts as well, though nothing be told of it. */
	for (size_t looked = 0;
	     lister->at < lister->count && irc->put_bytes - before + 8 * looked < bytes; looked++) {
		next_line(irc, lister);
	}
	if (lister->at < lister->count) {
		return true;
	}
	end_line(irc, lister);
	return false;
}

/* ---- all of it ---- */

static int by_id(const void *a, const void *b) {
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

void irc_lister_start(struct irc *irc, struct irc_lister *lister) {
	if (lister->count > 1 && lister->ids != NULL) {
		qsort(lister->ids, lister->count, sizeof(*lister->ids), by_id);
	}
	bool is_now = irc->user->listers == NULL && lister->count <= AT_ONCE &&
	              !stream_is_behind(irc->to);
	if (is_now && !go_on(irc, lister, AT_ONCE_BYTES)) {
		destroy(lister);
		return;
	}
	lister->label = irc_label_keep(irc);
	struct irc_lister **last = &irc->user->listers;
	while (*last != NULL) {
		last = &(*last)->next;
	}
	*last = lister;
	stream_continue(irc->stream, irc->to);
}

bool irc_lister_more(struct irc *irc) {
	struct irc_lister *lister = irc->user->listers;
	if (lister == NULL) {
		return false;
	}
	irc->label = lister->label;
	bool has_more = go_on(irc, lister, PIECE_BYTES);
	if (irc->label != NULL) {
		irc->label->is_ended = !has_more && irc->label->holders == 1;
	}
	irc_flush(irc);
	irc->label = NULL;
	if (!has_more) {
		irc->user->listers = lister->next;
		destroy(lister);
	}
	return irc->user->listers != NULL;
}
