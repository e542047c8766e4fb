/*
 * folderlock.c - the keeper's is a record lock (fcntl), which belongs to a
 * process and can say whose it is; the children's is an flock, which belongs
 * to the open file that they share. The two kinds do not see each other.
 */
#include "folderlock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/time.h>
#include <unistd.h>

#include "diag.h"

/* Children of a killed keeper leave in well under a second; on a disk that is very slow, in some. */
#define WAIT_SECONDS_MAX 10

static noreturn void say_another(int keeper_lock, const char *data) {
	struct flock holder = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	if (fcntl(keeper_lock, F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK &&
	    holder.l_pid > 0) {
		diag_exit(EXIT_FIX_ME,
		          "another qun (process %d) serves the data folder %s; stop it, or choose "
		          "another folder with --data",
		          (int)holder.l_pid, data);
	}
	diag_exit(EXIT_FIX_ME,
	          "another qun serves the data folder %s; stop it, or choose another folder with "
	          "--data",
	          data);
}

static void on_alarm(int signal) {
}

/* Waits in the kernel: the lock itself wakes us, or the alarm does. */
static bool wait_for(int lock) {
	const struct sigaction alarmed = {.sa_handler = on_alarm};
	struct sigaction before;
	/* Again and again, in case the first comes before flock() sleeps. */
	const struct itimerval bound = {
		.it_value.tv_sec = WAIT_SECONDS_MAX,
		.it_interval.tv_usec = 100 * 1000,
	};
	const struct itimerval never = {0};
	sigaction(SIGALRM, &alarmed, &before);
	setitimer(ITIMER_REAL, &bound, NULL);
	bool is_ours = flock(lock, LOCK_EX) == 0;
	int saved = errno;
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
	errno = saved;
	return is_ours;
}

void folderlock_take(int keeper_lock, int lock, const char *data) {
	struct flock own = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	if (fcntl(keeper_lock, F_SETLK, &own) < 0) {
		if (errno == EAGAIN || errno == EACCES) {
			say_another(keeper_lock, data);
		}
		diag_exit_errno(EXIT_FIX_ME, "cannot lock the data folder %s", data);
	}
	if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
		return;
	}
	diag("waiting for the processes of an earlier server on this data folder to leave");
	if (!wait_for(lock)) {
		if (errno == EINTR) {
			diag_exit(EXIT_TRY_AGAIN,
			          "processes of an earlier server still hold the data folder %s "
			          "after %d seconds; end them",
			          data, WAIT_SECONDS_MAX);
		}
		diag_exit_errno(EXIT_FIX_ME, "cannot lock the data folder %s", data);
	}
}
