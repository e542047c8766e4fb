/*
 * scribe - what the scribe's path costs a message: out of the ring, taken apart,
 * applied to the state, into log.db, committed. Beside it the floor: bare
 * INSERTs into the same table with the same index, in transactions as large.
 *
 *     scribe BATCH MESSAGES PAIRS
 *
 * prints a JSON object a pair: `us` and `floor_us` a message, CPU time of the
 * process alone, kernel included; moving the WAL is the clerk's. With its 5 ms
 * naps the scribe's batches are as large as what comes in 5 ms.
 */
#include <assert.h>
#include <sqlite3.h>
#include <sys/mman.h>

#include "follower.h"
#include "history.h"
#include "store_inner.h"

static struct ring *make_ring(size_t bytes) {
	int fd = memfd_create("ring", MFD_CLOEXEC);
	if (fd < 0 || ring_format(fd, bytes, 1) != 0) {
		diag_exit_errno(EXIT_FIX_ME, "make a ring");
	}
	struct ring *ring = ring_open(fd, true);
	assert(ring != NULL);
	close(fd);
	return ring;
}

static void append(struct ring *ring, uint64_t messages) {
	_Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	char text[128];
	for (uint64_t seq = 1; seq <= messages; seq++) {
		struct record entry = message(seq, text);
		ring_append(ring, bytes, record_encode(&entry, bytes, sizeof(bytes)));
		if (seq % 64 == 0 || seq == messages) {
			ring_publish(ring);
		}
	}
}

/* µs of CPU a message. */
static double run_scribe(uint64_t messages, size_t batch) {
	char folder[64];
	make_folder(folder);
	struct store *store = open_store(folder);
	struct follower follower;
	must(store, follower_load(&follower, store));
	follower.ring = make_ring(messages * 320 + 1024 * 1024);
	append(follower.ring, messages);
	double begin = cpu_us();
	while (follower_has_more(&follower)) {
		must(store, follower_batch(&follower, batch));
	}
	double end = cpu_us();
	assert(follower.meta.seq == messages);
	ring_close(follower.ring);
	follower_finish(&follower);
	store_close(store);
	drop_folder(folder);
	return (end - begin) / (double)messages;
}

static void insert(sqlite3_stmt *put, const struct record *entry) {
	sqlite3_bind_int64(put, 1, (sqlite3_int64)entry->seq);
	sqlite3_bind_int64(put, 2, (sqlite3_int64)entry->room);
	sqlite3_bind_int64(put, 3, (sqlite3_int64)entry->time_us);
	sqlite3_bind_int(put, 4, entry->kind);
	sqlite3_bind_int64(put, 5, (sqlite3_int64)entry->person);
	sqlite3_bind_text(put, 6, entry->name.bytes, (int)entry->name.size, SQLITE_STATIC);
	sqlite3_bind_text(put, 7, entry->text.bytes, (int)entry->text.size, SQLITE_STATIC);
	int result = sqlite3_step(put);
	assert(result == SQLITE_DONE);
	sqlite3_reset(put);
}

static double run_floor(uint64_t messages, size_t batch) {
	char folder[64];
	char(*texts)[128] = malloc(messages * sizeof(*texts));
	struct record *entries = malloc(messages * sizeof(*entries));
	assert(texts != NULL && entries != NULL);
	for (uint64_t i = 0; i < messages; i++) {
		entries[i] = message(i + 1, texts[i]);
	}
	make_folder(folder);
	struct store *store = open_store(folder);
	sqlite3_stmt *put;
	int result = sqlite3_prepare_v2(store->db,
	                                "INSERT INTO entries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
	                                "NULL)",
	                                -1, &put, NULL);
	assert(result == SQLITE_OK);
	double begin = cpu_us();
	for (uint64_t i = 0; i < messages;) {
		sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
		for (size_t j = 0; j < batch && i < messages; j++, i++) {
			insert(put, &entries[i]);
		}
		result = sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
		assert(result == SQLITE_OK);
	}
	double end = cpu_us();
	sqlite3_finalize(put);
	store_close(store);
	drop_folder(folder);
	free(texts);
	free(entries);
	return (end - begin) / (double)messages;
}

int main(int argc, char **argv) {
	diag_name("bench/scribe");
	if (argc != 4) {
		diag_exit(EXIT_USAGE, "usage: scribe BATCH MESSAGES PAIRS");
	}
	size_t batch = strtoul(argv[1], NULL, 10);
	uint64_t messages = strtoull(argv[2], NULL, 10);
	size_t pairs = strtoul(argv[3], NULL, 10);
	if (batch == 0 || messages == 0) {
		diag_exit(EXIT_USAGE, "nothing to do");
	}
	for (size_t i = 0; i < pairs; i++) {
		double ours = run_scribe(messages, batch);
		printf("{\"us\": %.4f, \"floor_us\": %.4f}\n", ours, run_floor(messages, batch));
		fflush(stdout);
	}
	return EXIT_DONE;
}
