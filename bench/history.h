/* What the two benchmarks of the history share: a folder, messages, CPU time. */
#ifndef BENCH_HISTORY_H
#define BENCH_HISTORY_H

#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "diag.h"
#include "state.h"
#include "store.h"
#include "store_write.h"

static inline double cpu_us(void) {
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static inline void make_folder(char folder[64]) {
	snprintf(folder, 64, "/tmp/qun-bench-XXXXXX");
	if (mkdtemp(folder) == NULL) {
		diag_exit_errno(EXIT_FIX_ME, "make %s", folder);
	}
}

static inline int drop(const char *path, const struct stat *status, int type, struct FTW *walk) {
	return remove(path);
}

static inline void drop_folder(const char *folder) {
	nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS);
}

static inline struct store *open_store(const char *folder) {
	char why[STORE_WHY_BYTES];
	struct store *store;
	if (store_open(&store, folder, STORE_WRITE, why) != STORE_OK) {
		diag_exit(EXIT_FIX_ME, "%s", why);
	}
	return store;
}

static inline void must(struct store *store, enum store_error error) {
	if (error != STORE_OK) {
		diag_exit(EXIT_FIX_ME, "%s", store_why(store));
	}
}

/* Some 20 characters out of the 2,000 that are used most, and now and then a Latin word. */
static inline struct record message(uint64_t seq, char text[128]) {
	uint64_t random = seq * UINT64_C(0x9E3779B97F4A7C15) + 12345;
	size_t size = 0;
	size_t characters = 8 + seq % 24;
	for (size_t i = 0; i < characters; i++) {
		random ^= random << 13, random ^= random >> 7, random ^= random << 17;
		unsigned point = 0x4E00 + (unsigned)(random % 2000) * (unsigned)(random >> 60) / 15;
		text[size++] = (char)(0xE0 | point >> 12);
		text[size++] = (char)(0x80 | (point >> 6 & 0x3F));
		text[size++] = (char)(0x80 | (point & 0x3F));
	}
	if (seq % 5 == 0) {
		size += (size_t)snprintf(text + size, 24, " word%llu",
		                         (unsigned long long)(random % 5000));
	}
	return (struct record){.kind = ENTRY_SAID,
	                       .seq = seq,
	                       .time_us = UINT64_C(1700000000000000) + seq * 100,
	                       .request = seq,
	                       .incarnation = 1,
	                       .person = 1,
	                       .room = ROOM_LOBBY,
	                       .name = slice_from_string("小明"),
	                       .text = slice_of(text, size)};
}

#endif
