#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "speech.h"

/* The signal that ended the asking; 0: none. */
static volatile sig_atomic_t ended_by;

static void on_signal(int number) {
	ended_by = number;
}

/* A line of `fd`, byte by byte: what follows is somebody else's. */
static enum secret_error read_line(int fd, char out[static SECRET_BYTES_MAX]) {
	size_t size = 0;
	char byte = '\0';
	bool is_cut = false;
	ssize_t got;
	while ((got = read(fd, &byte, 1)) == 1 || (got < 0 && errno == EINTR && ended_by == 0)) {
		if (got < 0) {
			continue;
		}
		if (byte == '\n') {
			break;
		}
		if (size < SECRET_BYTES_MAX - 1) {
			out[size++] = byte;
		} else {
			is_cut = true;
		}
	}
	if (size > 0 && out[size - 1] == '\r') {
		size--;
	}
	out[size] = '\0';
	if (is_cut) {
		return SECRET_TOO_LONG;
	}
	/* A NUL in it would end it early, and half a password would be taken for all of it. */
	return size == 0 || strlen(out) != size ? SECRET_NONE : SECRET_OK;
}

static void say(int terminal, const char *words) {
	(void)!write(terminal, words, strlen(words));
}

static enum secret_error ask_once(int terminal, const char *prompt,
                                  char out[static SECRET_BYTES_MAX]) {
	say(terminal, prompt);
	enum secret_error error = read_line(terminal, out);
	say(terminal, "\n");
	return error;
}

static enum secret_error ask_twice(int terminal, enum language language,
                                   char out[static SECRET_BYTES_MAX]) {
	char again[SECRET_BYTES_MAX];
	enum secret_error error = ask_once(terminal, either(language, "密码: ", "Password: "), out);
	if (error == SECRET_OK) {
		(void)ask_once(terminal, either(language, "再输一次: ", "Once more: "), again);
		error = strcmp(out, again) == 0 ? SECRET_OK : SECRET_DIFFERENT;
	}
	explicit_bzero(again, sizeof(again));
	return error;
}

/* Whoever presses Ctrl-C gets the echo back first. */
static const int minded[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP};
#define MINDED (sizeof(minded) / sizeof(minded[0]))
static struct sigaction before_minding[MINDED];

static void begin_minding(void) {
	const struct sigaction action = {.sa_handler = on_signal};
	ended_by = 0;
	for (size_t i = 0; i < MINDED; i++) {
		sigaction(minded[i], &action, &before_minding[i]);
	}
}

static void end_minding(void) {
	for (size_t i = 0; i < MINDED; i++) {
		sigaction(minded[i], &before_minding[i], NULL);
	}
	if (ended_by != 0) {
		raise(ended_by);
	}
}

enum secret_error secret_ask(enum language language, char out[static SECRET_BYTES_MAX]) {
	int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios before;
	if (terminal < 0 || tcgetattr(terminal, &before) < 0) {
		if (terminal >= 0) {
			close(terminal);
		}
		return SECRET_NO_TERMINAL;
	}
	struct termios silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	silent.c_lflag |= ICANON;
	begin_minding();
	(void)tcsetattr(terminal, TCSAFLUSH, &silent);
	enum secret_error error = ask_twice(terminal, language, out);
	(void)tcsetattr(terminal, TCSAFLUSH, &before);
	end_minding();
	close(terminal);
	return error;
}

enum secret_error secret_read(char out[static SECRET_BYTES_MAX]) {
	return read_line(STDIN_FILENO, out);
}

const char *secret_sentence(enum language language, enum secret_error error) {
	switch (error) {
	case SECRET_OK: return either(language, "好了", "done");
	case SECRET_NO_TERMINAL:
		return either(language, "没有终端可以输入密码；请用 --password-stdin",
		              "there is no terminal to type the password at; use --password-stdin");
	case SECRET_DIFFERENT:
		return either(language, "两次输入的不一样，请再来一次",
		              "the two were not the same; please try again");
	case SECRET_NONE: return either(language, "没有给密码", "no password was given");
	case SECRET_TOO_LONG: return either(language, "密码太长了", "the password is too long");
	}
	return "";
}
