/*
 * link_inner.h - the inside of session_link.h: its state, and what its files have of
 * each other.
 *
 *   session_link.c   the whole: receive, send, deadlines
 *   link_greet.c     HELLO to WELCOME, RESUME, RESET, LOST
 *   link_wishes.c    what the face wishes, and how it ends
 *   link_tells.c     what the face is told, in which order
 *
 * Phases:
 *
 *   NAMELESS → GREETING → IN ⇄ GREETING        (silence, RESET, LOST: a RESUME)
 *                 ↓  ↑
 *       NAMELESS, DOUBTING (a key, a session that is gone), PAUSED (busy)
 *
 * and OVER from everywhere, for good.
 */
#ifndef LINK_INNER_H
#define LINK_INNER_H

#include "link_ack.h"
#include "link_ask.h"
#include "link_inbox.h"
#include "link_outbox.h"
#include "link_rosters.h"
#include "link_rtt.h"
#include "session_link.h"

#define SECOND_US (UINT64_C(1000) * 1000)
#define GREET_US_FIRST (UINT64_C(200) * 1000)
#define PAUSE_US (2 * SECOND_US)   /* after `busy` */
#define PING_US (15 * SECOND_US)   /* after so long without a word of ours */
#define SILENCE_US (5 * SECOND_US) /* nobody answers: begin again */
#define SILENT_US (3 * SECOND_US)  /* nobody answers: the face may say so */
#define SOFT_NEWS_US (SECOND_US / 4)
#define QUIT_US (60 * SECOND_US) /* what was said is waited for, */
#define LEAVE_US (3 * SECOND_US) /* and the server's answer to the last word */
#define TEXT_TOLD_BYTES_MAX 512

enum link_phase {
	PHASE_NAMELESS,
	PHASE_GREETING,
	PHASE_PAUSED,
	PHASE_DOUBTING,
	PHASE_IN,
	PHASE_OVER,
};

/* An attempt to come in, or to come back. */
struct greeting {
	bool is_open; /* OPEN, not RESUME */
	bool has_cookie;
	uint8_t nonce[NONCE_BYTES];
	uint8_t cookie[COOKIE_BYTES];
	uint32_t connection;
	struct key_pair pair;
	uint64_t cursor; /* that RESUME says */
	uint64_t begun_us, sent_us, repeat_us;
	unsigned times; /* OPEN or RESUME was sent */
};

/* One stretch of a session at one address. */
struct stretch {
	bool is_there;
	uint32_t number;
	struct key key;
	uint32_t next_packet;
	struct ack_book acks;
	uint64_t heard_us; /* a LOG or a TALK */
	uint64_t said_us;  /* the last thing that wants an answer */
	uint64_t waits_us; /* since when one is waited for; 0: no */
	uint64_t ping_us;  /* when it was sent; 0: none is out */
	uint64_t ping_repeat_us;
	uint64_t token;
};

/* What a WELCOME brought, before it is believed. */
struct welcome {
	uint64_t session, person, number, seq;
	struct key session_key, key;
	uint8_t server_key[KEY_BYTES];
};

struct face_question {
	uint64_t number;
	struct question question;
};

/* What was not even taken. */
struct rejected {
	bool is_question;
	uint64_t id;
	uint16_t reason;
	uint64_t argument;
};
#define REJECTED_MAX 64

struct link {
	struct session_start start;
	struct link_memory memory;
	uint64_t memory_version;
	struct link_counts counts;
	uint64_t person;
	size_t name_size; /* to come in with */
	char name[NAME_BYTES_MAX];
	size_t address_size;
	char address[80];

	enum link_phase phase;
	struct greeting greeting;
	struct stretch stretch;
	struct rtt rtt;
	uint64_t pause_us; /* PAUSED until then */
	bool was_answered, was_in, is_new_session;
	/* DOUBTING: a WELCOME came under another key than the one remembered; if not, the session is gone. */
	bool is_key_doubted;
	struct welcome welcome;

	struct inbox *inbox;
	struct outbox *outbox;
	struct asker *asker;
	struct rosters *rosters;

	/* Standing, as told. */
	bool is_attached, has_news, has_soft_news, was_silent;
	uint64_t soft_told_us, since_us;
	enum ending ending;
	uint16_t reason;
	uint64_t argument, number;
	size_t text_size;
	char text[TEXT_TOLD_BYTES_MAX];
	uint64_t tag_max;
	size_t waiting_told;

	/* The question that is out: the face's, or the rosters'. */
	bool is_face_asking;
	struct face_question asked;
	size_t rows_told;
	uint64_t last_row;
	size_t questions_count;
	struct face_question questions[QUESTIONS_OPEN_MAX];
	size_t rejected_count;
	struct rejected rejected[REJECTED_MAX];

	/* An entry that waits until its room was told. */
	bool has_entry;
	struct tell entry;
	uint8_t entry_rooms[8 * ROOMS_PER_PERSON_MAX];
	char entry_bytes[INBOX_ENTRY_BYTES_MAX]; /* its texts, when the inbox has begun anew */
	/* Of a row of an answer, which may be told while that entry waits. */
	uint8_t row_rooms[8 * ROOMS_PER_PERSON_MAX];

	/* The end. */
	bool is_quitting, is_staying, is_hurrying, is_leaving;
	unsigned detaches; /* still to be sent */
	uint64_t quit_us;  /* patience ends */
	size_t why_size;
	char why[WHY_BYTES_MAX];
};

/* link_greet.c */
void link_greet_begin(struct link *link, uint64_t now_us);
void link_greet_with_cookie(struct link *link, const uint8_t cookie[COOKIE_BYTES], uint64_t now_us);
void link_greet_receive(struct link *link, struct slice datagram, uint64_t now_us);
size_t link_greet_send(struct link *link, uint8_t out[WIRE_DATAGRAM_BYTES_MAX], uint64_t now_us);
uint64_t link_greet_deadline(const struct link *link);
void link_greet_trust(struct link *link, uint64_t now_us);

/* session_link.c */
void link_change(struct link *link, enum link_phase phase, uint64_t now_us);
void link_end(struct link *link, enum ending ending, uint64_t now_us);
void link_set_text(struct link *link, uint16_t reason, uint64_t argument, struct slice text);
void link_remember(struct link *link);

/* link_wishes.c */
void link_set_name(struct link *link, struct slice name);
void link_go_on_quitting(struct link *link, uint64_t now_us);
void link_ask_next(struct link *link);
void link_drop_questions(struct link *link);

#endif
