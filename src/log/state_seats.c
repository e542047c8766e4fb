/*
 * What a stream's session has said of itself: on which device it is; and the nonce by which
 * somebody who comes again shows that it is its own.
 */
#include "state_inner.h"

static struct seat *seat_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.seats, handle);
}

static uint64_t seat_session_hash(const void *thing) {
	return hash_number(((const struct seat *)thing)->session);
}
static uint64_t seat_nonce_hash(const void *thing) {
	return hash_number(((const struct seat *)thing)->nonce ^ state_secret);
}

void seats_init(struct state *state) {
	struct sides *sides = &state->sides;
	pool_init(&sides->seats, sizeof(struct seat));
	table_init(&sides->seats_by_session, &sides->seats, offsetof(struct seat, link),
	           seat_session_hash);
	table_init(&sides->seats_by_nonce, &sides->seats, offsetof(struct seat, link_nonce),
	           seat_nonce_hash);
}

void seats_finish(struct state *state) {
	table_finish(&state->sides.seats_by_session);
	table_finish(&state->sides.seats_by_nonce);
	pool_finish(&state->sides.seats);
}

uint32_t find_seat(const struct state *state, uint32_t session) {
	if (state->sides.seats.count == 0) {
		return 0;
	}
	uint32_t handle = table_first(&state->sides.seats_by_session, hash_number(session));
	while (handle != 0 && seat_at(state, handle)->session != session) {
		handle = table_next(&state->sides.seats_by_session, handle);
	}
	return handle;
}

struct slice seat_of(const struct state *state, uint32_t session) {
	uint32_t handle = find_seat(state, session);
	return handle == 0 ? slice_of(NULL, 0) : text_of(state, seat_at(state, handle)->device);
}

uint64_t seat_nonce(const struct state *state, uint32_t session) {
	uint32_t handle = find_seat(state, session);
	return handle == 0 ? 0 : seat_at(state, handle)->nonce;
}

uint32_t find_session_of_seat(const struct state *state, uint64_t nonce) {
	uint32_t found = 0;
	if (nonce == 0 || state->sides.seats.count == 0) {
		return 0;
	}
	uint32_t handle =
		table_first(&state->sides.seats_by_nonce, hash_number(nonce ^ state_secret));
	for (; handle != 0; handle = table_next(&state->sides.seats_by_nonce, handle)) {
		const struct seat *seat = seat_at(state, handle);
		bool is_newer = found == 0 ||
		                session_at(state, seat->session)->id > session_at(state, found)->id;
		if (seat->nonce == nonce && is_newer) {
			found = seat->session;
		}
	}
	return found;
}

struct record row_of_seat(const struct state *state, uint32_t handle) {
	const struct seat *seat = seat_at(state, handle);
	return (struct record){.kind = ROW_SEAT,
	                       .session = session_at(state, seat->session)->id,
	                       .name = text_of(state, seat->device),
	                       .nonce = seat->nonce};
}

static void tell_seat(struct state *state, uint32_t handle, bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_seat(state, handle);
		tell(state, &row, is_gone);
	}
}

void set_seat(struct state *state, uint32_t session, struct slice device, uint64_t nonce) {
	if (device.size == 0 && nonce == 0) {
		return;
	}
	uint32_t handle = pool_take(&state->sides.seats);
	*seat_at(state, handle) = (struct seat){.session = session, .nonce = nonce};
	set_text(state, &seat_at(state, handle)->device, device);
	table_add(&state->sides.seats_by_session, handle);
	if (nonce != 0) {
		table_add(&state->sides.seats_by_nonce, handle);
	}
	tell_seat(state, handle, false);
}

void end_seat(struct state *state, uint32_t session) {
	uint32_t handle = find_seat(state, session);
	if (handle != 0) {
		tell_seat(state, handle, true);
		set_text(state, &seat_at(state, handle)->device, slice_of(NULL, 0));
		table_remove(&state->sides.seats_by_session, handle);
		if (seat_at(state, handle)->nonce != 0) {
			table_remove(&state->sides.seats_by_nonce, handle);
		}
		pool_give(&state->sides.seats, handle);
	}
}
