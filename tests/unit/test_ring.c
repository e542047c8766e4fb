/* The ring: what is published is read, whole and in order, for as long as the ring holds it; whoever
 * dies. */
#include "ring_help.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static _Alignas(8) uint8_t out[RECORD_BYTES_MAX];

/* ---- the file ---- */

static void formatted(void **state) {
	int fd = make_memory();
	const char *why;
	assert_int_equal(ring_format(fd, SMALL_RING + 1, 77), 0);
	assert_true(ring_is_trusted(fd, &why));
	assert_string_equal(why, "");
	struct ring *ring = ring_open(fd, true);
	close(fd);
	assert_non_null(ring);
	assert_int_equal(ring_capacity(ring), SMALL_RING + 4096);
	assert_int_equal(ring_seq_first(ring), 77);
	assert_int_equal(ring_head(ring), 0);
	assert_int_equal(ring_low(ring), 0);
	assert_int_equal(ring_end(ring), 0);
	uint64_t position = 0;
	assert_int_equal(ring_read(ring, &position, out), RING_EMPTY);
	ring_close(ring);
	ring_close(NULL);
}

static void formatted_again_it_is_another(void **state) {
	int fd = make_ring(SMALL_RING, 1);
	struct ring *ring = ring_open(fd, true);
	uint64_t id = ring_id(ring);
	ring_append(ring, out, make_record(1, 0, 0, 100, out));
	ring_publish(ring);
	ring_close(ring);
	assert_int_equal(ring_format(fd, SMALL_RING, 2), 0);
	ring = ring_open(fd, true);
	assert_int_not_equal(ring_id(ring), id);
	assert_int_equal(ring_head(ring), 0);
	/* Nothing of the old one is left, not even behind the head. */
	uint8_t page[4096];
	assert_int_equal(pread(fd, page, sizeof(page), 4096), sizeof(page));
	for (size_t i = 0; i < sizeof(page); i++) {
		assert_int_equal(page[i], 0);
	}
	ring_close(ring);
	close(fd);
}

/* Space is taken at once: a full disk says so here. */
static void no_room_is_said_when_it_is_made(void **state) {
	struct rlimit before, little = {.rlim_cur = 8192, .rlim_max = RLIM_INFINITY};
	getrlimit(RLIMIT_FSIZE, &before);
	little.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	int fd = make_memory();
	setrlimit(RLIMIT_FSIZE, &little);
	errno = 0;
	int result = ring_format(fd, SMALL_RING, 1);
	int error = errno;
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(result, -1);
	assert_int_equal(error, EFBIG);
	const char *why;
	assert_false(ring_is_trusted(fd, &why));
	close(fd);
}

static void assert_not_trusted(int fd, const char *reason) {
	const char *why = NULL;
	assert_false(ring_is_trusted(fd, &why));
	assert_string_equal(why, reason);
}

static void put_word(int fd, off_t at, uint64_t word) {
	assert_int_equal(pwrite(fd, &word, sizeof(word), at), sizeof(word));
}

static void what_is_not_trusted(void **state) {
	enum { CAPACITY_AT = 8, BOOT_ID_AT = 32, HEAD_AT = 128, LOW_AT = 192 };
	int fd = make_memory();
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_not_trusted(fd, "there is none");
	assert_int_equal(ftruncate(fd, 10), 0);
	assert_not_trusted(fd, "it is not a ring");
	assert_int_equal(ftruncate(fd, 8192), 0);
	assert_not_trusted(fd, "it is not a ring");
	assert_null(ring_open(fd, false));

	assert_int_equal(ring_format(fd, SMALL_RING, 1), 0);
	assert_int_equal(ftruncate(fd, 8192), 0);
	assert_not_trusted(fd, "it is damaged");
	assert_null(ring_open(fd, false));

	static const struct {
		off_t at;
		uint64_t word;
		const char *why;
	} rows[] = {
		{0, 1, "it is not a ring"},
		{CAPACITY_AT, 0, "it is damaged"},
		{CAPACITY_AT, SMALL_RING - 4096, "it is damaged"},
		{BOOT_ID_AT, 1, "it is from before the machine's last start"},
		{HEAD_AT, 4, "it is damaged"},
		{HEAD_AT, SMALL_RING + 8, "it is damaged"},
		{LOW_AT, 8, "it is damaged"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(ring_format(fd, SMALL_RING, 1), 0);
		put_word(fd, rows[i].at, rows[i].word);
		assert_not_trusted(fd, rows[i].why);
	}
	close(fd);
}

static void readers_cannot_write(void **state) {
	int fd = make_ring(SMALL_RING, 1);
	int fd_read_only = mp_mapping_reopen_read_only(fd);
	assert_true(fd_read_only >= 0);
	assert_null(ring_open(fd_read_only, true));
	assert_int_equal(errno, EACCES);
	struct ring *writer = ring_open(fd, true);
	struct ring *reader = ring_open(fd_read_only, false);
	close(fd);
	close(fd_read_only);
	assert_non_null(reader);
	ring_append(writer, out, make_record(1, 0, 0, 10, out));
	ring_publish(writer);
	struct record record;
	uint64_t position = 0;
	assert_int_equal(ring_read(reader, &position, out), RING_OK);
	assert_int_equal(check_record(out, &record), 1);
	ring_close(writer);
	ring_close(reader);
}

/* ---- both ends ---- */

struct ends {
	struct ring *writer, *reader;
	uint64_t written; /* number of the last record */
};

static struct ends ends_open(size_t capacity) {
	int fd = make_ring(capacity, 1);
	struct ends ends = {.writer = ring_open(fd, true), .reader = ring_open(fd, false)};
	assert_non_null(ends.writer);
	assert_non_null(ends.reader);
	close(fd);
	return ends;
}

static void ends_close(struct ends *ends) {
	ring_close(ends->writer);
	ring_close(ends->reader);
}

static size_t append_one(struct ends *ends, size_t size) {
	static _Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	size_t encoded = make_record(++ends->written, 0, 0, size, bytes);
	ring_append(ends->writer, bytes, encoded);
	return encoded;
}

static void published_together(void **state) {
	struct ends ends = ends_open(SMALL_RING);
	uint64_t position = 0;
	size_t first = append_one(&ends, 5);
	append_one(&ends, 0);
	append_one(&ends, 3000);
	assert_int_equal(ring_read(ends.reader, &position, out), RING_EMPTY);
	assert_int_equal(ring_head(ends.reader), 0);
	ring_publish(ends.writer);
	assert_int_equal(ring_head(ends.reader), ring_end(ends.writer));
	for (uint64_t number = 1; number <= 3; number++) {
		struct record record;
		assert_int_equal(ring_read(ends.reader, &position, out), RING_OK);
		assert_int_equal(check_record(out, &record), number);
		if (number == 1) {
			assert_int_equal(position, first);
		}
	}
	assert_int_equal(ring_read(ends.reader, &position, out), RING_EMPTY);
	assert_int_equal(position, ring_head(ends.reader));
	ends_close(&ends);
}

/* Round and round, with records that begin on one side of the end and finish on the other. */
static void wrapped(void **state) {
	struct ends ends = ends_open(SMALL_RING);
	struct chance chance = {seed_or(3)};
	uint64_t position = 0, read = 0;
	while (ring_head(ends.reader) < 40 * SMALL_RING) {
		for (uint64_t n = chance_below(&chance, 5); n > 0; n--) {
			append_one(&ends, chance_below(&chance, RECORD_BYTES_MAX - 128));
		}
		ring_publish(ends.writer);
		/* Four of the longest fit, so the reader is never too late. */
		while (ring_read(ends.reader, &position, out) == RING_OK) {
			struct record record;
			assert_int_equal(check_record(out, &record), ++read);
		}
		assert_int_equal(position, ring_head(ends.reader));
		assert_true(ring_head(ends.reader) - ring_low(ends.reader) <= SMALL_RING);
	}
	assert_int_equal(read, ends.written);
	ends_close(&ends);
}

static void overtaken(void **state) {
	struct ends ends = ends_open(SMALL_RING);
	uint64_t start = 0;
	while (ring_end(ends.writer) + 1024 <= SMALL_RING) {
		append_one(&ends, 900);
	}
	ring_publish(ends.writer);
	assert_int_equal(ring_read(ends.reader, &start, out), RING_OK);
	uint64_t second = start;
	start = 0;
	append_one(&ends, 900);
	/* The oldest bytes are given up before anything is published over them. */
	assert_int_equal(ring_read(ends.reader, &start, out), RING_LAPPED);
	assert_int_equal(start, 0);
	ring_publish(ends.writer);
	assert_int_equal(ring_read(ends.reader, &start, out), RING_LAPPED);
	/* A batch at once is given up, so that this is rare: but no more than a 64th. */
	assert_true(ring_low(ends.reader) <= second + SMALL_RING / 64);
	uint64_t late = SMALL_RING / 2 / second * second;
	assert_int_equal(ring_read(ends.reader, &late, out), RING_OK);
	ends_close(&ends);
}

static void positions_that_are_none(void **state) {
	struct ends ends = ends_open(SMALL_RING);
	append_one(&ends, 100);
	append_one(&ends, 100);
	ring_publish(ends.writer);
	uint64_t head = ring_head(ends.reader);
	const uint64_t positions[] = {
		1, 4, head + 8, head - 1, head + SMALL_RING, UINT64_MAX, UINT64_MAX - 7};
	for (size_t i = 0; i < sizeof(positions) / sizeof(positions[0]); i++) {
		uint64_t position = positions[i];
		assert_int_equal(ring_read(ends.reader, &position, out), RING_BAD);
		assert_int_equal(position, positions[i]);
	}
	/* In the middle of a record whose words make no size. */
	uint64_t position = 8;
	assert_int_equal(ring_read(ends.reader, &position, out), RING_BAD);
	ends_close(&ends);
}

/* A writer that comes back goes on at the head, over what its predecessor did not publish. */
static void the_next_writer_goes_on(void **state) {
	int fd = make_ring(SMALL_RING, 1);
	uint64_t position = 0;
	struct record record;
	for (uint64_t life = 1; life <= 50; life++) {
		struct ring *writer = ring_open(fd, true);
		assert_int_equal(ring_end(writer), ring_head(writer));
		ring_append(writer, out, make_record(life, 0, 0, 3000, out));
		ring_publish(writer);
		/* More than all the ring holds beyond: never published. */
		for (int i = 0; i < 10; i++) {
			ring_append(writer, out, make_record(1000 + life, 0, 0, 4000, out));
		}
		ring_close(writer);
		struct ring *reader = ring_open(fd, false);
		assert_int_equal(ring_read(reader, &position, out), RING_OK);
		assert_int_equal(check_record(out, &record), life);
		assert_int_equal(ring_read(reader, &position, out), RING_EMPTY);
		const char *why;
		assert_true(ring_is_trusted(fd, &why));
		ring_close(reader);
	}
	close(fd);
}

/* ---- a writer that is killed, again and again ---- */

struct shared {
	_Atomic uint64_t
		reader_at; /* so that the writer does not overtake: this test is about loss */
	_Atomic uint64_t appended; /* how many records all writers together have laid down */
};

static void write_until_killed(int fd, uint64_t number, uint64_t batch, struct shared *shared) {
	static _Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	struct ring *ring = ring_open(fd, true);
	assert(ring != NULL);
	struct chance chance = {number};
	for (;;) {
		uint64_t count = 1 + chance_below(&chance, 6);
		while (ring_end(ring) - atomic_load(&shared->reader_at) > SMALL_RING / 2) {
			sched_yield();
		}
		for (uint64_t left = count; left-- > 0; number++) {
			size_t text = chance_below(&chance, 2000);
			ring_append(ring, bytes, make_record(number, batch, left, text, bytes));
			atomic_fetch_add(&shared->appended, 1);
		}
		ring_publish(ring);
		batch++;
	}
}

/* The reader's view: numbers without a gap, batches never in part. */
struct reading {
	struct ring *ring;
	uint64_t position, number, batch, left;
};

static unsigned read_what_is_there(struct reading *reading, struct shared *shared) {
	struct record record;
	unsigned count = 0;
	enum ring_result result;
	while ((result = ring_read(reading->ring, &reading->position, out)) == RING_OK) {
		assert_int_equal(check_record(out, &record), ++reading->number);
		assert_int_equal(record.request, reading->batch);
		assert_true(reading->left == 0 || record.number == reading->left - 1);
		reading->left = record.number;
		reading->batch += record.number == 0;
		atomic_store(&shared->reader_at, reading->position);
		count++;
	}
	assert_int_equal(result, RING_EMPTY);
	/* Batches become visible as one. */
	assert_int_equal(reading->left, 0);
	return count;
}

static void writers_are_killed(void **state) {
	int fd = make_ring(SMALL_RING, 1);
	struct mp_mapping mapping;
	assert_int_equal(mp_mapping_anonymous(&mapping, sizeof(struct shared)), 0);
	struct shared *shared = mapping.address;
	struct reading reading = {.ring = ring_open(fd, false), .batch = 1};
	struct chance chance = {seed_or(5)};
	for (int life = 0; life < sized(150, 3000); life++) {
		pid_t writer = fork();
		assert_true(writer >= 0);
		if (writer == 0) {
			write_until_killed(fd, reading.number + 1, reading.batch, shared);
		}
		/* Somewhere in the midst of what it does. */
		uint64_t enough = atomic_load(&shared->appended) + 1 + chance_below(&chance, 300);
		while (atomic_load(&shared->appended) < enough) {
			read_what_is_there(&reading, shared);
		}
		assert_int_equal(kill(writer, SIGKILL), 0);
		int status;
		assert_int_equal(waitpid(writer, &status, 0), writer);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		read_what_is_there(&reading, shared);
		const char *why;
		assert_true(ring_is_trusted(fd, &why));
	}
	assert_true(reading.number > 1000);
	ring_close(reading.ring);
	mp_mapping_unmap(&mapping);
	close(fd);
}

/* Whatever was taken back is found again, and is nowhere in the file; what lies around it is whole. */
static void blanked(void **state) {
	int fd = make_ring(SMALL_RING, 1);
	struct ring *ring = ring_open(fd, true), *reader = ring_open(fd, false);
	static uint8_t file[SMALL_RING];
	struct record record;
	uint64_t position, at;
	uint64_t number = 1;
	assert_int_equal(ring_blanked(ring), 0);
	for (; number <= 2000; number++) {
		/* Round and round. */
		struct record said = {.kind = ENTRY_SAID,
		                      .seq = number,
		                      .text = slice_from_string("the secret text"),
		                      .joints = slice_of("\3\0", 2),
		                      .tags = slice_from_string("+draft/reply=secret")};
		said.text = number == 1990 ? said.text : slice_from_string("something else");
		said.tags = number == 1990 ? said.tags : slice_of(NULL, 0);
		ring_append(ring, out, record_encode(&said, out, sizeof(out)));
		ring_publish(ring);
	}
	assert_false(ring_find(ring, 1, &position));
	assert_false(ring_find(ring, 2001, &position));
	assert_true(ring_find(ring, 2000, &position));
	assert_true(ring_find(ring, 1990, &position));
	at = position;
	assert_int_equal(ring_read(reader, &at, out), RING_OK);
	assert_int_not_equal(record_decode(&record, out, sizeof(out)), 0);
	assert_int_equal(record.text.size, 15);
	for (int i = 0; i < 2; i++) {
		ring_blank(ring, position);
		at = position;
		assert_int_equal(ring_read(reader, &at, out), RING_OK);
		assert_int_not_equal(record_decode(&record, out, sizeof(out)), 0);
		assert_int_equal(record.seq, 1990);
		assert_int_equal(record.text.size + record.tags.size + record.joints.size, 0);
		assert_true((record.bits & SAID_IS_REDACTED) != 0 && record_is_hidden(&record));
	}
	assert_int_equal(ring_read(reader, &at, out), RING_OK);
	assert_int_not_equal(record_decode(&record, out, sizeof(out)), 0);
	assert_int_equal(record.text.size, 14);
	assert_int_equal(pread(fd, file, sizeof(file), 4096), sizeof(file));
	assert_null(memmem(file, sizeof(file), "secret", 6));
	/* The next writer knows how far that was done, and finds what there is. */
	ring_set_blanked(ring, ring_head(ring));
	ring_close(ring);
	ring = ring_open(fd, true);
	assert_int_equal(ring_blanked(ring), ring_head(ring));
	assert_true(ring_find(ring, 1995, &position));
	ring_close(ring);
	ring_close(reader);
	close(fd);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formatted),
		cmocka_unit_test(formatted_again_it_is_another),
		cmocka_unit_test(no_room_is_said_when_it_is_made),
		cmocka_unit_test(what_is_not_trusted),
		cmocka_unit_test(readers_cannot_write),
		cmocka_unit_test(published_together),
		cmocka_unit_test(wrapped),
		cmocka_unit_test(overtaken),
		cmocka_unit_test(positions_that_are_none),
		cmocka_unit_test(the_next_writer_goes_on),
		cmocka_unit_test(writers_are_killed),
		cmocka_unit_test(blanked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
