#include "dialects.h"

#include "irc_dialect.h"

const struct stream_dialect *stream_dialect_irc(void) {
	return &irc_dialect;
}
