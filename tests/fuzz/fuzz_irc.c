/* Any line of IRC, and any part of one: taken apart within its bounds, put together without a line
 * end inside, masks in linear time. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "irc_capability.h"
#include "irc_mask.h"
#include "irc_message.h"
#include "irc_mode.h"
#include "irc_sasl.h"
#include "irc_time.h"

static void is_inside(struct slice part, struct slice whole) {
	assert(part.size == 0 ||
	       (part.bytes >= whole.bytes && part.bytes + part.size <= whole.bytes + whole.size));
}

static void tags(const struct irc_message *message) {
	struct slice rest = message->tags;
	struct irc_tag tag;
	while (irc_next_tag(&rest, &tag)) {
		char bytes[1024], again[2048];
		is_inside(tag.key, message->tags);
		is_inside(tag.value, message->tags);
		size_t size = irc_unescape(tag.value, bytes, sizeof(bytes));
		struct irc_line line = irc_line_at(again, sizeof(again));
		irc_put_escaped(&line, slice_of(bytes, size));
		assert(memchr(again, ';', line.size) == NULL);
		assert(memchr(again, ' ', line.size) == NULL);
	}
}

static void modes(const struct irc_message *message) {
	struct irc_mode_walk walk = irc_mode_begin(message, 1);
	struct irc_mode_change change;
	while (irc_mode_next(&walk, &change)) {
		assert(change.fault != MODE_OK || change.type != MODE_PREFIX ||
		       change.argument.size > 0);
	}
}

static bool has_ends(struct slice text) {
	for (size_t i = 0; i < text.size; i++) {
		if (text.bytes[i] == '\0' || text.bytes[i] == '\r' || text.bytes[i] == '\n') {
			return true;
		}
	}
	return false;
}

/* A line without ends inside, which no cutter of lines leaves there, comes back as it was. */
static void written_again(struct slice text, const struct irc_message *message) {
	char bytes[4096];
	struct irc_message back;
	struct irc_line line = irc_line_at(bytes, sizeof(bytes));
	irc_put(&line, message->command);
	for (size_t i = 0; i < message->count; i++) {
		if (i + 1 < message->count) {
			irc_put_parameter(&line, message->parameters[i]);
		} else {
			irc_put_trailing(&line, message->parameters[i]);
		}
	}
	bool is_command = message->command.bytes[0] != '@' && message->command.bytes[0] != ':';
	if (!line.is_full && is_command && !has_ends(text)) {
		assert(irc_parse(irc_line_slice(&line), &back));
		assert(back.count == message->count);
		for (size_t i = 0; i < back.count; i++) {
			assert(slice_equal(back.parameters[i], message->parameters[i]));
		}
	}
}

static void masks(struct slice text) {
	char mask[IRC_MASK_BYTES_MAX], folded[IRC_MASK_BYTES_MAX];
	size_t size = irc_mask_complete(text, mask, sizeof(mask));
	size_t folded_size = irc_mask_fold(slice_of(mask, size), folded, sizeof(folded));
	struct slice whole = slice_of(folded, folded_size);
	if (folded_size > 0) {
		assert(irc_mask_matches(slice_from_string("*"), whole));
		assert(irc_mask_matches(slice_from_string("*!*@*"), whole));
		(void)irc_mask_matches(whole, whole);
	}
	(void)irc_mask_matches(text, whole);
	/* What is whole stays as it is, and is about the same. */
	char again[IRC_MASK_BYTES_MAX];
	size = irc_room_mask_complete(text, mask, sizeof(mask));
	struct irc_room_mask typed = irc_room_mask_of(text);
	struct irc_room_mask made = irc_room_mask_of(slice_of(mask, size));
	if (size > 0) {
		assert(typed.is_of_account == made.is_of_account);
		assert(typed.is_of_speech == made.is_of_speech);
		assert(slice_equal(slice_of(mask, size),
		                   slice_of(again, irc_room_mask_complete(slice_of(mask, size),
		                                                          again, sizeof(again)))));
	}
}

static void sasl(struct slice text) {
	struct sasl_message message = {0};
	struct sasl_plain plain;
	struct scram scram;
	char out[64];
	size_t size;
	if (sasl_take_piece(&message, text) == SASL_WHOLE) {
		(void)sasl_read_plain(slice_of(message.bytes, message.size), &plain);
	}
	(void)sasl_read_plain(text, &plain);
	static const struct scram_keys keys = {.iterations = 4096};
	if (scram_begin(&scram, text)) {
		assert(scram.name_size > 0 && scram.name_size <= sizeof(scram.name));
		if (scram_challenge(&scram, &keys, slice_from_string("abcdefgh"))) {
			assert(!scram_finish(&scram, text, out, &size));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	struct slice text = slice_of((const char *)bytes, size);
	struct irc_message message;
	uint64_t a, b;
	if (irc_parse(text, &message)) {
		assert(message.command.size > 0 && message.count <= IRC_PARAMETERS_MAX);
		for (size_t i = 0; i < message.count; i++) {
			is_inside(message.parameters[i], text);
		}
		tags(&message);
		modes(&message);
		written_again(text, &message);
		(void)irc_read_history(&message);
	}
	masks(text);
	sasl(text);
	(void)irc_read_selector(text);
	(void)irc_read_time(text, &a);
	(void)irc_read_msgid(text, &a, &b);
	a = 0;
	(void)irc_capability_request(text, UINT64_MAX, &a);
	return 0;
}
