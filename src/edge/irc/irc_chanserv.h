/* irc_chanserv.h - what the two files of ChanServ share: whose rooms are; and what is done in them. */
#ifndef IRC_CHANSERV_H
#define IRC_CHANSERV_H

#include "irc_service.h"

/* "% is %": a line to whom we are talking. */
void chanserv_says(struct irc *irc, const char *text, struct slice a, struct slice b);
/* The room of that name, if who asks may know that there is one; 0: it has been told. */
uint64_t chanserv_room(struct irc *irc, struct slice name);

/* chanserv_deeds.c */
void chanserv_on_op(struct irc *irc, const struct irc_order *order);
void chanserv_on_deop(struct irc *irc, const struct irc_order *order);
void chanserv_on_voice(struct irc *irc, const struct irc_order *order);
void chanserv_on_devoice(struct irc *irc, const struct irc_order *order);
void chanserv_on_kick(struct irc *irc, const struct irc_order *order);
void chanserv_on_ban(struct irc *irc, const struct irc_order *order);
void chanserv_on_unban(struct irc *irc, const struct irc_order *order);
void chanserv_on_invite(struct irc *irc, const struct irc_order *order);
void chanserv_on_topic(struct irc *irc, const struct irc_order *order);
void chanserv_on_mode(struct irc *irc, const struct irc_order *order);

#endif
