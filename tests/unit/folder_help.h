/* A folder for each test that wants one. */
#ifndef FOLDER_HELP_H
#define FOLDER_HELP_H

#include "unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static char folder[64];

static inline int make_folder(void **unused) {
	snprintf(folder, sizeof(folder), "/tmp/qun-unit-XXXXXX");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static inline int drop_file(const char *path, const struct stat *status, int type,
                            struct FTW *walk) {
	return remove(path);
}

/* With all that is in it. */
static inline int drop_folder(void **unused) {
	return nftw(folder, drop_file, 8, FTW_DEPTH | FTW_PHYS);
}

static inline const char *in_folder(const char *name) {
	static char path[sizeof(folder) + 64];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

#endif
