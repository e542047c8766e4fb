#include "record.h"

#include <string.h>

/*
 * The fields, one row each. Tags below 128 are numbers; from 128 on, bytes.
 * The tags are kept on disk: never change one, only add. What is private is
 * present state (where somebody is) and never kept as history.
 */
enum field_type {
	FIELD_U64,
	FIELD_U16,
	FIELD_U8,
	FIELD_SLICE,
	FIELD_ROUTE,
	FIELD_NET,
	FIELD_CONNECTION
};

struct field {
	uint8_t tag;
	uint8_t type;
	bool is_private;
	uint16_t offset;
};

#define FIELD(tag_, type_, private_, member)                                                       \
	{                                                                                          \
		.tag = (tag_), .type = (type_), .is_private = (private_),                          \
		.offset = offsetof(struct record, member),                                         \
	}

static const struct field fields[] = {
	FIELD(1, FIELD_U64, false, person),
	FIELD(2, FIELD_U64, false, session),
	FIELD(3, FIELD_U64, false, target),
	FIELD(4, FIELD_U64, false, number),
	FIELD(5, FIELD_U64, false, until_us),
	FIELD(6, FIELD_U64, false, since_us),
	FIELD(7, FIELD_U64, false, room),
	FIELD(8, FIELD_U16, false, reason),
	FIELD(9, FIELD_U8, false, face),
	FIELD(10, FIELD_U16, true, home),
	FIELD(11, FIELD_U64, false, client_number),
	FIELD(12, FIELD_U64, true, nonce),
	FIELD(13, FIELD_U64, false, bits),
	FIELD(128, FIELD_SLICE, false, more_rooms),
	FIELD(129, FIELD_SLICE, false, name),
	FIELD(130, FIELD_SLICE, false, other_name),
	FIELD(131, FIELD_SLICE, false, text),
	FIELD(132, FIELD_SLICE, false, by),
	FIELD(133, FIELD_ROUTE, true, has_route),
	FIELD(134, FIELD_NET, false, has_net),
	FIELD(135, FIELD_CONNECTION, true, connection),
	FIELD(136, FIELD_SLICE, false, userhost),
	FIELD(137, FIELD_SLICE, false, tags),
	FIELD(138, FIELD_SLICE, true, secret),
	FIELD(139, FIELD_SLICE, false, joints),
};

#define FIELDS_COUNT (sizeof(fields) / sizeof(fields[0]))

static const struct field *field_of(uint8_t tag) {
	/* Tags are dense in each half: an index instead of a search. */
	if (tag >= 1 && tag <= 13) {
		return &fields[tag - 1];
	}
	if (tag >= 128 && tag <= 139) {
		return &fields[13 + tag - 128];
	}
	return NULL;
}

/* Routes and nets are packed: a v4-mapped address is 4 bytes, a v6 one 16. */
#define ROUTE_BYTES_MAX (1 + 16 + 2 + 4 + 16 + 2)

static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

static bool is_v4(const uint8_t ip[16]) {
	return memcmp(ip, v4_mapped, sizeof(v4_mapped)) == 0;
}

enum { ROUTE_PEER_V4 = 1, ROUTE_LOCAL_V4 = 2, ROUTE_LOCAL_V6 = 4, ROUTE_SCOPE = 8 };

static uint8_t *put_ip(uint8_t *at, const uint8_t ip[16], bool v4) {
	memcpy(at, v4 ? ip + 12 : ip, v4 ? 4 : 16);
	return at + (v4 ? 4 : 16);
}

static const uint8_t *get_ip(const uint8_t *at, const uint8_t *end, uint8_t ip[16], bool v4) {
	size_t size = v4 ? 4 : 16;
	if (at == NULL || (size_t)(end - at) < size) {
		return NULL;
	}
	if (v4) {
		memcpy(ip, v4_mapped, 12);
		memcpy(ip + 12, at, 4);
	} else {
		memcpy(ip, at, 16);
	}
	return at + size;
}

static size_t route_pack(const struct route *route, uint8_t out[ROUTE_BYTES_MAX]) {
	static const uint8_t none[16];
	uint8_t flags = 0;
	flags |= is_v4(route->peer.ip) ? ROUTE_PEER_V4 : 0;
	if (memcmp(route->local, none, 16) != 0) {
		flags |= is_v4(route->local) ? ROUTE_LOCAL_V4 : ROUTE_LOCAL_V6;
	}
	flags |= route->peer.scope != 0 ? ROUTE_SCOPE : 0;
	uint8_t *at = out;
	*at++ = flags;
	at = put_ip(at, route->peer.ip, flags & ROUTE_PEER_V4);
	memcpy(at, &route->peer.port, 2);
	memcpy(at + 2, &route->listener, 2);
	at += 4;
	if (flags & (ROUTE_LOCAL_V4 | ROUTE_LOCAL_V6)) {
		at = put_ip(at, route->local, flags & ROUTE_LOCAL_V4);
	}
	if (flags & ROUTE_SCOPE) {
		memcpy(at, &route->peer.scope, 4);
		at += 4;
	}
	return (size_t)(at - out);
}

static bool route_unpack(struct route *route, const uint8_t *bytes, size_t size) {
	const uint8_t *at = bytes;
	const uint8_t *end = bytes + size;
	memset(route, 0, sizeof(*route));
	if (size < 1) {
		return false;
	}
	uint8_t flags = *at++;
	at = get_ip(at, end, route->peer.ip, flags & ROUTE_PEER_V4);
	if (at == NULL || end - at < 4) {
		return false;
	}
	memcpy(&route->peer.port, at, 2);
	memcpy(&route->listener, at + 2, 2);
	at += 4;
	if (flags & (ROUTE_LOCAL_V4 | ROUTE_LOCAL_V6)) {
		at = get_ip(at, end, route->local, flags & ROUTE_LOCAL_V4);
		if (at == NULL) {
			return false;
		}
	}
	if (flags & ROUTE_SCOPE) {
		if (end - at < 4) {
			return false;
		}
		memcpy(&route->peer.scope, at, 4);
		at += 4;
	}
	return at == end;
}

static size_t leb_size(uint64_t value) {
	size_t size = 1;
	while (value >= 128) {
		value >>= 7;
		size++;
	}
	return size;
}

static uint8_t *leb_put(uint8_t *at, uint64_t value) {
	while (value >= 128) {
		*at++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*at++ = (uint8_t)value;
	return at;
}

static const uint8_t *leb_get(const uint8_t *at, const uint8_t *end, uint64_t *value) {
	*value = 0;
	for (unsigned shift = 0; at < end && shift < 64; shift += 7) {
		uint8_t byte = *at++;
		if (shift == 63 && byte > 1) {
			return NULL;
		}
		*value |= (uint64_t)(byte & 0x7F) << shift;
		if (!(byte & 0x80)) {
			return at;
		}
	}
	return NULL;
}

/* The field's value in two forms: a number, or bytes (in the record, or packed into scratch). */
struct value {
	bool is_there;
	uint64_t number;
	const void *bytes;
	size_t size;
};

static struct value field_value(const struct record *record, const struct field *field,
                                uint8_t scratch[ROUTE_BYTES_MAX]) {
	const void *member = (const char *)record + field->offset;
	struct value value = {0};
	switch (field->type) {
	case FIELD_U64:
		memcpy(&value.number, member, 8);
		value.is_there = value.number != 0;
		break;
	case FIELD_U16: {
		uint16_t number;
		memcpy(&number, member, 2);
		value.number = number;
		value.is_there = number != 0;
		break;
	}
	case FIELD_U8:
		value.number = *(const uint8_t *)member;
		value.is_there = value.number != 0;
		break;
	case FIELD_SLICE: {
		const struct slice *slice = member;
		value.bytes = slice->bytes;
		value.size = slice->size;
		value.is_there = slice->size != 0;
		break;
	}
	case FIELD_ROUTE:
		value.is_there = record->has_route;
		if (value.is_there) {
			value.size = route_pack(&record->route, scratch);
			value.bytes = scratch;
		}
		break;
	case FIELD_NET:
		value.is_there = record->has_net;
		if (value.is_there) {
			memcpy(scratch, record->net.ip, 16);
			scratch[16] = record->net.bits;
			value.size = 17;
			value.bytes = scratch;
		}
		break;
	case FIELD_CONNECTION:
		value.is_there = record->connection.slot != 0 || record->connection.generation != 0;
		value.bytes = &record->connection;
		value.size = sizeof(record->connection);
		break;
	}
	return value;
}

static size_t fields_size(const struct record *record) {
	size_t size = 0;
	uint8_t scratch[ROUTE_BYTES_MAX];
	for (size_t i = 0; i < FIELDS_COUNT; i++) {
		struct value value = field_value(record, &fields[i], scratch);
		if (value.is_there) {
			size += 1 + (fields[i].tag < 128 ? leb_size(value.number)
			                                 : leb_size(value.size) + value.size);
		}
	}
	return size;
}

static size_t whole_size(size_t fields_bytes) {
	return (RECORD_HEAD_BYTES + fields_bytes + 7) & ~(size_t)7;
}

size_t record_size(const struct record *record) {
	return whole_size(fields_size(record));
}

static void head_put(uint8_t *out, const struct record *record, uint32_t size) {
	memset(out, 0, RECORD_HEAD_BYTES);
	memcpy(out, &size, 4);
	memcpy(out + 4, &record->kind, 2);
	out[6] = record->version == 0 ? RECORD_VERSION : record->version;
	out[7] = record->flags;
	memcpy(out + 8, &record->seq, 8);
	memcpy(out + 16, &record->time_us, 8);
	memcpy(out + 24, &record->request, 8);
	memcpy(out + 32, &record->incarnation, 4);
	memcpy(out + 36, &record->queue, 2);
}

static size_t encode(const struct record *record, uint8_t *out, size_t out_size,
                     bool with_private) {
	if (out_size < RECORD_HEAD_BYTES) {
		return 0;
	}
	uint8_t *at = out + RECORD_HEAD_BYTES;
	const uint8_t *end = out + out_size;
	uint8_t scratch[ROUTE_BYTES_MAX];
	for (size_t i = 0; i < FIELDS_COUNT; i++) {
		if (fields[i].is_private && !with_private) {
			continue;
		}
		struct value value = field_value(record, &fields[i], scratch);
		if (!value.is_there) {
			continue;
		}
		if ((size_t)(end - at) < 1 + 10 + value.size) {
			/* Close to the end: count exactly. */
			size_t need = 1 + (fields[i].tag < 128 ? leb_size(value.number)
			                                       : leb_size(value.size) + value.size);
			if ((size_t)(end - at) < need) {
				return 0;
			}
		}
		*at++ = fields[i].tag;
		if (fields[i].tag < 128) {
			at = leb_put(at, value.number);
		} else {
			at = leb_put(at, value.size);
			memcpy(at, value.bytes, value.size);
			at += value.size;
		}
	}
	size_t size = whole_size((size_t)(at - out) - RECORD_HEAD_BYTES);
	if (size > out_size || size > UINT32_MAX) {
		return 0;
	}
	memset(at, 0, size - (size_t)(at - out));
	head_put(out, record, (uint32_t)size);
	return size;
}

size_t record_encode(const struct record *record, void *out, size_t out_size) {
	return encode(record, out, out_size, true);
}

size_t record_encode_public(const struct record *record, void *out, size_t out_size) {
	return encode(record, out, out_size, false);
}

/* Stores one decoded field; false if its value cannot be one of its type. */
static bool field_store(struct record *record, const struct field *field, uint64_t number,
                        const uint8_t *bytes) {
	void *member = (char *)record + field->offset;
	switch (field->type) {
	case FIELD_U64: memcpy(member, &number, 8); return true;
	case FIELD_U16: {
		uint16_t value = (uint16_t)number;
		memcpy(member, &value, 2);
		return number <= UINT16_MAX;
	}
	case FIELD_U8: *(uint8_t *)member = (uint8_t)number; return number <= UINT8_MAX;
	case FIELD_SLICE:
		*(struct slice *)member = slice_of((const char *)bytes, (size_t)number);
		return true;
	case FIELD_ROUTE:
		record->has_route = true;
		return route_unpack(&record->route, bytes, (size_t)number);
	case FIELD_NET:
		if (number != 17 || bytes[16] > 128) {
			return false;
		}
		record->has_net = true;
		memcpy(record->net.ip, bytes, 16);
		record->net.bits = bytes[16];
		return true;
	case FIELD_CONNECTION:
		if (number != sizeof(record->connection)) {
			return false;
		}
		memcpy(&record->connection, bytes, sizeof(record->connection));
		return true;
	}
	return false;
}

size_t record_decode(struct record *record, const void *bytes, size_t size) {
	const uint8_t *in = bytes;
	uint32_t whole;
	memset(record, 0, sizeof(*record));
	if (size < RECORD_HEAD_BYTES) {
		return 0;
	}
	memcpy(&whole, in, 4);
	if (whole < RECORD_HEAD_BYTES || whole > size || whole % 8 != 0) {
		return 0;
	}
	memcpy(&record->kind, in + 4, 2);
	record->version = in[6];
	record->flags = in[7];
	memcpy(&record->seq, in + 8, 8);
	memcpy(&record->time_us, in + 16, 8);
	memcpy(&record->request, in + 24, 8);
	memcpy(&record->incarnation, in + 32, 4);
	memcpy(&record->queue, in + 36, 2);

	const uint8_t *at = in + RECORD_HEAD_BYTES;
	const uint8_t *end = in + whole;
	while (at < end && *at != 0) {
		uint8_t tag = *at++;
		uint64_t number;
		at = leb_get(at, end, &number);
		if (at == NULL) {
			return 0;
		}
		const uint8_t *value = at;
		if (tag >= 128) {
			if (number > (uint64_t)(end - at)) {
				return 0;
			}
			at += number;
		}
		const struct field *field = field_of(tag);
		if (field != NULL && !field_store(record, field, number, value)) {
			return 0;
		}
	}
	if (record->more_rooms.size % 8 != 0) {
		return 0;
	}
	if ((record->flags & RECORD_IS_BLANK) != 0) {
		record->text = record->tags = record->joints = slice_of(NULL, 0);
		record->bits |= SAID_IS_REDACTED;
	}
	return whole;
}

size_t record_rooms_count(const struct record *record) {
	return record->room == 0 ? 0 : 1 + record->more_rooms.size / 8;
}

uint64_t record_room(const struct record *record, size_t index) {
	if (index == 0) {
		return record->room;
	}
	uint64_t room;
	memcpy(&room, record->more_rooms.bytes + (index - 1) * 8, 8);
	return room;
}

bool record_concerns_room(const struct record *record, uint64_t room) {
	size_t count = record_rooms_count(record);
	for (size_t i = 0; i < count; i++) {
		if (record_room(record, i) == room) {
			return true;
		}
	}
	return false;
}

static bool is_typing(struct slice tag) {
	return slice_equal(tag, slice_from_string("+typing")) ||
	       slice_equal(tag, slice_from_string("+draft/typing"));
}

bool record_is_event(const struct record *record) {
	struct slice rest = record->tags;
	bool says_more = false;
	while (rest.size > 0 && !says_more) {
		const char *semicolon = memchr(rest.bytes, ';', rest.size);
		size_t size = semicolon == NULL ? rest.size : (size_t)(semicolon - rest.bytes);
		const char *equals = memchr(rest.bytes, '=', size);
		size_t key = equals == NULL ? size : (size_t)(equals - rest.bytes);
		says_more = key > 0 && !is_typing(slice_first(rest, key));
		rest = slice_from(rest, semicolon == NULL ? size : size + 1);
	}
	return record->kind == ENTRY_TAGGED && record->room != 0 && says_more;
}

#define KIND_WORD(number, name, word)                                                              \
	case name: return word;

const char *record_kind_word(uint16_t kind) {
	switch (kind) {
		ENTRY_KINDS(KIND_WORD)
		ANSWER_KINDS(KIND_WORD)
		REQUEST_KINDS(KIND_WORD)
		ROW_KINDS(KIND_WORD)
	}
	return "unknown";
}

const char *reason_word(uint16_t reason) {
	switch (reason) { REASONS(KIND_WORD) }
	return "unknown";
}
