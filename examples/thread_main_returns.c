/*
 * The end of main is the end of the process, and so of all its threads, whatever they were doing. Who wants
 * them to finish joins them. (Python joins all but daemon threads by itself; in C all are daemons.)
 *
 *     Python                              the kit
 *     Thread(target=f, daemon=True)       mp_thread_init(&t, f, NULL): main's return ends it
 *     t.join()                            mp_thread_join(&t, MP_FOREVER)
 *     subprocess.Popen([sys.executable])  mp_process_spawn(&p, &(struct mp_spawn){.path = …})
 */
#include <time.h>

#include "claim.h"
#include "mp_event.h"
#include "mp_pipe.h"
#include "mp_spawn.h"
#include "mp_thread.h"

static struct mp_pipe report;
static struct mp_event has_reported;

/* Says that it is there, and never ends by itself. */
static void run_for_ever(void *argument) {
	MUST(mp_pipe_send(&report, "here", 4, MP_FOREVER));
	mp_event_set(&has_reported);
	for (;;) {
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
}

/* The inner program: a thread at work, and main returns. */
static int return_from_main(void) {
	mp_pipe_adopt(&report, MUST(mp_inherited("report")), MP_PIPE_SENDS);
	static struct mp_thread thread;
	mp_thread_init(&thread, run_for_ever, NULL);
	MUST(mp_thread_start(&thread));
	mp_event_wait(&has_reported, MP_FOREVER);
	return mp_thread_is_alive(&thread) ? 6 : 1;
}

int main(int argc, char **argv) {
	if (argc > 1) {
		return return_from_main();
	}
	struct mp_pipe ends[2];
	MUST(mp_pipe_create(ends, false));
	struct mp_process inner;
	mp_process_init(&inner, NULL, NULL);
	MUST(mp_process_spawn(&inner, &(struct mp_spawn){
					      .path = "/proc/self/exe",
					      .argv = (const char *[]){argv[0], "inner", NULL},
					      .fds = (struct mp_named_fd[]){{"report", ends[1].fd}},
					      .fd_count = 1,
				      }));
	mp_pipe_drop(&ends[1]);

	char text[8];
	size_t length;
	MUST(mp_pipe_receive(&ends[0], text, sizeof text, &length, MP_FOREVER));
	claim(length == 4, "a program has started a thread that never ends by itself");
	struct mp_status status;
	MUST(mp_process_join(&inner, MP_FOREVER, &status));
	claim(status.exited && status.code == 6, "its main returned %d while the thread was alive",
	      status.code);
	claim(mp_pipe_receive(&ends[0], text, sizeof text, &length, MP_FOREVER) == MP_PEER_GONE,
	      "and with main the thread was gone");
	MUST(mp_process_finish(&inner));
	mp_pipe_drop(&ends[0]);
	return 0;
}
