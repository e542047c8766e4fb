#include "join_words.h"

#include <stdbool.h>
#include <stdio.h>

#include "cut.h"
#include "limits.h"
#include "record.h"
#include "visible.h"

#define QUOTE_(x) #x
#define QUOTE(x) QUOTE_(x)
#define MINUTE_MS 60000

/* Sentences with {name} and {number}. X(REASON, Chinese, English) */
/* clang-format off */
#define SENTENCES(X)                                                                               \
	X(REASON_NONE, "原因已经不得而知", "the reason is not known any more")                     \
	X(REASON_NAME_EMPTY, "要有一个名字", "a name is needed")                                   \
	X(REASON_NAME_TOO_LONG,                                                                    \
	  "名字太长，最多 " QUOTE(NAME_CODE_POINTS_MAX) " 个字、" QUOTE(NAME_BYTES_MAX) " 字节",   \
	  "a name has at most " QUOTE(NAME_CODE_POINTS_MAX) " characters and "                     \
	  QUOTE(NAME_BYTES_MAX) " bytes")                                                          \
	X(REASON_NAME_INVALID, "名字里不能有空格、控制符和 ! @ , * ? /，开头不能是 : # & $ ~ % +",   \
	  "no blanks, controls or ! @ , * ? / in a name, nor : # & $ ~ % + first")                   \
	X(REASON_NAME_RESERVED, "这个名字是保留的", "that name is reserved")                       \
	X(REASON_NAME_TAKEN, "“{name}”已经有人用了", "the name {name} is taken")                   \
	X(REASON_NOT_ENTERED, "你已不在聊天室", "you are not in the room any more")                \
	X(REASON_TEXT_EMPTY, "没有内容", "there is no text")                                       \
	X(REASON_TEXT_TOO_LONG, "太长了，最多 {number} 字节", "too long, at most {number} bytes")  \
	X(REASON_NOT_UTF8, "不是 UTF-8", "it is not UTF-8")                                        \
	X(REASON_TOO_FAST, "发得太快了，请慢一点", "that was too fast, please slow down")          \
	X(REASON_BUSY, "服务器正忙，请过一会儿再试", "the server is busy, please try again soon")  \
	X(REASON_MUTED, "你被禁言了", "you are muted")                                             \
	X(REASON_BANNED, "你被禁止进入聊天室", "you are banned")                                   \
	X(REASON_FULL, "聊天室满了", "the room is full")                                           \
	X(REASON_NOT_ALLOWED_FROM_HERE, "聊天室不接受你所在的网络",                                \
	  "your network is not allowed there")                                                     \
	X(REASON_NO_SUCH_NAME, "没有人叫“{name}”", "nobody is called {name}")                      \
	X(REASON_BAD_ARGUMENT, "看不懂", "that makes no sense")                                    \
	X(REASON_POISONED, "这个请求无法处理", "that request cannot be handled")                   \
	X(REASON_NOT_PERMITTED, "不允许", "that is not permitted")                                 \
	X(REASON_IDLE, "你很久没有动静，已退出聊天室",                                             \
	  "you were silent for long and have left the room")                                       \
	X(REASON_UNREACHABLE, "联系不上你，你已退出聊天室",                                        \
	  "you could not be reached and have left the room")                                       \
	X(REASON_KICKED, "你被请出了聊天室", "you were shown out of the room")                     \
	X(REASON_CLOSED, "聊天室关闭了", "the room is closed")                                     \
	X(REASON_SAME_NAME_ELSEWHERE, "你的名字从别处进入了", "your name entered from elsewhere")  \
	X(REASON_UNAVAILABLE, "现在拿不到历史记录", "the history is not available just now")       \
	X(REASON_NO_SUCH_SESSION, "服务器不再认得这个会话",                                        \
	  "the server does not know this session any more")                                        \
	X(REASON_NO_SUCH_ROOM, "没有 {name} 这个房间", "there is no room {name}")                  \
	X(REASON_ROOM_NAME_INVALID, "房间名要以 # 开头，不能有空格和逗号，最多 64 字节",           \
	  "a room's name begins with # and has no blanks or commas, at most 64 bytes")             \
	X(REASON_NOT_IN_ROOM, "你不在 {name} 里", "you are not in {name}")                         \
	X(REASON_TOO_MANY_ROOMS, "房间太多了，最多 {number} 个",                                   \
	  "too many rooms, at most {number}")                                                      \
	X(REASON_AWAY, "离开太久", "away for too long")                                            \
	X(REASON_FORGOTTEN, "太久没有来，会话已结束",                                              \
	  "unused for too long, the session has ended")                                            \
	X(REASON_CANNOT_RECEIVE, "不能给 {name} 发悄悄话",                                         \
	  "{name} cannot receive a direct message")                                                \
	X(REASON_NAME_REGISTERED, "“{name}”是注册过的名字", "the name {name} is registered")       \
	X(REASON_LOOKS_LIKE, "“{name}”太像别人注册的名字，请换一个",                               \
	  "{name} looks like a name that somebody has registered, take another")                   \
	X(REASON_INVITE_ONLY, "要有人邀请才能进 {name}", "one has to be invited into {name}")      \
	X(REASON_BAD_KEY, "{name} 要有钥匙才能进", "{name} is opened by a key")                    \
	X(REASON_ROOM_FULL, "{name} 满了", "{name} is full")                                       \
	X(REASON_ROOM_BANNED, "{name} 不让你进", "you are banned from {name}")                     \
	X(REASON_CANNOT_SEND_TO_ROOM, "你现在不能在这个房间发言",                                  \
	  "you may not speak in this room now")                                                    \
	X(REASON_ROOM_MUTED, "你在这个房间被禁言了", "you are muted in this room")                 \
	X(REASON_SLOW_MODE, "这个房间限速，请过 {number} 秒再说",                                  \
	  "this room is in slow mode: say it again in {number} seconds")                           \
	X(REASON_NEEDS_ACCOUNT, "这个房间只许登录账号的人，请用 IRC 客户端",                       \
	  "this room is for people who have signed in to an account: come with an IRC client")     \
	X(REASON_ACCESS_CLOSED, "这里要有账号或密码才能进，请用 IRC 客户端",                       \
	  "one needs an account or a password here: come with an IRC client")
/* clang-format on */

/* By the server's level: who comes in at all, and whether one may speak. */
#define LEVEL_ACCOUNTS_ZH "现在只有有账号的人能进，请用 IRC 客户端登录"
#define LEVEL_ACCOUNTS_EN "only who has an account comes in now: sign in with an IRC client"
#define LEVEL_SHUT_ZH "现在不再进新人，请过些时候再来"
#define LEVEL_SHUT_EN "nobody new comes in now: try again later"
#define LEVEL_QUIET_ZH "现在只有管理者能发言，请过些时候再说"
#define LEVEL_QUIET_EN "only operators may speak for now: say it later"

#define MUTED_FOR_ZH "你被禁言了，还有 {number} 分钟"
#define MUTED_FOR_EN "you are muted for {number} more minutes"

#define SENTENCE_ROW(reason, zh, en) [reason] = {[LANGUAGE_ZH] = (zh), [LANGUAGE_EN] = (en)},
static const char *const sentences[REASON_COUNT][2] = {SENTENCES(SENTENCE_ROW)};

/* Values may be long; the words around them never are. */
#define VALUE_BYTES_MAX 600

struct writer {
	enum language language;
	char *out;
	size_t size;
};

static void put(struct writer *writer, struct slice text) {
	size_t room = JOIN_WORDS_BYTES_MAX - writer->size;
	if (text.size > room) {
		text = slice_first(text, cut_before(text, room));
	}
	if (text.size > 0) {
		memcpy(writer->out + writer->size, text.bytes, text.size);
		writer->size += text.size;
	}
}

static void put_words(struct writer *writer, const char *zh, const char *en) {
	put(writer, slice_from_string(writer->language == LANGUAGE_ZH ? zh : en));
}

static void put_value(struct writer *writer, struct slice value) {
	char shown[VISIBLE_BYTES_MAX(VALUE_BYTES_MAX)];
	if (value.size > VALUE_BYTES_MAX) {
		value = slice_first(value, cut_before(value, VALUE_BYTES_MAX));
	}
	put(writer, slice_of(shown, visible_render(value, shown, sizeof shown)));
}

static void put_number(struct writer *writer, uint64_t number) {
	char digits[24];
	snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
	put(writer, slice_from_string(digits));
}

static void put_sentence(struct writer *writer, const char *sentence, struct slice name,
                         uint64_t number) {
	static const char name_place[] = "{name}", number_place[] = "{number}";
	while (*sentence != '\0') {
		size_t words = strcspn(sentence, "{");
		put(writer, slice_of(sentence, words));
		sentence += words;
		if (strncmp(sentence, name_place, sizeof name_place - 1) == 0) {
			put_value(writer, name.size > 0 ? name : slice_from_string("?"));
			sentence += sizeof name_place - 1;
		} else if (*sentence != '\0') {
			put_number(writer, number);
			sentence += sizeof number_place - 1;
		}
	}
}

/* NULL: it is not by the level. */
static const char *sentence_of_level(unsigned reason, uint64_t level, bool is_zh) {
	if (reason == REASON_CANNOT_SEND_TO_ROOM && level == LEVEL_QUIET) {
		return is_zh ? LEVEL_QUIET_ZH : LEVEL_QUIET_EN;
	}
	if (reason != REASON_ACCESS_CLOSED || level == 0) {
		return NULL;
	}
	if (level >= LEVEL_ACCOUNTS) {
		return is_zh ? LEVEL_ACCOUNTS_ZH : LEVEL_ACCOUNTS_EN;
	}
	return is_zh ? LEVEL_SHUT_ZH : LEVEL_SHUT_EN;
}

static void put_reason(struct writer *writer, const struct tell *tell, struct slice name,
                       uint64_t now_ms) {
	unsigned reason = tell->reason < REASON_COUNT && sentences[tell->reason][0] != NULL
	                          ? tell->reason
	                          : REASON_NONE;
	uint64_t number = tell->argument;
	const char *sentence = sentences[reason][writer->language];
	const char *of_level = sentence_of_level(reason, number, writer->language == LANGUAGE_ZH);
	if (of_level != NULL) {
		sentence = of_level;
	} else if (reason == REASON_MUTED && number > now_ms) {
		sentence = writer->language == LANGUAGE_ZH ? MUTED_FOR_ZH : MUTED_FOR_EN;
		number = (number - now_ms + MINUTE_MS - 1) / MINUTE_MS;
	} else if (reason == REASON_TEXT_TOO_LONG && number == 0) {
		number = TEXT_BYTES_MAX;
	} else if (reason == REASON_TOO_MANY_ROOMS && number == 0) {
		number = ROOMS_PER_PERSON_MAX;
	}
	put_sentence(writer, sentence, name, number);
	if (tell->text.size > 0) {
		put_words(writer, "：", ": ");
		put_value(writer, tell->text);
	}
}

size_t join_words_reason(enum language language, const struct tell *tell, struct slice name,
                         uint64_t now_ms, char out[static JOIN_WORDS_BYTES_MAX]) {
	struct writer writer = {.language = language, .out = out};
	put_reason(&writer, tell, name, now_ms);
	return writer.size;
}

/* ---- the end ---- */

static void put_host_unknown(struct writer *writer, const struct tell *tell, struct slice host) {
	put_words(writer, "找不到主机 ", "there is no host ");
	put_value(writer, host);
	if (tell->text.size > 0) {
		put_words(writer, "：", ": ");
		put_value(writer, tell->text);
	}
}

static void put_no_answer(struct writer *writer, const struct tell *tell, struct slice host) {
	put_value(writer, tell->other.size > 0 ? tell->other : host);
	put_words(writer, " 没有回音；服务器开着吗？地址和端口对吗？",
	          " does not answer; is the server running, and are address and port right?");
}

static void put_version(struct writer *writer, const struct tell *tell) {
	put_words(writer, "服务器说的是另一版协议（第 ", "the server speaks another version (");
	put_number(writer, tell->number);
	put_words(writer, " 版）；请用与它同样新的 qun", "); please use a qun as new as it is");
}

size_t join_words_ending(enum language language, const struct tell *tell, const char *host,
                         uint64_t now_ms, char out[static JOIN_WORDS_BYTES_MAX]) {
	struct writer writer = {.language = language, .out = out};
	struct slice asked = slice_from_string(host);
	switch (tell->ending) {
	case ENDING_HOST_UNKNOWN: put_host_unknown(&writer, tell, asked); break;
	case ENDING_NO_ANSWER: put_no_answer(&writer, tell, asked); break;
	case ENDING_VERSION: put_version(&writer, tell); break;
	case ENDING_REFUSED:
	case ENDING_PUT_OUT: put_reason(&writer, tell, tell->name, now_ms); break;
	case ENDING_TROUBLE: put_value(&writer, tell->text); break;
	default: break;
	}
	return writer.size;
}
