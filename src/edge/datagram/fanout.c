#include "fanout.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* The same datagram is tried again after an error that may have been another's. */
#define TRIES_MAX 8
/* And so often when the machine has no buffers: a few milliseconds. */
#define PAUSES_MAX 3
#define ERRORS_PER_TRY 64

/* Progress as one number: the outlet above, the session below. */
#define SESSION_BITS 56
#define SESSION_MASK ((UINT64_C(1) << SESSION_BITS) - 1)

void fanout_init(struct fanout *fanout, const struct outlet *outlets, unsigned outlets_count,
                 const struct fanout_way *way) {
	memset(fanout, 0, sizeof(*fanout));
	fanout->way = *way;
	fanout->outlets = outlets;
	fanout->outlets_count = outlets_count;
	fanout->outlet = outlets_count;
	fanout->prepared_for = -1;
}

/* ---- what to do ---- */

static void begin(struct fanout *fanout, const struct iovec *parts, unsigned parts_count) {
	assert(parts_count > 0 && parts_count <= PLAIN_PARTS_MAX);
	fanout->parts = parts;
	fanout->parts_count = parts_count;
	fanout->rosters = NULL;
	fanout->single = NULL;
	fanout->author = 0;
	fanout->below = UINT64_MAX;
	fanout->progress = NULL;
	fanout->outlet = 0;
	fanout->done_to = 0;
	fanout->cursor = (struct roster_cursor){0};
	fanout->is_at_end = false;
	fanout->filled = fanout->sent = fanout->tries = 0;
	fanout->split = NULL;
}

void fanout_to_all(struct fanout *fanout, const struct iovec *parts, unsigned parts_count,
                   const struct roster *rosters, uint64_t author, uint64_t below) {
	begin(fanout, parts, parts_count);
	fanout->rosters = rosters;
	fanout->author = author;
	fanout->below = below;
}

void fanout_to_one(struct fanout *fanout, const struct iovec *parts, unsigned parts_count,
                   unsigned outlet, const struct plain_member *member) {
	assert(outlet < fanout->outlets_count);
	begin(fanout, parts, parts_count);
	fanout->single = member;
	fanout->outlet = outlet;
}

uint64_t fanout_progress(const struct fanout *fanout) {
	return (uint64_t)fanout->outlet << SESSION_BITS | (fanout->done_to & SESSION_MASK);
}

static void keep_progress(const struct fanout *fanout) {
	if (fanout->progress != NULL) {
		atomic_store_explicit(fanout->progress, fanout_progress(fanout),
		                      memory_order_release);
	}
}

void fanout_keep_progress(struct fanout *fanout, _Atomic uint64_t *kept) {
	fanout->progress = kept;
	keep_progress(fanout);
}

void fanout_resume(struct fanout *fanout, uint64_t progress) {
	assert(fanout->rosters != NULL && fanout->filled == 0);
	uint64_t outlet = progress >> SESSION_BITS;
	if (outlet >= fanout->outlets_count) {
		fanout->outlet = fanout->outlets_count;
		return;
	}
	fanout->outlet = (unsigned)outlet;
	fanout->done_to = progress & SESSION_MASK;
	fanout->cursor = roster_after(&fanout->rosters[outlet], fanout->done_to);
}

/* ---- making a batch ---- */

/* What is the same for all members of an outlet is written once. */
static void prepare_slots(struct fanout *fanout) {
	const struct outlet *outlet = &fanout->outlets[fanout->outlet];
	if (fanout->prepared_for == (int)fanout->outlet) {
		return;
	}
	fanout->prepared_for = (int)fanout->outlet;
	for (unsigned i = 0; i < FANOUT_BATCH; i++) {
		fanout->slots[i] = (struct mmsghdr){
			.msg_hdr = {.msg_namelen = outlet->name_bytes, .msg_iovlen = 1}};
		outlet_control_init(outlet, &fanout->controls[i]);
	}
}

/* The next who gets it; NULL at the outlet's end. */
static const struct plain_member *next_member(struct fanout *fanout) {
	if (fanout->single != NULL) {
		return fanout->is_at_end ? NULL : fanout->single;
	}
	const struct roster *roster = &fanout->rosters[fanout->outlet];
	const struct plain_member *member = roster_next(roster, &fanout->cursor);
	if (member != NULL && member->session == fanout->author) {
		member = roster_next(roster, &fanout->cursor);
	}
	return member != NULL && member->session < fanout->below ? member : NULL;
}

static void fill_slot(struct fanout *fanout, const struct plain_member *member, unsigned part) {
	const struct outlet *outlet = &fanout->outlets[fanout->outlet];
	struct msghdr *message = &fanout->slots[fanout->filled].msg_hdr;
	/* The interface of sendmmsg() forgets const; it writes neither. */
	message->msg_name = (void *)(uintptr_t)&member->target.to;
	message->msg_iov = (struct iovec *)(uintptr_t)&fanout->parts[part];
	if (outlet->is_wildcard) {
		struct outlet_control *control = &fanout->controls[fanout->filled];
		message->msg_controllen = outlet_control_set(outlet, control, &member->target);
		message->msg_control = message->msg_controllen > 0 ? control : NULL;
	}
	fanout->sessions[fanout->filled++] = member->session;
}

/* As many of the member's parts as there are slots for; the others are the next batch's. */
static void fill_member(struct fanout *fanout, const struct plain_member *member, unsigned part) {
	while (part < fanout->parts_count && fanout->filled < FANOUT_BATCH) {
		fill_slot(fanout, member, part++);
	}
	fanout->split = part < fanout->parts_count ? member : NULL;
	fanout->split_part = part;
}

static void fill_batch(struct fanout *fanout) {
	prepare_slots(fanout);
	fanout->filled = fanout->sent = fanout->tries = 0;
	if (fanout->split != NULL) {
		fill_member(fanout, fanout->split, fanout->split_part);
	}
	while (fanout->filled < FANOUT_BATCH && !fanout->is_at_end) {
		const struct plain_member *member = next_member(fanout);
		if (member != NULL) {
			fill_member(fanout, member, 0);
		}
		fanout->is_at_end = member == NULL || fanout->single != NULL;
	}
}

/* ---- sending it ---- */

/* The slots before `sent` are done with: whoever has all parts is behind us. */
static void note_progress(struct fanout *fanout) {
	unsigned last = fanout->sent - 1;
	bool is_whole = fanout->sent < fanout->filled
	                        ? fanout->sessions[fanout->sent] != fanout->sessions[last]
	                        : fanout->split == NULL;
	if (is_whole) {
		fanout->done_to = fanout->sessions[last];
		return;
	}
	/* Its last parts wait; the one before it is done. */
	uint64_t waiting = fanout->sessions[last];
	while (last > 0 && fanout->sessions[last] == waiting) {
		last--;
	}
	if (fanout->sessions[last] != waiting) {
		fanout->done_to = fanout->sessions[last];
	}
}

static void skip_slots(struct fanout *fanout, unsigned count) {
	fanout->sent += count;
	fanout->tries = 0;
	note_progress(fanout);
	keep_progress(fanout);
}

/* The address that it should come from is ours no more: better from another than not at all. */
static bool lacks_address(struct fanout *fanout, int error) {
	struct msghdr *message = &fanout->slots[fanout->sent].msg_hdr;
	if ((error != EINVAL && error != EADDRNOTAVAIL) || message->msg_controllen == 0) {
		return false;
	}
	message->msg_controllen = 0;
	return true;
}

static enum fanout_result on_failure(struct fanout *fanout, int error) {
	const struct outlet *outlet = &fanout->outlets[fanout->outlet];
	if (error == EAGAIN || error == EWOULDBLOCK) {
		return FANOUT_BLOCKED;
	}
	if (error == EINTR || lacks_address(fanout, error)) {
		return FANOUT_MORE;
	}
	fanout->tries++;
	if (error == ENOBUFS && fanout->tries <= PAUSES_MAX) {
		return FANOUT_PAUSED;
	}
	/* Was it another's error, the next try succeeds; was it this one's own, it fails once more. */
	unsigned others = outlet_take_errors(outlet, ERRORS_PER_TRY, fanout->way.on_error,
	                                     fanout->way.context);
	if (fanout->tries >= (others > 0 ? TRIES_MAX : 2)) {
		fanout->unsent++;
		skip_slots(fanout, 1);
	}
	return FANOUT_MORE;
}

static enum fanout_result send_batch(struct fanout *fanout, unsigned *budget) {
	const struct outlet *outlet = &fanout->outlets[fanout->outlet];
	unsigned count = fanout->filled - fanout->sent;
	int sent = fanout->way.send(outlet->fd, &fanout->slots[fanout->sent], count,
	                            MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent <= 0) {
		*budget -= *budget > 0;
		return on_failure(fanout, sent < 0 ? errno : EAGAIN);
	}
	fanout->delivered += (unsigned)sent;
	*budget -= (unsigned)sent < *budget ? (unsigned)sent : *budget;
	skip_slots(fanout, (unsigned)sent);
	return FANOUT_MORE;
}

/* To the next outlet; false if there is none. */
static bool next_outlet(struct fanout *fanout) {
	fanout->outlet = fanout->single != NULL ? fanout->outlets_count : fanout->outlet + 1;
	fanout->done_to = 0;
	fanout->cursor = (struct roster_cursor){0};
	fanout->is_at_end = false;
	keep_progress(fanout);
	return fanout->outlet < fanout->outlets_count;
}

enum fanout_result fanout_go_on(struct fanout *fanout, unsigned *budget) {
	while (fanout->outlet < fanout->outlets_count) {
		if (fanout->sent == fanout->filled) {
			fill_batch(fanout);
		}
		if (fanout->filled == 0) {
			next_outlet(fanout);
			continue;
		}
		if (*budget == 0) {
			return FANOUT_MORE;
		}
		enum fanout_result result = send_batch(fanout, budget);
		if (result != FANOUT_MORE) {
			return result;
		}
	}
	return FANOUT_DONE;
}
