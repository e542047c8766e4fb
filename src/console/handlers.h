/* handlers.h - what each command does: the functions that the table of commands names. */
#ifndef HANDLERS_H
#define HANDLERS_H

struct task;

/* Whatever the hub decides: becomes a request, and is finished by its answer. */
void run_request(struct task *task);
void run_check(struct task *task);

/* Lists: from the state, which is asked of the clerk; from the clerk; from the boards. */
void run_who(struct task *task);
void run_bans(struct task *task);
void run_history(struct task *task);
void run_stats(struct task *task);

/* How far the server is open: shown, or set. What was done to moderate it. */
void run_level(struct task *task);
void run_audit(struct task *task);

/* Accounts: from the clerk, and told to the hub. */
void run_account(struct task *task);

void run_help(struct task *task);

#endif
