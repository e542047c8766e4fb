/* process.c - the names of the processes, which are also their argv[0]: "qun: edge 3". */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>

#include "house.h"

static const char prefix[] = "qun: ";

static const char *const names[PROCESS_EDGE_0] = {
	[PROCESS_KEEPER] = "keeper", [PROCESS_HUB] = "hub",         [PROCESS_SCRIBE] = "scribe",
	[PROCESS_CLERK] = "clerk",   [PROCESS_CONSOLE] = "console",
};

const char *process_name(unsigned index, char out[PROCESS_NAME_MAX]) {
	assert(index < PROCESSES_MAX);
	if (index >= PROCESS_EDGE_0) {
		snprintf(out, PROCESS_NAME_MAX, "edge %u", index - PROCESS_EDGE_0);
	} else {
		snprintf(out, PROCESS_NAME_MAX, "%s", names[index] != NULL ? names[index] : "");
	}
	return out;
}

int process_index_from(const char *argv0) {
	if (strncmp(argv0, prefix, sizeof prefix - 1) != 0) {
		return -1;
	}
	const char *wanted = argv0 + sizeof prefix - 1;
	for (unsigned index = 0; index < PROCESSES_MAX; index++) {
		char name[PROCESS_NAME_MAX];
		process_name(index, name);
		if (name[0] != '\0' && strcmp(name, wanted) == 0) {
			return (int)index;
		}
	}
	return -1;
}
