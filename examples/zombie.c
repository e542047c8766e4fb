/*
 * A child that has ended stays in the process table until its parent asks how it ended. Until then it is a
 * zombie: state Z, no memory, but a number that nobody else can have.
 *
 *     Python                  C                   the kit
 *     os.wait()               wait()              mp_process_join()
 *     nobody asks             a zombie            mp_process_reap(), and every mp_process_start(), ask
 */
#include <signal.h>
#include <sys/wait.h>

#include "claim.h"
#include "mp_process.h"

/* The letter after the name in /proc/PID/stat; '-' when there is no such process. */
static char state_of(pid_t pid) {
	char path[64], stat[512] = "";
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *file = fopen(path, "r");
	if (file == NULL) {
		return '-';
	}
	const char *end = fgets(stat, sizeof stat, file) ? strrchr(stat, ')') : NULL;
	fclose(file);
	return end ? end[2] : '-';
}

static int work(void *argument) {
	return 4;
}

int main(void) {
	pid_t pid = MUST_SYSTEM(fork());
	if (pid == 0) {
		_exit(3);
	}
	siginfo_t info;
	MUST_SYSTEM(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT)); /* ended, but not taken */
	claim(state_of(pid) == 'Z', "the child %d has ended and nobody asked: it is a zombie, Z",
	      pid);
	claim(kill(pid, SIGKILL) == 0 && state_of(pid) == 'Z', "it cannot be killed, it is dead");

	int status;
	claim(wait(&status) == pid && WEXITSTATUS(status) == 3,
	      "wait() tells that it exited with 3");
	claim(state_of(pid) == '-', "and now it is gone");

	struct mp_process child;
	mp_process_init(&child, work, NULL);
	MUST(mp_process_start(&child));
	pid = mp_process_pid(&child);
	MUST_SYSTEM(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
	claim(state_of(pid) == 'Z', "a child of the kit is no exception: Z");
	claim(mp_process_reap() == 1 && state_of(pid) == '-',
	      "one mp_process_reap() takes them all");
	struct mp_status ended;
	claim(mp_process_join(&child, 0, &ended) == 0 && ended.code == 4,
	      "and no status is lost: 4");
	MUST(mp_process_finish(&child));
	return 0;
}
