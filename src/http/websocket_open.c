#include "websocket_open.h"

#include <sha1.h>
#include <sodium.h>

#define KEY_BYTES 24

bool websocket_is_asked_for(const struct http_request *request) {
	return http_has_word(request, "Upgrade", "websocket");
}

/* ---- origins ---- */

/* The host of "http://host:port" and "https://host:port". */
static bool host_of(struct slice origin, struct slice *host) {
	static const char *const schemes[] = {"http://", "https://"};
	for (size_t i = 0; i < 2; i++) {
		struct slice scheme = slice_from_string(schemes[i]);
		if (origin.size > scheme.size &&
		    http_is_same(slice_first(origin, scheme.size), scheme)) {
			*host = slice_from(origin, scheme.size);
			return true;
		}
	}
	return false;
}

static bool is_listed(struct slice origin, struct slice list) {
	size_t at = 0;
	while (at < list.size) {
		size_t end = at;
		while (end < list.size && list.bytes[end] != ' ') {
			end++;
		}
		struct slice one = slice_of(list.bytes + at, end - at);
		if (http_is_same(one, origin) || slice_equal(one, slice_from_string("*"))) {
			return true;
		}
		at = end + 1;
	}
	return false;
}

bool websocket_may_come_from(const struct http_request *request, struct slice origins) {
	struct slice origin, host;
	if (!http_find(request, "Origin", &origin)) {
		return true;
	}
	bool is_own = host_of(origin, &host) && request->host.size > 0 &&
	              http_is_same(host, request->host);
	return is_own || is_listed(origin, origins);
}

/* ---- the handshake ---- */

void websocket_accept(struct slice key, char out[static WEBSOCKET_ACCEPT_BYTES]) {
	static const char id[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	uint8_t digest[SHA1_DIGEST_LENGTH];
	SHA1_CTX context;
	SHA1Init(&context);
	SHA1Update(&context, (const uint8_t *)key.bytes, key.size);
	SHA1Update(&context, (const uint8_t *)id, sizeof(id) - 1);
	SHA1Final(digest, &context);
	sodium_bin2base64(out, WEBSOCKET_ACCEPT_BYTES, digest, sizeof(digest),
	                  sodium_base64_VARIANT_ORIGINAL);
}

/* Sixteen bytes in base64. */
static bool is_key(struct slice key) {
	unsigned char bytes[17];
	size_t size = 0;
	return key.size == KEY_BYTES &&
	       sodium_base642bin(bytes, sizeof(bytes), key.bytes, key.size, NULL, &size, NULL,
	                         sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       size == 16;
}

void websocket_open(const struct http_request *request, const char *protocol,
                    struct http_answer *answer) {
	struct slice key, version;
	char accept[WEBSOCKET_ACCEPT_BYTES];
	if (!slice_equal(request->method, slice_from_string("GET")) || request->minor == 0 ||
	    request->body.size > 0 || !http_has_word(request, "Connection", "upgrade")) {
		http_answer_words(answer, 400,
		                  "A WebSocket begins with GET, and Connection: Upgrade");
	} else if (!http_find(request, "Sec-WebSocket-Version", &version) ||
	           !slice_equal(version, slice_from_string("13"))) {
		http_answer_words(answer, 426, "This server speaks version 13 of WebSocket");
		http_answer_field(answer, "Sec-WebSocket-Version", "13");
		http_answer_field(answer, "Upgrade", "websocket");
		answer->upgrades = !answer->closes;
	} else if (!http_find(request, "Sec-WebSocket-Key", &key) || !is_key(key)) {
		http_answer_words(answer, 400, "Sec-WebSocket-Key is 16 bytes in base64");
	} else {
		websocket_accept(key, accept);
		answer->status = 101;
		answer->upgrades = true;
		http_answer_field(answer, "Upgrade", "websocket");
		http_answer_field(answer, "Sec-WebSocket-Accept", accept);
		if (protocol[0] != '\0') {
			http_answer_field(answer, "Sec-WebSocket-Protocol", protocol);
		}
	}
}
