/*
 * metadata.c - METADATA (IRCv3 draft/metadata-3): what people and rooms say of themselves, key by key.
 * Who wants to know of which keys is metadata_subs.c's, what is told of them metadata_tell.c's.
 *
 * Everybody's is there to be read, a room's for its members. One sets one's own; a room's operators
 * set the room's; operators of the server, all.
 */
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

void irc_warn_of_key(struct irc *irc, struct slice key) {
	say_standard(irc, "WARN", "INVALID_KEY", key, irc_nothing(), "Invalid key");
}

bool irc_is_metadata_aware(const struct irc *irc) {
	return irc_can(irc, CAP_METADATA) && irc_can(irc, CAP_BATCH);
}

/* ---- GET, LIST, SYNC ---- */

/* False, and told, if it is not there, or not to be seen. */
static bool find_readable(struct irc *irc, struct slice typed, struct irc_owner *owner) {
	*owner = irc_owner_of(irc, typed);
	bool is_there = owner->room != 0 || owner->person != 0 || irc->user->door != NULL;
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
	struct irc_keys keys = irc_keys_in(irc);
	struct irc_owner owner;
	struct slice key;
	if (!find_readable(irc, typed, &owner)) {
		return;
	}
	unsigned batch = irc->in_batch = irc_open_batch(irc, "metadata", owner.name);
	while (irc_next_named(&keys, &key)) {
		if (state_is_metadata_key(key)) {
			irc_say_metadata(irc, owner.name, key, irc_metadata_of(irc, &owner, key));
		} else {
			irc_warn_of_key(irc, key);
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
	if (irc->user->door != NULL) {
		irc_set_early(irc, key, value);
		return;
	}
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
	{"SUB", irc_metadata_sub, 1, IRC_PARAMETERS_MAX, true, true},
	{"UNSUB", irc_metadata_unsub, 1, IRC_PARAMETERS_MAX, true, true},
	{"SUBS", irc_metadata_subs, 0, 0, true, true},
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
	if (irc->user->door != NULL && !irc_is_metadata_aware(irc)) {
		irc_numeric(irc, ERR_NOTREGISTERED, irc_nothing(), irc_nothing());
	} else if (!irc_is_metadata_aware(irc)) {
		say_bad_parameters(irc, word, "Ask for draft/metadata-3 and batch first");
	} else if (typed.size == 0 || word.size == 0) {
		say_bad_parameters(irc, word, "Not enough parameters");
	} else if (verb == NULL) {
		say_bad_parameters(irc, word, "Unknown subcommand");
	} else if (more < verb->least || more > verb->most) {
		say_bad_parameters(irc, word,
		                   more < verb->least ? "Not enough parameters"
		                                      : "Too many parameters");
	} else if (irc->user->door != NULL && !slice_equal(typed, irc_word("*"))) {
		fail(irc, "INVALID_TARGET", typed, irc_nothing(), "You are not in yet: use *");
	} else if (verb->settles && !irc->is_settled && irc->user->door == NULL) {
		irc->must_wait = true;
	} else {
		obey(irc, verb, typed);
	}
}

void irc_metadata_is_full(struct irc *irc, struct slice target, uint64_t most) {
	char words[IRC_LINE_BYTES_MAX];
	struct irc_line line = irc_line_at(words, sizeof(words));
	irc_put_text(&line, "SET ");
	irc_put(&line, target);
	irc_put_text(&line, " ");
	irc_put_number(&line, most);
	irc_standard(irc, "FAIL", "METADATA", "LIMIT_REACHED", irc_line_slice(&line),
	             "There are as many keys as there may be");
}

void irc_metadata_refused(struct irc *irc, struct slice target, const struct record *answer) {
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
	case REASON_FULL: irc_metadata_is_full(irc, name, answer->number); break;
	default:
		fail(irc, "KEY_NO_PERMISSION", name, key.size > 0 ? key : irc_word("*"),
		     "Permission denied");
		break;
	}
}
