/*
 * ergo_registry.c - accounts and channels out of what Ergo keeps.
 *
 * In its datastore an account is a handful of keys that end with its folded name; a channel is JSON under
 * "1 UUID" (and before Ergo 2.11 a handful of keys as well). What `ergo importdb` takes is one JSON, with names
 * of fields that differ in case.
 *
 * Ergo keeps a password as bcrypt, which is of no use here, and (since 2.8) as the keys of SCRAM-SHA-256, which are
 * the same everywhere.
 */
#include "import_registry.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ergo_store.h"
#include "import.h"
#include "moment.h"

#define ITERATIONS_MIN 1024
#define ITERATIONS_MAX 1000000

/* Later than any second, and earlier than any nanosecond, in which somebody could have registered. */
#define NANOSECONDS_MIN UINT64_C(100000000000000)

/* ---- JSON ---- */

/* Its field of that name, in whatever case. */
static json_t *field(const json_t *object, const char *name) {
	const char *key;
	json_t *value, *found = json_object_get(object, name);
	if (found != NULL) {
		return found;
	}
	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		if (strcasecmp(key, name) == 0) {
			return value;
		}
	}
	return NULL;
}

static struct slice text_of(const json_t *value) {
	return json_is_string(value) ? slice_of(json_string_value(value), json_string_length(value))
	                             : slice_of(NULL, 0);
}

static struct slice text(const json_t *object, const char *name) {
	return text_of(field(object, name));
}

static uint64_t number_of(const json_t *value) {
	if (json_is_integer(value)) {
		json_int_t number = json_integer_value(value);
		return number > 0 ? (uint64_t)number : 0;
	}
	struct slice digits = text_of(value);
	uint64_t number = 0;
	for (size_t i = 0; i < digits.size && i < 19; i++) {
		if (digits.bytes[i] < '0' || digits.bytes[i] > '9') {
			return 0;
		}
		number = number * 10 + (uint64_t)(digits.bytes[i] - '0');
	}
	return number;
}

/* Seconds or nanoseconds since 1970, or as RFC 3339 has it; 0: not known. */
static uint64_t time_of(const json_t *value) {
	uint64_t time_us = 0, number = number_of(value);
	struct slice moment = text_of(value);
	if (number >= NANOSECONDS_MIN) {
		return number / 1000;
	}
	if (number > 0) {
		return number * 1000000;
	}
	bool is_moment =
		moment.size > 10 && moment.bytes[4] == '-' && moment_parse(moment, 0, &time_us);
	return is_moment ? time_us : 0;
}

char import_letter(const json_t *value) {
	if (json_is_integer(value)) {
		json_int_t number = json_integer_value(value);
		return number > ' ' && number < 127 ? (char)number : '\0';
	}
	struct slice letter = text_of(value);
	return letter.size == 1 ? letter.bytes[0] : '\0';
}

/* "+nt", or [110, 116]. */
static void take_modes(const json_t *value, char modes[static 32]) {
	size_t size = 0, index;
	json_t *each;
	struct slice letters = text_of(value);
	for (size_t i = 0; i < letters.size && size < 31; i++) {
		modes[size++] = letters.bytes[i];
	}
	json_array_foreach(value, index, each) {
		char letter = import_letter(each);
		if (letter != '\0' && size < 31) {
			modes[size++] = letter;
		}
	}
	modes[size] = '\0';
}

/* ---- accounts ---- */

static bool take_bytes(const json_t *object, const char *name, uint8_t *out, size_t size) {
	struct slice base64 = text(object, name);
	size_t got = 0;
	return base64.size > 0 &&
	       sodium_base642bin(out, size, base64.bytes, base64.size, NULL, &got, NULL,
	                         sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       got == size;
}

static void take_keys(struct import_account *account, const json_t *credentials) {
	uint64_t iterations = number_of(field(credentials, "Iters"));
	account->has_keys =
		iterations >= ITERATIONS_MIN && iterations <= ITERATIONS_MAX &&
		take_bytes(credentials, "Salt", account->salt, sizeof(account->salt)) &&
		take_bytes(credentials, "StoredKey", account->stored, sizeof(account->stored)) &&
		take_bytes(credentials, "ServerKey", account->server, sizeof(account->server));
	account->iterations = account->has_keys ? (uint32_t)iterations : 0;
}

/* A value that is JSON itself, owned by the root from now on. */
static json_t *parse_kept(json_t *root, const json_t *value) {
	struct slice bytes = text_of(value);
	json_t *parsed = bytes.size > 0
	                         ? json_loadb(bytes.bytes, bytes.size, JSON_REJECT_DUPLICATES, NULL)
	                         : NULL;
	return parsed != NULL && json_array_append_new(json_object_get(root, "parsed"), parsed) == 0
	               ? parsed
	               : NULL;
}

static json_t *of_key(const json_t *map, const char *what, const char *folded) {
	json_t *key = json_sprintf("%s %s", what, folded);
	json_t *value = key == NULL ? NULL : json_object_get(map, json_string_value(key));
	json_decref(key);
	return value;
}

static void take_account(struct import_registry *registry, const json_t *map, const char *folded) {
	struct import_account *account = &registry->accounts[registry->accounts_count++];
	*account = (struct import_account){
		.name = text_of(of_key(map, "account.name", folded)),
		.created_us = time_of(of_key(map, "account.registered.time", folded)),
	};
	if (account->name.size == 0) {
		account->name = slice_from_string(folded);
	}
	/* Who is not to come in does not by this way. */
	if (of_key(map, "account.suspended", folded) == NULL) {
		take_keys(account,
		          parse_kept(registry->root, of_key(map, "account.credentials", folded)));
	}
}

/* ---- channels ---- */

static void take_channel(struct import_registry *registry, const json_t *from, struct slice name) {
	struct import_channel *channel = &registry->channels[registry->channels_count++];
	struct slice own = text(from, "Name");
	*channel = (struct import_channel){
		.name = own.size > 0 ? own : name,
		.founder = text(from, "Founder"),
		.topic = text(from, "Topic"),
		.topic_by = text(from, "TopicSetBy"),
		.key = text(from, "Key"),
		.made_us = time_of(field(from, "RegisteredAt")),
		.topic_us = time_of(field(from, "TopicSetTime")),
		.limit = number_of(field(from, "UserLimit")),
		.offices = field(from, "AccountToUMode"),
		.bans = field(from, "Bans"),
		.excepts = field(from, "Excepts"),
		.invites = field(from, "Invites"),
	};
	if (channel->topic_us == 0) {
		channel->topic_us = time_of(field(from, "topicSetAt"));
	}
	if (channel->limit == 0) {
		channel->limit = number_of(field(from, "limit"));
	}
	if (channel->offices == NULL) {
		channel->offices = field(from, "amode");
	}
	take_modes(field(from, "Modes"), channel->modes);
}

/* As they were before they had a JSON of their own. */
static void take_old_channel(struct import_registry *registry, const json_t *map,
                             const char *folded) {
	static const struct {
		const char *key, *name;
		bool is_json;
	} rows[] = {
		{"channel.name", "Name", false},
		{"channel.founder", "Founder", false},
		{"channel.registered.time", "RegisteredAt", false},
		{"channel.topic", "Topic", false},
		{"channel.topic.setby", "TopicSetBy", false},
		{"channel.topic.settime", "TopicSetTime", false},
		{"channel.key", "Key", false},
		{"channel.modes", "Modes", false},
		{"channel.userlimit", "UserLimit", false},
		{"channel.accounttoumode", "AccountToUMode", true},
		{"channel.banlist", "Bans", true},
		{"channel.exceptlist", "Excepts", true},
		{"channel.invitelist", "Invites", true},
	};
	json_t *channel = json_object();
	if (json_array_append_new(json_object_get(registry->root, "parsed"), channel) != 0) {
		return;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *value = of_key(map, rows[i].key, folded);
		value = rows[i].is_json ? parse_kept(registry->root, value) : value;
		if (value != NULL) {
			json_object_set(channel, rows[i].name, value);
		}
	}
	take_channel(registry, channel, slice_from_string(folded));
}

/* ---- the two forms ---- */

static bool has_room(struct import_registry *registry, size_t accounts, size_t channels) {
	registry->accounts = calloc(accounts + 1, sizeof(*registry->accounts));
	registry->channels = calloc(channels + 1, sizeof(*registry->channels));
	return registry->accounts != NULL && registry->channels != NULL;
}

/* What follows this front in the key; NULL: it has another. */
static const char *behind(const char *key, const char *front) {
	size_t size = strlen(front);
	return strncmp(key, front, size) == 0 && key[size] != '\0' ? key + size : NULL;
}

static bool from_store(struct import_registry *registry, json_t *map) {
	const char *key, *folded;
	json_t *value;
	json_object_set_new(registry->root, "map", map);
	if (!has_room(registry, json_object_size(map), json_object_size(map))) {
		return false;
	}
	json_object_foreach(map, key, value) {
		if ((folded = behind(key, "account.verified ")) != NULL) {
			take_account(registry, map, folded);
		} else if ((folded = behind(key, "channel.exists ")) != NULL) {
			take_old_channel(registry, map, folded);
		} else if (behind(key, "1 ") != NULL) {
			json_t *channel = parse_kept(registry->root, value);
			if (json_is_object(channel)) {
				take_channel(registry, channel, slice_of(NULL, 0));
			}
		}
	}
	return true;
}

static bool from_json(struct import_registry *registry, json_t *all) {
	const char *key;
	json_t *value;
	const json_t *users = field(all, "users"), *channels = field(all, "channels");
	json_object_set_new(registry->root, "map", all);
	if (!json_is_object(users) && !json_is_object(channels)) {
		return false;
	}
	if (!has_room(registry, json_object_size(users), json_object_size(channels))) {
		return false;
	}
	json_object_foreach((json_t *)(uintptr_t)users, key, value) {
		struct slice name = text(value, "name");
		registry->accounts[registry->accounts_count++] = (struct import_account){
			.name = name.size > 0 ? name : slice_from_string(key),
			.created_us = time_of(field(value, "registeredAt"))};
	}
	json_object_foreach((json_t *)(uintptr_t)channels, key, value) {
		take_channel(registry, value, slice_from_string(key));
	}
	return true;
}

bool ergo_registry(struct slice bytes, struct import_registry *registry) {
	*registry = (struct import_registry){.root = json_pack("{s:[]}", "parsed")};
	if (registry->root == NULL || bytes.size == 0) {
		return false;
	}
	if (bytes.bytes[0] == '*') {
		json_t *map = ergo_store_read(bytes);
		return map != NULL && from_store(registry, map);
	}
	json_t *all = json_loadb(bytes.bytes, bytes.size, 0, NULL);
	return all != NULL && from_json(registry, all);
}

void import_registry_finish(struct import_registry *registry) {
	json_decref(registry->root);
	free(registry->accounts);
	free(registry->channels);
	*registry = (struct import_registry){0};
}
