/*
 * session_link.h - the client's half of the session dialect (docs/PROTOCOL.md):
 * datagrams and times in; datagrams, deadlines and tells out. No sockets, no clock,
 * no terminal: `qun join`, the robot, benchmarks and tests drive it, each with a
 * loop like this:
 *
 *	link_receive(link, datagram, now_us);                 // for each that came
 *	link_wish(link, &wish, now_us);                       // for each wish
 *	while ((size = link_send(link, out, now_us)) > 0) { … }   // what has to leave
 *	while (link_next(link, &tell, now_us)) { … }          // what there is to tell
 *	again, if there was anything; else sleep until link_deadline(link)
 *
 * It speaks the language of screenwire.h: wishes in, tells out. What a tell points at is good
 * until the next call. Whoever does not call link_next() is a slow reader: the link goes on
 * acknowledging what it can hold, then takes no more, and the server waits. A new reader
 * begins with WISH_ATTACH.
 *
 * All times are microseconds of one clock that never goes back. Memory is bounded, and
 * allocated when it is made, but for the names of people (at most ROSTERS_PEOPLE_MAX).
 */
#ifndef SESSION_LINK_H
#define SESSION_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys.h"
#include "limits.h"
#include "screenwire.h"
#include "wire.h"

/* What a client has to remember, to be the same one again. */
struct link_memory {
	bool has_session;
	bool has_server_key;
	uint64_t session;
	struct key key;  /* K */
	uint64_t cursor; /* what a person has seen: WISH_SHOWN */
	uint8_t server_key[KEY_BYTES];
	size_t name_size;
	char name[NAME_BYTES_MAX];
	/* A robot's: it is answering what was said at this seq, by its message of this number; 0: nothing. */
	uint64_t answering, answering_number;
};

struct session_start {
	struct link_memory memory; /* all zeros: nothing is remembered */
	const char *name;          /* asked for; NULL: the one remembered, or WISH_NAME will say */
	uint64_t now_us;
	uint64_t wall_us;     /* what the wall clock says at now_us */
	uint64_t patience_us; /* ends with ENDING_NO_ANSWER if nobody has answered ever; 0: never */
	bool is_trusting; /* never asks: begins anew when the server's key or session is another one */
	/* Random bytes; NULL: libsodium's. */
	void (*random)(void *context, void *bytes, size_t size);
	void *context;
};

struct link;

/* NULL if there is no memory. Call sodium_init() before. */
struct link *link_create(const struct session_start *start);
void link_destroy(struct link *link);

void link_receive(struct link *link, struct slice datagram, uint64_t now_us);
/* Returns the size of the next datagram to send, 0: none for now. */
size_t link_send(struct link *link, uint8_t out[WIRE_DATAGRAM_BYTES_MAX], uint64_t now_us);
/* When to call link_send() and link_next() again at the latest; UINT64_MAX: only when something comes. */
uint64_t link_deadline(const struct link *link);
/* The same for link_send() alone, while nobody can take what link_next() would tell. */
uint64_t link_send_deadline(const struct link *link);

void link_wish(struct link *link, const struct wish *wish, uint64_t now_us);
bool link_next(struct link *link, struct tell *tell, uint64_t now_us);

/* The machine refuses something (ENDING_HOST_UNKNOWN, ENDING_TROUBLE): it is over. */
void link_fail(struct link *link, enum ending ending, struct slice text, uint64_t now_us);
/* This machine slept, or has other addresses: ask at once whether the server is there. */
void link_doubt(struct link *link, uint64_t now_us);

/* What to remember; the number rises with each change of it. */
const struct link_memory *link_memory(const struct link *link);
uint64_t link_memory_version(const struct link *link);

void link_note_answering(struct link *link, uint64_t seq, uint64_t number);

/*
 * The number of the last message of one's own that was sent, and of the last that the server is known to have
 * kept (KEPT, WELCOME): so a robot knows, also after a restart, whether its answer was heard.
 */
uint64_t link_number(const struct link *link);
uint64_t link_kept_number(const struct link *link);

/* The address that the tells show ("192.168.1.23:8888"). */
void link_set_address(struct link *link, struct slice address);

enum standing link_standing(const struct link *link);
/* Has any datagram of the server's come? */
bool link_was_answered(const struct link *link);
/* For measuring. */
struct link_counts {
	uint64_t sent, received,
		refused;    /* datagrams; refused: malformed, foreign, or without room */
	uint64_t log_bytes; /* of LOGs taken */
	uint64_t entries;
};
const struct link_counts *link_counts(const struct link *link);

#endif
