/*
 * mp - what the kit's parts cost beside the bare calls that do the same.
 *
 *     mp [PAIRS [PERCENT]]
 *
 * Each row does the same thing many times (PERCENT of the usual, 100 if not said) with the kit and with what
 * stands beneath it, in alternating pairs. What goes between processes goes from this one to a child. Prints
 * a JSON object a pair: nanoseconds for one, of CPU of all processes together, kernel included, and by the
 * clock.
 */
#include <assert.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mp_array.h"
#include "mp_errors.h"
#include "mp_event.h"
#include "mp_lock.h"
#include "mp_pipe.h"
#include "mp_process.h"
#include "mp_queue.h"
#include "mp_semaphore.h"
#include "mp_spawn.h"
#include "mp_thread.h"
#include "mp_value.h"

#define BYTES 64
#define QUEUE_ITEMS 1024
#define PAIRS_MAX 1000
#define PERCENT_MAX 10000

static char message[BYTES];
static unsigned times; /* of the row that runs: a child has them as well */

static void must(bool is_good, const char *what) {
	if (!is_good) {
		perror(what);
		exit(1);
	}
}

#define MUST(condition) must((condition), #condition)

static void *share(size_t size) {
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	MUST(memory != MAP_FAILED);
	return memory;
}

/* The other side of a row: a process that runs the function. */
static pid_t begin_other(void (*run)(void *argument), void *argument) {
	pid_t pid = fork();
	MUST(pid >= 0);
	if (pid == 0) {
		run(argument);
		_exit(0);
	}
	return pid;
}

static void end_other(pid_t pid) {
	int status;
	MUST(waitpid(pid, &status, 0) == pid && status == 0);
}

/* ---- Pipe: messages one way, and round trips ---- */

static void receive_all(void *argument) {
	struct mp_pipe *ends = argument;
	char text[BYTES];
	size_t length;
	for (unsigned i = 0; i < times; i++) {
		MUST(mp_pipe_receive(&ends[0], text, BYTES, &length, MP_FOREVER) == 0);
	}
}

static void send_with_pipe(void) {
	struct mp_pipe ends[2];
	MUST(mp_pipe_create(ends, false) == 0);
	pid_t other = begin_other(receive_all, ends);
	for (unsigned i = 0; i < times; i++) {
		MUST(mp_pipe_send(&ends[1], message, BYTES, MP_FOREVER) == 0);
	}
	end_other(other);
	mp_pipe_drop(&ends[0]);
	mp_pipe_drop(&ends[1]);
}

static void read_all(void *argument) {
	int *fds = argument;
	char text[BYTES];
	for (unsigned i = 0; i < times; i++) {
		MUST(read(fds[0], text, BYTES) == BYTES);
	}
}

static void write_all(int fds[2]) {
	pid_t other = begin_other(read_all, fds);
	for (unsigned i = 0; i < times; i++) {
		MUST(write(fds[1], message, BYTES) == BYTES);
	}
	end_other(other);
	close(fds[0]);
	close(fds[1]);
}

static void send_with_socketpair(void) {
	int fds[2];
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0);
	write_all(fds);
}

static void send_with_pipe2(void) {
	int fds[2];
	MUST(pipe(fds) == 0);
	write_all(fds);
}

static void answer_all(void *argument) {
	struct mp_pipe *ends = argument;
	char text[BYTES];
	size_t length;
	for (unsigned i = 0; i < times; i++) {
		MUST(mp_pipe_receive(&ends[0], text, BYTES, &length, MP_FOREVER) == 0);
		MUST(mp_pipe_send(&ends[0], text, length, MP_FOREVER) == 0);
	}
}

static void ask_with_pipe(void) {
	struct mp_pipe ends[2];
	char text[BYTES];
	size_t length;
	MUST(mp_pipe_create(ends, true) == 0);
	pid_t other = begin_other(answer_all, ends);
	for (unsigned i = 0; i < times; i++) {
		MUST(mp_pipe_send(&ends[1], message, BYTES, MP_FOREVER) == 0);
		MUST(mp_pipe_receive(&ends[1], text, BYTES, &length, MP_FOREVER) == 0);
	}
	end_other(other);
	mp_pipe_drop(&ends[0]);
	mp_pipe_drop(&ends[1]);
}

static void echo_all(void *argument) {
	int *fds = argument;
	char text[BYTES];
	for (unsigned i = 0; i < times; i++) {
		MUST(read(fds[0], text, BYTES) == BYTES && write(fds[0], text, BYTES) == BYTES);
	}
}

static void ask_with_socketpair(void) {
	int fds[2];
	char text[BYTES];
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0);
	pid_t other = begin_other(echo_all, fds);
	for (unsigned i = 0; i < times; i++) {
		MUST(write(fds[1], message, BYTES) == BYTES && read(fds[1], text, BYTES) == BYTES);
	}
	end_other(other);
	close(fds[0]);
	close(fds[1]);
}

/* ---- Queue ---- */

static void get_all(void *argument) {
	char text[BYTES];
	size_t length;
	for (unsigned i = 0; i < times; i++) {
		MUST(mp_queue_get(argument, text, BYTES, &length, MP_FOREVER) == 0);
	}
}

static void send_with_queue(void) {
	struct mp_queue queue;
	MUST(mp_queue_create(&queue, QUEUE_ITEMS, BYTES) == 0);
	pid_t other = begin_other(get_all, &queue);
	for (unsigned i = 0; i < times; i++) {
		MUST(mp_queue_put(&queue, message, BYTES, MP_FOREVER) == 0);
	}
	end_other(other);
	mp_queue_finish(&queue);
}

/* ---- Shared value: both sides add to one number ---- */

static void add_all(void *argument) {
	for (unsigned i = 0; i < times; i++) {
		mp_value_add_int64(argument, 1);
	}
}

static void add_to_value(void) {
	struct mp_value *value = mp_value_create(MP_INT64);
	pid_t other = begin_other(add_all, value);
	add_all(value);
	end_other(other);
	MUST(mp_value_get_int64(value) == 2 * (int64_t)times);
	mp_value_destroy(value);
}

static void add_all_bare(void *argument) {
	_Atomic int64_t *number = argument;
	for (unsigned i = 0; i < times; i++) {
		atomic_fetch_add(number, 1);
	}
}

static void add_to_memory(void) {
	_Atomic int64_t *number = share(sizeof *number);
	pid_t other = begin_other(add_all_bare, number);
	add_all_bare(number);
	end_other(other);
	MUST(*number == 2 * (int64_t)times);
	munmap(number, sizeof *number);
}

/* ---- Lock and semaphore: free, and wanted by two processes ---- */

static void use_lock(void *argument) {
	for (unsigned i = 0; i < times; i++) {
		mp_lock_acquire(argument, MP_FOREVER);
		mp_lock_release(argument);
	}
}

static void lock_alone(void) {
	struct mp_lock *lock = mp_lock_create();
	use_lock(lock);
	mp_lock_destroy(lock);
}

static void lock_by_two(void) {
	struct mp_lock *lock = mp_lock_create();
	pid_t other = begin_other(use_lock, lock);
	use_lock(lock);
	end_other(other);
	mp_lock_destroy(lock);
}

static void use_mutex(void *argument) {
	for (unsigned i = 0; i < times; i++) {
		pthread_mutex_lock(argument);
		pthread_mutex_unlock(argument);
	}
}

static void init_mutex(pthread_mutex_t *mutex) {
	pthread_mutexattr_t attributes;
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	MUST(pthread_mutex_init(mutex, &attributes) == 0);
}

static pthread_mutex_t *make_mutex(void) {
	pthread_mutex_t *mutex = share(sizeof *mutex);
	init_mutex(mutex);
	return mutex;
}

static void mutex_alone(void) {
	pthread_mutex_t *mutex = make_mutex();
	use_mutex(mutex);
	munmap(mutex, sizeof *mutex);
}

static void mutex_by_two(void) {
	pthread_mutex_t *mutex = make_mutex();
	pid_t other = begin_other(use_mutex, mutex);
	use_mutex(mutex);
	end_other(other);
	munmap(mutex, sizeof *mutex);
}

static void use_semaphore(void *argument) {
	for (unsigned i = 0; i < times; i++) {
		mp_semaphore_acquire(argument, MP_FOREVER);
		mp_semaphore_release(argument);
	}
}

static void semaphore_alone(void) {
	struct mp_semaphore *semaphore = mp_semaphore_create();
	use_semaphore(semaphore);
	mp_semaphore_destroy(semaphore);
}

static void semaphore_by_two(void) {
	struct mp_semaphore *semaphore = mp_semaphore_create();
	pid_t other = begin_other(use_semaphore, semaphore);
	use_semaphore(semaphore);
	end_other(other);
	mp_semaphore_destroy(semaphore);
}

static void use_sem(void *argument) {
	for (unsigned i = 0; i < times; i++) {
		sem_wait(argument);
		sem_post(argument);
	}
}

static sem_t *make_sem(void) {
	sem_t *sem = share(sizeof *sem);
	MUST(sem_init(sem, 1, 1) == 0);
	return sem;
}

static void sem_alone(void) {
	sem_t *sem = make_sem();
	use_sem(sem);
	munmap(sem, sizeof *sem);
}

static void sem_by_two(void) {
	sem_t *sem = make_sem();
	pid_t other = begin_other(use_sem, sem);
	use_sem(sem);
	end_other(other);
	munmap(sem, sizeof *sem);
}

/* ---- Shared array: one process overwrites it, the other reads it ---- */

static void read_array(void *argument) {
	char text[BYTES];
	for (unsigned i = 0; i < times; i++) {
		MUST(mp_array_read(argument, 0, BYTES, text, MP_FOREVER) == 0);
	}
}

static void write_array(void) {
	struct mp_array *array = mp_array_create(MP_CHAR, BYTES);
	pid_t other = begin_other(read_array, array);
	for (unsigned i = 0; i < times; i++) {
		MUST(mp_array_write(array, 0, BYTES, message, MP_FOREVER) == 0);
	}
	end_other(other);
	mp_array_destroy(array);
}

struct locked {
	pthread_mutex_t mutex;
	char bytes[BYTES];
};

static void read_locked(void *argument) {
	struct locked *locked = argument;
	volatile char text[BYTES];
	for (unsigned i = 0; i < times; i++) {
		pthread_mutex_lock(&locked->mutex);
		memcpy((char *)text, locked->bytes, BYTES);
		pthread_mutex_unlock(&locked->mutex);
	}
}

static void write_locked(void) {
	struct locked *locked = share(sizeof *locked);
	init_mutex(&locked->mutex);
	pid_t other = begin_other(read_locked, locked);
	for (unsigned i = 0; i < times; i++) {
		pthread_mutex_lock(&locked->mutex);
		memcpy(locked->bytes, message, BYTES);
		pthread_mutex_unlock(&locked->mutex);
	}
	end_other(other);
	munmap(locked, sizeof *locked);
}

/* ---- Event: two processes wake each other in turn ---- */

static void take_turns(struct mp_event *mine, struct mp_event *others) {
	for (unsigned i = 0; i < times; i++) {
		mp_event_wait(mine, MP_FOREVER);
		mp_event_clear(mine);
		mp_event_set(others);
	}
}

static void take_turns_as_other(void *argument) {
	struct mp_event **events = argument;
	take_turns(events[1], events[0]);
}

static void wake_with_event(void) {
	struct mp_event *events[2] = {mp_event_create(), mp_event_create()};
	pid_t other = begin_other(take_turns_as_other, events);
	mp_event_set(events[0]);
	take_turns(events[0], events[1]);
	end_other(other);
	mp_event_destroy(events[0]);
	mp_event_destroy(events[1]);
}

/* A word is 1 when it is its owner's turn. */
static void take_turns_bare(_Atomic uint32_t *mine, _Atomic uint32_t *others) {
	for (unsigned i = 0; i < times; i++) {
		while (atomic_load(mine) == 0) {
			syscall(SYS_futex, mine, FUTEX_WAIT, 0, NULL, NULL, 0);
		}
		atomic_store(mine, 0);
		atomic_store(others, 1);
		syscall(SYS_futex, others, FUTEX_WAKE, 1, NULL, NULL, 0);
	}
}

static void take_turns_bare_as_other(void *argument) {
	_Atomic uint32_t *words = argument;
	take_turns_bare(&words[1], &words[0]);
}

static void wake_with_futex(void) {
	_Atomic uint32_t *words = share(2 * sizeof *words);
	pid_t other = begin_other(take_turns_bare_as_other, (void *)words);
	words[0] = 1;
	take_turns_bare(&words[0], &words[1]);
	end_other(other);
	munmap((void *)words, 2 * sizeof *words);
}

/* ---- Starting and joining ---- */

static int do_nothing(void *argument) {
	return 0;
}

static void start_processes(void) {
	for (unsigned i = 0; i < times; i++) {
		struct mp_process process;
		mp_process_init(&process, do_nothing, NULL);
		MUST(mp_process_start(&process) == 0);
		MUST(mp_process_join(&process, MP_FOREVER, NULL) == 0);
		mp_process_finish(&process);
	}
}

static void fork_processes(void) {
	for (unsigned i = 0; i < times; i++) {
		pid_t pid = fork();
		MUST(pid >= 0);
		if (pid == 0) {
			_exit(0);
		}
		end_other(pid);
	}
}

static void spawn_processes(void) {
	for (unsigned i = 0; i < times; i++) {
		struct mp_process process;
		mp_process_init(&process, NULL, NULL);
		MUST(mp_process_spawn(&process, &(struct mp_spawn){
							.path = "/bin/true",
							.argv = (const char *[]){"true", NULL},
						}) == 0);
		MUST(mp_process_join(&process, MP_FOREVER, NULL) == 0);
		mp_process_finish(&process);
	}
}

static void posix_spawn_processes(void) {
	for (unsigned i = 0; i < times; i++) {
		pid_t pid;
		char name[] = "true";
		MUST(posix_spawn(&pid, "/bin/true", NULL, NULL, (char *[]){name, NULL}, environ) ==
		     0);
		end_other(pid);
	}
}

static void do_nothing_in_thread(void *argument) {
}

static void start_threads(void) {
	for (unsigned i = 0; i < times; i++) {
		struct mp_thread thread;
		mp_thread_init(&thread, do_nothing_in_thread, NULL);
		MUST(mp_thread_start(&thread) == 0);
		MUST(mp_thread_join(&thread, MP_FOREVER) == 0);
	}
}

static void *do_nothing_bare(void *argument) {
	return NULL;
}

static void create_threads(void) {
	for (unsigned i = 0; i < times; i++) {
		pthread_t thread;
		MUST(pthread_create(&thread, NULL, do_nothing_bare, NULL) == 0);
		MUST(pthread_join(thread, NULL) == 0);
	}
}

/* ---- Measuring ---- */

struct cost {
	double cpu_ns, clock_ns;
};

static double ns(struct timespec time) {
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Of this process, and of its children that have ended. */
static double cpu_ns(void) {
	struct timespec own;
	struct rusage usage;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
	getrusage(RUSAGE_CHILDREN, &usage);
	return ns(own) + (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

static struct cost measure(void (*run)(void)) {
	struct timespec clock[2];
	double cpu = cpu_ns();
	clock_gettime(CLOCK_MONOTONIC, &clock[0]);
	run();
	clock_gettime(CLOCK_MONOTONIC, &clock[1]);
	return (struct cost){.cpu_ns = (cpu_ns() - cpu) / times,
	                     .clock_ns = (ns(clock[1]) - ns(clock[0])) / times};
}

struct row {
	const char *what, *beneath;
	unsigned times;
	void (*kit)(void), (*bare)(void);
};

static void compare(const struct row *row) {
	struct cost kit = measure(row->kit), bare = measure(row->bare);
	printf("{\"what\": \"%s\", \"beneath\": \"%s\", \"cpu_ns\": %.1f, \"clock_ns\": %.1f, "
	       "\"bare_cpu_ns\": %.1f, \"bare_clock_ns\": %.1f}\n",
	       row->what, row->beneath, kit.cpu_ns, kit.clock_ns, bare.cpu_ns, bare.clock_ns);
	fflush(stdout);
}

static const struct row rows[] = {
	{"pipe, 64 bytes one way", "write and read on a socketpair", 100000, send_with_pipe,
         send_with_socketpair},
	{"pipe, 64 bytes and an answer", "the same on a socketpair", 20000, ask_with_pipe,
         ask_with_socketpair},
	{"queue, 64 bytes one way", "write and read on a pipe(2)", 200000, send_with_queue,
         send_with_pipe2},
	{"shared value, an addition by each of two", "atomic_fetch_add", 1000000, add_to_value,
         add_to_memory},
	{"shared array, 64 bytes in and out", "memcpy under a robust pthread_mutex", 500000,
         write_array, write_locked},
	{"lock, free", "a robust pthread_mutex", 1000000, lock_alone, mutex_alone},
	{"lock, wanted by two", "a robust pthread_mutex", 200000, lock_by_two, mutex_by_two},
	{"semaphore, free", "sem_wait, sem_post", 1000000, semaphore_alone, sem_alone},
	{"semaphore, wanted by two", "sem_wait, sem_post", 200000, semaphore_by_two, sem_by_two},
	{"event, two processes in turn", "futex wait and wake", 20000, wake_with_event,
         wake_with_futex},
	{"process, start and join", "fork, waitpid", 1000, start_processes, fork_processes},
	{"process, spawn and join", "posix_spawn, waitpid", 500, spawn_processes,
         posix_spawn_processes},
	{"thread, start and join", "pthread_create, pthread_join", 5000, start_threads,
         create_threads},
};

int main(int argc, char **argv) {
	unsigned long pairs = argc > 1 ? strtoul(argv[1], NULL, 10) : 7;
	unsigned long percent = argc > 2 ? strtoul(argv[2], NULL, 10) : 100;
	if (pairs == 0 || pairs > PAIRS_MAX || percent == 0 || percent > PERCENT_MAX) {
		fprintf(stderr, "usage: mp [PAIRS [PERCENT]]\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		times = (unsigned)(rows[i].times * percent / 100);
		times = times > 0 ? times : 1;
		for (unsigned long pair = 0; pair < pairs; pair++) {
			compare(&rows[i]);
		}
	}
	return 0;
}
