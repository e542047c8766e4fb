/*
 * irc_service.h - NickServ and ChanServ: people that are none, to whom one says
 * commands: `PRIVMSG ChanServ :INFO #room`, or `CS INFO #room`.
 *
 * A service is a table of commands. Finding one, counting its parameters, saying
 * who may use it, and HELP are done here for all of them; a service takes its orders
 * when all that was asked before has happened, so its handlers may read the state.
 */
#ifndef IRC_SERVICE_H
#define IRC_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

struct irc;
struct irc_asked;
struct record;

#define IRC_ORDER_WORDS_MAX 8

/* What was said to a service, without the command. */
struct irc_order {
	size_t count;
	struct slice words[IRC_ORDER_WORDS_MAX]; /* empty behind the last */
	struct slice from[IRC_ORDER_WORDS_MAX];  /* all from that word on, blanks and all */
};

struct irc_service_command {
	const char *word;
	void (*handle)(struct irc *irc, const struct irc_order *order);
	uint8_t least;          /* parameters */
	bool is_for_operators;  /* of the server; others do not find it */
	const char *parameters; /* "#room [account]", as HELP shows them */
	const char *brief;      /* one line, for the list */
	const char *help;       /* more lines, '\n' between them; NULL: none */
};

struct irc_service {
	const char *name;
	const char *about; /* what it is for: HELP begins with it */
	const struct irc_service_command *commands;
	size_t count;
	/* What came of a request that it made; NULL: it says nothing, as one sees it. */
	void (*refused)(struct irc *irc, const struct irc_asked *asked,
	                const struct record *answer);
	void (*done)(struct irc *irc, const struct irc_asked *asked, const struct record *last);
};

extern const struct irc_service irc_nickserv, irc_chanserv;

/* ---- NickServ: nickserv_own.c, what one may do with one's own account ---- */

typedef void irc_order_handler(struct irc *irc, const struct irc_order *order);
irc_order_handler irc_nickserv_drop, irc_nickserv_ghost, irc_nickserv_info, irc_nickserv_sessions,
	irc_nickserv_set;

/* NULL: nothing is called that. */
const struct irc_service *irc_service_of(struct slice name);
/* Something was said to it. */
void irc_serve(struct irc *irc, const struct irc_service *service, struct slice text);
/* A line of it to whom we are talking, with up to two words put for the '%' in it. */
void irc_service_says(struct irc *irc, const struct irc_service *service, const char *text,
                      struct slice a, struct slice b);
/*
 * What confirms a deed that cannot be taken back: the same for the same person, deed and thing, in
 * every edge and after every restart, and no other's.
 */
#define IRC_CODE_BYTES_MAX 9
void irc_service_code(const struct irc *irc, const struct irc_service *service, const char *command,
                      uint64_t id, struct slice about, char out[static IRC_CODE_BYTES_MAX]);
/* The hub's word on what a service asked for; of entries the last. */
void irc_service_refuses(struct irc *irc, const struct irc_asked *asked,
                         const struct record *answer);
void irc_service_done(struct irc *irc, const struct irc_asked *asked, const struct record *last);

#endif
