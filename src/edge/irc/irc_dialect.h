/* irc_dialect.h - IRC, as the stream face speaks it. irc_inside.h lists its files. */
#ifndef IRC_DIALECT_H
#define IRC_DIALECT_H

#include "dialect.h"

extern const struct stream_dialect irc_dialect;

#endif
