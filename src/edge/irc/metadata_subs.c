/*
 * metadata_subs.c - who wants to know of which keys of metadata: SUB, UNSUB, SUBS. It is the
 * connection's own, and nobody else remembers it.
 */
#include <stdlib.h>
#include <string.h>

#include "irc_metadata.h"

bool irc_next_key(struct slice *words, struct slice *word) {
	while (words->size > 0 && words->bytes[0] == ' ') {
		*words = slice_from(*words, 1);
	}
	const char *blank = words->size == 0 ? NULL : memchr(words->bytes, ' ', words->size);
	*word = slice_first(*words, blank == NULL ? words->size : (size_t)(blank - words->bytes));
	*words = slice_from(*words, word->size);
	return word->size > 0;
}

static struct slice keys_of(const struct irc_user *user) {
	return user->subs == NULL ? irc_nothing() : slice_of(user->subs->keys, user->subs->size);
}

bool irc_is_key_among(struct slice keys, struct slice key) {
	struct slice word;
	while (irc_next_key(&keys, &word)) {
		if (slice_equal(word, key)) {
			return true;
		}
	}
	return false;
}

struct slice irc_subscribed(const struct irc_user *user, size_t from) {
	struct slice keys = keys_of(user);
	return from <= keys.size ? slice_from(keys, from) : irc_nothing();
}

static void take_subs(struct irc *irc) {
	struct irc_subs *subs = calloc(1, sizeof(*subs));
	if (subs == NULL) {
		abort();
	}
	subs->connection = stream_name(irc->stream, irc->to);
	subs->after = irc->subscribers;
	if (subs->after != NULL) {
		subs->after->before = subs;
	}
	irc->subscribers = subs;
	irc->user->subs = subs;
}

void irc_subs_free(struct irc *irc, struct irc_user *user) {
	struct irc_subs *subs = user->subs;
	if (subs == NULL) {
		return;
	}
	*(subs->before != NULL ? &subs->before->after : &irc->subscribers) = subs->after;
	if (subs->after != NULL) {
		subs->after->before = subs->before;
	}
	free(subs->keys);
	free(subs);
	user->subs = NULL;
}

/* "key key key " */
static void add_sub(struct irc *irc, struct slice key) {
	if (irc->user->subs == NULL) {
		take_subs(irc);
	}
	struct irc_subs *subs = irc->user->subs;
	subs->keys = realloc(subs->keys, subs->size + key.size + 1);
	if (subs->keys == NULL) {
		abort();
	}
	memcpy(subs->keys + subs->size, key.bytes, key.size);
	subs->keys[subs->size + key.size] = ' ';
	subs->size += key.size + 1;
	subs->count++;
}

static void drop_sub(struct irc *irc, struct slice key) {
	struct irc_subs *subs = irc->user->subs;
	struct slice rest = keys_of(irc->user), word;
	while (irc_next_key(&rest, &word)) {
		if (slice_equal(word, key)) {
			size_t at = (size_t)(word.bytes - subs->keys), end = at + word.size + 1;
			memmove(subs->keys + at, subs->keys + end, subs->size - end);
			subs->size -= end - at;
			subs->count--;
			break;
		}
	}
	if (subs != NULL && subs->count == 0) {
		irc_subs_free(irc, irc->user);
	}
}

/* ---- keys that a line names ---- */

bool irc_next_named(struct irc_keys *keys, struct slice *key) {
	while (!irc_next_key(&keys->rest, key)) {
		if (keys->at >= keys->message->count) {
			return false;
		}
		keys->rest = irc_parameter(keys->message, keys->at++);
	}
	return true;
}

struct irc_keys irc_keys_in(const struct irc *irc) {
	return (struct irc_keys){.message = &irc->message, .at = 2};
}

/* "770 nick key key", in as many lines as it takes. */
struct key_lines {
	struct irc *irc;
	unsigned numeric;
	bool is_begun;
};

static void put_key(struct key_lines *lines, struct slice key) {
	struct irc *irc = lines->irc;
	if (lines->is_begun && irc->at.size + 1 + key.size > IRC_LINE_BYTES_MAX - 2) {
		irc_end_line(irc);
		lines->is_begun = false;
	}
	if (!lines->is_begun) {
		irc_begin_numeric(irc, lines->numeric);
		lines->is_begun = true;
	}
	irc_put_text(&irc->at, " ");
	irc_put(&irc->at, key);
}

static void end_keys(struct key_lines *lines) {
	if (lines->is_begun) {
		irc_end_line(lines->irc);
	}
}

static void warn_of_bad_keys(struct irc *irc) {
	struct irc_keys keys = irc_keys_in(irc);
	struct slice key;
	while (irc_next_named(&keys, &key)) {
		if (!state_is_metadata_key(key)) {
			irc_warn_of_key(irc, key);
		}
	}
}

/* ---- SUB, UNSUB, SUBS ---- */

static bool is_full(const struct irc *irc) {
	return irc->user->subs != NULL && irc->user->subs->count >= METADATA_SUBS_MAX;
}

static void say_full(struct irc *irc, struct slice key) {
	char words[METADATA_KEY_BYTES_MAX + 32];
	struct irc_line line = irc_line_at(words, sizeof(words));
	irc_put_text(&line, "SUB ");
	irc_put(&line, key);
	irc_put_text(&line, " ");
	irc_put_number(&line, METADATA_SUBS_MAX);
	irc_standard(irc, "FAIL", "METADATA", "LIMIT_REACHED", irc_line_slice(&line),
	             "You have subscribed to as many keys as you may");
}

void irc_metadata_sub(struct irc *irc, struct slice self) {
	(void)self;
	struct key_lines lines = {.irc = irc, .numeric = RPL_METADATASUBOK};
	struct irc_keys keys = irc_keys_in(irc);
	struct slice key, refused = irc_nothing();
	size_t before = keys_of(irc->user).size;
	while (refused.size == 0 && irc_next_named(&keys, &key)) {
		if (!state_is_metadata_key(key)) {
			continue;
		}
		if (!irc_is_key_among(keys_of(irc->user), key)) {
			if (is_full(irc)) {
				refused = key;
				continue;
			}
			add_sub(irc, key);
		}
		put_key(&lines, key);
	}
	end_keys(&lines);
	warn_of_bad_keys(irc);
	if (refused.size > 0) {
		say_full(irc, refused);
	}
	if (keys_of(irc->user).size > before) {
		irc_metadata_subscribed(irc, before);
	}
}

void irc_metadata_unsub(struct irc *irc, struct slice self) {
	(void)self;
	struct key_lines lines = {.irc = irc, .numeric = RPL_METADATAUNSUBOK};
	struct irc_keys keys = irc_keys_in(irc);
	struct slice key;
	while (irc_next_named(&keys, &key)) {
		if (state_is_metadata_key(key)) {
			drop_sub(irc, key);
			put_key(&lines, key);
		}
	}
	end_keys(&lines);
	warn_of_bad_keys(irc);
}

void irc_metadata_subs(struct irc *irc, struct slice self) {
	(void)self;
	struct key_lines lines = {.irc = irc, .numeric = RPL_METADATASUBS};
	struct slice rest = keys_of(irc->user), key;
	unsigned batch = irc->in_batch = irc_open_batch(irc, "metadata-subs", irc_nothing());
	while (irc_next_key(&rest, &key)) {
		put_key(&lines, key);
	}
	end_keys(&lines);
	irc->in_batch = 0;
	irc_close_batch(irc, batch);
}
