/*
 * acts.h - /audit: what was done to moderate the server and its rooms, page by
 * page from the clerk; and how an act (act.h) is put, in words and for programs.
 */
#ifndef ACTS_H
#define ACTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "clerkwire.h"
#include "speech.h"

struct audit;
struct command;
struct task;

/* Days back from now where no time is given. */
#define ACTS_DAYS_DEFAULT 30

/* What the command asks for. */
void acts_wish(struct audit *audit, const struct command *command, uint64_t now_us);
bool acts_is_wished(const struct audit *audit, const struct record *act);

/* "2026-11-26 05:20:11  小明 banned *!*@bad.example until ...: why". Terminated; returns the size. */
size_t acts_line(enum language language, const struct record *act, char out[SPEECH_LINE_MAX]);
/* As speech_object(), and always with `by`: "administrator", "expiry", or a name. A new reference. */
json_t *acts_object(const struct record *act);

/* CLERK_ACTS answered. `bytes`: what follows the head. */
void acts_on_clerk(struct task *task, const struct clerk_answer *answer, const char *bytes,
                   size_t size);
/* A page is shown: asks for the next. False: that was the last, or these are no acts. */
bool acts_go_on(struct task *task);

#endif
