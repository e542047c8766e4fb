#include "plain_render.h"

#include <assert.h>
#include <string.h>

#include "cut.h"
#include "visible.h"
#include "words.h"

void parts_clear(struct plain_parts *parts) {
	parts->count = 0;
	parts->size = 0;
}

/* Room for one more datagram: write there, then say how much with close_part(). */
static char *open_part(struct plain_parts *parts) {
	assert(parts->count < PLAIN_PARTS_MAX);
	assert(parts->size + PLAIN_DATAGRAM_BYTES_MAX <= sizeof(parts->bytes));
	return parts->bytes + parts->size;
}

static void close_part(struct plain_parts *parts, size_t size) {
	assert(size <= PLAIN_DATAGRAM_BYTES_MAX);
	if (size == 0) {
		return;
	}
	parts->parts[parts->count++] =
		(struct iovec){.iov_base = parts->bytes + parts->size, .iov_len = size};
	parts->size += size;
}

static size_t put(char *out, size_t at, struct slice bytes) {
	assert(at + bytes.size <= PLAIN_DATAGRAM_BYTES_MAX);
	if (bytes.size > 0) {
		memcpy(out + at, bytes.bytes, bytes.size);
	}
	return at + bytes.size;
}

void parts_add(struct plain_parts *parts, struct slice datagram) {
	close_part(parts, put(open_part(parts), 0, datagram));
}

/* ---- entries ---- */

/* What the plain dialect tells its members; muting and banning is the administrator's business. */
static bool is_told(const struct record *entry) {
	switch (entry->kind) {
	case ENTRY_ENTERED:
	case ENTRY_LEFT:
	case ENTRY_SAID:
	case ENTRY_RENAMED:
	case ENTRY_KICKED:
	case ENTRY_SHOUTED:
	case ENTRY_CLOSED: return true;
	default: return false;
	}
}

static void add_pieces(struct plain_parts *parts, struct slice prefix, struct slice text) {
	while (text.size > 0) {
		char *out = open_part(parts);
		size_t size = put(out, 0, prefix);
		struct slice piece =
			slice_first(text, cut_before(text, PLAIN_DATAGRAM_BYTES_MAX - size));
		close_part(parts, put(out, size, piece));
		text = slice_from(text, piece.size);
	}
}

static bool is_long(const struct record *entry, struct slice before) {
	/* A byte becomes three at worst; so most texts are seen to be short without a look. */
	return before.size + 2 * NAME_BYTES_MAX + VISIBLE_BYTES_MAX(entry->text.size) >
	       PLAIN_DATAGRAM_BYTES_MAX;
}

/* "小明说: " and the text behind it, however long. */
static void add_said(struct plain_parts *parts, enum language language, const struct record *entry,
                     struct slice before) {
	char prefix[PLAIN_DATAGRAM_BYTES_MAX / 2];
	char text[VISIBLE_BYTES_MAX(TEXT_BYTES_MAX)];
	size_t size = put(prefix, 0, before);
	size += words_said_prefix(language, entry, prefix + size, sizeof(prefix) - size);
	struct slice said = entry->text;
	if (said.size > TEXT_BYTES_MAX) {
		said = slice_first(said, TEXT_BYTES_MAX);
	}
	if (!visible_is_same(said)) {
		said = slice_of(text, visible_render(said, text, sizeof(text)));
	}
	add_pieces(parts, slice_of(prefix, size), said);
}

void parts_add_entry(struct plain_parts *parts, enum language language, const struct record *entry,
                     struct slice before) {
	assert(before.size <= 64);
	if (!is_told(entry)) {
		return;
	}
	bool is_said = entry->kind == ENTRY_SAID || entry->kind == ENTRY_SHOUTED;
	if (is_said && is_long(entry, before)) {
		add_said(parts, language, entry, before);
		return;
	}
	char *out = open_part(parts);
	size_t size = put(out, 0, before);
	size += words_entry(language, entry, out + size, PLAIN_DATAGRAM_BYTES_MAX - size);
	close_part(parts, size);
}

/* ---- answers ---- */

void parts_add_who(struct plain_parts *parts, enum language language, const struct state *state,
                   uint64_t room) {
	char *out = open_part(parts);
	size_t count = state_room_members_count(state, room);
	/* Kept for " …另有 9812 人", which is never longer than with all of them. */
	size_t kept = 1 + words_who_more(language, count, out, PLAIN_DATAGRAM_BYTES_MAX);
	size_t size = words_who(language, count, out, PLAIN_DATAGRAM_BYTES_MAX);
	size_t named = 0;
	while (named < count) {
		struct slice name = person_name(state_room_member(state, room, named));
		size_t blank = named > 0;
		size_t behind = named + 1 < count ? kept : 0;
		if (size + blank + name.size + behind > PLAIN_DATAGRAM_BYTES_MAX) {
			break;
		}
		size = put(out, size, slice_of(" ", blank));
		size = put(out, size, name);
		named++;
	}
	if (named < count) {
		size = put(out, size, slice_from_string(" "));
		size += words_who_more(language, count - named, out + size,
		                       PLAIN_DATAGRAM_BYTES_MAX - size);
	}
	close_part(parts, size);
}

void parts_add_refusal(struct plain_parts *parts, enum language language,
                       const struct record *answer) {
	char *out = open_part(parts);
	close_part(parts, words_refusal(language, answer, out, WORDS_REFUSAL_BYTES_MAX));
}

void parts_add_ended(struct plain_parts *parts, enum language language,
                     const struct record *entry) {
	char *out = open_part(parts);
	close_part(parts, words_ended(language, entry, out, PLAIN_DATAGRAM_BYTES_MAX));
}

void parts_add_probe(struct plain_parts *parts, enum language language,
                     const struct record *answer) {
	char *out = open_part(parts);
	close_part(parts, words_probe(language, answer, out, PLAIN_DATAGRAM_BYTES_MAX));
}
