/*
 * The screen of `qun join` on any bytes: typed, pasted, or told by somebody else in the room, at any
 * size of the terminal. However the bytes are cut into pieces, the keys are the same; the line is always
 * UTF-8 with the cursor between clusters; and whatever is shown fits, and holds no controls.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cut.h"
#include "record.h"
#include "screen_ui.h"
#include "utf8.h"
#include "width.h"

#define ROOM 1

struct input {
	const uint8_t *bytes;
	size_t size;
};

static uint8_t take(struct input *input) {
	if (input->size == 0) {
		return 0;
	}
	input->size--;
	return *input->bytes++;
}

static struct slice take_text(struct input *input) {
	size_t size = take(input);
	size = size < input->size ? size : input->size;
	struct slice text = slice_of((const char *)input->bytes, size);
	input->bytes += size;
	input->size -= size;
	return text;
}

/* ---- what must hold ---- */

static void check_edit(const struct edit *edit) {
	struct slice text = edit_text(edit);
	assert(edit->size <= EDIT_BYTES_MAX && edit->cursor <= edit->size);
	assert(utf8_is_valid(text));
	size_t at = 0;
	while (at < edit->cursor) {
		at += cut_cluster(slice_from(text, at), EDIT_BYTES_MAX);
	}
	assert(at == edit->cursor);
}

static void check_page(const struct page *page, size_t rows, size_t columns) {
	assert(page->rows_count == rows && page->columns == columns);
	assert(page->cursor_row < rows);
	for (size_t row = 0; row < rows; row++) {
		size_t column = 0;
		for (unsigned i = 0; i < page->rows[row].spans_count; i++) {
			const struct page_span *span = &page->rows[row].spans[i];
			struct slice text = page_text(page, span);
			assert(span->column >= column && utf8_is_valid(text));
			column = span->column + width_of(text);
			assert(column <= columns);
			for (size_t at = 0; at < text.size; at++) {
				unsigned char byte = (unsigned char)text.bytes[at];
				bool is_c1 =
					byte == 0xC2 && (unsigned char)text.bytes[at + 1] < 0xA0;
				assert(byte >= 0x20 && byte != 0x7F && !is_c1);
			}
		}
	}
}

/* ---- deeds ---- */

static uint64_t hash_press(uint64_t hash, const struct press *press) {
	hash = (hash ^ (uint64_t)press->kind) * 0x100000001b3;
	hash = (hash ^ (uint64_t)press->point) * 0x100000001b3;
	for (size_t i = 0; i < press->text.size; i++) {
		hash = (hash ^ (uint8_t)press->text.bytes[i]) * 0x100000001b3;
	}
	return hash;
}

static void drop_wishes(struct ui *ui) {
	while (model_first_wish(&ui->model) != NULL) {
		model_drop_wish(&ui->model);
	}
}

static uint64_t type(struct ui *ui, struct slice bytes, size_t step) {
	struct keys keys = {0};
	struct press press;
	uint64_t hash = 0;
	while (bytes.size > 0) {
		size_t size = step < bytes.size ? step : bytes.size;
		keys_feed(&keys, slice_first(bytes, size));
		bytes = slice_from(bytes, size);
		while (keys_next(&keys, &press)) {
			hash = hash_press(hash, &press);
			if (ui != NULL) {
				ui_press(ui, &press);
				check_edit(&ui->edit);
				check_edit(&ui->search);
				drop_wishes(ui);
			}
		}
		assert(keys_room(&keys) > 0);
	}
	while (keys_give_up(&keys, &press)) {
		hash = hash_press(hash, &press);
	}
	keys_finish(&keys);
	return hash;
}

static void hear(struct ui *ui, struct input *input, uint64_t seq) {
	static const uint16_t kinds[] = {ENTRY_SAID,    ENTRY_ENTERED, ENTRY_LEFT,   ENTRY_RENAMED,
	                                 ENTRY_SHOUTED, ENTRY_KICKED,  ENTRY_DIRECT, 999};
	uint64_t room = ROOM;
	struct tell tell = {.kind = TELL_ENTRY,
	                    .entry_kind = kinds[take(input) % 8],
	                    .seq = seq,
	                    .time_ms = seq * 10000000,
	                    .room = ROOM,
	                    .rooms = slice_of((const char *)&room, sizeof room)};
	tell.name = take_text(input);
	tell.other = take_text(input);
	tell.text = take_text(input);
	model_tell(&ui->model, &tell);
}

static void begin(struct ui *ui, enum language language) {
	ui_init(ui, language, "host", NULL, NULL);
	model_tell(&ui->model, &(struct tell){.kind = TELL_STANDING,
	                                      .state = STANDING_IN,
	                                      .person = 7,
	                                      .name = slice_from_string("me")});
	model_tell(&ui->model, &(struct tell){.kind = TELL_ROOM,
	                                      .room = ROOM,
	                                      .flags = TELL_IS_IN,
	                                      .name = slice_from_string("#lobby")});
	drop_wishes(ui);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	static struct ui ui;
	struct input input = {.bytes = bytes, .size = size};
	struct slice all = slice_of((const char *)bytes, size);
	assert(type(NULL, all, 1) == type(NULL, all, KEYS_BYTES_MAX / 2));
	begin(&ui, take(&input) % 2 ? LANGUAGE_ZH : LANGUAGE_EN);
	for (uint64_t seq = 1; input.size > 0; seq++) {
		size_t rows = 1 + take(&input) % 40, columns = 1 + take(&input);
		ui_resize(&ui, rows, columns);
		if (take(&input) % 2) {
			type(&ui, take_text(&input), 1 + take(&input));
		} else {
			hear(&ui, &input, seq);
		}
		ui_settle(&ui);
		drop_wishes(&ui);
		check_page(ui_compose(&ui), rows, columns);
	}
	ui_finish(&ui);
	return 0;
}
