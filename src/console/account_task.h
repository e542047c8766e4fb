/*
 * account_task.h - /account: names that are registered. The clerk keeps them
 * (accountwire.h), the hub is told; a list comes from the clerk alone.
 *
 * A password is given beside the line (adminwire.h), never in it: what is
 * typed at a console stays on its screen, and command lines are seen in ps.
 */
#ifndef ACCOUNT_TASK_H
#define ACCOUNT_TASK_H

#include <stddef.h>
#include <stdint.h>

#include "clerkwire.h"
#include "options.h"
#include "slice.h"

struct record;
struct task;

/* Why not, in words. */
const char *account_sentence(enum language language, uint32_t word);

/* The password that came with the line of this task. */
void account_give_password(struct task *task, struct slice password);
/* Nothing of it stays. */
void account_wipe(struct task *task);

/* The clerk's answer to this task's question: what follows the head. */
void account_on_clerk(struct task *task, const struct clerk_answer *answer, const char *bytes,
                      size_t size);
/* The hub did not take what it was told. The account is made, or dropped, all the same. */
void account_on_refused(struct task *task, uint16_t reason);
/* The last of a page was shown: true if another one was asked for. */
bool account_go_on(struct task *task);

/* ---- between account_task.c and account_show.c ---- */

/* Accounts of one answer of the clerk. */
#define ACCOUNT_PAGE 1000

/*
 * /account erase: looks for when it was made, as show does; then asks the hub, which goes first: should
 * everybody die behind that, the account is dropped by who asks for it once more.
 */
void account_erase(struct task *task);
void account_erase_found(struct task *task);
/* The hub's answer, unless it is one to the account having been dropped. True: it was taken. */
bool account_erase_on_answer(struct task *task, const struct record *answer);

void account_refuse(struct task *task, uint32_t word);
/* Asks for those whose ids are above `after`. */
void account_ask_page(struct task *task, uint64_t after);
/* /account show: begins it; a page has come. */
void account_show(struct task *task);
void account_show_page(struct task *task, const struct clerk_answer *answer, const char *bytes,
                       size_t size);

#endif
