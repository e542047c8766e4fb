/*
 * A process that runs a function, with a name and arguments. Several arguments travel as a struct;
 * designated initialisers say which is which, and what is left out is zero.
 *
 *     Python                                     the kit
 *     p = Process(target=greet, name="…",        mp_process_init(&p, greet, &arguments)
 *         args=("Ann",), kwargs={"times": 2})    mp_process_set_name(&p, "…")
 *     p.start()                                  mp_process_start(&p)
 *     p.join()                                   mp_process_join(&p, MP_FOREVER, &status)
 *     p.name, p.pid, p.exitcode                  mp_process_name(&p), mp_process_pid(&p), status.code
 *     current_process().name                     mp_process_own_name()
 */
#include "claim.h"
#include "mp_process.h"

struct greeting {
	const char *who;
	int times;
	pid_t parent;
};

static int greet(void *argument) {
	struct greeting *greeting = argument;
	for (int i = 0; i < greeting->times; i++) {
		claim(getppid() == greeting->parent, "%s, %d, greets %s", mp_process_own_name(),
		      getpid(), greeting->who);
	}
	greeting->who = "nobody"; /* This memory is the child's own. */
	return 40 + greeting->times;
}

int main(void) {
	struct greeting ann = {.who = "Ann", .times = 2, .parent = getpid()};
	struct greeting bob = {.who = "Bob", .parent = getpid()};

	struct mp_process first, second;
	mp_process_init(&first, greet, &ann);
	mp_process_init(&second, greet, &bob);
	claim(strcmp(mp_process_name(&first), "Process-1") == 0, "the first is called Process-1");
	MUST(mp_process_set_name(&second, "greeter"));
	claim(strcmp(mp_process_name(&second), "greeter") == 0, "the second was named greeter");
	claim(mp_process_pid(&first) == 0, "nothing runs before the start");

	MUST(mp_process_start(&first));
	MUST(mp_process_start(&second));
	claim(mp_process_set_name(&first, "late") == MP_STARTED,
	      "a name is given before the start");

	struct mp_status status;
	MUST(mp_process_join(&first, MP_FOREVER, &status));
	claim(status.exited && status.code == 42, "the first returned %d, its exit code",
	      status.code);
	MUST(mp_process_join(&second, MP_FOREVER, &status));
	claim(status.exited && status.code == 40, "the second greeted nobody: .times was left out");
	claim(strcmp(ann.who, "Ann") == 0,
	      "what a child writes to its arguments, the parent never sees");
	MUST(mp_process_finish(&first));
	MUST(mp_process_finish(&second));
	return 0;
}
