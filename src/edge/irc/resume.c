/*
 * resume.c - qun/session, for clients whose connections break often, such as the page: a session that
 * is gone on with, and messages that are sent again without being said twice.
 *
 * Before it is in, a client says "SESSION token", with a token that it has made up at random and
 * tells nobody. Is its connection cut, then its person stays for a while, and who comes under the
 * same name with the same token takes its place, even if nobody has noticed yet that the old
 * connection is none. A message that bears a tag qun/key is kept once, however often one with this
 * token sends it to the same target.
 */
#include <sodium.h>
#include <string.h>

#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_render.h"
#include "irc_time.h"
#include "name.h"

#define TOKEN_BYTES_MIN 22
#define TOKEN_BYTES_MAX 64

static bool is_token(struct slice typed) {
	for (size_t i = 0; i < typed.size; i++) {
		char byte = typed.bytes[i];
		bool is_good = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
		               (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
		if (!is_good) {
			return false;
		}
	}
	return typed.size >= TOKEN_BYTES_MIN && typed.size <= TOKEN_BYTES_MAX;
}

/* 64 bits, never 0, that follow from all of these. */
static uint64_t digest_of(const char *purpose, uint64_t nonce, struct slice a, struct slice b) {
	crypto_generichash_state hashing;
	uint64_t digest;
	uint8_t bytes[crypto_generichash_BYTES_MIN];
	uint64_t sizes[2] = {a.size, b.size};
	crypto_generichash_init(&hashing, NULL, 0, sizeof(bytes));
	crypto_generichash_update(&hashing, (const uint8_t *)purpose, strlen(purpose));
	crypto_generichash_update(&hashing, (const uint8_t *)&nonce, sizeof(nonce));
	crypto_generichash_update(&hashing, (const uint8_t *)sizes, sizeof(sizes));
	crypto_generichash_update(&hashing, (const uint8_t *)a.bytes, a.size);
	crypto_generichash_update(&hashing, (const uint8_t *)b.bytes, b.size);
	crypto_generichash_final(&hashing, bytes, sizeof(bytes));
	memcpy(&digest, bytes, sizeof(digest));
	return digest != 0 ? digest : 1;
}

void irc_on_session(struct irc *irc) {
	struct slice token = irc_parameter(&irc->message, 0);
	if (!irc_can(irc, CAP_SESSION)) {
		irc_numeric(irc, ERR_UNKNOWNCOMMAND, irc->message.command, irc_nothing());
	} else if (irc->user->door->is_asked) {
		irc_standard(irc, "FAIL", "SESSION", "TOO_LATE", irc_nothing(),
		             "A session is named before one is in");
	} else if (!is_token(token)) {
		irc_standard(irc, "FAIL", "SESSION", "INVALID_TOKEN", irc_nothing(),
		             "A token is 22 to 64 letters, digits, - and _, made up at random");
	} else {
		irc->user->nonce = digest_of("qun irc session", 0, token, slice_of(NULL, 0));
	}
}

void irc_say_session(struct irc *irc, bool is_resumed) {
	if (irc->user->nonce != 0) {
		irc_begin_line(irc, "SESSION");
		irc_put_parameter(&irc->at, irc_word(is_resumed ? "RESUMED" : "NEW"));
		irc_end_line(irc);
	}
}

struct slice irc_message_key(struct irc *irc) {
	struct irc_tag tag;
	bool has_key = irc->user->nonce != 0 && irc_find_tag(irc->message.tags, "qun/key", &tag) &&
	               tag.value.size <= IRC_KEY_BYTES_MAX;
	return has_key ? tag.value : irc_nothing();
}

uint64_t irc_message_nonce(const struct irc *irc, struct slice key, struct slice target) {
	struct name_key name;
	bool is_name = name_key(target, &name) == NAME_OK;
	struct slice folded = is_name ? slice_of((const char *)name.bytes, name.size) : target;
	return key.size == 0 || irc->user->nonce == 0
	               ? 0
	               : digest_of("qun irc key", irc->user->nonce, folded, key);
}

void irc_say_kept(struct irc *irc, const struct irc_asked *asked, const struct record *answer) {
	char text[IRC_LINE_BYTES_MAX];
	struct irc_line context = irc_line_at(text, sizeof(text));
	irc_put(&context, slice_from_string(asked->target));
	irc_put_text(&context, " ");
	irc_put_msgid(&context, irc->log, answer->number);
	irc_standard(irc, "NOTE", asked->kind == REQUEST_TAGMSG ? "TAGMSG" : "PRIVMSG",
	             "ALREADY_KEPT", irc_line_slice(&context), "That was kept when it came first");
}
