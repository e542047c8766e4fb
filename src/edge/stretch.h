/*
 * stretch.h - a stretch of the log, for all who read it: for each entry some bytes
 * in a circular buffer, whatever a face needs of it, and what one has to know to
 * see whom it concerns.
 *
 *      low <                      seq                       ≤ high
 *   ┌──────────┬───────┬─────────────────────┬────────┬───────────┐
 *   │ bytes    │ bytes │ bytes               │ bytes  │ bytes     │
 *   └──────────┴───────┴─────────────────────┴────────┴───────────┘
 *
 * The newest is added at the high end, and what there is no more room for goes
 * from the low end; what concerns nobody need not be added. Readers are cursors:
 * whoever is below `low` reads from another stretch, the car's (car.h).
 *
 * log_window.h says what the session face puts in, stream_log.h what the stream
 * face does.
 */
#ifndef STRETCH_H
#define STRETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "memberships.h"
#include "record.h"
#include "slice.h"

/* The most that an entry takes: a record or what is made of it, and further rooms. */
#define STRETCH_ENTRY_BYTES_MAX (RECORD_BYTES_MAX + 4096)

/* Whom an entry concerns, and what `ids` are. */
enum stretch_whom {
	STRETCH_ALL,
	STRETCH_ROOMS,   /* the first room; others lie behind the bytes */
	STRETCH_PEOPLE,  /* two, or one and 0 */
	STRETCH_SESSION, /* one */
};

struct stretch_entry {
	uint64_t seq;
	uint64_t person; /* who caused it, or whom it is about */
	uint64_t ids[2];
	uint64_t at;         /* position of its bytes */
	uint32_t size;       /* of them */
	uint16_t more_rooms; /* behind them, 8 bytes each */
	uint8_t whom : 7;    /* enum stretch_whom */
	bool by_session : 1; /* `person` is a session: not the others of the same person */
	bool has_own : 1;    /* STRETCH_ROOMS: it always concerns `person` */
	bool skips_own : 1;  /* it does not concern `person`, who would hear an echo */
	/* What the faces keep beside that: the stream face, and the session face. */
	bool must_ask : 1;
	uint8_t head_bytes : 3; /* of the item, before the entry itself */
	int8_t move : 2;        /* 1: `person` enters the room, -1: leaves it */
};

struct stretch {
	uint8_t *bytes;
	size_t bytes_room, entries_room; /* powers of two */
	struct stretch_entry *entries;
	uint64_t at;         /* where the next bytes go */
	uint64_t first, end; /* entries that are here, counted through */
	uint64_t low, high;
};

/* Memory is taken at once, and touched as it is used. Nothing is in it but that it ends with `seq`. */
void stretch_init(struct stretch *stretch, size_t bytes_room, size_t entries_room, uint64_t seq);
/* Zeroes are fine. */
void stretch_finish(struct stretch *stretch);
/* Empty again, at another place of the log. Numbers go on: none is an entry's twice. */
void stretch_restart(struct stretch *stretch, uint64_t seq);

/*
 * The next entry, of a seq higher than `high`, with room for its bytes; further rooms are copied. All but
 * seq, place and sizes is the caller's to fill in: the entry, and the bytes.
 */
struct stretch_entry *stretch_add(struct stretch *stretch, uint64_t seq, size_t size,
                                  struct slice more_rooms);
/* Up to this seq there is nothing else. */
void stretch_pass(struct stretch *stretch, uint64_t seq);
/* It concerns nobody any more, if it is here. */
void stretch_withdraw(struct stretch *stretch, uint64_t seq);
/* Likewise each of them that `is_its`. */
void stretch_withdraw_those(struct stretch *stretch,
                            bool (*is_its)(void *context, const struct stretch *stretch,
                                           const struct stretch_entry *entry),
                            void *context);
/* Has it room for one more of any size, without letting go of one? */
bool stretch_has_room(const struct stretch *stretch);

/* The number, counted through, of the first entry behind `seq`; stretch->end if there is none. */
uint64_t stretch_after(const struct stretch *stretch, uint64_t seq);
static inline struct stretch_entry *stretch_entry(const struct stretch *stretch, uint64_t number) {
	return &stretch->entries[number & (stretch->entries_room - 1)];
}
/* Bytes from one position on; contiguous to the end of the entry's. */
static inline uint8_t *stretch_at(const struct stretch *stretch, uint64_t at) {
	return &stretch->bytes[at & (stretch->bytes_room - 1)];
}

/* Who reads. */
struct stretch_reader {
	uint64_t session, person;
	const struct memberships *rooms;
	bool wants_echo; /* of skips_own */
};
/* Without must_ask, which is the dialect's. */
bool stretch_concerns(const struct stretch *stretch, const struct stretch_entry *entry,
                      const struct stretch_reader *reader);

#endif
