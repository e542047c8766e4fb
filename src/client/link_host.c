#include "link_host.h"

#include <sodium.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"

#define SECOND_US (UINT64_C(1000) * 1000)
/* Nobody answered the first word: a script should not hang, and a person wants to know. */
#define PATIENCE_US (10 * SECOND_US)
/* While nobody answers: another address, another socket. */
#define RENEW_US_FIRST (2 * SECOND_US)
#define RENEW_US (5 * SECOND_US)
/* So late: the machine slept, or this process was stopped. */
#define SLEPT_US (5 * SECOND_US)
#define SAVE_US SECOND_US
#define DATAGRAMS_MAX 64

uint64_t link_host_now_us(void) {
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * SECOND_US + (uint64_t)now.tv_nsec / 1000;
}

/* ---- the socket ---- */

static void renew_socket(struct link_host *host, uint64_t now) {
	host->heard_us = now;
	/* Without a network the session's own repeats go on, into nothing. */
	if (link_socket_renew(&host->socket)) {
		link_set_address(host->link, slice_from_string(host->socket.text));
	}
}

static uint64_t renew_deadline(const struct link_host *host) {
	bool is_seeking = link_standing(host->link) == STANDING_SEEKING;
	bool was_answered = link_was_answered(host->link);
	return !is_seeking || host->socket.known.count == 0
	               ? UINT64_MAX
	               : host->heard_us + (was_answered ? RENEW_US : RENEW_US_FIRST);
}

static void hear_resolver(struct link_host *host, uint64_t now) {
	const char *trouble;
	if (!link_socket_look_up(&host->socket, &trouble)) {
		return;
	}
	if (trouble != NULL) {
		link_fail(host->link, ENDING_HOST_UNKNOWN, slice_from_string(trouble), now);
	} else {
		renew_socket(host, now);
	}
}

static void hear_server(struct link_host *host, uint64_t now) {
	uint8_t bytes[WIRE_DATAGRAM_BYTES_MAX + 1];
	struct slice datagram;
	for (int i = 0; i < DATAGRAMS_MAX && link_socket_receive(&host->socket, bytes, &datagram);
	     i++) {
		host->heard_us = now;
		link_receive(host->link, datagram, now);
	}
}

bool link_host_speak(struct link_host *host) {
	uint8_t bytes[WIRE_DATAGRAM_BYTES_MAX];
	size_t size = link_send(host->link, bytes, link_host_now_us());
	if (size > 0) {
		link_socket_send(&host->socket, bytes, size);
	}
	return size > 0;
}

/* ---- the file ---- */

static bool is_same_session(const struct link_memory *a, const struct link_memory *b) {
	return a->has_session == b->has_session && a->session == b->session &&
	       a->has_server_key == b->has_server_key &&
	       memcmp(a->server_key, b->server_key, KEY_BYTES) == 0;
}

void link_host_save(struct link_host *host) {
	const struct link_memory *memory = link_memory(host->link);
	uint64_t version = link_memory_version(host->link);
	if (version == host->saved_version) {
		return;
	}
	host->saved_us = link_host_now_us();
	if (!session_file_write(&host->file, memory, !is_same_session(memory, &host->saved))) {
		/* A disk that is full may have room again; until then nobody else takes the session. */
		if (!host->is_unsaved) {
			diag_errno("cannot write %s; trying on", host->file.path);
		}
		host->is_unsaved = true;
		return;
	}
	host->is_unsaved = false;
	host->saved = *memory;
	host->saved_version = version;
}

/* The cursor at most once a second; who one is at once. */
static uint64_t save_deadline(const struct link_host *host) {
	if (link_memory_version(host->link) == host->saved_version) {
		return UINT64_MAX;
	}
	bool is_same = is_same_session(link_memory(host->link), &host->saved);
	return is_same || host->is_unsaved ? host->saved_us + SAVE_US : 0;
}

/* ---- the loop's parts ---- */

void link_host_wake(struct link_host *host) {
	uint64_t now = link_host_now_us(), ticks;
	(void)!read(host->timer_fd, &ticks, sizeof ticks);
	if (host->deadline_us != UINT64_MAX && now > host->deadline_us + SLEPT_US) {
		renew_socket(host, now);
		link_doubt(host->link, now);
	}
	hear_resolver(host, now);
	hear_server(host, now);
}

void link_host_turn(struct link_host *host) {
	uint64_t now = link_host_now_us();
	if (renew_deadline(host) <= now) {
		renew_socket(host, now);
	}
	if (save_deadline(host) <= now) {
		link_host_save(host);
	}
}

static uint64_t earliest(uint64_t a, uint64_t b) {
	return a < b ? a : b;
}

void link_host_sleep(struct link_host *host, bool is_telling) {
	uint64_t deadline = is_telling ? link_deadline(host->link) : link_send_deadline(host->link);
	deadline = earliest(deadline, renew_deadline(host));
	deadline = earliest(deadline, save_deadline(host));
	host->deadline_us = deadline;
	struct itimerspec when = {0};
	if (deadline != UINT64_MAX) {
		when.it_value.tv_sec = (time_t)(deadline / SECOND_US);
		/* A time of zero would mean: never. */
		when.it_value.tv_nsec = (long)(deadline % SECOND_US) * 1000 + 1;
	}
	timerfd_settime(host->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* ---- the beginning and the end ---- */

static void find_server(struct link_host *host, const struct link_host_start *start) {
	const char *trouble = link_socket_open(&host->socket, start->host, start->port);
	uint64_t now = link_host_now_us();
	if (trouble != NULL) {
		link_fail(host->link, ENDING_TROUBLE, slice_from_string(trouble), now);
	} else if (host->socket.known.count > 0) {
		renew_socket(host, now);
	} else {
		link_set_address(host->link, slice_from_string(start->host));
	}
}

bool link_host_open(struct link_host *host, const struct link_host_start *start) {
	char trouble[SESSION_TROUBLE_BYTES];
	*host = (struct link_host){
		.socket = {.fd = -1, .lookup.fd = -1}, .file.lock_fd = -1, .timer_fd = -1};
	if (sodium_init() < 0) {
		return false;
	}
	bool is_read = session_file_open(&host->file, start->host, start->port, start->file_name,
	                                 start->is_new, &host->saved, trouble);
	host->link = link_create(
		&(struct session_start){.memory = host->saved,
	                                .name = start->name,
	                                .now_us = link_host_now_us(),
	                                .wall_us = clock_wall_us(),
	                                .patience_us = start->has_patience ? PATIENCE_US : 0});
	host->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (host->link == NULL || host->timer_fd < 0) {
		return false;
	}
	if (is_read) {
		find_server(host, start);
	} else {
		link_fail(host->link, ENDING_TROUBLE, slice_from_string(trouble),
		          link_host_now_us());
	}
	return true;
}

void link_host_close(struct link_host *host) {
	if (host->link != NULL) {
		link_host_save(host);
	}
	link_socket_close(&host->socket);
	session_file_close(&host->file);
	link_destroy(host->link);
	if (host->timer_fd >= 0) {
		close(host->timer_fd);
	}
}
