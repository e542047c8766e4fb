/*
 * act.h - acts: entries with which somebody used a power over others, of the
 * administrator, of the server's operators or of a room's. They are kept with who
 * did it and why (store.h), whether or not they are history that people are shown.
 */
#ifndef ACT_H
#define ACT_H

#include <stdbool.h>

#include "record.h"

bool record_is_act(const struct record *record);

/* Nobody did it: what was set for a time ran out. */
bool act_is_expiry(const struct record *act);
/* Who did it; empty: the administrator (or act_is_expiry()). */
struct slice act_by(const struct record *act);
/* To whom or to what it was done: empty if that is the whole server, or not a name. */
struct slice act_about(const struct record *act);

/* Was it done by somebody of that name, or by the administrator ("admin", or what else means that)? */
bool act_is_by(const struct record *act, struct slice name);
/* Has it to do with the person, account, mask, network or room? */
bool act_is_about(const struct record *act, struct slice what);

#endif
