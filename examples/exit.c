/*
 * Two ways out. exit() tidies up: it calls what was registered and writes out what stdio holds back.
 * _exit() leaves at once. After a fork both processes hold back the same bytes, so a child that leaves by
 * exit() writes them a second time.
 *
 *     Python                  C                      the kit
 *     sys.exit()              exit()
 *     os._exit()              _exit()                the end of a process's function
 *     atexit.register()       atexit()
 *     sys.stdout.flush()      fflush() before fork   mp_process_start() does so
 */
#include <stdlib.h>
#include <sys/wait.h>

#include "claim.h"

static int tidied[2]; /* A pipe: what atexit() had to say. */

static void tidy(void) {
	MUST_SYSTEM(write(tidied[1], "!", 1));
}

/* How often does a line appear that was printed once, before the fork? */
static int lines_after(void (*leave)(int)) {
	FILE *file = tmpfile();
	if (file == NULL) {
		MUST_SYSTEM(-1);
	}
	fputs("once\n", file);
	pid_t pid = MUST_SYSTEM(fork());
	if (pid == 0) {
		leave(0);
	}
	MUST_SYSTEM(waitpid(pid, NULL, 0));
	fflush(file);
	rewind(file);
	int lines = 0;
	for (char line[16]; fgets(line, sizeof line, file) != NULL;) {
		lines++;
	}
	fclose(file);
	return lines;
}

static int times_tidied(void) {
	char marks[8];
	MUST_SYSTEM(write(tidied[1], "end", 3));
	return (int)MUST_SYSTEM(read(tidied[0], marks, sizeof marks)) - 3;
}

int main(void) {
	MUST_SYSTEM(pipe(tidied));
	atexit(tidy);

	claim(lines_after(exit) == 2, "the child left by exit(): the line stands there twice");
	claim(times_tidied() == 1, "and what atexit() registered was called in it");
	claim(lines_after(_exit) == 1, "the child left by _exit(): the line stands there once");
	claim(times_tidied() == 0, "and what atexit() registered was not called");
	return 0;
}
