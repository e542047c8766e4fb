/* Runs a fuzzer over files, once each, without a fuzzing engine: replay_NAME [FILE|FOLDER]…
 *
 * So what the engine once found stays a test for ever, in every build, also with a compiler that has
 * no engine. Each input lies in memory of exactly its size, so that ASan sees a step too far. A
 * folder that is not there holds no files; the empty input is always run. */
#include "fuzz.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static size_t file_count;

static void die(const char *deed, const char *path) {
	fprintf(stderr, "replay: %s %s: %s\n", deed, path, strerror(errno));
	exit(1);
}

static void replay_file(const char *path, size_t size) {
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		die("open", path);
	}
	uint8_t *bytes = malloc(size);
	if (bytes == NULL && size > 0) {
		die("allocate", path);
	}
	if (size > 0 && fread(bytes, 1, size, file) != size) {
		die("read", path);
	}
	fclose(file);

	/* Said before, so that the last line before a crash names the file. */
	printf("%s\n", path);
	fflush(stdout);
	int answer = LLVMFuzzerTestOneInput(bytes, size);
	assert(answer == 0);
	free(bytes);
	file_count++;
}

static void replay(const char *path);

static void replay_folder(const char *path) {
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	if (count < 0) {
		die("list", path);
	}
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			char *below;
			if (asprintf(&below, "%s/%s", path, entries[i]->d_name) < 0) {
				die("allocate", path);
			}
			replay(below);
			free(below);
		}
		free(entries[i]);
	}
	free(entries);
}

static void replay(const char *path) {
	struct stat status;
	if (stat(path, &status) < 0) {
		if (errno != ENOENT) {
			die("look at", path);
		}
	} else if (S_ISDIR(status.st_mode)) {
		replay_folder(path);
	} else {
		replay_file(path, (size_t)status.st_size);
	}
}

int main(int argc, char **argv) {
	static const uint8_t nothing[1];
	int answer = LLVMFuzzerTestOneInput(nothing, 0);
	assert(answer == 0);
	for (int i = 1; i < argc; i++) {
		replay(argv[i]);
	}
	printf("%zu files\n", file_count);
	return 0;
}
