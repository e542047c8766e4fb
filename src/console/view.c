#include "view.h"

#include "console_inner.h"
#include "diag.h"
#include "speech.h"

#define RECORDS_IN_A_TURN_MAX 256

void view_open(struct console *console, uint64_t position) {
	console->view.position = position;
}

static void show(struct console *console, const struct record *record) {
	char words[SPEECH_LINE_MAX];
	enum language language = console->house.options->language;
	/* What two people say to each other is theirs. */
	if (record_is_entry(record) && !record_is_hidden(record) && !record_is_direct(record) &&
	    speech_line(language, record, words) > 0) {
		screen_line(&console->screen, words);
	}
}

static void skip_to_head(struct console *console) {
	console->view.position = ring_head(console->house.ring);
	board_count(console->house.own, COUNT_LAPPED, 1);
	screen_line(&console->screen, either(console->house.options->language,
	                                     "（太多了，中间的没有显示；/history 可以看到）",
	                                     "(too much at once; /history has what is not shown)"));
}

bool view_has_work(const struct console *console) {
	return console->has_screen && console->curtain_us == 0 &&
	       screen_has_room(&console->screen) &&
	       console->view.position != ring_head(console->house.ring);
}

void view_turn(struct console *console) {
	for (int i = 0; i < RECORDS_IN_A_TURN_MAX && view_has_work(console); i++) {
		struct record record;
		uint64_t *position = &console->view.position;
		if (ring_read(console->house.ring, position, console->record) != RING_OK) {
			skip_to_head(console);
		} else if (record_decode(&record, console->record, sizeof(console->record)) > 0) {
			show(console, &record);
		}
	}
}
