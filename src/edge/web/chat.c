/* chat.c - GET /irc: a connection becomes a WebSocket, which carries IRC, a line a message. */
#include <string.h>

#include "site_inside.h"
#include "websocket_open.h"

/* IRCv3's websocket specification: the first that its client names, of those that we have. */
static enum site_next agree(const struct http_request *request, const char **protocol) {
	for (unsigned i = 0; i < request->fields_count; i++) {
		struct slice list = request->fields[i].value, word;
		if (!http_is_same(request->fields[i].name,
		                  slice_from_string("Sec-WebSocket-Protocol"))) {
			continue;
		}
		while (http_next_word(&list, &word)) {
			if (slice_equal(word, slice_from_string("text.ircv3.net"))) {
				*protocol = "text.ircv3.net";
				return SITE_TEXT;
			}
			if (slice_equal(word, slice_from_string("binary.ircv3.net"))) {
				*protocol = "binary.ircv3.net";
				return SITE_BINARY;
			}
		}
	}
	*protocol = "";
	return SITE_EITHER;
}

bool site_chat_is_asked_for(const struct site_visit *visit) {
	return websocket_is_asked_for(visit->request);
}

void site_chat(struct site_visit *visit) {
	struct slice origins = slice_from_string(visit->edge->house.config->origins);
	const char *protocol;
	enum site_next next = agree(visit->request, &protocol);
	if (!websocket_is_asked_for(visit->request)) {
		http_answer_words(visit->answer, 426, "IRC is spoken here over WebSocket");
		http_answer_field(visit->answer, "Upgrade", "websocket");
		visit->answer->upgrades = true;
	} else if (!websocket_may_come_from(visit->request, origins)) {
		http_answer_words(visit->answer, 403,
		                  "This page may not connect; origins in qun.conf says which may");
	} else {
		websocket_open(visit->request, protocol, visit->answer);
		visit->next = visit->answer->status == 101 ? next : SITE_HTTP;
	}
}
