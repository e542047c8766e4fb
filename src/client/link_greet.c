/*
 * Coming in and coming back. An attempt has one nonce from its first HELLO to its
 * WELCOME, and goes on whatever gets lost; only a REFUSED, a RESET or a long silence
 * begin another one.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "link_inner.h"
#include "record.h"

#define GREET_US_MAX (2 * SECOND_US)

static void make_random(const struct link *link, void *bytes, size_t size) {
	if (link->start.random != NULL) {
		link->start.random(link->start.context, bytes, size);
	} else {
		randombytes_buf(bytes, size);
	}
}

void link_greet_begin(struct link *link, uint64_t now_us) {
	struct greeting *greeting = &link->greeting;
	*greeting = (struct greeting){.is_open = !link->memory.has_session, .begun_us = now_us};
	if (greeting->is_open && link->name_size == 0) {
		link_change(link, PHASE_NAMELESS, now_us);
		return;
	}
	make_random(link, greeting->nonce, sizeof greeting->nonce);
	make_random(link, &greeting->connection, sizeof greeting->connection);
	if (greeting->is_open) {
		keys_pair(&greeting->pair);
	}
	greeting->cursor = link_inbox_cursor(link->inbox);
	link_change(link, PHASE_GREETING, now_us);
}

static void take_cookie(struct greeting *greeting, const uint8_t cookie[COOKIE_BYTES]) {
	memcpy(greeting->cookie, cookie, COOKIE_BYTES);
	greeting->has_cookie = true;
	greeting->sent_us = greeting->repeat_us = 0;
	greeting->times = 0;
}

void link_greet_with_cookie(struct link *link, const uint8_t cookie[COOKIE_BYTES],
                            uint64_t now_us) {
	link_greet_begin(link, now_us);
	if (link->phase == PHASE_GREETING) {
		take_cookie(&link->greeting, cookie);
	}
}

/* ---- sending ---- */

uint64_t link_greet_deadline(const struct link *link) {
	const struct greeting *greeting = &link->greeting;
	return link->phase != PHASE_GREETING ? UINT64_MAX : greeting->sent_us + greeting->repeat_us;
}

size_t link_greet_send(struct link *link, uint8_t out[WIRE_DATAGRAM_BYTES_MAX], uint64_t now_us) {
	struct greeting *greeting = &link->greeting;
	if (link_greet_deadline(link) > now_us) {
		return 0;
	}
	uint64_t again_us = 2 * greeting->repeat_us;
	greeting->sent_us = now_us;
	greeting->repeat_us = greeting->repeat_us == 0  ? GREET_US_FIRST
	                      : again_us < GREET_US_MAX ? again_us
	                                                : GREET_US_MAX;
	struct wire_greeting wire = {.type = WIRE_HELLO, .version = WIRE_VERSION};
	memcpy(wire.nonce, greeting->nonce, NONCE_BYTES);
	if (!greeting->has_cookie) {
		return wire_write_greeting(&wire, NULL, out);
	}
	greeting->times++;
	wire.type = greeting->is_open ? WIRE_OPEN : WIRE_RESUME;
	memcpy(wire.cookie, greeting->cookie, COOKIE_BYTES);
	memcpy(wire.open_key, greeting->pair.open, KEY_BYTES);
	wire.connection = greeting->connection;
	wire.session = link->memory.session;
	wire.cursor = greeting->cursor;
	wire.name = slice_of(link->name, link->name_size);
	return wire_write_greeting(&wire, &link->memory.key, out);
}

/* ---- receiving ---- */

static bool is_ours(const struct link *link, const struct wire_greeting *wire) {
	return link->phase == PHASE_GREETING &&
	       memcmp(wire->nonce, link->greeting.nonce, NONCE_BYTES) == 0;
}

static void on_cookie(struct link *link, const struct wire_greeting *wire, uint64_t now_us) {
	struct greeting *greeting = &link->greeting;
	if (!is_ours(link, wire)) {
		return;
	}
	link->was_answered = true;
	if (wire->version != WIRE_VERSION) {
		link->number = wire->version;
		link_end(link, ENDING_VERSION, now_us);
	} else if (!greeting->has_cookie ||
	           memcmp(greeting->cookie, wire->cookie, COOKIE_BYTES) != 0) {
		take_cookie(greeting, wire->cookie);
	}
}

/* The keys that follow from it; false: it is not from whom it should be. */
static bool read_welcome(const struct link *link, const struct wire_greeting *wire,
                         struct welcome *welcome) {
	static const struct slice nothing;
	const struct greeting *greeting = &link->greeting;
	struct body_hash hash;
	*welcome = (struct welcome){.session = wire->session,
	                            .person = wire->person,
	                            .number = wire->number,
	                            .seq = wire->seq};
	if (wire->connection != greeting->connection) {
		return false;
	}
	memcpy(welcome->server_key, wire->open_key, KEY_BYTES);
	if (!greeting->is_open) {
		welcome->session_key = link->memory.key;
		if (wire->session != link->memory.session) {
			return false;
		}
	} else if (!keys_unseal(&greeting->pair, wire->open_key, wire->session, wire->sealed,
	                        &welcome->session_key)) {
		return false;
	}
	keys_connection(&welcome->session_key, wire->nonce, wire->server_nonce, &welcome->key);
	keys_hash_body(nothing, &hash);
	return keys_tag_is_good(&welcome->key, wire->head, &hash, wire->tag);
}

/* What the entry that waits points at is in the inbox. */
static void begin_inbox(struct link *link, uint64_t cursor) {
	struct slice *const texts[] = {&link->entry.name, &link->entry.other, &link->entry.text};
	char *to = link->entry_bytes;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0] && link->has_entry; i++) {
		assert(to + texts[i]->size <= link->entry_bytes + sizeof link->entry_bytes);
		if (texts[i]->size > 0) {
			memmove(to, texts[i]->bytes, texts[i]->size);
		}
		texts[i]->bytes = to;
		to += texts[i]->size;
	}
	link_inbox_begin(link->inbox, cursor);
}

static void begin_session(struct link *link, const struct welcome *welcome) {
	struct link_memory *memory = &link->memory;
	memory->has_session = memory->has_server_key = true;
	memory->session = welcome->session;
	memory->key = welcome->session_key;
	memory->cursor = welcome->seq;
	memory->answering = memory->answering_number = 0;
	memcpy(memory->server_key, welcome->server_key, KEY_BYTES);
	link->is_new_session = true;
	begin_inbox(link, welcome->seq);
	link_drop_questions(link);
}

/* The server says where the log goes on. */
static void resume_session(struct link *link, const struct welcome *welcome) {
	static const uint8_t gap = ITEM_GAP;
	uint64_t cursor = link_inbox_cursor(link->inbox);
	link->is_new_session = false;
	if (welcome->seq < link->greeting.cursor) {
		begin_inbox(link, welcome->seq);
		rosters_gap(link->rosters);
	} else if (welcome->seq > cursor) {
		(void)link_inbox_take(link->inbox, cursor, welcome->seq,
		                      slice_of((const char *)&gap, sizeof gap));
	}
}

static void adopt(struct link *link, const struct welcome *welcome, uint64_t now_us) {
	bool is_open = link->greeting.is_open;
	if (is_open) {
		begin_session(link, welcome);
	} else {
		resume_session(link, welcome);
	}
	link->person = welcome->person;
	link->was_in = true;
	link->stretch = (struct stretch){.is_there = true,
	                                 .number = link->greeting.connection,
	                                 .key = welcome->key,
	                                 .heard_us = now_us,
	                                 .said_us = now_us};
	outbox_begin(link->outbox, welcome->number, is_open);
	rosters_begin(link->rosters, welcome->person, is_open);
	ask_anew(link->asker);
	link_set_text(link, 0, 0, slice_of(NULL, 0));
	link_remember(link);
	link_change(link, PHASE_IN, now_us);
}

/* The name one has now. If another one was asked for when this client was started, it is not forgotten. */
static void take_name(struct link *link, struct slice name) {
	const char *asked = link->start.name;
	struct slice wanted = slice_of(link->name, link->name_size);
	if (!link->was_in && !link->greeting.is_open && asked != NULL &&
	    slice_equal(wanted, slice_from_string(asked)) && !slice_equal(wanted, name)) {
		(void)outbox_put(link->outbox, MESSAGE_RENAME, 0, wanted, slice_of(NULL, 0));
	}
	link_set_name(link, name);
}

static void on_welcome(struct link *link, const struct wire_greeting *wire, uint64_t now_us) {
	struct welcome welcome;
	const struct greeting *greeting = &link->greeting;
	const struct link_memory *memory = &link->memory;
	if (!is_ours(link, wire) || !greeting->has_cookie || !read_welcome(link, wire, &welcome)) {
		return;
	}
	link->was_answered = true;
	if (greeting->times == 1) {
		rtt_note(&link->rtt, now_us - greeting->sent_us);
	}
	take_name(link, wire->name);
	if (greeting->is_open && memory->has_server_key && !link->start.is_trusting &&
	    memcmp(memory->server_key, welcome.server_key, KEY_BYTES) != 0) {
		link->welcome = welcome;
		link->is_key_doubted = true;
		link_set_text(link, 0, 0, slice_of(NULL, 0));
		link_change(link, PHASE_DOUBTING, now_us);
		return;
	}
	adopt(link, &welcome, now_us);
}

static void forget_session(struct link *link, uint64_t now_us) {
	link->memory.has_session = false;
	link->stretch.is_there = false;
	link_remember(link);
	link_greet_begin(link, now_us);
}

void link_greet_trust(struct link *link, uint64_t now_us) {
	if (link->phase != PHASE_DOUBTING) {
		return;
	}
	if (link->is_key_doubted) {
		link->is_key_doubted = false;
		adopt(link, &link->welcome, now_us);
	} else {
		/* Who has lost its sessions has a new key as well: one question is enough. */
		link->memory.has_server_key = false;
		forget_session(link, now_us);
	}
}

static void on_refused(struct link *link, const struct wire_greeting *wire, uint64_t now_us) {
	if (!is_ours(link, wire)) {
		return;
	}
	link->was_answered = true;
	link->stretch.is_there = false;
	link_set_text(link, wire->reason, wire->argument, wire->text);
	switch (wire->reason) {
	case REASON_NAME_EMPTY:
	case REASON_NAME_TOO_LONG:
	case REASON_NAME_INVALID:
	case REASON_NAME_RESERVED:
	case REASON_NAME_TAKEN:
	case REASON_NAME_REGISTERED:
	case REASON_LOOKS_LIKE:
	case REASON_NOT_UTF8: link_change(link, PHASE_NAMELESS, now_us); break;
	case REASON_TOO_FAST:
	case REASON_BUSY:
	case REASON_UNAVAILABLE:
		link->pause_us = now_us + PAUSE_US;
		link_change(link, PHASE_PAUSED, now_us);
		break;
	case REASON_NO_SUCH_SESSION:
	case REASON_FORGOTTEN:
		link->is_key_doubted = false;
		if (link->start.is_trusting) {
			forget_session(link, now_us);
		} else {
			link_change(link, PHASE_DOUBTING, now_us);
		}
		break;
	default: link_end(link, ENDING_REFUSED, now_us);
	}
}

/* The server does not know the connection any more. While coming back, its cookie is as good as another. */
static void come_back(struct link *link, const struct wire_greeting *wire, uint64_t now_us) {
	if (link->phase == PHASE_IN) {
		link_greet_with_cookie(link, wire->cookie, now_us);
	} else if (link->phase == PHASE_GREETING && !link->greeting.is_open &&
	           !link->greeting.has_cookie) {
		take_cookie(&link->greeting, wire->cookie);
	}
}

static void on_reset(struct link *link, const struct wire_greeting *wire, uint64_t now_us) {
	if (link->stretch.is_there && wire->session == link->memory.session &&
	    wire->connection == link->stretch.number) {
		come_back(link, wire, now_us);
	}
}

static void on_lost(struct link *link, const struct wire_greeting *wire, uint64_t now_us) {
	static const struct slice nothing;
	struct body_hash hash;
	keys_hash_body(nothing, &hash);
	if (link->memory.has_session && wire->session == link->memory.session &&
	    keys_tag_is_good(&link->memory.key, wire->head, &hash, wire->tag)) {
		come_back(link, wire, now_us);
	}
}

void link_greet_receive(struct link *link, struct slice datagram, uint64_t now_us) {
	struct wire_greeting wire;
	if (!wire_read_greeting(datagram, &wire)) {
		link->counts.refused++;
		return;
	}
	switch (wire.type) {
	case WIRE_COOKIE: on_cookie(link, &wire, now_us); break;
	case WIRE_WELCOME: on_welcome(link, &wire, now_us); break;
	case WIRE_REFUSED: on_refused(link, &wire, now_us); break;
	case WIRE_RESET: on_reset(link, &wire, now_us); break;
	case WIRE_LOST: on_lost(link, &wire, now_us); break;
	default: link->counts.refused++;
	}
}
