/* irc_view.h - what IRC shows of people and rooms, of whatever face they are. Pure. */
#ifndef IRC_VIEW_H
#define IRC_VIEW_H

#include "record.h"
#include "slice.h"
#include "state.h"

/* Of who came by datagram: IRC has a user and a host for everybody. */
#define IRC_USERHOST_OTHERS "~qun@datagram.qun"

/* "user@host", never empty; and its halves. */
struct slice view_userhost(const struct state *state, const struct person *person);
struct slice view_user(struct slice userhost);
struct slice view_host(struct slice userhost);
/* Never empty: the name, if there is no other. */
struct slice view_realname(const struct state *state, const struct person *person);
/* "#lobby" for the lobby; empty if there is no such room. */
struct slice view_room_name(const struct state *state, uint64_t room);

/* Why it is away: it has said so, or nobody of it is connected. Empty: it is not. */
struct slice view_away(const struct state *state, const struct person *person);
#define VIEW_NOT_CONNECTED "Not connected"

#endif
