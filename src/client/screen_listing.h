/* screen_listing.h - /who and /rooms: the rows of the answer gather in the model and become one note. */
#ifndef SCREEN_LISTING_H
#define SCREEN_LISTING_H

#include "screen_model.h"

/* Rows of another question's answer are passed over. */
void listing_add_person(struct model *model, const struct tell *tell);
void listing_add_room(struct model *model, const struct tell *tell);
/* The answer is complete, or there is none. */
void listing_end(struct model *model, const struct tell *tell);

#endif
