/*
 * import_folder.h - the data folder that is to have the history of others.
 *
 * It is held as a server holds it (folderlock.h), so no server runs on it meanwhile. The new log is made
 * beside, in `import.new`, and becomes `log.db` with one rename, when all of it is on the disk. So a
 * death before leaves the folder as it was, but for `import.new`, which the next import removes.
 */
#ifndef IMPORT_FOLDER_H
#define IMPORT_FOLDER_H

#include "datafolder.h"
#include "import_log.h"

struct import_folder {
	struct options options;
	struct datafolder folder;
	char path[DATA_PATH_BYTES_MAX + 16]; /* where the new one is made */
};

/* Exits with a sentence: a server runs on it, or it has a history. For what follows be its owner (privileges.h). */
void import_folder_open(struct import_folder *folder, const char *data);
/* The new log, which is closed, takes its place. False, and said, if it cannot. */
bool import_folder_install(struct import_folder *folder);
/* Nothing has come of it. */
void import_folder_forget(struct import_folder *folder);

#endif
