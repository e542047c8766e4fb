#include "wheel.h"

#include <assert.h>

static struct wheel_link *link_of(const struct wheel *wheel, uint32_t handle) {
	return (struct wheel_link *)((char *)pool_at(wheel->pool, handle) + wheel->link_offset);
}

void wheel_init(struct wheel *wheel, const struct pool *pool, size_t link_offset, uint64_t now_us) {
	*wheel = (struct wheel){
		.pool = pool, .link_offset = link_offset, .turn = now_us / WHEEL_SLOT_US};
}

static void take_off(struct wheel *wheel, struct wheel_link *link) {
	uint32_t slot = link->slot - 1;
	if (link->before != 0) {
		link_of(wheel, link->before)->next = link->next;
	} else {
		wheel->first[slot] = link->next;
	}
	if (link->next != 0) {
		link_of(wheel, link->next)->before = link->before;
	}
	if (wheel->first[slot] == 0) {
		wheel->used[slot / 64] &= ~(UINT64_C(1) << slot % 64);
	}
	*link = (struct wheel_link){0};
	wheel->count--;
}

void wheel_set(struct wheel *wheel, uint32_t handle, uint64_t due_us) {
	struct wheel_link *link = link_of(wheel, handle);
	uint64_t turn = due_us / WHEEL_SLOT_US + (due_us % WHEEL_SLOT_US != 0);
	if (turn < wheel->turn) {
		turn = wheel->turn;
	}
	if (turn >= wheel->turn + WHEEL_SLOTS) {
		turn = wheel->turn + WHEEL_SLOTS - 1;
	}
	uint32_t slot = (uint32_t)(turn % WHEEL_SLOTS);
	if (link->slot != 0) {
		uint64_t ahead = (link->slot - 1 - wheel->turn) % WHEEL_SLOTS;
		if (due_us != UINT64_MAX && wheel->turn + ahead <= turn) {
			return;
		}
		take_off(wheel, link);
	}
	if (due_us == UINT64_MAX) {
		return;
	}
	*link = (struct wheel_link){.next = wheel->first[slot], .slot = slot + 1};
	if (link->next != 0) {
		link_of(wheel, link->next)->before = handle;
	}
	wheel->first[slot] = handle;
	wheel->used[slot / 64] |= UINT64_C(1) << slot % 64;
	wheel->count++;
}

/* How many turns to the next slot in use, from the present one on. */
static unsigned turns_ahead(const struct wheel *wheel) {
	for (unsigned ahead = 0; ahead < WHEEL_SLOTS;) {
		uint32_t slot = (uint32_t)((wheel->turn + ahead) % WHEEL_SLOTS);
		uint64_t word = wheel->used[slot / 64] >> slot % 64;
		if (word != 0) {
			return ahead + (unsigned)__builtin_ctzll(word);
		}
		ahead += 64 - slot % 64;
	}
	assert(!"something is on the wheel");
	return 0;
}

uint64_t wheel_due_us(const struct wheel *wheel) {
	return wheel->count == 0 ? UINT64_MAX : (wheel->turn + turns_ahead(wheel)) * WHEEL_SLOT_US;
}

uint32_t wheel_take(struct wheel *wheel, uint64_t now_us) {
	uint64_t now = now_us / WHEEL_SLOT_US;
	if (wheel->count == 0) {
		wheel->turn = now > wheel->turn ? now : wheel->turn;
		return 0;
	}
	uint64_t next = wheel->turn + turns_ahead(wheel);
	if (next > now) {
		wheel->turn = now > wheel->turn ? now : wheel->turn;
		return 0;
	}
	/* What is set while this slot is being emptied goes to a later one. */
	wheel->turn = next;
	uint32_t slot = (uint32_t)(next % WHEEL_SLOTS);
	uint32_t handle = wheel->first[slot];
	take_off(wheel, link_of(wheel, handle));
	if (wheel->first[slot] == 0) {
		wheel->turn = next + 1;
	}
	return handle;
}
