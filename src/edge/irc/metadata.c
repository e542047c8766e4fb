/*
 * metadata.c - METADATA (IRCv3 draft/metadata-3): what people and rooms say of themselves, key by key;
 * who wants to know of which keys. What is told of it is metadata_tell.c's.
 *
 * Everybody's is there to be read, a room's for its members. One sets one's own; a room's operators
 * set the room's; operators of the server, all.
 */
#include <stdlib.h>
#include <string.h>

#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_metadata.h"
#include "irc_view.h"

/* What SET and CLEAR cost beyond a line: everybody around hears of it. */
#define SET_COST 2
/* And a SYNC of all: everybody around is looked at. */
#define SYNC_COST 8

_Static_assert(METADATA_SUBS_MAX == 32 && METADATA_KEYS_MAX == 32 && METADATA_KEY_BYTES_MAX == 48 &&
                       METADATA_VALUE_BYTES_MAX == 288,
               "what the capability's value says");

static void say_standard(struct irc *irc, const char *type, const char *code, struct slice a,
                         struct slice b, const char *text) {
	char words[IRC_LINE_BYTES_MAX];
	struct irc_line line = irc_line_at(words, sizeof(words));
	irc_put(&line, irc_as_middle(a));
	if (b.size > 0) {
		irc_put_text(&line, " ");
		irc_put(&line, irc_as_middle(b));
	}
	irc_standard(irc, type, "METADATA", code, irc_line_slice(&line), text);
}

static void fail(struct irc *irc, const char *code, struct slice a, struct slice b,
                 const char *text) {
	say_standard(irc, "FAIL", code, a, b, text);
}

static void warn_of_key(struct irc *irc, struct slice key) {
	say_standard(irc, "WARN", "INVALID_KEY", key, irc_nothing(), "Invalid key");
}

/* ---- what one wants to know ---- */

bool irc_is_metadata_aware(const struct irc *irc) {
	return irc_can(irc, CAP_METADATA) && irc_can(irc, CAP_BATCH);
}

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
	return slice_from(keys_of(user), from);
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

/* From the third parameter on; what is more than a line's parameters stands in the last one. */
struct keys {
	const struct irc_message *message;
	size_t at;
	struct slice rest;
};

static bool next_key(struct keys *keys, struct slice *key) {
	while (!irc_next_key(&keys->rest, key)) {
		if (keys->at >= keys->message->count) {
			return false;
		}
		keys->rest = irc_parameter(keys->message, keys->at++);
	}
	return true;
}

static struct keys keys_in(const struct irc *irc) {
	return (struct keys){.message = &irc->message, .at = 2};
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
	struct keys keys = keys_in(irc);
	struct slice key;
	while (next_key(&keys, &key)) {
		if (!state_is_metadata_key(key)) {
			warn_of_key(irc, key);
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

static void subscribe(struct irc *irc, struct slice self) {
	(void)self;
	struct key_lines lines = {.irc = irc, .numeric = RPL_METADATASUBOK};
	struct keys keys = keys_in(irc);
	struct slice key, refused = irc_nothing();
	size_t before = keys_of(irc->user).size;
	while (refused.size == 0 && next_key(&keys, &key)) {
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

static void unsubscribe(struct irc *irc, struct slice self) {
	(void)self;
	struct key_lines lines = {.irc = irc, .numeric = RPL_METADATAUNSUBOK};
	struct keys keys = keys_in(irc);
	struct slice key;
	while (next_key(&keys, &key)) {
		if (state_is_metadata_key(key)) {
			drop_sub(irc, key);
			put_key(&lines, key);
		}
	}
	end_keys(&lines);
	warn_of_bad_keys(irc);
}

static void say_subscribed(struct irc *irc, struct slice self) {
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

/* ---- GET, LIST, SYNC ---- */

/* False, and told, if it is not there, or not to be seen. */
static bool find_readable(struct irc *irc, struct slice typed, struct irc_owner *owner) {
	*owner = irc_owner_of(irc, typed);
	bool is_there = owner->room != 0 || owner->person != 0;
	if (!is_there || (owner->room != 0 && !irc_sees_room(irc, owner->room))) {
		fail(irc, "INVALID_TARGET", typed, irc_nothing(), "Invalid metadata target");
		return false;
	}
	if (owner->room != 0 && !irc_reads_room(irc, owner->room)) {
		fail(irc, "KEY_NO_PERMISSION", typed, irc_word("*"), "You are not in that room");
		return false;
	}
	return true;
}

static void get(struct irc *irc, struct slice typed) {
	struct keys keys = keys_in(irc);
	struct irc_owner owner;
	struct slice key;
	if (!find_readable(irc, typed, &owner)) {
		return;
	}
	unsigned batch = irc->in_batch = irc_open_batch(irc, "metadata", owner.name);
	while (next_key(&keys, &key)) {
		if (state_is_metadata_key(key)) {
			irc_say_metadata(
				irc, owner.name, key,
				state_metadata(irc->edge->state, owner.room, owner.person, key));
		} else {
			warn_of_key(irc, key);
		}
	}
	irc->in_batch = 0;
	irc_close_batch(irc, batch);
}

static void list(struct irc *irc, struct slice typed) {
	struct irc_owner owner;
	if (find_readable(irc, typed, &owner)) {
		irc_list_metadata(irc, &owner);
	}
}

static void synchronise(struct irc *irc, struct slice typed) {
	struct irc_owner owner;
	if (slice_equal(typed, irc_word("*ALL"))) {
		irc_sync_metadata(irc, NULL, 0);
		stream_charge(irc->stream, irc->to, SYNC_COST);
	} else if (find_readable(irc, typed, &owner)) {
		irc_sync_metadata(irc, &owner, 0);
	}
}

/* ---- SET, CLEAR ---- */

/* The target of the refusal, and of an answer that has nothing new: "target key". */
static void ask_to_set(struct irc *irc, struct slice typed, struct slice key, struct slice value) {
	char words[IRC_LINE_BYTES_MAX];
	struct irc_line line = irc_line_at(words, sizeof(words));
	struct record request = {.kind = REQUEST_SET_METADATA, .by = key, .text = value};
	if (irc_is_room_name(typed)) {
		request.room = state_room_named(irc->edge->state, typed);
		request.other_name = typed;
	} else {
		request.name = slice_equal(typed, irc_word("*")) ? irc_nick(irc) : typed;
	}
	irc_put(&line, irc_as_middle(typed));
	irc_put_text(&line, " ");
	irc_put(&line, key);
	if (irc_request(irc, &request, irc_line_slice(&line), false)) {
		stream_charge(irc->stream, irc->to, SET_COST);
	}
}

static void set(struct irc *irc, struct slice typed) {
	struct slice key = irc_parameter(&irc->message, 2);
	struct slice value = irc_parameter(&irc->message, 3);
	if (!state_is_metadata_key(key)) {
		fail(irc, "INVALID_KEY", key, irc_nothing(), "Invalid key");
	} else if (value.size > METADATA_VALUE_BYTES_MAX) {
		fail(irc, "INVALID_VALUE", key, irc_nothing(), "The value is too long");
	} else {
		ask_to_set(irc, typed, key, value);
	}
}

static void clear(struct irc *irc, struct slice typed) {
	ask_to_set(irc, typed, irc_nothing(), irc_nothing());
}

/* ---- the command ---- */

static void say_bad_parameters(struct irc *irc, struct slice verb, const char *text) {
	fail(irc, "INVALID_PARAMS", verb, irc_nothing(), text);
}

static const struct verb {
	const char *word;
	void (*obey)(struct irc *irc, struct slice typed);
	uint8_t least, most; /* parameters behind it */
	bool is_of_self;
	bool settles; /* it is answered from here */
} verbs[] = {
	{"GET", get, 1, IRC_PARAMETERS_MAX, false, true},
	{"LIST", list, 0, 0, false, true},
	{"SET", set, 1, 2, false, false},
	{"CLEAR", clear, 0, 0, false, false},
	{"SUB", subscribe, 1, IRC_PARAMETERS_MAX, true, true},
	{"UNSUB", unsubscribe, 1, IRC_PARAMETERS_MAX, true, true},
	{"SUBS", say_subscribed, 0, 0, true, true},
	{"SYNC", synchronise, 0, 0, false, true},
};

static const struct verb *verb_of(struct slice word) {
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (irc_equal(word, verbs[i].word)) {
			return &verbs[i];
		}
	}
	return NULL;
}

static void obey(struct irc *irc, const struct verb *verb, struct slice typed) {
	if (verb->is_of_self && irc_owner_of(irc, typed).person != stream_person(irc->to)) {
		fail(irc, "INVALID_TARGET", typed, irc_nothing(),
		     "Subscriptions are your own: use *");
	} else {
		verb->obey(irc, typed);
	}
}

void irc_on_metadata(struct irc *irc) {
	struct slice typed = irc_parameter(&irc->message, 0),
		     word = irc_parameter(&irc->message, 1);
	const struct verb *verb = verb_of(word);
	size_t more = irc->message.count < 2 ? 0 : irc->message.count - 2;
	if (!irc_is_metadata_aware(irc)) {
		say_bad_parameters(irc, word, "Ask for draft/metadata-3 and batch first");
	} else if (typed.size == 0 || word.size == 0) {
		say_bad_parameters(irc, word, "Not enough parameters");
	} else if (verb == NULL) {
		say_bad_parameters(irc, word, "Unknown subcommand");
	} else if (more < verb->least || more > verb->most) {
		say_bad_parameters(irc, word,
		                   more < verb->least ? "Not enough parameters"
		                                      : "Too many parameters");
	} else if (verb->settles && !irc->is_settled) {
		irc->must_wait = true;
	} else {
		obey(irc, verb, typed);
	}
}

void irc_metadata_refused(struct irc *irc, struct slice target, const struct record *answer) {
	char words[IRC_LINE_BYTES_MAX];
	struct irc_line line = irc_line_at(words, sizeof(words));
	struct slice name, key;
	irc_next_key(&target, &name);
	irc_next_key(&target, &key);
	switch (answer->reason) {
	case REASON_NO_SUCH_NAME:
	case REASON_NO_SUCH_ROOM:
		fail(irc, "INVALID_TARGET", name, irc_nothing(), "Invalid metadata target");
		break;
	case REASON_BAD_ARGUMENT:
		fail(irc, "INVALID_KEY", key, irc_nothing(), "Invalid key");
		break;
	case REASON_TEXT_TOO_LONG:
	case REASON_NOT_UTF8:
		fail(irc, "INVALID_VALUE", key, irc_nothing(), "Invalid value");
		break;
	case REASON_LIMIT:
	case REASON_FULL:
		irc_put_text(&line, "SET ");
		irc_put(&line, name);
		irc_put_text(&line, " ");
		irc_put_number(&line, answer->number);
		irc_standard(irc, "FAIL", "METADATA", "LIMIT_REACHED", irc_line_slice(&line),
		             "There are as many keys as there may be");
		break;
	default:
		fail(irc, "KEY_NO_PERMISSION", name, key.size > 0 ? key : irc_word("*"),
		     "Permission denied");
		break;
	}
}
