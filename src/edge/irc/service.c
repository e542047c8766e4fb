/* service.c - what all services share: finding the command, its parameters, HELP. */
#include "irc_service.h"

#include <sodium.h>
#include <string.h>

#include "irc_commands.h"
#include "irc_inside.h"
#include "name.h"

static const struct irc_service *const services[] = {&irc_nickserv, &irc_chanserv};

const struct irc_service *irc_service_of(struct slice name) {
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		if (name_equal(name, irc_word(services[i]->name))) {
			return services[i];
		}
	}
	return NULL;
}

void irc_service_says(struct irc *irc, const struct irc_service *service, const char *text,
                      struct slice a, struct slice b) {
	char bytes[IRC_LINE_BYTES_MAX];
	struct irc_line line = irc_line_at(bytes, sizeof(bytes));
	const struct slice words[] = {a, b};
	size_t used = 0;
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '%' && used < 2) {
			irc_put(&line, words[used++]);
		} else {
			irc_put(&line, slice_of(at, 1));
		}
	}
	irc_notice(irc, service->name, irc_line_slice(&line));
}

/* ---- HELP ---- */

static bool may_use(const struct irc *irc, const struct irc_service_command *command) {
	return !command->is_for_operators || (irc->user->bits & PERSON_IS_OPERATOR) != 0;
}

static const struct irc_service_command *command_of(const struct irc *irc,
                                                    const struct irc_service *service,
                                                    struct slice word) {
	for (size_t i = 0; i < service->count; i++) {
		const struct irc_service_command *command = &service->commands[i];
		if (irc_equal(word, command->word) && may_use(irc, command)) {
			return command;
		}
	}
	return NULL;
}

static void say_commands(struct irc *irc, const struct irc_service *service) {
	irc_service_says(irc, service, "%", irc_word(service->about), irc_nothing());
	for (size_t i = 0; i < service->count; i++) {
		const struct irc_service_command *command = &service->commands[i];
		if (may_use(irc, command)) {
			irc_service_says(irc, service, "  %: %", irc_word(command->word),
			                 irc_word(command->brief));
		}
	}
	irc_service_says(irc, service, "HELP command: more about one of them", irc_nothing(),
	                 irc_nothing());
}

static void say_syntax(struct irc *irc, const struct irc_service *service,
                       const struct irc_service_command *command) {
	irc_service_says(irc, service, command->parameters[0] != '\0' ? "Say: % %" : "Say: %",
	                 irc_word(command->word), irc_word(command->parameters));
}

static void say_help(struct irc *irc, const struct irc_service *service,
                     const struct irc_service_command *command) {
	const char *help = command->help;
	irc_service_says(irc, service, "%: %", irc_word(command->word), irc_word(command->brief));
	say_syntax(irc, service, command);
	while (help != NULL) {
		const char *end = strchr(help, '\n');
		size_t size = end != NULL ? (size_t)(end - help) : strlen(help);
		irc_service_says(irc, service, "%", slice_of(help, size), irc_nothing());
		help = end != NULL ? end + 1 : NULL;
	}
}

static void on_help(struct irc *irc, const struct irc_service *service, struct slice about) {
	const struct irc_service_command *command = command_of(irc, service, about);
	if (about.size == 0) {
		say_commands(irc, service);
	} else if (command != NULL) {
		say_help(irc, service, command);
	} else {
		irc_service_says(irc, service, "There is no command %; HELP lists them",
		                 slice_first(about, about.size <= 60 ? about.size : 0),
		                 irc_nothing());
	}
}

/* ---- orders ---- */

static struct slice without_blanks(struct slice text) {
	while (text.size > 0 && text.bytes[0] == ' ') {
		text = slice_from(text, 1);
	}
	return text;
}

static struct slice next_word(struct slice *text) {
	*text = without_blanks(*text);
	const char *blank = text->size == 0 ? NULL : memchr(text->bytes, ' ', text->size);
	size_t size = blank == NULL ? text->size : (size_t)(blank - text->bytes);
	struct slice word = slice_first(*text, size);
	*text = slice_from(*text, size);
	return word;
}

static struct irc_order order_of(struct slice text) {
	struct irc_order order = {0};
	for (text = without_blanks(text); text.size > 0 && order.count < IRC_ORDER_WORDS_MAX;
	     text = without_blanks(text)) {
		order.from[order.count] = text;
		order.words[order.count++] = next_word(&text);
	}
	return order;
}

void irc_serve(struct irc *irc, const struct irc_service *service, struct slice text) {
	if (!irc->is_settled) {
		irc->must_wait = true;
		return;
	}
	struct slice word = next_word(&text);
	const struct irc_order order = order_of(text);
	const struct irc_service_command *command = command_of(irc, service, word);
	if (word.size == 0 || irc_equal(word, "HELP")) {
		on_help(irc, service, order.words[0]);
	} else if (command == NULL) {
		on_help(irc, service, word);
	} else if (order.count < command->least) {
		irc_service_says(irc, service, "Something is missing behind %",
		                 irc_word(command->word), irc_nothing());
		say_syntax(irc, service, command);
	} else {
		irc->service = service;
		command->handle(irc, &order);
		irc->service = NULL;
	}
}

void irc_service_code(const struct irc *irc, const struct irc_service *service, const char *command,
                      uint64_t id, struct slice about, char out[static IRC_CODE_BYTES_MAX]) {
	char text[IRC_LINE_BYTES_MAX];
	uint8_t hash[crypto_generichash_BYTES_MIN];
	struct irc_line line = irc_line_at(text, sizeof(text));
	irc_put_text(&line, service->name);
	irc_put_text(&line, " ");
	irc_put_text(&line, command);
	irc_put_text(&line, " ");
	irc_put_number(&line, stream_person(irc->to));
	irc_put_text(&line, " ");
	irc_put_number(&line, id);
	irc_put_text(&line, " ");
	irc_put(&line, about);
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)text, line.size,
	                   irc->cloak_key, sizeof(irc->cloak_key));
	sodium_bin2hex(out, IRC_CODE_BYTES_MAX, hash, (IRC_CODE_BYTES_MAX - 1) / 2);
}

/* ---- what came of it ---- */

void irc_service_refuses(struct irc *irc, const struct irc_asked *asked,
                         const struct record *answer) {
	if (asked->service->refused != NULL) {
		asked->service->refused(irc, asked, answer);
	}
}

void irc_service_done(struct irc *irc, const struct irc_asked *asked, const struct record *last) {
	bool is_last = record_is_answer(last) || (last->flags & RECORD_IS_LAST) != 0;
	if (asked->service != NULL && asked->service->done != NULL && is_last) {
		asked->service->done(irc, asked, last);
	}
}

/* ---- NS, CS ---- */

/* The last parameter has its blanks: the line is what a message would have been. */
static void serve_line(struct irc *irc, const struct irc_service *service) {
	char text[IRC_LINE_BYTES_MAX];
	struct irc_line line = irc_line_at(text, sizeof(text));
	for (size_t i = 0; i < irc->message.count; i++) {
		irc_put_text(&line, i > 0 ? " " : "");
		irc_put(&line, irc->message.parameters[i]);
	}
	irc_serve(irc, service, irc_line_slice(&line));
}

void irc_on_nickserv(struct irc *irc) {
	serve_line(irc, &irc_nickserv);
}

void irc_on_chanserv(struct irc *irc) {
	serve_line(irc, &irc_chanserv);
}
