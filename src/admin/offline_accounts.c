#include "offline_accounts.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "account_task.h"
#include "accountwire.h"
#include "clock.h"
#include "diag.h"
#include "registry.h"
#include "speech.h"

#define PAGE 256

static void print(bool is_json, json_t *object, FILE *out, const char *words) {
	if (is_json) {
		json_dumpf(object, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (words != NULL) {
		fprintf(out, "%s\n", words);
	}
	json_decref(object);
}

static bool say_refusal(enum language language, bool is_json, uint32_t word) {
	print(is_json, json_pack("{s:b,s:s}", "ok", 0, "error", account_word(word)), stderr,
	      account_sentence(language, word));
	return false;
}

static void say_account(enum language language, bool is_json, const struct account_answer *its) {
	static char words[SPEECH_LINE_MAX];
	const struct record row = {.kind = ROW_ACCOUNT,
	                           .target = its->id,
	                           .since_us = its->created_us,
	                           .name = slice_of(its->name, its->name_size)};
	speech_line(language, &row, words);
	print(is_json, speech_object(&row), stdout, words);
}

static bool list(struct registry *registry, enum language language, bool is_json) {
	static struct account_answer page[PAGE];
	uint64_t after = 0;
	json_int_t total = 0;
	long count;
	while ((count = registry_list(registry, after, page, PAGE)) > 0) {
		for (long i = 0; i < count; i++) {
			say_account(language, is_json, &page[i]);
		}
		after = page[count - 1].id;
		total += count;
	}
	if (count < 0) {
		return say_refusal(language, is_json, ACCOUNT_FAILED);
	}
	print(is_json, json_pack("{s:b,s:I}", "ok", 1, "count", total), stdout, NULL);
	return true;
}

/* ACCOUNT_OK, or what is wrong with it before anybody is asked. */
static enum account_word fill(struct account_question *question, const struct command *command,
                              const char *password) {
	size_t size = password == NULL ? 0 : strlen(password);
	bool is_new = command->deed == DEED_PASSWORD;
	if (command->name.size > sizeof(question->name)) {
		return ACCOUNT_BAD_NAME;
	}
	if (size > sizeof(question->password)) {
		return ACCOUNT_BAD_PASSWORD;
	}
	question->name_size = (uint16_t)command->name.size;
	memcpy(question->name, command->name.bytes, command->name.size);
	*(is_new ? &question->new_password_size : &question->password_size) = (uint16_t)size;
	if (size > 0) {
		memcpy(is_new ? question->new_password : question->password, password, size);
	}
	randombytes_buf(&question->nonce, sizeof(question->nonce));
	return ACCOUNT_OK;
}

static bool change(struct registry *registry, const struct command *command, const char *password,
                   enum language language, bool is_json) {
	static const enum clerk_what whats[] = {[DEED_ADD] = CLERK_ACCOUNT_REGISTER,
	                                        [DEED_PASSWORD] = CLERK_ACCOUNT_PASSWORD,
	                                        [DEED_DROP] = CLERK_ACCOUNT_DROP};
	const struct registry_now now = {.wall_us = clock_wall_us(),
	                                 .steady_us = clock_steady_us()};
	struct account_question question = {0};
	struct account_answer answer;
	bool is_change;
	enum account_word word = fill(&question, command, password);
	if (word == ACCOUNT_OK) {
		registry_answer(registry, whats[command->deed], &question, true, now, &answer,
		                &is_change);
		word = answer.word;
	}
	sodium_memzero(&question, sizeof(question));
	if (word != ACCOUNT_OK) {
		return say_refusal(language, is_json, word);
	}
	print(is_json, json_pack("{s:b}", "ok", 1), stdout,
	      either(language, "好了（没有服务器在运行）", "Done (no server runs)"));
	return true;
}

bool offline_account(const char *data, const struct command *command, const char *password,
                     enum language language, bool is_json) {
	if (command->deed == DEED_SHOW || command->deed == DEED_SET ||
	    command->deed == DEED_ERASE) {
		print(is_json, json_pack("{s:b,s:s}", "ok", 0, "error", "no-server"), stderr,
		      either(language, "要有服务器在运行", "A server has to run for that"));
		return false;
	}
	static const uint8_t no_secret[REGISTRY_SECRET_BYTES];
	struct registry *registry = registry_create(data, no_secret);
	if (registry == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory is left");
	}
	bool is_done = command->deed == DEED_LIST
	                       ? list(registry, language, is_json)
	                       : change(registry, command, password, language, is_json);
	registry_destroy(registry);
	return is_done;
}
