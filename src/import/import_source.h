/*
 * import_source.h - the lines of one room's files, one after the other, in the order in which they
 * were written; and those of all sources together, by time.
 *
 * A line's times may go back a little (summer time, a clock that was set): then it keeps its place and
 * has the time of the one before. So what a source gives rises, and what all give, merged, as well:
 * that is what a log has to be (store_read.h).
 *
 * A source has one file open and one line in memory. What cannot be a line of qun's is told of
 * (import_tally.h) and passed over here: who takes lines gets none that it would have to refuse.
 */
#ifndef IMPORT_SOURCE_H
#define IMPORT_SOURCE_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "import.h"
#include "import_tally.h"

#define IMPORT_LINE_BYTES_MAX (16 * 1024)
/* The same in UTF-8: of each byte at most three, or of two at most four. */
#define IMPORT_CONVERTED_BYTES_MAX (3 * IMPORT_LINE_BYTES_MAX)

struct import_file {
	char *path;
	const struct import_form *form;
	struct slice room; /* given by --room; empty: where it was heard */
	struct import_place place;
};

/* What all sources of an import share. */
struct import_reading {
	struct import_tally *tally;
	const char *charset; /* of what is not UTF-8; NULL: none is known */
	uint64_t now_us;
	/* As whom files are opened (privileges.h). */
	void (*open_begin)(void *context);
	void (*open_end)(void *context);
	void *context;
	/* The last local minute, and when it was. */
	char minute[IMPORT_DAY_BYTES + 6];
	uint64_t minute_us;
};

struct import_source;

/* Of these files, which stay the caller's, in their order. NULL: no memory is left. */
struct import_source *import_source_create(struct import_reading *reading,
                                           const struct import_file *files, size_t count);
void import_source_destroy(struct import_source *source);

/* A line that is taken. Valid until the source's next. */
struct import_heard {
	struct import_line line;
	struct slice room; /* its name */
	uint64_t time_us;
};
/* False at the end. */
bool import_source_next(struct import_source *source);
const struct import_heard *import_source_heard(const struct import_source *source);

/*
 * All of them, by time; of those that are at the same time, in the order of `sources`. Takes the
 * array's order over. `each` says false to stop; then this does.
 */
bool import_merge(struct import_source **sources, size_t count,
                  bool (*each)(void *context, const struct import_heard *heard), void *context);

#endif
