#include "mp_mapping.h"

#include "mp_errors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES_MAX 249 /* what memfd_create(2) takes */

/* Close, without disturbing the errno that tells why. */
static int refuse(int fd) {
	int reason = errno;
	close(fd);
	errno = reason;
	return MP_SYSTEM;
}

int mp_mapping_create(const char *name, size_t size) {
	if (size == 0 || size > INT64_MAX || strlen(name) > NAME_BYTES_MAX) {
		return MP_RANGE;
	}
	int fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0) {
		return MP_SYSTEM;
	}
	if (fchmod(fd, 0600) < 0 || ftruncate(fd, (off_t)size) < 0) {
		return refuse(fd);
	}
	return fd;
}

int mp_mapping_reopen_read_only(int fd) {
	char path[sizeof "/proc/self/fd/-2147483648"];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int again = open(path, O_RDONLY | O_CLOEXEC);
	return again < 0 ? MP_SYSTEM : again;
}

static bool is_page_multiple(size_t size) {
	return size % (size_t)sysconf(_SC_PAGESIZE) == 0;
}

static int check_range(int fd, size_t offset, size_t size) {
	struct stat file;
	if (fstat(fd, &file) < 0) {
		return MP_SYSTEM;
	}
	size_t there = (size_t)file.st_size;
	bool is_inside = size > 0 && offset <= there && size <= there - offset;
	return is_inside && is_page_multiple(offset) ? 0 : MP_RANGE;
}

static int protection(bool writable) {
	return writable ? PROT_READ | PROT_WRITE : PROT_READ;
}

int mp_mapping_map(struct mp_mapping *mapping, int fd, size_t offset, size_t size, bool writable) {
	int error = check_range(fd, offset, size);
	if (error) {
		return error;
	}
	void *address = mmap(NULL, size, protection(writable), MAP_SHARED, fd, (off_t)offset);
	if (address == MAP_FAILED) {
		return MP_SYSTEM;
	}
	*mapping = (struct mp_mapping){.address = address, .size = size, .is_writable = writable};
	return 0;
}

int mp_mapping_map_doubled(struct mp_mapping *mapping, int fd, size_t offset, size_t size,
                           bool writable) {
	int error = check_range(fd, offset, size);
	if (error) {
		return error;
	}
	if (!is_page_multiple(size) || size > SIZE_MAX / 2) {
		return MP_RANGE;
	}
	/* Room for both first, so that nothing else can come to lie behind the first copy. */
	char *room =
		mmap(NULL, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED) {
		return MP_SYSTEM;
	}
	for (char *copy = room; copy < room + 2 * size; copy += size) {
		if (mmap(copy, size, protection(writable), MAP_SHARED | MAP_FIXED, fd,
		         (off_t)offset) == MAP_FAILED) {
			int reason = errno;
			munmap(room, 2 * size);
			errno = reason;
			return MP_SYSTEM;
		}
	}
	*mapping = (struct mp_mapping){
		.address = room,
		.size = size,
		.is_writable = writable,
		.is_doubled = true,
	};
	return 0;
}

int mp_mapping_anonymous(struct mp_mapping *mapping, size_t size) {
	if (size == 0) {
		return MP_RANGE;
	}
	void *address = mmap(NULL, size, protection(true), MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (address == MAP_FAILED) {
		return MP_SYSTEM;
	}
	*mapping = (struct mp_mapping){.address = address, .size = size, .is_writable = true};
	return 0;
}

void mp_mapping_unmap(struct mp_mapping *mapping) {
	if (mapping->address) {
		munmap(mapping->address, mapping->is_doubled ? 2 * mapping->size : mapping->size);
	}
	*mapping = (struct mp_mapping){0};
}
