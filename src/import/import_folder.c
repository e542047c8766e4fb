#include "import_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arguments.h"
#include "diag.h"
#include "privileges.h"

#define NEW "import.new"

/* ---- what an import that died has left ---- */

static const char *const parts[] = {NEW "/log.db", NEW "/log.db-wal", NEW "/log.db-shm"};

static bool clear(struct import_folder *folder) {
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (unlinkat(folder->folder.fd, parts[i], 0) < 0 && errno != ENOENT) {
			return false;
		}
	}
	return unlinkat(folder->folder.fd, NEW, AT_REMOVEDIR) == 0 || errno == ENOENT;
}

void import_folder_forget(struct import_folder *folder) {
	if (!clear(folder)) {
		diag_errno("cannot remove `" NEW "` from the data folder");
	}
}

/* ---- is there a history? ---- */

static void refuse_history(const struct import_folder *folder, const struct store_meta *meta) {
	if (meta->seq > 0) {
		diag_exit(
			EXIT_FIX_ME,
			"the data folder %s has a history already (up to number %llu), and what is "
			"older cannot be put before it: import into an empty folder, with --data, "
			"and "
			"serve that one",
			folder->options.data, (unsigned long long)meta->seq);
	}
}

/* Of a server that was started, and nothing happened. Opening it to write folds its WAL in. */
static void look_at_log(struct import_folder *folder) {
	char why[STORE_WHY_BYTES];
	struct store *store;
	struct store_meta meta;
	if (faccessat(folder->folder.fd, "log.db", F_OK, AT_EACCESS) < 0) {
		return;
	}
	if (store_open(&store, folder->options.data, STORE_WRITE, why) != STORE_OK) {
		diag_exit(EXIT_FIX_ME, "%s", why);
	}
	if (store_meta(store, &meta) != STORE_OK) {
		diag_exit(EXIT_FIX_ME, "%s", store_why(store));
	}
	refuse_history(folder, &meta);
	store_close(store);
}

void import_folder_open(struct import_folder *folder, const char *data) {
	struct options *options = &folder->options;
	arguments_defaults(options);
	snprintf(options->data, sizeof(options->data), "%s", data);
	privileges_choose(options);
	datafolder_open(&folder->folder, options);
	privileges_borrow(options);
	look_at_log(folder);
	snprintf(folder->path, sizeof(folder->path), "%s/" NEW, options->data);
	if (!clear(folder) || mkdirat(folder->folder.fd, NEW, 0700) < 0) {
		diag_exit_errno(EXIT_FIX_ME, "cannot make %s", folder->path);
	}
	privileges_return(options);
}

/* ---- its place ---- */

/* What belongs to the log.db that goes; a WAL that stayed would be taken for the new one's. */
static bool clear_old(struct import_folder *folder) {
	static const char *const beside[] = {"log.db-wal", "log.db-shm"};
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		if (unlinkat(folder->folder.fd, beside[i], 0) < 0 && errno != ENOENT) {
			return false;
		}
	}
	return ftruncate(folder->folder.ring_writer, 0) == 0;
}

bool import_folder_install(struct import_folder *folder) {
	int fd = folder->folder.fd;
	int log = openat(fd, parts[0], O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool is_synced = log >= 0 && fsync(log) == 0;
	if (log >= 0) {
		close(log);
	}
	bool is_done = is_synced && clear_old(folder) &&
	               renameat(fd, parts[0], fd, "log.db") == 0 && fsync(fd) == 0;
	if (!is_done) {
		diag_errno("cannot put the new log.db in its place");
		return false;
	}
	import_folder_forget(folder);
	return true;
}
