/* The IRC dialect, whole: lines of four clients go in, the hub's own decisions come back, and whatever
 * is said to anybody is a line as IRC has them. A digit before a line says whose it is. The stream
 * under it and the clerk beside it are played here. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "asker.h"
#include "decide.h"
#include "edge_inside.h"
#include "irc_dialect.h"
#include "irc_render.h"
#include "utf8.h"

#define CLIENTS 4
#define REQUESTS_MAX 256
#define LINES_MAX 400
#define LOG_BYTES (1024 * 1024)

/* ---- what is played ---- */

struct stream {
	int nothing;
};

struct stream_connection {
	void *own;
	bool is_open, has_more;
	uint32_t generation;
	uint64_t session, person, made;
	uint32_t key;
	struct address peer;
};

struct asked_account {
	bool is_asked;
	account_answered *answered;
	void *context;
	struct connection connection;
	struct account_question question;
};

static struct stream stream;
static struct stream_connection clients[CLIENTS];
static struct edge edge;
static struct options options;
static struct config config;
static struct config_secrets secrets;
static struct board board;
static void *irc;
static struct decision decision;
static struct {
	_Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	size_t size;
} requests[REQUESTS_MAX];
static size_t requests_count;
static uint64_t number, answered;
static uint64_t now_us;
static uint8_t told[LOG_BYTES];
static size_t told_size;
static struct ask *ask;
static struct asked_account account;
static bool is_in_hand;

/* ---- what may be said to a client ---- */

static void is_line(struct slice line) {
	size_t tags = 0;
	assert(utf8_is_valid(line));
	assert(line.size > 2 && line.bytes[line.size - 2] == '\r');
	if (line.bytes[0] == '@') {
		const char *blank = memchr(line.bytes, ' ', line.size);
		assert(blank != NULL);
		tags = (size_t)(blank - line.bytes) + 1;
	}
	assert(tags <= 8191 && line.size - tags <= 512);
	for (size_t i = 0; i < line.size - 2; i++) {
		assert(line.bytes[i] != '\r' && line.bytes[i] != '\0');
	}
}

static void are_lines(struct slice bytes) {
	while (bytes.size > 0) {
		const char *end = memchr(bytes.bytes, '\n', bytes.size);
		assert(end != NULL);
		size_t size = (size_t)(end - bytes.bytes) + 1;
		is_line(slice_first(bytes, size));
		bytes = slice_from(bytes, size);
	}
}

/* ---- the stream ---- */

struct connection stream_name(const struct stream *at, const struct stream_connection *it) {
	return (struct connection){.slot = (uint32_t)(it - clients), .generation = it->generation};
}

struct stream_connection *stream_find(const struct stream *at, struct connection name) {
	struct stream_connection *it = &clients[name.slot % CLIENTS];
	return it->is_open && it->generation == name.generation ? it : NULL;
}

struct stream_connection *stream_of_person(const struct stream *at, uint64_t person) {
	for (size_t i = 0; i < CLIENTS; i++) {
		if (clients[i].is_open && clients[i].session != 0 && clients[i].person == person) {
			return &clients[i];
		}
	}
	return NULL;
}

void stream_each_of_person(const struct stream *at, uint64_t person,
                           bool (*each)(void *context, struct stream_connection *it),
                           void *context) {
	for (size_t i = 0; i < CLIENTS; i++) {
		if (clients[i].is_open && clients[i].session != 0 && clients[i].person == person &&
		    !each(context, &clients[i])) {
			return;
		}
	}
}

bool stream_has_other(const struct stream *at, uint64_t person, uint64_t session) {
	for (size_t i = 0; i < CLIENTS; i++) {
		if (clients[i].is_open && clients[i].session != 0 && clients[i].person == person &&
		    clients[i].session != session) {
			return true;
		}
	}
	return false;
}

struct stream_connection *stream_of_session(const struct stream *at, uint64_t person,
                                            uint64_t session) {
	for (size_t i = 0; i < CLIENTS; i++) {
		if (clients[i].is_open && clients[i].session == session && session != 0) {
			return &clients[i];
		}
	}
	return NULL;
}

void *stream_own(const struct stream_connection *it) {
	return it->own;
}

void stream_set_own(struct stream_connection *it, void *own) {
	it->own = own;
}

const struct address *stream_peer(const struct stream_connection *it) {
	return &it->peer;
}

struct route stream_route(const struct stream_connection *it) {
	return (struct route){.peer = it->peer};
}

void stream_answer(struct stream *at, struct stream_connection *it, struct slice bytes) {
	assert(it->is_open);
	are_lines(bytes);
}

void stream_continue(struct stream *at, struct stream_connection *it) {
	it->has_more = true;
}

static void open_client(struct stream_connection *it) {
	it->is_open = true;
	it->generation++;
	it->session = it->person = 0;
	it->has_more = false;
	irc_dialect.opened(irc, it);
}

static void close_client(struct stream_connection *it, enum stream_end end, struct slice text) {
	irc_dialect.closed(irc, it, end, text);
	it->is_open = false;
}

void stream_close(struct stream *at, struct stream_connection *it, struct slice words) {
	are_lines(words);
	close_client(it, STREAM_END_OURS, slice_of(NULL, 0));
}

static bool put(const struct record *request) {
	if (requests_count == REQUESTS_MAX) {
		return false;
	}
	struct record numbered = *request;
	numbered.request = ++number;
	requests[requests_count].size = record_encode(&numbered, requests[requests_count].bytes,
	                                              sizeof(requests[requests_count].bytes));
	assert(requests[requests_count].size > 0);
	requests_count++;
	return true;
}

bool stream_request(struct stream *at, struct stream_connection *it, struct record *request) {
	request->connection = stream_name(at, it);
	if (!put(request)) {
		return false;
	}
	it->made = number;
	return true;
}

uint64_t queue_number_put(const struct queue *queue) {
	return number;
}

uint64_t queue_number_done(const struct queue *queue) {
	return answered;
}

bool stream_is_outstanding(const struct stream *at, const struct stream_connection *it) {
	return it->made > answered;
}

bool edge_request(struct edge *at, const struct record *request) {
	return put(request);
}

uint64_t stream_written(const struct stream *at, const struct stream_connection *it,
                        bool *is_received) {
	*is_received = it->session % 2 == 0;
	return it->session;
}

void stream_gone(struct stream *at, uint64_t session, uint16_t reason, struct slice text,
                 uint64_t read_up_to) {
	const struct record request = {.kind = REQUEST_GONE,
	                               .session = session,
	                               .reason = reason,
	                               .text = text,
	                               .number = read_up_to};
	(void)put(&request);
}

void stream_charge(struct stream *at, struct stream_connection *it, unsigned cost) {
}

void stream_enter(struct stream *at, struct stream_connection *it, uint64_t session,
                  uint64_t person) {
	it->session = session;
	it->person = person;
}

void stream_move(struct stream *at, struct stream_connection *it, uint64_t session,
                 uint64_t person) {
	it->session = session;
	it->person = person;
}

bool stream_is_behind(const struct stream_connection *it) {
	return false;
}

uint64_t stream_session(const struct stream_connection *it) {
	return it->session;
}

uint64_t stream_person(const struct stream_connection *it) {
	return it->session == 0 ? 0 : it->person;
}

void stream_set_key(struct stream_connection *it, uint32_t key) {
	it->key = key;
}

void stream_set_echo(struct stream_connection *it, bool wants_echo) {
}

void stream_each(struct stream *at, bool (*each)(void *context, struct stream_connection *it),
                 void *context) {
	for (size_t i = 0; i < CLIENTS; i++) {
		if (clients[i].is_open && !each(context, &clients[i])) {
			return;
		}
	}
}

size_t stream_count(const struct stream *at) {
	return CLIENTS;
}

bool edge_is_home(const struct edge *at, uint16_t home) {
	return true;
}

/* Whatever lies in the ring has been delivered. */
bool walk_is_past(const struct ring_walk *walk, uint64_t position) {
	return true;
}

/* ---- the house ---- */

void house_ask_reload(struct house *house) {
	assert(house == &edge.house);
}

/* ---- the clerk ---- */

void asker_add(struct asker *asker, struct ask *its) {
	ask = its;
}

void asker_ask(struct asker *asker, struct ask *its, enum clerk_what what, uint64_t room,
               uint64_t seq, uint32_t count) {
	assert(its->number == 0 && count > 0);
	its->what = what;
	its->room = room;
	its->seq = seq;
	its->count = count;
	its->number = 1;
}

void asker_release(struct asker *asker) {
	assert(is_in_hand);
	is_in_hand = false;
}

bool asker_ask_account(struct asker *asker, enum clerk_what what,
                       const struct account_question *question, struct connection connection,
                       account_answered *its_answered, void *context) {
	if (account.is_asked) {
		return false;
	}
	assert(question->name_size <= sizeof(question->name) && question->origin != 0);
	/* SCRAM needs no password; and none is taken from where it could be read on the way. */
	assert(question->password_size == 0 || config.takes_cleartext_passwords ||
	       address_is_loopback(&stream_find(&stream, connection)->peer));
	account = (struct asked_account){.is_asked = true,
	                                 .answered = its_answered,
	                                 .context = context,
	                                 .connection = connection,
	                                 .question = *question};
	return true;
}

static bool is_of(const struct record *entry, uint64_t room) {
	return record_concerns_room(entry, room) && !record_is_hidden(entry);
}

/* Where in `told` the entries begin that are asked for. */
static size_t begin_of(const struct ask *its) {
	size_t matching = 0, at = 0;
	if (its->what == CLERK_NEXT) {
		return 0;
	}
	for (int round = 0; round < 2; round++) {
		size_t seen = 0;
		for (at = 0; at < told_size;) {
			struct record entry;
			size_t size = record_decode(&entry, told + at, told_size - at);
			assert(size > 0);
			if (is_of(&entry, its->room) && entry.seq <= its->seq) {
				if (round == 1 && matching - seen <= its->count) {
					return at;
				}
				seen++;
			}
			at += size;
		}
		matching = seen;
	}
	return told_size;
}

static void answer_slice(void) {
	static _Alignas(8) uint8_t slice[LOG_BYTES];
	size_t size = 0, count = 0;
	for (size_t at = begin_of(ask); at < told_size && count < ask->count;) {
		struct record entry;
		size_t one = record_decode(&entry, told + at, told_size - at);
		bool is_within =
			ask->what == CLERK_NEXT ? entry.seq > ask->seq : entry.seq <= ask->seq;
		if (is_of(&entry, ask->room) && is_within) {
			memcpy(slice + size, told + at, one);
			size += one;
			count++;
		}
		at += one;
	}
	is_in_hand = true;
	ask->number = 0;
	ask->take(ask->context,
	          (struct slice_in_hand){.bytes = slice, .size = size, .is_last = true});
}

static void answer_account(void) {
	struct account_answer answer = {.word = account.question.name_size % 3 == 1 ? ACCOUNT_WRONG
	                                                                            : ACCOUNT_OK,
	                                .iterations = 4096,
	                                .name_size = account.question.name_size};
	memcpy(answer.name, account.question.name, answer.name_size);
	account.is_asked = false;
	account.answered(account.context, account.connection, &answer);
}

static bool clerk_turn(void) {
	if (ask->number != 0) {
		answer_slice();
	} else if (account.is_asked) {
		answer_account();
	} else if (irc_dialect.due_us(irc) == 0) {
		irc_dialect.tick(irc, now_us);
	} else {
		return false;
	}
	return true;
}

/* ---- the hub ---- */

static void show(const struct record *entry) {
	static char out[STREAM_RENDERING_BYTES_MAX];
	struct stream_whom whom = {.rooms_count = record_rooms_count(entry)};
	for (size_t i = 0; i < whom.rooms_count && i < ROOMS_PER_PERSON_MAX; i++) {
		whom.rooms[i] = record_room(entry, i);
	}
	irc_dialect.whom(irc, entry, &whom);
	assert(whom.rooms_count <= ROOMS_PER_PERSON_MAX);
	static const uint32_t keys[] = {0, FORM_TIME | FORM_TAGS, 0xFF, 0x1FF};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t size = irc_dialect.render(irc, entry, keys[i], out, sizeof(out));
		assert(size <= sizeof(out));
		are_lines(slice_of(out, size));
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		if (clients[i].is_open && clients[i].session != 0) {
			(void)irc_dialect.reads(irc, &clients[i], entry);
		}
	}
	irc_dialect.entry(irc, entry);
}

static void take(const struct record *record, const void *bytes, size_t size) {
	if (record_is_entry(record)) {
		assert(state_apply(edge.state, record, NULL, NULL) == STATE_OK);
		if (told_size + size <= sizeof(told)) {
			memcpy(told + told_size, bytes, size);
			told_size += size;
		}
		show(record);
	} else if (record_is_answer(record)) {
		struct stream_connection *it = stream_find(&stream, record->connection);
		if (it != NULL && it->own != NULL) {
			irc_dialect.answer(irc, it, record);
		}
	}
}

static void hub_turn(void) {
	static uint8_t copy[sizeof(decision.bytes)];
	for (size_t i = 0; i < requests_count; i++) {
		struct record request, record;
		const void *bytes;
		size_t offset = 0, size;
		size = record_decode(&request, requests[i].bytes, requests[i].size);
		assert(size > 0);
		now_us += 1000;
		const struct circumstances at = {.state = edge.state,
		                                 .now_us = now_us,
		                                 .seq_next = state_seq(edge.state) + 1,
		                                 .edges = 1,
		                                 .away_us = 1000000,
		                                 .forget_us = 1000000};
		decide(&at, &request, &decision);
		assert(decision.records > 0);
		memcpy(copy, decision.bytes, decision.size);
		while (decision_next(&decision, &offset, &record, &bytes, &size)) {
			take(&record, bytes, size);
		}
		answered = request.request;
	}
	requests_count = 0;
}

/* ---- clients ---- */

static void go_on(void) {
	bool has_work = true;
	for (unsigned turns = 0; has_work && turns < 10000; turns++) {
		has_work = requests_count > 0;
		hub_turn();
		has_work = clerk_turn() || has_work;
		for (size_t i = 0; i < CLIENTS; i++) {
			if (clients[i].is_open && clients[i].has_more) {
				clients[i].has_more = irc_dialect.more(irc, &clients[i]);
				has_work = true;
			}
		}
	}
	assert(!has_work);
}

static void say(struct stream_connection *it, struct slice line) {
	bool is_settled = !stream_is_outstanding(&stream, it);
	for (unsigned times = 0; times < 8; times++) {
		if (irc_dialect.line(irc, it, line, is_settled) == STREAM_TAKEN) {
			return;
		}
		go_on();
		is_settled = true;
		if (!it->is_open) {
			return; /* What the clerk said was the end of it. */
		}
	}
	assert(!"a line that is never taken");
}

static void begin(void) {
	edge.state = state_create();
	edge.house.options = &options;
	edge.house.own = edge.house.boards[PROCESS_HUB] = &board;
	config_defaults(&config, &secrets);
	edge.house.config = &config;
	number = answered = requests_count = told_size = 0;
	now_us = 1000000;
	account.is_asked = is_in_hand = false;
	irc = irc_dialect.create(&stream, &edge);
	for (size_t i = 0; i < CLIENTS; i++) {
		clients[i].made = 0;
		clients[i].peer = (struct address){
			.ip = {[10] = 0xFF, [11] = 0xFF, [12] = 127, [15] = (uint8_t)(1 + i % 2)}};
		/* The last is not of this machine. */
		clients[i].peer.ip[12] = i + 1 == CLIENTS ? 10 : 127;
		open_client(&clients[i]);
	}
}

static void end(void) {
	for (size_t i = 0; i < CLIENTS; i++) {
		if (clients[i].is_open) {
			close_client(&clients[i], STREAM_END_CLOSED, slice_of(NULL, 0));
		}
	}
	go_on();
	irc_dialect.destroy(irc);
	state_destroy(edge.state);
}

/* "=123": another version of the configuration: who may come in, whether they may register, what is said. */
static bool is_config(struct slice line) {
	static const char *const motds[] = {"", "tea", "at\n\nfive\n"};
	if (line.size != 4 || line.bytes[0] != '=') {
		return false;
	}
	config.version++;
	config.access = (enum access)((uint8_t)line.bytes[1] % 3);
	config.has_registration = line.bytes[2] % 2 != 0;
	config.takes_cleartext_passwords = (uint8_t)line.bytes[2] / 2 % 2 != 0;
	snprintf(config.motd, sizeof(config.motd), "%s", motds[(uint8_t)line.bytes[3] % 3]);
	snprintf(config.email, sizeof(config.email), "%s", motds[(uint8_t)line.bytes[3] / 3 % 2]);
	irc_dialect.tick(irc, now_us);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	struct slice all = slice_of((const char *)bytes, size);
	begin();
	for (unsigned lines = 0; all.size > 0 && lines < LINES_MAX; lines++) {
		const char *end_of = memchr(all.bytes, '\n', all.size);
		size_t length = end_of == NULL ? all.size : (size_t)(end_of - all.bytes);
		struct slice line = slice_first(all, length);
		all = slice_from(all, end_of == NULL ? length : length + 1);
		if (is_config(line)) {
			continue;
		}
		bool has_digit =
			line.size > 0 && line.bytes[0] >= '0' && line.bytes[0] < '0' + CLIENTS;
		struct stream_connection *it = &clients[has_digit ? line.bytes[0] - '0' : 0];
		line = slice_from(line, has_digit);
		if (!it->is_open) {
			open_client(it);
		}
		if (line.size == 0 || line.size > STREAM_TAGS_BYTES_MAX + 510 ||
		    memchr(line.bytes, '\r', line.size) != NULL) {
			irc_dialect.too_long(irc, it);
		} else {
			say(it, line);
		}
		if (lines % 3 == 0) {
			go_on();
		}
	}
	go_on();
	end();
	return 0;
}
