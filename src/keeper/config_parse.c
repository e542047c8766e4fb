/*
 * config_parse.c - a key is a row: its section, its name, and who takes its value.
 *
 * libinih hands over keys and values without saying where they stand, but it
 * asks for one line at a time: so the line that it has asked for last is the place.
 * It also passes over in silence what stands behind a section's ], cuts the
 * section's name after 49 bytes, and takes an indented line for what fits where it is: so
 * sections are read here, and what begins with a blank goes on with a value or is refused.
 */
#include "config_file.h"

#include <ctype.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "utf8.h"

/* libinih's buffer holds so much of a line, "\r\n" and NUL apart. */
#define LINE_BYTES_MAX 197

#define OPERATOR "operator "
#define CONNECTIONS_MAX 1000000
#define SECONDS_MAX 86400

struct row;

struct reading {
	const char *path;
	struct slice rest; /* of the file */
	unsigned line;     /* the one that was asked for last; from 1 */
	bool is_indented;  /* it begins with a blank: it may go on with the value above */
	unsigned blank;    /* lines since the last key's */
	uint64_t given;    /* rows of the table, by number */
	unsigned operators_at[CONFIG_OPERATORS_MAX]; /* the line that begins each */
	unsigned access_at;
	const struct row *row; /* the key in hand; NULL: none since the section began */
	char section[LINE_BYTES_MAX + 1];
	struct config *config;
	struct config_secrets *secrets;
	char *trouble;
};

struct row {
	const char *section;
	const char *name;
	bool (*take)(struct reading *reading, const char *value);
};

/* ---- What is wrong ---- */

/* The first trouble is the one that is told. */
__attribute__((format(printf, 3, 4))) static bool refuse_at(struct reading *reading, unsigned line,
                                                            const char *format, ...) {
	if (reading->trouble[0] != '\0') {
		return false;
	}
	int size = snprintf(reading->trouble, CONFIG_TROUBLE_BYTES, "%s:%u: ", reading->path, line);
	if (size < 0 || size >= CONFIG_TROUBLE_BYTES) {
		size = snprintf(reading->trouble, CONFIG_TROUBLE_BYTES, "line %u: ", line);
	}
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(reading->trouble + size, CONFIG_TROUBLE_BYTES - (size_t)size, format, arguments);
	va_end(arguments);
	return false;
}

#define refuse(reading, ...) refuse_at((reading), (reading)->line, __VA_ARGS__)

/* ---- Values ---- */

static bool take_text(struct reading *reading, const char *value, char *out, size_t room) {
	size_t size = strlen(value);
	if (size >= room) {
		return refuse(reading, "%s takes at most %zu bytes", reading->row->name, room - 1);
	}
	memcpy(out, value, size + 1);
	return true;
}

static bool take_number(struct reading *reading, const char *value, unsigned long least,
                        unsigned long most, uint32_t *out) {
	size_t size = strspn(value, "0123456789");
	unsigned long number = size > 0 && size <= 9 ? strtoul(value, NULL, 10) : 0;
	if (size == 0 || size > 9 || value[size] != '\0' || number < least || number > most) {
		return refuse(reading, "%s wants a number from %lu to %lu, not '%s'",
		              reading->row->name, least, most, value);
	}
	*out = (uint32_t)number;
	return true;
}

static bool take_choice(struct reading *reading, const char *value, const char *const words[],
                        unsigned count, unsigned *out) {
	char list[64] = "";
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(value, words[i]) == 0) {
			*out = i;
			return true;
		}
		size_t size = strlen(list);
		snprintf(list + size, sizeof list - size, "%s%s",
		         i == 0           ? ""
		         : i + 1 == count ? " or "
		                          : ", ",
		         words[i]);
	}
	return refuse(reading, "%s is %s, not '%s'", reading->row->name, list, value);
}

static bool take_hash(struct reading *reading, const char *value,
                      char out[static CONFIG_HASH_BYTES]) {
	bool is_hash = strlen(value) < CONFIG_HASH_BYTES &&
	               crypto_pwhash_str_needs_rehash(value, crypto_pwhash_OPSLIMIT_INTERACTIVE,
	                                              crypto_pwhash_MEMLIMIT_INTERACTIVE) >= 0;
	if (!is_hash) {
		return refuse(reading,
		              "%s wants what `qun admin password` prints, not the password itself",
		              reading->row->name);
	}
	memset(out, 0, CONFIG_HASH_BYTES);
	memcpy(out, value, strlen(value));
	return true;
}

/* ---- Keys ---- */

/* A hostname (RFC 1123) with a point in it: so that nobody's name can look like it. */
static bool is_server_name(const char *value) {
	size_t label = 0;
	bool has_point = false;
	for (const char *at = value; *at != '\0'; at++) {
		bool is_point = *at == '.';
		bool is_good = isalnum((unsigned char)*at) || *at == '-';
		if (is_point ? label == 0 || at[-1] == '-'
		             : !is_good || (label == 0 && *at == '-')) {
			return false;
		}
		has_point = has_point || is_point;
		label = is_point ? 0 : label + 1;
		if (label > 63) {
			return false;
		}
	}
	return has_point && label > 0 && value[strlen(value) - 1] != '-';
}

static bool take_server(struct reading *reading, const char *value) {
	if (strlen(value) >= CONFIG_NAME_BYTES || !is_server_name(value)) {
		return refuse(reading,
		              "name wants a host's name with a point in it, as chat.example,"
		              " of at most %d bytes, not '%s'",
		              CONFIG_NAME_BYTES - 1, value);
	}
	return take_text(reading, value, reading->config->server, CONFIG_NAME_BYTES);
}

static bool take_network(struct reading *reading, const char *value) {
	if (value[0] == '\0' || value[0] == ':' || strpbrk(value, " \t=\\") != NULL) {
		return refuse(reading, "network wants one word, not '%s'", value);
	}
	return take_text(reading, value, reading->config->network, CONFIG_NAME_BYTES);
}

static bool take_description(struct reading *reading, const char *value) {
	return take_text(reading, value, reading->config->description, CONFIG_LINE_BYTES);
}

/* Each line adds to it; empty ones between are part of it. */
static bool take_motd(struct reading *reading, const char *value) {
	char *motd = reading->config->motd;
	size_t size = strlen(motd);
	size_t breaks = size == 0 ? 0 : reading->blank + 1;
	if (size + breaks + strlen(value) >= CONFIG_MOTD_BYTES) {
		return refuse(reading, "motd takes at most %d bytes", CONFIG_MOTD_BYTES - 1);
	}
	memset(motd + size, '\n', breaks);
	memcpy(motd + size + breaks, value, strlen(value) + 1);
	return true;
}

static bool take_location(struct reading *reading, const char *value) {
	return take_text(reading, value, reading->config->location, CONFIG_LINE_BYTES);
}

static bool take_organisation(struct reading *reading, const char *value) {
	return take_text(reading, value, reading->config->organisation, CONFIG_LINE_BYTES);
}

static bool take_email(struct reading *reading, const char *value) {
	return take_text(reading, value, reading->config->email, CONFIG_LINE_BYTES);
}

static bool take_access(struct reading *reading, const char *value) {
	static const char *const words[] = {[ACCESS_OPEN] = "open",
	                                    [ACCESS_PASSWORD] = "password",
	                                    [ACCESS_ACCOUNTS] = "accounts"};
	unsigned chosen;
	if (!take_choice(reading, value, words, sizeof words / sizeof words[0], &chosen)) {
		return false;
	}
	reading->config->access = (enum access)chosen;
	reading->access_at = reading->line;
	return true;
}

static bool take_password(struct reading *reading, const char *value) {
	return take_hash(reading, value, reading->secrets->password);
}

static bool take_cleartext(struct reading *reading, const char *value) {
	static const char *const words[] = {"no", "yes"};
	unsigned chosen;
	if (!take_choice(reading, value, words, 2, &chosen)) {
		return false;
	}
	reading->config->takes_cleartext_passwords = chosen != 0;
	return true;
}

static bool take_registration(struct reading *reading, const char *value) {
	static const char *const words[] = {"closed", "open"};
	unsigned chosen;
	if (!take_choice(reading, value, words, 2, &chosen)) {
		return false;
	}
	reading->config->has_registration = chosen != 0;
	return true;
}

static bool take_stay(struct reading *reading, const char *value) {
	static const char *const words[] = {"no", "yes"};
	unsigned chosen;
	if (!take_choice(reading, value, words, 2, &chosen)) {
		return false;
	}
	reading->config->accounts_stay = chosen != 0;
	return true;
}

/* "https://chat.example:8443", or any: as a browser says it. */
static bool is_origin(const char *value, size_t size) {
	static const char *const schemes[] = {"http://", "https://"};
	for (unsigned i = 0; i < 2; i++) {
		size_t scheme = strlen(schemes[i]);
		if (size > scheme && strncmp(value, schemes[i], scheme) == 0) {
			return memchr(value + scheme, '/', size - scheme) == NULL;
		}
	}
	return size == 1 && value[0] == '*';
}

static bool take_origins(struct reading *reading, const char *value) {
	const char *at = value + strspn(value, " \t");
	while (*at != '\0') {
		size_t size = strcspn(at, " \t");
		if (!is_origin(at, size)) {
			return refuse(reading,
			              "origins wants pages' origins, as https://chat.example, or *,"
			              " not '%.*s'",
			              (int)size, at);
		}
		at += size + strspn(at + size, " \t");
	}
	return take_text(reading, value, reading->config->origins, CONFIG_ORIGINS_BYTES);
}

static bool take_metrics(struct reading *reading, const char *value) {
	static const char *const words[] = {
		[METRICS_PRIVATE] = "private", [METRICS_ALL] = "all", [METRICS_NOBODY] = "nobody"};
	unsigned chosen;
	if (!take_choice(reading, value, words, 3, &chosen)) {
		return false;
	}
	reading->config->metrics = (enum metrics)chosen;
	return true;
}

static bool take_connections(struct reading *reading, const char *value) {
	return take_number(reading, value, 1, CONNECTIONS_MAX,
	                   &reading->config->connections_per_network);
}

static bool take_registrations(struct reading *reading, const char *value) {
	return take_number(reading, value, 1, ACCOUNTS_MAX,
	                   &reading->config->registrations_per_network);
}

static bool take_registrations_within(struct reading *reading, const char *value) {
	return take_number(reading, value, 1, SECONDS_MAX, &reading->config->registrations_s);
}

static bool take_ping(struct reading *reading, const char *value) {
	return take_number(reading, value, 1, SECONDS_MAX, &reading->config->ping_s);
}

static bool take_ping_timeout(struct reading *reading, const char *value) {
	return take_number(reading, value, 1, SECONDS_MAX, &reading->config->ping_timeout_s);
}

static bool take_register(struct reading *reading, const char *value) {
	return take_number(reading, value, 1, SECONDS_MAX, &reading->config->register_s);
}

/* The one whose section it is was added last. */
static bool take_operator(struct reading *reading, const char *value) {
	struct config_secrets *secrets = reading->secrets;
	struct config_operator *one = &secrets->operators[secrets->operators_count - 1];
	if (one->hash[0] != '\0') {
		return refuse(reading, "password is given twice for the operator '%s'", one->name);
	}
	return take_hash(reading, value, one->hash);
}

static const struct row rows[] = {
	{"server", "name", take_server},
	{"server", "network", take_network},
	{"server", "description", take_description},
	{"server", "motd", take_motd},
	{"admin", "location", take_location},
	{"admin", "organisation", take_organisation},
	{"admin", "email", take_email},
	{"access", "access", take_access},
	{"access", "password", take_password},
	{"access", "cleartext-passwords", take_cleartext},
	{"access", "registration", take_registration},
	{"accounts", "stay", take_stay},
	{"web", "origins", take_origins},
	{"web", "metrics", take_metrics},
	{"limits", "connections-per-network", take_connections},
	{"limits", "registrations-per-network", take_registrations},
	{"limits", "registrations-within", take_registrations_within},
	{"limits", "ping-interval", take_ping},
	{"limits", "ping-timeout", take_ping_timeout},
	{"limits", "register-timeout", take_register},
	{"operator", "password", take_operator},
};
#define ROWS_COUNT (sizeof rows / sizeof rows[0])
_Static_assert(ROWS_COUNT <= 64, "a bit for each row");

/* ---- Sections ---- */

static bool is_operator(const char *section) {
	return strncmp(section, OPERATOR, strlen(OPERATOR)) == 0;
}

/* What the rows call it. */
static const char *kind_of(const char *section) {
	return is_operator(section) ? "operator" : section;
}

static bool has_rows(const char *section) {
	for (size_t i = 0; i < ROWS_COUNT; i++) {
		if (strcmp(rows[i].section, section) == 0) {
			return true;
		}
	}
	return false;
}

static bool add_operator(struct reading *reading, const char *name) {
	struct config_secrets *secrets = reading->secrets;
	if (name[0] == '\0' || strlen(name) > NAME_BYTES_MAX || strpbrk(name, " \t") != NULL) {
		return refuse(reading,
		              "an operator's name is one word of at most %d bytes, not '%s'",
		              NAME_BYTES_MAX, name);
	}
	for (uint32_t i = 0; i < secrets->operators_count; i++) {
		if (strcmp(secrets->operators[i].name, name) == 0) {
			return refuse(reading, "the operator '%s' is there twice", name);
		}
	}
	if (secrets->operators_count == CONFIG_OPERATORS_MAX) {
		return refuse(reading, "there may be at most %d operators", CONFIG_OPERATORS_MAX);
	}
	reading->operators_at[secrets->operators_count] = reading->line;
	memcpy(secrets->operators[secrets->operators_count++].name, name, strlen(name) + 1);
	return true;
}

static struct slice skip_blanks(struct slice text) {
	while (text.size > 0 &&
	       (text.bytes[0] == ' ' || text.bytes[0] == '\t' || text.bytes[0] == '\r')) {
		text = slice_from(text, 1);
	}
	return text;
}

static bool is_comment(struct slice text) {
	return text.size > 0 && (text.bytes[0] == '#' || text.bytes[0] == ';');
}

/* A line that begins with a bracket. */
static void begin_section(struct reading *reading, struct slice line) {
	char *name = reading->section;
	const char *end = memchr(line.bytes, ']', line.size);
	if (end == NULL) {
		refuse(reading, "a section wants a ] behind its name");
		return;
	}
	size_t size = (size_t)(end - line.bytes) - 1;
	memcpy(name, line.bytes + 1, size);
	name[size] = '\0';
	reading->row = NULL;
	if (is_operator(name)) {
		add_operator(reading, name + strlen(OPERATOR));
	} else if (strcmp(name, "operator") == 0) {
		refuse(reading, "an operator has a name: [operator NAME]");
	} else if (!has_rows(name)) {
		refuse(reading,
		       "there is no section '%s'; there are [server], [admin], [access],"
		       " [accounts], [web], [limits] and [operator NAME]",
		       name);
	}
	struct slice behind = skip_blanks(slice_from(line, size + 2));
	if (behind.size > 0 && !is_comment(behind)) {
		refuse(reading, "behind [%s] the line must end; a key has a line of its own", name);
	}
}

/* ---- libinih ---- */

/* A line before libinih sees it. */
static void look_at(struct reading *reading, struct slice line) {
	static const struct slice mark = {.bytes = "\xef\xbb\xbf", .size = 3};
	if (reading->line == 1 && slice_starts_with(line, mark)) {
		line = slice_from(line, mark.size); /* As libinih does. */
	}
	struct slice words = skip_blanks(line);
	reading->is_indented = words.size < line.size;
	if (words.size == 0) {
		reading->blank++;
	} else if (!reading->is_indented && words.bytes[0] == '[') {
		begin_section(reading, line);
	} else if (reading->is_indented && !is_comment(words) && reading->row == NULL) {
		refuse(reading, "a section or a key begins where its line begins");
	} else if (reading->is_indented && is_comment(words) && reading->row != NULL) {
		/* Neither a comment that was meant, nor a line that is left out in silence. */
		refuse(reading, "a line that goes on with a value cannot begin with '%c'",
		       words.bytes[0]);
	}
}

/* A line of the file, as fgets() would give it. */
static char *read_line(char *out, int room, void *context) {
	struct reading *reading = context;
	struct slice rest = reading->rest;
	if (rest.size == 0 || reading->trouble[0] != '\0') {
		return NULL;
	}
	const char *end = memchr(rest.bytes, '\n', rest.size);
	size_t size = end != NULL ? (size_t)(end - rest.bytes) + 1 : rest.size;
	reading->line++;
	reading->rest = slice_from(rest, size);
	struct slice line = slice_first(rest, end != NULL ? size - 1 : size);
	if (line.size > LINE_BYTES_MAX || (int)size >= room) {
		refuse(reading, "the line has more than %d bytes", LINE_BYTES_MAX);
		return NULL;
	}
	look_at(reading, line);
	memcpy(out, rest.bytes, size);
	out[size] = '\0';
	return out;
}

static const struct row *find_row(const char *section, const char *name) {
	for (size_t i = 0; i < ROWS_COUNT; i++) {
		if (strcmp(rows[i].section, section) == 0 && strcmp(rows[i].name, name) == 0) {
			return &rows[i];
		}
	}
	return NULL;
}

static void refuse_key(struct reading *reading, const char *section, const char *name) {
	char list[256] = "";
	for (size_t i = 0; i < ROWS_COUNT; i++) {
		if (strcmp(rows[i].section, section) == 0) {
			size_t size = strlen(list);
			snprintf(list + size, sizeof list - size, "%s%s", size > 0 ? ", " : "",
			         rows[i].name);
		}
	}
	refuse(reading, "there is no key '%s' in [%s]; there are: %s", name, section, list);
}

/* `cut` is libinih's word for the section. */
static int on_key(void *context, const char *cut, const char *name, const char *value) {
	struct reading *reading = context;
	const char *kind = kind_of(reading->section);
	const struct row *row = find_row(kind, name);
	if (reading->trouble[0] != '\0') {
		return 0;
	}
	if (kind[0] == '\0') {
		return refuse(reading, "'%s' stands before the first section", name);
	}
	if (row == NULL) {
		refuse_key(reading, kind, name);
		return 0;
	}
	uint64_t bit = UINT64_C(1) << (row - rows);
	bool goes_on = reading->is_indented && row == reading->row;
	if (goes_on && row->take != take_motd) {
		return refuse(reading, "%s is one line; a key begins where its line begins", name);
	}
	if (!goes_on && (reading->given & bit) != 0 && row->take != take_operator) {
		return refuse(reading, "%s is given twice", name);
	}
	reading->given |= bit;
	reading->row = row;
	bool is_taken = row->take(reading, value);
	reading->blank = 0;
	return is_taken;
}

/* ---- The whole ---- */

static bool is_control(int32_t point) {
	return point < ' ' || (point >= 0x7f && point < 0xa0);
}

static bool check_bytes(struct reading *reading, struct slice text) {
	unsigned line = 1;
	while (text.size > 0) {
		int32_t point;
		size_t size = utf8_decode(text, &point);
		text = slice_from(text, size);
		if (point == UTF8_INVALID) {
			return refuse_at(reading, line, "this is not UTF-8");
		}
		bool ends_line = point == '\n' ||
		                 (point == '\r' && (text.size == 0 || text.bytes[0] == '\n'));
		if (is_control(point) && !ends_line && point != '\t') {
			return refuse_at(reading, line,
			                 "the control character U+%04X has no place in a text",
			                 (unsigned)point);
		}
		line += point == '\n';
	}
	return true;
}

static bool check_whole(struct reading *reading) {
	const struct config_secrets *secrets = reading->secrets;
	for (uint32_t i = 0; i < secrets->operators_count; i++) {
		if (secrets->operators[i].hash[0] == '\0') {
			return refuse_at(reading, reading->operators_at[i],
			                 "the operator '%s' has no password;"
			                 " `qun admin password` makes the line",
			                 secrets->operators[i].name);
		}
	}
	if (reading->config->access == ACCESS_PASSWORD && secrets->password[0] == '\0') {
		return refuse_at(reading, reading->access_at,
		                 "access = password wants a password in [access];"
		                 " `qun admin password` makes the line");
	}
	return true;
}

bool config_parse(const char *path, struct slice text, struct config *config,
                  struct config_secrets *secrets, char trouble[static CONFIG_TROUBLE_BYTES]) {
	struct reading reading = {.path = path,
	                          .rest = text,
	                          .config = config,
	                          .secrets = secrets,
	                          .trouble = trouble};
	trouble[0] = '\0';
	config_defaults(config, secrets);
	if (!check_bytes(&reading, text)) {
		return false;
	}
	int line = ini_parse_stream(read_line, &reading, on_key, &reading);
	if (line > 0) { /* What libinih could not read; what we could not, was told already. */
		refuse_at(&reading, (unsigned)line, "this is no [section] and no KEY = VALUE");
	}
	return trouble[0] == '\0' && check_whole(&reading);
}
