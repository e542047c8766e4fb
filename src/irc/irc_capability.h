/*
 * irc_capability.h - IRCv3 capabilities: what there is, and the words of CAP.
 *
 * X(NAME, "word", "value"): the value is what CAP LS 302 shows behind '='; ""
 * for none. What follows from which: a client that has one of the right also
 * has the left's needs met by the face, not by this table.
 */
#ifndef IRC_CAPABILITY_H
#define IRC_CAPABILITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irc_message.h"
#include "irc_multiline.h"
#include "slice.h"

#define IRC_CAPABILITIES(X)                                                                        \
	X(CAP_ACCOUNT_NOTIFY, "account-notify", "")                                                \
	X(CAP_ACCOUNT_TAG, "account-tag", "")                                                      \
	X(CAP_AWAY_NOTIFY, "away-notify", "")                                                      \
	X(CAP_BATCH, "batch", "")                                                                  \
	X(CAP_CAP_NOTIFY, "cap-notify", "")                                                        \
	X(CAP_CHGHOST, "chghost", "")                                                              \
	X(CAP_CHANNEL_RENAME, "draft/channel-rename", "")                                          \
	X(CAP_CHATHISTORY, "draft/chathistory", "")                                                \
	X(CAP_EVENT_PLAYBACK, "draft/event-playback", "")                                          \
	X(CAP_ACCOUNT_REGISTRATION, "draft/account-registration", "")                              \
	X(CAP_EXTENDED_ISUPPORT, "draft/extended-isupport", "")                                    \
	X(CAP_MESSAGE_REDACTION, "draft/message-redaction", "")                                    \
	X(CAP_METADATA, "draft/metadata-3",                                                        \
	  "before-connect,max-subs=32,max-keys=32,max-key-bytes=48,max-value-bytes=288")           \
	X(CAP_MULTILINE, "draft/multiline", MULTILINE_VALUE)                                       \
	X(CAP_PRE_AWAY, "draft/pre-away", "")                                                      \
	X(CAP_READ_MARKER, "draft/read-marker", "")                                                \
	X(CAP_RELAYMSG, "draft/relaymsg", "/")                                                     \
	X(CAP_ECHO_MESSAGE, "echo-message", "")                                                    \
	X(CAP_EXTENDED_JOIN, "extended-join", "")                                                  \
	X(CAP_EXTENDED_MONITOR, "extended-monitor", "")                                            \
	X(CAP_INVITE_NOTIFY, "invite-notify", "")                                                  \
	X(CAP_LABELED_RESPONSE, "labeled-response", "")                                            \
	X(CAP_MESSAGE_TAGS, "message-tags", "")                                                    \
	X(CAP_MULTI_PREFIX, "multi-prefix", "")                                                    \
	X(CAP_NO_IMPLICIT_NAMES, "no-implicit-names", "")                                          \
	X(CAP_SESSION, "qun/session", "")                                                          \
	X(CAP_SASL, "sasl", "PLAIN,SCRAM-SHA-256")                                                 \
	X(CAP_SERVER_TIME, "server-time", "")                                                      \
	X(CAP_SETNAME, "setname", "")                                                              \
	X(CAP_SEARCH, "soju.im/search", "")                                                        \
	X(CAP_STANDARD_REPLIES, "standard-replies", "")                                            \
	X(CAP_USERHOST_IN_NAMES, "userhost-in-names", "")                                          \
	X(CAP_PLAYBACK, "znc.in/playback", "")

#define IRC_CAPABILITY_ENUM(name, word, value) name,
enum irc_capability { IRC_CAPABILITIES(IRC_CAPABILITY_ENUM) CAPABILITIES_COUNT };
#undef IRC_CAPABILITY_ENUM
_Static_assert(CAPABILITIES_COUNT <= 64, "a set of them is 64 bits");

static inline uint64_t irc_bit(enum irc_capability capability) {
	return (uint64_t)1 << capability;
}
static inline bool irc_has(uint64_t capabilities, enum irc_capability capability) {
	return (capabilities >> capability & 1) != 0;
}

const char *irc_capability_word(enum irc_capability capability);
const char *irc_capability_value(enum irc_capability capability);

/*
 * What a REQ asks for, "-word" to be without: the set as it would be then. False
 * if one of them is unknown, or may not be given up, and so all are refused.
 */
bool irc_capability_request(struct slice words, uint64_t offered, uint64_t *capabilities);

/*
 * The words of a set, as many as fit into `room` bytes, beginning at *at (0 at
 * first), which moves on. `has_values`: as LS 302 shows them. False when none is left.
 */
bool irc_capability_words(uint64_t capabilities, bool has_values, enum irc_capability *at,
                          size_t room, struct irc_line *line);

#endif
