#include "irc_capability.h"

#include <string.h>

static const struct {
	const char *word, *value;
} capabilities[] = {
#define CAPABILITY_ROW(name, word, value) {word, value},
	IRC_CAPABILITIES(CAPABILITY_ROW)
#undef CAPABILITY_ROW
};

const char *irc_capability_word(enum irc_capability capability) {
	return capabilities[capability].word;
}

const char *irc_capability_value(enum irc_capability capability) {
	return capabilities[capability].value;
}

/* Words of capabilities are compared exactly. */
static bool find(struct slice word, enum irc_capability *capability) {
	for (unsigned i = 0; i < CAPABILITIES_COUNT; i++) {
		if (slice_equal(word, slice_from_string(capabilities[i].word))) {
			*capability = (enum irc_capability)i;
			return true;
		}
	}
	return false;
}

static bool take_word(struct slice *rest, struct slice *word) {
	while (rest->size > 0 && rest->bytes[0] == ' ') {
		*rest = slice_from(*rest, 1);
	}
	const char *blank = rest->size == 0 ? NULL : memchr(rest->bytes, ' ', rest->size);
	size_t size = blank == NULL ? rest->size : (size_t)(blank - rest->bytes);
	*word = slice_first(*rest, size);
	*rest = slice_from(*rest, size);
	return size > 0;
}

bool irc_capability_request(struct slice words, uint64_t offered, uint64_t *set) {
	uint64_t wanted = *set;
	struct slice word;
	while (take_word(&words, &word)) {
		enum irc_capability capability;
		bool is_without = word.bytes[0] == '-';
		if (!find(slice_from(word, is_without ? 1 : 0), &capability) ||
		    !irc_has(offered, capability)) {
			return false;
		}
		wanted = is_without ? wanted & ~irc_bit(capability) : wanted | irc_bit(capability);
	}
	/* Who asked for LS 302 has it for good. */
	wanted |= *set & irc_bit(CAP_CAP_NOTIFY);
	*set = wanted;
	return true;
}

bool irc_capability_words(uint64_t set, bool has_values, enum irc_capability *at, size_t room,
                          struct irc_line *line) {
	size_t begin = line->size;
	unsigned i = *at;
	for (; i < CAPABILITIES_COUNT; i++) {
		size_t before = line->size;
		if (!irc_has(set, (enum irc_capability)i)) {
			continue;
		}
		if (line->size > begin) {
			irc_put_text(line, " ");
		}
		irc_put_text(line, capabilities[i].word);
		if (has_values && capabilities[i].value[0] != '\0') {
			irc_put_text(line, "=");
			irc_put_text(line, capabilities[i].value);
		}
		if (line->is_full || line->size - begin > room) {
			line->size = before;
			line->is_full = false;
			break;
		}
	}
	*at = (enum irc_capability)i;
	return i < CAPABILITIES_COUNT;
}
