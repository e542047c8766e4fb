/*
 * config.c - what holds where no configuration file says otherwise, and the
 * sheets by which the keeper tells the processes what one says.
 *
 * A sheet has two places. The writer fills the one that is not in use and then
 * says that it is. A reader copies the one in use and looks whether it still is: if not,
 * the bytes may be of two versions, and it takes the newer one.
 */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mp_mapping.h"

void config_defaults(struct config *config, struct config_secrets *secrets) {
	*config = (struct config){
		.version = 1,
		.server = "qun.local",
		.network = "qun",
		.description = "qun",
		.access = ACCESS_OPEN,
		.has_registration = true,
		.connections_per_network = 256,
		.registrations_per_network = 30,
		.registrations_s = 3600,
		.ping_s = 120,
		.ping_timeout_s = 120,
		.register_s = 60,
	};
	*secrets = (struct config_secrets){0};
}

/* ---- Sheets ---- */

struct sheet {
	_Atomic uint64_t version; /* 0: nothing was written; else place version % 2 is in use */
	uint64_t size;            /* of a place */
	unsigned char places[];
};

static size_t whole(size_t size) {
	return sizeof(struct sheet) + 2 * size;
}

int sheet_create(const char *name, size_t size) {
	int fd = mp_mapping_create(name, whole(size));
	return fd >= 0 ? fd : -1;
}

struct sheet *sheet_open(int fd, size_t size, bool is_writer) {
	struct stat status;
	if (fstat(fd, &status) < 0) {
		return NULL;
	}
	if (status.st_size != (off_t)whole(size)) {
		errno = EINVAL;
		return NULL;
	}
	int rights = is_writer ? PROT_READ | PROT_WRITE : PROT_READ;
	struct sheet *sheet = mmap(NULL, whole(size), rights, MAP_SHARED, fd, 0);
	if (sheet == MAP_FAILED) {
		return NULL;
	}
	if (is_writer) {
		sheet->size = size;
	}
	return sheet;
}

void sheet_close(struct sheet *sheet) {
	if (sheet != NULL) {
		munmap(sheet, whole(sheet->size));
	}
}

void sheet_write(struct sheet *sheet, const void *bytes) {
	uint64_t next = atomic_load_explicit(&sheet->version, memory_order_relaxed) + 1;
	memcpy(sheet->places + next % 2 * sheet->size, bytes, sheet->size);
	atomic_store_explicit(&sheet->version, next, memory_order_release);
	/* Nothing of what is written next may be seen before this is. */
	atomic_thread_fence(memory_order_seq_cst);
}

bool sheet_read(const struct sheet *sheet, uint64_t *version, void *bytes) {
	uint64_t seen = atomic_load_explicit(&sheet->version, memory_order_acquire);
	if (seen == *version) {
		return false;
	}
	uint64_t before;
	do {
		before = seen;
		memcpy(bytes, sheet->places + before % 2 * sheet->size, sheet->size);
		atomic_thread_fence(memory_order_acquire);
		seen = atomic_load_explicit(&sheet->version, memory_order_acquire);
	} while (seen != before);
	*version = seen;
	return true;
}
