#include "editor.h"

#include <errno.h>
#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "command.h"
#include "slice.h"
#include "utf8.h"

/* How long the rest of a key's sequence may take. */
#define SEQUENCE_MS 50
#define KEYS_BYTES 4096
#define LINES_KEPT 200
#define END_KEY '\x04'

struct editor {
	EditLine *line;
	History *history;
	FILE *in, *out;
	int fd;
	bool is_active; /* libedit has the terminal and a prompt on it */
	bool is_shown;
	bool is_full; /* the line may not grow: its keys are dropped until it is shorter */
	char prompt[EDITOR_PROMPT_MAX];
	size_t keys_at, keys_size;
	char keys[KEYS_BYTES];
};

/* ---- keys ---- */

bool editor_has_keys(const struct editor *editor) {
	return editor->keys_at < editor->keys_size;
}

bool editor_read(struct editor *editor) {
	if (editor->keys_at > 0) {
		editor->keys_size -= editor->keys_at;
		memmove(editor->keys, editor->keys + editor->keys_at, editor->keys_size);
		editor->keys_at = 0;
	}
	if (editor->keys_size == sizeof(editor->keys)) {
		return true;
	}
	ssize_t got = read(editor->fd, editor->keys + editor->keys_size,
	                   sizeof(editor->keys) - editor->keys_size);
	if (got > 0) {
		editor->keys_size += (size_t)got;
	}
	return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

/* In the middle of a sequence: waits a little for the rest of it. */
static bool wait_for_keys(struct editor *editor) {
	struct pollfd terminal = {.fd = editor->fd, .events = POLLIN};
	return poll(&terminal, 1, SEQUENCE_MS) == 1 && editor_read(editor) &&
	       editor_has_keys(editor);
}

/* The next code point; 0 when there is none. What is not UTF-8 is dropped. */
static int read_key(EditLine *line, wchar_t *key) {
	struct editor *editor;
	int32_t point = UTF8_INVALID;
	el_get(line, EL_CLIENTDATA, &editor);
	while (point == UTF8_INVALID) {
		if (!editor_has_keys(editor) && !wait_for_keys(editor)) {
			return 0;
		}
		size_t left = editor->keys_size - editor->keys_at;
		struct slice keys = slice_of(editor->keys + editor->keys_at, left);
		editor->keys_at += utf8_decode(keys, &point);
	}
	*key = (wchar_t)point;
	return 1;
}

/* ---- the screen ---- */

static char *prompt_of(EditLine *line) {
	struct editor *editor;
	el_get(line, EL_CLIENTDATA, &editor);
	return editor->prompt;
}

static size_t columns_of(const struct editor *editor) {
	struct winsize size;
	return ioctl(editor->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* Where the cursor is after `point`, which libedit lays out by the C library's widths. */
static size_t advance(size_t at, wint_t point, size_t columns) {
	int width = wcwidth((wchar_t)point);
	if (point < 0x20 || point == 0x7F) {
		width = 2; /* shown as ^X */
	} else if (width < 0) {
		width = 8; /* shown as \U+0000 */
	}
	if (width == 2 && at % columns == columns - 1) {
		at++; /* It does not fit into the row any more. */
	}
	return at + (size_t)width;
}

/* The row that the cursor is in, counted from the prompt's. */
static size_t cursor_row(struct editor *editor) {
	size_t columns = columns_of(editor);
	size_t at = 0;
	struct slice prompt = slice_from_string(editor->prompt);
	while (prompt.size > 0) {
		int32_t point;
		prompt = slice_from(prompt, utf8_decode(prompt, &point));
		at = advance(at, (wint_t)point, columns);
	}
	const LineInfoW *line = el_wline(editor->line);
	for (const wchar_t *point = line->buffer; point < line->cursor; point++) {
		at = advance(at, (wint_t)*point, columns);
	}
	return at / columns;
}

void editor_hide(struct editor *editor) {
	if (!editor->is_shown) {
		return;
	}
	size_t row = cursor_row(editor);
	if (row > 0) {
		fprintf(editor->out, "\033[%zuA", row);
	}
	fputs("\r\033[J", editor->out);
	fflush(editor->out);
	editor->is_shown = false;
}

void editor_show(struct editor *editor) {
	if (!editor->is_active) {
		el_set(editor->line, EL_UNBUFFERED, 1);
		editor->is_active = true;
	} else if (!editor->is_shown) {
		el_set(editor->line, EL_REFRESH);
	}
	editor->is_shown = true;
}

void editor_displace(struct editor *editor) {
	editor->is_shown = false;
}

void editor_set_prompt(struct editor *editor, const char *prompt) {
	snprintf(editor->prompt, sizeof(editor->prompt), "%s", prompt);
}

void editor_resize(struct editor *editor) {
	editor_hide(editor);
	if (editor->is_active) {
		/* A shell that had the terminal meanwhile has set it to its own taste. */
		el_set(editor->line, EL_PREP_TERM, 0);
		el_set(editor->line, EL_PREP_TERM, 1);
	}
	el_resize(editor->line);
}

/* ---- lines ---- */

/* One key, or the rest of a sequence. Whatever it did, the line as it is now. */
static const char *use_key(struct editor *editor, int *size) {
	const LineInfoW *line = el_wline(editor->line);
	if (line->lastchar - line->buffer >= COMMAND_BYTES_MAX) {
		/* Only keys that take away or end it may follow. */
		while (editor_has_keys(editor) &&
		       (unsigned char)editor->keys[editor->keys_at] >= ' ' &&
		       editor->keys[editor->keys_at] != '\x7F') {
			editor->keys_at++;
		}
	}
	*size = 0;
	return editor_has_keys(editor) ? el_gets(editor->line, size) : NULL;
}

enum editor_result editor_use(struct editor *editor, const char **line, size_t *size) {
	while (editor_has_keys(editor)) {
		int count;
		editor_show(editor);
		*line = use_key(editor, &count);
		if (*line == NULL || count <= 0) {
			continue;
		}
		if (count == 1 && (*line)[0] == END_KEY) {
			return EDITOR_END;
		}
		if ((*line)[count - 1] == '\n') {
			HistEvent event;
			*size = (size_t)count - 1;
			if (*size > 0) {
				history(editor->history, &event, H_ENTER, *line);
			}
			/* The cursor is behind the line; the next prompt is a new one. */
			editor->is_active = editor->is_shown = false;
			el_set(editor->line, EL_UNBUFFERED, 0);
			return EDITOR_LINE;
		}
	}
	return EDITOR_MORE;
}

/* ---- life ---- */

/* Names and texts are UTF-8, whatever the locale says. */
static bool has_utf8(void) {
	return (setlocale(LC_CTYPE, "") != NULL && strcmp(nl_langinfo(CODESET), "UTF-8") == 0) ||
	       setlocale(LC_CTYPE, "C.UTF-8") != NULL;
}

/*
 * A console that was killed has left the terminal in the editor's mode: what is
 * restored at the end should not be that. And Ctrl-S may not halt the console.
 */
static bool make_sane(int fd) {
	struct termios mode;
	if (tcgetattr(fd, &mode) < 0) {
		return false;
	}
	mode.c_lflag |= ICANON | ECHO | ECHOE | ECHOK | ISIG | IEXTEN;
	mode.c_iflag |= ICRNL;
	mode.c_iflag &= ~(tcflag_t)IXON;
	mode.c_oflag |= OPOST | ONLCR;
	return tcsetattr(fd, TCSANOW, &mode) == 0;
}

/* Keys whose commands read on by themselves, or do what is no use here. */
static void bind_keys(EditLine *line) {
	static const char *const unbound[] = {"^V", "^R", "^S", "^Z", "^[x", "^[X", "^X"};
	for (size_t i = 0; i < sizeof(unbound) / sizeof(unbound[0]); i++) {
		el_set(line, EL_BIND, unbound[i], "ed-unassigned", NULL);
	}
}

static bool set_up(struct editor *editor) {
	HistEvent event;
	int out = dup(STDOUT_FILENO);
	int in = dup(editor->fd);
	editor->out = out < 0 ? NULL : fdopen(out, "w");
	editor->in = in < 0 ? NULL : fdopen(in, "r");
	if (editor->out == NULL || editor->in == NULL || !make_sane(editor->fd)) {
		return false;
	}
	editor->line = el_init("qun", editor->in, editor->out, stderr);
	editor->history = history_init();
	if (editor->line == NULL || editor->history == NULL) {
		return false;
	}
	el_set(editor->line, EL_CLIENTDATA, editor);
	el_set(editor->line, EL_SIGNAL, 0);
	el_set(editor->line, EL_EDITOR, "emacs");
	el_set(editor->line, EL_PROMPT, prompt_of);
	el_set(editor->line, EL_GETCFN, read_key);
	history(editor->history, &event, H_SETSIZE, LINES_KEPT);
	history(editor->history, &event, H_SETUNIQUE, 1);
	el_set(editor->line, EL_HIST, history, editor->history);
	bind_keys(editor->line);
	return true;
}

struct editor *editor_create(int in) {
	if (!isatty(in) || !isatty(STDOUT_FILENO) || !has_utf8()) {
		return NULL;
	}
	struct editor *editor = calloc(1, sizeof(*editor));
	if (editor == NULL) {
		return NULL;
	}
	editor->fd = in;
	if (!set_up(editor)) {
		editor_destroy(editor);
		return NULL;
	}
	return editor;
}

void editor_destroy(struct editor *editor) {
	if (editor == NULL) {
		return;
	}
	if (editor->line != NULL) {
		editor_hide(editor);
		if (editor->is_active) {
			el_set(editor->line, EL_UNBUFFERED, 0);
		}
		el_end(editor->line);
	}
	if (editor->history != NULL) {
		history_end(editor->history);
	}
	if (editor->in != NULL) {
		fclose(editor->in);
	}
	if (editor->out != NULL) {
		fclose(editor->out);
	}
	free(editor);
}
