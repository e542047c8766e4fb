#include "screen_listing.h"

#include <stdio.h>
#include <string.h>

#include "join_words.h"

static void add(struct model *model, struct slice text) {
	struct model_listing *listing = &model->listing;
	struct slice comma = slice_from_string(model->language == LANGUAGE_ZH ? "、" : ", ");
	size_t comma_size = listing->size > 0 ? comma.size : 0;
	listing->count++;
	if (listing->size + comma_size + text.size > sizeof listing->bytes) {
		listing->left_out++;
		return;
	}
	memcpy(listing->bytes + listing->size, comma.bytes, comma_size);
	memcpy(listing->bytes + listing->size + comma_size, text.bytes, text.size);
	listing->size += comma_size + text.size;
}

static struct slice name_of(const struct tell *tell) {
	size_t size = tell->name.size < NAME_BYTES_MAX ? tell->name.size : NAME_BYTES_MAX;
	return slice_first(tell->name, size);
}

void listing_add_person(struct model *model, const struct tell *tell) {
	char item[NAME_BYTES_MAX + 16];
	struct slice name = name_of(tell);
	const char *absent = model->language == LANGUAGE_ZH ? "（离开）" : " (away)";
	if (tell->question == model->listing.question) {
		int size = snprintf(item, sizeof item, "%.*s%s", (int)name.size, name.bytes,
		                    tell->flags & TELL_IS_ABSENT ? absent : "");
		add(model, slice_of(item, (size_t)size));
	}
}

void listing_add_room(struct model *model, const struct tell *tell) {
	char item[NAME_BYTES_MAX + 32];
	struct slice name = name_of(tell);
	if (tell->question == model->listing.question) {
		int size = snprintf(item, sizeof item, "%.*s (%llu)", (int)name.size, name.bytes,
		                    (unsigned long long)tell->connected);
		add(model, slice_of(item, (size_t)size));
	}
}

void listing_end(struct model *model, const struct tell *tell) {
	struct model_listing *listing = &model->listing;
	char words[MODEL_LISTING_BYTES_MAX + 160], more[64] = "";
	bool is_zh = model->language == LANGUAGE_ZH;
	listing->question = 0;
	if (tell->reason != 0) {
		size_t size = join_words_reason(model->language, tell, slice_of(NULL, 0),
		                                model->now_ms, words);
		model_note(model, LINE_ALARM, slice_of(words, size));
		return;
	}
	if (listing->left_out > 0) {
		snprintf(more, sizeof more, is_zh ? "，另有 %llu 个" : " and %llu more",
		         (unsigned long long)listing->left_out);
	}
	int size;
	if (listing->room != 0) {
		size = snprintf(words, sizeof words,
		                is_zh ? "%llu 人在线，%llu 人离开: %.*s%s"
		                      : "%llu online, %llu away: %.*s%s",
		                (unsigned long long)tell->connected,
		                (unsigned long long)tell->absent, (int)listing->size,
		                listing->bytes, more);
	} else {
		size = snprintf(words, sizeof words,
		                is_zh ? "%llu 个房间: %.*s%s" : "%llu rooms: %.*s%s",
		                (unsigned long long)listing->count, (int)listing->size,
		                listing->bytes, more);
	}
	model_note(model, LINE_OWN_NOTE, slice_of(words, (size_t)size));
}
