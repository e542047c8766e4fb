/*
 * No zombie although nobody waits: the parent forks a child, the child forks a grandchild and ends at
 * once. The parent reaps the child, which takes no time; the grandchild is an orphan, whose adopter reaps it.
 * Both go on with their own work.
 *
 *     Python                           C                   the kit
 *     os.fork() in os.fork()           fork() twice        mp_process_start_detached()
 *     os.wait()                        waitpid()           (inside)
 */
#include <sys/wait.h>

#include "claim.h"
#include "mp_pipe.h"
#include "mp_process.h"

struct report {
	pid_t pid, parent;
};

/* The grandchild's work: when it is told that the child has ended, it says who its parent is. */
static int work(void *argument) {
	struct mp_pipe *pipe = argument;
	size_t length;
	MUST(mp_pipe_receive(pipe, NULL, 0, &length, MP_FOREVER));
	struct report report = {.pid = getpid(), .parent = getppid()};
	MUST(mp_pipe_send(pipe, &report, sizeof report, MP_FOREVER));
	return 0;
}

/* The parent's own work goes on beside it; then it asks. */
static struct report ask(struct mp_pipe *pipe) {
	long sum = 0;
	for (long i = 1; i <= 1000; i++) {
		sum += i;
	}
	claim(sum == 500500, "the parent went on with its own work: %ld", sum);
	struct report report;
	size_t length;
	MUST(mp_pipe_send(pipe, "", 0, MP_FOREVER));
	MUST(mp_pipe_receive(pipe, &report, sizeof report, &length, MP_FOREVER));
	return report;
}

int main(void) {
	struct mp_pipe ends[2];
	MUST(mp_pipe_create(ends, true));

	pid_t child = MUST_SYSTEM(fork());
	if (child == 0) {
		if (MUST_SYSTEM(fork()) == 0) {
			_exit(work(&ends[1]));
		}
		_exit(0);
	}
	claim(waitpid(child, NULL, 0) == child, "the child, %d, has ended and is reaped", child);
	struct report report = ask(&ends[0]);
	claim(report.pid != child && report.parent != child && report.parent != getpid(),
	      "the grandchild, %d, works on; %d adopted it", report.pid, report.parent);

	pid_t grandchild;
	MUST(mp_process_start_detached(work, &ends[1], &grandchild));
	report = ask(&ends[0]);
	claim(report.pid == grandchild && report.parent != getpid(),
	      "mp_process_start_detached() does the same: %d, adopted by %d", report.pid,
	      report.parent);
	claim(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD,
	      "the parent has no child to wait for");
	mp_pipe_drop(&ends[0]);
	mp_pipe_drop(&ends[1]);
	return 0;
}
