/*
 * option_words.h - the words of a command line, option by option. Options are the rows
 * of a table; a value comes as "--name VALUE" or "--name=VALUE", and what is not
 * exactly an option or its value is refused in a sentence.
 */
#ifndef OPTION_WORDS_H
#define OPTION_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define OPTION_TROUBLE_BYTES 512

enum option_value { OPTION_ALONE, OPTION_VALUE, OPTION_VALUE_OR_NOT };

/* What a row begins with; behind it is the caller's own: mostly, who takes the value. */
struct option_name {
	const char *name; /* "--name" */
	enum option_value value;
};

struct option_words {
	char *const *argv;
	int argc, at;    /* the next word */
	const char *see; /* behind "there is no option '--name'" */
};

/*
 * Takes the next word, and its value if that is a word of its own. Returns the option's row; NULL, and a
 * sentence in `trouble`, if there is none. *value is "" where there is none.
 */
const void *option_next(struct option_words *words, const void *rows, size_t count, size_t row_size,
                        const char **value, char trouble[static OPTION_TROUBLE_BYTES]);

/* False, always. */
__attribute__((format(printf, 2, 3))) bool option_refuse(char trouble[static OPTION_TROUBLE_BYTES],
                                                         const char *format, ...);

#endif
