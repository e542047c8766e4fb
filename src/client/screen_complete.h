/*
 * screen_complete.h - what Tab does: completes the word before the cursor from
 * the commands, rooms and names there are; pressed again it goes on to the next
 * of them.
 */
#ifndef SCREEN_COMPLETE_H
#define SCREEN_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

#include "limits.h"
#include "screen_edit.h"
#include "slice.h"

/* A candidate is a name or a command with what follows it (": ", " "). */
#define COMPLETE_BYTES_MAX (NAME_BYTES_MAX + 8)

struct complete {
	bool is_going; /* the last key was Tab, and it put something in */
	size_t index;  /* the candidate that stands there now */
	size_t put_size;
	size_t word_size;
	char word[COMPLETE_BYTES_MAX]; /* what was typed */
};

/*
 * Calls `offer` for each candidate that may stand there, in the order in which they are to come: names
 * only those that begin with `word` (as names compare: complete_fits()).
 */
struct complete_offer {
	void *context;
	bool (*offer)(struct complete_offer *offer, struct slice candidate); /* false: no more */
};
typedef void complete_source(void *context, struct slice word, bool is_first,
                             struct complete_offer *offer);

/* Does it begin with the word, as names compare (case and width aside)? */
bool complete_fits(struct slice word, struct slice name);

/* False: there is nothing that fits. */
bool complete_press(struct complete *complete, struct edit *edit, complete_source *source,
                    void *context);
/* Any other key was pressed. */
void complete_stop(struct complete *complete);

#endif
