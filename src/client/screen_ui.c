#include "screen_ui.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen_command.h"
#include "screen_prompt.h"
#include "screen_text.h"

/* Who presses "page up" faster than the history comes has not meant more than this. */
#define PAGES_OWED_MAX 5

void ui_init(struct ui *ui, enum language language, const char *host, const char *name,
             const char *room) {
	*ui = (struct ui){.rows = 24, .columns = 80};
	model_init(&ui->model, language, host, room);
	if (name != NULL && strlen(name) <= sizeof ui->name) {
		ui->name_size = strlen(name);
		memcpy(ui->name, name, ui->name_size);
	}
}

void ui_finish(struct ui *ui) {
	model_finish(&ui->model);
	edit_finish(&ui->edit);
	edit_finish(&ui->search);
	layout_finish(&ui->layout);
	page_finish(&ui->page);
}

void ui_hint(struct ui *ui, const char *zh, const char *en) {
	snprintf(ui->hint, sizeof ui->hint, "%s", ui->model.language == LANGUAGE_ZH ? zh : en);
	ui->model.is_changed = true;
}

void ui_quit(struct ui *ui, bool stays, struct slice why) {
	struct model *model = &ui->model;
	model_report_shown(model);
	unsigned flags = (stays ? WISH_STAYS : 0u) | (model->is_quitting ? WISH_AT_ONCE : 0u);
	model_wish(model, &(struct wish){.kind = WISH_QUIT,
	                                 .flags = (uint16_t)flags,
	                                 .text = slice_first(why, why.size < WHY_BYTES_MAX
	                                                                  ? why.size
	                                                                  : WHY_BYTES_MAX)});
	model->is_quitting = true;
	model->is_changed = true;
}

/* ---- the past ---- */

static void scroll(struct ui *ui, long rows) {
	struct room *room = model_shown(&ui->model);
	if (room == NULL) {
		return;
	}
	room->is_older_refused = false;
	ui->layout.columns = ui->plan.lines_columns > 0 ? ui->plan.lines_columns : 1;
	size_t left = view_scroll(&ui->layout, room, ui->plan.lines_rows, rows);
	if (room->has_older) {
		size_t most = PAGES_OWED_MAX * ui->plan.lines_rows;
		ui->rows_owed = ui->rows_owed + left < most ? ui->rows_owed + left : most;
		ui->owed_first_id = room->first_id;
	}
	model_look(&ui->model);
}

/* Older lines have come: goes on to where one wanted to be. */
static void pay_rows(struct ui *ui) {
	const struct room *room = model_shown(&ui->model);
	if (ui->rows_owed > 0 && room != NULL && room->first_id < ui->owed_first_id) {
		long rows = (long)ui->rows_owed;
		ui->rows_owed = 0;
		scroll(ui, -rows);
	}
}

/* A row stays, so that the eye finds its place. */
static long page_rows(const struct ui *ui) {
	return ui->plan.lines_rows > 2 ? (long)ui->plan.lines_rows - 1 : 1;
}

static void look_at_end(struct ui *ui) {
	struct room *room = model_shown(&ui->model);
	if (room != NULL) {
		room_look_at_end(room);
		model_look(&ui->model);
	}
}

static void look_at_beginning(struct ui *ui) {
	struct room *room = model_shown(&ui->model);
	if (room != NULL) {
		scroll(ui, -page_rows(ui));
		if (room->is_looking_back) {
			room->top = (struct room_place){.id = room->first_id, .above = SIZE_MAX};
		}
	}
}

/* ---- rooms ---- */

static void go_by(struct ui *ui, size_t step) {
	struct model *model = &ui->model;
	if (model->rooms_count > 0) {
		model_go_to(model, (model->current + step) % model->rooms_count);
	}
}

/* Where one is spoken to, else where anything is unread. */
static void go_to_unread(struct ui *ui) {
	struct model *model = &ui->model;
	size_t found = model->rooms_count;
	for (size_t i = 0; i < model->rooms_count; i++) {
		size_t at = (model->current + 1 + i) % model->rooms_count;
		const struct room *room = model->rooms[at];
		bool is_better = found == model->rooms_count ||
		                 (room->mentions > 0 && model->rooms[found]->mentions == 0);
		if (room->unread > 0 && is_better) {
			found = at;
		}
	}
	model_go_to(model, found);
}

/* ---- lines ---- */

static void say_line(struct ui *ui, struct slice line) {
	bool is_done;
	if (command_is(line)) {
		is_done = command_run(ui, line);
	} else {
		is_done = model_say(&ui->model, line.bytes[0] == '/' ? slice_from(line, 1) : line);
	}
	if (is_done) {
		edit_remember(&ui->edit, line);
		edit_clear(&ui->edit);
	}
}

static bool is_blank(struct slice text) {
	for (size_t i = 0; i < text.size; i++) {
		if (text.bytes[i] != ' ' && text.bytes[i] != '\n' && text.bytes[i] != '\t') {
			return false;
		}
	}
	return true;
}

static void enter_line(struct ui *ui) {
	char line[EDIT_BYTES_MAX];
	struct slice text = edit_text(&ui->edit);
	if (is_blank(text)) {
		return;
	}
	if (model_current(&ui->model) == NULL && !command_is(text)) {
		ui_hint(ui, "还没有进入房间", "not in a room yet");
		return;
	}
	/* What runs it may put other things into the editor. */
	memcpy(line, text.bytes, text.size);
	say_line(ui, slice_of(line, text.size));
}

static void enter_name(struct ui *ui) {
	struct slice name = edit_text(&ui->edit);
	while (name.size > 0 && name.bytes[0] == ' ') {
		name = slice_from(name, 1);
	}
	while (name.size > 0 && name.bytes[name.size - 1] == ' ') {
		name.size--;
	}
	if (name.size == 0) {
		return;
	}
	if (name.size > sizeof ui->name) {
		ui_hint(ui, "名字太长", "that name is too long");
		return;
	}
	memcpy(ui->name, name.bytes, name.size);
	ui->name_size = name.size;
	model_wish(&ui->model, &(struct wish){.kind = WISH_NAME, .name = name});
	edit_clear(&ui->edit);
}

static void enter_search(struct ui *ui) {
	struct slice text = edit_text(&ui->search);
	ui->mode = UI_CHAT;
	if (!is_blank(text)) {
		edit_remember(&ui->search, text);
		model_search(&ui->model, text);
	}
	edit_clear(&ui->search);
}

/* ---- pastes ---- */

static struct edit *edit_of(struct ui *ui) {
	return ui->mode == UI_SEARCH ? &ui->search : &ui->edit;
}

static void say_too_long(struct ui *ui) {
	ui_hint(ui, "太长了，一条消息最多 4096 字节", "too long: a message has at most 4096 bytes");
}

/* Several lines: with what was typed before and behind them they are one message, if they are wanted. */
static void ask_for_paste(struct ui *ui, struct slice text) {
	const struct edit *edit = &ui->edit;
	if (edit->size + text.size > TEXT_BYTES_MAX) {
		say_too_long(ui);
		return;
	}
	struct slice typed = edit_text(edit);
	memcpy(ui->paste, typed.bytes, edit->cursor);
	memcpy(ui->paste + edit->cursor, text.bytes, text.size);
	memcpy(ui->paste + edit->cursor + text.size, typed.bytes + edit->cursor,
	       typed.size - edit->cursor);
	ui->paste_size = typed.size + text.size;
	ui->mode = UI_PASTE;
}

static void press_paste(struct ui *ui, const struct press *press) {
	char *bytes = malloc(press->text.size + 1);
	assert(bytes != NULL);
	struct slice text = slice_of(bytes, screen_text_pasted(press->text, bytes));
	while (text.size > 0 && text.bytes[text.size - 1] == '\n') {
		text.size--;
	}
	bool has_lines = text.size > 0 && memchr(text.bytes, '\n', text.size) != NULL;
	bool is_chat = ui->mode == UI_CHAT && ui->model.standing.state == STANDING_IN;
	if (press->is_cut) {
		say_too_long(ui);
	} else if (has_lines && is_chat) {
		ask_for_paste(ui, text);
	} else if (ui->mode != UI_PASTE) {
		for (size_t i = 0; i < text.size; i++) {
			bytes[i] = bytes[i] == '\n' ? ' ' : bytes[i];
		}
		if (!edit_insert(edit_of(ui), text)) {
			say_too_long(ui);
		}
	}
	free(bytes);
}

static void answer_paste(struct ui *ui, const struct press *press) {
	bool is_yes = press->kind == PRESS_ENTER ||
	              (press->kind == PRESS_POINT && (press->point == 'y' || press->point == 'Y'));
	bool is_no = press->kind == PRESS_ESCAPE || press->kind == PRESS_CONTROL ||
	             (press->kind == PRESS_POINT && (press->point == 'n' || press->point == 'N'));
	if (is_yes && model_say(&ui->model, slice_of(ui->paste, ui->paste_size))) {
		edit_clear(&ui->edit);
	}
	if (is_yes || is_no) {
		ui->mode = UI_CHAT;
	}
}

/* ---- keys ---- */

static void answer_trust(struct ui *ui, const struct press *press) {
	if (press->kind == PRESS_POINT && (press->point == 'y' || press->point == 'Y')) {
		model_wish(&ui->model, &(struct wish){.kind = WISH_TRUST});
	} else if (press->kind == PRESS_ESCAPE ||
	           (press->kind == PRESS_POINT && (press->point == 'n' || press->point == 'N'))) {
		ui_quit(ui, true, slice_of(NULL, 0));
	}
}

static void press_enter(struct ui *ui) {
	switch (ui->mode) {
	case UI_SEARCH: enter_search(ui); break;
	default:
		if (ui->model.standing.state == STANDING_NAME_WANTED) {
			enter_name(ui);
		} else {
			enter_line(ui);
		}
		break;
	}
}

static void press_escape(struct ui *ui) {
	if (ui->mode == UI_SEARCH) {
		ui->mode = UI_CHAT;
		edit_clear(&ui->search);
	} else if (ui->model.found != NULL) {
		model_end_search(&ui->model);
		model_look(&ui->model);
	} else {
		look_at_end(ui);
	}
}

static void press_leave(struct ui *ui, bool was_asked) {
	if (ui->mode == UI_SEARCH) {
		press_escape(ui);
		return;
	}
	if (was_asked || ui->model.is_quitting) {
		ui_quit(ui, false, slice_of(NULL, 0));
		return;
	}
	edit_clear(&ui->edit);
	ui->is_leaving_asked = true;
	ui_hint(ui, "再按一次 Ctrl-C 离开", "Ctrl-C once more leaves");
}

static enum ui_deed press_control(struct ui *ui, int32_t point) {
	switch (point) {
	case 'F': ui->mode = ui->model.rooms_count > 0 ? UI_SEARCH : ui->mode; break;
	case 'G': press_escape(ui); break;
	case 'J': press_enter(ui); break; /* what terminals that know no better send */
	case 'N': go_by(ui, 1); break;
	case 'P': go_by(ui, ui->model.rooms_count - 1); break;
	case 'L': return UI_PAINT_ANEW;
	case 'Z': return UI_STOP;
	default: break;
	}
	return UI_NOTHING;
}

static void press_alt(struct ui *ui, int32_t point) {
	if (point >= '1' && point <= '9') {
		model_go_to(&ui->model, (size_t)(point - '1'));
	} else if (point == '<') {
		look_at_beginning(ui);
	} else if (point == '>') {
		look_at_end(ui);
	} else if (point == 'a' || point == 'A') {
		go_to_unread(ui);
	}
}

static void press_tab(struct ui *ui) {
	if (ui->mode == UI_CHAT && ui->model.standing.state == STANDING_IN) {
		complete_press(&ui->complete, &ui->edit, command_complete, ui);
	}
}

/* A key that edits nothing. */
static enum ui_deed press_other(struct ui *ui, const struct press *press, bool was_asked) {
	switch (press->kind) {
	case PRESS_ENTER: press_enter(ui); break;
	case PRESS_ESCAPE: press_escape(ui); break;
	case PRESS_PAGE_UP: scroll(ui, -page_rows(ui)); break;
	case PRESS_PAGE_DOWN: scroll(ui, page_rows(ui)); break;
	case PRESS_CONTROL:
		if (press->point == 'C') {
			press_leave(ui, was_asked);
			break;
		}
		return press_control(ui, press->point);
	case PRESS_POINT: press_alt(ui, press->point); break;
	default: break;
	}
	return UI_NOTHING;
}

enum ui_deed ui_press(struct ui *ui, const struct press *press) {
	bool was_asked = ui->is_leaving_asked;
	ui->is_leaving_asked = false;
	ui->hint[0] = '\0';
	ui->model.is_changed = true;
	model_come(&ui->model);
	model_look(&ui->model);
	if (press->kind == PRESS_TAB) {
		press_tab(ui);
		return UI_NOTHING;
	}
	complete_stop(&ui->complete);
	if (press->kind != PRESS_PAGE_UP) {
		ui->rows_owed = 0;
	}
	if (press->kind == PRESS_PASTE) {
		press_paste(ui, press);
	} else if (press->kind == PRESS_CONTROL && !press->is_alt &&
	           (press->point == 'Z' || press->point == 'L')) {
		return press_control(ui, press->point);
	} else if (ui->mode == UI_PASTE) {
		answer_paste(ui, press);
	} else if (ui->model.standing.state == STANDING_TRUST_WANTED &&
	           !(press->kind == PRESS_CONTROL && press->point == 'C')) {
		answer_trust(ui, press);
	} else {
		enum edit_result result = edit_press(edit_of(ui), press);
		if (result == EDIT_FULL) {
			say_too_long(ui);
		} else if (result == EDIT_NOT_MINE) {
			return press_other(ui, press, was_asked);
		}
	}
	return UI_NOTHING;
}

/* ---- what is seen ---- */

void ui_resize(struct ui *ui, size_t rows, size_t columns) {
	ui->rows = rows > 0 ? rows : 1;
	ui->columns = columns > 0 ? columns : 1;
	ui->model.is_changed = true;
}

void ui_settle(struct ui *ui) {
	uint8_t state = ui->model.standing.state;
	if (state != ui->standing_seen) {
		ui->standing_seen = state;
		/* What was typed before a name was asked for was meant for somebody else. */
		if (state == STANDING_NAME_WANTED || state == STANDING_TRUST_WANTED) {
			ui->mode = UI_CHAT;
			edit_clear(&ui->edit);
		}
	}
	model_settle(&ui->model);
	pay_rows(ui);
	struct room *room = model_shown(&ui->model);
	if (room != NULL && view_is_near_top(room, ui->plan.lines_rows)) {
		model_want_older(&ui->model, room);
	}
}

const struct page *ui_compose(struct ui *ui) {
	char prompt[PROMPT_BYTES_MAX];
	struct compose_input input = {0};
	size_t size = prompt_put(ui, prompt, &input.is_question);
	const struct edit *edit = edit_of(ui);
	input.prompt = slice_of(prompt, size);
	if (!input.is_question) {
		input.before = slice_of(edit->bytes, edit->cursor);
		input.after = slice_of(edit->bytes + edit->cursor, edit->size - edit->cursor);
	}
	compose_plan(&ui->plan, &ui->model, &input, ui->rows, ui->columns);
	compose(&ui->page, &ui->plan, &ui->layout, &ui->model, &input);
	ui->model.is_changed = false;
	return &ui->page;
}
