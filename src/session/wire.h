/*
 * wire.h - the session dialect's datagrams as bytes, for both ends: what
 * docs/PROTOCOL.md lays down, and nothing else. No clock, no memory, no
 * sockets; tags are keys.h's, and the caller's to check.
 *
 * Two cursors do all the work: a `wire_out` writes into a buffer, a `wire_in`
 * reads from a slice. Both remember that something went wrong (no room; bytes
 * missing, a varint of more than 64 bits) instead of saying it at each call:
 * whoever is done asks once.
 *
 * Slices that are read point into the datagram.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys.h"
#include "slice.h"

#define WIRE_VERSION 1
#define WIRE_DATAGRAM_BYTES_MAX 1200
#define WIRE_CLIENT_BYTES_MIN 48
#define WIRE_FIRST_BYTE 0xF8

/* X(NUMBER, NAME) */
#define WIRE_TYPES(X)                                                                              \
	X(0x01, WIRE_HELLO)                                                                        \
	X(0x02, WIRE_COOKIE)                                                                       \
	X(0x03, WIRE_OPEN)                                                                         \
	X(0x04, WIRE_RESUME)                                                                       \
	X(0x05, WIRE_WELCOME)                                                                      \
	X(0x06, WIRE_REFUSED)                                                                      \
	X(0x07, WIRE_RESET)                                                                        \
	X(0x08, WIRE_LOST)                                                                         \
	X(0x10, WIRE_LOG)                                                                          \
	X(0x11, WIRE_TALK)
#define WIRE_ITEMS(X)                                                                              \
	X(0x01, ITEM_ENTRY)                                                                        \
	X(0x02, ITEM_PART)                                                                         \
	X(0x03, ITEM_GAP)
#define WIRE_FRAMES(X)                                                                             \
	X(0x00, FRAME_PADDING)                                                                     \
	X(0x01, FRAME_ACK)                                                                         \
	X(0x02, FRAME_MESSAGE)                                                                     \
	X(0x03, FRAME_ASK)                                                                         \
	X(0x04, FRAME_PING)                                                                        \
	X(0x05, FRAME_DETACH)                                                                      \
	X(0x11, FRAME_KEPT)                                                                        \
	X(0x13, FRAME_ANSWER)                                                                      \
	X(0x14, FRAME_PONG)                                                                        \
	X(0x15, FRAME_END)
#define WIRE_MESSAGES(X)                                                                           \
	X(1, MESSAGE_SAY)                                                                          \
	X(2, MESSAGE_JOIN)                                                                         \
	X(3, MESSAGE_PART)                                                                         \
	X(4, MESSAGE_DIRECT)                                                                       \
	X(5, MESSAGE_RENAME)                                                                       \
	X(6, MESSAGE_LEAVE)
#define WIRE_ASKS(X)                                                                               \
	X(1, ASK_WHO)                                                                              \
	X(2, ASK_ROOMS)                                                                            \
	X(3, ASK_BEFORE)                                                                           \
	X(4, ASK_SEARCH)                                                                           \
	X(5, ASK_REFUSED) /* in answers only */

#define WIRE_ENUM(number, name) name = number,
enum wire_type { WIRE_TYPES(WIRE_ENUM) };
enum wire_item { WIRE_ITEMS(WIRE_ENUM) };
enum wire_frame { WIRE_FRAMES(WIRE_ENUM) };
enum wire_message { WIRE_MESSAGES(WIRE_ENUM) };
enum wire_ask { WIRE_ASKS(WIRE_ENUM) };
#undef WIRE_ENUM

/* ---- writing ---- */

struct wire_out {
	uint8_t *bytes;
	size_t size, room;
	bool is_full; /* something did not fit: what is there is void */
};

struct wire_out wire_out_at(void *bytes, size_t room);
void wire_put_u8(struct wire_out *out, uint8_t value);
void wire_put_u32(struct wire_out *out, uint32_t value);
void wire_put_u64(struct wire_out *out, uint64_t value);
void wire_put_varint(struct wire_out *out, uint64_t value);
void wire_put_bytes(struct wire_out *out, const void *bytes, size_t size);
void wire_put_string(struct wire_out *out, struct slice string);
static inline struct slice wire_out_slice(const struct wire_out *out) {
	return slice_of((const char *)out->bytes, out->size);
}
/* Bytes that a varint takes: 1 to 10. */
size_t wire_varint_bytes(uint64_t value);

/* ---- reading ---- */

struct wire_in {
	struct slice rest;
	bool is_bad; /* something was missing: all that is read from then on is zero or empty */
};

struct wire_in wire_in_at(struct slice bytes);
uint8_t wire_get_u8(struct wire_in *in);
uint32_t wire_get_u32(struct wire_in *in);
uint64_t wire_get_u64(struct wire_in *in);
uint64_t wire_get_varint(struct wire_in *in);
void wire_get_bytes(struct wire_in *in, void *bytes, size_t size); /* zeros if it is bad */
struct slice wire_get_string(struct wire_in *in);
struct slice wire_get_rest(struct wire_in *in);
static inline bool wire_is_at_end(const struct wire_in *in) {
	return in->is_bad || in->rest.size == 0;
}

/* ---- datagrams ---- */

/* Whether it belongs to this dialect, and its type; 0 if not. */
uint8_t wire_type_of(struct slice datagram);

/*
 * Coming in. One struct for all types from HELLO to LOST; which fields count
 * follows from the type, as PROTOCOL.md's table has it.
 */
struct wire_greeting {
	uint8_t type;
	uint8_t version;
	uint8_t reason; /* enum reason */
	uint8_t cookie[COOKIE_BYTES];
	uint8_t nonce[NONCE_BYTES];
	uint8_t server_nonce[NONCE_BYTES];
	uint8_t open_key[KEY_BYTES]; /* OPEN: the client's; WELCOME: the server's */
	uint8_t sealed[KEY_BYTES];
	uint32_t connection;
	uint64_t session, person, number, seq, cursor;
	uint64_t argument;
	struct slice name, text;
	struct slice head;      /* read: what the tag covers */
	uint8_t tag[TAG_BYTES]; /* read: RESUME, WELCOME, LOST */
};

/* False if it is malformed (a HELLO that is too short, bytes left over). */
bool wire_read_greeting(struct slice datagram, struct wire_greeting *greeting);
/*
 * Returns the datagram's size; 0 if it does not fit into WIRE_DATAGRAM_BYTES_MAX.
 * `key` makes the tag of RESUME, LOST (K) and WELCOME (k); NULL for the others.
 */
size_t wire_write_greeting(const struct wire_greeting *greeting, const struct key *key,
                           uint8_t out[WIRE_DATAGRAM_BYTES_MAX]);

/* LOG and TALK: a head, a body, a tag. from and to are LOG's. */
struct wire_head {
	uint8_t type;
	uint64_t session;
	uint32_t connection, packet;
	uint64_t from, to;
};
#define WIRE_TALK_HEAD_BYTES 18
#define WIRE_LOG_HEAD_BYTES 34
#define WIRE_LOG_BODY_BYTES_MAX (WIRE_DATAGRAM_BYTES_MAX - WIRE_LOG_HEAD_BYTES - TAG_BYTES)
#define WIRE_TALK_BODY_BYTES_MAX (WIRE_DATAGRAM_BYTES_MAX - WIRE_TALK_HEAD_BYTES - TAG_BYTES)

/* Returns its size. */
size_t wire_write_head(const struct wire_head *head, uint8_t out[WIRE_LOG_HEAD_BYTES]);
/* False if it is neither LOG nor TALK, or too short for head and tag. */
bool wire_read_head(struct slice datagram, struct wire_head *head, struct slice *body);
/* The tag at the end, under the connection's key. */
bool wire_tag_is_good(struct slice datagram, const struct key *connection_key);
/* For who sends few: head, body and tag into `out`. 0 if they do not fit. */
size_t wire_write_datagram(const struct wire_head *head, struct slice body,
                           const struct key *connection_key, uint8_t out[WIRE_DATAGRAM_BYTES_MAX]);

/* ---- entries ---- */

/* At most this many rooms are in an entry (limits.h: ROOMS_PER_PERSON_MAX). */
struct wire_entry {
	uint64_t kind; /* the numbers are record.h's entry kinds */
	uint64_t seq;
	uint64_t time_ms; /* since 1970 */
	uint64_t person, number, target, reason;
	size_t rooms_count;
	struct slice rooms; /* read: as varints; write: 8 bytes each, host order (record.h) */
	uint64_t room;      /* the first; 0 if there is none */
	struct slice name, other, text;
};

void wire_put_entry(struct wire_out *out, const struct wire_entry *entry);
/* False if it is malformed. Kinds are not looked at. */
bool wire_read_entry(struct slice bytes, struct wire_entry *entry);
/* The i-th room of an entry that was read. */
uint64_t wire_entry_room(const struct wire_entry *entry, size_t index);

/* One item of a LOG or an answer; moves *in behind it. False at the end, or if it is malformed (is_bad). */
struct wire_piece {
	uint8_t item;
	struct slice entry; /* ITEM_ENTRY */
	uint64_t seq, total, offset;
	struct slice part; /* ITEM_PART */
};
bool wire_next_item(struct wire_in *in, struct wire_piece *piece);

/* ---- frames ---- */

#define WIRE_RANGES_MAX 32
/* Packets that came: ranges[i].first to ranges[i].last, falling, not touching. */
struct wire_ack {
	uint64_t seq;
	uint64_t delay_us;
	size_t count;
	struct wire_range {
		uint32_t first, last;
	} ranges[WIRE_RANGES_MAX];
};
void wire_put_ack(struct wire_out *out, const struct wire_ack *ack);

/* One frame; which fields count follows from the frame, as PROTOCOL.md's table has it. */
struct wire_talk {
	uint8_t frame;
	uint8_t kind; /* MESSAGE, ASK, ANSWER */
	uint8_t page, pages;
	uint8_t reason;
	uint64_t number; /* MESSAGE, KEPT; ASK, ANSWER: the question; PING, PONG: the token */
	uint64_t seq;    /* KEPT */
	uint64_t total, offset;
	struct slice
		bytes; /* MESSAGE: the piece; ASK, ANSWER: all behind the kind; END: the text */
	struct wire_ack ack;
};
/* Passes PADDING over. False at the end, or if it is malformed or unknown (is_bad). */
bool wire_next_frame(struct wire_in *in, struct wire_talk *talk);
void wire_put_frame(struct wire_out *out, const struct wire_talk *talk);

#endif
