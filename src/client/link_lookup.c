#include "link_lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include "mp_errors.h"

/* So much goes through a pipe in one piece. */
#define PIECE_BYTES 4096
_Static_assert(sizeof(struct lookup_answer) <= PIECE_BYTES, "an answer is one write, one read");

static void look_up(const char *host, const char *port, int flags, struct lookup_answer *answer) {
	const struct addrinfo wanted = {.ai_flags = flags,
	                                .ai_family = AF_UNSPEC,
	                                .ai_socktype = SOCK_DGRAM,
	                                .ai_protocol = IPPROTO_UDP};
	struct addrinfo *found;
	memset(answer, 0, sizeof *answer);
	answer->error = getaddrinfo(host, port, &wanted, &found);
	if (answer->error != 0) {
		return;
	}
	for (const struct addrinfo *at = found; at != NULL && answer->count < LOOKUP_ADDRESSES_MAX;
	     at = at->ai_next) {
		if (at->ai_addrlen <= sizeof answer->each[0].address) {
			answer->each[answer->count].size = at->ai_addrlen;
			memcpy(&answer->each[answer->count++].address, at->ai_addr, at->ai_addrlen);
		}
	}
	freeaddrinfo(found);
}

bool link_lookup_number(const char *host, const char *port, struct lookup_answer *answer) {
	look_up(host, port, AI_NUMERICHOST, answer);
	return answer->error == 0;
}

/* ---- by another process ---- */

struct work {
	const struct link_lookup *lookup;
	int fd;
};

static int run(void *argument) {
	const struct work *work = argument;
	struct lookup_answer answer;
	look_up(work->lookup->host, work->lookup->port, 0, &answer);
	return write(work->fd, &answer, sizeof answer) == (ssize_t)sizeof answer ? 0 : 1;
}

bool link_lookup_begin(struct link_lookup *lookup, const char *host, const char *port) {
	int ends[2];
	*lookup = (struct link_lookup){.fd = -1, .host = host, .port = port};
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		return false;
	}
	struct work work = {.lookup = lookup, .fd = ends[1]};
	mp_process_init(&lookup->process, run, &work);
	mp_process_set_name(&lookup->process, "lookup");
	mp_process_set_daemon(&lookup->process, true);
	int error = mp_process_start(&lookup->process);
	int saved = errno;
	close(ends[1]);
	if (error != 0) {
		close(ends[0]);
		errno = saved;
		return false;
	}
	lookup->fd = ends[0];
	return true;
}

bool link_lookup_take(struct link_lookup *lookup, struct lookup_answer *answer) {
	if (lookup->fd < 0) {
		return false;
	}
	ssize_t size = read(lookup->fd, answer, sizeof *answer);
	if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
		return false;
	}
	if (size != (ssize_t)sizeof *answer) {
		*answer = (struct lookup_answer){.error = EAI_FAIL}; /* it died */
	}
	link_lookup_end(lookup);
	return true;
}

void link_lookup_end(struct link_lookup *lookup) {
	if (lookup->fd < 0) {
		return;
	}
	close(lookup->fd);
	lookup->fd = -1;
	(void)mp_process_kill(&lookup->process);
	(void)mp_process_join(&lookup->process, MP_FOREVER, NULL);
	(void)mp_process_finish(&lookup->process);
}
