/*
 * A child process, made and started in two steps.
 *
 *	struct work { const char *who; int times; };
 *	static int work(void *argument) { struct work *work = argument; … return 0; }
 *
 *	struct mp_process child;
 *	mp_process_init(&child, work, &(struct work){.who = "Ann", .times = 3});
 *	mp_process_set_name(&child, "worker");           // optional, before the start
 *	mp_process_start(&child);
 *	…
 *	struct mp_status status;
 *	mp_process_join(&child, MP_FOREVER, &status);
 *	mp_process_finish(&child);
 *
 * start() forks and runs a function; mp_process_spawn() of mp_spawn.h executes a program instead, all
 * else is the same.
 *
 * No zombies. The kit keeps a list of this process's living children. Each start, and
 * mp_process_reap(), takes the exit status of every child that has ended, whether or not anybody asks
 * for that one; the status waits in its struct mp_process. This goes by pidfds and not by signals: no
 * signal handler is installed, SIGCHLD stays what it was, no status is lost because signals merge.
 * Children that the program makes by other means are left alone. A program that calls wait(-1) or
 * ignores SIGCHLD takes the statuses away: these children answer MP_STATUS_LOST.
 *
 * Loops. mp_process_fd() becomes readable (and stays so) when that child ends; mp_process_reap_fd() is
 * readable while any child waits to be reaped. Either goes into poll or epoll.
 *
 * Who owns what. The struct is the caller's and must stay where it is until mp_process_finish(), which
 * gives back its one descriptor. The argument is the caller's; the child has its own copy of all
 * memory that is not shared (mp_mapping.h), so it may lie on the stack, and what the child writes
 * there the parent never sees.
 *
 * Threads may share the kit; two threads may even join the same child. In a child the objects of its
 * parent answer MP_NOT_PARENT: siblings cannot be asked.
 *
 * Functions answer 0 or an error of mp_errors.h.
 */
#ifndef MP_PROCESS_H
#define MP_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MP_NAME_BYTES                                                                              \
	64 /* a name with its final NUL; longer ones are cut, at a character's border */

/* How a child ended. */
struct mp_status {
	bool exited; /* by itself, with `code`; otherwise by `signal` */
	int code;    /* 0 to 255 */
	int signal;  /* 0 when it exited, or when the status was lost */
};

enum mp_process_state { MP_PROCESS_MADE, MP_PROCESS_RUNS, MP_PROCESS_ENDED };

/* Fields are for the kit; ask by the functions below. */
struct mp_process {
	char name[MP_NAME_BYTES];
	int (*run)(void *argument);
	void *argument;
	bool is_daemon;
	enum mp_process_state state;
	bool is_status_lost;
	struct mp_status status;
	pid_t pid;
	pid_t parent;                       /* who started it, and alone may ask */
	int pidfd;                          /* -1: none */
	struct mp_process *previous, *next; /* among the living */
};

/*
 * Make it: the function that start() will run, and its argument. `run` may be NULL for a process that
 * will be spawned. Its name is Process-1, Process-2 … in the order they are made.
 */
void mp_process_init(struct mp_process *process, int (*run)(void *argument), void *argument);

/* Before the start only: MP_STARTED afterwards. */
int mp_process_set_name(struct mp_process *process, const char *name);
const char *mp_process_name(const struct mp_process *process);

/*
 * A daemon child dies (SIGKILL) when its parent dies; to be exact, when the *thread* that started it
 * ends. Without it, children outlive their parent, and the end of main() waits for nobody. Before the
 * start only: MP_STARTED afterwards.
 */
int mp_process_set_daemon(struct mp_process *process, bool is_daemon);

/*
 * Fork; the child runs the function and exits with what it returned (its lowest eight bits).
 *
 * stdout and stderr are flushed before the fork and at the end of the child, so that nothing is written
 * twice. Other streams are not: what the function opens it closes, and what the parent left unwritten
 * in its own files the child does not write. atexit() functions do not run in the child. It keeps the
 * parent's descriptors (but for the kit's own), signal handlers and mask.
 *
 * As after every fork, in a program with threads only the calling one goes on in the child: locks that
 * others held stay locked there, except those of mp_lock.h, the libc's own, and the kit's.
 *
 * Errors: MP_STARTED; MP_RANGE without a function; MP_SYSTEM (no process, no descriptor).
 */
int mp_process_start(struct mp_process *process);

/* 0 before the start. The pid means nothing any more once the child was reaped. */
pid_t mp_process_pid(const struct mp_process *process);

/*
 * The name of the process that calls: that of its struct mp_process in a child that was started,
 * MainProcess otherwise.
 */
const char *mp_process_own_name(void);

/*
 * A descriptor that is readable from the child's end until mp_process_finish(); it stays the kit's.
 * Errors: MP_NOT_STARTED, MP_NOT_PARENT.
 */
int mp_process_fd(const struct mp_process *process);

/*
 * Wait until it has ended. The status may be asked for any number of times, and `status` may be NULL.
 * Timeout 0 only looks. Errors: MP_TIMEOUT (it lives), MP_STATUS_LOST (it has ended; `status` is all
 * zeroes), MP_NOT_STARTED, MP_NOT_PARENT.
 */
int mp_process_join(struct mp_process *process, int timeout_ms, struct mp_status *status);

/* Started and not yet ended. False in anybody else's process than the parent's. */
bool mp_process_is_alive(struct mp_process *process);

/*
 * Ask it to end (SIGTERM), end it (SIGKILL), send it any signal. Never hits another process that got
 * the same number. Errors: MP_ENDED, MP_NOT_STARTED, MP_NOT_PARENT, MP_SYSTEM.
 */
int mp_process_terminate(struct mp_process *process);
int mp_process_kill(struct mp_process *process);
int mp_process_signal(struct mp_process *process, int signal);

/*
 * Give back the descriptor; afterwards the struct may go, or be made anew. One that was never started,
 * or is all zeroes, is fine. MP_ALIVE, and nothing done, while the child lives. In a child it forgets
 * its copy of a parent's object.
 */
int mp_process_finish(struct mp_process *process);

/*
 * Take the status of all that have ended; each is then at its process. Answers how many these were, and how
 * many mp_process_start() has taken since this was asked last.
 */
size_t mp_process_reap(void);

/*
 * One descriptor for all: readable while a child has ended that nobody reaped. Made on first use, then
 * kept by the kit. In a child it is another one: ask again there. Errors: MP_SYSTEM.
 */
int mp_process_reap_fd(void);

/*
 * A child nobody will wait for: forked twice, so that it is adopted by init (or the nearest subreaper)
 * and reaped there. Its pid goes to `pid` unless that is NULL. Errors: MP_SYSTEM.
 */
int mp_process_start_detached(int (*run)(void *argument), void *argument, pid_t *pid);

#endif
