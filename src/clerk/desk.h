/*
 * desk.h - where the clerk takes questions about accounts, and the worker
 * behind it, who answers them.
 *
 * A password takes its time and 64 MiB (password.h), so one is looked at after
 * the other, by a thread of its own: neither history nor the index waits for a
 * flood of logins. What needs no password (SCRAM's keys, a list) goes first;
 * then whoever was served least recently. A process that has
 * CLERK_ACCOUNTS_OPEN_MAX questions here, or all that come when DESK_JOBS_MAX
 * wait, hears ACCOUNT_BUSY: so the longest wait is bounded.
 *
 * The thread shares the jobs with the loop, under one lock that is never held
 * while anything is computed or read; accounts.db is the worker's alone.
 */
#ifndef DESK_H
#define DESK_H

#include <stdbool.h>

#include "clerkwire.h"
#include "client.h"
#include "house.h"
#include "loop.h"

#define DESK_JOBS_MAX 256

struct desk;

/*
 * Starts the worker, who waits. Before house_enter(): afterwards the process can start no threads
 * (confine.h). Exits with a sentence if it cannot.
 */
struct desk *desk_create(void);
/*
 * Opens: `clients` are the clerk's, by process index. Answers go to whoever asked, with client_send();
 * the console is told of changes (CLERK_ACCOUNT_CHANGED). Exits with a sentence if it cannot.
 */
void desk_open(struct desk *desk, struct house *house, struct client *clients,
               const bool *is_client);
/* Closes: what waits is not answered. Waits for the worker, but not for long. */
void desk_destroy(struct desk *desk);

/* A CLERK_ACCOUNT_* question of process `index`. False: it is malformed. */
bool desk_ask(struct desk *desk, unsigned index, const struct clerk_question *question,
              const char *text);

#endif
