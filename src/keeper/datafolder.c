#include "datafolder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "filesystem.h"
#include "folderlock.h"
#include "masterkey.h"
#include "privileges.h"

/* ---- The folder ---- */

/* mkdir -p: what is missing above it too. */
static void make_folders(char *path) {
	/* As root others have to get through what we make on the way. */
	mode_t mode_above = geteuid() == 0 ? 0755 : 0700;
	umask(0022);
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		bool is_there = mkdir(path, mode_above) == 0 || errno == EEXIST;
		/* Somebody else's folder on the way may be closed to us, and what is below open. */
		if (!is_there && access(path, F_OK) < 0) {
			diag_exit_errno(EXIT_FIX_ME, "cannot make the folder %s (see --data)",
			                path);
		}
		*slash = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		diag_exit_errno(EXIT_FIX_ME, "cannot make the data folder %s (see --data)", path);
	}
}

static void make_canonical(char data[DATA_PATH_BYTES_MAX]) {
	char *canonical = realpath(data, NULL);
	if (canonical == NULL) {
		diag_exit_errno(EXIT_FIX_ME, "cannot find the data folder %s (see --data)", data);
	}
	size_t size = strlen(canonical) + 1;
	if (size > DATA_PATH_BYTES_MAX) {
		diag_exit(EXIT_FIX_ME, "the path of the data folder is too long (see --data)");
	}
	memcpy(data, canonical, size);
	free(canonical);
}

static int open_folder(const char *path) {
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool is_empty(int fd) {
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = again >= 0 ? fdopendir(again) : NULL;
	if (directory == NULL) {
		diag_exit_errno(EXIT_FIX_ME, "cannot look into the data folder (see --data)");
	}
	size_t count = 0;
	const struct dirent *entry;
	while ((entry = readdir(directory)) != NULL) {
		/* A disk's own folder is on every new one. */
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		         strcmp(entry->d_name, "lost+found") != 0;
	}
	closedir(directory);
	return count == 0;
}

/* ---- Whose it is ---- */

static void hand_over(int fd, struct options *options) {
	if (fchown(fd, options->house_uid, options->house_gid) == 0) {
		return;
	}
	if (!options->gives_up_root) {
		diag_exit_errno(EXIT_FIX_ME, "the data folder %s is another user's (see --data)",
		                options->data);
	}
	privileges_forgo(options, "the data folder cannot be handed over");
}

static void check_owner(int fd, struct options *options) {
	struct stat status;
	if (fstat(fd, &status) < 0) {
		diag_exit_errno(EXIT_FIX_ME, "cannot look at the data folder %s", options->data);
	}
	bool is_new = is_empty(fd);
	if (status.st_uid != options->house_uid) {
		if (!is_new) {
			diag_exit(
				EXIT_FIX_ME,
				"the data folder %s belongs to user %u, not %u, and is not empty: "
				"chown it, or choose another with --data",
				options->data, (unsigned)status.st_uid,
				(unsigned)options->house_uid);
		}
		hand_over(fd, options);
	}
	if (is_new) {
		/* Whoever may not is found out below. */
		(void)fchmod(fd, 0700);
	} else if (status.st_mode & 0022) {
		diag_exit(
			EXIT_FIX_ME,
			"others can write to the data folder %s: chmod go-w it, or choose another "
			"with --data",
			options->data);
	}
}

/* Names the first folder on the way through which this user cannot go. */
static noreturn void say_unreachable(const struct options *options) {
	int error = errno;
	char path[DATA_PATH_BYTES_MAX];
	memcpy(path, options->data, sizeof path);
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0) {
			diag_exit(EXIT_FIX_ME,
			          "user %u cannot get through %s to the data folder %s: "
			          "chmod o+x it, or choose another place with --data",
			          (unsigned)geteuid(), path, options->data);
		}
		*slash = '/';
	}
	errno = error;
	diag_exit_errno(EXIT_FIX_ME, "user %u cannot open the data folder %s (see --data)",
	                (unsigned)geteuid(), options->data);
}

/* ---- What lies in it ---- */

static int open_file(const struct datafolder *folder, const char *name, int flags) {
	int fd = openat(folder->fd, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) < 0) {
		diag_exit_errno(EXIT_FIX_ME, "cannot open `%s` in the data folder", name);
	}
	if (!S_ISREG(status.st_mode) || status.st_nlink != 1) {
		diag_exit(EXIT_FIX_ME, "`%s` in the data folder is not a file of its own", name);
	}
	return fd;
}

static void open_files(struct datafolder *folder, const struct options *options) {
	folder->keeper_lock = open_file(folder, "lock", O_RDWR | O_CREAT);
	folder->lock = open_file(folder, "lock", O_RDWR);
	folderlock_take(folder->keeper_lock, folder->lock, options->data);
	folder->ring_writer = open_file(folder, "ring", O_RDWR | O_CREAT);
	folder->ring_reader = open_file(folder, "ring", O_RDONLY);
	for (int i = 0; i < EDGES_MAX; i++) {
		char name[32];
		snprintf(name, sizeof name, "cursor.%d", i);
		folder->cursors[i] =
			i < options->edges ? open_file(folder, name, O_RDWR | O_CREAT) : -1;
	}
}

void datafolder_open(struct datafolder *folder, struct options *options) {
	make_folders(options->data);
	make_canonical(options->data);
	folder->fd = open_folder(options->data);
	if (folder->fd < 0) {
		diag_exit_errno(EXIT_FIX_ME, "cannot open the data folder %s (see --data)",
		                options->data);
	}
	const char *network = filesystem_is_network(folder->fd);
	if (network != NULL) {
		diag_exit(
			EXIT_FIX_ME,
			"the data folder %s is on a network file system (%s), where memory cannot "
			"be shared: choose a local one with --data",
			options->data, network);
	}
	check_owner(folder->fd, options);
	privileges_borrow(options);
	/* Once more by its path, as the children will. */
	int as_owner = open_folder(options->data);
	if (as_owner < 0) {
		say_unreachable(options);
	}
	close(folder->fd);
	folder->fd = as_owner;
	open_files(folder, options);
	masterkey_take(folder->fd, options->master);
	privileges_return(options);
}
