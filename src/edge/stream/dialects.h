/* dialects.h - which dialects there are: where the stream face finds them. */
#ifndef DIALECTS_H
#define DIALECTS_H

#include "dialect.h"

/* NULL as long as there is none. */
const struct stream_dialect *stream_dialect_irc(void);

#endif
