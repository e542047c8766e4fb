/* Any bytes as whom a ban is of: it is one of the four, and what it has of it is what was typed. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "act.h"
#include "whom.h"

/* A mask has what no name has; an account is all that follows the word. */
static void check_name(struct slice typed, const struct whom *whom) {
	const char *end = typed.bytes + typed.size;
	assert(whom->name.bytes + whom->name.size == end || whom->name.size == 0);
	if (whom->bits == BAN_IS_ACCOUNT) {
		assert(whom->name.size + strlen(WHOM_ACCOUNT) == typed.size);
	} else {
		assert(whom->bits == 0 || whom->bits == BAN_IS_MASK);
		assert(whom->name.size == typed.size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	struct slice typed = slice_of((const char *)bytes, size);
	const struct whom whom = whom_parse(typed);
	struct record act = {.kind = ENTRY_BANNED,
	                     .has_net = whom.has_net,
	                     .net = whom.net,
	                     .name = whom.name,
	                     .bits = whom.bits};
	if (whom.has_net) {
		char net[ADDRESS_TEXT_MAX];
		assert(whom.name.size == 0 && whom.bits == 0);
		assert(act_is_about(&act, slice_from_string(net_format(&whom.net, net))));
	} else {
		check_name(typed, &whom);
		assert(whom.name.size == 0 || act_is_about(&act, whom.name));
	}
	return 0;
}
