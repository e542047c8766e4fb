#include "import_enlist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"
#include "import_enlist_inner.h"
#include "limits.h"
#include "name.h"
#include "utf8.h"

/* A room is made, or has a topic. */
struct happening {
	uint64_t time_us;
	const struct import_channel *channel;
	bool is_topic;
};

struct happenings {
	struct happening *all;
	size_t count, at;
};

/* ---- what there can be ---- */

static bool is_account_good(struct import_tally *tally, const struct import_listed *listed,
                            const struct import_account *account) {
	bool is_good = name_check(account->name) == NAME_OK;
	if (!is_good) {
		import_tell(tally, listed->path, IMPORT_WHOLE_FILE, TROUBLE_NAME, account->name);
	}
	return is_good;
}

static bool is_channel_good(struct import_tally *tally, const struct import_listed *listed,
                            const struct import_channel *channel) {
	bool is_good = room_name_check(channel->name) == NAME_OK;
	if (!is_good) {
		import_tell(tally, listed->path, IMPORT_WHOLE_FILE, TROUBLE_ROOM_NAME,
		            channel->name);
	}
	return is_good;
}

static void filter(struct import_listed *listed, struct import_tally *tally) {
	struct import_registry *registry = &listed->registry;
	size_t accounts = 0, channels = 0;
	for (size_t i = 0; i < registry->accounts_count; i++) {
		if (is_account_good(tally, listed, &registry->accounts[i])) {
			registry->accounts[accounts++] = registry->accounts[i];
		}
	}
	for (size_t i = 0; i < registry->channels_count; i++) {
		if (is_channel_good(tally, listed, &registry->channels[i])) {
			registry->channels[channels++] = registry->channels[i];
		}
	}
	registry->accounts_count = accounts;
	registry->channels_count = channels;
}

/* ---- what happened when ---- */

static int by_time(const void *a, const void *b) {
	const struct happening *one = a, *other = b;
	if (one->time_us != other->time_us) {
		return one->time_us < other->time_us ? -1 : 1;
	}
	return one->is_topic - other->is_topic;
}

/* What has no time has that of the end. */
static uint64_t known(uint64_t time_us) {
	return time_us == 0 ? UINT64_MAX : time_us;
}

static bool collect(struct import_enlisting *enlisting) {
	size_t count = 0;
	for (size_t i = 0; i < enlisting->listed_count; i++) {
		count += 2 * enlisting->listed[i].registry.channels_count;
	}
	struct happenings *happenings = calloc(1, sizeof(*happenings));
	enlisting->happenings = happenings;
	if (happenings == NULL ||
	    (happenings->all = calloc(count + 1, sizeof(*happenings->all))) == NULL) {
		return false;
	}
	for (size_t i = 0; i < enlisting->listed_count; i++) {
		const struct import_registry *registry = &enlisting->listed[i].registry;
		for (size_t j = 0; j < registry->channels_count; j++) {
			const struct import_channel *channel = &registry->channels[j];
			happenings->all[happenings->count++] =
				(struct happening){known(channel->made_us), channel, false};
			if (channel->topic.size > 0) {
				happenings->all[happenings->count++] =
					(struct happening){known(channel->topic_us), channel, true};
			}
		}
	}
	qsort(happenings->all, happenings->count, sizeof(*happenings->all), by_time);
	return true;
}

struct import_enlisting *import_enlist_create(struct import_listed *listed, size_t count,
                                              struct import_tally *tally) {
	struct import_enlisting *enlisting = calloc(1, sizeof(*enlisting));
	if (enlisting == NULL) {
		return NULL;
	}
	enlisting->listed = listed;
	enlisting->listed_count = count;
	enlisting->tally = tally;
	for (size_t i = 0; i < count; i++) {
		filter(&listed[i], tally);
	}
	if (!collect(enlisting)) {
		import_enlist_destroy(enlisting);
		return NULL;
	}
	return enlisting;
}

void import_enlist_destroy(struct import_enlisting *enlisting) {
	if (enlisting != NULL) {
		if (enlisting->happenings != NULL) {
			free(enlisting->happenings->all);
		}
		free(enlisting->happenings);
		free(enlisting);
	}
}

/* ---- rooms and topics, in time ---- */

/* "nick!user@host", or a nick; if nobody can be called so, the founder. */
static struct slice who_set(const struct import_channel *channel) {
	struct slice name = channel->topic_by, host;
	(void)import_cut(name, "!", &name, &host);
	return name_check(name) == NAME_OK               ? name
	       : name_check(channel->founder) == NAME_OK ? channel->founder
	                                                 : slice_of(NULL, 0);
}

static bool put_topic(struct import_enlisting *enlisting, struct import_log *log, uint64_t room,
                      const struct import_channel *channel, uint64_t time_us) {
	bool is_possible;
	struct record topic = {.kind = ENTRY_TOPIC,
	                       .room = room,
	                       .other_name = channel->name,
	                       .name = who_set(channel),
	                       .text = channel->topic};
	if (channel->topic.size > TOPIC_BYTES_MAX) {
		import_tell(enlisting->tally, "topic", IMPORT_WHOLE_FILE, TROUBLE_TOPIC_TOO_LONG,
		            channel->name);
		return true;
	}
	if (!import_is_line(channel->topic)) {
		import_tell(enlisting->tally, "topic", IMPORT_WHOLE_FILE, TROUBLE_TOPIC_LINES,
		            channel->name);
		return true;
	}
	enlisting->tally->topics++;
	return import_log_add(log, &topic, time_us, &is_possible);
}

static bool happen(struct import_enlisting *enlisting, struct import_log *log,
                   const struct happening *it, uint64_t time_us) {
	uint64_t room = import_log_room(log, it->channel->name, time_us);
	return room != 0 &&
	       (!it->is_topic || put_topic(enlisting, log, room, it->channel, time_us));
}

bool import_enlist_until(struct import_enlisting *enlisting, struct import_log *log,
                         uint64_t time_us) {
	struct happenings *happenings = enlisting->happenings;
	for (; happenings->at < happenings->count; happenings->at++) {
		const struct happening *it = &happenings->all[happenings->at];
		uint64_t last_us = import_log_time_us(log);
		if (it->time_us > time_us) {
			break;
		}
		if (!happen(enlisting, log, it, it->time_us > last_us ? it->time_us : last_us)) {
			return false;
		}
	}
	return true;
}

/* What has no time, or one that is yet to come. */
static bool rest_happens(struct import_enlisting *enlisting, struct import_log *log) {
	struct happenings *happenings = enlisting->happenings;
	for (; happenings->at < happenings->count; happenings->at++) {
		if (!happen(enlisting, log, &happenings->all[happenings->at],
		            import_log_time_us(log))) {
			return false;
		}
	}
	return true;
}

/* ---- what is at the end ---- */

static bool put_account(struct import_enlisting *enlisting, struct import_log *log,
                        const struct import_account *account) {
	bool is_possible;
	struct record made = {.kind = ENTRY_ACCOUNT_MADE, .name = account->name};
	if (state_account_named(import_log_state(log), account->name) != 0) {
		return true;
	}
	return import_log_add(log, &made, import_log_time_us(log), &is_possible);
}

struct enlisting_room {
	struct import_enlisting *enlisting;
	struct import_log *log;
	const struct import_listed *listed;
	const struct import_channel *channel;
	uint64_t room;
};

/* Says it if it cannot be: then that is left out. */
static bool add(const struct enlisting_room *it, struct record *entry,
                enum import_trouble trouble) {
	bool is_possible;
	entry->room = it->room;
	entry->other_name = it->channel->name;
	if (!import_log_add(it->log, entry, import_log_time_us(it->log), &is_possible)) {
		return false;
	}
	if (!is_possible) {
		import_tell(it->enlisting->tally, it->listed->path, IMPORT_WHOLE_FILE, trouble,
		            it->channel->name);
	}
	return true;
}

static bool put_founder(const struct enlisting_room *it) {
	struct record founder = {.kind = ENTRY_FOUNDER, .name = it->channel->founder};
	return founder.name.size == 0 || add(it, &founder, TROUBLE_FOUNDER);
}

static bool put_offices(const struct enlisting_room *it) {
	const char *account;
	json_t *value;
	json_object_foreach(it->channel->offices, account, value) {
		char letter = import_letter(value);
		struct slice name = slice_from_string(account);
		struct record standing = {.kind = ENTRY_STANDING, .name = name};
		if (letter == 'q' || letter == 'a' || letter == 'o') {
			standing.bits = MEMBER_IS_OPERATOR;
		} else if (letter == 'h' || letter == 'v') {
			standing.bits = MEMBER_HAS_VOICE;
		}
		/* The founder has more than an office. */
		bool is_founder = name_equal(name, it->channel->founder);
		if (standing.bits != 0 && !is_founder && !add(it, &standing, TROUBLE_STANDING)) {
			return false;
		}
	}
	return true;
}

static bool is_key_good(struct slice key) {
	for (size_t i = 0; i < key.size; i++) {
		if ((uint8_t)key.bytes[i] <= ' ' || key.bytes[i] == ',' || key.bytes[i] == 0x7F) {
			return false;
		}
	}
	return key.size > 0 && key.size <= ROOM_KEY_BYTES_MAX && utf8_is_valid(key);
}

static bool has_letter(const struct import_channel *channel, char letter) {
	return strchr(channel->modes, letter) != NULL;
}

/* Which of its letters there are here, behind a sign; with which it ends. */
static size_t put_flags(const struct import_channel *channel, char *out) {
	static const char flags[] = "imsCRM";
	size_t size = 0;
	out[size++] = '+';
	for (size_t i = 0; i < sizeof(flags) - 1; i++) {
		/* A room whose key cannot be one here is not opened for that. */
		bool is_shut =
			flags[i] == 'i' && channel->key.size > 0 && !is_key_good(channel->key);
		if (has_letter(channel, flags[i]) || is_shut) {
			out[size++] = flags[i];
		}
	}
	if (is_key_good(channel->key)) {
		out[size++] = 'k';
	}
	if (channel->limit > 0 && channel->limit <= INT32_MAX) {
		out[size++] = 'l';
	}
	return size == 1 ? 0 : size;
}

/* n and t, which all rooms have at first, go if it has none. */
static size_t put_lack(const struct import_channel *channel, char *out) {
	size_t size = 0;
	out[size++] = '-';
	if (channel->modes[0] != '\0' && !has_letter(channel, 'n')) {
		out[size++] = 'n';
	}
	if (channel->modes[0] != '\0' && !has_letter(channel, 't')) {
		out[size++] = 't';
	}
	return size == 1 ? 0 : size;
}

/* "+isk-t *" */
static bool put_modes(const struct enlisting_room *it) {
	const struct import_channel *channel = it->channel;
	char text[128];
	struct record mode = {.kind = ENTRY_MODE};
	size_t size = put_flags(channel, text);
	size += put_lack(channel, text + size);
	if (is_key_good(channel->key)) {
		mode.secret = channel->key;
		size += (size_t)snprintf(text + size, sizeof(text) - size, " *");
	}
	if (channel->limit > 0 && channel->limit <= INT32_MAX) {
		size += (size_t)snprintf(text + size, sizeof(text) - size, " %llu",
		                         (unsigned long long)channel->limit);
	}
	mode.text = slice_of(text, size);
	return size == 0 || add(it, &mode, TROUBLE_MODES);
}

static bool put_list(const struct enlisting_room *it, char letter, const json_t *masks) {
	const char *mask;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)masks, mask, value) {
		char text[MASK_BYTES_MAX + 8];
		int size = snprintf(text, sizeof(text), "+%c %s", letter, mask);
		struct record mode = {.kind = ENTRY_MODE};
		bool is_mask = mask[0] != '\0' && strchr(mask, ' ') == NULL &&
		               import_is_line(slice_from_string(mask)) && size < (int)sizeof(text);
		mode.text = is_mask ? slice_of(text, (size_t)size) : slice_of(NULL, 0);
		if (!add(it, &mode, TROUBLE_MASK)) {
			return false;
		}
	}
	return true;
}

static bool put_room(const struct enlisting_room *it) {
	return it->room != 0 && put_founder(it) && put_offices(it) && put_modes(it) &&
	       put_list(it, 'b', it->channel->bans) && put_list(it, 'e', it->channel->excepts) &&
	       put_list(it, 'I', it->channel->invites);
}

static bool put_registry(struct import_enlisting *enlisting, struct import_log *log,
                         const struct import_listed *listed) {
	const struct import_registry *registry = &listed->registry;
	for (size_t i = 0; i < registry->accounts_count; i++) {
		if (!put_account(enlisting, log, &registry->accounts[i])) {
			return false;
		}
	}
	for (size_t i = 0; i < registry->channels_count; i++) {
		const struct import_channel *channel = &registry->channels[i];
		const struct enlisting_room it = {
			.enlisting = enlisting,
			.log = log,
			.listed = listed,
			.channel = channel,
			.room = import_log_room(log, channel->name, import_log_time_us(log))};
		if (!put_room(&it)) {
			return false;
		}
	}
	return true;
}

bool import_enlist_end(struct import_enlisting *enlisting, struct import_log *log,
                       uint64_t now_us) {
	if (!import_enlist_until(enlisting, log, now_us) || !rest_happens(enlisting, log)) {
		return false;
	}
	for (size_t i = 0; i < enlisting->listed_count; i++) {
		if (!put_registry(enlisting, log, &enlisting->listed[i])) {
			return false;
		}
	}
	return true;
}
