/* A reader of what the link tells, for its tests: it remembers, and asserts what always holds. */
#ifndef LINK_READER_H
#define LINK_READER_H

#include "link_server.h"

#define SECOND UINT64_C(1000000)
#define SAID_MAX 3000

/* What a face knows from what it was told. */
struct reader {
	struct sim *sim;
	struct sim_client *client;
	enum standing standing;
	uint8_t ending;
	uint16_t standing_reason, flags;
	uint64_t standing_number, rtt_us;
	char name[100];
	bool was_silent;
	size_t entries, said_count, gaps;
	uint64_t said[SAID_MAX];      /* seqs */
	uint32_t said_sums[SAID_MAX]; /* of the texts */
	uint64_t last_seq, last_tag_seq, gap_from, gap_to;
	uint8_t states[SAID_MAX]; /* of messages, by tag */
	uint64_t seqs[SAID_MAX];
	uint16_t reasons[SAID_MAX];
	uint64_t arguments[SAID_MAX];
	size_t kept, refused;
	uint64_t tag;
	/* Rosters. */
	bool is_in[SIM_ROOMS + 1], is_whole[SIM_ROOMS + 1];
	uint64_t connected[SIM_ROOMS + 1];
	bool is_there[SIM_ROOMS + 1][3000];
	bool has_direct_room;
	char direct_name[100];
	/* Answers. */
	uint64_t answered, rows, first_row_seq;
	bool has_more;
	uint16_t answer_reason;
	bool trusts;
};

struct reader *reader_come(struct sim *sim, struct session_start start);
/* ... and is in. */
struct reader *reader_enter(struct sim *sim, const char *name);
void reader_wish(struct reader *reader, struct wish wish);
void reader_say(struct reader *reader, uint64_t room, const char *text);
/* Run until all that was said is decided. */
void reader_settle(struct reader *reader);
void reader_finish(struct sim *sim);

bool reader_is_in(void *reader);
bool reader_is_decided(void *reader);
bool reader_is_over(void *reader);

#endif
