/* A screen without a terminal: what the link tells goes in, keys go in, rows of text come out. */
#ifndef QUN_SCREEN_HELP_H
#define QUN_SCREEN_HELP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "screen_ui.h"
#include "width.h"

#define SELF 7
#define LOBBY 1
#define SCREEN_BYTES_MAX 65536
#define TIME_MS 1700000000000 /* 2023-11-14 22:13:20 UTC */

static struct ui ui;
static struct keys keys;
static char seen[SCREEN_BYTES_MAX];
static uint64_t seq_next;

/* ---- the link's part ---- */

static struct slice text_of(const char *string) {
	return slice_from_string(string != NULL ? string : "");
}

static void tell(struct tell one) {
	model_tell(&ui.model, &one);
	ui_settle(&ui);
}

static void tell_standing(enum standing state, unsigned flags) {
	tell((struct tell){.kind = TELL_STANDING,
	                   .state = state,
	                   .flags = (uint16_t)flags,
	                   .person = SELF,
	                   .seq = seq_next - 1,
	                   .rtt_us = 3400,
	                   .name = text_of("me"),
	                   .other = text_of("192.168.1.23:8888")});
}

static void tell_of_room(uint64_t room, const char *name, unsigned flags) {
	tell((struct tell){.kind = TELL_ROOM,
	                   .room = room,
	                   .name = text_of(name),
	                   .connected = 12,
	                   .flags = (uint16_t)flags});
}

static void tell_of_person(uint64_t person, const char *name, unsigned flags) {
	tell((struct tell){.kind = TELL_PERSON,
	                   .room = LOBBY,
	                   .person = person,
	                   .name = text_of(name),
	                   .flags = (uint16_t)flags});
}

/* An entry of one room; what is not set of person and time is made up. */
static void tell_entry_in(uint64_t room, struct tell one) {
	uint64_t rooms = room;
	one.kind = TELL_ENTRY;
	one.seq = one.seq != 0 ? one.seq : seq_next++;
	one.time_ms = one.time_ms != 0 ? one.time_ms : TIME_MS;
	one.room = room;
	one.rooms = slice_of((const char *)&rooms, room != 0 ? sizeof rooms : 0);
	tell(one);
}

static void tell_said(uint64_t room, const char *name, const char *text) {
	tell_entry_in(room, (struct tell){.entry_kind = ENTRY_SAID,
	                                  .person = 100,
	                                  .name = text_of(name),
	                                  .text = text_of(text)});
}

static void tell_traffic(const char *name, bool has_come) {
	tell_entry_in(LOBBY, (struct tell){.entry_kind = has_come ? ENTRY_ENTERED : ENTRY_LEFT,
	                                   .person = 101,
	                                   .name = text_of(name)});
}

/* The first wish of that kind that is not taken yet, which is taken, and all before it. */
static bool take_wish(enum wish_kind kind, struct wish *wish) {
	static uint8_t bytes[SCREENWIRE_BYTES_MAX];
	const struct model_wish *first;
	while ((first = model_first_wish(&ui.model)) != NULL) {
		size_t size = first->size;
		memcpy(bytes, first->bytes, size);
		model_drop_wish(&ui.model);
		wish_decode(wish, bytes, size);
		if (wish->kind == kind) {
			return true;
		}
	}
	return false;
}

static struct wish wished(enum wish_kind kind) {
	struct wish wish = {0};
	assert_true(take_wish(kind, &wish));
	return wish;
}

/* ---- the person's part ---- */

static void use_keys(void) {
	struct press press;
	while (keys_next(&keys, &press)) {
		ui_press(&ui, &press);
		ui_compose(&ui);
		ui_settle(&ui);
	}
}

static void press_keys(const char *bytes) {
	struct press press;
	keys_feed(&keys, slice_from_string(bytes));
	use_keys();
	if (keys_give_up(&keys, &press)) {
		ui_press(&ui, &press);
		ui_settle(&ui);
	}
}

static void resize(size_t rows, size_t columns) {
	ui_resize(&ui, rows, columns);
	ui_compose(&ui);
	ui_settle(&ui);
}

/* ---- what is seen ---- */

/* The rows as text, each with a line end, blanks at their ends left out. */
static const char *screen(void) {
	const struct page *page = ui_compose(&ui);
	size_t size = 0;
	for (size_t row = 0; row < page->rows_count; row++) {
		size_t column = 0, begin = size;
		for (unsigned i = 0; i < page->rows[row].spans_count; i++) {
			const struct page_span *span = &page->rows[row].spans[i];
			assert_true(column <= span->column);
			for (; column < span->column; column++) {
				seen[size++] = ' ';
			}
			struct slice text = page_text(page, span);
			memcpy(seen + size, text.bytes, text.size);
			size += text.size;
			column += width_of(text);
			assert_true(column <= page->columns);
		}
		while (size > begin && seen[size - 1] == ' ') {
			size--;
		}
		seen[size++] = '\n';
	}
	seen[size] = '\0';
	return seen;
}

static bool is_seen(const char *text) {
	return strstr(screen(), text) != NULL;
}

static void assert_seen(const char *text) {
	if (!is_seen(text)) {
		fail_msg("no '%s' in\n%s", text, seen);
	}
}

static void assert_not_seen(const char *text) {
	if (is_seen(text)) {
		fail_msg("'%s' in\n%s", text, seen);
	}
}

/* The row that holds the text, or -1. */
static int row_of(const char *text) {
	const char *at = strstr(screen(), text);
	int row = 0;
	for (const char *byte = seen; at != NULL && byte < at; byte++) {
		row += *byte == '\n';
	}
	return at == NULL ? -1 : row;
}

/* ---- life ---- */

static void begin(enum language language) {
	setenv("TZ", "UTC", 1);
	seq_next = 1001;
	ui_init(&ui, language, "example", NULL, NULL);
	resize(24, 60);
}

/* In the lobby, as one who has just come. */
static void enter(enum language language) {
	begin(language);
	tell_standing(STANDING_IN, TELL_IS_NEW);
	tell_of_room(LOBBY, "#lobby", TELL_IS_IN);
}

static int leave(void **state) {
	ui_finish(&ui);
	keys_finish(&keys);
	return 0;
}

#endif
