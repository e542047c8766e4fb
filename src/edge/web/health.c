/* health.c - GET /healthz: may people talk here, and is what they say kept? */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "site_inside.h"

/* A board outlives its process; the pid that stands there may be a dead one's. */
bool site_is_running(const struct board *board) {
	uint32_t pid = atomic_load_explicit(&board->pid, memory_order_relaxed);
	return pid != 0 && (kill((pid_t)pid, 0) == 0 || errno != ESRCH);
}

void site_health(struct site_visit *visit) {
	static const unsigned needed[] = {PROCESS_HUB, PROCESS_SCRIBE, PROCESS_CLERK};
	const struct house *house = &visit->edge->house;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		const struct board *board = house->boards[needed[i]];
		char name[PROCESS_NAME_MAX], sentence[64];
		if (board != NULL && !site_is_running(board)) {
			snprintf(sentence, sizeof(sentence), "The %s does not run",
			         process_name(needed[i], name));
			http_answer_words(visit->answer, 503, sentence);
			return;
		}
	}
	if (edge_is_stalled(visit->edge)) {
		http_answer_words(visit->answer, 503, "The disk is behind, and nothing is taken");
		return;
	}
	http_answer_words(visit->answer, 200, "Everything runs");
}
