#include "author.h"

#include <string.h>

bool author_init(struct author *author, uint64_t account, uint64_t person, struct slice name) {
	*author = (struct author){.account = account, .person = person};
	return name_key(name, &author->key) == NAME_OK;
}

static bool is_its_name(struct author *author, struct slice name) {
	struct name_key key;
	if (name.size == 0 || name.size > sizeof(author->last)) {
		return false;
	}
	if (!slice_equal(name, slice_of(author->last, author->last_size))) {
		author->is_last_its =
			name_key(name, &key) == NAME_OK && name_key_equal(&key, &author->key);
		author->last_size = name.size;
		memcpy(author->last, name.bytes, name.size);
	}
	return author->is_last_its;
}

bool author_made(struct author *author, const struct record *entry) {
	if (!record_is_entry(entry) || entry->person == 0) {
		return false;
	}
	if (entry->person == author->person) {
		return true;
	}
	/* Of a PUT_OUT the bits are those of who did it. */
	return entry->seq > author->account && (entry->bits & PERSON_HAS_ACCOUNT) != 0 &&
	       entry->kind != ENTRY_PUT_OUT && is_its_name(author, entry->name);
}

void author_init_erased(struct author *author, const struct record *erased) {
	/* A name without a key is nobody's: its empty key equals no other. */
	(void)author_init(author, erased->target, erased->person, erased->name);
}

bool author_said(struct author *author, const struct record *entry) {
	switch (entry->kind) {
	case ENTRY_SAID:
	case ENTRY_SAID_TO:
	case ENTRY_DIRECT:
	case ENTRY_TAGGED:
	case ENTRY_TOPIC:
	case ENTRY_WALLOPS: return author_made(author, entry);
	default: return false;
	}
}
