/*
 * screen_ui.h - keys in, pages out: the screen of `qun join` without its terminal.
 *
 * What the keys do besides editing (screen_edit.h):
 *
 *   Enter               says it, or does what a line that begins with / asks
 *   Tab                 completes
 *   page up, page down  through the history
 *   Alt-< Alt->         to the first line there is, to the last
 *   Alt-1 … Alt-9       rooms; Ctrl-N, Ctrl-P: the next, the one before; Alt-A: where something is unread
 *   Ctrl-F              searches
 *   Esc, Ctrl-G         leaves a question, what was found, the past
 *   Ctrl-C              empties the line; twice: leaves
 *   Ctrl-L, Ctrl-Z      paints anew, stops: for the caller to do
 */
#ifndef SCREEN_UI_H
#define SCREEN_UI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "screen_complete.h"
#include "screen_compose.h"
#include "screen_edit.h"
#include "screen_keys.h"
#include "screen_layout.h"
#include "screen_model.h"
#include "screen_page.h"

enum ui_mode {
	UI_CHAT,
	UI_SEARCH, /* what to search for is being typed */
	UI_PASTE,  /* several lines were pasted: send them? */
};

/* What the caller has to do after a key. */
enum ui_deed { UI_NOTHING, UI_PAINT_ANEW, UI_STOP };

#define UI_HINT_BYTES 256

struct ui {
	struct model model;
	struct edit edit;
	struct edit search; /* what was searched for has a history of its own */
	struct complete complete;
	struct layout layout;
	struct page page;
	struct compose_plan plan;
	enum ui_mode mode;
	size_t rows, columns;
	size_t paste_size;
	char paste[EDIT_BYTES_MAX]; /* the whole message, with what was typed around it */
	bool is_leaving_asked;      /* Ctrl-C was pressed once */
	size_t rows_owed;      /* one wants to look so much further back, as soon as it is there */
	int64_t owed_first_id; /* the first line, when that was wanted */
	uint8_t standing_seen; /* enum standing, as it was when it was last looked at */
	size_t name_size;      /* the name that was given last */
	char name[NAME_BYTES_MAX];
	char hint[UI_HINT_BYTES]; /* said before the prompt until the next key; "" */
};

void ui_init(struct ui *ui, enum language language, const char *host, const char *name,
             const char *room);
void ui_finish(struct ui *ui);

void ui_resize(struct ui *ui, size_t rows, size_t columns);
enum ui_deed ui_press(struct ui *ui, const struct press *press);

/* After what the link has told: notices what that changes, asks for older lines if there is room for them. */
void ui_settle(struct ui *ui);

/* What is to be seen now. */
const struct page *ui_compose(struct ui *ui);

/* Ends: leaving the room, or (the terminal has gone) staying in it; once more: at once. */
void ui_quit(struct ui *ui, bool stays, struct slice why);
void ui_hint(struct ui *ui, const char *zh, const char *en);

#endif
