/*
 * A child whose parent ends first is an orphan: another process adopts it and will reap it, that of number
 * 1 or one that asked for it (prctl(PR_SET_CHILD_SUBREAPER)).
 *
 *     Python            C
 *     os.getppid()      getppid()
 *     os.fork()         fork()
 */
#include <poll.h>
#include <sys/wait.h>

#include "claim.h"

struct parents {
	pid_t at_first, later;
};

/* The orphan: it sees who its parent is, twice, and tells. */
static _Noreturn void be_orphan(int parent_lives, int tell) {
	struct parents parents = {.at_first = getppid()};
	char none;
	MUST_SYSTEM(write(tell, "", 1));           /* It has looked: the parent may go. */
	MUST_SYSTEM(read(parent_lives, &none, 1)); /* End of file: the parent is gone. */
	while ((parents.later = getppid()) == parents.at_first) {
		poll(NULL, 0,
		     1); /* Descriptors are closed a moment before children are handed on. */
	}
	MUST_SYSTEM(write(tell, &parents, sizeof parents));
	_exit(0);
}

int main(void) {
	int lives[2], told[2];
	MUST_SYSTEM(pipe(lives));
	MUST_SYSTEM(pipe(told));

	pid_t parent = MUST_SYSTEM(fork());
	if (parent == 0) {
		if (MUST_SYSTEM(fork()) == 0) {
			close(lives[1]);
			be_orphan(lives[0], told[1]);
		}
		char ready;
		MUST_SYSTEM(read(told[0], &ready, 1));
		_exit(0);
	}
	close(lives[1]);
	MUST_SYSTEM(waitpid(parent, NULL, 0));

	struct parents parents;
	claim(read(told[0], &parents, sizeof parents) == sizeof parents,
	      "the orphan outlived its parent");
	claim(parents.at_first == parent, "its parent was %d", parents.at_first);
	claim(parents.later != parent, "and when that had ended, %d adopted it", parents.later);
	return 0;
}
