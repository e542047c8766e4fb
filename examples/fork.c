/*
 * One call, two returns: a process becomes two, each with memory of its own.
 *
 *     Python          C
 *     os.fork()       fork()
 *     os.getpid()     getpid()
 *     os.getppid()    getppid()
 */
#include <sys/wait.h>

#include "claim.h"

int main(void) {
	pid_t parent = getpid();
	int number = 1;

	pid_t pid = MUST_SYSTEM(fork());
	if (pid == 0) {
		claim(getpid() != parent, "in the child fork() answers 0, and getpid() %d",
		      getpid());
		claim(getppid() == parent, "its getppid() is %d", getppid());
		number = 2;
		_exit(number);
	}

	int status;
	MUST_SYSTEM(waitpid(pid, &status, 0));
	claim(getpid() == parent && pid != parent, "in the parent, %d, fork() answers %d", parent,
	      pid);
	claim(WEXITSTATUS(status) == 2 && number == 1,
	      "the child's number became %d, the parent's is still %d", WEXITSTATUS(status),
	      number);
	return 0;
}
