/* help.c - HELP: a line or two for each command. */
#include <stdlib.h>
#include <string.h>

#include "irc_commands.h"
#include "irc_inside.h"

static const struct {
	const char *topic, *text;
} topics[] = {
	{"ADMIN", "ADMIN: who runs this server"},
	{"AUTHENTICATE",
         "AUTHENTICATE PLAIN|SCRAM-SHA-256, then what that asks for: sign in to an account "
         "(SASL)"},
	{"AWAY", "AWAY [:text]: say that you are away, and why; without a text: that you are back"},
	{"BATCH",
         "BATCH +name draft/multiline target, BATCH -name: what stands between is one message"},
	{"CAP", "CAP LS 302|LIST|REQ :capabilities|END: what this server can do for a client"},
	{"CHANSERV", "CHANSERV command, or CS, or PRIVMSG ChanServ: rooms that belong to accounts; "
                     "CS HELP"},
	{"CHATHISTORY", "CHATHISTORY LATEST|BEFORE|AFTER|AROUND|BETWEEN target [from] [to] limit: "
                        "what was said before"},
	{"DEFCON",
         "DEFCON [level [:why]]: how far the server is open. 5: as ever; 4: nobody can register an "
         "account; 3: of those who are new, only who has an account comes in; 2: nobody new "
         "comes in; 1: and every room is as if moderated; for operators"},
	{"DLINE",
         "DLINE [MYSELF] [duration] network :why: let nobody in from there, and end who is here; "
         "DLINE LIST, UNDLINE network; for operators"},
	{"HELP", "HELP [topic]: this"},
	{"INFO", "INFO: what this server is"},
	{"INVITE", "INVITE nick #room: let somebody into a room; INVITE: where you are invited"},
	{"ISON", "ISON nick ...: which of these are here"},
	{"ISUPPORT", "ISUPPORT: what this server has, as it says on the way in"},
	{"JOIN", "JOIN #room[,#room] [key[,key]]: go into rooms; who is first is its operator"},
	{"KICK", "KICK #room nick[,nick] [:why]: put somebody out of a room"},
	{"KILL", "KILL nick :why: put somebody out of the server; for operators"},
	{"KLINE",
         "KLINE [MYSELF] [duration] nick|account:name|mask :why: let such people not in, and end "
         "who is "
         "here; 1h30m, 7d: how long, else until UNKLINE; KLINE LIST shows them; for operators"},
	{"LINKS", "LINKS: the servers; there is one"},
	{"LIST", "LIST [filter,...]: the rooms; >n and <n people, masks, T<minutes, C<minutes"},
	{"LUSERS", "LUSERS: how many are here"},
	{"MARKREAD", "MARKREAD target [timestamp=time]: up to where you have read there"},
	{"METADATA",
         "METADATA target GET|LIST|SET|CLEAR|SUB|UNSUB|SUBS|SYNC [key ...] [:value]: what "
         "people and rooms say of themselves"},
	{"MODE",
         "MODE #room [changes]: how a room is; lists b e I (of masks, a:account, m:mask to mute); "
         "i k l m n s t C; R: to come in, M: to "
         "speak one needs an account; f #other: for whom it does not let in; W seconds between "
         "two messages of one; o v people"},
	{"MONITOR",
         "MONITOR +|- nick[,nick]: be told when they come and go, or no more; C: of none, "
         "L: of whom, S: who is here"},
	{"MOTD", "MOTD: the message of the day"},
	{"NAMES", "NAMES #room: who is in a room"},
	{"NICK", "NICK name: be called that"},
	{"NICKSERV", "NICKSERV command, or NS, or PRIVMSG NickServ: names that belong to accounts; "
                     "NS HELP"},
	{"NOTICE", "NOTICE target[,target] :text: as PRIVMSG, and nothing answers by itself"},
	{"OPER", "OPER name password: be an operator of the server"},
	{"PART", "PART #room[,#room] [:why]: leave rooms"},
	{"PASS", "PASS password: the server's password, if it wants one, before one is in"},
	{"PING", "PING token: is answered when all before it has happened"},
	{"PONG", "PONG token: what answers a PING of the server's"},
	{"PRIVMSG", "PRIVMSG target[,target] :text: say something in rooms, and to people"},
	{"QUIT", "QUIT [:why]: go"},
	{"REDACT", "REDACT target msgid [:why]: take back what was said"},
	{"REGISTER", "REGISTER account * password: your name becomes your account"},
	{"REHASH", "REHASH: read the configuration again; for operators"},
	{"RELAYMSG", "RELAYMSG #room nick/elsewhere :text: for bridges; by operators"},
	{"RENAME", "RENAME #room #new [:why]: give a room another name"},
	{"SEARCH",
         "SEARCH in=target[;text=words][;from=nick][;after=time][;before=time][;limit=n]: "
         "what was said there, and has that"},
	{"SESSION",
         "SESSION token: go on with what was cut, with a token that you have made up, before one "
         "is in"},
	{"SETNAME", "SETNAME :name: your real name"},
	{"STATS",
         "STATS u: since when the server is up; for operators o, p: who they are, k: bans of "
         "names, accounts and masks, d: bans of networks"},
	{"TAGMSG", "TAGMSG target: tags alone, for those who asked for tags"},
	{"TIME", "TIME: the server's clock"},
	{"TOPIC", "TOPIC #room [:text]: what a room is about"},
	{"UNDLINE", "UNDLINE network: take a DLINE back; for operators"},
	{"UNKLINE", "UNKLINE nick|account:name|mask: take a KLINE back; for operators"},
	{"USER", "USER name 0 * :real name: who you are, before one is in"},
	{"USERHOST", "USERHOST nick ...: their user names and hosts"},
	{"VERSION", "VERSION: which version this is"},
	{"WALLOPS", "WALLOPS :text: to all who have mode +w; for operators"},
	{"WHO", "WHO #room|nick|mask [%fields]: who is there"},
	{"WHOIS", "WHOIS nick: who somebody is"},
	{"WHOWAS", "WHOWAS nick: who somebody was"},
};
#define TOPICS_COUNT (sizeof(topics) / sizeof(topics[0]))

/* Commands by other names. */
static const struct {
	const char *name, *topic;
} aliases[] = {{"CS", "CHANSERV"}, {"HELPOP", "HELP"}, {"NS", "NICKSERV"}};

/* NULL: there is nothing about it. */
static const char *text_about(struct slice typed) {
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (irc_equal(typed, aliases[i].name)) {
			typed = irc_word(aliases[i].topic);
		}
	}
	for (size_t i = 0; i < TOPICS_COUNT; i++) {
		if (irc_equal(typed, topics[i].topic)) {
			return topics[i].text;
		}
	}
	return NULL;
}

#define COMMANDS_MAX 128
struct words {
	const char *each[COMMANDS_MAX];
	size_t count;
};

static bool note_word(void *context, const struct irc_command *command) {
	struct words *words = context;
	words->each[words->count++] = command->word;
	return words->count < COMMANDS_MAX;
}

static int by_letters(const void *a, const void *b) {
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All commands there are, whether or not there is a text about them. */
static void say_topics(struct irc *irc) {
	struct words words = {.count = 0};
	struct slice about = irc_word("*");
	irc_each_command(note_word, &words);
	qsort(words.each, words.count, sizeof(words.each[0]), by_letters);
	irc_numeric_with(irc, RPL_HELPSTART, about, irc_word("HELP topic; the topics are"));
	for (size_t i = 0; i < words.count;) {
		irc_begin_numeric(irc, RPL_HELPTXT);
		irc_put_text(&irc->at, " * :");
		for (size_t in_line = 0; in_line < 8 && i < words.count; in_line++, i++) {
			irc_put_text(&irc->at, in_line > 0 ? " " : "");
			irc_put_text(&irc->at, words.each[i]);
		}
		irc_end_line(irc);
	}
	irc_numeric_with(irc, RPL_ENDOFHELP, about, irc_word("End of /HELP"));
}

void irc_on_help(struct irc *irc) {
	struct slice typed = irc_parameter(&irc->message, 0);
	if (typed.size == 0) {
		say_topics(irc);
		return;
	}
	const char *text = text_about(typed);
	if (text == NULL) {
		irc_numeric(irc, ERR_HELPNOTFOUND, typed, irc_nothing());
		return;
	}
	irc_numeric_with(irc, RPL_HELPSTART, typed, irc_word(text));
	irc_numeric_with(irc, RPL_ENDOFHELP, typed, irc_word("End of /HELP"));
}
