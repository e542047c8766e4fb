#include "irc_mode.h"

static const struct {
	char letter;
	enum irc_mode_type type;
} modes[] = {
#define MODE_ROW(letter, name, type) {letter, type},
	IRC_CHANNEL_MODES(MODE_ROW)
#undef MODE_ROW
};

bool irc_mode_type_of(char letter, enum irc_mode_type *type) {
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (modes[i].letter == letter) {
			*type = modes[i].type;
			return true;
		}
	}
	return false;
}

struct irc_mode_walk irc_mode_begin(const struct irc_message *message, size_t first) {
	return (struct irc_mode_walk){.message = message, .letters = first, .arguments = first + 1};
}

static bool takes_argument(const struct irc_mode_change *change) {
	switch (change->type) {
	case MODE_LIST:
	case MODE_KEY:
	case MODE_PREFIX: return true;
	case MODE_SET: return change->is_set;
	case MODE_FLAG: return false;
	}
	return false;
}

static void take_argument(struct irc_mode_walk *walk, struct irc_mode_change *change) {
	if (!takes_argument(change)) {
		return;
	}
	if (walk->arguments < walk->message->count &&
	    walk->message->parameters[walk->arguments].size > 0) {
		change->argument = walk->message->parameters[walk->arguments++];
	} else if (change->type == MODE_LIST) {
		change->is_question = true;
	} else if (change->type != MODE_KEY || change->is_set) {
		/* Who takes a key away need not know it. */
		change->fault = MODE_NO_ARGUMENT;
	}
}

bool irc_mode_next(struct irc_mode_walk *walk, struct irc_mode_change *change) {
	struct slice letters = irc_parameter(walk->message, walk->letters);
	while (walk->at < letters.size) {
		char letter = letters.bytes[walk->at++];
		if (letter == '+' || letter == '-') {
			walk->is_minus = letter == '-';
			continue;
		}
		*change = (struct irc_mode_change){.letter = letter, .is_set = !walk->is_minus};
		if (irc_mode_type_of(letter, &change->type)) {
			take_argument(walk, change);
		} else {
			change->fault = MODE_UNKNOWN;
		}
		return true;
	}
	return false;
}
