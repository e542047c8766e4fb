#include "ringfile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "store_write.h"

/* ---- keeping a ring that is another log's ---- */

static int copy_bytes(int from, int to) {
	loff_t at = 0;
	struct stat status;
	if (fstat(from, &status) != 0) {
		return -1;
	}
	while (at < status.st_size) {
		ssize_t copied =
			copy_file_range(from, &at, to, NULL, (size_t)(status.st_size - at), 0);
		if (copied < 0) {
			return -1;
		}
		if (copied == 0) {
			break;
		}
	}
	return fsync(to);
}

static void keep_beside(const struct house *house, int fd) {
	char path[sizeof(house->options->data) + 16];
	snprintf(path, sizeof(path), "%s/ring.other", house->options->data);
	int copy = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (copy < 0 && errno == EEXIST) {
		diag_exit(EXIT_FIX_ME,
		          "log.db is not the one that the ring belongs to (a restored copy?), and "
		          "%s is there already: move it away if nobody needs it",
		          path);
	}
	if (copy < 0 || copy_bytes(fd, copy) != 0) {
		diag_exit_errno(EXIT_FIX_ME, "keep the ring as %s", path);
	}
	close(copy);
	diag("log.db is not the one that the ring belongs to (a restored copy?): the ring was kept "
	     "as %s, and the numbers go on behind the reserve",
	     path);
}

/* ---- making one ---- */

static size_t wished_bytes(const struct house *house) {
	return (size_t)house->options->ring_megabytes * 1024 * 1024;
}

/* A new ring, and a log.db that knows it. Dying between the two leaves an empty ring that nobody knows. */
static void make(struct house *house, struct follower *follower, uint64_t seq_next, uint64_t log) {
	if (ring_format(house->ring_file, wished_bytes(house), seq_next) != 0) {
		diag_exit_errno(EXIT_FIX_ME, "make a ring of %u MB in %s",
		                house->options->ring_megabytes, house->options->data);
	}
	house->ring = ring_open(house->ring_file, false);
	if (house->ring == NULL) {
		diag_exit_errno(EXIT_TRY_AGAIN, "map the ring");
	}
	struct store_meta meta = follower->meta;
	meta.log = log;
	meta.ring = ring_id(house->ring);
	meta.ring_position = 0;
	meta.reserve = seq_next - 1 + SEQ_RESERVE;
	if (follower_store_meta(follower, &meta) != STORE_OK ||
	    store_sync(follower->store) != STORE_OK) {
		diag_exit(EXIT_FIX_ME, "%s", store_why(follower->store));
	}
	follower->position = 0;
}

static uint64_t random_log(void) {
	uint64_t log;
	if (getrandom(&log, sizeof(log), 0) != sizeof(log)) {
		diag_exit_errno(EXIT_TRY_AGAIN, "no random numbers to be had");
	}
	return log;
}

/* ---- deciding ---- */

/* The first number that nobody can have been given. */
static uint64_t seq_beyond(const struct store_meta *meta) {
	return (meta->reserve > meta->seq ? meta->reserve : meta->seq) + 1;
}

static bool is_of_log(const struct ring *ring, const struct store_meta *meta) {
	return meta->ring == ring_id(ring) && meta->ring_position >= ring_low(ring) &&
	       meta->ring_position <= ring_head(ring);
}

/* Others have mapped the ring as soon as a hub has lived: it stays what it is then. */
static bool is_mapped_by_others(const struct house *house) {
	const struct board *hub = house->boards[PROCESS_HUB];
	return hub != NULL && atomic_load_explicit(&hub->incarnation, memory_order_relaxed) > 0;
}

static void enter_trusted(struct house *house, struct follower *follower) {
	const struct store_meta *meta = &follower->meta;
	house->ring = ring_open(house->ring_file, false);
	if (house->ring == NULL) {
		diag_exit_errno(EXIT_TRY_AGAIN, "map the ring");
	}
	bool is_ours = is_of_log(house->ring, meta);
	bool is_stored = is_ours && meta->ring_position == ring_head(house->ring);
	bool is_of_size = ring_capacity(house->ring) == wished_bytes(house);
	if (is_mapped_by_others(house)) {
		if (!is_ours) {
			diag_exit(EXIT_FIX_ME, "log.db was changed for another one while qun runs");
		}
		return;
	}
	if (is_ours && (is_of_size || !is_stored)) {
		return;
	}
	bool is_empty = ring_head(house->ring) == 0;
	ring_close(house->ring);
	house->ring = NULL;
	if (is_stored) {
		make(house, follower, meta->seq + 1, meta->log);
	} else if (is_empty) {
		make(house, follower, seq_beyond(meta), meta->log);
	} else {
		keep_beside(house, house->ring_file);
		make(house, follower, seq_beyond(meta), random_log());
	}
}

void ringfile_enter(struct house *house, struct follower *follower) {
	const char *why;
	if (house->ring_file < 0) {
		diag_exit(EXIT_USAGE, "no `ring.file` was handed down");
	}
	if (ring_is_trusted(house->ring_file, &why)) {
		enter_trusted(house, follower);
	} else if (is_mapped_by_others(house)) {
		diag_exit(EXIT_FIX_ME, "the ring is not to be trusted while qun runs: %s", why);
	} else {
		uint64_t seq_next = seq_beyond(&follower->meta);
		if (seq_next > 1) {
			diag("the ring is made anew (%s); the numbers go on at %llu", why,
			     (unsigned long long)seq_next);
		}
		make(house, follower, seq_next, follower->meta.log);
	}
	close(house->ring_file);
	house->ring_file = -1;
	follower->ring = house->ring;
	assert(is_of_log(house->ring, &follower->meta));
}
