#include "answers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

#define ROOM_FIRST 480

/* Before each piece. */
struct head {
	uint64_t after;
	uint32_t size; /* of the piece as it was added */
	uint32_t taken;
};

struct answers {
	size_t first; /* offset of the first piece's head */
	size_t last;  /* and of the last's */
	size_t end, room;
	size_t waiting; /* bytes of pieces, without what is taken */
	char bytes[];
};

size_t answers_size(const struct answers *answers) {
	return answers == NULL ? 0 : answers->waiting;
}

static struct head head_at(const struct answers *answers, size_t at) {
	struct head head;
	memcpy(&head, answers->bytes + at, sizeof(head));
	return head;
}

static void put_head(struct answers *answers, size_t at, const struct head *head) {
	memcpy(answers->bytes + at, head, sizeof(*head));
}

/* Moves what is left to the front: only when that frees half, so that each byte moves rarely. */
static void tidy(struct answers *answers) {
	if (answers->first < answers->room / 2) {
		return;
	}
	memmove(answers->bytes, answers->bytes + answers->first, answers->end - answers->first);
	answers->end -= answers->first;
	answers->last -= answers->first;
	answers->first = 0;
}

static void make_room(struct answers **answers, size_t size) {
	struct answers *it = *answers;
	if (it == NULL) {
		size_t room = size > ROOM_FIRST ? size : ROOM_FIRST;
		it = allocate(sizeof(*it) + room);
		*it = (struct answers){.room = room};
		*answers = it;
		return;
	}
	tidy(it);
	if (it->end + size > it->room) {
		size_t room = 2 * it->room > it->end + size ? 2 * it->room : it->end + size;
		it = allocate_again(it, sizeof(*it) + room);
		it->room = room;
		*answers = it;
	}
}

void answers_add(struct answers **answers, uint64_t after, struct slice bytes) {
	if (bytes.size == 0) {
		return;
	}
	assert(bytes.size <= UINT32_MAX);
	make_room(answers, sizeof(struct head) + bytes.size);
	struct answers *it = *answers;
	struct head head = {.after = after};
	if (it->end > it->first) {
		struct head before = head_at(it, it->last);
		assert(before.after <= after);
		if (before.after == after) {
			head = before;
		}
	}
	if (head.size == 0) {
		it->last = it->end;
		it->end += sizeof(head);
	}
	head.size += (uint32_t)bytes.size;
	put_head(it, it->last, &head);
	memcpy(it->bytes + it->end, bytes.bytes, bytes.size);
	it->end += bytes.size;
	it->waiting += bytes.size;
}

bool answers_next(const struct answers *answers, size_t *at, uint64_t *after, struct slice *bytes) {
	if (answers == NULL) {
		return false;
	}
	size_t place = answers->first + *at;
	if (place == answers->end) {
		return false;
	}
	struct head head = head_at(answers, place);
	*after = head.after;
	*bytes = slice_of(answers->bytes + place + sizeof(head) + head.taken,
	                  head.size - head.taken);
	*at += sizeof(head) + head.size;
	return true;
}

void answers_took(struct answers **answers, size_t size) {
	struct answers *it = *answers;
	struct head head = head_at(it, it->first);
	assert(size <= head.size - head.taken);
	head.taken += (uint32_t)size;
	it->waiting -= size;
	put_head(it, it->first, &head);
	if (head.taken == head.size) {
		it->first += sizeof(head) + head.size;
	}
	if (it->first == it->end) {
		answers_drop(answers);
	}
}

void answers_drop(struct answers **answers) {
	free(*answers);
	*answers = NULL;
}
