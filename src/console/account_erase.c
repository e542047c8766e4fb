/* account_erase.c - /account erase: the hub ends the account and what it said, then the clerk drops it. */
#include <sys/random.h>

#include "account_task.h"
#include "accountwire.h"
#include "console_inner.h"
#include "diag.h"
#include "speech.h"

void account_erase(struct task *task) {
	if (task->command.number == 0) {
		task_refuse(
			task, "confirmation-missing",
			either(task->language,
		               "这会删掉这个名字和它说过的一切，不能恢复；确定的话在后面加 --yes",
		               "This takes the name away and all that was said under it, for ever; "
		               "if that is meant, put --yes behind it"));
		return;
	}
	account_show(task);
}

void account_erase_found(struct task *task) {
	struct slice name = slice_of(task->account.name, task->account.name_size);
	task_request(task, &(struct record){.kind = REQUEST_ERASE,
	                                    .name = name,
	                                    .since_us = task->account_made_us});
}

/* The name is in the question still. */
static void drop(struct task *task) {
	struct account_question *account = &task->account;
	if (getrandom(&account->nonce, sizeof(account->nonce), 0) !=
	    (ssize_t)sizeof(account->nonce)) {
		diag_exit_errno(EXIT_TRY_AGAIN, "no random numbers to be had");
	}
	task_question(task, (struct clerk_question){.what = CLERK_ACCOUNT_DROP,
	                                            .text_bytes = sizeof(*account)});
}

bool account_erase_on_answer(struct task *task, const struct record *answer) {
	if (task->command.deed != DEED_ERASE || task->question.what != CLERK_ACCOUNT_LIST) {
		return false;
	}
	if (answer->kind == ANSWER_DONE) {
		drop(task);
	} else {
		/* The hub is told in a moment that it is there. */
		account_refuse(task, ACCOUNT_BUSY);
	}
	return true;
}
