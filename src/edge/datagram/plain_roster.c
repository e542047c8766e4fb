#include "plain_roster.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct roster_chunk {
	size_t count; /* at least 1 */
	uint64_t unused[7];
	struct plain_member members[ROSTER_CHUNK_MEMBERS];
};
_Static_assert(sizeof(struct roster_chunk) == 4096, "a chunk is a page");

void roster_finish(struct roster *roster) {
	for (size_t i = 0; i < roster->chunks_count; i++) {
		free(roster->chunks[i]);
	}
	free(roster->chunks);
	*roster = (struct roster){0};
}

/* ---- finding ---- */

/* The last chunk that begins with no larger session; 0 if none does. */
static size_t chunk_of(const struct roster *roster, uint64_t session) {
	size_t low = 0;
	size_t high = roster->chunks_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (roster->chunks[middle]->members[0].session <= session) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return low;
}

/* How many members of the chunk have a smaller session. */
static size_t index_of(const struct roster_chunk *chunk, uint64_t session) {
	size_t low = 0;
	size_t high = chunk->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (chunk->members[middle].session < session) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static bool is_at(const struct roster_chunk *chunk, size_t index, uint64_t session) {
	return index < chunk->count && chunk->members[index].session == session;
}

struct plain_member *roster_find(const struct roster *roster, uint64_t session) {
	if (roster->chunks_count == 0) {
		return NULL;
	}
	struct roster_chunk *chunk = roster->chunks[chunk_of(roster, session)];
	size_t index = index_of(chunk, session);
	return is_at(chunk, index, session) ? &chunk->members[index] : NULL;
}

struct roster_cursor roster_after(const struct roster *roster, uint64_t session) {
	struct roster_cursor cursor = {0};
	if (roster->chunks_count > 0) {
		cursor.chunk = chunk_of(roster, session);
		cursor.index = index_of(roster->chunks[cursor.chunk], session);
		if (is_at(roster->chunks[cursor.chunk], cursor.index, session)) {
			cursor.index++;
		}
	}
	return cursor;
}

struct plain_member *roster_next(const struct roster *roster, struct roster_cursor *cursor) {
	while (cursor->chunk < roster->chunks_count) {
		struct roster_chunk *chunk = roster->chunks[cursor->chunk];
		if (cursor->index < chunk->count) {
			return &chunk->members[cursor->index++];
		}
		cursor->chunk++;
		cursor->index = 0;
	}
	return NULL;
}

/* ---- chunks come and go ---- */

static bool has_room_for_chunk(struct roster *roster) {
	if (roster->chunks_count < roster->chunks_room) {
		return true;
	}
	size_t room = roster->chunks_room == 0 ? 4 : 2 * roster->chunks_room;
	struct roster_chunk **chunks = realloc(roster->chunks, room * sizeof(*chunks));
	if (chunks == NULL) {
		return false;
	}
	roster->chunks = chunks;
	roster->chunks_room = room;
	return true;
}

/* An empty chunk at the index. */
static struct roster_chunk *add_chunk(struct roster *roster, size_t at) {
	struct roster_chunk *chunk;
	if (!has_room_for_chunk(roster)) {
		return NULL;
	}
	chunk = aligned_alloc(64, sizeof(*chunk));
	if (chunk == NULL) {
		return NULL;
	}
	chunk->count = 0;
	memmove(&roster->chunks[at + 1], &roster->chunks[at],
	        (roster->chunks_count - at) * sizeof(*roster->chunks));
	roster->chunks[at] = chunk;
	roster->chunks_count++;
	return chunk;
}

static void drop_chunk(struct roster *roster, size_t at) {
	free(roster->chunks[at]);
	roster->chunks_count--;
	memmove(&roster->chunks[at], &roster->chunks[at + 1],
	        (roster->chunks_count - at) * sizeof(*roster->chunks));
}

/* The upper half of a full chunk becomes one of its own. */
static bool split_chunk(struct roster *roster, size_t at) {
	struct roster_chunk *upper = add_chunk(roster, at + 1);
	if (upper == NULL) {
		return false;
	}
	struct roster_chunk *lower = roster->chunks[at];
	size_t kept = lower->count / 2;
	upper->count = lower->count - kept;
	memcpy(upper->members, &lower->members[kept], upper->count * sizeof(*upper->members));
	lower->count = kept;
	return true;
}

/* Two neighbours that fit well into one chunk become one. */
static void merge_chunks(struct roster *roster, size_t at) {
	if (at + 1 >= roster->chunks_count) {
		return;
	}
	struct roster_chunk *lower = roster->chunks[at];
	struct roster_chunk *upper = roster->chunks[at + 1];
	if (lower->count + upper->count > ROSTER_CHUNK_MEMBERS * 3 / 4) {
		return;
	}
	memcpy(&lower->members[lower->count], upper->members,
	       upper->count * sizeof(*upper->members));
	lower->count += upper->count;
	drop_chunk(roster, at + 1);
}

/* ---- members come and go ---- */

static bool is_beyond_last(const struct roster *roster, uint64_t session) {
	const struct roster_chunk *last = roster->chunks[roster->chunks_count - 1];
	return last->members[last->count - 1].session < session;
}

/* A chunk with room that the session belongs into. */
static struct roster_chunk *make_room(struct roster *roster, uint64_t session) {
	if (roster->chunks_count == 0) {
		return add_chunk(roster, 0);
	}
	size_t at = chunk_of(roster, session);
	if (roster->chunks[at]->count < ROSTER_CHUNK_MEMBERS) {
		return roster->chunks[at];
	}
	if (is_beyond_last(roster, session)) {
		return add_chunk(roster, roster->chunks_count);
	}
	return split_chunk(roster, at) ? roster->chunks[chunk_of(roster, session)] : NULL;
}

struct plain_member *roster_insert(struct roster *roster, uint64_t session) {
	struct roster_chunk *chunk = make_room(roster, session);
	if (chunk == NULL) {
		return NULL;
	}
	size_t index = index_of(chunk, session);
	assert(!is_at(chunk, index, session));
	struct plain_member *member = &chunk->members[index];
	memmove(member + 1, member, (chunk->count - index) * sizeof(*member));
	*member = (struct plain_member){.session = session};
	chunk->count++;
	roster->count++;
	return member;
}

bool roster_remove(struct roster *roster, uint64_t session) {
	if (roster->chunks_count == 0) {
		return false;
	}
	size_t at = chunk_of(roster, session);
	struct roster_chunk *chunk = roster->chunks[at];
	size_t index = index_of(chunk, session);
	if (!is_at(chunk, index, session)) {
		return false;
	}
	struct plain_member *member = &chunk->members[index];
	chunk->count--;
	roster->count--;
	memmove(member, member + 1, (chunk->count - index) * sizeof(*member));
	if (chunk->count == 0) {
		drop_chunk(roster, at);
		return true;
	}
	merge_chunks(roster, at);
	if (at > 0) {
		merge_chunks(roster, at - 1);
	}
	return true;
}
