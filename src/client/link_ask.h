/*
 * link_ask.h - one question to the server at a time, repeated until all pages of
 * its answer are there; then the answer, a row at a time.
 *
 *   free → asked (ask_begin, ask_fill … ask_answer) → answered (ask_next …) → free
 */
#ifndef LINK_ASK_H
#define LINK_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "link_inbox.h"
#include "link_rtt.h"
#include "wire.h"

#define ASK_PAGES_MAX 8
/* What is searched for: a line. */
#define ASK_TEXT_BYTES_MAX 400

struct question {
	uint8_t kind; /* enum wire_ask */
	uint8_t lines;
	uint64_t room;
	uint64_t seq;   /* BEFORE, SEARCH */
	uint64_t after; /* WHO, ROOMS */
	size_t text_size;
	char text[ASK_TEXT_BYTES_MAX];
};

/* What all pages of an answer have in common. */
struct answer_head {
	uint8_t kind;
	uint8_t more, reason;
	uint64_t seq, connected, absent;
};

enum answer_found { ANSWER_AT_END, ANSWER_ENTRY, ANSWER_GAP, ANSWER_PERSON, ANSWER_ROOM };
struct answer_row {
	enum answer_found found;
	struct wire_entry entry;
	uint64_t id;     /* person or room */
	uint64_t people; /* of a room */
	uint8_t flags;
	struct slice name;
};

struct asker;

struct asker *ask_create(void);
void ask_destroy(struct asker *asker);

bool ask_is_free(const struct asker *asker);
bool ask_is_asking(const struct asker *asker);
bool ask_is_answered(const struct asker *asker);

/* Free: ask this. */
void ask_begin(struct asker *asker, const struct question *question);
/* The same question on a new connection, at once. */
void ask_anew(struct asker *asker);
/* Another session: nobody will answer it any more. */
void ask_abort(struct asker *asker);

bool ask_fill(struct asker *asker, struct wire_out *out, uint64_t now_us, const struct rtt *rtt);
uint64_t ask_deadline(const struct asker *asker);

/* An ANSWER frame. False if it is malformed: its datagram is to be dropped. */
bool ask_answer(struct asker *asker, const struct wire_talk *talk, uint64_t now_us,
                struct rtt *rtt);

/* Answered: the head, and the rows; behind the last one ANSWER_AT_END. Then ask_done(). */
const struct answer_head *ask_head(const struct asker *asker);
const struct question *ask_question(const struct asker *asker);
enum answer_found ask_next(struct asker *asker, struct answer_row *row);
void ask_done(struct asker *asker);

#endif
