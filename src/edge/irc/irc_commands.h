/* irc_commands.h - the handlers of the table in commands.c, by the file they are in. */
#ifndef IRC_COMMANDS_H
#define IRC_COMMANDS_H

struct irc;

/* register.c */
void irc_on_cap(struct irc *irc);
void irc_on_pass(struct irc *irc);
void irc_on_nick(struct irc *irc);
void irc_on_user(struct irc *irc);
void irc_on_quit(struct irc *irc);

/* sasl.c, registration.c */
void irc_on_authenticate(struct irc *irc);
void irc_on_register(struct irc *irc);

/* resume.c */
void irc_on_session(struct irc *irc);

/* service.c */
void irc_on_nickserv(struct irc *irc);
void irc_on_chanserv(struct irc *irc);

/* marks.c, metadata.c */
void irc_on_markread(struct irc *irc);
void irc_on_metadata(struct irc *irc);

/* messages.c */
void irc_on_privmsg(struct irc *irc);
void irc_on_notice(struct irc *irc);
void irc_on_tagmsg(struct irc *irc);

/* multiline.c */
void irc_on_batch(struct irc *irc);

/* rooms.c */
void irc_on_join(struct irc *irc);
void irc_on_part(struct irc *irc);
void irc_on_topic(struct irc *irc);
void irc_on_kick(struct irc *irc);
void irc_on_invite(struct irc *irc);
void irc_on_names(struct irc *irc);

/* relay.c */
void irc_on_relaymsg(struct irc *irc);

/* rename.c */
void irc_on_rename(struct irc *irc);

/* list.c */
void irc_on_list(struct irc *irc);

/* modes.c */
void irc_on_mode(struct irc *irc);

/* people.c */
void irc_on_whois(struct irc *irc);
void irc_on_whowas(struct irc *irc);
void irc_on_userhost(struct irc *irc);
void irc_on_ison(struct irc *irc);
void irc_on_away(struct irc *irc);
void irc_on_setname(struct irc *irc);

/* monitor.c */
void irc_on_monitor(struct irc *irc);

/* who.c */
void irc_on_who(struct irc *irc);

/* greeting.c */
void irc_on_isupport(struct irc *irc);
void irc_on_lusers(struct irc *irc);
void irc_on_motd(struct irc *irc);

/* server.c */
void irc_on_ping(struct irc *irc);
void irc_on_pong(struct irc *irc);
void irc_on_version(struct irc *irc);
void irc_on_time(struct irc *irc);
void irc_on_info(struct irc *irc);
void irc_on_links(struct irc *irc);
void irc_on_admin(struct irc *irc);

/* stats.c */
void irc_on_stats(struct irc *irc);

/* help.c */
void irc_on_help(struct irc *irc);

/* operators.c */
void irc_on_oper(struct irc *irc);
void irc_on_kill(struct irc *irc);
void irc_on_wallops(struct irc *irc);
void irc_on_rehash(struct irc *irc);

/* bans.c */
void irc_on_kline(struct irc *irc);
void irc_on_unkline(struct irc *irc);
void irc_on_dline(struct irc *irc);
void irc_on_undline(struct irc *irc);
void irc_on_defcon(struct irc *irc);

/* redact.c */
void irc_on_redact(struct irc *irc);

/* history.c */
void irc_on_chathistory(struct irc *irc);

/* search.c */
void irc_on_search(struct irc *irc);

#endif
