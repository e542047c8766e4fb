#include "option_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "slice.h"

bool option_refuse(char trouble[static OPTION_TROUBLE_BYTES], const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(trouble, OPTION_TROUBLE_BYTES, format, arguments);
	va_end(arguments);
	return false;
}

static const struct option_name *find(struct slice name, const char *rows, size_t count,
                                      size_t row_size) {
	for (size_t i = 0; i < count; i++) {
		const struct option_name *row = (const void *)(rows + i * row_size);
		if (slice_equal(name, slice_from_string(row->name))) {
			return row;
		}
	}
	return NULL;
}

/* A value that may be left out does not look like an option. */
static bool is_value_next(const struct option_words *words, enum option_value value) {
	return words->at < words->argc && value != OPTION_ALONE &&
	       (value == OPTION_VALUE || words->argv[words->at][0] != '-');
}

const void *option_next(struct option_words *words, const void *rows, size_t count, size_t row_size,
                        const char **value, char trouble[static OPTION_TROUBLE_BYTES]) {
	const char *word = words->argv[words->at++];
	size_t size = strcspn(word, "=");
	bool has_value = word[size] == '=';
	const struct option_name *row = find(slice_of(word, size), rows, count, row_size);
	*value = has_value ? word + size + 1 : "";
	if (row == NULL) {
		option_refuse(trouble, "there is no option '%.64s'%s", word, words->see);
		return NULL;
	}
	if (row->value == OPTION_ALONE && has_value) {
		option_refuse(trouble, "%s takes no value", row->name);
		return NULL;
	}
	if (!has_value && is_value_next(words, row->value)) {
		*value = words->argv[words->at++];
	} else if (!has_value && row->value == OPTION_VALUE) {
		option_refuse(trouble, "%s wants a value", row->name);
		return NULL;
	}
	return row;
}
