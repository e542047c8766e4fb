#include "sniff.h"

#include <stdint.h>

#define TLS_HANDSHAKE 0x16

static const char *const methods[] = {
	"GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ", "TRACE ",
};

enum sniff sniff(struct slice bytes) {
	if (bytes.size == 0) {
		return SNIFF_MORE;
	}
	if ((uint8_t)bytes.bytes[0] == TLS_HANDSHAKE) {
		return SNIFF_TLS;
	}
	enum sniff so_far = SNIFF_IRC;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct slice method = slice_from_string(methods[i]);
		if (slice_starts_with(bytes, method)) {
			return SNIFF_HTTP;
		}
		if (slice_starts_with(method, bytes)) {
			so_far = SNIFF_MORE;
		}
	}
	return so_far;
}

/* A fatal alert, handshake_failure (RFC 8446, 6.2): what every client of TLS understands. */
static const char alert[] = "\x15\x03\x03\x00\x02\x02\x28";

struct slice sniff_refusal(enum sniff what) {
	return what == SNIFF_TLS ? slice_of(alert, sizeof(alert) - 1) : slice_of(NULL, 0);
}
