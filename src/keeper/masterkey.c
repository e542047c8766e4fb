#include "masterkey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"

#define NAME "key"
#define NAME_NEW "key.new" /* not whole yet */

static void make(int folder) {
	uint8_t bytes[MASTER_BYTES];
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
		diag_exit_errno(EXIT_TRY_AGAIN, "no random numbers to be had");
	}
	/* What a start that was killed has left. */
	if (unlinkat(folder, NAME_NEW, 0) < 0 && errno != ENOENT) {
		diag_exit_errno(EXIT_FIX_ME, "cannot remove `" NAME_NEW "` from the data folder");
	}
	int fd = openat(folder, NAME_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool is_written = fd >= 0 && write(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes &&
	                  fsync(fd) == 0;
	if (!is_written || renameat(folder, NAME_NEW, folder, NAME) < 0 || fsync(folder) < 0) {
		diag_exit_errno(EXIT_FIX_ME, "cannot make `" NAME "` in the data folder");
	}
	close(fd);
}

static int open_key(int folder) {
	return openat(folder, NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

void masterkey_take(int folder, uint8_t master[static MASTER_BYTES]) {
	int fd = open_key(folder);
	if (fd < 0 && errno == ENOENT) {
		make(folder);
		fd = open_key(folder);
	}
	struct stat status;
	if (fd < 0 || fstat(fd, &status) < 0) {
		diag_exit_errno(EXIT_FIX_ME, "cannot open `" NAME "` in the data folder");
	}
	if (!S_ISREG(status.st_mode) || status.st_nlink != 1) {
		diag_exit(EXIT_FIX_ME, "`" NAME "` in the data folder is not a file of its own");
	}
	if (status.st_mode & 0077) {
		diag_exit(EXIT_FIX_ME,
		          "others can read or write `" NAME "` in the data folder: chmod 600 it");
	}
	if (status.st_size != MASTER_BYTES || read(fd, master, MASTER_BYTES) != MASTER_BYTES) {
		diag_exit(
			EXIT_FIX_ME,
			"`" NAME "` in the data folder is not %d bytes long: put a copy of it in "
			"its place, or move it away to begin a new one (then all sessions have to "
			"be opened anew)",
			MASTER_BYTES);
	}
	close(fd);
}
