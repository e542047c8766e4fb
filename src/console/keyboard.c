#include "keyboard.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console_inner.h"
#include "diag.h"
#include "editor.h"
#include "speech.h"

/* ---- as the asker of a task ---- */

static void on_say(void *context, const char *words, json_t *object) {
	struct console *console = context;
	if (words != NULL) {
		screen_line(&console->screen, words);
	}
}

static bool has_room(void *context) {
	struct console *console = context;
	return screen_has_room(&console->screen);
}

static void on_done(void *context, bool is_ok, const char *words, json_t *object) {
	struct console *console = context;
	console->keyboard.tasks--;
	if (words != NULL) {
		screen_line(&console->screen, words);
	}
}

static const struct asker asker = {
	.say = on_say, .has_room = has_room, .done = on_done, .sees_room = true};

/* ---- lines ---- */

static void take_line(struct console *console, struct slice line) {
	struct keyboard *keyboard = &console->keyboard;
	struct task *task = task_take(console, &asker, console, console->house.options->language);
	/* There is a task for each client and for each of ours: see TASKS_MAX. */
	assert(task != NULL);
	keyboard->tasks++;
	task_run(task, line);
}

static void take_overlong(struct console *console) {
	char words[COMMAND_WORDS_MAX];
	screen_line(&console->screen, command_words(COMMAND_TOO_LONG, &(struct command){0},
	                                            console->house.options->language, "/", words));
}

/* The first line of what was read, or all that is left at the end. False: there is none yet. */
static bool take_plain(struct console *console, bool is_end) {
	struct keyboard *keyboard = &console->keyboard;
	char *end = memchr(keyboard->line, '\n', keyboard->size);
	if (end == NULL && keyboard->size == sizeof(keyboard->line)) {
		keyboard->is_overlong = true;
		keyboard->size = 0;
		return false;
	}
	if (end == NULL && (!is_end || keyboard->size == 0)) {
		return false;
	}
	size_t size = end != NULL ? (size_t)(end - keyboard->line) : keyboard->size;
	char line[sizeof(keyboard->line)];
	memcpy(line, keyboard->line, size);
	keyboard->size -= end != NULL ? size + 1 : size;
	memmove(keyboard->line, keyboard->line + size + 1, keyboard->size);
	if (keyboard->is_overlong) {
		keyboard->is_overlong = false;
		take_overlong(console);
	} else {
		take_line(console, slice_of(line, size));
	}
	return true;
}

/* ---- the end ---- */

static void keyboard_end(struct console *console) {
	screen_line(&console->screen,
	            either(console->house.options->language,
	                   "键盘输入结束了；聊天室还在，用 qun admin 管理",
	                   "The keyboard has ended; the room goes on, see qun admin"));
	keyboard_close(console);
}

void keyboard_close(struct console *console) {
	struct keyboard *keyboard = &console->keyboard;
	console->screen.editor = NULL;
	if (!keyboard->is_away) {
		editor_destroy(keyboard->editor);
		keyboard->editor = NULL;
	}
	if (keyboard->is_watched) {
		loop_forget(console->house.loop, &keyboard->watch);
		keyboard->is_watched = false;
	}
	if (keyboard->signals >= 0) {
		loop_forget(console->house.loop, &keyboard->watch_signals);
		close(keyboard->signals);
		keyboard->signals = -1;
	}
	keyboard->fd = -1; /* The house closes it. */
}

/* ---- reading ---- */

static void look_whose_it_is(struct console *console);

static void unwatch_keyboard(struct console *console) {
	struct keyboard *keyboard = &console->keyboard;
	if (keyboard->is_watched) {
		loop_forget(console->house.loop, &keyboard->watch);
		keyboard->is_watched = false;
	}
}

static void on_keyboard(void *context, uint32_t events) {
	struct console *console = context;
	if (console->keyboard.is_away) {
		look_whose_it_is(console);
	} else {
		/* It stays quiet until it has been read from. */
		unwatch_keyboard(console);
		console->keyboard.is_readable = true;
	}
}

static void watch_keyboard(struct console *console) {
	struct keyboard *keyboard = &console->keyboard;
	if (keyboard->is_watched || keyboard->is_readable || keyboard->fd < 0) {
		return;
	}
	/* What is typed for another job is left alone, but tells when it is no more for another. */
	uint32_t events = keyboard->is_away ? EPOLLIN | EPOLLET : EPOLLIN;
	if (loop_watch(console->house.loop, &keyboard->watch, events) == 0) {
		keyboard->is_watched = true;
	} else {
		keyboard->is_readable = keyboard->is_file = true;
	}
}

static bool may_begin(const struct console *console) {
	const struct keyboard *keyboard = &console->keyboard;
	unsigned most = keyboard->editor != NULL ? KEYBOARD_TASKS_MAX : 1;
	return keyboard->tasks < most && screen_has_room(&console->screen) && !console->is_closed;
}

/* Reads once. False: that was the end. */
static bool read_plain(struct console *console) {
	struct keyboard *keyboard = &console->keyboard;
	ssize_t got = read(keyboard->fd, keyboard->line + keyboard->size,
	                   sizeof(keyboard->line) - keyboard->size);
	keyboard->is_readable = keyboard->is_file;
	if (got > 0) {
		keyboard->size += (size_t)got;
	}
	return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

static void turn_plain(struct console *console) {
	struct keyboard *keyboard = &console->keyboard;
	if (take_plain(console, false)) {
		return;
	}
	if (keyboard->is_readable && !read_plain(console)) {
		take_plain(console, true);
		keyboard_end(console);
		return;
	}
	watch_keyboard(console);
}

static void turn_edited(struct console *console) {
	struct keyboard *keyboard = &console->keyboard;
	const char *line;
	size_t size;
	if (keyboard->is_readable && !editor_has_keys(keyboard->editor)) {
		keyboard->is_readable = false;
		if (!editor_read(keyboard->editor)) {
			keyboard_end(console);
			return;
		}
	}
	switch (editor_use(keyboard->editor, &line, &size)) {
	case EDITOR_LINE: take_line(console, slice_of(line, size)); break;
	case EDITOR_END: keyboard_end(console); return;
	case EDITOR_MORE: break;
	}
	watch_keyboard(console);
}

/* ---- the prompt ---- */

static void put_prompt(struct console *console) {
	struct keyboard *keyboard = &console->keyboard;
	char prompt[EDITOR_PROMPT_MAX];
	uint64_t people = atomic_load_explicit(&console->house.boards[PROCESS_HUB]->people,
	                                       memory_order_relaxed);
	if (keyboard->editor == NULL || keyboard->is_away || people == keyboard->people ||
	    console->curtain_us != 0) {
		return;
	}
	keyboard->people = people;
	snprintf(prompt, sizeof(prompt),
	         either(console->house.options->language, "在线 %llu> ", "%llu online> "),
	         (unsigned long long)people);
	editor_hide(keyboard->editor);
	editor_set_prompt(keyboard->editor, prompt);
}

bool keyboard_has_work(const struct console *console) {
	const struct keyboard *keyboard = &console->keyboard;
	if (keyboard->fd < 0 || keyboard->is_away || console->curtain_us != 0 ||
	    !may_begin(console)) {
		return false;
	}
	return keyboard->is_readable || memchr(keyboard->line, '\n', keyboard->size) != NULL ||
	       (keyboard->editor != NULL && editor_has_keys(keyboard->editor));
}

/* ---- whose terminal it is ---- */

/* In the background of a shell a terminal is another job's: reading or setting it would stop us. */
static bool is_away(int fd) {
	pid_t group = tcgetpgrp(fd);
	return group > 0 && group != getpgrp();
}

static void come_back(struct console *console) {
	struct keyboard *keyboard = &console->keyboard;
	if (keyboard->editor == NULL) {
		keyboard->editor = editor_create(keyboard->fd);
		keyboard->people = UINT64_MAX;
	} else {
		editor_resize(keyboard->editor);
	}
	console->screen.editor = keyboard->editor;
}

static void go_away(struct console *console) {
	console->screen.editor = NULL;
	console->keyboard.is_readable = false;
}

static void look_whose_it_is(struct console *console) {
	bool was_away = console->keyboard.is_away;
	console->keyboard.is_away = is_away(console->keyboard.fd);
	if (!console->keyboard.is_away) {
		come_back(console);
	} else if (!was_away) {
		go_away(console);
	}
	unwatch_keyboard(console);
	watch_keyboard(console);
}

static void on_signal(void *context, uint32_t events) {
	struct console *console = context;
	struct signalfd_siginfo info;
	while (read(console->keyboard.signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		look_whose_it_is(console);
	}
}

/* Those that would stop us are blocked: what they tell is looked at instead. */
static void take_signals(struct console *console) {
	struct keyboard *keyboard = &console->keyboard;
	sigset_t ours;
	sigemptyset(&ours);
	sigaddset(&ours, SIGWINCH);
	sigaddset(&ours, SIGCONT);
	keyboard->signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
	sigaddset(&ours, SIGTTIN);
	sigaddset(&ours, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ours, NULL);
	keyboard->watch_signals =
		(struct watch){.fd = keyboard->signals, .ready = on_signal, .context = console};
	if (keyboard->signals < 0 ||
	    loop_watch(console->house.loop, &keyboard->watch_signals, EPOLLIN) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot watch the terminal's signals");
	}
}

void keyboard_turn(struct console *console) {
	struct keyboard *keyboard = &console->keyboard;
	put_prompt(console);
	if (!keyboard_has_work(console)) {
		return;
	}
	if (keyboard->signals >= 0 && is_away(keyboard->fd)) {
		look_whose_it_is(console);
	} else if (keyboard->editor != NULL) {
		turn_edited(console);
	} else {
		turn_plain(console);
	}
}

/* ---- beginning ---- */

void keyboard_open(struct console *console) {
	struct keyboard *keyboard = &console->keyboard;
	const struct house *house = &console->house;
	*keyboard = (struct keyboard){.fd = house->keyboard, .signals = -1, .people = UINT64_MAX};
	keyboard->watch =
		(struct watch){.fd = keyboard->fd, .ready = on_keyboard, .context = console};
	if (house->options->is_terminal) {
		take_signals(console);
		look_whose_it_is(console);
	} else {
		watch_keyboard(console);
	}
}
