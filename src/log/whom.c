#include "whom.h"

#include <string.h>

#include "record.h"

static bool is_mask(struct slice typed) {
	for (size_t i = 0; i < typed.size; i++) {
		if (typed.bytes[i] != '\0' && strchr("!@*?", typed.bytes[i]) != NULL) {
			return true;
		}
	}
	return false;
}

struct whom whom_parse(struct slice typed) {
	struct whom whom = {.name = typed};
	if (net_parse(typed, &whom.net)) {
		whom.has_net = true;
		whom.name = slice_of(NULL, 0);
	} else if (slice_starts_with(typed, slice_from_string(WHOM_ACCOUNT))) {
		whom.name = slice_from(typed, strlen(WHOM_ACCOUNT));
		whom.bits = BAN_IS_ACCOUNT;
	} else if (is_mask(typed)) {
		whom.bits = BAN_IS_MASK;
	}
	return whom;
}
