/*
 * metadata_early.c - metadata that somebody sets before it is in (before-connect): kept with the
 * connection, shown to itself as if it were so, and asked for as soon as it is in.
 */
#include <stdlib.h>
#include <string.h>

#include "irc_metadata.h"

static struct slice key_of(const struct irc_early_datum *datum) {
	return slice_of(datum->key, datum->key_size);
}
static struct slice value_of(const struct irc_early_datum *datum) {
	return slice_of(datum->value, datum->value_size);
}

static struct irc_early_datum *find(struct irc_early *early, struct slice key) {
	for (unsigned i = 0; early != NULL && i < early->count; i++) {
		if (slice_equal(key_of(&early->data[i]), key)) {
			return &early->data[i];
		}
	}
	return NULL;
}

/* Its own, which is not asked for yet; NULL: it has none, or it is somebody else's. */
static struct irc_early *early_of(const struct irc *irc, const struct irc_owner *owner) {
	bool is_own = owner->room == 0 && owner->person == stream_person(irc->to);
	return is_own ? irc->user->early : NULL;
}

bool irc_is_early(const struct irc *irc, const struct irc_owner *owner, struct slice key) {
	struct irc_early *early = early_of(irc, owner);
	return early != NULL && (early->clears || find(early, key) != NULL);
}

struct slice irc_metadata_of(const struct irc *irc, const struct irc_owner *owner,
                             struct slice key) {
	const struct irc_early_datum *datum = find(early_of(irc, owner), key);
	if (datum != NULL) {
		return value_of(datum);
	}
	return irc_is_early(irc, owner, key)
	               ? irc_nothing()
	               : state_metadata(irc->edge->state, owner->room, owner->person, key);
}

void irc_say_early(struct irc *irc, const struct irc_owner *owner) {
	const struct irc_early *early = early_of(irc, owner);
	for (unsigned i = 0; early != NULL && i < early->count; i++) {
		if (early->data[i].value_size > 0) {
			irc_say_metadata(irc, owner->name, key_of(&early->data[i]),
			                 value_of(&early->data[i]));
		}
	}
}

/* ---- setting ---- */

static void clear(struct irc *irc, struct irc_early *early) {
	unsigned batch = irc->in_batch = irc_open_batch(irc, "metadata", irc_word("*"));
	for (unsigned i = 0; i < early->count; i++) {
		if (early->data[i].value_size > 0) {
			irc_say_metadata(irc, irc_word("*"), key_of(&early->data[i]),
			                 irc_nothing());
		}
	}
	irc->in_batch = 0;
	irc_close_batch(irc, batch);
	early->clears = true;
	early->count = 0;
}

void irc_set_early(struct irc *irc, struct slice key, struct slice value) {
	struct irc_early *early = irc->user->early;
	if (early == NULL) {
		early = irc->user->early = calloc(1, sizeof(*early));
	}
	if (early == NULL) {
		abort();
	}
	if (key.size == 0) {
		clear(irc, early);
		return;
	}
	struct irc_early_datum *datum = find(early, key);
	if (datum == NULL && early->count == METADATA_KEYS_MAX) {
		irc_metadata_is_full(irc, irc_word("*"), METADATA_KEYS_MAX);
		return;
	}
	if (datum == NULL) {
		datum = &early->data[early->count++];
		memcpy(datum->key, key.bytes, key.size);
		datum->key_size = (uint16_t)key.size;
	}
	if (value.size > 0) {
		memcpy(datum->value, value.bytes, value.size);
	}
	datum->value_size = (uint16_t)value.size;
	irc_say_metadata(irc, irc_word("*"), key, value);
}

/* ---- it is in ---- */

/* The queue to the hub is full: it may say so again in a second. */
static void say_too_fast(struct irc *irc, struct slice key, struct slice value) {
	irc_begin_numeric(irc, ERR_METADATARATELIMIT);
	irc_put_text(&irc->at, key.size > 0 ? " 1 * SET" : " 1 * CLEAR");
	if (key.size > 0) {
		irc_put_parameter(&irc->at, key);
		irc_put_last(irc, value);
	}
	irc_end_line(irc);
}

static void ask(struct irc *irc, struct slice key, struct slice value) {
	char words[METADATA_KEY_BYTES_MAX + 2];
	struct irc_line target = irc_line_at(words, sizeof(words));
	struct record request = {
		.kind = REQUEST_SET_METADATA, .name = irc_nick(irc), .by = key, .text = value};
	irc_put_text(&target, "* ");
	irc_put(&target, key);
	if (!irc_request_now(irc, &request, irc_line_slice(&target), false)) {
		say_too_fast(irc, key, value);
	}
}

void irc_ask_early(struct irc *irc) {
	struct irc_early *early = irc->user->early;
	if (early == NULL) {
		return;
	}
	irc->user->early = NULL;
	if (early->clears) {
		ask(irc, irc_nothing(), irc_nothing());
	}
	for (unsigned i = 0; i < early->count; i++) {
		ask(irc, key_of(&early->data[i]), value_of(&early->data[i]));
	}
	free(early);
}
