#include "screen_complete.h"

#include <string.h>

#include "name.h"

bool complete_fits(struct slice word, struct slice name) {
	struct name_key begins, key;
	if (slice_starts_with(name, word)) {
		return true;
	}
	if (word.size > NAME_BYTES_MAX || name.size > NAME_BYTES_MAX ||
	    name_key(word, &begins) != NAME_OK || name_key(name, &key) != NAME_OK) {
		return false;
	}
	return slice_starts_with(slice_of(key.bytes, key.size),
	                         slice_of(begins.bytes, begins.size));
}

void complete_stop(struct complete *complete) {
	complete->is_going = false;
}

/* Counts the candidates, and keeps the one that is wanted. */
struct chooser {
	struct complete_offer offer;
	size_t index, count;
	size_t chosen_size;
	char chosen[COMPLETE_BYTES_MAX];
};

static bool choose(struct complete_offer *offer, struct slice candidate) {
	struct chooser *chooser = offer->context;
	if (candidate.size > sizeof chooser->chosen) {
		return true;
	}
	if (chooser->count++ == chooser->index) {
		chooser->chosen_size = candidate.size;
		memcpy(chooser->chosen, candidate.bytes, candidate.size);
	}
	return true;
}

/* The word that ends at the cursor, when this is the first Tab. */
static bool find_word(struct complete *complete, const struct edit *edit) {
	size_t begin = edit->cursor;
	while (begin > 0 && edit->bytes[begin - 1] != ' ' && edit->bytes[begin - 1] != '\n') {
		begin--;
	}
	size_t size = edit->cursor - begin;
	if (size == 0 || size > sizeof complete->word) {
		return false;
	}
	*complete = (struct complete){.word_size = size, .put_size = size};
	memcpy(complete->word, edit->bytes + begin, size);
	return true;
}

bool complete_press(struct complete *complete, struct edit *edit, complete_source *source,
                    void *context) {
	if (!complete->is_going && !find_word(complete, edit)) {
		return false;
	}
	struct chooser chooser = {.index = complete->is_going ? complete->index + 1 : 0};
	chooser.offer = (struct complete_offer){.context = &chooser, .offer = choose};
	struct slice word = slice_of(complete->word, complete->word_size);
	bool is_first = edit->cursor == complete->put_size;
	source(context, word, is_first, &chooser.offer);
	if (chooser.count > 0 && chooser.index >= chooser.count) {
		/* Round to the first one. */
		chooser.index = chooser.count = 0;
		source(context, word, is_first, &chooser.offer);
	}
	if (chooser.count == 0 || !edit_replace(edit, complete->put_size,
	                                        slice_of(chooser.chosen, chooser.chosen_size))) {
		return false;
	}
	complete->is_going = true;
	complete->index = chooser.index;
	complete->put_size = chooser.chosen_size;
	return true;
}
