/*
 * Two cursors, a table of greetings, and a function for each thing that is
 * more than a row of it.
 */
#include "wire.h"

#include <assert.h>
#include <string.h>

#include "limits.h"

/* ---- writing ---- */

struct wire_out wire_out_at(void *bytes, size_t room) {
	return (struct wire_out){.bytes = bytes, .room = room};
}

void wire_put_bytes(struct wire_out *out, const void *bytes, size_t size) {
	if (out->is_full || size > out->room - out->size) {
		out->is_full = true;
		return;
	}
	if (size > 0) {
		memcpy(out->bytes + out->size, bytes, size);
	}
	out->size += size;
}

static void put_number(struct wire_out *out, uint64_t value, size_t size) {
	uint8_t bytes[8];
	for (size_t i = 0; i < size; i++) {
		bytes[i] = (uint8_t)(value >> (8 * i));
	}
	wire_put_bytes(out, bytes, size);
}

void wire_put_u8(struct wire_out *out, uint8_t value) {
	put_number(out, value, 1);
}

void wire_put_u32(struct wire_out *out, uint32_t value) {
	put_number(out, value, 4);
}

void wire_put_u64(struct wire_out *out, uint64_t value) {
	put_number(out, value, 8);
}

void wire_put_varint(struct wire_out *out, uint64_t value) {
	uint8_t bytes[10];
	size_t size = 0;
	while (value >= 0x80) {
		bytes[size++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	bytes[size++] = (uint8_t)value;
	wire_put_bytes(out, bytes, size);
}

size_t wire_varint_bytes(uint64_t value) {
	size_t size = 1;
	while (value >= 0x80) {
		size++;
		value >>= 7;
	}
	return size;
}

void wire_put_string(struct wire_out *out, struct slice string) {
	wire_put_varint(out, string.size);
	wire_put_bytes(out, string.bytes, string.size);
}

/* ---- reading ---- */

struct wire_in wire_in_at(struct slice bytes) {
	return (struct wire_in){.rest = bytes};
}

static struct slice take(struct wire_in *in, uint64_t size) {
	if (in->is_bad || size > in->rest.size) {
		in->is_bad = true;
		in->rest = slice_of(NULL, 0);
		return slice_of(NULL, 0);
	}
	struct slice taken = slice_first(in->rest, size);
	in->rest = slice_from(in->rest, size);
	return taken;
}

static uint64_t get_number(struct wire_in *in, size_t size) {
	struct slice bytes = take(in, size);
	uint64_t value = 0;
	for (size_t i = 0; i < bytes.size; i++) {
		value |= (uint64_t)(uint8_t)bytes.bytes[i] << (8 * i);
	}
	return value;
}

uint8_t wire_get_u8(struct wire_in *in) {
	return (uint8_t)get_number(in, 1);
}

uint32_t wire_get_u32(struct wire_in *in) {
	return (uint32_t)get_number(in, 4);
}

uint64_t wire_get_u64(struct wire_in *in) {
	return get_number(in, 8);
}

uint64_t wire_get_varint(struct wire_in *in) {
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t byte = wire_get_u8(in);
		if (in->is_bad || (shift == 63 && byte > 1)) {
			break;
		}
		value |= (uint64_t)(byte & 0x7F) << shift;
		if (byte < 0x80) {
			return value;
		}
	}
	take(in, UINT64_MAX);
	return 0;
}

void wire_get_bytes(struct wire_in *in, void *bytes, size_t size) {
	struct slice taken = take(in, size);
	memset(bytes, 0, size);
	if (taken.size > 0) {
		memcpy(bytes, taken.bytes, size);
	}
}

struct slice wire_get_string(struct wire_in *in) {
	uint64_t size = wire_get_varint(in);
	return take(in, size);
}

struct slice wire_get_rest(struct wire_in *in) {
	return take(in, in->rest.size);
}

/* ---- greetings: a list of fields for each type ---- */

enum part {
	P_END,
	P_VERSION,
	P_NONCE,
	P_SERVER_NONCE,
	P_COOKIE,
	P_CONNECTION,
	P_SESSION,
	P_PERSON,
	P_NUMBER,
	P_SEQ,
	P_CURSOR,
	P_OPEN_KEY,
	P_SEALED,
	P_NAME,
	P_REASON,
	P_ARGUMENT,
	P_TEXT,
	P_ZEROS, /* up to WIRE_CLIENT_BYTES_MIN, and more */
	P_TAG,
};
#define PARTS_MAX 12

static const uint8_t *parts_of(uint8_t type) {
	static const uint8_t greetings[][PARTS_MAX] = {
		[WIRE_HELLO] = {P_VERSION, P_NONCE, P_ZEROS},
		[WIRE_COOKIE] = {P_VERSION, P_NONCE, P_COOKIE},
		[WIRE_OPEN] = {P_VERSION, P_COOKIE, P_NONCE, P_CONNECTION, P_OPEN_KEY, P_NAME},
		[WIRE_RESUME] = {P_VERSION, P_COOKIE, P_NONCE, P_CONNECTION, P_SESSION, P_CURSOR,
	                         P_NAME, P_TAG},
		[WIRE_WELCOME] = {P_NONCE, P_SERVER_NONCE, P_CONNECTION, P_SESSION, P_PERSON,
	                          P_NUMBER, P_SEQ, P_OPEN_KEY, P_SEALED, P_NAME, P_TAG},
		[WIRE_REFUSED] = {P_NONCE, P_REASON, P_ARGUMENT, P_TEXT},
		[WIRE_RESET] = {P_SESSION, P_CONNECTION, P_COOKIE},
		[WIRE_LOST] = {P_SESSION, P_COOKIE, P_TAG},
	};
	return type >= WIRE_HELLO && type <= WIRE_LOST ? greetings[type] : NULL;
}

uint8_t wire_type_of(struct slice datagram) {
	if (datagram.size < 2 || datagram.size > WIRE_DATAGRAM_BYTES_MAX ||
	    (uint8_t)datagram.bytes[0] != WIRE_FIRST_BYTE) {
		return 0;
	}
	uint8_t type = (uint8_t)datagram.bytes[1];
	return parts_of(type) != NULL || type == WIRE_LOG || type == WIRE_TALK ? type : 0;
}

static void get_zeros(struct wire_in *in, struct slice datagram) {
	struct slice zeros = wire_get_rest(in);
	for (size_t i = 0; i < zeros.size; i++) {
		in->is_bad = in->is_bad || zeros.bytes[i] != 0;
	}
	in->is_bad = in->is_bad || datagram.size < WIRE_CLIENT_BYTES_MIN;
}

static void get_part(struct wire_in *in, enum part part, struct slice datagram,
                     struct wire_greeting *to) {
	switch (part) {
	case P_END: break;
	case P_VERSION: to->version = wire_get_u8(in); break;
	case P_NONCE: wire_get_bytes(in, to->nonce, NONCE_BYTES); break;
	case P_SERVER_NONCE: wire_get_bytes(in, to->server_nonce, NONCE_BYTES); break;
	case P_COOKIE: wire_get_bytes(in, to->cookie, COOKIE_BYTES); break;
	case P_CONNECTION: to->connection = wire_get_u32(in); break;
	case P_SESSION: to->session = wire_get_u64(in); break;
	case P_PERSON: to->person = wire_get_u64(in); break;
	case P_NUMBER: to->number = wire_get_u64(in); break;
	case P_SEQ: to->seq = wire_get_u64(in); break;
	case P_CURSOR: to->cursor = wire_get_u64(in); break;
	case P_OPEN_KEY: wire_get_bytes(in, to->open_key, KEY_BYTES); break;
	case P_SEALED: wire_get_bytes(in, to->sealed, KEY_BYTES); break;
	case P_NAME: to->name = wire_get_string(in); break;
	case P_REASON: to->reason = wire_get_u8(in); break;
	case P_ARGUMENT: to->argument = wire_get_varint(in); break;
	case P_TEXT: to->text = wire_get_string(in); break;
	case P_ZEROS: get_zeros(in, datagram); break;
	case P_TAG:
		to->head = slice_first(datagram, datagram.size - in->rest.size);
		wire_get_bytes(in, to->tag, TAG_BYTES);
		break;
	}
}

bool wire_read_greeting(struct slice datagram, struct wire_greeting *greeting) {
	uint8_t type = wire_type_of(datagram);
	const uint8_t *parts = parts_of(type);
	*greeting = (struct wire_greeting){.type = type};
	if (type == 0 || parts == NULL) {
		return false;
	}
	struct wire_in in = wire_in_at(slice_from(datagram, 2));
	for (size_t i = 0; i < PARTS_MAX && parts[i] != P_END; i++) {
		get_part(&in, parts[i], datagram, greeting);
	}
	return !in.is_bad && in.rest.size == 0 && greeting->head.size <= TAG_HEAD_BYTES_MAX;
}

static void put_zeros(struct wire_out *out) {
	while (!out->is_full && out->size < WIRE_CLIENT_BYTES_MIN) {
		wire_put_u8(out, 0);
	}
}

static void put_tag(struct wire_out *out, const struct key *key) {
	static const struct slice nothing;
	struct body_hash hash;
	uint8_t tag[TAG_BYTES];
	assert(key != NULL);
	if (out->is_full || out->size > TAG_HEAD_BYTES_MAX) {
		out->is_full = true;
		return;
	}
	keys_hash_body(nothing, &hash);
	keys_tag(key, wire_out_slice(out), &hash, tag);
	wire_put_bytes(out, tag, TAG_BYTES);
}

static void put_part(struct wire_out *out, enum part part, const struct wire_greeting *from,
                     const struct key *key) {
	switch (part) {
	case P_END: break;
	case P_VERSION: wire_put_u8(out, from->version); break;
	case P_NONCE: wire_put_bytes(out, from->nonce, NONCE_BYTES); break;
	case P_SERVER_NONCE: wire_put_bytes(out, from->server_nonce, NONCE_BYTES); break;
	case P_COOKIE: wire_put_bytes(out, from->cookie, COOKIE_BYTES); break;
	case P_CONNECTION: wire_put_u32(out, from->connection); break;
	case P_SESSION: wire_put_u64(out, from->session); break;
	case P_PERSON: wire_put_u64(out, from->person); break;
	case P_NUMBER: wire_put_u64(out, from->number); break;
	case P_SEQ: wire_put_u64(out, from->seq); break;
	case P_CURSOR: wire_put_u64(out, from->cursor); break;
	case P_OPEN_KEY: wire_put_bytes(out, from->open_key, KEY_BYTES); break;
	case P_SEALED: wire_put_bytes(out, from->sealed, KEY_BYTES); break;
	case P_NAME: wire_put_string(out, from->name); break;
	case P_REASON: wire_put_u8(out, from->reason); break;
	case P_ARGUMENT: wire_put_varint(out, from->argument); break;
	case P_TEXT: wire_put_string(out, from->text); break;
	case P_ZEROS: put_zeros(out); break;
	case P_TAG: put_tag(out, key); break;
	}
}

size_t wire_write_greeting(const struct wire_greeting *greeting, const struct key *key,
                           uint8_t bytes[WIRE_DATAGRAM_BYTES_MAX]) {
	struct wire_out out = wire_out_at(bytes, WIRE_DATAGRAM_BYTES_MAX);
	const uint8_t *parts = parts_of(greeting->type);
	assert(parts != NULL);
	wire_put_u8(&out, WIRE_FIRST_BYTE);
	wire_put_u8(&out, greeting->type);
	for (size_t i = 0; i < PARTS_MAX && parts[i] != P_END; i++) {
		put_part(&out, parts[i], greeting, key);
	}
	return out.is_full ? 0 : out.size;
}

/* ---- LOG and TALK ---- */

size_t wire_write_head(const struct wire_head *head, uint8_t bytes[WIRE_LOG_HEAD_BYTES]) {
	struct wire_out out = wire_out_at(bytes, WIRE_LOG_HEAD_BYTES);
	wire_put_u8(&out, WIRE_FIRST_BYTE);
	wire_put_u8(&out, head->type);
	wire_put_u64(&out, head->session);
	wire_put_u32(&out, head->connection);
	wire_put_u32(&out, head->packet);
	if (head->type == WIRE_LOG) {
		wire_put_u64(&out, head->from);
		wire_put_u64(&out, head->to);
	}
	assert(!out.is_full);
	return out.size;
}

static size_t head_bytes(uint8_t type) {
	switch (type) {
	case WIRE_LOG: return WIRE_LOG_HEAD_BYTES;
	case WIRE_TALK: return WIRE_TALK_HEAD_BYTES;
	default: return 0;
	}
}

bool wire_read_head(struct slice datagram, struct wire_head *head, struct slice *body) {
	uint8_t type = wire_type_of(datagram);
	size_t size = head_bytes(type);
	*head = (struct wire_head){.type = type};
	if (size == 0 || datagram.size < size + TAG_BYTES) {
		return false;
	}
	struct wire_in in = wire_in_at(slice_from(datagram, 2));
	head->session = wire_get_u64(&in);
	head->connection = wire_get_u32(&in);
	head->packet = wire_get_u32(&in);
	if (type == WIRE_LOG) {
		head->from = wire_get_u64(&in);
		head->to = wire_get_u64(&in);
	}
	*body = slice_of(datagram.bytes + size, datagram.size - size - TAG_BYTES);
	return head->from <= head->to;
}

bool wire_tag_is_good(struct slice datagram, const struct key *key) {
	struct body_hash hash;
	uint8_t type = wire_type_of(datagram);
	size_t size = head_bytes(type);
	if (size == 0 || datagram.size < size + TAG_BYTES) {
		return false;
	}
	size_t tag_at = datagram.size - TAG_BYTES;
	keys_hash_body(slice_of(datagram.bytes + size, tag_at - size), &hash);
	return keys_tag_is_good(key, slice_first(datagram, size), &hash,
	                        (const uint8_t *)datagram.bytes + tag_at);
}

size_t wire_write_datagram(const struct wire_head *head, struct slice body, const struct key *key,
                           uint8_t out[WIRE_DATAGRAM_BYTES_MAX]) {
	struct body_hash hash;
	size_t size = head_bytes(head->type);
	if (body.size > WIRE_DATAGRAM_BYTES_MAX - size - TAG_BYTES) {
		return 0;
	}
	wire_write_head(head, out);
	if (body.size > 0) {
		memcpy(out + size, body.bytes, body.size);
	}
	keys_hash_body(body, &hash);
	keys_tag(key, slice_of((const char *)out, size), &hash, out + size + body.size);
	return size + body.size + TAG_BYTES;
}

/* ---- entries ---- */

void wire_put_entry(struct wire_out *out, const struct wire_entry *entry) {
	wire_put_varint(out, entry->kind);
	wire_put_varint(out, entry->seq);
	wire_put_varint(out, entry->time_ms);
	wire_put_varint(out, entry->person);
	wire_put_varint(out, entry->number);
	wire_put_varint(out, entry->target);
	wire_put_varint(out, entry->reason);
	wire_put_varint(out, entry->rooms_count);
	for (size_t i = 0; i < entry->rooms_count; i++) {
		uint64_t room = entry->room;
		if (i > 0) {
			memcpy(&room, entry->rooms.bytes + (i - 1) * 8, 8);
		}
		wire_put_varint(out, room);
	}
	wire_put_string(out, entry->name);
	wire_put_string(out, entry->other);
	wire_put_string(out, entry->text);
}

bool wire_read_entry(struct slice bytes, struct wire_entry *entry) {
	struct wire_in in = wire_in_at(bytes);
	*entry = (struct wire_entry){.kind = wire_get_varint(&in)};
	entry->seq = wire_get_varint(&in);
	entry->time_ms = wire_get_varint(&in);
	entry->person = wire_get_varint(&in);
	entry->number = wire_get_varint(&in);
	entry->target = wire_get_varint(&in);
	entry->reason = wire_get_varint(&in);
	uint64_t count = wire_get_varint(&in);
	struct slice rooms = in.rest;
	for (uint64_t i = 0; i < count && !in.is_bad; i++) {
		uint64_t room = wire_get_varint(&in);
		entry->room = i == 0 ? room : entry->room;
	}
	if (in.is_bad || count > ROOMS_PER_PERSON_MAX) {
		return false;
	}
	entry->rooms_count = (size_t)count;
	entry->rooms = slice_first(rooms, rooms.size - in.rest.size);
	entry->name = wire_get_string(&in);
	entry->other = wire_get_string(&in);
	entry->text = wire_get_string(&in);
	return !in.is_bad;
}

uint64_t wire_entry_room(const struct wire_entry *entry, size_t index) {
	struct wire_in in = wire_in_at(entry->rooms);
	uint64_t room = 0;
	assert(index < entry->rooms_count);
	for (size_t i = 0; i <= index; i++) {
		room = wire_get_varint(&in);
	}
	return room;
}

static bool is_part_good(const struct wire_piece *piece) {
	return piece->offset <= piece->total && piece->part.size <= piece->total - piece->offset &&
	       piece->part.size > 0;
}

bool wire_next_item(struct wire_in *in, struct wire_piece *piece) {
	if (wire_is_at_end(in)) {
		return false;
	}
	*piece = (struct wire_piece){.item = wire_get_u8(in)};
	switch (piece->item) {
	case ITEM_ENTRY: piece->entry = wire_get_string(in); break;
	case ITEM_PART:
		piece->seq = wire_get_varint(in);
		piece->total = wire_get_varint(in);
		piece->offset = wire_get_varint(in);
		piece->part = wire_get_rest(in);
		in->is_bad = in->is_bad || !is_part_good(piece);
		break;
	case ITEM_GAP: break;
	default: in->is_bad = true;
	}
	return !in->is_bad;
}

/* ---- frames ---- */

void wire_put_ack(struct wire_out *out, const struct wire_ack *ack) {
	assert(ack->count >= 1 && ack->count <= WIRE_RANGES_MAX);
	wire_put_u8(out, FRAME_ACK);
	wire_put_varint(out, ack->seq);
	wire_put_varint(out, ack->ranges[0].last);
	wire_put_varint(out, ack->delay_us);
	wire_put_varint(out, ack->count - 1);
	wire_put_varint(out, ack->ranges[0].last - ack->ranges[0].first);
	for (size_t i = 1; i < ack->count; i++) {
		const struct wire_range *above = &ack->ranges[i - 1], *range = &ack->ranges[i];
		assert(range->last + 1 < above->first && range->first <= range->last);
		wire_put_varint(out, above->first - range->last - 2);
		wire_put_varint(out, range->last - range->first);
	}
}

/* The range whose last packet is `last` and that has `length` more below it. */
static void get_range(struct wire_in *in, struct wire_ack *ack, uint64_t last, uint64_t length) {
	if (last > UINT32_MAX || length > last || ack->count == WIRE_RANGES_MAX) {
		in->is_bad = true;
		return;
	}
	ack->ranges[ack->count++] =
		(struct wire_range){.first = (uint32_t)(last - length), .last = (uint32_t)last};
}

static void get_ack(struct wire_in *in, struct wire_ack *ack) {
	ack->seq = wire_get_varint(in);
	uint64_t last = wire_get_varint(in);
	ack->delay_us = wire_get_varint(in);
	uint64_t more = wire_get_varint(in);
	get_range(in, ack, last, wire_get_varint(in));
	for (uint64_t i = 0; i < more && !in->is_bad; i++) {
		uint64_t below = ack->ranges[ack->count - 1].first;
		uint64_t gap = wire_get_varint(in);
		uint64_t length = wire_get_varint(in);
		if (below < 2 || gap > below - 2) {
			in->is_bad = true;
			return;
		}
		get_range(in, ack, below - 2 - gap, length);
	}
}

static void get_frame(struct wire_in *in, struct wire_talk *talk) {
	switch (talk->frame) {
	case FRAME_ACK: get_ack(in, &talk->ack); break;
	case FRAME_MESSAGE:
		talk->number = wire_get_varint(in);
		talk->kind = wire_get_u8(in);
		talk->total = wire_get_varint(in);
		talk->offset = wire_get_varint(in);
		talk->bytes = wire_get_string(in);
		in->is_bad = in->is_bad || talk->offset > talk->total ||
		             talk->bytes.size > talk->total - talk->offset;
		break;
	case FRAME_ASK:
		talk->number = wire_get_varint(in);
		talk->kind = wire_get_u8(in);
		talk->bytes = wire_get_rest(in);
		break;
	case FRAME_ANSWER:
		talk->number = wire_get_varint(in);
		talk->page = wire_get_u8(in);
		talk->pages = wire_get_u8(in);
		talk->kind = wire_get_u8(in);
		talk->bytes = wire_get_rest(in);
		break;
	case FRAME_PING:
	case FRAME_PONG: talk->number = wire_get_varint(in); break;
	case FRAME_DETACH: break;
	case FRAME_KEPT:
		talk->number = wire_get_varint(in);
		talk->seq = wire_get_varint(in);
		break;
	case FRAME_END:
		talk->reason = wire_get_u8(in);
		talk->bytes = wire_get_string(in);
		break;
	default: in->is_bad = true;
	}
}

bool wire_next_frame(struct wire_in *in, struct wire_talk *talk) {
	do {
		if (wire_is_at_end(in)) {
			return false;
		}
		*talk = (struct wire_talk){.frame = wire_get_u8(in)};
	} while (talk->frame == FRAME_PADDING);
	get_frame(in, talk);
	return !in->is_bad;
}

void wire_put_frame(struct wire_out *out, const struct wire_talk *talk) {
	if (talk->frame == FRAME_ACK) {
		wire_put_ack(out, &talk->ack);
		return;
	}
	wire_put_u8(out, talk->frame);
	switch (talk->frame) {
	case FRAME_MESSAGE:
		wire_put_varint(out, talk->number);
		wire_put_u8(out, talk->kind);
		wire_put_varint(out, talk->total);
		wire_put_varint(out, talk->offset);
		wire_put_string(out, talk->bytes);
		break;
	case FRAME_ASK:
	case FRAME_ANSWER:
		wire_put_varint(out, talk->number);
		if (talk->frame == FRAME_ANSWER) {
			wire_put_u8(out, talk->page);
			wire_put_u8(out, talk->pages);
		}
		wire_put_u8(out, talk->kind);
		wire_put_bytes(out, talk->bytes.bytes, talk->bytes.size);
		break;
	case FRAME_PING:
	case FRAME_PONG: wire_put_varint(out, talk->number); break;
	case FRAME_KEPT:
		wire_put_varint(out, talk->number);
		wire_put_varint(out, talk->seq);
		break;
	case FRAME_END:
		wire_put_u8(out, talk->reason);
		wire_put_string(out, talk->bytes);
		break;
	default: break;
	}
}
