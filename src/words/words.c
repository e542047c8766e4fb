/*
 * words.c - all phrases in one table, Chinese beside English. In a phrase
 *
 *   {name} {other} {by} {text} {number} {net}
 *
 * stand for what the record has. Names and texts are shown with controls as
 * U+FFFD; what does not fit is cut from these values, between characters,
 * never from the words around them, so that no phrase loses its meaning.
 *
 * All refusals begin alike (REFUSAL_ZH, REFUSAL_EN): that is how a server
 * knows another server's refusal, and does not answer it.
 */
#include "words.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "cut.h"
#include "limits.h"
#include "state.h"
#include "visible.h"

#define REFUSAL_ZH "抱歉，"
#define REFUSAL_EN "Sorry, "

/* By the server's level. */
#define LEVEL_ACCOUNTS_ZH "现在只有有账号的人能进，请用 IRC 客户端登录"
#define LEVEL_ACCOUNTS_EN "only who has an account comes in now, sign in by IRC"
#define LEVEL_SHUT_ZH "现在不再进新人，请过些时候再来"
#define LEVEL_SHUT_EN "nobody new comes in now, try again later"

#define QUOTE_(x) #x
#define QUOTE(x) QUOTE_(x)

/* X(NAME, Chinese, English) */
#define NOTICES(X)                                                                                 \
	X(SAY_ENTERED, "{name} 进入了聊天室", "{name} entered the room")                           \
	X(SAY_LEFT, "{name} 退出了聊天室", "{name} left the room")                                 \
	X(SAY_SAID, "{name}说: {text}", "{name}: {text}")                                          \
	X(SAY_RENAMED, "{other} 改名为 {name}", "{other} is now {name}")                           \
	X(SAY_KICKED, "{name} 被请出了聊天室", "{name} was shown out of the room")                 \
	X(SAY_SHOUTED, "管理员: {text}", "admin: {text}")                                          \
	X(SAY_MUTED, "{name} 被禁言了", "{name} was muted")                                        \
	X(SAY_MUTED_WHY, "{name} 被禁言了: {text}", "{name} was muted: {text}")                    \
	X(SAY_UNMUTED, "{name} 可以说话了", "{name} may speak again")                              \
	X(SAY_BANNED, "{name}{net} 被禁止进入", "{name}{net} was banned")                          \
	X(SAY_BANNED_WHY, "{name}{net} 被禁止进入: {text}", "{name}{net} was banned: {text}")      \
	X(SAY_UNBANNED, "{name}{net} 可以进入了", "{name}{net} may enter again")                   \
	X(SAY_CLOSED, "聊天室关闭了", "the room is closed")                                        \
	X(SAY_CLOSED_WHY, "聊天室关闭了: {text}", "the room is closed: {text}")                    \
	X(SAY_JOINED, "{name} 进入了 {other}", "{name} entered {other}")                           \
	X(SAY_PARTED, "{name} 离开了 {other}", "{name} left {other}")                              \
	X(SAY_DIRECT, "{name}悄悄说: {text}", "{name} whispers: {text}")                           \
	X(SAY_TOPIC, "{name} 把话题改为: {text}", "{name} changed the topic: {text}")              \
	X(SAY_TOPIC_GONE, "{name} 去掉了话题", "{name} took the topic away")                       \
	X(SAY_MODE, "{name} 改了房间的设置: {text}", "{name} changed the room's modes: {text}")    \
	X(SAY_PUT_OUT, "{name} 被 {by} 请出了房间", "{name} was put out of the room by {by}")      \
	X(SAY_PUT_OUT_WHY, "{name} 被 {by} 请出了房间: {text}",                                    \
	  "{name} was put out of the room by {by}: {text}")                                        \
	X(SAY_ROOM_RENAMED, "{name} 把房间 {by} 改名为 {other}", "{name} renamed {by} to {other}") \
	X(SAY_ROOM_RENAMED_WHY, "{name} 把房间 {by} 改名为 {other}: {text}",                       \
	  "{name} renamed {by} to {other}: {text}")                                                \
	X(SAY_ROOM_IS_NOW, "{name} 把房间改名为 {other}", "{name} renamed the room to {other}")    \
	X(SAY_ROOM_IS_NOW_WHY, "{name} 把房间改名为 {other}: {text}",                              \
	  "{name} renamed the room to {other}: {text}")                                            \
	X(SAY_TOOK_BACK, "{name} 撤回了一条消息", "{name} took back a message")                    \
	X(SAY_TOOK_BACK_WHY, "{name} 撤回了一条消息: {text}",                                      \
	  "{name} took back a message: {text}")                                                    \
	X(SAY_TOOK_AWAY, "{name} 撤回了 {by} 的一条消息", "{name} took back a message of {by}")    \
	X(SAY_TOOK_AWAY_WHY, "{name} 撤回了 {by} 的一条消息: {text}",                              \
	  "{name} took back a message of {by}: {text}")                                            \
	X(SAY_MADE, "有了新房间 {name}", "there is a new room, {name}")                            \
	X(SAY_YOU_KICKED, "你被请出了聊天室", "You were shown out of the room")                    \
	X(SAY_YOU_KICKED_WHY, "你被请出了聊天室: {text}",                                          \
	  "You were shown out of the room: {text}")                                                \
	X(SAY_YOU_BANNED, "你被禁止进入聊天室", "You were banned from the room")                   \
	X(SAY_YOU_BANNED_WHY, "你被禁止进入聊天室: {text}",                                        \
	  "You were banned from the room: {text}")                                                 \
	X(SAY_YOU_IDLE, "你很久没有动静，已退出聊天室",                                            \
	  "You were silent for long and have left the room")                                       \
	X(SAY_YOU_UNREACHABLE, "联系不上你，你已退出聊天室",                                       \
	  "You could not be reached and have left the room")                                       \
	X(SAY_YOU_ELSEWHERE, "你的名字从别处进入了，这里已退出聊天室",                             \
	  "Your name entered from elsewhere; here it has left the room")                           \
	X(SAY_YOU_AWAY, "你离开太久，已退出聊天室",                                                \
	  "You were away for long and have left the room")                                         \
	X(SAY_PROBE, "有人想用“{name}”这个名字，你还在吗？",                                       \
	  "Somebody would like the name {name}. Are you still there?")                             \
	X(SAY_LETTERS, "字母: L 名字=进入  C 话=发言  Q=退出  W=谁在  H 20=最近20行",              \
	  "Letters: L name = enter  C text = say  Q = leave  W = who is here  H 20 = last 20 "     \
	  "lines")                                                                                 \
	X(SAY_WHO, "{number} 人在聊天室: ", "{number} in the room: ")                              \
	X(SAY_WHO_ABSENT, "；{number} 人暂离: ", "; {number} absent: ")                            \
	X(SAY_WHO_MORE, "…另有 {number} 人", "…and {number} more")

#define REFUSALS(X)                                                                                \
	X(SAY_NO, REFUSAL_ZH "做不到", REFUSAL_EN "that cannot be done")                           \
	X(SAY_NO_NAME_EMPTY, REFUSAL_ZH "请给一个名字: L 名字",                                    \
	  REFUSAL_EN "please give a name: L name")                                                 \
	X(SAY_NO_NAME_TOO_LONG,                                                                    \
	  REFUSAL_ZH                                                                               \
	  "名字太长，最多 " QUOTE(NAME_CODE_POINTS_MAX) " 个字、" QUOTE(NAME_BYTES_MAX) " 字节",   \
	  REFUSAL_EN "a name has at most " QUOTE(NAME_CODE_POINTS_MAX) " characters and " QUOTE(   \
		  NAME_BYTES_MAX) " bytes")                                                        \
	X(SAY_NO_NAME_INVALID,                                                                     \
	  REFUSAL_ZH "名字里不能有空格、控制符和 ! @ , * ? /，开头不能是 : # & $ ~ % +",           \
	  REFUSAL_EN "no blanks, controls or ! @ , * ? / in a name, nor : # & $ ~ % + first")      \
	X(SAY_NO_NAME_RESERVED, REFUSAL_ZH "这个名字是保留的", REFUSAL_EN "that name is reserved") \
	X(SAY_NO_NAME_TAKEN, REFUSAL_ZH "“{name}”已经有人用了",                                    \
	  REFUSAL_EN "the name {name} is taken")                                                   \
	X(SAY_NO_NOT_ENTERED, REFUSAL_ZH "请先进入聊天室: L 名字",                                 \
	  REFUSAL_EN "please enter first: L name")                                                 \
	X(SAY_NO_NOT_YOUR_NAME, REFUSAL_ZH "那不是你的名字", REFUSAL_EN "that is not your name")   \
	X(SAY_NO_TEXT_EMPTY, REFUSAL_ZH "没有内容: C 话", REFUSAL_EN "there is no text: C text")   \
	X(SAY_NO_TEXT_TOO_LONG, REFUSAL_ZH "太长了，最多 {number} 字节",                           \
	  REFUSAL_EN "too long, at most {number} bytes")                                           \
	X(SAY_NO_NOT_UTF8, REFUSAL_ZH "请用 UTF-8 编码", REFUSAL_EN "please write UTF-8")          \
	X(SAY_NO_TOO_FAST, REFUSAL_ZH "发得太快了，请慢一点",                                      \
	  REFUSAL_EN "that was too fast, please slow down")                                        \
	X(SAY_NO_BUSY, REFUSAL_ZH "服务器正忙，请过一会儿再试",                                    \
	  REFUSAL_EN "the server is busy, please try again soon")                                  \
	X(SAY_NO_MUTED, REFUSAL_ZH "你被禁言了", REFUSAL_EN "you are muted")                       \
	X(SAY_NO_MUTED_FOR, REFUSAL_ZH "你被禁言了，还有 {number} 分钟",                           \
	  REFUSAL_EN "you are muted for {number} more minutes")                                    \
	X(SAY_NO_BANNED, REFUSAL_ZH "你被禁止进入聊天室", REFUSAL_EN "you are banned")             \
	X(SAY_NO_BANNED_WHY, REFUSAL_ZH "你被禁止进入聊天室: {text}",                              \
	  REFUSAL_EN "you are banned: {text}")                                                     \
	X(SAY_NO_FULL, REFUSAL_ZH "已经满了", REFUSAL_EN "it is full")                             \
	X(SAY_NO_NOT_ALLOWED, REFUSAL_ZH "聊天室不接受你所在的网络",                               \
	  REFUSAL_EN "your network is not allowed here")                                           \
	X(SAY_NO_SUCH_NAME, REFUSAL_ZH "没有人叫“{name}”", REFUSAL_EN "nobody is called {name}")   \
	X(SAY_NO_SUCH_BAN, REFUSAL_ZH "没有这样的禁令", REFUSAL_EN "there is no such ban")         \
	X(SAY_NO_BAD_ARGUMENT, REFUSAL_ZH "看不懂字母后面的内容",                                  \
	  REFUSAL_EN "what follows the letter makes no sense")                                     \
	X(SAY_NO_POISONED, REFUSAL_ZH "这个请求无法处理",                                          \
	  REFUSAL_EN "that request cannot be handled")                                             \
	X(SAY_NO_NOT_PERMITTED, REFUSAL_ZH "只有管理员可以这样做",                                 \
	  REFUSAL_EN "only the administrator may do that")                                         \
	X(SAY_NO_SUCH_SESSION, REFUSAL_ZH "这个会话已经结束，请重新进入",                          \
	  REFUSAL_EN "that session has ended, please enter anew")                                  \
	X(SAY_NO_SUCH_ROOM, REFUSAL_ZH "没有这个房间", REFUSAL_EN "there is no such room")         \
	X(SAY_NO_ROOM_NAME,                                                                        \
	  REFUSAL_ZH "房间名以 # 开头，最多 " QUOTE(                                               \
		  ROOM_NAME_BYTES_MAX) " 字节，不能有空格、控制符和 ! @ , * ? :",                  \
	  REFUSAL_EN "a room is a # and a name, " QUOTE(                                           \
		  ROOM_NAME_BYTES_MAX) " bytes at most, without blanks, controls and ! @ , * ? :") \
	X(SAY_NO_NOT_IN_ROOM, REFUSAL_ZH "你不在那个房间里",                                       \
	  REFUSAL_EN "you are not in that room")                                                   \
	X(SAY_NO_TOO_MANY_ROOMS, REFUSAL_ZH "最多只能同时在 {number} 个房间里",                    \
	  REFUSAL_EN "nobody may be in more than {number} rooms")                                  \
	X(SAY_NO_AWAY, REFUSAL_ZH "你离开太久了", REFUSAL_EN "you were away for too long")         \
	X(SAY_NO_FORGOTTEN, REFUSAL_ZH "你太久没有来，会话已经结束",                               \
	  REFUSAL_EN "you have not come for so long that the session has ended")                   \
	X(SAY_NO_CANNOT_RECEIVE, REFUSAL_ZH "这句悄悄话送不到",                                    \
	  REFUSAL_EN "that direct message cannot be delivered")                                    \
	X(SAY_NO_NAME_REGISTERED, REFUSAL_ZH "“{name}”是注册过的名字",                             \
	  REFUSAL_EN "the name {name} is registered")                                              \
	X(SAY_NO_ROOM_CLOSED, REFUSAL_ZH "那个房间不是谁都能进的",                                 \
	  REFUSAL_EN "that room is not open to everybody")                                         \
	X(SAY_NO_ROOM_FULL, REFUSAL_ZH "那个房间满了", REFUSAL_EN "that room is full")             \
	X(SAY_NO_ROOM_BANNED, REFUSAL_ZH "那个房间不让你进",                                       \
	  REFUSAL_EN "you are banned from that room")                                              \
	X(SAY_NO_CANNOT_SEND, REFUSAL_ZH "你现在不能在这个房间发言",                               \
	  REFUSAL_EN "you may not speak in this room now")                                         \
	X(SAY_NO_NOT_OPERATOR, REFUSAL_ZH "只有房间的管理者可以这样做",                            \
	  REFUSAL_EN "only the room's operators may do that")                                      \
	X(SAY_NO_UNKNOWN_MODE, REFUSAL_ZH "没有这样的设置", REFUSAL_EN "there is no such mode")    \
	X(SAY_NO_ALREADY_IN_ROOM, REFUSAL_ZH "“{name}”已经在那个房间里",                           \
	  REFUSAL_EN "{name} is in that room already")                                             \
	X(SAY_NO_ORPHANED, REFUSAL_ZH "连接断了，你已退出聊天室",                                  \
	  REFUSAL_EN "the connection broke, and you have left the room")                           \
	X(SAY_NO_PASSWORD_WRONG, REFUSAL_ZH "密码不对", REFUSAL_EN "the password is wrong")        \
	X(SAY_NO_ACCESS_CLOSED, REFUSAL_ZH "要有账号或密码才能进，请用 IRC 客户端",                \
	  REFUSAL_EN "one needs an account or a password: come by IRC")                            \
	X(SAY_NO_LEVEL_ACCOUNTS, REFUSAL_ZH LEVEL_ACCOUNTS_ZH, REFUSAL_EN LEVEL_ACCOUNTS_EN)       \
	X(SAY_NO_LEVEL_ACCOUNTS_WHY, REFUSAL_ZH LEVEL_ACCOUNTS_ZH "：{text}",                      \
	  REFUSAL_EN LEVEL_ACCOUNTS_EN ": {text}")                                                 \
	X(SAY_NO_LEVEL_SHUT, REFUSAL_ZH LEVEL_SHUT_ZH, REFUSAL_EN LEVEL_SHUT_EN)                   \
	X(SAY_NO_LEVEL_SHUT_WHY, REFUSAL_ZH LEVEL_SHUT_ZH "：{text}",                              \
	  REFUSAL_EN LEVEL_SHUT_EN ": {text}")                                                     \
	X(SAY_NO_LEVEL_QUIET, REFUSAL_ZH "现在只有管理者能发言，请过些时候再说",                   \
	  REFUSAL_EN "only operators may speak for now, please say it later")                      \
	X(SAY_NO_THEY_NOT_IN_ROOM, REFUSAL_ZH "“{name}”不在那个房间里",                            \
	  REFUSAL_EN "{name} is not in that room")                                                 \
	X(SAY_NO_LIST_FULL, REFUSAL_ZH "那个列表满了", REFUSAL_EN "that list is full")             \
	X(SAY_NO_SLOW_MODE, REFUSAL_ZH "这个房间限速，请过{number}秒再说",                         \
	  REFUSAL_EN "this room is in slow mode: say it again in {number} seconds")                \
	X(SAY_NO_ROOM_MUTED, REFUSAL_ZH "你在这个房间被禁言了",                                    \
	  REFUSAL_EN "you are muted in this room")                                                 \
	X(SAY_NO_NEEDS_ACCOUNT, REFUSAL_ZH "这个房间只许登录账号的人",                             \
	  REFUSAL_EN "this room is for people who have signed in to an account")                   \
	X(SAY_NO_LOOKS_LIKE, REFUSAL_ZH "太像别人注册的“{text}”，请换一个",                        \
	  REFUSAL_EN "it looks like {text}, which is registered: take another name")               \
	X(SAY_NO_SUCH_MESSAGE, REFUSAL_ZH "没有这条消息", REFUSAL_EN "there is no such message")   \
	X(SAY_NO_LIMIT, REFUSAL_ZH "最多只能有{number}个",                                         \
	  REFUSAL_EN "there may be {number} at most")                                              \
	X(SAY_NO_SUCH_KEY, REFUSAL_ZH "没有这一项", REFUSAL_EN "there is no such key")             \
	X(SAY_NO_ROOM_NAME_TAKEN, REFUSAL_ZH "已经有叫这个名字的房间",                             \
	  REFUSAL_EN "there is a room of that name")                                               \
	X(SAY_NO_UNAVAILABLE, REFUSAL_ZH "现在拿不到历史记录，请过一会儿再试",                     \
	  REFUSAL_EN "the history is not available just now, please try again soon")

#define PHRASE_ENUM(name, zh, en) name,
enum phrase { NOTICES(PHRASE_ENUM) REFUSALS(PHRASE_ENUM) PHRASE_COUNT };

#define PHRASE_ROW(name, zh, en) [name] = {[LANGUAGE_ZH] = (zh), [LANGUAGE_EN] = (en)},
static const char *const phrases[PHRASE_COUNT][2] = {NOTICES(PHRASE_ROW) REFUSALS(PHRASE_ROW)};

/* ---- filling phrases in ---- */

/* Writes into `out`, and knows how much of it the words that follow will need. */
struct writer {
	char *out;
	size_t size;
	size_t room; /* bytes that values may still take */
};

static void put_words(struct writer *writer, struct slice words) {
	memcpy(writer->out + writer->size, words.bytes, words.size);
	writer->size += words.size;
}

/* A value, made visible, cut between characters to what fits. */
static void put_value(struct writer *writer, struct slice value) {
	char rendered[VISIBLE_BYTES_MAX(TEXT_BYTES_MAX)];
	if (value.size > TEXT_BYTES_MAX) {
		value = slice_first(value, cut_before(value, TEXT_BYTES_MAX));
	}
	if (!visible_is_same(value)) {
		value = slice_of(rendered, visible_render(value, rendered, sizeof(rendered)));
	}
	if (value.size > writer->room) {
		value = slice_first(value, cut_before(value, writer->room));
	}
	if (value.size > 0) {
		put_words(writer, value);
		writer->room -= value.size;
	}
}

static void put_number(struct writer *writer, uint64_t number) {
	char digits[24];
	int size = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
	put_value(writer, slice_of(digits, (size_t)size));
}

static void put_net(struct writer *writer, const struct record *record) {
	char text[ADDRESS_TEXT_MAX];
	if (record->has_net) {
		put_value(writer, slice_from_string(net_format(&record->net, text)));
	}
}

static void put_field(struct writer *writer, struct slice field, const struct record *record) {
	switch (field.bytes[1]) {
	case 'n': /* name, net, number */
		switch (field.bytes[2]) {
		case 'a': put_value(writer, record->name); break;
		case 'e': put_net(writer, record); break;
		default: put_number(writer, record->number); break;
		}
		break;
	case 'o': put_value(writer, record->other_name); break;
	case 'b': put_value(writer, record->by); break;
	default: put_value(writer, record->text); break;
	}
}

/* The next piece of a phrase: words, or a field with its braces. */
static struct slice piece_of(struct slice phrase) {
	if (phrase.bytes[0] == '{') {
		const char *end = memchr(phrase.bytes, '}', phrase.size);
		assert(end != NULL);
		return slice_first(phrase, (size_t)(end - phrase.bytes) + 1);
	}
	const char *field = memchr(phrase.bytes, '{', phrase.size);
	return field == NULL ? phrase : slice_first(phrase, (size_t)(field - phrase.bytes));
}

static size_t words_alone(struct slice phrase) {
	size_t size = 0;
	while (phrase.size > 0) {
		struct slice piece = piece_of(phrase);
		size += piece.bytes[0] == '{' ? 0 : piece.size;
		phrase = slice_from(phrase, piece.size);
	}
	return size;
}

static size_t fill(struct slice phrase, const struct record *record, char *out, size_t out_size) {
	size_t words = words_alone(phrase);
	if (words > out_size) {
		return 0;
	}
	struct writer writer = {.out = out, .room = out_size - words};
	while (phrase.size > 0) {
		struct slice piece = piece_of(phrase);
		if (piece.bytes[0] == '{') {
			put_field(&writer, piece, record);
		} else {
			put_words(&writer, piece);
		}
		phrase = slice_from(phrase, piece.size);
	}
	assert(writer.size <= out_size);
	return writer.size;
}

static struct slice phrase_of(enum language language, enum phrase phrase) {
	return slice_from_string(
		phrases[phrase][language == LANGUAGE_EN ? LANGUAGE_EN : LANGUAGE_ZH]);
}

static size_t say(enum language language, enum phrase phrase, const struct record *record,
                  char *out, size_t out_size) {
	return fill(phrase_of(language, phrase), record, out, out_size);
}

/* The phrase with a reason in it, where one was given. */
static enum phrase why(const struct record *record, enum phrase without, enum phrase with) {
	return record->text.size > 0 ? with : without;
}

/* ---- entries ---- */

size_t words_entry(enum language language, const struct record *entry, char *out, size_t out_size) {
	enum phrase phrase;
	switch (entry->kind) {
	case ENTRY_ENTERED: phrase = SAY_ENTERED; break;
	case ENTRY_LEFT: phrase = SAY_LEFT; break;
	case ENTRY_SAID: phrase = SAY_SAID; break;
	case ENTRY_RENAMED: phrase = SAY_RENAMED; break;
	case ENTRY_KICKED: phrase = SAY_KICKED; break;
	case ENTRY_SHOUTED: phrase = SAY_SHOUTED; break;
	case ENTRY_MUTED: phrase = why(entry, SAY_MUTED, SAY_MUTED_WHY); break;
	case ENTRY_UNMUTED: phrase = SAY_UNMUTED; break;
	case ENTRY_BANNED: phrase = why(entry, SAY_BANNED, SAY_BANNED_WHY); break;
	case ENTRY_UNBANNED: phrase = SAY_UNBANNED; break;
	case ENTRY_CLOSED: phrase = why(entry, SAY_CLOSED, SAY_CLOSED_WHY); break;
	case ENTRY_ROOM_MADE: phrase = SAY_MADE; break;
	/* In the lobby one is in the chat room. */
	case ENTRY_JOINED: phrase = entry->room == ROOM_LOBBY ? SAY_ENTERED : SAY_JOINED; break;
	case ENTRY_PARTED: phrase = entry->room == ROOM_LOBBY ? SAY_LEFT : SAY_PARTED; break;
	case ENTRY_DIRECT: phrase = SAY_DIRECT; break;
	case ENTRY_TOPIC: phrase = why(entry, SAY_TOPIC_GONE, SAY_TOPIC); break;
	case ENTRY_MODE: phrase = SAY_MODE; break;
	case ENTRY_PUT_OUT: phrase = why(entry, SAY_PUT_OUT, SAY_PUT_OUT_WHY); break;
	case ENTRY_ROOM_RENAMED:
		/* A session is told one name, the new one: it knows the other. */
		phrase = slice_equal(entry->by, entry->other_name)
		                 ? why(entry, SAY_ROOM_IS_NOW, SAY_ROOM_IS_NOW_WHY)
		                 : why(entry, SAY_ROOM_RENAMED, SAY_ROOM_RENAMED_WHY);
		break;
	case ENTRY_REDACTED:
		phrase = slice_equal(entry->name, entry->by)
		                 ? why(entry, SAY_TOOK_BACK, SAY_TOOK_BACK_WHY)
		                 : why(entry, SAY_TOOK_AWAY, SAY_TOOK_AWAY_WHY);
		break;
	default: return 0;
	}
	return say(language, phrase, entry, out, out_size);
}

size_t words_said_prefix(enum language language, const struct record *entry, char *out,
                         size_t out_size) {
	struct record prefix = *entry;
	prefix.text = slice_of(NULL, 0);
	switch (entry->kind) {
	case ENTRY_SAID: return say(language, SAY_SAID, &prefix, out, out_size);
	case ENTRY_SHOUTED: return say(language, SAY_SHOUTED, &prefix, out, out_size);
	case ENTRY_DIRECT: return say(language, SAY_DIRECT, &prefix, out, out_size);
	default: return 0;
	}
}

size_t words_ended(enum language language, const struct record *entry, char *out, size_t out_size) {
	enum phrase phrase;
	switch (entry->kind == ENTRY_CLOSED ? REASON_CLOSED : entry->reason) {
	case REASON_KICKED: phrase = why(entry, SAY_YOU_KICKED, SAY_YOU_KICKED_WHY); break;
	case REASON_BANNED: phrase = why(entry, SAY_YOU_BANNED, SAY_YOU_BANNED_WHY); break;
	case REASON_CLOSED: phrase = why(entry, SAY_CLOSED, SAY_CLOSED_WHY); break;
	case REASON_IDLE: phrase = SAY_YOU_IDLE; break;
	case REASON_UNREACHABLE: phrase = SAY_YOU_UNREACHABLE; break;
	case REASON_SAME_NAME_ELSEWHERE: phrase = SAY_YOU_ELSEWHERE; break;
	case REASON_AWAY: phrase = SAY_YOU_AWAY; break;
	default: return 0;
	}
	return say(language, phrase, entry, out, out_size);
}

/* ---- answers ---- */

#define MINUTE_US (UINT64_C(60) * 1000 * 1000)

static size_t refuse_muted(enum language language, const struct record *answer, char *out,
                           size_t out_size) {
	uint64_t now_us = answer->since_us != 0 ? answer->since_us : answer->time_us;
	if (answer->until_us <= now_us) {
		return say(language, SAY_NO_MUTED, answer, out, out_size);
	}
	struct record minutes = {.number = (answer->until_us - now_us + MINUTE_US - 1) / MINUTE_US};
	return say(language, SAY_NO_MUTED_FOR, &minutes, out, out_size);
}

static size_t refuse_too_long(enum language language, const struct record *answer, char *out,
                              size_t out_size) {
	struct record limit = {.number = answer->number != 0 ? answer->number : TEXT_BYTES_MAX};
	return say(language, SAY_NO_TEXT_TOO_LONG, &limit, out, out_size);
}

/* By the configuration, or by the server's level. */
static enum phrase closed(const struct record *answer) {
	if (answer->number == 0) {
		return SAY_NO_ACCESS_CLOSED;
	}
	return answer->number >= LEVEL_ACCOUNTS
	               ? why(answer, SAY_NO_LEVEL_ACCOUNTS, SAY_NO_LEVEL_ACCOUNTS_WHY)
	               : why(answer, SAY_NO_LEVEL_SHUT, SAY_NO_LEVEL_SHUT_WHY);
}

size_t words_refusal(enum language language, const struct record *answer, char *out,
                     size_t out_size) {
	enum phrase phrase;
	out_size = out_size < WORDS_REFUSAL_BYTES_MAX ? out_size : WORDS_REFUSAL_BYTES_MAX;
	switch (answer->reason) {
	case REASON_NAME_EMPTY: phrase = SAY_NO_NAME_EMPTY; break;
	case REASON_NAME_TOO_LONG: phrase = SAY_NO_NAME_TOO_LONG; break;
	case REASON_NAME_INVALID: phrase = SAY_NO_NAME_INVALID; break;
	case REASON_NAME_RESERVED: phrase = SAY_NO_NAME_RESERVED; break;
	case REASON_NAME_TAKEN: phrase = SAY_NO_NAME_TAKEN; break;
	case REASON_NOT_ENTERED: phrase = SAY_NO_NOT_ENTERED; break;
	case REASON_NOT_YOUR_NAME: phrase = SAY_NO_NOT_YOUR_NAME; break;
	case REASON_TEXT_EMPTY: phrase = SAY_NO_TEXT_EMPTY; break;
	case REASON_TEXT_TOO_LONG: return refuse_too_long(language, answer, out, out_size);
	case REASON_NOT_UTF8: phrase = SAY_NO_NOT_UTF8; break;
	case REASON_UNKNOWN_LETTER: phrase = SAY_LETTERS; break;
	case REASON_TOO_FAST: phrase = SAY_NO_TOO_FAST; break;
	case REASON_BUSY: phrase = SAY_NO_BUSY; break;
	case REASON_MUTED: return refuse_muted(language, answer, out, out_size);
	case REASON_BANNED: phrase = why(answer, SAY_NO_BANNED, SAY_NO_BANNED_WHY); break;
	case REASON_FULL: phrase = SAY_NO_FULL; break;
	case REASON_NOT_ALLOWED_FROM_HERE: phrase = SAY_NO_NOT_ALLOWED; break;
	case REASON_NO_SUCH_NAME: phrase = SAY_NO_SUCH_NAME; break;
	case REASON_NO_SUCH_BAN: phrase = SAY_NO_SUCH_BAN; break;
	case REASON_BAD_ARGUMENT: phrase = SAY_NO_BAD_ARGUMENT; break;
	case REASON_POISONED: phrase = SAY_NO_POISONED; break;
	case REASON_NOT_PERMITTED: phrase = SAY_NO_NOT_PERMITTED; break;
	case REASON_UNAVAILABLE: phrase = SAY_NO_UNAVAILABLE; break;
	case REASON_NO_SUCH_SESSION: phrase = SAY_NO_SUCH_SESSION; break;
	case REASON_NO_SUCH_ROOM: phrase = SAY_NO_SUCH_ROOM; break;
	case REASON_ROOM_NAME_INVALID: phrase = SAY_NO_ROOM_NAME; break;
	case REASON_NOT_IN_ROOM: phrase = SAY_NO_NOT_IN_ROOM; break;
	case REASON_TOO_MANY_ROOMS: phrase = SAY_NO_TOO_MANY_ROOMS; break;
	case REASON_AWAY: phrase = SAY_NO_AWAY; break;
	case REASON_FORGOTTEN: phrase = SAY_NO_FORGOTTEN; break;
	case REASON_CANNOT_RECEIVE: phrase = SAY_NO_CANNOT_RECEIVE; break;
	case REASON_NAME_REGISTERED: phrase = SAY_NO_NAME_REGISTERED; break;
	case REASON_INVITE_ONLY:
	case REASON_BAD_KEY: phrase = SAY_NO_ROOM_CLOSED; break;
	case REASON_ROOM_FULL: phrase = SAY_NO_ROOM_FULL; break;
	case REASON_ROOM_BANNED: phrase = SAY_NO_ROOM_BANNED; break;
	case REASON_CANNOT_SEND_TO_ROOM:
		phrase = answer->number == LEVEL_QUIET ? SAY_NO_LEVEL_QUIET : SAY_NO_CANNOT_SEND;
		break;
	case REASON_NOT_ROOM_OPERATOR: phrase = SAY_NO_NOT_OPERATOR; break;
	case REASON_UNKNOWN_MODE: phrase = SAY_NO_UNKNOWN_MODE; break;
	case REASON_ALREADY_IN_ROOM: phrase = SAY_NO_ALREADY_IN_ROOM; break;
	case REASON_ORPHANED: phrase = SAY_NO_ORPHANED; break;
	case REASON_PASSWORD_WRONG: phrase = SAY_NO_PASSWORD_WRONG; break;
	case REASON_ACCESS_CLOSED: phrase = closed(answer); break;
	case REASON_THEY_NOT_IN_ROOM: phrase = SAY_NO_THEY_NOT_IN_ROOM; break;
	case REASON_LIST_FULL: phrase = SAY_NO_LIST_FULL; break;
	case REASON_SLOW_MODE: phrase = SAY_NO_SLOW_MODE; break;
	case REASON_NEEDS_ACCOUNT: phrase = SAY_NO_NEEDS_ACCOUNT; break;
	case REASON_LOOKS_LIKE: phrase = SAY_NO_LOOKS_LIKE; break;
	case REASON_NO_SUCH_MESSAGE: phrase = SAY_NO_SUCH_MESSAGE; break;
	case REASON_LIMIT: phrase = SAY_NO_LIMIT; break;
	case REASON_NO_SUCH_KEY: phrase = SAY_NO_SUCH_KEY; break;
	case REASON_ROOM_MUTED: phrase = SAY_NO_ROOM_MUTED; break;
	case REASON_ROOM_NAME_TAKEN: phrase = SAY_NO_ROOM_NAME_TAKEN; break;
	default: phrase = SAY_NO; break;
	}
	return say(language, phrase, answer, out, out_size);
}

size_t words_probe(enum language language, const struct record *answer, char *out,
                   size_t out_size) {
	return say(language, SAY_PROBE, answer, out, out_size);
}

size_t words_letters(enum language language, char *out, size_t out_size) {
	return say(language, SAY_LETTERS, &(struct record){0}, out, out_size);
}

size_t words_who(enum language language, uint64_t count, char *out, size_t out_size) {
	return say(language, SAY_WHO, &(struct record){.number = count}, out, out_size);
}

size_t words_who_absent(enum language language, uint64_t count, char *out, size_t out_size) {
	return say(language, SAY_WHO_ABSENT, &(struct record){.number = count}, out, out_size);
}

size_t words_who_more(enum language language, uint64_t count, char *out, size_t out_size) {
	return say(language, SAY_WHO_MORE, &(struct record){.number = count}, out, out_size);
}

/* ---- what servers say ---- */

static bool ends_with(struct slice text, struct slice end) {
	return text.size >= end.size && slice_equal(slice_from(text, text.size - end.size), end);
}

/*
 * Does the text look like this phrase, filled in? Compared are the words before
 * its first field and behind its last; a field alone proves nothing.
 */
static bool looks_like(struct slice text, struct slice phrase) {
	struct slice first = piece_of(phrase);
	struct slice last = first;
	for (struct slice rest = phrase; rest.size > 0; rest = slice_from(rest, last.size)) {
		last = piece_of(rest);
	}
	if (first.size == phrase.size) {
		return slice_equal(text, phrase);
	}
	bool has_first = first.bytes[0] != '{';
	bool has_last = last.bytes[0] != '{';
	return (has_first || has_last) && (!has_first || slice_starts_with(text, first)) &&
	       (!has_last || ends_with(text, last));
}

bool words_are_a_servers(struct slice text) {
	if (slice_starts_with(text, slice_from_string(REFUSAL_ZH)) ||
	    slice_starts_with(text, slice_from_string(REFUSAL_EN)) ||
	    slice_equal(text, slice_from_string("OK")) ||
	    slice_equal(text, slice_from_string("EXIT"))) {
		return true;
	}
	for (unsigned phrase = 0; phrase < SAY_NO; phrase++) {
		if (looks_like(text, phrase_of(LANGUAGE_ZH, phrase)) ||
		    looks_like(text, phrase_of(LANGUAGE_EN, phrase))) {
			return true;
		}
	}
	return false;
}
