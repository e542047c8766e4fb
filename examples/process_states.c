/*
 * What a process does, as ps and top show it: R runs or is ready to (the kernel hands out slices of
 * time), S waits for something, T was stopped, Z has ended and was not asked for.
 *
 *     Python                            C                     the kit
 *     os.kill(pid, signal.SIGSTOP)      kill(pid, SIGSTOP)    mp_process_signal()
 *     os.kill(pid, signal.SIGCONT)      kill(pid, SIGCONT)    mp_process_signal()
 *     p.kill()                                                mp_process_kill()
 */
#include <limits.h>
#include <poll.h>
#include <signal.h>

#include "claim.h"
#include "mp_process.h"

static int compute(void *argument) {
	for (volatile unsigned long turns = 0; turns < ULONG_MAX; turns++) {
	}
	return 0;
}

static int rest(void *argument) {
	while (pause() < 0) {
	}
	return 0;
}

static char state_of(const struct mp_process *process) {
	char path[64], stat[512] = "";
	snprintf(path, sizeof path, "/proc/%d/stat", mp_process_pid(process));
	FILE *file = fopen(path, "r");
	if (file == NULL) {
		return '-';
	}
	const char *end = fgets(stat, sizeof stat, file) ? strrchr(stat, ')') : NULL;
	fclose(file);
	return end ? end[2] : '-';
}

/* A new state is there soon, not at once: look again and again, 10 seconds at most. */
static bool comes_to(const struct mp_process *process, char state) {
	for (int i = 0; i < 10000 && state_of(process) != state; i++) {
		poll(NULL, 0, 1);
	}
	return state_of(process) == state;
}

int main(void) {
	struct mp_process busy, idle;
	mp_process_init(&busy, compute, NULL);
	mp_process_init(&idle, rest, NULL);
	MUST(mp_process_set_daemon(&busy, true)); /* Whatever happens, it does not outlive us. */
	MUST(mp_process_set_daemon(&idle, true));
	MUST(mp_process_start(&busy));
	MUST(mp_process_start(&idle));

	claim(comes_to(&busy, 'R'), "who computes is ready or runs: R");
	claim(comes_to(&idle, 'S'), "who waits sleeps: S");
	MUST(mp_process_signal(&busy, SIGSTOP));
	claim(comes_to(&busy, 'T'), "SIGSTOP: T, though there is work");
	MUST(mp_process_signal(&busy, SIGCONT));
	claim(comes_to(&busy, 'R'), "SIGCONT: R again");
	MUST(mp_process_kill(&busy));
	claim(comes_to(&busy, 'Z'), "it ended, and nobody asked: Z");
	MUST(mp_process_join(&busy, MP_FOREVER, NULL));
	claim(state_of(&busy) == '-', "joined: it is gone");

	MUST(mp_process_kill(&idle));
	MUST(mp_process_join(&idle, MP_FOREVER, NULL));
	MUST(mp_process_finish(&busy));
	MUST(mp_process_finish(&idle));
	return 0;
}
