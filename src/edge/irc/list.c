/* list.c - LIST, with ELIST's filters: C (made), M (mask), N (not mask), T (topic set), U (people). */
#include <string.h>

#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_mask.h"
#include "irc_view.h"

#define MINUTE_US UINT64_C(60000000)

/* ---- the filters ---- */

static bool read_number(struct slice text, uint64_t *number) {
	*number = 0;
	for (size_t i = 0; i < text.size; i++) {
		if (text.bytes[i] < '0' || text.bytes[i] > '9' || i > 9) {
			return false;
		}
		*number = *number * 10 + (uint64_t)(text.bytes[i] - '0');
	}
	return text.size > 0;
}

/* "C<60": changed within the last 60 minutes; "C>60": longer ago. */
static void read_age(uint64_t now_us, struct slice text, uint64_t *after_us, uint64_t *before_us) {
	uint64_t minutes;
	if (!read_number(slice_from(text, 1), &minutes)) {
		return;
	}
	uint64_t age_us = minutes * MINUTE_US;
	*(text.bytes[0] == '<' ? after_us : before_us) = now_us > age_us ? now_us - age_us : 1;
}

static void read_filter(struct irc *irc, struct irc_list_filter *filter, struct slice text) {
	uint64_t number;
	char first = text.bytes[0], second = text.size > 1 ? text.bytes[1] : '\0';
	if ((first == '<' || first == '>') && read_number(slice_from(text, 1), &number)) {
		*(first == '<' ? &filter->people_max : &filter->people_min) = number;
		*(first == '<' ? &filter->has_max : &filter->has_min) = true;
	} else if ((first == 'C' || first == 'c') && (second == '<' || second == '>')) {
		read_age(irc_now_us(irc), slice_from(text, 1), &filter->made_after_us,
		         &filter->made_before_us);
	} else if ((first == 'T' || first == 't') && (second == '<' || second == '>')) {
		read_age(irc_now_us(irc), slice_from(text, 1), &filter->topic_after_us,
		         &filter->topic_before_us);
	} else {
		filter->is_mask_negative = first == '!';
		filter->mask_size = irc_mask_fold(slice_from(text, first == '!'), filter->mask,
		                                  sizeof(filter->mask));
		filter->has_mask = true;
	}
}

/* When a room was made may not be known: then long ago. */
static bool fits_times(const struct irc_list_filter *filter, uint64_t made_us,
                       const struct room_charter *charter) {
	uint64_t topic_us = charter->topic.size > 0 ? charter->topic_since_us : 0;
	return (filter->made_after_us == 0 || made_us > filter->made_after_us) &&
	       (filter->made_before_us == 0 || made_us < filter->made_before_us) &&
	       (filter->topic_after_us == 0 || topic_us > filter->topic_after_us) &&
	       (filter->topic_before_us == 0 ||
	        (topic_us != 0 && topic_us < filter->topic_before_us));
}

static bool fits_mask(const struct irc_list_filter *filter, struct slice name) {
	char folded[IRC_MASK_BYTES_MAX];
	size_t size = irc_mask_fold(name, folded, sizeof(folded));
	return irc_mask_matches(slice_of(filter->mask, filter->mask_size),
	                        slice_of(folded, size)) != filter->is_mask_negative;
}

bool irc_list_line(struct irc *irc, const struct irc_lister *lister, uint64_t room) {
	const struct state *state = irc->edge->state;
	const struct irc_list_filter *filter = &lister->filter;
	struct slice name = view_room_name(state, room);
	size_t count = state_room_members_count(state, room);
	if (name.size == 0 || !irc_sees_room(irc, room)) {
		return false;
	}
	struct room_charter charter = state_room_charter(state, room);
	if ((filter->has_min && count <= filter->people_min) ||
	    (filter->has_max && count >= filter->people_max) ||
	    !fits_times(filter, state_room_made_us(state, room), &charter) ||
	    (filter->has_mask && !fits_mask(filter, name))) {
		return false;
	}
	irc_begin_numeric(irc, RPL_LIST);
	irc_put_parameter(&irc->at, name);
	irc_put_text(&irc->at, " ");
	irc_put_number(&irc->at, count);
	irc_put_last(irc, charter.topic);
	irc_end_line(irc);
	return true;
}

/* ---- LIST ---- */

static bool add_room(void *context, uint64_t room) {
	irc_lister_add_id(context, room);
	return true;
}

static bool has_wildcards(struct slice text) {
	return memchr(text.bytes, '*', text.size) != NULL ||
	       memchr(text.bytes, '?', text.size) != NULL;
}

/* Rooms by name are listed alone; all else narrows down what is listed. */
static bool read_words(struct irc *irc, struct irc_lister *lister, struct slice words) {
	bool has_names = false;
	while (words.size > 0) {
		const char *comma = memchr(words.bytes, ',', words.size);
		size_t size = comma == NULL ? words.size : (size_t)(comma - words.bytes);
		struct slice word = slice_first(words, size);
		words = slice_from(words, comma == NULL ? size : size + 1);
		if (size > 0 && word.bytes[0] == '#' && !has_wildcards(word)) {
			uint64_t room = state_room_named(irc->edge->state, word);
			has_names = true;
			if (room != 0) {
				irc_lister_add_id(lister, room);
			}
		} else if (size > 0) {
			read_filter(irc, &lister->filter, word);
		}
	}
	return has_names;
}

void irc_on_list(struct irc *irc) {
	struct irc_lister *lister = irc_lister_create(LIST_ROOMS, irc_nothing());
	if (!read_words(irc, lister, irc_parameter(&irc->message, 0))) {
		state_rooms_each(irc->edge->state, add_room, lister);
	}
	irc_begin_numeric(irc, RPL_LISTSTART);
	irc_put_text(&irc->at, " Channel");
	irc_put_last(irc, irc_word("Users  Name"));
	irc_end_line(irc);
	irc_lister_start(irc, lister);
}
