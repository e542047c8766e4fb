#include "terminal.h"

#include <stdbool.h>
#include <termios.h>
#include <unistd.h>

static struct termios settings;
static bool has_settings;

void terminal_remember(void) {
	has_settings = tcgetattr(STDIN_FILENO, &settings) == 0;
}

void terminal_restore(void) {
	if (has_settings) {
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &settings);
	}
}
