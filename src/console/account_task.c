#include "account_task.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "accountwire.h"
#include "console_inner.h"
#include "diag.h"
#include "handlers.h"
#include "speech.h"

/* ---- words ---- */

#define STRING_OF(number) #number
#define STRING(number) STRING_OF(number)
#define CHARACTERS STRING(ACCOUNT_PASSWORD_CHARACTERS_MIN)
#define BYTES STRING(ACCOUNT_PASSWORD_BYTES_MAX)

static const char *const sentences[ACCOUNT_WORDS_COUNT][2] = {
	[ACCOUNT_OK] = {"好了", "Done"},
	[ACCOUNT_TAKEN] = {"这个名字已经注册过了", "That name is registered already"},
	[ACCOUNT_UNKNOWN] = {"没有注册过这个名字", "That name is not registered"},
	[ACCOUNT_WRONG] = {"密码不对", "The password is wrong"},
	[ACCOUNT_TOO_SOON] = {"错得太多，请过一会儿再试",
                              "Too many mistakes, please try again soon"},
	[ACCOUNT_BUSY] = {"正忙，请再试", "Busy, please try again"},
	[ACCOUNT_BAD_NAME] = {"谁也不能叫这个名字", "Nobody can be called that"},
	[ACCOUNT_WEAK] = {"密码太短，至少要 " CHARACTERS " 个字",
                          "The password is too short, it takes " CHARACTERS " characters"},
	[ACCOUNT_BAD_PASSWORD] = {"密码最多 " BYTES " 字节，用 UTF-8，不能有控制字符",
                                  "A password has at most " BYTES
                                  " bytes of UTF-8, and no control characters"},
	[ACCOUNT_FULL] = {"注册的名字满了", "No more names can be registered"},
	[ACCOUNT_NOT_PERMITTED] = {"不允许", "That is not permitted"},
	[ACCOUNT_FAILED] = {"accounts.db 用不了；服务器的错误输出里有原因",
                            "accounts.db cannot be used; the server's standard error says why"},
	[ACCOUNT_MIXED] = {"这个名字混用了几种文字", "The name mixes alphabets"},
	[ACCOUNT_LOOKS_LIKE] = {"这个名字太像注册过的一个名字",
                                "The name looks like a registered one"},
	[ACCOUNT_TOO_MANY] = {"那里刚注册了太多名字",
                              "Too many were registered from there just now"},
};

const char *account_sentence(enum language language, uint32_t word) {
	return sentences[word < ACCOUNT_WORDS_COUNT ? word : ACCOUNT_FAILED]
			[language == LANGUAGE_EN ? 1 : 0];
}

static void refuse(struct task *task, uint32_t word) {
	account_refuse(task, word);
}

void account_refuse(struct task *task, uint32_t word) {
	task_refuse(task, account_word(word), account_sentence(task->language, word));
}

/* ---- passwords ---- */

void account_give_password(struct task *task, struct slice password) {
	/* One that is too long is refused as the clerk would. */
	task->has_password = true;
	task->is_password_fit = password.size <= sizeof(task->account.password);
	if (task->is_password_fit) {
		task->account.password_size = (uint16_t)password.size;
		memcpy(task->account.password, password.bytes, password.size);
	}
}

void account_wipe(struct task *task) {
	explicit_bzero(&task->account, sizeof(task->account));
	task->has_password = false;
}

/* ---- asking ---- */

void account_ask_page(struct task *task, uint64_t after) {
	task_question(task, (struct clerk_question){.what = CLERK_ACCOUNT_LIST,
	                                            .seq = after,
	                                            .count = ACCOUNT_PAGE,
	                                            .text_bytes = sizeof(task->account)});
}

static void ask(struct task *task, enum clerk_what what) {
	struct account_question *account = &task->account;
	if (getrandom(&account->nonce, sizeof(account->nonce), 0) !=
	    (ssize_t)sizeof(account->nonce)) {
		diag_exit_errno(EXIT_TRY_AGAIN, "no random numbers to be had");
	}
	if (task->command.name.size > sizeof(account->name)) {
		refuse(task, ACCOUNT_BAD_NAME);
		return;
	}
	account->name_size = (uint16_t)task->command.name.size;
	memcpy(account->name, task->command.name.bytes, account->name_size);
	task_question(task, (struct clerk_question){.what = what, .text_bytes = sizeof(*account)});
}

/* From the console one gives the new password and not the old one. */
static void make_it_the_new_one(struct account_question *account) {
	account->new_password_size = account->password_size;
	memcpy(account->new_password, account->password, account->password_size);
	explicit_bzero(account->password, sizeof(account->password));
	account->password_size = 0;
}

static void ask_with_password(struct task *task, enum clerk_what what) {
	if (!task->has_password) {
		task_refuse(task, "password-missing",
		            either(task->language,
		                   "密码不在这里输入；请运行 qun admin account add|password 名字",
		                   "Passwords are not typed here; run qun admin account "
		                   "add|password NAME"));
	} else if (!task->is_password_fit) {
		refuse(task, ACCOUNT_BAD_PASSWORD);
	} else {
		if (what == CLERK_ACCOUNT_PASSWORD) {
			make_it_the_new_one(&task->account);
		}
		ask(task, what);
	}
}

void run_account(struct task *task) {
	switch (task->command.deed) {
	case DEED_ADD: ask_with_password(task, CLERK_ACCOUNT_REGISTER); break;
	case DEED_PASSWORD: ask_with_password(task, CLERK_ACCOUNT_PASSWORD); break;
	case DEED_DROP: ask(task, CLERK_ACCOUNT_DROP); break;
	case DEED_LIST: account_ask_page(task, 0); break;
	case DEED_SHOW: account_show(task); break;
	case DEED_SET:
		task_request(task, &(struct record){.kind = REQUEST_ACCOUNT_SET,
		                                    .name = task->command.name,
		                                    .number = ACCOUNT_STAYS | ACCOUNT_STAYS_NOT,
		                                    .bits = task->command.number});
		break;
	case DEED_ERASE: account_erase(task); break;
	case DEED_EXPORT:
		task_refuse(task, "not-here",
		            either(task->language, "请运行 qun admin account export 名字",
		                   "Run qun admin account export NAME"));
		break;
	case DEED_NONE: break;
	}
}

/* ---- answers ---- */

/* The slices of the line are gone by now: the name is the answer's, as it was registered. */
static void on_change(struct task *task, struct account_answer *its) {
	uint32_t what = task->question.what;
	account_wipe(task);
	if (task->command.deed == DEED_ERASE && its->word == ACCOUNT_UNKNOWN) {
		/* Its owner has dropped it meanwhile. */
		its->word = ACCOUNT_OK;
	}
	if (its->word != ACCOUNT_OK) {
		refuse(task, its->word);
		return;
	}
	if (what == CLERK_ACCOUNT_PASSWORD || its->name_size == 0) {
		task_done(task, account_sentence(task->language, ACCOUNT_OK), NULL);
		return;
	}
	bool is_made = what == CLERK_ACCOUNT_REGISTER;
	/* Should the hub be too busy, the ledger tells it later: the account is made, or dropped. */
	if (!task_request(task, &(struct record){.kind = is_made ? REQUEST_ACCOUNT_MADE
	                                                         : REQUEST_ACCOUNT_ENDED,
	                                         .name = slice_of(its->name, its->name_size)})) {
		ledger_begin(task->console);
	}
}

static void on_page(struct task *task, const struct clerk_answer *answer, const char *bytes,
                    size_t size) {
	struct account_answer its;
	for (uint32_t i = 0; i < answer->count && size >= sizeof(its); i++) {
		memcpy(&its, bytes, sizeof(its));
		bytes += sizeof(its);
		size -= sizeof(its);
		if (its.word != ACCOUNT_OK || its.name_size > sizeof(its.name)) {
			refuse(task, its.word);
			return;
		}
		task->seq = its.id;
		pile_add(&task->pile, &(struct record){.kind = ROW_ACCOUNT,
		                                       .target = its.id,
		                                       .since_us = its.created_us,
		                                       .name = slice_of(its.name, its.name_size)});
	}
	if (answer->is_last) {
		if (task->pile.count == 0 && task->count == 0 && task->asker->sees_room) {
			task_say(task,
			         either(task->language, "还没有注册过的名字",
			                "No name is registered yet"),
			         json_object());
		}
		task_show(task);
	}
}

void account_on_clerk(struct task *task, const struct clerk_answer *answer, const char *bytes,
                      size_t size) {
	struct account_answer its;
	bool is_erasing = task->command.deed == DEED_ERASE;
	if (task->command.deed == DEED_SHOW ||
	    (is_erasing && task->question.what == CLERK_ACCOUNT_LIST)) {
		account_show_page(task, answer, bytes, size);
		return;
	}
	if (task->question.what == CLERK_ACCOUNT_LIST) {
		on_page(task, answer, bytes, size);
		return;
	}
	if (size < sizeof(its)) {
		refuse(task, ACCOUNT_FAILED);
		return;
	}
	memcpy(&its, bytes, sizeof(its));
	if (its.name_size > sizeof(its.name)) {
		its.name_size = 0;
	}
	on_change(task, &its);
}

void account_on_refused(struct task *task, uint16_t reason) {
	bool is_made = task->question.what == CLERK_ACCOUNT_REGISTER;
	/* Somebody told it before us: that is as it should be. */
	bool is_known = reason == (is_made ? REASON_NAME_REGISTERED : REASON_NO_SUCH_NAME);
	if (!is_known) {
		diag("an account was %s, and the hub does not take it (%s)",
		     is_made ? "made" : "dropped", reason_word(reason));
	}
}

bool account_go_on(struct task *task) {
	if (task->question.what != CLERK_ACCOUNT_LIST || task->command.deed != DEED_LIST) {
		return false;
	}
	size_t count = task->pile.count;
	uint64_t last = task->seq;
	task->count += count;
	if (count < ACCOUNT_PAGE) {
		return false;
	}
	pile_finish(&task->pile);
	task->shown = 0;
	account_ask_page(task, last);
	return true;
}
