/*
 * populate - makes a data folder in which many people are already present, so
 * that a benchmark with thousands need not begin with millions of notices.
 *
 *     populate FOLDER EDGES [session] < addresses
 *
 * reads addresses, one a line ("127.1.0.1 41234", "fd00::1 40000"), up to "ok" or the end, and
 * writes log.db as if `m0`, `m1`, ... had entered from them, their homes spread over
 * the edges; with `session` as sessions 1, 2, ... of the session dialect. The folder must be empty.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "diag.h"
#include "state.h"
#include "store.h"
#include "store_write.h"

static struct store *store;

static void must(enum store_error error, const char *deed) {
	if (error != STORE_OK) {
		diag_exit(EXIT_FIX_ME, "%s: %s", deed, store_why(store));
	}
}

static void on_changed(void *context, const struct record *row, bool is_gone) {
	must(store_put_row(store, row, is_gone), "put a row");
}

int main(int argc, char **argv) {
	char why[STORE_WHY_BYTES], line[128], ip[64], text[ADDRESS_TEXT_MAX], name[32];
	unsigned port, edges;
	diag_name("populate");
	bool is_session = argc == 4 && strcmp(argv[3], "session") == 0;
	if ((argc != 3 && !is_session) || (edges = (unsigned)strtoul(argv[2], NULL, 10)) == 0) {
		fprintf(stderr, "usage: populate FOLDER EDGES [session] < addresses\n");
		return EXIT_USAGE;
	}
	if (store_open(&store, argv[1], STORE_WRITE, why) != STORE_OK) {
		diag_exit(EXIT_FIX_ME, "%s", why);
	}
	struct state *state = state_create();
	struct store_meta meta;
	must(store_meta(store, &meta), "read meta");
	must(store_begin(store), "begin");
	uint64_t seq = 0;
	uint64_t now_us = clock_wall_us();
	while (fgets(line, sizeof(line), stdin) != NULL && strcmp(line, "ok\n") != 0) {
		struct record entry = {.kind = ENTRY_ENTERED,
		                       .seq = seq + 1,
		                       .time_us = now_us,
		                       .person = seq + 1,
		                       .session = seq + 1,
		                       .room = ROOM_LOBBY,
		                       .face = is_session ? FACE_SESSION : FACE_PLAIN,
		                       .nonce = is_session ? seq + 1 : 0,
		                       .home = (uint16_t)(seq % edges),
		                       .has_route = true};
		bool is_any;
		if (sscanf(line, "%63s %u", ip, &port) != 2) {
			diag_exit(EXIT_USAGE, "not an address: %s", line);
		}
		snprintf(text, sizeof(text), strchr(ip, ':') != NULL ? "[%s]:%u" : "%s:%u", ip,
		         port);
		if (!address_parse(slice_from_string(text), &entry.route.peer, &is_any)) {
			diag_exit(EXIT_USAGE, "not an address: %s", text);
		}
		snprintf(name, sizeof(name), "m%llu", (unsigned long long)seq);
		entry.name = slice_from_string(name);
		if (state_apply(state, &entry, on_changed, NULL) != STATE_OK) {
			diag_exit(EXIT_FIX_ME, "%s cannot enter", name);
		}
		must(store_put_entry(store, &entry), "put an entry");
		seq++;
	}
	meta.seq = meta.reserve = seq;
	meta.time_us = now_us;
	must(store_commit(store, &meta), "commit");
	must(store_sync(store), "sync");
	state_destroy(state);
	store_close(store);
	return EXIT_DONE;
}
