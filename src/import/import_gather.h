/*
 * import_gather.h - which files there are, of what room each, and which of them follow one another.
 */
#ifndef IMPORT_GATHER_H
#define IMPORT_GATHER_H

#include <stdbool.h>
#include <stddef.h>

#include "import_enlist.h"
#include "import_options.h"
#include "import_source.h"

/* Files of an import, and sources: each has a file open, and a line of up to 16 KB in memory. */
#define IMPORT_FILES_MAX (1u << 20)
#define IMPORT_SOURCES_MAX 4096

struct import_gathering {
	struct import_file *files;
	size_t files_count, files_capacity;
	struct import_source **sources;
	size_t sources_count;
	struct import_listed listed[IMPORT_REGISTRIES_MAX];
	size_t listed_count;
};

/*
 * Looks at each word; folders are gone through, whatever they hold. What is no log, or of no room, is told.
 * False, and said with diag, if it cannot be done: no such file, too many of them.
 */
bool import_gather(struct import_gathering *gathering, struct import_reading *reading,
                   const struct import_options *options);
void import_gathering_finish(struct import_gathering *gathering);

#endif
