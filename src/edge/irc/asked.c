/*
 * asked.c - requests that are under way. The hub answers an edge's queue in its
 * order, so those under way are a line, whosever they are.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "irc_inside.h"
#include "queue.h"

static char *copy_of(struct slice text) {
	char *copy = malloc(text.size + 1);
	if (copy == NULL) {
		abort();
	}
	if (text.size > 0) {
		memcpy(copy, text.bytes, text.size);
	}
	copy[text.size] = '\0';
	return copy;
}

static void make_room(struct irc *irc) {
	if (irc->asked_count < irc->asked_room) {
		return;
	}
	uint32_t room = irc->asked_room == 0 ? 64 : 2 * irc->asked_room;
	struct irc_asked *asked = malloc(room * sizeof(*asked));
	if (asked == NULL) {
		abort();
	}
	for (uint32_t i = 0; i < irc->asked_count; i++) {
		asked[i] = irc->asked[(irc->asked_first + i) % irc->asked_room];
	}
	free(irc->asked);
	irc->asked = asked;
	irc->asked_first = 0;
	irc->asked_room = room;
}

bool irc_request(struct irc *irc, struct record *request, struct slice target, bool is_quiet) {
	if (irc->must_wait) {
		return false;
	}
	irc->made++;
	if (irc->made <= irc->user->resumed) {
		return true; /* Made when this line came before. */
	}
	request->session = stream_session(irc->to);
	request->face = FACE_IRC;
	if (!stream_request(irc->stream, irc->to, request)) {
		irc->made--;
		irc->must_wait = true;
		return false;
	}
	make_room(irc);
	struct irc_asked *asked =
		&irc->asked[(irc->asked_first + irc->asked_count++) % irc->asked_room];
	struct queue *queue = irc->edge->house.queues[irc->edge->house.edge];
	*asked = (struct irc_asked){.request = queue_number_put(queue),
	                            .connection = stream_name(irc->stream, irc->to),
	                            .kind = request->kind,
	                            .is_quiet = is_quiet,
	                            .service = irc->service,
	                            .label = irc_label_keep(irc),
	                            .target = copy_of(target)};
	irc->user->asked++;
	return true;
}

bool irc_request_now(struct irc *irc, struct record *request, struct slice target, bool is_quiet) {
	uint32_t resumed = irc->user->resumed;
	irc->user->resumed = irc->made = 0;
	irc->must_wait = false;
	bool is_made = irc_request(irc, request, target, is_quiet);
	irc->user->resumed = resumed;
	return is_made;
}

static void drop_first(struct irc *irc) {
	struct irc_asked *first = &irc->asked[irc->asked_first];
	struct stream_connection *whose = stream_find(irc->stream, first->connection);
	if (whose != NULL && stream_own(whose) != NULL) {
		((struct irc_user *)stream_own(whose))->asked--;
	}
	irc->asked_first = (irc->asked_first + 1) % irc->asked_room;
	irc->asked_count--;
}

static void pass_over(struct irc *irc) {
	struct irc_asked *first = &irc->asked[irc->asked_first];
	irc_label_drop(first->label);
	free(first->target);
	drop_first(irc);
}

void irc_asked_lose(struct irc *irc, uint64_t up_to) {
	while (irc->asked_count > 0 && irc->asked[irc->asked_first].request <= up_to) {
		struct irc_asked lost = irc->asked[irc->asked_first];
		drop_first(irc);
		irc_answer_lost(irc, &lost);
	}
}

bool irc_asked_take(struct irc *irc, const struct record *record, struct irc_asked *asked) {
	const struct house *house = &irc->edge->house;
	if (record->request == 0 || record->queue != house->edge ||
	    record->incarnation !=
	            atomic_load_explicit(&house->own->incarnation, memory_order_relaxed)) {
		return false;
	}
	irc_asked_lose(irc, record->request - 1);
	if (irc->asked_count == 0 || irc->asked[irc->asked_first].request != record->request) {
		return false;
	}
	*asked = irc->asked[irc->asked_first];
	if ((record->flags & RECORD_IS_LAST) == 0 && record_is_entry(record)) {
		/* More follows: it stays, and what is given has nothing of its own. */
		asked->target = copy_of(slice_from_string(asked->target));
		if (asked->label != NULL) {
			asked->label->holders++;
		}
		return true;
	}
	drop_first(irc);
	return true;
}

void irc_asked_drop_all(struct irc *irc) {
	while (irc->asked_count > 0) {
		pass_over(irc);
	}
	free(irc->asked);
	irc->asked = NULL;
	irc->asked_room = 0;
}
