#include "desk.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "mp_thread.h"
#include "registry.h"

/* Below the clerk's own: a flood of logins waits for the room, not the room for it. */
#define NICENESS 10

/* How long the end waits for a password that is being looked at. */
#define LEAVE_MS 500

#define LIST_MAX 1000

/* In one message of an answer. */
#define ANSWERS_MAX                                                                                \
	((CLERK_MESSAGE_BYTES_MAX - sizeof(struct clerk_answer)) / sizeof(struct account_answer))

enum job_state { JOB_FREE, JOB_WAITS, JOB_UNDER_WAY, JOB_DONE };

struct job {
	enum job_state state;
	unsigned index; /* whose it is */
	uint64_t turn;  /* when it came */
	struct clerk_question head;
	struct account_question question;
	/* CLERK_ACCOUNT_VERIFY_SECRET: as the configuration had it when it was asked. "": nobody has it. */
	char hash[CONFIG_HASH_BYTES];
	/* CLERK_ACCOUNT_REGISTER: likewise. */
	uint32_t registrations_max, registrations_s;
	/* What the worker makes of it. */
	struct account_answer answer;
	struct account_answer *list; /* of CLERK_ACCOUNT_LIST; owned */
	long count;                  /* in the list; -1: it failed */
	bool is_change;
};

struct desk {
	struct mp_thread thread;
	pthread_mutex_t lock;
	pthread_cond_t something; /* a job, or the end */
	/* Under the lock, but for the insides of the job that is under way. */
	struct job jobs[DESK_JOBS_MAX];
	uint64_t served[PROCESSES_MAX]; /* the turn in which each was last served */
	uint64_t turns;
	bool is_leaving;
	/* The worker's from desk_open() on. */
	struct registry *registry;
	/* The loop's. */
	int done; /* an eventfd: there are JOB_DONE */
	struct watch watch;
	struct house *house;
	struct client *clients;
	const bool *is_client;
};

/* ---- the worker ---- */

static bool is_quick(const struct job *job) {
	return job->head.what == CLERK_ACCOUNT_KEYS || job->head.what == CLERK_ACCOUNT_MISSED ||
	       job->head.what == CLERK_ACCOUNT_LIST;
}

static bool goes_before(const struct desk *desk, const struct job *a, const struct job *b) {
	if (is_quick(a) != is_quick(b)) {
		return is_quick(a);
	}
	if (desk->served[a->index] != desk->served[b->index]) {
		return desk->served[a->index] < desk->served[b->index];
	}
	return a->turn < b->turn;
}

static struct job *next_job(struct desk *desk) {
	struct job *next = NULL;
	for (size_t i = 0; i < DESK_JOBS_MAX; i++) {
		struct job *job = &desk->jobs[i];
		if (job->state == JOB_WAITS && (next == NULL || goes_before(desk, job, next))) {
			next = job;
		}
	}
	return next;
}

static void work_on(struct desk *desk, struct job *job) {
	if (job->head.what == CLERK_ACCOUNT_LIST) {
		size_t most = job->head.count < LIST_MAX ? job->head.count : LIST_MAX;
		job->list = calloc(most > 0 ? most : 1, sizeof(*job->list));
		job->count = job->list == NULL ? -1
		                               : registry_list(desk->registry, job->head.seq,
		                                               job->list, most);
		return;
	}
	const struct registry_now now = {.wall_us = clock_wall_us(),
	                                 .steady_us = clock_steady_us(),
	                                 .registrations_max = job->registrations_max,
	                                 .registrations_s = job->registrations_s};
	if (job->head.what == CLERK_ACCOUNT_VERIFY_SECRET) {
		registry_verify_secret(desk->registry, &job->question,
		                       job->hash[0] == '\0' ? NULL : job->hash, now, &job->answer);
		return;
	}
	registry_answer(desk->registry, job->head.what, &job->question,
	                job->index == PROCESS_CONSOLE, now, &job->answer, &job->is_change);
}

static void tell_loop(const struct desk *desk) {
	const uint64_t one = 1;
	ssize_t written;
	do {
		written = write(desk->done, &one, sizeof(one));
	} while (written < 0 && errno == EINTR);
}

static void work(void *argument) {
	struct desk *desk = argument;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* Of this thread alone. */
	(void)setpriority(PRIO_PROCESS, 0, NICENESS);
	pthread_mutex_lock(&desk->lock);
	while (!desk->is_leaving) {
		struct job *job = next_job(desk);
		if (job == NULL) {
			pthread_cond_wait(&desk->something, &desk->lock);
			continue;
		}
		job->state = JOB_UNDER_WAY;
		desk->served[job->index] = ++desk->turns;
		pthread_mutex_unlock(&desk->lock);
		work_on(desk, job);
		pthread_mutex_lock(&desk->lock);
		job->state = JOB_DONE;
		tell_loop(desk);
	}
	pthread_mutex_unlock(&desk->lock);
}

/* ---- answers ---- */

static void send_one(struct desk *desk, unsigned index, const struct clerk_answer *head,
                     const struct account_answer *answers, size_t count) {
	static struct {
		struct clerk_answer head;
		struct account_answer answers[ANSWERS_MAX];
	} message;
	assert(count <= ANSWERS_MAX);
	message.head = *head;
	message.head.count = (uint32_t)count;
	if (count > 0) {
		memcpy(message.answers, answers, count * sizeof(*answers));
	}
	client_send(&desk->clients[index], &message,
	            sizeof(message.head) + count * sizeof(*answers), -1);
}

static struct clerk_answer head_for(const struct clerk_question *question) {
	return (struct clerk_answer){.what = question->what,
	                             .incarnation = question->incarnation,
	                             .number = question->number,
	                             .seq = question->seq,
	                             .is_last = 1};
}

static void send_word(struct desk *desk, unsigned index, const struct clerk_question *question,
                      enum account_word word) {
	const struct clerk_answer head = head_for(question);
	const struct account_answer answer = {.word = word};
	send_one(desk, index, &head, &answer, 1);
}

static void send_list(struct desk *desk, const struct job *job) {
	struct clerk_answer head = head_for(&job->head);
	size_t count = (size_t)job->count, sent = 0;
	if (job->count < 0) {
		send_word(desk, job->index, &job->head, ACCOUNT_FAILED);
		return;
	}
	do {
		size_t piece = count - sent < ANSWERS_MAX ? count - sent : ANSWERS_MAX;
		head.is_last = sent + piece == count;
		send_one(desk, job->index, &head, job->list + sent, piece);
		sent += piece;
	} while (sent < count);
}

static void tell_console(struct desk *desk, const struct job *job) {
	const struct clerk_answer head = {.what = CLERK_ACCOUNT_CHANGED, .is_last = 1};
	struct account_answer answer = job->answer;
	if (job->index == PROCESS_CONSOLE || !desk->is_client[PROCESS_CONSOLE]) {
		return;
	}
	answer.word = job->head.what == CLERK_ACCOUNT_DROP ? ACCOUNT_UNKNOWN : ACCOUNT_OK;
	send_one(desk, PROCESS_CONSOLE, &head, &answer, 1);
}

static void answer(struct desk *desk, const struct job *job) {
	const struct clerk_answer head = head_for(&job->head);
	if (job->head.what == CLERK_ACCOUNT_LIST) {
		send_list(desk, job);
		return;
	}
	/* The console first: if we die in between, the one who asked does it again. */
	if (job->is_change) {
		tell_console(desk, job);
	}
	send_one(desk, job->index, &head, &job->answer, 1);
}

static void clear(struct desk *desk, struct job *job) {
	free(job->list);
	pthread_mutex_lock(&desk->lock);
	sodium_memzero(job, sizeof(*job));
	pthread_mutex_unlock(&desk->lock);
}

static struct job *done_job(struct desk *desk) {
	struct job *done = NULL;
	pthread_mutex_lock(&desk->lock);
	for (size_t i = 0; i < DESK_JOBS_MAX && done == NULL; i++) {
		done = desk->jobs[i].state == JOB_DONE ? &desk->jobs[i] : NULL;
	}
	pthread_mutex_unlock(&desk->lock);
	return done;
}

static void on_done(void *context, uint32_t events) {
	struct desk *desk = context;
	uint64_t count;
	(void)!read(desk->done, &count, sizeof(count));
	for (struct job *job = done_job(desk); job != NULL; job = done_job(desk)) {
		answer(desk, job);
		clear(desk, job);
	}
}

/* ---- questions ---- */

/* What a predecessor asked and nobody has begun is asked by nobody. */
static void forget_predecessors(struct desk *desk, unsigned index, uint32_t incarnation) {
	for (size_t i = 0; i < DESK_JOBS_MAX; i++) {
		struct job *job = &desk->jobs[i];
		if (job->state == JOB_WAITS && job->index == index &&
		    job->head.incarnation != incarnation) {
			sodium_memzero(job, sizeof(*job));
		}
	}
}

/* A free one, if this process may have another. */
static struct job *free_job(struct desk *desk, unsigned index) {
	struct job *found = NULL;
	size_t open = 0;
	for (size_t i = 0; i < DESK_JOBS_MAX; i++) {
		struct job *job = &desk->jobs[i];
		if (job->state == JOB_FREE) {
			found = found == NULL ? job : found;
		} else if (job->index == index) {
			open++;
		}
	}
	return open < CLERK_ACCOUNTS_OPEN_MAX ? found : NULL;
}

/* What the name is to be compared with, "" if nobody has it. False: the file has nothing of that kind. */
static bool find_secret(const struct config_secrets *secrets, const struct account_question *asked,
                        char hash[static CONFIG_HASH_BYTES]) {
	struct slice name = slice_of(asked->name, asked->name_size);
	memset(hash, 0, CONFIG_HASH_BYTES);
	if (name.size == 0) {
		memcpy(hash, secrets->password, CONFIG_HASH_BYTES);
		return hash[0] != '\0';
	}
	for (uint32_t i = 0; i < secrets->operators_count; i++) {
		const struct config_operator *one = &secrets->operators[i];
		if (slice_equal(name, slice_from_string(one->name))) {
			memcpy(hash, one->hash, CONFIG_HASH_BYTES);
		}
	}
	return secrets->operators_count > 0;
}

static bool take_job(struct desk *desk, unsigned index, const struct clerk_question *question,
                     const struct account_question *asked, const char *hash) {
	pthread_mutex_lock(&desk->lock);
	forget_predecessors(desk, index, question->incarnation);
	struct job *job = free_job(desk, index);
	if (job != NULL) {
		job->index = index;
		job->turn = ++desk->turns;
		job->head = *question;
		job->question = *asked;
		memcpy(job->hash, hash, CONFIG_HASH_BYTES);
		job->registrations_max = desk->house->config->registrations_per_network;
		job->registrations_s = desk->house->config->registrations_s;
		job->state = JOB_WAITS;
		pthread_cond_signal(&desk->something);
	}
	pthread_mutex_unlock(&desk->lock);
	return job != NULL;
}

/* What changes accounts without their passwords, or shows them all, is for who sits at the console. */
static bool is_permitted(unsigned index, const struct clerk_question *question) {
	return index == PROCESS_CONSOLE ||
	       (index >= PROCESS_EDGE_0 && question->what != CLERK_ACCOUNT_LIST);
}

bool desk_ask(struct desk *desk, unsigned index, const struct clerk_question *question,
              const char *text) {
	struct account_question asked;
	char hash[CONFIG_HASH_BYTES] = "";
	assert(clerk_is_account(question->what));
	if (question->text_bytes != sizeof(asked)) {
		return false;
	}
	memcpy(&asked, text, sizeof(asked));
	bool is_well_formed = registry_can_answer(&asked);
	if (is_well_formed && !is_permitted(index, question)) {
		send_word(desk, index, question, ACCOUNT_NOT_PERMITTED);
	} else if (is_well_formed && question->what == CLERK_ACCOUNT_VERIFY_SECRET &&
	           !find_secret(desk->house->secrets, &asked, hash)) {
		send_word(desk, index, question, ACCOUNT_UNKNOWN);
	} else if (is_well_formed && !take_job(desk, index, question, &asked, hash)) {
		send_word(desk, index, question, ACCOUNT_BUSY);
	}
	sodium_memzero(hash, sizeof(hash));
	sodium_memzero(&asked, sizeof(asked));
	return is_well_formed;
}

/* ---- the beginning and the end ---- */

struct desk *desk_create(void) {
	struct desk *desk = calloc(1, sizeof(*desk));
	if (desk == NULL || sodium_init() < 0) {
		diag_exit(EXIT_TRY_AGAIN, "no memory is left");
	}
	pthread_mutex_init(&desk->lock, NULL);
	pthread_cond_init(&desk->something, NULL);
	desk->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* Signals are for the loop's thread. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	mp_thread_init(&desk->thread, work, desk);
	mp_thread_set_name(&desk->thread, "qun: accounts");
	int error = desk->done < 0 ? -1 : mp_thread_start(&desk->thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot start the worker that checks passwords");
	}
	return desk;
}

void desk_open(struct desk *desk, struct house *house, struct client *clients,
               const bool *is_client) {
	static const char purpose[] = "qun: keys of accounts that do not exist";
	uint8_t secret[REGISTRY_SECRET_BYTES];
	desk->house = house;
	desk->clients = clients;
	desk->is_client = is_client;
	crypto_generichash(secret, sizeof(secret), (const uint8_t *)purpose, sizeof(purpose),
	                   house->options->master, sizeof(house->options->master));
	/* The worker looks at it when there is a job, which is handed over under the lock. */
	desk->registry = registry_create(house->options->data, secret);
	sodium_memzero(secret, sizeof(secret));
	desk->watch = (struct watch){.fd = desk->done, .ready = on_done, .context = desk};
	if (desk->registry == NULL || loop_watch(house->loop, &desk->watch, EPOLLIN) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot open the desk for accounts");
	}
}

void desk_destroy(struct desk *desk) {
	pthread_mutex_lock(&desk->lock);
	desk->is_leaving = true;
	pthread_cond_signal(&desk->something);
	pthread_mutex_unlock(&desk->lock);
	if (mp_thread_join(&desk->thread, LEAVE_MS) != 0) {
		/* It goes with the process, and what it uses with it. */
		return;
	}
	registry_destroy(desk->registry);
	for (size_t i = 0; i < DESK_JOBS_MAX; i++) {
		free(desk->jobs[i].list);
	}
	close(desk->done);
	pthread_mutex_destroy(&desk->lock);
	pthread_cond_destroy(&desk->something);
	sodium_memzero(desk, sizeof(*desk));
	free(desk);
}
