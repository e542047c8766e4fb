/*
 * link_rosters.h - which rooms one is in, and who else is there.
 *
 * The server is asked once (ROOMS, and WHO for each room), and the log's entries keep
 * it true from then on. An answer is true as of some seq, the log was told up to
 * another: whatever was told since the question is applied once more on top of the answer.
 * Adding, removing and renaming in the order of the log may be done twice: the last
 * entry about somebody decides, and it is the same one.
 *
 * Conversations of two are rooms as well: they appear with their first message.
 */
#ifndef LINK_ROSTERS_H
#define LINK_ROSTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "link_ask.h"
#include "screenwire.h"
#include "wire.h"

/* People in all rooms together whose names are kept; of what is beyond, only the numbers are known. */
#define ROSTERS_PEOPLE_MAX 20000
#define ROSTERS_DIRECT_MAX 64

struct rosters;

/* NULL if there is no memory. */
struct rosters *rosters_create(void);
void rosters_destroy(struct rosters *rosters);

/* Who one is. A new session, or one that slept: what is known is asked anew; rooms that are gone are told. */
void rosters_begin(struct rosters *rosters, uint64_t me, bool is_new_session);
/* Whether anybody wants to know who is there; if not, only rooms are kept. */
void rosters_want_people(struct rosters *rosters, bool wants);

/* An entry of the log, in its order. Afterwards rosters_tell() before the entry itself is told. */
void rosters_entry(struct rosters *rosters, const struct wire_entry *entry);
/* The log was told up to here. */
void rosters_passed(struct rosters *rosters, uint64_t seq);
/* A piece of the log is gone: who knows who is there. */
void rosters_gap(struct rosters *rosters);

/* What has to be asked next; false: nothing. Then the answer to it, row by row. */
bool rosters_wish(struct rosters *rosters, struct question *question);
void rosters_answer(struct rosters *rosters, const struct question *question,
                    const struct answer_head *head);
void rosters_row(struct rosters *rosters, const struct answer_row *row);
void rosters_answered(struct rosters *rosters);

/* The next thing that the face has not been told (TELL_ROOM, TELL_PERSON); false: it knows all. */
bool rosters_tell(struct rosters *rosters, struct tell *tell);
/* Another face: it knows nothing. */
void rosters_retell(struct rosters *rosters);

/* Are the rooms known that one is in? Until then entries are better held back. */
bool rosters_is_ready(const struct rosters *rosters);
/* Ask once more who is in that room: who is absent is not in the log. */
void rosters_refresh(struct rosters *rosters, uint64_t room);
bool rosters_is_in(const struct rosters *rosters, uint64_t room);

#endif
