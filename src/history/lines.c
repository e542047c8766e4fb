#include "lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "limits.h"
#include "moment.h"
#include "tongue.h"
#include "utf8.h"
#include "visible.h"
#include "words.h"

/* What a line for people has before the words: "2026-11-23 20:15:00  ". */
#define INDENT "                     "

/* Without a language of one's own (the C locale) lines are as the room's notices are by default. */
static bool has_own_language(void) {
	static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = getenv(variables[i]);
		if (value != NULL && value[0] != '\0') {
			bool is_c = value[0] == 'C' && (value[1] == '\0' || value[1] == '.');
			return !is_c && strcmp(value, "POSIX") != 0;
		}
	}
	return false;
}

void lines_init(struct lines *lines, bool is_json, const struct state *rooms) {
	*lines = (struct lines){.is_json = is_json,
	                        .language = has_own_language() ? tongue() : LANGUAGE_ZH,
	                        .rooms = rooms};
}

void lines_finish(struct lines *lines) {
	free(lines->bytes);
	*lines = (struct lines){0};
}

/* ---- bytes ---- */

static void put(struct lines *lines, const char *bytes, size_t size) {
	if (lines->room - lines->size < size) {
		lines->room = 2 * lines->room + size + 65536;
		lines->bytes = realloc(lines->bytes, lines->room);
		if (lines->bytes == NULL) {
			diag_exit(1, "no memory is left");
		}
	}
	if (size > 0) {
		memcpy(lines->bytes + lines->size, bytes, size);
		lines->size += size;
	}
}

static void put_string(struct lines *lines, const char *string) {
	put(lines, string, strlen(string));
}

static void put_number(struct lines *lines, uint64_t number) {
	char digits[24];
	int size = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
	put(lines, digits, (size_t)size);
}

/* ---- JSON ---- */

/* One code point inside a string of JSON; what is not UTF-8 becomes U+FFFD. */
static void put_point(struct lines *lines, const char *bytes, size_t size, int32_t point) {
	char escape[8];
	if (point == UTF8_INVALID) {
		put_string(lines, "\xEF\xBF\xBD");
	} else if (point == '"' || point == '\\') {
		escape[0] = '\\';
		escape[1] = (char)point;
		put(lines, escape, 2);
	} else if (point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x2028 ||
	           point == 0x2029) {
		/* The last ones end a line for some readers, and C1 moves some terminals. */
		int length = snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)point & 0xFFFF);
		put(lines, escape, (size_t)length);
	} else {
		put(lines, bytes, size);
	}
}

static void put_json(struct lines *lines, struct slice text) {
	put_string(lines, "\"");
	while (!slice_is_empty(text)) {
		int32_t point;
		size_t size = utf8_decode(text, &point);
		put_point(lines, text.bytes, size, point);
		text = slice_from(text, size);
	}
	put_string(lines, "\"");
}

static void put_json_or_null(struct lines *lines, const char *key, struct slice text) {
	put_string(lines, key);
	if (slice_is_empty(text)) {
		put_string(lines, "null");
	} else {
		put_json(lines, text);
	}
}

static void put_json_if_any(struct lines *lines, const char *key, struct slice text) {
	if (!slice_is_empty(text)) {
		put_string(lines, key);
		put_json(lines, text);
	}
}

static struct slice room_name(const struct lines *lines, uint64_t room) {
	return room != 0 && state_room_exists(lines->rooms, room)
	               ? state_room_name(lines->rooms, room)
	               : (struct slice){0};
}

/* A room that has ended has left its name in what was said there. */
static struct slice room_name_of(const struct lines *lines, const struct record *entry) {
	struct slice name = room_name(lines, entry->room);
	bool bears_name = entry->kind == ENTRY_SAID || entry->kind == ENTRY_JOINED ||
	                  entry->kind == ENTRY_PARTED ||
	                  (entry->kind == ENTRY_REDACTED && !record_is_direct(entry));
	return slice_is_empty(name) && bears_name ? entry->other_name : name;
}

static void put_time(struct lines *lines, const char *key, uint64_t time_us) {
	char time[MOMENT_BYTES];
	moment_format_utc(time_us, time);
	put_string(lines, key);
	put_string(lines, "\"");
	put_string(lines, time);
	put_string(lines, "\"");
}

static void put_further_rooms(struct lines *lines, const struct record *entry) {
	size_t count = record_rooms_count(entry);
	if (count < 2) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		put_string(lines, i == 0 ? ",\"rooms\":[" : ",");
		put_json(lines, room_name(lines, record_room(entry, i)));
	}
	put_string(lines, "]");
}

/* What not every entry has. */
static void put_further_fields(struct lines *lines, const struct record *entry) {
	char net[ADDRESS_TEXT_MAX];
	put_further_rooms(lines, entry);
	if (record_is_direct(entry)) {
		put_string(lines, ",\"thread\":");
		put_number(lines, entry->room);
	}
	/* The name of the room is there already. */
	if (entry->kind != ENTRY_SAID && entry->kind != ENTRY_JOINED &&
	    entry->kind != ENTRY_PARTED) {
		put_json_if_any(lines, ",\"other_name\":", entry->other_name);
	}
	put_json_if_any(lines, ",\"by\":", entry->by);
	if (entry->kind == ENTRY_REDACTED) {
		put_string(lines, ",\"redacts\":");
		put_number(lines, entry->number);
	}
	if (entry->has_net) {
		put_json_if_any(lines,
		                ",\"net\":", slice_from_string(net_format(&entry->net, net)));
	}
	if (entry->reason != REASON_NONE) {
		put_json_if_any(lines,
		                ",\"reason\":", slice_from_string(reason_word(entry->reason)));
	}
	if (entry->until_us != 0) {
		put_time(lines, ",\"until\":", entry->until_us);
	}
}

static void add_json(struct lines *lines, const struct record *entry) {
	put_string(lines, "{\"seq\":");
	put_number(lines, entry->seq);
	put_time(lines, ",\"time\":", entry->time_us);
	put_json_or_null(lines, ",\"room\":", room_name_of(lines, entry));
	put_json_or_null(lines, ",\"kind\":", slice_from_string(record_kind_word(entry->kind)));
	put_json_or_null(lines, ",\"name\":", entry->name);
	put_json_or_null(lines, ",\"text\":", entry->text);
	put_further_fields(lines, entry);
	put_string(lines, "}\n");
}

/* ---- for people ---- */

/* A text of several lines stays one entry to the eye: what follows is indented. */
static void put_indented(struct lines *lines, const char *bytes, size_t size) {
	while (size > 0) {
		const char *end = memchr(bytes, '\n', size);
		size_t line = end == NULL ? size : (size_t)(end - bytes) + 1;
		put(lines, bytes, line);
		bytes += line;
		size -= line;
		if (end != NULL) {
			put_string(lines, INDENT);
		}
	}
}

static void put_visible(struct lines *lines, struct slice text) {
	char shown[VISIBLE_BYTES_MAX(NAME_BYTES_MAX)];
	size_t size = visible_render(text, shown, sizeof(shown));
	put(lines, shown, size < sizeof(shown) ? size : sizeof(shown));
}

static void add_for_people(struct lines *lines, const struct record *entry) {
	char time[MOMENT_BYTES];
	char words[4 * TEXT_BYTES_MAX];
	size_t size = words_entry(lines->language, entry, words, sizeof(words));
	moment_format_local(entry->time_us, time);
	put_string(lines, time);
	put_string(lines, "  ");
	if (record_is_direct(entry)) {
		put_string(lines, "[→ ");
		put_visible(lines, entry->other_name);
		put_string(lines, "] ");
	} else if (entry->room != 0 && entry->room != ROOM_LOBBY) {
		put_string(lines, "[");
		put_visible(lines, room_name_of(lines, entry));
		put_string(lines, "] ");
	}
	if (size > 0) {
		put_indented(lines, words, size);
	} else {
		put_string(lines, record_kind_word(entry->kind));
	}
	put_string(lines, "\n");
}

void lines_add(struct lines *lines, const struct record *entry) {
	if (lines->is_json) {
		add_json(lines, entry);
	} else {
		add_for_people(lines, entry);
	}
}

bool lines_flush(struct lines *lines) {
	size_t done = 0;
	while (done < lines->size) {
		ssize_t wrote = write(STDOUT_FILENO, lines->bytes + done, lines->size - done);
		if (wrote < 0 && errno != EINTR) {
			return false;
		}
		done += wrote > 0 ? (size_t)wrote : 0;
	}
	lines->size = 0;
	return true;
}
