/*
 * Threads of a process share its memory: what one writes to a global variable, the others see. A child
 * process has memory of its own: what it writes there, nobody else sees.
 *
 *     Python (thread_communication.py)     the kit
 *     global a; a = 1000                   an ordinary global variable
 *     Thread(target=change)                mp_thread_init(&t, change, NULL)
 *     t.join()                             mp_thread_join(): what was written before is seen after it
 *     Process(target=change)               mp_process_init(&p, change_in_process, NULL)
 */
#include "claim.h"
#include "mp_process.h"
#include "mp_thread.h"

static int number = 1;
static int numbers[3] = {1, 2, 3};

static void change(void *argument) {
	number = 1000;
	numbers[1] = 2000;
}

static int change_in_process(void *argument) {
	change(argument);
	claim(number == 1000, "the child process writes the same; it sees %d", number);
	return 0;
}

int main(void) {
	struct mp_process process;
	mp_process_init(&process, change_in_process, NULL);
	MUST(mp_process_start(&process));
	MUST(mp_process_join(&process, MP_FOREVER, NULL));
	MUST(mp_process_finish(&process));
	claim(number == 1 && numbers[1] == 2, "and nobody else: here they are %d and %d", number,
	      numbers[1]);

	struct mp_thread thread;
	mp_thread_init(&thread, change, NULL);
	MUST(mp_thread_start(&thread));
	MUST(mp_thread_join(&thread, MP_FOREVER));
	claim(number == 1000 && numbers[1] == 2000, "a thread writes, and here they are %d and %d",
	      number, numbers[1]);
	return 0;
}
