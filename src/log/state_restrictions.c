/*
 * Bans and mutes as the state keeps them: few, so plain lists. What they mean
 * is state.c's.
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

static struct slice keep(char **at, struct slice bytes, size_t most) {
	assert(bytes.size <= most);
	memcpy(*at, bytes.bytes == NULL ? "" : bytes.bytes, bytes.size);
	struct slice kept = slice_of(*at, bytes.size);
	*at += bytes.size;
	return kept;
}

bool is_restriction_good(const struct record *from) {
	return from->name.size <= NAME_BYTES_MAX && from->by.size <= NAME_BYTES_MAX &&
	       from->text.size <= WHY_BYTES_MAX;
}

void add_restriction(struct state *state, uint64_t id, bool is_mute, const struct record *from,
                     uint64_t since_us) {
	struct restriction_kept *kept = allocate(sizeof(*kept));
	*kept = (struct restriction_kept){.shown = {.id = id,
	                                            .is_mute = is_mute,
	                                            .has_net = from->has_net,
	                                            .net = from->net,
	                                            .since_us = since_us,
	                                            .until_us = from->until_us}};
	char *at = kept->bytes;
	kept->shown.name = keep(&at, from->name, NAME_BYTES_MAX);
	kept->shown.by = keep(&at, from->by, NAME_BYTES_MAX);
	kept->shown.why = keep(&at, from->text, WHY_BYTES_MAX);
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
