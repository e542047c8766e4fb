/*
 * export.c - an account's lines: first what the state has of it, then what it said, in the order
 * in which it was said, and a last line that says how many there were. Never what its password
 * is checked against.
 */
#include "export.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account_task.h"
#include "accounts.h"
#include "accountwire.h"
#include "admin.h"
#include "author.h"
#include "diag.h"
#include "holding.h"
#include "irc_time.h"
#include "moment.h"
#include "speech.h"

struct exporting {
	struct holding holding;
	struct author author;
	uint64_t account;
	uint64_t log;                /* for msgids; 0: not known */
	const struct person *person; /* NULL: it has none */
	FILE *out;
	json_int_t lines;
};

/* ---- lines ---- */

static json_t *line_of(const char *kind) {
	json_t *line = json_pack("{s:s}", "kind", kind);
	if (line == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory is left");
	}
	return line;
}

static void set_text(json_t *line, const char *key, struct slice text) {
	if (text.size > 0) {
		json_object_set_new(line, key, speech_string(text));
	}
}

static void set_number(json_t *line, const char *key, uint64_t number) {
	json_object_set_new(line, key, json_integer((json_int_t)number));
}

static void set_time(json_t *line, const char *key, uint64_t time_us) {
	char time[MOMENT_BYTES];
	if (time_us != 0) {
		moment_format_utc(time_us, time);
		json_object_set_new(line, key, json_string(time));
	}
}

static void set_truth(json_t *line, const char *key, bool is_so) {
	json_object_set_new(line, key, json_boolean(is_so));
}

/* Takes the line over. What cannot be written is noticed at the end. */
static void put(struct exporting *exporting, json_t *line) {
	json_dumpf(line, exporting->out, JSON_COMPACT);
	putc('\n', exporting->out);
	exporting->lines++;
	json_decref(line);
}

/* ---- what the state has ---- */

static const char *word_of_staying(uint64_t bits) {
	return (bits & ACCOUNT_STAYS) != 0       ? "on"
	       : (bits & ACCOUNT_STAYS_NOT) != 0 ? "off"
	                                         : "default";
}

static void put_account(struct exporting *exporting, uint64_t created_us) {
	const struct state *state = exporting->holding.state;
	const struct person *person = exporting->person;
	uint64_t bits = state_account_bits(state, exporting->account);
	json_t *line = line_of("account");
	set_text(line, "name", state_account_name(state, exporting->account));
	set_number(line, "id", exporting->account);
	set_time(line, "created", created_us);
	json_object_set_new(line, "stay", json_string(word_of_staying(bits)));
	set_truth(line, "playback", (bits & ACCOUNT_NO_PLAYBACK) == 0);
	set_truth(line, "present", person != NULL && person_is_present(person));
	if (person != NULL) {
		set_number(line, "person", person_id(person));
		set_time(line, "since", person_since_us(person));
		set_time(line, "spoke", person_spoke_us(person));
		set_text(line, "userhost", person_userhost(state, person));
		set_text(line, "realname", person_realname(state, person));
		set_text(line, "away", person_away(state, person));
	}
	put(exporting, line);
}

static bool put_device(void *context, struct slice device, uint64_t since_us) {
	struct exporting *exporting = context;
	json_t *line = line_of("device");
	json_object_set_new(line, "name", speech_string(device));
	set_time(line, "since", since_us);
	set_number(line, "read_up_to",
	           state_device_read_up_to(exporting->holding.state, exporting->account, device));
	put(exporting, line);
	return true;
}

static void put_sessions(struct exporting *exporting) {
	const struct state *state = exporting->holding.state;
	const struct session *session = NULL;
	while (exporting->person != NULL &&
	       (session = person_session_next(state, exporting->person, session)) != NULL) {
		struct route route;
		char address[ADDRESS_TEXT_MAX];
		json_t *line = line_of("connection");
		set_text(line, "device", session_device(state, session));
		if (session_route(state, session, &route)) {
			set_text(line, "address",
			         slice_from_string(address_format(&route.peer, address)));
		}
		put(exporting, line);
	}
}

static void set_office(json_t *line, const char *key, uint64_t bits) {
	if ((bits & MEMBER_BITS) != 0) {
		bool is_operator = (bits & MEMBER_IS_OPERATOR) != 0;
		json_object_set_new(line, key, json_string(is_operator ? "operator" : "voice"));
	}
}

static bool is_its_name(const struct exporting *exporting, struct slice name) {
	return name.size > 0 &&
	       name_equal(name, state_account_name(exporting->holding.state, exporting->account));
}

/* Rooms that it is in, has founded, or has an office in. */
static bool put_room(void *context, uint64_t room) {
	struct exporting *exporting = context;
	const struct state *state = exporting->holding.state;
	uint64_t person = exporting->person == NULL ? 0 : person_id(exporting->person);
	struct room_charter charter = state_room_charter(state, room);
	uint64_t since = person == 0 ? 0 : state_member_since(state, room, person);
	uint64_t standing = state_standing(state, room, exporting->account);
	bool is_founder = is_its_name(exporting, charter.founder_account);
	bool has_topic = charter.topic.size > 0 && is_its_name(exporting, charter.topic_by);
	if (since == 0 && standing == 0 && !is_founder && !has_topic) {
		return true;
	}
	json_t *line = line_of("room");
	set_text(line, "room", state_room_name(state, room));
	set_truth(line, "member", since != 0);
	set_truth(line, "founder", is_founder);
	set_office(line, "office", person == 0 ? 0 : state_member_bits(state, room, person));
	set_office(line, "standing", standing);
	if (has_topic) {
		set_text(line, "topic", charter.topic);
		set_time(line, "topic_since", charter.topic_since_us);
	}
	put(exporting, line);
	return true;
}

static void set_place(const struct exporting *exporting, json_t *line, uint64_t room,
                      uint64_t other) {
	const struct state *state = exporting->holding.state;
	const struct person *person = other == 0 ? NULL : state_person(state, other);
	if (person != NULL) {
		set_text(line, "with", person_name(person));
	} else if (room != 0) {
		set_text(line, "room", state_room_name(state, room));
	}
}

static bool put_marker(void *context, uint64_t room, uint64_t other, uint64_t since_us) {
	struct exporting *exporting = context;
	json_t *line = line_of("marker");
	set_place(exporting, line, room, other);
	set_time(line, "read", since_us);
	put(exporting, line);
	return true;
}

static void put_metadata(struct exporting *exporting) {
	struct metadata at = {0};
	while (state_metadata_next(exporting->holding.state, 0, person_id(exporting->person),
	                           &at)) {
		json_t *line = line_of("metadata");
		set_text(line, "key", at.key);
		json_object_set_new(line, "value", speech_string(at.value));
		put(exporting, line);
	}
}

static void put_restrictions(struct exporting *exporting) {
	const struct state *state = exporting->holding.state;
	for (size_t i = 0; i < state_restrictions_count(state); i++) {
		const struct restriction *it = state_restriction(state, i);
		if (it->has_net || (it->bits & BAN_IS_MASK) != 0 ||
		    !is_its_name(exporting, it->name)) {
			continue;
		}
		json_t *line = line_of(it->is_mute ? "mute" : "ban");
		set_time(line, "since", it->since_us);
		set_time(line, "until", it->until_us);
		set_text(line, "by", it->by);
		set_text(line, "why", it->why);
		put(exporting, line);
	}
}

static void put_state(struct exporting *exporting, uint64_t created_us) {
	const struct state *state = exporting->holding.state;
	put_account(exporting, created_us);
	put_sessions(exporting);
	state_devices_each(state, exporting->account, put_device, exporting);
	state_rooms_each(state, put_room, exporting);
	if (exporting->person != NULL) {
		put_metadata(exporting);
		state_marks_each(state, person_id(exporting->person), put_marker, exporting);
	}
	put_restrictions(exporting);
}

/* ---- what the log has ---- */

static void set_whereto(const struct exporting *exporting, json_t *line,
                        const struct record *entry) {
	const struct state *state = exporting->holding.state;
	if (record_is_direct(entry)) {
		set_text(line, "to", entry->other_name);
	} else if (state_room_exists(state, entry->room)) {
		set_text(line, "room", state_room_name(state, entry->room));
	} else {
		/* A room that has ended. */
		set_text(line, "room", entry->other_name);
	}
}

static bool put_entry(void *context, const struct record *entry) {
	struct exporting *exporting = context;
	char msgid[IRC_MSGID_BYTES_MAX];
	struct irc_line id = irc_line_at(msgid, sizeof(msgid));
	if (!author_made(&exporting->author, entry)) {
		return true;
	}
	json_t *line = line_of(record_kind_word(entry->kind));
	set_number(line, "seq", entry->seq);
	set_time(line, "time", entry->time_us);
	set_text(line, "name", entry->name);
	set_whereto(exporting, line, entry);
	set_text(line, "text", entry->text);
	set_text(line, "tags", entry->tags);
	set_text(line, "userhost", entry->userhost);
	if (entry->kind == ENTRY_REDACTED) {
		set_number(line, "redacts", entry->number);
	}
	if ((entry->bits & SAID_IS_NOTICE) != 0) {
		set_truth(line, "notice", true);
	}
	if (exporting->log != 0) {
		irc_put_msgid(&id, exporting->log, entry->seq);
		set_text(line, "msgid", irc_line_slice(&id));
	}
	put(exporting, line);
	return ferror(exporting->out) == 0;
}

static bool rest(void *context) {
	struct exporting *exporting = context;
	return fflush(exporting->out) == 0;
}

/* ---- the file ---- */

static int refuse(enum language language, const char *sentence) {
	fprintf(stderr, "qun admin: %s%s\n", either(language, "导出不了: ", "cannot export: "),
	        sentence);
	return ADMIN_REFUSED;
}

/* NULL: said. */
static FILE *open_file(enum language language, const char *path) {
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	if (file == NULL) {
		char words[256];
		snprintf(words, sizeof(words), "%.200s: %s", path,
		         errno == EEXIST ? either(language, "已经有了，请换一个名字",
		                                  "it is there already; name another file")
		                         : strerror(errno));
		(void)refuse(language, words);
	}
	return file;
}

/* When it was registered; 0: accounts.db cannot tell. */
static uint64_t created_us(const char *data, const struct name_key *key) {
	static struct account account;
	char why[STORE_WHY_BYTES];
	struct accounts *accounts;
	if (accounts_open(&accounts, data, false, why) != STORE_OK) {
		return 0;
	}
	bool is_there = accounts_find(accounts, key, &account) == STORE_OK;
	uint64_t made_us = is_there ? account.created_us : 0;
	accounts_close(accounts);
	explicit_bzero(&account, sizeof(account));
	return made_us;
}

/* 0: its key cannot be read. */
static uint64_t log_of(const char *data) {
	char path[4096 + 8];
	uint8_t master[MASTER_BYTES];
	snprintf(path, sizeof(path), "%s/key", data);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool is_read = fd >= 0 && read(fd, master, sizeof(master)) == (ssize_t)sizeof(master);
	uint64_t log = is_read ? irc_log_id(master, sizeof(master)) : 0;
	if (fd >= 0) {
		close(fd);
	}
	explicit_bzero(master, sizeof(master));
	return log;
}

/* False: said. */
static bool find(struct exporting *exporting, const char *data, struct slice name,
                 enum language language) {
	struct holding *holding = &exporting->holding;
	if (!holding_open(holding, data)) {
		(void)refuse(language, holding->why);
		return false;
	}
	exporting->account = state_account_named(holding->state, name);
	if (exporting->account == 0) {
		(void)refuse(language, account_sentence(language, ACCOUNT_UNKNOWN));
		return false;
	}
	exporting->log = log_of(data);
	uint64_t person = state_account_person(holding->state, exporting->account);
	exporting->person = person == 0 ? NULL : state_person(holding->state, person);
	return author_init(&exporting->author, exporting->account, person, name);
}

/* What its person did before it was this account's is its own as well. */
static uint64_t begin_of(const struct exporting *exporting) {
	uint64_t person = exporting->author.person;
	bool is_older = person != 0 && person < exporting->account;
	return (is_older ? person : exporting->account) - 1;
}

static int write_all(struct exporting *exporting, uint64_t made_us, enum language language) {
	put_state(exporting, made_us);
	bool is_good =
		holding_walk(&exporting->holding, begin_of(exporting), put_entry, rest, exporting);
	if (!is_good) {
		return refuse(language, exporting->holding.why);
	}
	json_t *end = line_of("end");
	json_object_set_new(end, "lines", json_integer(exporting->lines));
	put(exporting, end);
	if (fflush(exporting->out) != 0 || ferror(exporting->out) != 0) {
		return refuse(language, strerror(errno));
	}
	return EXIT_DONE;
}

int export_account(const char *data, struct slice name, struct slice path, enum language language) {
	struct exporting exporting = {.out = stdout};
	char file[4096];
	int code = ADMIN_REFUSED;
	snprintf(file, sizeof(file), "%.*s", (int)path.size, path.size > 0 ? path.bytes : "");
	if (find(&exporting, data, name, language)) {
		uint64_t made_us = created_us(data, &exporting.author.key);
		exporting.out = file[0] == '\0' ? stdout : open_file(language, file);
		code = exporting.out == NULL ? ADMIN_REFUSED
		                             : write_all(&exporting, made_us, language);
	}
	if (exporting.out != NULL && exporting.out != stdout && fclose(exporting.out) != 0 &&
	    code == EXIT_DONE) {
		code = refuse(language, strerror(errno));
	}
	holding_close(&exporting.holding);
	return code;
}
