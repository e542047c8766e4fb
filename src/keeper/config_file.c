#include "config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool refuse(char trouble[static CONFIG_TROUBLE_BYTES], const char *path, const char *why) {
	snprintf(trouble, CONFIG_TROUBLE_BYTES, "cannot read the configuration %s: %s", path, why);
	return false;
}

/* All of it, or -1 with errno; more than fits: EFBIG. */
static ssize_t read_whole(int fd, char *bytes, size_t room) {
	size_t size = 0;
	while (size < room) {
		ssize_t got = read(fd, bytes + size, room - size);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			return got < 0 ? -1 : (ssize_t)size;
		}
		size += (size_t)got;
	}
	errno = EFBIG;
	return -1;
}

bool config_load(const char *path, struct config *config, struct config_secrets *secrets,
                 char trouble[static CONFIG_TROUBLE_BYTES]) {
	static char bytes[CONFIG_FILE_BYTES_MAX + 1];
	/* Whatever it is, opening it must not wait. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		return refuse(trouble, path, strerror(errno));
	}
	struct stat status;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(fd);
		return refuse(trouble, path, "it is not a regular file");
	}
	ssize_t size = read_whole(fd, bytes, sizeof bytes);
	int error = errno;
	close(fd);
	if (size < 0) {
		return refuse(trouble, path, strerror(error));
	}
	return config_parse(path, slice_of(bytes, (size_t)size), config, secrets, trouble);
}
