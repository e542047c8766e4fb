/*
 * The lesson's two exercises for its robot: the main process knows how many children there are, drops those
 * that are no longer alive, and leaves no zombie. `qun robot --model process` does it with clients.
 *
 *     Python                             the kit
 *     p.is_alive()                       mp_process_is_alive(&p)
 *     active_children()                  mp_process_reap() (takes the status of all that ended)
 *     multiprocessing.connection.wait    mp_process_reap_fd(), in poll() or epoll
 */
#include <poll.h>
#include <sys/wait.h>

#include "claim.h"
#include "mp_process.h"

#define CHILDREN 3

static int serve(void *argument) {
	while (pause() < 0) {
	}
	return 0;
}

/* Keep those that are alive, in order; join and drop the others. Answers how many are left. */
static size_t drop_the_dead(struct mp_process *children[], size_t count) {
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (mp_process_is_alive(children[i])) {
			children[kept++] = children[i];
			continue;
		}
		struct mp_status status;
		MUST(mp_process_join(children[i], 0, &status));
		claim(status.signal != 0, "%s is no longer alive: signal %d",
		      mp_process_name(children[i]), status.signal);
		MUST(mp_process_finish(children[i]));
	}
	return kept;
}

int main(void) {
	struct mp_process made[CHILDREN], *children[CHILDREN];
	size_t online = 0;
	for (; online < CHILDREN; online++) {
		children[online] = &made[online];
		mp_process_init(&made[online], serve, NULL);
		MUST(mp_process_set_daemon(&made[online], true));
		MUST(mp_process_start(&made[online]));
	}
	claim(drop_the_dead(children, online) == CHILDREN, "online: %d", CHILDREN);

	struct pollfd deaths = {.fd = MUST(mp_process_reap_fd()), .events = POLLIN};
	claim(poll(&deaths, 1, 0) == 0, "nobody has died");
	while (online > 0) {
		MUST(mp_process_kill(children[0]));
		claim(poll(&deaths, 1, -1) == 1, "poll() hears that somebody died");
		claim(mp_process_reap() == 1, "and mp_process_reap() takes the status");
		size_t left = drop_the_dead(children, online);
		claim(left == online - 1, "online: %zu", left);
		online = left;
	}
	claim(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD,
	      "nobody is left, no zombie either");
	return 0;
}
