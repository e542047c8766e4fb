#include "memberships.h"

#include <stdlib.h>
#include <string.h>

#include "pool.h"
#include "state.h"

#define ROOM_FOR_FEW 4

struct memberships *memberships_none(void) {
	struct memberships *none =
		allocate(sizeof(*none) + ROOM_FOR_FEW * sizeof(struct membership));
	*none = (struct memberships){.room = ROOM_FOR_FEW};
	return none;
}

bool memberships_hold(const struct memberships *memberships, uint64_t in, uint64_t seq) {
	if (memberships == NULL) {
		return in == ROOM_LOBBY;
	}
	for (size_t i = 0; i < memberships->count; i++) {
		const struct membership *one = &memberships->each[i];
		if (one->in == in && one->from <= seq && seq <= one->to) {
			return true;
		}
	}
	return false;
}

bool memberships_hold_all(const struct memberships *memberships, uint64_t in, uint64_t first,
                          uint64_t last) {
	if (memberships == NULL) {
		return in == ROOM_LOBBY;
	}
	for (size_t i = 0; i < memberships->count; i++) {
		const struct membership *one = &memberships->each[i];
		if (one->in == in && one->from <= first && last <= one->to) {
			return true;
		}
	}
	return false;
}

static void add(struct memberships **memberships, struct membership one) {
	struct memberships *all = *memberships;
	if (all->count == all->room) {
		size_t room = 2 * all->room;
		all = allocate_again(all, sizeof(*all) + room * sizeof(one));
		all->room = room;
		*memberships = all;
	}
	all->each[all->count++] = one;
}

/* The lobby alone, written out. */
static struct memberships *lobby(void) {
	struct memberships *all = memberships_none();
	add(&all, (struct membership){.in = ROOM_LOBBY, .to = UINT64_MAX});
	return all;
}

void memberships_join(struct memberships **memberships, uint64_t in, uint64_t seq) {
	if (*memberships == NULL) {
		if (in == ROOM_LOBBY) {
			return;
		}
		*memberships = lobby();
	}
	const struct memberships *all = *memberships;
	for (size_t i = 0; i < all->count; i++) {
		if (all->each[i].in == in && all->each[i].to == UINT64_MAX) {
			return;
		}
	}
	add(memberships, (struct membership){.in = in, .from = seq, .to = UINT64_MAX});
}

void memberships_part(struct memberships **memberships, uint64_t in, uint64_t seq) {
	if (*memberships == NULL) {
		if (in != ROOM_LOBBY) {
			return;
		}
		*memberships = lobby();
	}
	for (size_t i = 0; i < (*memberships)->count; i++) {
		struct membership *one = &(*memberships)->each[i];
		if (one->in == in && one->from <= seq && seq < one->to) {
			one->to = seq;
		}
	}
}

void memberships_end(struct memberships **memberships, uint64_t seq) {
	if (*memberships == NULL) {
		*memberships = lobby();
	}
	for (size_t i = 0; i < (*memberships)->count; i++) {
		struct membership *one = &(*memberships)->each[i];
		one->to = one->to < seq ? one->to : seq;
	}
}

uint64_t memberships_last(const struct memberships *memberships) {
	uint64_t last = memberships == NULL ? UINT64_MAX : 0;
	for (size_t i = 0; memberships != NULL && i < memberships->count; i++) {
		last = memberships->each[i].to > last ? memberships->each[i].to : last;
	}
	return last;
}

void memberships_forget(struct memberships **memberships, uint64_t seq) {
	struct memberships *all = *memberships;
	if (all == NULL) {
		return;
	}
	for (size_t i = all->count; i-- > 0;) {
		if (all->each[i].to <= seq) {
			all->each[i] = all->each[--all->count];
		}
	}
	bool is_lobby = all->count == 1 && all->each[0].in == ROOM_LOBBY &&
	                all->each[0].to == UINT64_MAX && all->each[0].from <= seq + 1;
	if (is_lobby) {
		free(all);
		*memberships = NULL;
	}
}
