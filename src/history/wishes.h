/* wishes.h - the words behind `qun history`: which entries, and how they are shown. */
#ifndef WISHES_H
#define WISHES_H

#include <stdbool.h>
#include <stdint.h>

#include "datapath.h"
#include "slice.h"

#define WISHES_TROUBLE_BYTES 256

struct wishes {
	char data[DATA_PATH_BYTES_MAX]; /* --data, or the default */
	struct slice room;              /* empty: all rooms */
	struct slice by;                /* empty: everybody */
	struct slice search;            /* empty: everything */
	struct slice direct;            /* whose direct messages; empty: none */
	bool has_last;
	uint64_t last;
	uint64_t since_us;
	bool is_json;
	bool is_help;
};

/* False: `trouble` says which word is wrong, in one sentence. Slices point into argv. */
bool wishes_parse(struct wishes *wishes, int argc, char **argv,
                  char trouble[static WISHES_TROUBLE_BYTES]);

#endif
