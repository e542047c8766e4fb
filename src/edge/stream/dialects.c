#include "dialects.h"

#include <stddef.h>

const struct stream_dialect *stream_dialect_irc(void) {
	return NULL;
}
