/*
 * Waiting for a child, but not for ever; and ending one that does not end.
 *
 *     Python                    the kit
 *     p.join(0.05)              mp_process_join(&p, 50, &status): 0, or MP_TIMEOUT
 *     p.join()                  mp_process_join(&p, MP_FOREVER, &status)
 *     p.exitcode is None        MP_TIMEOUT of mp_process_join(&p, 0, NULL)
 *     p.exitcode == -15         status.signal == SIGTERM
 *     p.terminate(), p.kill()   mp_process_terminate(&p), mp_process_kill(&p)
 */
#include <signal.h>

#include "claim.h"
#include "mp_event.h"
#include "mp_process.h"

static int wait_for_it(void *argument) {
	struct mp_event *event = argument;
	mp_event_wait(event, MP_FOREVER);
	return 5;
}

int main(void) {
	struct mp_event *may_end = mp_event_create(), *never = mp_event_create();
	struct mp_process child, stubborn;
	struct mp_status status;

	mp_process_init(&child, wait_for_it, may_end);
	claim(mp_process_join(&child, 0, NULL) == MP_NOT_STARTED,
	      "only what was started can be joined");
	MUST(mp_process_start(&child));
	claim(mp_process_join(&child, 0, NULL) == MP_TIMEOUT,
	      "a timeout of 0 only looks: it lives");
	claim(mp_process_join(&child, 50, NULL) == MP_TIMEOUT, "50 ms later it still lives");
	mp_event_set(may_end);
	claim(mp_process_join(&child, MP_FOREVER, &status) == 0, "now it has ended");
	claim(status.exited && status.code == 5, "by itself, with %d", status.code);
	claim(mp_process_join(&child, 0, &status) == 0 && status.code == 5, "one may ask again");
	MUST(mp_process_finish(&child));

	mp_process_init(&stubborn, wait_for_it, never);
	MUST(mp_process_start(&stubborn));
	claim(mp_process_finish(&stubborn) == MP_ALIVE, "what lives cannot be finished");
	MUST(mp_process_terminate(&stubborn));
	MUST(mp_process_join(&stubborn, MP_FOREVER, &status));
	claim(!status.exited && status.signal == SIGTERM, "terminate: ended by signal %d",
	      status.signal);
	claim(mp_process_kill(&stubborn) == MP_ENDED, "what has ended cannot be killed");
	MUST(mp_process_finish(&stubborn));

	mp_event_destroy(may_end);
	mp_event_destroy(never);
	return 0;
}
