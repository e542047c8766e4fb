#include "import_gather.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"

/* ---- files ---- */

static bool has_room(struct import_gathering *gathering) {
	if (gathering->files_count < gathering->files_capacity) {
		return true;
	}
	size_t capacity = 2 * gathering->files_capacity + 64;
	struct import_file *files =
		reallocarray(gathering->files, capacity, sizeof(*gathering->files));
	if (files == NULL) {
		return false;
	}
	gathering->files = files;
	gathering->files_capacity = capacity;
	return true;
}

/* False: it is told, and not taken. */
static bool is_log(struct import_reading *reading, const struct import_file *file) {
	struct slice window = file->place.window;
	bool is_conversation = file->room.size == 0 && !file->form->has_windows &&
	                       (window.size == 0 || window.bytes[0] != '#');
	if (is_conversation) {
		import_tell(reading->tally, file->path, IMPORT_WHOLE_FILE, TROUBLE_NO_ROOM, window);
	}
	return !is_conversation;
}

/* ---- registries ---- */

static bool read_registry(struct import_gathering *gathering, struct import_reading *reading,
                          int fd, const char *path, uint64_t size) {
	if (gathering->listed_count == IMPORT_REGISTRIES_MAX || size > IMPORT_REGISTRY_BYTES_MAX) {
		diag("%s: more than %d files of accounts, or one of more than %u MB", path,
		     IMPORT_REGISTRIES_MAX, IMPORT_REGISTRY_BYTES_MAX >> 20);
		return false;
	}
	void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED) {
		diag_errno("cannot read %s", path);
		return false;
	}
	struct import_listed *listed = &gathering->listed[gathering->listed_count++];
	listed->path = path;
	reading->tally->files++;
	if (!ergo_registry(slice_of(bytes, size), &listed->registry)) {
		import_tell(reading->tally, path, IMPORT_WHOLE_FILE, TROUBLE_JSON,
		            slice_of(NULL, 0));
	}
	munmap(bytes, size);
	return true;
}

/* Its path is the word's, or a folder's: kept for what is told later. */
static bool add_registry(struct import_gathering *gathering, struct import_reading *reading,
                         const struct import_word *word, const char *path, bool *is_registry) {
	char beginning[4096];
	struct stat status;
	*is_registry = false;
	int fd = word->form->is_registry == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return true; /* That it cannot be read is found out later. */
	}
	ssize_t got = read(fd, beginning, sizeof(beginning));
	bool is_good = true;
	*is_registry = got > 0 && word->form->is_registry(slice_of(beginning, (size_t)got));
	if (*is_registry) {
		char *kept = strdup(path);
		is_good = kept != NULL && fstat(fd, &status) == 0 &&
		          read_registry(gathering, reading, fd, kept, (uint64_t)status.st_size);
		if (gathering->listed_count == 0 ||
		    gathering->listed[gathering->listed_count - 1].path != kept) {
			free(kept);
		}
	}
	close(fd);
	return is_good;
}

/* ---- logs ---- */

static bool add_file(struct import_gathering *gathering, struct import_reading *reading,
                     const struct import_word *word, const char *path, uint64_t size) {
	struct import_file file = {.path = strdup(path), .form = word->form};
	if (word->room != NULL) {
		file.room = slice_from_string(word->room);
	}
	if (file.path == NULL || !has_room(gathering)) {
		free(file.path);
		diag("no memory is left");
		return false;
	}
	bool is_taken = file.form->place(slice_from_string(file.path), &file.place);
	if (!is_taken) {
		import_tell(reading->tally, path, IMPORT_WHOLE_FILE, TROUBLE_FILE_NAME,
		            slice_of(NULL, 0));
	}
	bool is_registry = false;
	bool is_good = !is_taken || add_registry(gathering, reading, word, file.path, &is_registry);
	if (!is_good || is_registry) {
		free(file.path);
		return is_good;
	}
	if (!is_taken || !is_log(reading, &file)) {
		free(file.path);
		return true;
	}
	if (gathering->files_count == IMPORT_FILES_MAX) {
		free(file.path);
		diag("there are more than %u files", IMPORT_FILES_MAX);
		return false;
	}
	reading->tally->bytes_in_all += size;
	gathering->files[gathering->files_count++] = file;
	return true;
}

static int by_name(const FTSENT **a, const FTSENT **b) {
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool add_found(struct import_gathering *gathering, struct import_reading *reading,
                      const struct import_word *word, const FTSENT *found) {
	switch (found->fts_info) {
	case FTS_F:
		return add_file(gathering, reading, word, found->fts_path,
		                (uint64_t)found->fts_statp->st_size);
	case FTS_ERR:
	case FTS_NS:
	case FTS_DNR:
		errno = found->fts_errno;
		diag_errno("cannot read %s", found->fts_path);
		return false;
	default: return true;
	}
}

static bool walk(struct import_gathering *gathering, struct import_reading *reading,
                 const struct import_word *word) {
	char *const paths[] = {(char *)(uintptr_t)word->path, NULL};
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	bool is_good = tree != NULL;
	if (!is_good) {
		diag_errno("cannot read %s", word->path);
		return false;
	}
	const FTSENT *found;
	while (is_good && (found = fts_read(tree)) != NULL) {
		is_good = add_found(gathering, reading, word, found);
	}
	fts_close(tree);
	return is_good;
}

/* ---- sources ---- */

/* Everything of the path up to the end of the window's name: the same for each day of it. */
static struct slice stem(const struct import_file *file) {
	struct slice window = file->place.window;
	return slice_of(file->path, (size_t)(window.bytes + window.size - file->path));
}

static bool follows(const struct import_file *file, const struct import_file *before) {
	return file->form == before->form && file->place.day[0] != '\0' &&
	       before->place.day[0] != '\0' && slice_equal(file->room, before->room) &&
	       slice_equal(stem(file), stem(before)) &&
	       strcmp(before->place.day, file->place.day) <= 0;
}

static size_t run_at(const struct import_gathering *gathering, size_t at) {
	size_t count = 1;
	while (at + count < gathering->files_count &&
	       follows(&gathering->files[at + count], &gathering->files[at + count - 1])) {
		count++;
	}
	return count;
}

static bool make_sources(struct import_gathering *gathering, struct import_reading *reading) {
	gathering->sources = calloc(IMPORT_SOURCES_MAX, sizeof(struct import_source *));
	if (gathering->sources == NULL) {
		diag("no memory is left");
		return false;
	}
	for (size_t at = 0; at < gathering->files_count;) {
		size_t count = run_at(gathering, at);
		if (gathering->sources_count == IMPORT_SOURCES_MAX) {
			diag("there are more than %u windows", IMPORT_SOURCES_MAX);
			return false;
		}
		struct import_source *source =
			import_source_create(reading, &gathering->files[at], count);
		if (source == NULL) {
			diag("no memory is left");
			return false;
		}
		gathering->sources[gathering->sources_count++] = source;
		at += count;
	}
	return true;
}

/* As many files open at once as may be. */
static void raise_limit(void) {
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

bool import_gather(struct import_gathering *gathering, struct import_reading *reading,
                   const struct import_options *options) {
	*gathering = (struct import_gathering){0};
	raise_limit();
	for (size_t i = 0; i < options->words_count; i++) {
		if (!walk(gathering, reading, &options->words[i])) {
			return false;
		}
	}
	return make_sources(gathering, reading);
}

void import_gathering_finish(struct import_gathering *gathering) {
	for (size_t i = 0; i < gathering->sources_count; i++) {
		import_source_destroy(gathering->sources[i]);
	}
	for (size_t i = 0; i < gathering->files_count; i++) {
		free(gathering->files[i].path);
	}
	for (size_t i = 0; i < gathering->listed_count; i++) {
		import_registry_finish(&gathering->listed[i].registry);
		free((char *)(uintptr_t)gathering->listed[i].path);
	}
	free(gathering->sources);
	free(gathering->files);
	*gathering = (struct import_gathering){0};
}
