/*
 * Waiting for one child or for any, and telling the results apart.
 *
 *     Python                              C                             the kit
 *     os.waitpid(pid, 0)                  waitpid(pid, &status, 0)      mp_process_join(…, MP_FOREVER, …)
 *     os.waitpid(pid, os.WNOHANG)         waitpid(pid, …, WNOHANG)      mp_process_join(…, 0, …)
 *     os.waitpid(-1, 0) == os.wait()      waitpid(-1, …, 0) == wait()   mp_process_reap()
 *     os.WIFEXITED(), os.WEXITSTATUS()    WIFEXITED(), WEXITSTATUS()    status.exited, status.code
 *     os.WIFSIGNALED(), os.WTERMSIG()     WIFSIGNALED(), WTERMSIG()     status.signal
 */
#include <signal.h>
#include <sys/wait.h>

#include "claim.h"
#include "mp_event.h"
#include "mp_process.h"

static struct mp_event *may_end;

static pid_t start(int code) {
	pid_t pid = MUST_SYSTEM(fork());
	if (pid == 0) {
		mp_event_wait(may_end, MP_FOREVER);
		_exit(code);
	}
	return pid;
}

static int work(void *argument) {
	mp_event_wait(may_end, MP_FOREVER);
	return 7;
}

int main(void) {
	may_end = mp_event_create();
	int status;

	pid_t pid = start(7);
	claim(waitpid(pid, &status, WNOHANG) == 0, "WNOHANG answers 0 at once: none has ended yet");
	mp_event_set(may_end);
	claim(waitpid(pid, &status, 0) == pid, "0 waits until %d has ended", pid);
	claim(WIFEXITED(status) && WEXITSTATUS(status) == 7, "it exited, with code 7");

	mp_event_clear(may_end);
	pid = start(0);
	MUST_SYSTEM(kill(pid, SIGKILL));
	MUST_SYSTEM(waitpid(pid, &status, 0));
	claim(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%d was ended by signal 9", pid);

	mp_event_set(may_end);
	pid_t one = start(1), two = start(2);
	pid_t first = waitpid(-1, &status, 0);
	claim(first == one || first == two, "-1 waits for any; it was %d", first);
	claim(WEXITSTATUS(status) == (first == one ? 1 : 2), "with the code of that one");
	pid_t second = wait(&status);
	claim(second == (first == one ? two : one), "wait() is waitpid(-1, …, 0): the other, %d",
	      second);
	claim(wait(&status) < 0 && errno == ECHILD, "nobody is left: ECHILD");

	mp_event_clear(may_end);
	struct mp_process child;
	struct mp_status ended;
	mp_process_init(&child, work, NULL);
	MUST(mp_process_start(&child));
	claim(mp_process_join(&child, 0, &ended) == MP_TIMEOUT,
	      "mp_process_join(…, 0, …): it lives");
	mp_event_set(may_end);
	claim(mp_process_join(&child, MP_FOREVER, &ended) == 0 && ended.exited && ended.code == 7,
	      "mp_process_join(…, MP_FOREVER, …): it exited, with code 7");
	MUST(mp_process_finish(&child));
	mp_event_destroy(may_end);
	return 0;
}
