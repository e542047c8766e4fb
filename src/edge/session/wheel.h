/*
 * wheel.h - a timer for each of very many things: a wheel of slots of four
 * milliseconds, two seconds around. Setting and taking out are a few stores;
 * what lies further ahead comes up early, once around, and is set again.
 *
 * Things are of one pool, with a link inside.
 */
#ifndef WHEEL_H
#define WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool.h"

#define WHEEL_SLOT_US 4096
#define WHEEL_SLOTS 512

struct wheel_link {
	uint32_t next, before; /* handles; 0: none */
	uint32_t slot;         /* from 1; 0: not on the wheel */
};

struct wheel {
	const struct pool *pool;
	size_t link_offset;
	uint64_t turn; /* the slot that is next to come up, counted through */
	uint32_t count;
	uint32_t first[WHEEL_SLOTS];
	uint64_t used[WHEEL_SLOTS / 64];
};

void wheel_init(struct wheel *wheel, const struct pool *pool, size_t link_offset, uint64_t now_us);
/*
 * It is due then. What is on the wheel for an earlier moment stays there and comes
 * up early: moving it each time that its moment moves on would cost more. UINT64_MAX: never.
 */
void wheel_set(struct wheel *wheel, uint32_t handle, uint64_t due_us);
/* When it has to be looked at; UINT64_MAX if nothing is on it. */
uint64_t wheel_due_us(const struct wheel *wheel);
/* Takes off the next thing whose slot has come; 0 if there is none (any more). */
uint32_t wheel_take(struct wheel *wheel, uint64_t now_us);

#endif
