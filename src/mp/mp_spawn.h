/*
 * A child that executes a program, born with a named handful of descriptors and nothing else.
 *
 *	struct mp_process hub;
 *	mp_process_init(&hub, NULL, NULL);
 *	mp_process_set_name(&hub, "hub");
 *	mp_process_spawn(&hub, &(struct mp_spawn){
 *		.path = "/proc/self/exe",
 *		.argv = (const char *[]){"qun", "hub", NULL},
 *		.fds = (struct mp_named_fd[]){{"ring", ring_fd}, {"hub.queue", queue_fd}},
 *		.fd_count = 2,
 *	});
 *
 * and in the program: int ring_fd = mp_inherited("ring");
 *
 * In the child the descriptors lie at 3, 4, 5 … in the order of the table, 0, 1, 2 are stdin, stdout
 * and stderr, and every other number is closed. The caller's descriptors may have any numbers, also
 * those; one may stand in the table twice. They stay open in the caller and remain the caller's. What
 * is inherited is the same open file: its O_NONBLOCK flag and its position are shared.
 *
 * The child has an empty signal mask, and SIGPIPE and SIGCHLD do what they do by default. Other signals
 * that the caller ignores stay ignored (that is what nohup(1) wants); handlers are gone.
 *
 * The parent returns when the program was executed, or with the reason why it could not be: an exec that
 * fails is an error of the call, never an exit code to guess about.
 */
#ifndef MP_SPAWN_H
#define MP_SPAWN_H

#include "mp_process.h"

#define MP_SPAWN_FDS_MAX 240          /* entries of the table: 64 edges hand the hub some 210 */
#define MP_SPAWN_FD_NAME_BYTES_MAX 32 /* a name, without its final NUL */
#define MP_SPAWN_FDS_FIRST 3          /* the number of the first one in the child */

#define MP_STDIO_SAME (-1) /* the caller's own */
#define MP_STDIO_NULL (-2) /* /dev/null */

struct mp_named_fd {
	const char *name; /* 1 to 32 bytes, no comma, no name twice */
	int fd;
};

/* All of it is the caller's and is no longer needed when the call returns. */
struct mp_spawn {
	const char *path;               /* no search along PATH */
	const char *const *argv;        /* ends with NULL */
	const char *const *environment; /* NAME=value …, ends with NULL; NULL: the caller's */
	const struct mp_named_fd *fds;
	size_t fd_count;
	const int
		*stdio; /* stdin, stdout, stderr: a descriptor or MP_STDIO_…; NULL: the caller's */
};

/*
 * Execute a program at a process that mp_process_init() made; name and daemon as for start(). To the
 * environment are added MP_FDS, the names in order with commas between, and MP_PARENT, the caller's pid;
 * values of an outer spawn are replaced.
 *
 * A daemon child that changes its user loses the wish to die with its parent: there it calls
 * mp_die_with_parent() afterwards.
 *
 * On the way twice the table's numbers are in use: RLIMIT_NOFILE must allow for that.
 *
 * Errors: MP_STARTED; MP_RANGE (path, argv, the table); MP_SYSTEM (no process, no descriptor, one of
 * the table not open, exec refused: errno says which).
 */
int mp_process_spawn(struct mp_process *process, const struct mp_spawn *how);

/*
 * In the child: the descriptor of that name, which from now on closes on exec. It is the caller's.
 * Errors: MP_UNKNOWN (no such name was handed down, or it has been closed).
 */
int mp_inherited(const char *name);

/*
 * In a spawned child: be sent that signal when the parent ends. A process that gives up privileges calls
 * it after that, since the kernel forgets the wish then. MP_PEER_GONE: the parent is gone already, so
 * leave. MP_UNKNOWN: not spawned by this kit.
 */
int mp_die_with_parent(int signal);

#endif
