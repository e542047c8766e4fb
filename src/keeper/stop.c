#include "stop.h"

#include <stddef.h>

#include "diag.h"

#define MS 1000u

/* Whoever is not gone by then has been killed and does not even notice that: its disk hangs. */
#define LAST_US (1950 * MS)

static const struct stage {
	unsigned first, last; /* process indices */
	uint64_t until_us;    /* counted from the beginning of the end */
} stages[STOP_STAGES] = {
	{PROCESS_EDGE_0, PROCESSES_MAX - 1, 500 * MS},
	{PROCESS_HUB, PROCESS_HUB, 900 * MS},
	{PROCESS_CLERK, PROCESS_CONSOLE, 1200 * MS},
	{PROCESS_SCRIBE, PROCESS_SCRIBE, 1800 * MS},
};
_Static_assert(PROCESS_CONSOLE == PROCESS_CLERK + 1, "clerk and console are a range");

void stop_begin(struct stop *stop, uint64_t now_us) {
	*stop = (struct stop){.start_us = now_us};
}

/* Asks all of the stage; returns whether all are gone. */
static bool ask(const struct stage *stage, struct child *children, const struct options *options) {
	bool are_gone = true;
	for (unsigned i = stage->first; i <= stage->last; i++) {
		if (shared_has_process(options, i)) {
			child_leave(&children[i]);
			are_gone = are_gone && children[i].state == CHILD_GONE;
		}
	}
	return are_gone;
}

static void end(const struct stage *stage, struct child *children, const struct options *options) {
	for (unsigned i = stage->first; i <= stage->last; i++) {
		if (shared_has_process(options, i) && children[i].state == CHILD_LEAVING) {
			diag("%s does not leave: ending it", children[i].name);
			child_kill(&children[i]);
		}
	}
}

uint64_t stop_go_on(struct stop *stop, struct child *children, const struct options *options,
                    uint64_t now_us) {
	uint64_t passed_us = now_us - stop->start_us;
	while (stop->stage < STOP_STAGES && ask(&stages[stop->stage], children, options)) {
		stop->stage++;
	}
	if (stop->stage == STOP_STAGES || passed_us >= LAST_US) {
		stop->is_done = true;
		return LOOP_FOREVER;
	}
	const struct stage *stage = &stages[stop->stage];
	if (passed_us < stage->until_us) {
		return stage->until_us - passed_us;
	}
	if (!stop->is_ending[stop->stage]) {
		stop->is_ending[stop->stage] = true;
		end(stage, children, options);
	}
	return LAST_US - passed_us;
}
