/*
 * robot_floor - what the robot's forms are measured against: the bare system calls of each form.
 *
 *     robot_floor select|process|thread|epoll
 *
 * prints its port, then sends back whatever comes, as it comes, until it is killed. It knows no lines,
 * counts nobody, waits for no rest, and a client that does not read blocks it: what is left is the
 * kernel's work, and the least that the form itself costs.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES 4096
#define EVENTS 256

static void die(const char *what) {
	fprintf(stderr, "robot_floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int make_listener(int flags) {
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	const int on = 1;
	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
	    bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, SOMAXCONN) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
		die("listen");
	}
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

/* 0 when the client is gone. */
static int echo(int fd, char *bytes) {
	ssize_t size = recv(fd, bytes, READ_BYTES, 0);
	if (size > 0) {
		size = send(fd, bytes, (size_t)size, MSG_NOSIGNAL);
	}
	return size > 0;
}

static void run_select(void) {
	static char bytes[READ_BYTES];
	int listener = make_listener(SOCK_NONBLOCK);
	int fd_max = listener;
	fd_set all;
	FD_ZERO(&all);
	FD_SET(listener, &all);
	for (;;) {
		fd_set ready = all;
		if (select(fd_max + 1, &ready, NULL, NULL, NULL) <= 0) {
			continue;
		}
		for (int fd = 0; fd <= fd_max; fd++) {
			if (FD_ISSET(fd, &ready) && fd != listener && !echo(fd, bytes)) {
				FD_CLR(fd, &all);
				close(fd);
			}
		}
		int client;
		while (FD_ISSET(listener, &ready) &&
		       (client = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
			if (client >= FD_SETSIZE) {
				die("too many for select");
			}
			FD_SET(client, &all);
			fd_max = client > fd_max ? client : fd_max;
		}
	}
}

static void watch(int epoll, int fd) {
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		die("epoll_ctl");
	}
}

static void run_epoll(void) {
	static char bytes[READ_BYTES];
	int listener = make_listener(SOCK_NONBLOCK);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	watch(epoll, listener);
	for (;;) {
		struct epoll_event events[EVENTS];
		int ready = epoll_wait(epoll, events, EVENTS, -1);
		for (int i = 0; i < ready; i++) {
			int fd = events[i].data.fd, client;
			if (fd != listener) {
				if (!echo(fd, bytes)) {
					close(fd);
				}
				continue;
			}
			while ((client = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
				watch(epoll, client);
			}
		}
	}
}

static void *serve_in_thread(void *argument) {
	char bytes[READ_BYTES];
	int fd = (int)(intptr_t)argument;
	while (echo(fd, bytes)) {
	}
	close(fd);
	return NULL;
}

static void run_thread(void) {
	int listener = make_listener(0);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t thread;
		if (fd < 0) {
			continue;
		}
		errno = pthread_create(&thread, NULL, serve_in_thread, (void *)(intptr_t)fd);
		if (errno != 0) {
			die("pthread_create");
		}
		pthread_detach(thread);
	}
}

static void run_process(void) {
	static char bytes[READ_BYTES];
	int listener = make_listener(0);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0) {
			continue;
		}
		pid_t pid = fork();
		if (pid < 0) {
			die("fork");
		}
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(listener);
			while (echo(fd, bytes)) {
			}
			_exit(0);
		}
		close(fd);
	}
}

static const struct {
	const char *name;
	void (*run)(void);
} forms[] = {{"select", run_select},
             {"process", run_process},
             {"thread", run_thread},
             {"epoll", run_epoll}};

int main(int argc, char **argv) {
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (size_t i = 0; argc == 2 && i < sizeof forms / sizeof forms[0]; i++) {
		if (strcmp(argv[1], forms[i].name) == 0) {
			forms[i].run();
		}
	}
	fprintf(stderr, "usage: robot_floor select|process|thread|epoll\n");
	return 2;
}
