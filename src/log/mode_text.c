#include "mode_text.h"

#include <string.h>

#include "record.h"

static const struct {
	char letter;
	uint8_t type;
	uint32_t bit;
} modes[] = {
	{'b', MODE_TYPE_LIST, 0},
	{'e', MODE_TYPE_LIST, 0},
	{'I', MODE_TYPE_LIST, 0},
	{'k', MODE_TYPE_KEY, 0},
	{'l', MODE_TYPE_LIMIT, 0},
	{'i', MODE_TYPE_FLAG, ROOM_IS_INVITE_ONLY},
	{'m', MODE_TYPE_FLAG, ROOM_IS_MODERATED},
	{'n', MODE_TYPE_FLAG, ROOM_NO_EXTERNAL},
	{'s', MODE_TYPE_FLAG, ROOM_IS_SECRET},
	{'t', MODE_TYPE_FLAG, ROOM_TOPIC_LOCKED},
	{'C', MODE_TYPE_FLAG, ROOM_NO_CONTROLS},
	{'M', MODE_TYPE_FLAG, ROOM_HEARS_ACCOUNTS},
	{'R', MODE_TYPE_FLAG, ROOM_WANTS_ACCOUNT},
	{'W', MODE_TYPE_SLOW, 0},
	{'f', MODE_TYPE_FORWARD, 0},
	{'o', MODE_TYPE_OFFICE, MEMBER_IS_OPERATOR},
	{'v', MODE_TYPE_OFFICE, MEMBER_HAS_VOICE},
};

/* Cuts off what stands before the next blank, and the blanks around it. */
static struct slice take_word(struct slice *rest) {
	size_t from = 0, to;
	while (from < rest->size && rest->bytes[from] == ' ') {
		from++;
	}
	to = from;
	while (to < rest->size && rest->bytes[to] != ' ') {
		to++;
	}
	struct slice word = slice_of(rest->bytes + from, to - from);
	*rest = slice_from(*rest, to);
	return word;
}

struct mode_walk mode_walk_of(struct slice text) {
	struct mode_walk walk = {.rest = text};
	if (text.size > 0) {
		walk.letters = take_word(&walk.rest);
	}
	return walk;
}

static bool takes_argument(const struct mode_change *change) {
	switch (change->type) {
	case MODE_TYPE_LIST:
	case MODE_TYPE_KEY:
	case MODE_TYPE_OFFICE: return true;
	case MODE_TYPE_LIMIT:
	case MODE_TYPE_SLOW:
	case MODE_TYPE_FORWARD: return change->is_set;
	case MODE_TYPE_FLAG:
	case MODE_TYPE_UNKNOWN: return false;
	}
	return false;
}

bool mode_walk_next(struct mode_walk *walk, struct mode_change *change) {
	while (walk->letters.size > 0) {
		char letter = walk->letters.bytes[0];
		walk->letters = slice_from(walk->letters, 1);
		if (letter == '+' || letter == '-') {
			walk->is_minus = letter == '-';
			continue;
		}
		*change = (struct mode_change){.letter = letter, .is_set = !walk->is_minus};
		for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
			if (modes[i].letter == letter) {
				change->type = modes[i].type;
				change->bit = modes[i].bit;
			}
		}
		if (takes_argument(change) && walk->rest.size > 0) {
			change->argument = take_word(&walk->rest);
		}
		return true;
	}
	return false;
}
