#include "inbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

/* A message that is being put together: its bytes, then a bit for each that is there. */
struct parcel {
	uint64_t number;
	uint8_t kind;
	bool is_too_long;
	uint16_t total, here;
	uint8_t bytes[];
};

struct inbox {
	unsigned count;
	struct parcel *parcels[INBOX_MESSAGES]; /* by number modulo their count */
};

static size_t parcel_bytes(size_t total) {
	return sizeof(struct parcel) + total + (total + 7) / 8;
}

static void drop(struct inbox *inbox, struct inbox_budget *budget, unsigned i) {
	struct parcel *parcel = inbox->parcels[i];
	budget->bytes -= parcel_bytes(parcel->total);
	free(parcel);
	inbox->parcels[i] = NULL;
	inbox->count--;
}

/* The parcel for a piece: there, or new. NULL: another one is there, or there is no room. */
static struct parcel *parcel_for(struct inbox **inbox, struct inbox_budget *budget,
                                 const struct wire_talk *piece) {
	bool is_too_long = piece->total > MESSAGE_BYTES_MAX;
	size_t total = is_too_long ? 0 : (size_t)piece->total;
	unsigned i = piece->number % INBOX_MESSAGES;
	struct parcel *parcel = *inbox == NULL ? NULL : (*inbox)->parcels[i];
	if (parcel != NULL) {
		bool is_it = parcel->number == piece->number && parcel->kind == piece->kind &&
		             parcel->total == total && parcel->is_too_long == is_too_long;
		return is_it ? parcel : NULL;
	}
	size_t size = parcel_bytes(total);
	if (budget->bytes + size + sizeof(struct inbox) > budget->bytes_max) {
		return NULL;
	}
	if (*inbox == NULL) {
		*inbox = allocate(sizeof(**inbox));
		**inbox = (struct inbox){0};
		budget->bytes += sizeof(**inbox);
	}
	parcel = allocate(size);
	memset(parcel, 0, size);
	parcel->number = piece->number;
	parcel->kind = piece->kind;
	parcel->is_too_long = is_too_long;
	parcel->total = (uint16_t)total;
	budget->bytes += size;
	(*inbox)->parcels[i] = parcel;
	(*inbox)->count++;
	return parcel;
}

static void put(struct parcel *parcel, size_t offset, struct slice bytes) {
	uint8_t *bits = parcel->bytes + parcel->total;
	assert(offset + bytes.size <= parcel->total);
	for (size_t i = 0; i < bytes.size; i++) {
		size_t at = offset + i;
		uint8_t bit = (uint8_t)(1u << at % 8);
		if ((bits[at / 8] & bit) == 0) {
			bits[at / 8] |= bit;
			parcel->bytes[at] = (uint8_t)bytes.bytes[i];
			parcel->here++;
		}
	}
}

void inbox_take(struct inbox **inbox, struct inbox_budget *budget, uint64_t next,
                const struct wire_talk *piece) {
	assert(piece->number >= next && piece->number - next < INBOX_MESSAGES);
	struct parcel *parcel = parcel_for(inbox, budget, piece);
	if (parcel != NULL && !parcel->is_too_long) {
		put(parcel, (size_t)piece->offset, piece->bytes);
	}
}

bool inbox_is_whole(const struct wire_talk *piece, struct message *message) {
	*message = (struct message){.kind = piece->kind,
	                            .is_too_long = piece->total > MESSAGE_BYTES_MAX,
	                            .bytes = piece->bytes};
	if (message->is_too_long) {
		message->bytes = slice_of(NULL, 0);
		return true;
	}
	return piece->offset == 0 && piece->bytes.size == piece->total;
}

bool inbox_has(const struct inbox *inbox, uint64_t number, struct message *message) {
	const struct parcel *parcel =
		inbox == NULL ? NULL : inbox->parcels[number % INBOX_MESSAGES];
	if (parcel == NULL || parcel->number != number || parcel->here != parcel->total) {
		return false;
	}
	*message = (struct message){.kind = parcel->kind,
	                            .is_too_long = parcel->is_too_long,
	                            .bytes = slice_of((const char *)parcel->bytes,
	                                              parcel->is_too_long ? 0 : parcel->total)};
	return true;
}

void inbox_drop(struct inbox **inbox, struct inbox_budget *budget, uint64_t number) {
	if (*inbox == NULL) {
		return;
	}
	for (unsigned i = 0; i < INBOX_MESSAGES; i++) {
		const struct parcel *parcel = (*inbox)->parcels[i];
		if (parcel != NULL && parcel->number <= number) {
			drop(*inbox, budget, i);
		}
	}
	if ((*inbox)->count == 0) {
		budget->bytes -= sizeof(**inbox);
		free(*inbox);
		*inbox = NULL;
	}
}
