/*
 * whom.h - whom a ban is of, as it is typed: the administrator's commands and
 * those of IRC's operators mean the same by it.
 */
#ifndef WHOM_H
#define WHOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "slice.h"

struct whom {
	bool has_net;
	struct net net;
	struct slice name; /* part of what was typed; empty with a net */
	uint64_t bits;     /* BAN_* */
};

/*
 * "10.0.0.0/8", "1.2.3.4": a network; "account:NAME"; what has one of "!@*?", which
 * no name has: a mask; anything else is a name. What is no good as such is the hub's to say.
 */
struct whom whom_parse(struct slice typed);

#define WHOM_ACCOUNT "account:"

#endif
