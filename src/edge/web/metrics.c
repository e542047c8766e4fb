/*
 * metrics.c - GET /metrics, as Prometheus reads it (its text format, 0.0.4): what the boards of all processes say, and
 * the state of this edge. No process is asked for anything.
 */
#include <stdarg.h>
#include <stdio.h>

#include "site_inside.h"

/* All rows of all processes, were there as many as there can be. */
#define TEXT_BYTES (256u * 1024)

struct text {
	size_t size;
	char bytes[TEXT_BYTES];
};

static struct text text;

__attribute__((format(printf, 1, 2))) static void put(const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(text.bytes + text.size, TEXT_BYTES - text.size, format, arguments);
	va_end(arguments);
	if (size > 0 && (size_t)size < TEXT_BYTES - text.size) {
		text.size += (size_t)size;
	}
}

static void begin(const char *name, const char *type, const char *help) {
	put("# HELP qun_%s %s\n# TYPE qun_%s %s\n", name, help, name, type);
}

static void one(const char *name, const char *help, uint64_t value) {
	begin(name, "gauge", help);
	put("qun_%s %llu\n", name, (unsigned long long)value);
}

static uint64_t load(const _Atomic uint64_t *at) {
	return atomic_load_explicit(at, memory_order_relaxed);
}

/* ---- of each process ---- */

static void put_row(const char *name, unsigned index, uint64_t value) {
	char process[PROCESS_NAME_MAX];
	put("qun_%s{process=\"%s\"} %llu\n", name, process_name(index, process),
	    (unsigned long long)value);
}

static void put_running(const struct house *house) {
	begin("up", "gauge", "Whether the process runs.");
	for (unsigned i = PROCESS_HUB; i < PROCESSES_MAX; i++) {
		if (house->boards[i] != NULL) {
			put_row("up", i, site_is_running(house->boards[i]));
		}
	}
	begin("restarts_total", "counter", "How often the process was started again.");
	for (unsigned i = PROCESS_HUB; i < PROCESSES_MAX; i++) {
		const struct board *board = house->boards[i];
		uint32_t starts = board == NULL ? 0 : atomic_load(&board->incarnation);
		if (board != NULL) {
			put_row("restarts_total", i, starts > 0 ? starts - 1 : 0);
		}
	}
}

/* The clerk's board says no position. */
static void put_lag(const struct house *house) {
	uint64_t head = ring_head(house->ring);
	begin("lag_bytes", "gauge", "How far the process is behind the end of the log.");
	for (unsigned i = PROCESS_HUB; i < PROCESSES_MAX; i++) {
		const struct board *board = house->boards[i];
		if (board == NULL || i == PROCESS_CLERK) {
			continue;
		}
		uint64_t position = atomic_load_explicit(&board->position, memory_order_acquire);
		put_row("lag_bytes", i, head > position ? head - position : 0);
	}
}

/* "datagrams-in": qun_datagrams_in_total. */
static void put_counter(const struct house *house, enum counter counter) {
	char name[48];
	snprintf(name, sizeof(name), "%s_total", counter_word(counter));
	for (char *at = name; *at != '\0'; at++) {
		*at = *at == '-' ? '_' : *at;
	}
	begin(name, "counter", "As qun admin stats counts it.");
	for (unsigned i = PROCESS_HUB; i < PROCESSES_MAX; i++) {
		const struct board *board = house->boards[i];
		if (board != NULL && load(&board->counters[counter]) > 0) {
			put_row(name, i, load(&board->counters[counter]));
		}
	}
}

/* ---- of all ---- */

static void put_refusals(const struct house *house) {
	begin("refusals_total", "counter", "What was refused, by reason.");
	for (unsigned reason = 0; reason < REASON_COUNT; reason++) {
		uint64_t sum = 0;
		for (unsigned i = 0; i < PROCESSES_MAX; i++) {
			const struct board *board = house->boards[i];
			sum += board == NULL ? 0 : load(&board->refusals[reason]);
		}
		if (sum > 0) {
			put("qun_refusals_total{reason=\"%s\"} %llu\n",
			    reason_word((uint16_t)reason), (unsigned long long)sum);
		}
	}
}

static void put_room(const struct edge *edge) {
	const struct house *house = &edge->house;
	const struct board *hub = house->boards[PROCESS_HUB];
	const struct board *scribe = house->boards[PROCESS_SCRIBE];
	uint64_t seq = load(&hub->seq), stored = load(&scribe->seq_stored);
	one("people", "Who is present, and connected.", load(&hub->people));
	one("people_absent", "Who is present besides, but absent.", load(&hub->absent));
	one("people_most", "How many were present at once, since the hub was started.",
	    load(&hub->most));
	one("rooms", "Rooms.", state_rooms_count(edge->state));
	one("accounts", "Names that are registered.", state_accounts_count(edge->state));
	one("seq", "The number of the last entry.", seq);
	one("seq_stored", "The number of the last entry that is stored.", stored);
	one("seq_durable", "The number of the last entry that a power cut cannot take.",
	    load(&scribe->seq_durable));
	one("unstored", "Entries that are not stored yet.", seq > stored ? seq - stored : 0);
	one("is_stalled", "Whether nothing is taken, because the disk is behind.",
	    edge_is_stalled(edge));
}

/* ---- who may know ---- */

/* Through a web server in front all come from here; what those say of whom they ask for is enough. */
static bool is_passed_on(const struct http_request *request) {
	static const char *const names[] = {"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"};
	struct slice value;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (http_find(request, names[i], &value)) {
			return true;
		}
	}
	return false;
}

static bool may_know(const struct site_visit *visit) {
	switch (visit->edge->house.config->metrics) {
	case METRICS_ALL: return true;
	case METRICS_NOBODY: return false;
	default: return address_is_private(visit->peer) && !is_passed_on(visit->request);
	}
}

void site_metrics(struct site_visit *visit) {
	const struct house *house = &visit->edge->house;
	if (!may_know(visit)) {
		http_answer_words(visit->answer, 403,
		                  "These are for this machine and private networks; metrics in"
		                  " qun.conf says so");
		return;
	}
	text.size = 0;
	put_room(visit->edge);
	put_running(house);
	put_lag(house);
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		put_counter(house, (enum counter)i);
	}
	put_refusals(house);
	visit->answer->status = 200;
	visit->answer->type = "text/plain; version=0.0.4; charset=utf-8";
	visit->answer->body = slice_of(text.bytes, text.size);
	http_answer_field(visit->answer, "Cache-Control", "no-store");
}
