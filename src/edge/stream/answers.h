/*
 * answers.h - what a connection is told apart from the log: a buffer of pieces,
 * each with its place, the seq of the last entry before it. Made when there is
 * something in it, freed when there is not.
 */
#ifndef ANSWERS_H
#define ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

struct answers;

/* Bytes that wait; those of the pieces alone. NULL is an empty one. */
size_t answers_size(const struct answers *answers);
/* Behind all that is there; `after` may not be below the last one's. */
void answers_add(struct answers **answers, uint64_t after, struct slice bytes);

/* The pieces, one after the other; *at is 0 at first. False: there is no more. */
bool answers_next(const struct answers *answers, size_t *at, uint64_t *after, struct slice *bytes);
/* So many bytes of the first piece, at most all of it, are done with. Frees it when nothing is left. */
void answers_took(struct answers **answers, size_t size);
void answers_drop(struct answers **answers);

#endif
