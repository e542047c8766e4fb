#include "wishes.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "limits.h"
#include "moment.h"

static const struct option options[] = {
	{"data", required_argument, NULL, 'd'},   {"room", required_argument, NULL, 'r'},
	{"last", required_argument, NULL, 'l'},   {"since", required_argument, NULL, 's'},
	{"by", required_argument, NULL, 'b'},     {"search", required_argument, NULL, 'q'},
	{"direct", required_argument, NULL, 'p'}, {"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},         {0},
};

static bool parse_count(const char *word, uint64_t *count) {
	char *end;
	errno = 0;
	unsigned long long number = strtoull(word, &end, 10);
	*count = number;
	return word[0] >= '0' && word[0] <= '9' && *end == '\0' && errno == 0;
}

/* One option; false with the sentence if its value makes no sense. */
static bool take(struct wishes *wishes, int option, const char *value,
                 char trouble[static WISHES_TROUBLE_BYTES]) {
	struct slice slice = value == NULL ? (struct slice){0} : slice_from_string(value);
	switch (option) {
	case 'd':
		snprintf(trouble, WISHES_TROUBLE_BYTES, "'%.100s' is no folder's path", value);
		return data_path_absolute(value, wishes->data);
	case 'r': wishes->room = slice; return true;
	case 'b': wishes->by = slice; return true;
	case 'p':
		wishes->direct = slice;
		snprintf(trouble, WISHES_TROUBLE_BYTES, "--direct wants a name");
		return slice.size > 0;
	case 'j': wishes->is_json = true; return true;
	case 'h': wishes->is_help = true; return true;
	case 'q':
		wishes->search = slice;
		snprintf(trouble, WISHES_TROUBLE_BYTES,
		         "--search wants 1 to %d bytes of text, as long as messages are",
		         TEXT_BYTES_MAX);
		return slice.size > 0 && slice.size <= TEXT_BYTES_MAX;
	case 'l':
		wishes->has_last = true;
		snprintf(trouble, WISHES_TROUBLE_BYTES, "--last wants a number, not '%.100s'",
		         value);
		return parse_count(value, &wishes->last);
	default:
		snprintf(trouble, WISHES_TROUBLE_BYTES,
		         "--since wants a time such as 2026-11-23, 2026-11-23T20:15:00+08:00 or "
		         "90m, not '%.100s'",
		         value);
		return moment_parse(slice, clock_wall_us(), &wishes->since_us);
	}
}

bool wishes_parse(struct wishes *wishes, int argc, char **argv,
                  char trouble[static WISHES_TROUBLE_BYTES]) {
	*wishes = (struct wishes){0};
	opterr = 0;
	optind = 1;
	int option;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (option == '?') {
			snprintf(trouble, WISHES_TROUBLE_BYTES, "there is no option '%.100s'",
			         argv[optind - 1]);
			return false;
		}
		if (option == ':') {
			snprintf(trouble, WISHES_TROUBLE_BYTES, "'%.100s' wants a value",
			         argv[optind - 1]);
			return false;
		}
		if (!take(wishes, option, optarg, trouble)) {
			return false;
		}
	}
	if (optind < argc) {
		snprintf(trouble, WISHES_TROUBLE_BYTES, "'%.100s' is one word too many",
		         argv[optind]);
		return false;
	}
	if (wishes->data[0] == '\0' && !data_path_default(wishes->data)) {
		snprintf(trouble, WISHES_TROUBLE_BYTES,
		         "there is no home directory: say where the data lies, with --data");
		return false;
	}
	return true;
}
