/*
 * Bans and mutes as the state keeps them: few, so plain lists. What they mean
 * is state.c's. And how far the whole server is open.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "state_inner.h"

static void tell_restriction(struct state *state, const struct restriction *restriction,
                             bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_restriction(restriction);
		tell(state, &row, is_gone);
	}
}

static struct slice keep(char **at, struct slice bytes) {
	memcpy(*at, bytes.bytes == NULL ? "" : bytes.bytes, bytes.size);
	struct slice kept = slice_of(*at, bytes.size);
	*at += bytes.size;
	return kept;
}

bool is_restriction_good(const struct record *from) {
	bool is_mask = (from->bits & BAN_IS_MASK) != 0;
	return from->name.size <= (is_mask ? MASK_BYTES_MAX : NAME_BYTES_MAX) &&
	       from->other_name.size <= (is_mask ? MASK_FOLDED_BYTES_MAX : 0) &&
	       (from->bits & ~(uint64_t)(BAN_IS_ACCOUNT | BAN_IS_MASK)) == 0 &&
	       from->by.size <= NAME_BYTES_MAX && from->text.size <= WHY_BYTES_MAX;
}

void add_restriction(struct state *state, uint64_t id, bool is_mute, const struct record *from,
                     uint64_t since_us) {
	struct restriction_kept *kept =
		allocate(sizeof(*kept) + from->name.size + from->other_name.size + from->by.size +
	                 from->text.size);
	*kept = (struct restriction_kept){.shown = {.id = id,
	                                            .is_mute = is_mute,
	                                            .has_net = from->has_net,
	                                            .bits = (uint8_t)from->bits,
	                                            .net = from->net,
	                                            .since_us = since_us,
	                                            .until_us = from->until_us}};
	char *at = kept->bytes;
	kept->shown.name = keep(&at, from->name);
	kept->shown.folded = keep(&at, from->other_name);
	kept->shown.by = keep(&at, from->by);
	kept->shown.why = keep(&at, from->text);
	if (name_key(kept->shown.name, &kept->key) != NAME_OK) {
		kept->key.size = 0;
	}
	state->restrictions = allocate_again(state->restrictions,
	                                     (state->restrictions_count + 1) * sizeof(void *));
	state->restrictions[state->restrictions_count++] = kept;
	tell_restriction(state, &kept->shown, false);
}

void remove_restriction(struct state *state, size_t index) {
	struct restriction_kept *kept = state->restrictions[index];
	tell_restriction(state, &kept->shown, true);
	size_t behind = --state->restrictions_count - index;
	memmove(&state->restrictions[index], &state->restrictions[index + 1],
	        behind * sizeof(void *));
	free(kept);
}

const struct restriction *state_ban_of_account(const struct state *state, struct slice name,
                                               uint64_t now_us) {
	struct name_key key;
	if (state->restrictions_count == 0 || name_key(name, &key) != NAME_OK) {
		return NULL;
	}
	for (size_t i = 0; i < state->restrictions_count; i++) {
		const struct restriction_kept *kept = state->restrictions[i];
		if ((kept->shown.bits & BAN_IS_ACCOUNT) != 0 &&
		    restriction_holds(&kept->shown, now_us) && name_key_equal(&kept->key, &key)) {
			return &kept->shown;
		}
	}
	return NULL;
}

/* ---- the server ---- */

static bool is_server_good(const struct record *from) {
	return from->number >= LEVEL_QUIET && from->number <= LEVEL_OPEN &&
	       from->by.size <= NAME_BYTES_MAX && from->text.size <= WHY_BYTES_MAX;
}

static void set_server(struct state *state, const struct record *from, uint64_t since_us) {
	struct server_kept *server = &state->server;
	*server = (struct server_kept){.since_us = since_us,
	                               .level = (uint8_t)from->number,
	                               .by_size = (uint8_t)from->by.size,
	                               .why_size = (uint16_t)from->text.size};
	memcpy(server->by, from->by.bytes == NULL ? "" : from->by.bytes, from->by.size);
	memcpy(server->why, from->text.bytes == NULL ? "" : from->text.bytes, from->text.size);
}

enum state_error on_server_set(struct state *state, const struct record *entry) {
	if (!is_server_good(entry)) {
		return STATE_IMPOSSIBLE;
	}
	if (entry->number != LEVEL_OPEN) {
		set_server(state, entry, entry->time_us);
		const struct record row = row_of_server(state);
		tell(state, &row, false);
	} else if (state->server.level != 0) {
		const struct record row = row_of_server(state);
		tell(state, &row, true);
		state->server = (struct server_kept){0};
	}
	return STATE_OK;
}

enum state_error load_server(struct state *state, const struct record *row) {
	if (!is_server_good(row) || row->number == LEVEL_OPEN || state->server.level != 0) {
		return STATE_IMPOSSIBLE;
	}
	set_server(state, row, row->since_us);
	return STATE_OK;
}

struct record row_of_server(const struct state *state) {
	const struct server_state server = state_server(state);
	return (struct record){.kind = ROW_SERVER,
	                       .number = server.level,
	                       .by = server.by,
	                       .text = server.why,
	                       .since_us = server.since_us};
}

struct server_state state_server(const struct state *state) {
	const struct server_kept *server = &state->server;
	return (struct server_state){.level = server->level != 0 ? server->level : LEVEL_OPEN,
	                             .by = slice_of(server->by, server->by_size),
	                             .why = slice_of(server->why, server->why_size),
	                             .since_us = server->since_us};
}
