#include "slices.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "act.h"
#include "author.h"
#include "diag.h"
#include "limits.h"

bool slices_init(struct slices *slices, size_t most) {
	*slices = (struct slices){.most = most};
	slices->items = calloc(most == 0 ? 1 : most, sizeof(*slices->items));
	return slices->items != NULL;
}

void slices_clear(struct slices *slices) {
	for (size_t i = 0; i < slices->most; i++) {
		free(slices->items[i].bytes);
		slices->items[i] = (struct slices_item){0};
	}
	slices->count = slices->first = 0;
}

void slices_finish(struct slices *slices) {
	if (slices->items != NULL) {
		slices_clear(slices);
		free(slices->items);
		slices->items = NULL;
	}
}

static void put(struct slices_item *item, const struct record *entry) {
	_Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	size_t size = record_encode_public(entry, bytes, sizeof(bytes));
	assert(size > 0);
	free(item->bytes);
	item->bytes = malloc(size);
	if (item->bytes == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory is left");
	}
	memcpy(item->bytes, bytes, size);
	item->size = size;
}

bool slices_is_full(const struct slices *slices) {
	return slices->count == slices->most;
}

void slices_push(struct slices *slices, const struct record *entry) {
	if (slices->most == 0) {
		return;
	}
	put(&slices->items[(slices->first + slices->count) % slices->most], entry);
	if (slices_is_full(slices)) {
		slices->first = (slices->first + 1) % slices->most;
	} else {
		slices->count++;
	}
}

void slices_push_front(struct slices *slices, const struct record *entry) {
	if (slices_is_full(slices)) {
		return;
	}
	slices->first = (slices->first + slices->most - 1) % slices->most;
	put(&slices->items[slices->first], entry);
	slices->count++;
}

static struct slices_item *item_at(struct slices *slices, size_t index) {
	return &slices->items[(slices->first + index) % slices->most];
}

static void drop_at(struct slices *slices, size_t at) {
	free(item_at(slices, at)->bytes);
	for (; at + 1 < slices->count; at++) {
		*item_at(slices, at) = *item_at(slices, at + 1);
	}
	*item_at(slices, at) = (struct slices_item){0};
	slices->count--;
}

static struct record entry_at(struct slices *slices, size_t at) {
	struct record entry;
	size_t size = record_decode(&entry, item_at(slices, at)->bytes, item_at(slices, at)->size);
	assert(size > 0);
	return entry;
}

void slices_drop(struct slices *slices, uint64_t seq) {
	for (size_t at = 0; at < slices->count; at++) {
		if (entry_at(slices, at).seq == seq) {
			drop_at(slices, at);
			return;
		}
	}
}

void slices_drop_erased(struct slices *slices, const struct record *erased) {
	struct author author;
	author_init_erased(&author, erased);
	for (size_t at = slices->count; at > 0; at--) {
		struct record entry = entry_at(slices, at - 1);
		if (entry.seq < erased->seq && !record_is_act(&entry) &&
		    author_made(&author, &entry)) {
			drop_at(slices, at - 1);
		}
	}
}

const struct slices_item *slices_at(const struct slices *slices, size_t index) {
	assert(index < slices->count);
	return &slices->items[(slices->first + index) % slices->most];
}
