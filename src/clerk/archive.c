#include "archive_inner.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "act.h"
#include "limits.h"
#include "name.h"
#include "store_read.h"

/* ---- the tail: what the ring has behind S ---- */

bool archive_each_of_tail(const struct archive *archive, const struct store_meta *meta,
                          store_each *each, void *context, struct slices *out) {
	_Alignas(8) static uint8_t bytes[RECORD_BYTES_MAX];
	uint64_t position = meta->ring_position;
	if (meta->ring != ring_id(archive->ring)) {
		return false;
	}
	enum ring_result result;
	while ((result = ring_read(archive->ring, &position, bytes)) == RING_OK) {
		struct record record;
		size_t size = record_decode(&record, bytes, sizeof(bytes));
		assert(size > 0);
		bool is_kept = record_is_entry(&record) &&
		               (!record_is_hidden(&record) || record_is_event(&record) ||
		                record_is_act(&record));
		if (is_kept && record.kind == ENTRY_REDACTED) {
			slices_drop(out, record.number);
		}
		if (record.kind == ENTRY_ERASED) {
			slices_drop_erased(out, &record);
		}
		if (is_kept && !each(context, &record)) {
			break;
		}
	}
	return result == RING_OK || result == RING_EMPTY;
}

/* ---- the state ---- */

struct writing {
	int fd;
	size_t size;
	bool has_failed;
	_Alignas(8) uint8_t bytes[128 * 1024];
};

static void flush(struct writing *writing) {
	size_t done = 0;
	while (done < writing->size && !writing->has_failed) {
		ssize_t wrote = write(writing->fd, writing->bytes + done, writing->size - done);
		if (wrote > 0) {
			done += (size_t)wrote;
		} else {
			writing->has_failed = errno != EINTR;
		}
	}
	writing->size = 0;
}

static bool write_row(void *context, const struct record *row) {
	struct writing *writing = context;
	if (sizeof(writing->bytes) - writing->size < RECORD_BYTES_MAX) {
		flush(writing);
	}
	size_t size = record_encode(row, writing->bytes + writing->size,
	                            sizeof(writing->bytes) - writing->size);
	assert(size > 0);
	writing->size += size;
	return !writing->has_failed;
}

/* Rows and position of one moment into the file. */
static enum store_error write_rows(struct archive *archive, int fd, struct store_meta *meta) {
	static struct writing writing;
	writing.fd = fd;
	writing.size = 0;
	writing.has_failed = false;
	enum store_error error = store_snapshot(archive->store);
	if (error == STORE_OK) {
		error = store_meta(archive->store, meta);
	}
	if (error == STORE_OK) {
		error = store_rows(archive->store, write_row, &writing);
	}
	store_release(archive->store);
	flush(&writing);
	return writing.has_failed ? STORE_NO_MEMORY : error;
}

/* What was handed over cannot be changed any more, by nobody. */
static int seal(int fd) {
	return fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
}

int archive_state(struct archive *archive, uint64_t *seq, uint64_t *position,
                  char why[static STORE_WHY_BYTES]) {
	for (int i = 0; i < ARCHIVE_TRIES_MAX; i++) {
		struct store_meta meta;
		int fd = memfd_create("rows", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		if (fd < 0) {
			snprintf(why, STORE_WHY_BYTES, "no memory for the state: %s",
			         strerror(errno));
			return -1;
		}
		enum store_error error = write_rows(archive, fd, &meta);
		if (error != STORE_OK || seal(fd) != 0) {
			snprintf(why, STORE_WHY_BYTES, "cannot read the state: %s",
			         error == STORE_NO_MEMORY ? store_strerror(error)
			                                  : store_why(archive->store));
			close(fd);
			return -1;
		}
		if (meta.ring == ring_id(archive->ring) &&
		    meta.ring_position >= ring_low(archive->ring)) {
			*seq = meta.seq;
			*position = meta.ring_position;
			return fd;
		}
		close(fd);
	}
	snprintf(why, STORE_WHY_BYTES, "the ring does not go on where log.db ends");
	return -1;
}

/* ---- slices ---- */

static bool is_shown_in(const struct wish *wish, const struct record *entry) {
	return store_is_shown(entry, wish->room) || (wish->has_events && record_is_event(entry) &&
	                                             record_concerns_room(entry, wish->room));
}

bool archive_is_wished(struct wish *wish, const struct record *entry) {
	bool is_direct = record_is_direct(entry);
	/* Acts that are hidden are shown to who audits alone. */
	if (record_is_hidden(entry) && !record_is_event(entry)) {
		return false;
	}
	if (wish->is_said && entry->kind != ENTRY_DIRECT && entry->kind != ENTRY_SAID) {
		return false;
	}
	if (wish->room == 0) {
		return wish->is_all || !is_direct;
	}
	wish->is_thread = wish->is_thread || (is_direct && entry->room == wish->room);
	/* Nothing is shown in a room before it was made. */
	return is_shown_in(wish, entry) && entry->seq >= wish->room && is_direct == wish->is_thread;
}

enum store_error archive_look_for_thread(struct archive *archive, struct wish *wish) {
	return store_is_thread(archive->store, wish->room, &wish->is_thread);
}

struct choosing {
	struct slices *out;
	struct wish wish;
};

static bool choose_last(void *context, const struct record *entry) {
	struct choosing *choosing = context;
	if (entry->seq > choosing->wish.seq) {
		return false;
	}
	if (archive_is_wished(&choosing->wish, entry)) {
		slices_push(choosing->out, entry);
	}
	return true;
}

static bool choose_backward(void *context, const struct record *entry) {
	struct choosing *choosing = context;
	if (archive_is_wished(&choosing->wish, entry)) {
		slices_push_front(choosing->out, entry);
	}
	return !slices_is_full(choosing->out);
}

/*
 * Does the reading in one moment of log.db and the ring; once more, should the
 * scribe have moved on so far meanwhile that the ring no longer joins.
 */
static enum store_error in_one_moment(struct archive *archive,
                                      enum store_error (*read)(struct archive *archive,
                                                               void *context),
                                      void *context, store_each *each_tail, struct slices *out) {
	enum store_error error = STORE_OK;
	for (int i = 0; i < ARCHIVE_TRIES_MAX; i++) {
		struct store_meta meta;
		slices_clear(out);
		error = store_snapshot(archive->store);
		if (error == STORE_OK) {
			error = store_meta(archive->store, &meta);
		}
		if (error == STORE_OK) {
			error = read(archive, context);
		}
		store_release(archive->store);
		if (error != STORE_OK ||
		    archive_each_of_tail(archive, &meta, each_tail, context, out)) {
			break;
		}
	}
	return error;
}

static enum store_error read_last(struct archive *archive, void *context) {
	struct choosing *choosing = context;
	struct wish *wish = &choosing->wish;
	if (wish->room == 0) {
		return store_backward(archive->store, 0, wish->seq, SIZE_MAX, choose_backward,
		                      choosing);
	}
	enum store_error error = archive_look_for_thread(archive, wish);
	return error != STORE_OK ? error
	                         : (wish->has_events ? store_last_events : store_last)(
					   archive->store, wish->room, wish->seq,
					   choosing->out->most, choose_last, choosing);
}

enum store_error archive_last(struct archive *archive, uint64_t room, uint64_t seq,
                              struct slices *out) {
	struct choosing choosing = {.out = out, .wish = {.room = room, .seq = seq}};
	return in_one_moment(archive, read_last, &choosing, choose_last, out);
}

static enum store_error read_messages(struct archive *archive, void *context) {
	struct choosing *choosing = context;
	struct wish *wish = &choosing->wish;
	enum store_error error = archive_look_for_thread(archive, wish);
	return error != STORE_OK ? error
	                         : store_messages(archive->store, wish->room, wish->seq,
	                                          choosing->out->most, choose_last, choosing);
}

enum store_error archive_messages(struct archive *archive, uint64_t room, uint64_t seq,
                                  struct slices *out) {
	struct choosing choosing = {.out = out,
	                            .wish = {.room = room, .seq = seq, .is_said = true}};
	return in_one_moment(archive, read_messages, &choosing, choose_last, out);
}

static bool choose_next(void *context, const struct record *entry) {
	struct choosing *choosing = context;
	if (!slices_is_full(choosing->out) && archive_is_wished(&choosing->wish, entry) &&
	    entry->seq > choosing->wish.seq) {
		slices_push(choosing->out, entry);
	}
	return !slices_is_full(choosing->out);
}

static enum store_error read_next(struct archive *archive, void *context) {
	struct choosing *choosing = context;
	struct wish *wish = &choosing->wish;
	enum store_error error = archive_look_for_thread(archive, wish);
	if (error != STORE_OK) {
		return error;
	}
	if (wish->room == 0) {
		return store_forward(archive->store, wish->seq + 1, UINT64_MAX, SIZE_MAX,
		                     choose_next, choosing);
	}
	return (wish->is_said      ? store_messages_after
	        : wish->has_events ? store_next_events
	                           : store_next)(archive->store, wish->room, wish->seq,
	                                         choosing->out->most, choose_next, choosing);
}

enum store_error archive_next(struct archive *archive, uint64_t room, uint64_t seq,
                              struct slices *out) {
	struct choosing choosing = {.out = out, .wish = {.room = room, .seq = seq}};
	return in_one_moment(archive, read_next, &choosing, choose_next, out);
}

enum store_error archive_messages_after(struct archive *archive, uint64_t room, uint64_t seq,
                                        struct slices *out) {
	struct choosing choosing = {.out = out,
	                            .wish = {.room = room, .seq = seq, .is_said = true}};
	return in_one_moment(archive, read_next, &choosing, choose_next, out);
}

enum store_error archive_all(struct archive *archive, uint64_t seq, struct slices *out) {
	struct choosing choosing = {.out = out, .wish = {.seq = seq, .is_all = true}};
	return in_one_moment(archive, read_next, &choosing, choose_next, out);
}

enum store_error archive_events(struct archive *archive, uint64_t room, uint64_t seq,
                                struct slices *out) {
	struct choosing choosing = {.out = out,
	                            .wish = {.room = room, .seq = seq, .has_events = true}};
	return in_one_moment(archive, read_last, &choosing, choose_last, out);
}

enum store_error archive_events_after(struct archive *archive, uint64_t room, uint64_t seq,
                                      struct slices *out) {
	struct choosing choosing = {.out = out,
	                            .wish = {.room = room, .seq = seq, .has_events = true}};
	return in_one_moment(archive, read_next, &choosing, choose_next, out);
}

static bool choose_entry(void *context, const struct record *entry) {
	struct choosing *choosing = context;
	bool is_message = entry->kind == ENTRY_SAID || entry->kind == ENTRY_DIRECT;
	if (entry->seq == choosing->wish.seq && entry->room == choosing->wish.room &&
	    (entry->bits & SAID_IS_REDACTED) == 0 && (is_message || record_is_event(entry))) {
		slices_push(choosing->out, entry);
	}
	return true;
}

static enum store_error read_entry(struct archive *archive, void *context) {
	struct choosing *choosing = context;
	uint64_t seq = choosing->wish.seq;
	return store_forward(archive->store, seq, seq, 1, choose_entry, choosing);
}

enum store_error archive_entry(struct archive *archive, uint64_t room, uint64_t seq,
                               struct slices *out) {
	struct choosing choosing = {.out = out, .wish = {.room = room, .seq = seq}};
	return in_one_moment(archive, read_entry, &choosing, choose_entry, out);
}

/* ---- what was written to a person ---- */

static bool is_letter(const struct wish *wish, const struct record *entry) {
	return entry->kind == ENTRY_DIRECT && entry->target == wish->room &&
	       entry->seq > wish->seq && !record_is_hidden(entry);
}

static bool choose_letter(void *context, const struct record *entry) {
	struct choosing *choosing = context;
	if (is_letter(&choosing->wish, entry)) {
		slices_push(choosing->out, entry);
	}
	return true;
}

static bool choose_letter_backward(void *context, const struct record *entry) {
	struct choosing *choosing = context;
	if (is_letter(&choosing->wish, entry)) {
		slices_push_front(choosing->out, entry);
	}
	return !slices_is_full(choosing->out);
}

static enum store_error read_letters(struct archive *archive, void *context) {
	struct choosing *choosing = context;
	return store_backward(archive->store, choosing->wish.seq + 1, UINT64_MAX,
	                      ARCHIVE_LETTERS_MAX, choose_letter_backward, choosing);
}

enum store_error archive_letters(struct archive *archive, uint64_t person, uint64_t seq,
                                 struct slices *out) {
	struct choosing choosing = {.out = out, .wish = {.room = person, .seq = seq}};
	return in_one_moment(archive, read_letters, &choosing, choose_letter, out);
}

/* ---- a person's moves from room to room ---- */

struct following {
	struct slices *out;
	uint64_t person, seq;
};

static bool choose_move(void *context, const struct record *entry) {
	struct following *following = context;
	bool is_move = entry->kind == ENTRY_JOINED || entry->kind == ENTRY_PARTED ||
	               entry->kind == ENTRY_PUT_OUT;
	if (is_move && entry->person == following->person && entry->seq > following->seq &&
	    !slices_is_full(following->out)) {
		slices_push(following->out, entry);
	}
	return !slices_is_full(following->out);
}

static enum store_error read_moves(struct archive *archive, void *context) {
	struct following *following = context;
	return store_moves(archive->store, following->person, following->seq, SIZE_MAX, choose_move,
	                   following);
}

enum store_error archive_moves(struct archive *archive, uint64_t person, uint64_t seq,
                               struct slices *out) {
	struct following following = {.out = out, .person = person, .seq = seq};
	return in_one_moment(archive, read_moves, &following, choose_move, out);
}

/* ---- acts ---- */

struct auditing {
	struct slices *out;
	uint64_t since_us, seq;
};

static bool choose_act(void *context, const struct record *entry) {
	struct auditing *auditing = context;
	if (record_is_act(entry) && entry->seq > auditing->seq &&
	    entry->time_us >= auditing->since_us && !slices_is_full(auditing->out)) {
		slices_push(auditing->out, entry);
	}
	return !slices_is_full(auditing->out);
}

static enum store_error read_acts(struct archive *archive, void *context) {
	struct auditing *auditing = context;
	return store_acts(archive->store, auditing->since_us, auditing->seq, auditing->out->most,
	                  choose_act, auditing);
}

enum store_error archive_acts(struct archive *archive, uint64_t since_us, uint64_t seq,
                              struct slices *out) {
	struct auditing auditing = {.out = out, .since_us = since_us, .seq = seq};
	return in_one_moment(archive, read_acts, &auditing, choose_act, out);
}

/* ---- who had a name ---- */

struct looking {
	struct slices *out;
	struct slice name;
	uint64_t seq;
};

static bool gives_up(const struct looking *looking, const struct record *entry) {
	switch (entry->kind) {
	case ENTRY_LEFT:
	case ENTRY_KICKED: return name_equal(entry->name, looking->name);
	case ENTRY_RENAMED:
		return name_equal(entry->other_name, looking->name) &&
		       !name_equal(entry->name, looking->name);
	default: return false;
	}
}

/* From the tail: oldest first, so that the newest stay. */
static bool choose_gone(void *context, const struct record *entry) {
	struct looking *looking = context;
	if (entry->seq <= looking->seq && gives_up(looking, entry)) {
		slices_push(looking->out, entry);
	}
	return entry->seq < looking->seq;
}

/* From log.db: newest first, until there are enough. */
static bool choose_gone_backward(void *context, const struct record *entry) {
	struct looking *looking = context;
	if (gives_up(looking, entry)) {
		slices_push_front(looking->out, entry);
	}
	return !slices_is_full(looking->out);
}

enum store_error archive_gone(struct archive *archive, struct slice name, uint64_t seq,
                              struct slices *out) {
	struct looking looking = {.out = out, .name = name, .seq = seq};
	struct store_meta meta = {0};
	enum store_error error = STORE_OK;
	for (int i = 0; i < ARCHIVE_TRIES_MAX; i++) {
		slices_clear(out);
		error = store_meta(archive->store, &meta);
		if (error != STORE_OK ||
		    archive_each_of_tail(archive, &meta, choose_gone, &looking, out)) {
			break;
		}
	}
	uint64_t to = seq < meta.seq ? seq : meta.seq;
	if (error != STORE_OK || slices_is_full(out)) {
		return error;
	}
	return store_goings(archive->store, to > ARCHIVE_GONE_MAX ? to - ARCHIVE_GONE_MAX : 0, to,
	                    SIZE_MAX, choose_gone_backward, &looking);
}
