/*
 * task.h - a command under way, from the line that was typed to its last word.
 *
 *   free → (run) ─┬→ answer → durable ─┬→ done     what the hub decides
 *                 ├→ answer → boards → clerk       /check
 *                 ├→ state → showing               /who, /bans
 *                 ├→ clerk → showing               /history, /audit, /account list
 *                 ├→ clerk → answer → durable      /account add, drop
 *                 └→ done                          /stats, /help, a line that makes no sense
 *
 * Nobody waits for a task, and no task for ever: who should answer and does
 * not is given TASK_PATIENCE_US, then the asker is told so. A list waits in a
 * pile and is shown as its asker takes it.
 */
#ifndef TASK_H
#define TASK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "accountwire.h"
#include "clerkwire.h"
#include "command.h"
#include "limits.h"
#include "options.h"
#include "pile.h"
#include "record.h"

struct console;
struct state;

#define TASK_PATIENCE_US (10 * 1000 * 1000)

/* What run_audit() looks for; the line it was typed in is gone by then. */
struct audit {
	uint64_t since_us;
	uint16_t by_size, about_size;
	char by[NAME_BYTES_MAX], about[MASK_BYTES_MAX];
};

/* Where the lines of an answer go. */
struct asker {
	/* One line: in words, and as an object, which stays the caller's. */
	void (*say)(void *context, const char *words, json_t *object);
	/* False: no more lines of a list until there is room again. */
	bool (*has_room)(void *context);
	/* The last line; `words` may be NULL. The task is free when this is called. */
	void (*done)(void *context, bool is_ok, const char *words, json_t *object);
	bool sees_room; /* the asker sees what happens in the room anyway */
};

enum task_phase {
	TASK_FREE = 0,
	TASK_RUNNING, /* inside of its handler */
	TASK_ANSWER,  /* the hub's answer, through the ring */
	TASK_DURABLE, /* with --fsync: until a power loss cannot take it */
	TASK_BOARDS,  /* until everyone's digest is on its board */
	TASK_STATE,   /* the state as it is now */
	TASK_CLERK,   /* the clerk's answer */
	TASK_SHOWING, /* the rest of its pile */
};

struct task {
	struct console *console;
	const struct asker *asker;
	void *asker_context;
	enum language language;
	enum task_phase phase;
	struct command command; /* slices in it are valid while its handler runs */
	uint32_t generation;    /* another for each task */
	uint64_t deadline_us;   /* steady clock; 0: none */
	uint64_t retry_us;      /* /check: when to ask again whoever was not there */

	uint64_t seq;   /* of the hub's answer */
	uint64_t count; /* how many it touched */
	uint64_t check_number;
	bool is_check_bad;

	struct clerk_question question; /* number 0: none */
	bool must_ask;                  /* the clerk could not be asked, or must be asked again */
	void (*take_state)(struct task *task, const struct state *state);

	struct account_question account; /* with the password that came beside the line; wiped */
	bool has_password, is_password_fit;
	uint64_t account_made_us; /* of /account show */

	struct audit audit;
	size_t received; /* records of this page of an answer */

	struct pile pile;
	size_t shown; /* offset into the pile */
};

/* The keyboard's and the clients', one each and some more for a keyboard that types ahead. */
#define TASKS_MAX 24

/* A free one, now the asker's, or NULL. */
struct task *task_take(struct console *console, const struct asker *asker, void *context,
                       enum language language);
/* Parses the line and begins. It may be done before this returns. */
void task_run(struct task *task, struct slice line);
/* The asker is gone. What was asked for may happen all the same. */
void task_forget(struct task *task);

/* ---- for handlers ---- */

void task_say(struct task *task, const char *words, json_t *object);
/* The end. `extra` (or NULL) is taken over. */
void task_done(struct task *task, const char *words, json_t *extra);
void task_refuse(struct task *task, const char *error, const char *words);
/* Sends a request to the hub, filling in whom to answer; refuses and returns false if it is busy. */
bool task_request(struct task *task, struct record *request);
/* Asks the clerk, now or as soon as it listens. */
void task_question(struct task *task, struct clerk_question question);
/* Shows the pile, a piece a turn, and is done. */
void task_show(struct task *task);
/* Waits in `phase`, at most TASK_PATIENCE_US. */
void task_wait(struct task *task, enum task_phase phase);

/* ---- for the console's loop ---- */

/* A record of the ring that goes through our queue. */
void tasks_on_answer(struct console *console, const struct record *answer);
/* Something the clerk said that is not the state. `bytes`: what follows the head. */
void tasks_on_clerk(struct console *console, const struct clerk_answer *answer, const char *bytes,
                    size_t size);
/* A new clerk: whoever waits for one asks again. */
void tasks_on_hello(struct console *console);
/* The ring has overtaken us: answers may be lost. */
void tasks_on_overtaken(struct console *console);
/* The state has come, or (NULL) cannot be had. */
void tasks_on_state(struct console *console, const struct state *state);
bool tasks_want_state(const struct console *console);
/* A piece for each. */
void tasks_turn(struct console *console, uint64_t now_us);
/* When to come back, in microseconds from now: 0 if there is more to do at once. */
uint64_t tasks_sleep(struct console *console, uint64_t now_us);
bool tasks_are_under_way(const struct console *console);

#endif
