/*
 * Memory that several processes see.
 *
 * mp_mapping_create() makes a nameless file in memory (memfd) and answers its descriptor, which is
 * what is handed to other processes (mp_spawn.h, mp_pipe.h); any file can stand in its place. A
 * descriptor is mapped as often as one likes, whole or in part, for writing or for reading only.
 *
 * The descriptor and the mapping are two owners: closing one leaves the other valid. A child made by
 * mp_process_start() has its parent's mappings; both see each other's writes.
 *
 * Who must not write gets a descriptor from mp_mapping_reopen_read_only(): a writable mapping of it,
 * or making one writable later, fails with EACCES. A process of the same user could open the memory
 * for writing again through /proc: the rule binds other users, and the mistakes of everybody.
 *
 * Functions answer 0 or an error of mp_errors.h.
 */
#ifndef MP_MAPPING_H
#define MP_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A mapping of all zeroes is none; mp_mapping_unmap() takes it too. */
struct mp_mapping {
	void *address; /* where it begins */
	size_t size;   /* bytes, as asked for; of a doubled mapping the bytes of one copy */
	bool is_writable;
	bool is_doubled; /* the same bytes follow once more behind the first copy */
};

/*
 * Make `size` (at least 1) bytes of zeroes and answer their descriptor, which is the caller's to
 * close, closes on exec and has mode 0600. The name (at most 249 bytes) is what /proc shows.
 * Errors: MP_RANGE, MP_SYSTEM.
 */
int mp_mapping_create(const char *name, size_t size);

/*
 * Answer a second descriptor of the same bytes, which can be read only. It is the caller's to close
 * and closes on exec. Wants /proc. Errors: MP_SYSTEM.
 */
int mp_mapping_reopen_read_only(int fd);

/*
 * Map `size` bytes of the descriptor from `offset` on, which is a multiple of the page size. The
 * bytes must be there already: MP_RANGE otherwise (a mapping past the end of a file would kill who
 * touches it). Errors: MP_RANGE, MP_SYSTEM.
 */
int mp_mapping_map(struct mp_mapping *mapping, int fd, size_t offset, size_t size, bool writable);

/*
 * The same bytes twice, one copy right behind the other: what is written at address[i] is read at
 * address[i + size], and a record that begins near the end of a ring goes on behind it, so that
 * records never wrap. `size` too is a multiple of the page size. Errors as mp_mapping_map().
 */
int mp_mapping_map_doubled(struct mp_mapping *mapping, int fd, size_t offset, size_t size,
                           bool writable);

/* Make it a mapping of nothing. The descriptor stays open, the bytes stay for others. */
void mp_mapping_unmap(struct mp_mapping *mapping);

/*
 * Memory for the caller and the children that it starts (not spawns) from now on: zeroes, without a
 * descriptor. Errors as mp_mapping_map(). mp_mapping_unmap() gives it back.
 */
int mp_mapping_anonymous(struct mp_mapping *mapping, size_t size);

#endif
