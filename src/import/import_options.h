/* import_options.h - the words behind `qun import`. */
#ifndef IMPORT_OPTIONS_H
#define IMPORT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "datapath.h"
#include "import.h"
#include "option_words.h"

/* A file or folder, and what was said before it. */
struct import_word {
	const char *path;
	const struct import_form *form;
	const char *room; /* NULL: where it was heard */
};

struct import_options {
	char data[DATA_PATH_BYTES_MAX];
	const char *charset;
	char timezone[80]; /* as TZ has it; empty: this machine's */
	bool is_dry_run, is_help;
	struct import_word *words; /* the caller frees it */
	size_t words_count;
};

/* argv[0] to argv[argc - 1] are what follows `import`. False, and a sentence, if it makes no sense. */
bool import_options_parse(struct import_options *options, int argc, char *const *argv,
                          char trouble[static OPTION_TROUBLE_BYTES]);

#endif
