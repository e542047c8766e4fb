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

/*
 * What the plain dialect tells its members, who are in the lobby; a direct
 * message only whom it is for. Muting and banning is the administrator's business.
 */
static bool is_told(const struct record *entry) {
	if (record_is_hidden(entry)) {
		return false;
	}
	switch (entry->kind) {
	case ENTRY_ENTERED:
	case ENTRY_LEFT:
	case ENTRY_SAID:
	case ENTRY_RENAMED:
	case ENTRY_KICKED:
	case ENTRY_JOINED:
	case ENTRY_PARTED:
	case ENTRY_TOPIC:
	case ENTRY_MODE:
	case ENTRY_PUT_OUT: return record_concerns_room(entry, ROOM_LOBBY);
	case ENTRY_REDACTED:
		return record_is_direct(entry) || record_concerns_room(entry, ROOM_LOBBY);
	case ENTRY_DIRECT:
	case ENTRY_SHOUTED:
	case ENTRY_CLOSED: return true;
	default: return false;
	}
}

/*
 * A line feed stays one, and what follows it is indented: no name begins with
 * a blank, so that it cannot pass for a line of somebody else. Three bytes for
 * one, as with other controls. Returns the size.
 */
static size_t indent(struct slice text, char *out) {
	size_t size = 0;
	for (size_t i = 0; i < text.size; i++) {
		out[size++] = text.bytes[i];
		if (text.bytes[i] == '\n') {
			out[size++] = ' ';
			out[size++] = ' ';
		}
	}
	return size;
}

static bool has_lines(struct slice text) {
	return text.size > 0 && memchr(text.bytes, '\n', text.size) != NULL;
}

/* Closes a part of `size` bytes, its lines indented, cut to what a datagram holds. */
static void close_words(struct plain_parts *parts, size_t size) {
	char words[PLAIN_DATAGRAM_BYTES_MAX], indented[3 * PLAIN_DATAGRAM_BYTES_MAX];
	char *out = open_part(parts);
	if (has_lines(slice_of(out, size))) {
		memcpy(words, out, size);
		struct slice all = slice_of(indented, indent(slice_of(words, size), indented));
		size = put(out, 0, slice_first(all, cut_before(all, PLAIN_DATAGRAM_BYTES_MAX)));
	}
	close_part(parts, size);
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
	char text[VISIBLE_BYTES_MAX(TEXT_BYTES_MAX)], indented[VISIBLE_BYTES_MAX(TEXT_BYTES_MAX)];
	size_t size = put(prefix, 0, before);
	size += words_said_prefix(language, entry, prefix + size, sizeof(prefix) - size);
	struct slice said = entry->text;
	if (said.size > TEXT_BYTES_MAX) {
		said = slice_first(said, TEXT_BYTES_MAX);
	}
	if (!visible_is_same(said)) {
		said = slice_of(text, visible_render(said, text, sizeof(text)));
	}
	if (has_lines(said)) {
		said = slice_of(indented, indent(said, indented));
	}
	add_pieces(parts, slice_of(prefix, size), said);
}

void parts_add_entry(struct plain_parts *parts, enum language language, const struct record *entry,
                     struct slice before) {
	assert(before.size <= 64);
	if (!is_told(entry)) {
		return;
	}
	bool is_said = entry->kind == ENTRY_SAID || entry->kind == ENTRY_SHOUTED ||
	               entry->kind == ENTRY_DIRECT;
	if (is_said && is_long(entry, before)) {
		add_said(parts, language, entry, before);
		return;
	}
	char *out = open_part(parts);
	size_t size = put(out, 0, before);
	size += words_entry(language, entry, out + size, PLAIN_DATAGRAM_BYTES_MAX - size);
	close_words(parts, size);
}

/* ---- answers ---- */

struct who {
	const struct state *state;
	enum language language;
	char *out;
	size_t size;
	size_t left; /* who is not named yet */
	size_t kept; /* bytes for " …另有 9812 人", which is never longer than with all of them */
};

/* " name", without the blank behind the words that begin a list. False if it does not fit. */
static bool put_who(struct who *who, struct slice name, bool is_first) {
	size_t blank = is_first ? 0 : 1;
	size_t behind = who->left > 1 ? who->kept : 0;
	if (who->size + blank + name.size + behind > PLAIN_DATAGRAM_BYTES_MAX) {
		return false;
	}
	who->size = put(who->out, who->size, slice_of(" ", blank));
	who->size = put(who->out, who->size, name);
	who->left--;
	return true;
}

/* The names of those who are absent, or of those who are not. False if they do not all fit. */
static bool put_everybody(struct who *who, uint64_t room, bool is_absent) {
	size_t count = state_room_members_count(who->state, room);
	bool is_first = true;
	for (size_t i = 0; i < count; i++) {
		const struct person *person = state_room_member(who->state, room, i);
		if (person_is_absent(who->state, person) != is_absent) {
			continue;
		}
		if (!put_who(who, person_name(person), is_first)) {
			return false;
		}
		is_first = false;
	}
	return true;
}

static bool put_absent(struct who *who, uint64_t room, size_t absent) {
	char words[64];
	size_t size = words_who_absent(who->language, absent, words, sizeof(words));
	if (who->size + size + NAME_BYTES_MAX + who->kept > PLAIN_DATAGRAM_BYTES_MAX) {
		return false;
	}
	who->size = put(who->out, who->size, slice_of(words, size));
	return put_everybody(who, room, true);
}

void parts_add_who(struct plain_parts *parts, enum language language, const struct state *state,
                   uint64_t room) {
	struct who who = {.state = state,
	                  .language = language,
	                  .out = open_part(parts),
	                  .left = state_room_members_count(state, room)};
	size_t absent = state_room_absent_count(state, room);
	who.kept = 1 + words_who_more(language, who.left, who.out, PLAIN_DATAGRAM_BYTES_MAX);
	who.size = words_who(language, who.left - absent, who.out, PLAIN_DATAGRAM_BYTES_MAX);
	bool is_all =
		put_everybody(&who, room, false) && (absent == 0 || put_absent(&who, room, absent));
	if (!is_all) {
		who.size = put(who.out, who.size, slice_from_string(" "));
		who.size += words_who_more(language, who.left, who.out + who.size,
		                           PLAIN_DATAGRAM_BYTES_MAX - who.size);
	}
	close_part(parts, who.size);
}

void parts_add_refusal(struct plain_parts *parts, enum language language,
                       const struct record *answer) {
	char *out = open_part(parts);
	close_part(parts, words_refusal(language, answer, out, WORDS_REFUSAL_BYTES_MAX));
}

void parts_add_ended(struct plain_parts *parts, enum language language,
                     const struct record *entry) {
	char *out = open_part(parts);
	close_words(parts, words_ended(language, entry, out, PLAIN_DATAGRAM_BYTES_MAX));
}

void parts_add_probe(struct plain_parts *parts, enum language language,
                     const struct record *answer) {
	char *out = open_part(parts);
	close_part(parts, words_probe(language, answer, out, PLAIN_DATAGRAM_BYTES_MAX));
}
