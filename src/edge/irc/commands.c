/*
 * commands.c - the table: word, handler, parameters at least, when; and whether
 * it is answered from here, and so only when all that was asked before has happened.
 */
#include "irc_commands.h"

#include "irc_inside.h"

static const struct irc_command commands[] = {
	{"CAP", irc_on_cap, 1, IRC_ALWAYS, false},
	{"PASS", irc_on_pass, 1, IRC_BEFORE, false},
	{"NICK", irc_on_nick, 0, IRC_ALWAYS, false},
	{"USER", irc_on_user, 4, IRC_BEFORE, false},
	{"AUTHENTICATE", irc_on_authenticate, 1, IRC_ALWAYS, false},
	{"REGISTER", irc_on_register, 3, IRC_ALWAYS, true},
	{"SESSION", irc_on_session, 1, IRC_BEFORE, false},
	{"QUIT", irc_on_quit, 0, IRC_ALWAYS, true},
	{"PING", irc_on_ping, 0, IRC_ALWAYS, true},
	{"PONG", irc_on_pong, 0, IRC_ALWAYS, false},
	{"PRIVMSG", irc_on_privmsg, 0, IRC_AFTER, false},
	{"NOTICE", irc_on_notice, 0, IRC_AFTER, false},
	{"TAGMSG", irc_on_tagmsg, 1, IRC_AFTER, false},
	{"REDACT", irc_on_redact, 2, IRC_AFTER, true},
	{"RELAYMSG", irc_on_relaymsg, 3, IRC_AFTER, false},
	{"BATCH", irc_on_batch, 1, IRC_AFTER, false},
	{"JOIN", irc_on_join, 1, IRC_AFTER, false},
	{"PART", irc_on_part, 1, IRC_AFTER, false},
	{"TOPIC", irc_on_topic, 1, IRC_AFTER, false},
	{"RENAME", irc_on_rename, 2, IRC_AFTER, false},
	{"KICK", irc_on_kick, 2, IRC_AFTER, false},
	{"INVITE", irc_on_invite, 0, IRC_AFTER, false},
	{"NAMES", irc_on_names, 0, IRC_AFTER, true},
	{"LIST", irc_on_list, 0, IRC_AFTER, true},
	{"MODE", irc_on_mode, 1, IRC_AFTER, false},
	{"WHO", irc_on_who, 0, IRC_AFTER, true},
	{"WHOIS", irc_on_whois, 0, IRC_AFTER, true},
	{"WHOWAS", irc_on_whowas, 0, IRC_AFTER, true},
	{"USERHOST", irc_on_userhost, 1, IRC_AFTER, true},
	{"ISON", irc_on_ison, 1, IRC_AFTER, true},
	{"MONITOR", irc_on_monitor, 1, IRC_AFTER, true},
	{"AWAY", irc_on_away, 0, IRC_ALWAYS, false},
	{"SETNAME", irc_on_setname, 1, IRC_AFTER, false},
	{"CHATHISTORY", irc_on_chathistory, 0, IRC_AFTER, true},
	{"SEARCH", irc_on_search, 0, IRC_AFTER, true},
	{"MARKREAD", irc_on_markread, 0, IRC_AFTER, false},
	{"METADATA", irc_on_metadata, 0, IRC_ALWAYS, false},
	{"NICKSERV", irc_on_nickserv, 0, IRC_AFTER, true},
	{"NS", irc_on_nickserv, 0, IRC_AFTER, true},
	{"CHANSERV", irc_on_chanserv, 0, IRC_AFTER, true},
	{"CS", irc_on_chanserv, 0, IRC_AFTER, true},
	{"ISUPPORT", irc_on_isupport, 0, IRC_ALWAYS, true},
	{"LUSERS", irc_on_lusers, 0, IRC_AFTER, true},
	{"MOTD", irc_on_motd, 0, IRC_AFTER, true},
	{"VERSION", irc_on_version, 0, IRC_AFTER, true},
	{"TIME", irc_on_time, 0, IRC_AFTER, true},
	{"INFO", irc_on_info, 0, IRC_AFTER, true},
	{"LINKS", irc_on_links, 0, IRC_AFTER, true},
	{"ADMIN", irc_on_admin, 0, IRC_AFTER, true},
	{"STATS", irc_on_stats, 1, IRC_AFTER, true},
	{"HELP", irc_on_help, 0, IRC_AFTER, true},
	{"HELPOP", irc_on_help, 0, IRC_AFTER, true},
	{"OPER", irc_on_oper, 2, IRC_AFTER, true},
	{"KILL", irc_on_kill, 2, IRC_AFTER, true},
	{"KLINE", irc_on_kline, 1, IRC_AFTER, true},
	{"UNKLINE", irc_on_unkline, 1, IRC_AFTER, true},
	{"DLINE", irc_on_dline, 1, IRC_AFTER, true},
	{"UNDLINE", irc_on_undline, 1, IRC_AFTER, true},
	{"DEFCON", irc_on_defcon, 0, IRC_AFTER, true},
	{"WALLOPS", irc_on_wallops, 1, IRC_AFTER, true},
	{"REHASH", irc_on_rehash, 0, IRC_AFTER, true},
};

const struct irc_command *irc_command_of(struct slice word) {
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (irc_equal(word, commands[i].word)) {
			return &commands[i];
		}
	}
	return NULL;
}

bool irc_each_command(bool (*each)(void *context, const struct irc_command *command),
                      void *context) {
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!each(context, &commands[i])) {
			return false;
		}
	}
	return true;
}
