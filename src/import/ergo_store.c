#include "ergo_store.h"

#include <stdbool.h>

#include "import.h"
#include "utf8.h"

/* A command has a few words; a number a few digits. */
#define WORDS_MAX 8
#define DIGITS_MAX 9

/* "*3\r\n", "$12\r\n": the number behind the sign. */
static bool take_number(struct slice *rest, char sign, size_t *number) {
	if (rest->size == 0 || rest->bytes[0] != sign) {
		return false;
	}
	size_t at = 1;
	*number = 0;
	while (at < rest->size && at <= DIGITS_MAX && rest->bytes[at] >= '0' &&
	       rest->bytes[at] <= '9') {
		*number = *number * 10 + (size_t)(rest->bytes[at] - '0');
		at++;
	}
	*rest = slice_from(*rest, at);
	return at > 1 && import_take(rest, "\r\n");
}

static bool take_word(struct slice *rest, struct slice *word) {
	size_t size;
	if (!take_number(rest, '$', &size) || size > rest->size) {
		return false;
	}
	*word = slice_first(*rest, size);
	*rest = slice_from(*rest, size);
	return import_take(rest, "\r\n");
}

static bool take_command(struct slice *rest, struct slice words[static WORDS_MAX], size_t *count) {
	if (!take_number(rest, '*', count) || *count == 0 || *count > WORDS_MAX) {
		return false;
	}
	for (size_t i = 0; i < *count; i++) {
		if (!take_word(rest, &words[i])) {
			return false;
		}
	}
	return true;
}

static bool is(struct slice word, const char *what) {
	return slice_equal(word, slice_from_string(what));
}

static void obey(json_t *map, const struct slice *words, size_t count) {
	if (is(words[0], "flushdb")) {
		json_object_clear(map);
		return;
	}
	if (count < 2 || !utf8_is_valid(words[1])) {
		return;
	}
	json_t *key = json_stringn(words[1].bytes, words[1].size);
	const char *name = json_string_value(key);
	/* A key that has a NUL in it is none of those that are looked for. */
	if (name != NULL && strlen(name) == words[1].size) {
		if (is(words[0], "del")) {
			json_object_del(map, name);
		} else if (is(words[0], "set") && count >= 3 && utf8_is_valid(words[2])) {
			json_object_set_new(map, name, json_stringn(words[2].bytes, words[2].size));
		}
	}
	json_decref(key);
}

json_t *ergo_store_read(struct slice bytes) {
	struct slice words[WORDS_MAX];
	size_t count, commands = 0;
	json_t *map = json_object();
	while (map != NULL && take_command(&bytes, words, &count)) {
		obey(map, words, count);
		commands++;
	}
	if (commands == 0) {
		json_decref(map);
		return NULL;
	}
	return map;
}
