/*
 * The chat room of the lesson, read literally: UDP, a dictionary of users, every message forwarded to all
 * others, and a child process for what the administrator types. `qun serve` speaks the same and more.
 *
 *	chat_server [HOST [PORT]]        (0.0.0.0 and 8888 if nothing is said)
 *
 *     Python                             C, and the kit
 *     s = socket(AF_INET, SOCK_DGRAM)    socket(AF_INET, SOCK_DGRAM, 0)
 *     s.bind(), s.recvfrom(1024)         bind(), recvfrom()
 *     user = {}; user[name] = addr       users[], find(name)
 *     os.fork(), for the administrator   mp_process_start()
 *     the child's s.sendto(…)            mp_pipe_send(): nobody else can be the administrator
 *
 *     L name         → OK, or why not;   to the others: name 进入了聊天室
 *     C name text                        to the others: name说: text
 *     Q name         → EXIT;             to the others: name 退出了聊天室
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "claim.h"
#include "mp_pipe.h"
#include "mp_process.h"

#define USERS_MAX 500
#define NAME_BYTES_MAX 63
#define REQUEST_BYTES_MAX 900 /* with 说 in it, it still fits into recvfrom(1024) */

/* The dictionary: name → address. */
static struct user {
	char name[NAME_BYTES_MAX + 1];
	struct sockaddr_in address;
} users[USERS_MAX];
static size_t count;
static int room;

static struct user *find(const char *name) {
	for (size_t i = 0; i < count; i++) {
		if (strcmp(users[i].name, name) == 0) {
			return &users[i];
		}
	}
	return NULL;
}

static bool is_from(const struct user *user, const struct sockaddr_in *from) {
	return user != NULL && user->address.sin_addr.s_addr == from->sin_addr.s_addr &&
	       user->address.sin_port == from->sin_port;
}

/* A datagram that cannot be sent is lost, like any other. */
static void answer(const struct sockaddr_in *to, const char *text) {
	sendto(room, text, strlen(text), 0, (const struct sockaddr *)to, sizeof *to);
}

/* To all but one; NULL: to all. */
static void forward(const struct user *except, const char *name, const char *between,
                    const char *text) {
	char line[NAME_BYTES_MAX + REQUEST_BYTES_MAX + 32];
	snprintf(line, sizeof line, "%s%s%s", name, between, text);
	for (size_t i = 0; i < count; i++) {
		if (&users[i] != except) {
			answer(&users[i].address, line);
		}
	}
}

static void enter(const struct sockaddr_in *from, const char *name) {
	const struct user *holder = find(name);
	if (is_from(holder, from)) {
		answer(from, "OK"); /* The datagram came twice. */
	} else if (holder != NULL || strcmp(name, "管理员") == 0) {
		answer(from, "该用户已存在");
	} else if (name[0] == '\0' || strlen(name) > NAME_BYTES_MAX || count == USERS_MAX) {
		answer(from, "不能进入聊天室");
	} else {
		users[count] = (struct user){.address = *from};
		memcpy(users[count].name, name, strlen(name));
		answer(from, "OK");
		forward(&users[count++], name, " 进入了聊天室", "");
	}
}

static void say(const struct sockaddr_in *from, const char *name, const char *text) {
	const struct user *user = find(name);
	if (is_from(user, from)) {
		forward(user, name, "说: ", text);
	} else {
		answer(from, "请先进入聊天室");
	}
}

static void leave(const struct sockaddr_in *from, const char *name) {
	struct user *user = find(name);
	if (is_from(user, from)) {
		forward(user, name, " 退出了聊天室", "");
		*user = users[--count];
	}
	answer(from, "EXIT"); /* Also the second time: the first answer may have been lost. */
}

static void serve_request(void) {
	char request[REQUEST_BYTES_MAX + 1];
	struct sockaddr_in from;
	socklen_t size = sizeof from;
	ssize_t length = recvfrom(room, request, REQUEST_BYTES_MAX, MSG_TRUNC,
	                          (struct sockaddr *)&from, &size);
	if (length > REQUEST_BYTES_MAX) {
		answer(&from, "消息太长");
	} else if (length >= 0) { /* -1: the news that somebody's client is gone */
		request[length] = '\0';
		request[strcspn(request, "\r\n")] = '\0';
		char *rest = request;
		const char *letter = strsep(&rest, " "), *word = strsep(&rest, " ");
		const char *name = word != NULL ? word : "", *text = rest != NULL ? rest : "";
		switch (letter[0]) {
		case 'L': enter(&from, name); break;
		case 'C': say(&from, name, text); break;
		case 'Q': leave(&from, name); break;
		default: answer(&from, "L 姓名, C 姓名 消息, Q 姓名"); break;
		}
	}
}

/* The child: what the administrator types, line by line, until the input ends. */
static int read_keyboard(void *argument) {
	struct mp_pipe *ends = argument;
	char line[REQUEST_BYTES_MAX];
	mp_pipe_drop(&ends[0]);
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		MUST(mp_pipe_send(&ends[1], line, strlen(line), MP_FOREVER));
	}
	return mp_pipe_close(&ends[1], MP_FOREVER);
}

static void open_room(const char *host, const char *port) {
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_port = htons((uint16_t)strtol(port, NULL, 10))};
	socklen_t size = sizeof address;
	claim(inet_pton(AF_INET, host, &address.sin_addr) == 1, "%s is an address", host);
	room = MUST_SYSTEM(socket(AF_INET, SOCK_DGRAM, 0));
	MUST_SYSTEM(bind(room, (struct sockaddr *)&address, size));
	MUST_SYSTEM(getsockname(room, (struct sockaddr *)&address, &size));
	claim(true, "the room is open at %s:%d", host, ntohs(address.sin_port));
}

int main(int argc, char **argv) {
	struct mp_pipe ends[2];
	struct mp_process administrator;
	open_room(argc > 1 ? argv[1] : "0.0.0.0", argc > 2 ? argv[2] : "8888");
	MUST(mp_pipe_create(ends, false));
	mp_process_init(&administrator, read_keyboard, ends);
	MUST(mp_process_set_daemon(&administrator, true));
	MUST(mp_process_start(&administrator));
	mp_pipe_drop(&ends[1]);

	struct pollfd waits[] = {{.fd = room, .events = POLLIN},
	                         {.fd = ends[0].fd, .events = POLLIN}};
	while (poll(waits, 2, -1) > 0) {
		char line[REQUEST_BYTES_MAX] = "";
		size_t length;
		if (waits[0].revents != 0) {
			serve_request();
		}
		if (waits[1].revents == 0) {
			continue;
		}
		if (mp_pipe_receive(&ends[0], line, sizeof line - 1, &length, 0) == 0) {
			forward(NULL, "管理员", ": ", line);
		} else { /* The administrator has gone; the room stays. */
			waits[1].fd = -1;
			MUST(mp_process_join(&administrator, MP_FOREVER, NULL));
		}
	}
	return 1;
}
