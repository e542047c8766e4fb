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

static const char not_implemented[] = "HTTP/1.1 501 Not Implemented\r\n"
				      "Connection: close\r\n"
				      "Content-Type: text/plain; charset=utf-8\r\n"
				      "Content-Length: 34\r\n"
				      "\r\n"
				      "This port speaks IRC, no HTTP yet\n";

struct slice sniff_refusal(enum sniff what) {
	switch (what) {
	case SNIFF_TLS: return slice_of(alert, sizeof(alert) - 1);
	case SNIFF_HTTP: return slice_of(not_implemented, sizeof(not_implemented) - 1);
	default: return slice_of(NULL, 0);
	}
}
