/* Strict UTF-8 (see utf8.h), by the table of well-formed sequences of the Unicode standard:
 *
 *   first    second   third    fourth
 *   00..7F
 *   C2..DF   80..BF
 *   E0       A0..BF   80..BF
 *   E1..EC   80..BF   80..BF
 *   ED       80..9F   80..BF            (A0..BF would be the surrogates)
 *   EE..EF   80..BF   80..BF
 *   F0       90..BF   80..BF   80..BF
 *   F1..F3   80..BF   80..BF   80..BF
 *   F4       80..8F   80..BF   80..BF */
#include "utf8.h"

#include <assert.h>
#include <string.h>

/* The size of the sequence that a first byte promises; 0 if nothing can begin with it. */
static size_t promised_size(unsigned lead) {
	if (lead < 0x80) {
		return 1;
	}
	if (lead < 0xC2 || lead > 0xF4) {
		return 0;
	}
	return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

static bool is_second(unsigned lead, unsigned byte) {
	switch (lead) {
	case 0xE0: return byte >= 0xA0 && byte <= 0xBF;
	case 0xED: return byte >= 0x80 && byte <= 0x9F;
	case 0xF0: return byte >= 0x90 && byte <= 0xBF;
	case 0xF4: return byte >= 0x80 && byte <= 0x8F;
	default: return byte >= 0x80 && byte <= 0xBF;
	}
}

size_t utf8_decode(struct slice text, int32_t *point) {
	*point = UTF8_INVALID;
	if (slice_is_empty(text)) {
		return 0;
	}
	const unsigned char *bytes = (const unsigned char *)text.bytes;
	unsigned lead = bytes[0];
	if (lead < 0x80) {
		*point = (int32_t)lead;
		return 1;
	}
	size_t size = promised_size(lead);
	if (size == 0) {
		return 1;
	}
	unsigned value = lead & (0x7Fu >> size);
	for (size_t at = 1; at < size; at++) {
		/* The later bytes are bound only as the second of most leads is. */
		if (at == text.size || !is_second(at == 1 ? lead : 0xC2, bytes[at])) {
			return at;
		}
		value = value << 6 | (bytes[at] & 0x3Fu);
	}
	*point = (int32_t)value;
	return size;
}

size_t utf8_encode(int32_t point, char out[static UTF8_POINT_BYTES_MAX]) {
	assert(point >= 0 && point <= 0x10FFFF);
	assert(point < 0xD800 || point > 0xDFFF);
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	for (size_t at = size - 1; at > 0; at--) {
		out[at] = (char)(0x80 | (point & 0x3F));
		point >>= 6;
	}
	out[0] = (char)((0xF00 >> size & 0xFF) | point);
	return size;
}

/* Eight bytes at once: the top bit of a byte is set in the result if it is below 20 or above 7E.
 * Bytes of 80 and more say so themselves; of the others neither sum can carry into a neighbour. */
static uint64_t not_printable(uint64_t eight) {
	const uint64_t ones = UINT64_MAX / 0xFF;
	uint64_t low = eight & ones * 0x7F;
	uint64_t is_delete = low + ones;
	uint64_t is_printable = low + ones * (0x80 - 0x20);
	return (eight | is_delete | ~is_printable) & ones * 0x80;
}

size_t utf8_ascii_run(struct slice text) {
	size_t at = 0;
	for (; text.size - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
		uint64_t eight;
		memcpy(&eight, text.bytes + at, sizeof(eight));
		if (not_printable(eight) != 0) {
			break;
		}
	}
	while (at < text.size && text.bytes[at] >= 0x20 && text.bytes[at] < 0x7F) {
		at++;
	}
	return at;
}

bool utf8_is_valid(struct slice text) {
	while (!slice_is_empty(text)) {
		text = slice_from(text, utf8_ascii_run(text));
		int32_t point;
		size_t size = utf8_decode(text, &point);
		if (size > 0 && point == UTF8_INVALID) {
			return false;
		}
		text = slice_from(text, size);
	}
	return true;
}

size_t utf8_count(struct slice text) {
	size_t count = 0;
	while (!slice_is_empty(text)) {
		int32_t point;
		text = slice_from(text, utf8_decode(text, &point));
		count++;
	}
	return count;
}
