/*
 * A thread runs a function beside main, in the same process and the same memory; its name and whether it
 * is alive can be asked at any time.
 *
 *     Python (thread_demo1.py)              the kit
 *     t = Thread(target=count, args=(5,))   mp_thread_init(&t, count, &arguments)
 *     t.start(), t.join()                   mp_thread_start(&t), mp_thread_join(&t, MP_FOREVER)
 *     t.join(0.02), t.is_alive()            mp_thread_join(&t, 20), MP_TIMEOUT; mp_thread_is_alive(&t)
 *     t.name, t.getName()                   mp_thread_get_name(&t, name, sizeof name)
 *     t.setName("…")                        mp_thread_set_name(&t, "…")
 *     current_thread()                      mp_thread_current()
 */
#include "claim.h"
#include "mp_event.h"
#include "mp_thread.h"

struct arguments {
	int limit, sum;
	pid_t pid;
	struct mp_event may_end;
};

static void count(void *argument) {
	struct arguments *arguments = argument;
	char name[MP_NAME_BYTES];
	mp_thread_get_name(mp_thread_current(), name, sizeof name);
	for (int i = 1; i <= arguments->limit; i++) {
		arguments->sum += i;
		printf("     %s counts %d\n", name, i);
	}
	arguments->pid = getpid();
	mp_event_wait(&arguments->may_end, MP_FOREVER);
}

static bool is_called(const struct mp_thread *thread, const char *expected) {
	char name[MP_NAME_BYTES];
	mp_thread_get_name(thread, name, sizeof name);
	return strcmp(name, expected) == 0;
}

int main(void) {
	struct arguments arguments = {.limit = 5};
	mp_event_init(&arguments.may_end);

	struct mp_thread thread;
	mp_thread_init(&thread, count, &arguments);
	claim(is_called(&thread, "Thread-1"), "it is called Thread-1 unless told otherwise");
	claim(!mp_thread_is_alive(&thread), "before the start it is not alive");
	MUST(mp_thread_start(&thread));
	claim(mp_thread_is_alive(&thread), "after the start it is");
	claim(mp_thread_join(&thread, 20) == MP_TIMEOUT, "20 ms later it still is");
	mp_thread_set_name(&thread, "counter");
	claim(is_called(&thread, "counter"), "its name can be changed at any time");

	mp_event_set(&arguments.may_end);
	MUST(mp_thread_join(&thread, MP_FOREVER));
	claim(!mp_thread_is_alive(&thread), "its function has returned: it is alive no more");
	claim(arguments.sum == 15, "main sees what it has counted: %d", arguments.sum);
	claim(arguments.pid == getpid(), "and it was the same process, %d", arguments.pid);
	claim(mp_thread_current() == NULL, "main's own thread is none of the kit's");
	return 0;
}
