#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"

struct message {
	struct message *next;
	int passed_fd;
	size_t size;
	_Alignas(8) char bytes[];
};

/* ---- sending ---- */

/* True if it is gone: sent, or not to be sent ever. */
static bool send_now(int fd, const void *bytes, size_t size, int passed_fd) {
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr aligned;
	} control = {0};
	struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	if (passed_fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &passed_fd, sizeof(int));
	}
	ssize_t sent;
	do {
		sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS)) {
		return false;
	}
	return true;
}

static void drop(struct message *message) {
	if (message->passed_fd >= 0) {
		close(message->passed_fd);
	}
	free(message);
}

static void watch_for(struct client *client, bool room) {
	if (client->is_watching_for_room != room) {
		client->is_watching_for_room = room;
		(void)loop_change(client->loop, &client->watch, room ? EPOLLOUT : EPOLLIN);
	}
}

static void wait_with(struct client *client, const void *bytes, size_t size, int passed_fd) {
	struct message *message = malloc(sizeof(*message) + size);
	if (message == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory is left");
	}
	message->next = NULL;
	message->passed_fd = passed_fd;
	message->size = size;
	memcpy(message->bytes, bytes, size);
	if (client->last == NULL) {
		client->first = message;
	} else {
		client->last->next = message;
	}
	client->last = message;
	watch_for(client, true);
}

void client_send(struct client *client, const void *bytes, size_t size, int passed_fd) {
	if (client->first != NULL || !send_now(client->watch.fd, bytes, size, passed_fd)) {
		wait_with(client, bytes, size, passed_fd);
	} else if (passed_fd >= 0) {
		close(passed_fd);
	}
}

static void send_waiting(struct client *client) {
	while (client->first != NULL) {
		struct message *message = client->first;
		if (!send_now(client->watch.fd, message->bytes, message->size,
		              message->passed_fd)) {
			return;
		}
		client->first = message->next;
		drop(message);
	}
	client->last = NULL;
	watch_for(client, false);
}

/* ---- hearing ---- */

static void hear(struct client *client) {
	static union {
		struct clerk_question question;
		char bytes[CLERK_MESSAGE_BYTES_MAX];
	} buffer;
	ssize_t size = recv(client->watch.fd, &buffer, sizeof(buffer), MSG_DONTWAIT | MSG_TRUNC);
	if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
		/* The keeper holds the other end as well: only when all is over. */
		loop_forget(client->loop, &client->watch);
		return;
	}
	if (size < (ssize_t)sizeof(buffer.question) || size > (ssize_t)sizeof(buffer)) {
		return;
	}
	struct clerk_question question = buffer.question;
	if (question.text_bytes != (size_t)size - sizeof(question)) {
		return;
	}
	client->asked(client->context, client, &question, buffer.bytes + sizeof(question));
}

static void on_ready(void *context, uint32_t events) {
	struct client *client = context;
	if (client->first != NULL) {
		send_waiting(client);
	} else {
		hear(client);
	}
}

bool client_init(struct client *client, int fd, struct loop *loop, client_asked *asked,
                 void *context) {
	*client = (struct client){.loop = loop, .asked = asked, .context = context};
	client->watch = (struct watch){.fd = fd, .ready = on_ready, .context = client};
	return loop_watch(loop, &client->watch, EPOLLIN) == 0;
}

void client_finish(struct client *client) {
	while (client->first != NULL) {
		struct message *message = client->first;
		client->first = message->next;
		drop(message);
	}
	client->last = NULL;
}
