/*
 * A client of the chat room: two processes on one UDP socket.
 *
 *	chat_client [HOST [PORT]]        (127.0.0.1 and 8888 if nothing is said)
 *
 * It asks for a name until the server says OK, then forks: the child sends what is typed, the parent
 * shows what comes. The end of the input leaves the room; EXIT from the server ends both. The parent
 * reaps the child, so none is left a zombie. It needs nothing but the libc.
 *
 *     Python                             C
 *     s = socket(AF_INET, SOCK_DGRAM)    socket(AF_INET, SOCK_DGRAM, 0), connect()
 *     input("请输入姓名: ")              fgets()
 *     s.sendto(…, ADDR), s.recvfrom()    send(), recv()
 *     os.fork(), os._exit(0)             fork(), _exit(0)
 *     os.kill(), os.wait()               kill(), waitpid()
 *
 * The protocol is one datagram a request (docs/PROTOCOL.md): `L name`, `C name text`, `Q name`.
 * A datagram may be lost; so what has an answer (L, Q) is repeated until the answer is there.
 */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIES 5
#define LINE_BYTES 4096

static int connect_to(const char *host, const char *port) {
	const struct addrinfo want = {.ai_socktype = SOCK_DGRAM};
	const struct timeval second = {.tv_sec = 1};
	struct addrinfo *found;
	int error = getaddrinfo(host, port, &want, &found);
	if (error != 0) {
		fprintf(stderr, "%s: %s\n", host, gai_strerror(error));
		exit(1);
	}
	int fd = socket(found->ai_family, SOCK_DGRAM, 0);
	/* Connected: send() and recv() need no address, and what others send is not heard. */
	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)) < 0) {
		perror(host);
		exit(1);
	}
	freeaddrinfo(found);
	return fd;
}

/* A line without its end; false at the end of the input. */
static bool read_line(char *line) {
	if (fgets(line, LINE_BYTES, stdin) == NULL) {
		return false;
	}
	line[strcspn(line, "\r\n")] = '\0';
	return true;
}

static void request(int fd, const char *letter, const char *name, const char *text) {
	char datagram[2 * LINE_BYTES + 8];
	int size = snprintf(datagram, sizeof(datagram), "%s %s%s%s", letter, name,
	                    text[0] != '\0' ? " " : "", text);
	/* A server that is not there just now is known by the answer that does not come. */
	(void)!send(fd, datagram, (size_t)size, 0);
}

/* Waits a second for a datagram; false if none comes. It is terminated. */
static bool receive(int fd, char answer[LINE_BYTES]) {
	ssize_t size = recv(fd, answer, LINE_BYTES - 1, 0);
	answer[size > 0 ? size : 0] = '\0';
	if (size < 0 && errno == ECONNREFUSED) {
		usleep(200 * 1000);
	}
	return size >= 0;
}

/* Asks for a name until the server says OK. */
static void enter(int fd, char name[LINE_BYTES]) {
	char answer[LINE_BYTES];
	while (true) {
		printf("请输入姓名: ");
		fflush(stdout);
		if (!read_line(name)) {
			exit(0);
		}
		bool has_answer = false;
		for (int i = 0; i < TRIES && !has_answer; i++) {
			request(fd, "L", name, "");
			has_answer = receive(fd, answer);
		}
		if (has_answer && strcmp(answer, "OK") == 0) {
			return;
		}
		printf("%s\n", has_answer ? answer : "服务器没有回答");
	}
}

/* The child: what is typed. Whether the server has heard that we leave, the parent knows. */
static void send_typed(int fd, const char *name) {
	char line[LINE_BYTES];
	while (read_line(line)) {
		if (line[0] != '\0') {
			request(fd, "C", name, line);
		}
	}
	for (int i = 0; i < TRIES; i++) {
		request(fd, "Q", name, "");
		sleep(1);
	}
}

/* The parent: what comes, until EXIT, or until the child has given up. True if the child is reaped. */
static bool show_received(int fd, pid_t child) {
	char text[LINE_BYTES];
	while (true) {
		if (!receive(fd, text)) {
			if (waitpid(child, NULL, WNOHANG) == child) {
				return true;
			}
		} else if (strcmp(text, "EXIT") == 0) {
			return false;
		} else if (strcmp(text, "OK") != 0) {
			printf("%s\n", text);
			fflush(stdout);
		}
	}
}

int main(int argc, char **argv) {
	char name[LINE_BYTES];
	int fd = connect_to(argc > 1 ? argv[1] : "127.0.0.1", argc > 2 ? argv[2] : "8888");
	enter(fd, name);
	fflush(stdout);
	pid_t child = fork();
	if (child < 0) {
		perror("fork");
		return 1;
	}
	if (child == 0) {
		send_typed(fd, name);
		_exit(0);
	}
	if (!show_received(fd, child)) {
		kill(child, SIGTERM);
		waitpid(child, NULL, 0);
	}
	return 0;
}
