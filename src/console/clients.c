#include "clients.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "account_task.h"
#include "console_inner.h"
#include "diag.h"
#include "pool.h"
#include "speech.h"

/* Scripts that all start at once wait here for their turn. */
#define BACKLOG 128
#define READS_IN_A_TURN_MAX 4

/* ---- bytes out ---- */

static void client_drop(struct client *client) {
	loop_forget(client->console->house.loop, &client->watch);
	close(client->fd);
	client->fd = -1;
	if (client->task != NULL) {
		task_forget(client->task);
		client->task = NULL;
	}
	free(client->out);
	client->out = NULL;
	client->out_at = client->out_size = client->out_capacity = 0;
}

static size_t out_waiting(const struct client *client) {
	return client->out_size - client->out_at;
}

static bool has_line(const struct client *client) {
	return memchr(client->in, '\n', client->in_size) != NULL;
}

/* Nothing more will come, nothing is under way, nothing waits: goodbye. */
static bool is_over(const struct client *client) {
	return client->task == NULL && out_waiting(client) == 0 &&
	       (client->is_hopeless || (client->is_ended && !has_line(client)));
}

/* Asks epoll for what can be used: input while there is room for it, room while something waits. */
static void watch_for(struct client *client) {
	uint32_t events = 0;
	if (!client->is_ended && !client->is_hopeless && client->in_size < sizeof(client->in)) {
		events |= EPOLLIN;
	}
	if (out_waiting(client) > 0) {
		events |= EPOLLOUT;
	}
	if (events != client->events) {
		client->events = events;
		loop_change(client->console->house.loop, &client->watch, events);
	}
}

/* False: it is gone. */
static bool hand_out(struct client *client) {
	while (out_waiting(client) > 0) {
		ssize_t sent = send(client->fd, client->out + client->out_at, out_waiting(client),
		                    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR) {
			continue;
		}
		if (sent < 0) {
			return errno == EAGAIN;
		}
		client->out_at += (size_t)sent;
		client->progress_us = loop_now_us(client->console->house.loop);
	}
	client->out_at = client->out_size = 0;
	return true;
}

static void put_out(struct client *client, const char *bytes, size_t size) {
	if (client->out_at > 0) {
		memmove(client->out, client->out + client->out_at, out_waiting(client));
		client->out_size -= client->out_at;
		client->out_at = 0;
	}
	if (client->out_size + size > client->out_capacity) {
		client->out_capacity = 2 * (client->out_size + size);
		client->out = allocate_again(client->out, client->out_capacity);
	}
	memcpy(client->out + client->out_size, bytes, size);
	client->out_size += size;
}

static void put_object(struct client *client, const char *words, json_t *object) {
	if (words != NULL && words[0] != '\0') {
		json_object_set_new(object, "line", speech_string(slice_from_string(words)));
	}
	char *text = json_dumps(object, JSON_COMPACT);
	if (text == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory is left");
	}
	put_out(client, text, strlen(text));
	put_out(client, "\n", 1);
	free(text);
}

/* ---- as the asker of a task ---- */

static void on_say(void *context, const char *words, json_t *object) {
	put_object(context, words, object);
}

static bool has_room(void *context) {
	struct client *client = context;
	/* A list fills the buffer faster than epoll tells of room: try at once. */
	if (out_waiting(client) >= CLIENT_OUT_BYTES_ENOUGH) {
		hand_out(client);
	}
	return out_waiting(client) < CLIENT_OUT_BYTES_ENOUGH;
}

static void on_done(void *context, bool is_ok, const char *words, json_t *object) {
	struct client *client = context;
	client->task = NULL;
	put_object(client, words, object);
}

static const struct asker asker = {.say = on_say, .has_room = has_room, .done = on_done};

/* ---- requests ---- */

static void refuse(struct client *client, const char *error, const char *words) {
	json_t *object = json_pack("{s:b,s:s}", "ok", 0, "error", error);
	put_object(client, words, object);
	json_decref(object);
}

static enum language language_of(const struct client *client, json_t *request) {
	const char *language = json_string_value(json_object_get(request, "language"));
	if (language == NULL) {
		return client->console->house.options->language;
	}
	return strcmp(language, "zh") == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
}

static void begin(struct client *client, json_t *request) {
	json_t *line = json_object_get(request, "line");
	enum language language = language_of(client, request);
	if (!json_is_string(line)) {
		refuse(client, "bad-request",
		       either(language, "每行一个 JSON 对象: {\"line\": \"/help\"}",
		              "A JSON object in a line: {\"line\": \"/help\"}"));
		return;
	}
	client->task = task_take(client->console, &asker, client, language);
	if (client->task == NULL) {
		refuse(client, "busy", either(language, "正忙，请再试", "Busy, please try again"));
		return;
	}
	json_t *password = json_object_get(request, "password");
	if (json_is_string(password)) {
		account_give_password(client->task, slice_of(json_string_value(password),
		                                             json_string_length(password)));
	}
	task_run(client->task, slice_of(json_string_value(line), json_string_length(line)));
}

/* The line that is complete, if there is one and nothing else is under way. */
static void take_request(struct client *client) {
	char *end = memchr(client->in, '\n', client->in_size);
	if (end == NULL) {
		if (client->in_size == sizeof(client->in)) {
			client->is_hopeless = true;
			client->in_size = 0;
			refuse(client, "line-too-long",
			       either(client->console->house.options->language, "这一行太长了",
			              "That line is too long"));
		}
		return;
	}
	size_t size = (size_t)(end - client->in);
	json_t *request = json_loadb(client->in, size, JSON_REJECT_DUPLICATES, NULL);
	client->in_size -= size + 1;
	memmove(client->in, end + 1, client->in_size);
	/* There may have been a password in it. */
	explicit_bzero(client->in + client->in_size, size + 1);
	begin(client, request);
	json_decref(request);
}

/* ---- bytes in ---- */

static void read_in(struct client *client) {
	for (int i = 0; i < READS_IN_A_TURN_MAX && client->in_size < sizeof(client->in); i++) {
		ssize_t got = recv(client->fd, client->in + client->in_size,
		                   sizeof(client->in) - client->in_size, MSG_DONTWAIT);
		if (got <= 0) {
			client->is_ended = got == 0 || (errno != EAGAIN && errno != EINTR);
			return;
		}
		client->in_size += (size_t)got;
		client->progress_us = loop_now_us(client->console->house.loop);
	}
}

static void on_client(void *context, uint32_t events) {
	struct client *client = context;
	if (events & EPOLLIN) {
		read_in(client);
	}
	if (events & (EPOLLERR | EPOLLHUP)) {
		client->is_gone = true;
	}
}

static bool may_begin(const struct client *client) {
	return client->task == NULL && !client->is_hopeless &&
	       out_waiting(client) < CLIENT_OUT_BYTES_ENOUGH;
}

void clients_turn(struct console *console) {
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &console->clients.all[i];
		if (client->fd < 0) {
			continue;
		}
		if (may_begin(client)) {
			take_request(client);
		}
		if (client->is_gone || !hand_out(client) || is_over(client)) {
			client_drop(client);
		} else {
			watch_for(client);
		}
	}
}

bool clients_have_work(const struct console *console) {
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		const struct client *client = &console->clients.all[i];
		if (client->fd >= 0 && may_begin(client) && has_line(client)) {
			return true;
		}
	}
	return false;
}

bool clients_wait(const struct console *console) {
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		const struct client *client = &console->clients.all[i];
		if (client->fd >= 0 && out_waiting(client) > 0) {
			return true;
		}
	}
	return false;
}

/* ---- who connects ---- */

/* A free place; if there is none, that of the idlest, those who wait for us last. */
static struct client *make_place(struct clients *clients) {
	struct client *idlest = NULL;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &clients->all[i];
		if (client->fd < 0) {
			return client;
		}
		bool is_served = client->task != NULL && out_waiting(client) == 0;
		if (!is_served && (idlest == NULL || client->progress_us < idlest->progress_us)) {
			idlest = client;
		}
	}
	if (idlest != NULL) {
		client_drop(idlest);
	}
	return idlest;
}

static void on_listener(void *context, uint32_t events) {
	struct console *console = context;
	int fd = accept4(console->clients.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		return;
	}
	struct client *client = make_place(&console->clients);
	if (client == NULL) {
		close(fd);
		return;
	}
	client->console = console;
	client->fd = fd;
	client->task = NULL;
	client->is_ended = client->is_gone = client->is_hopeless = false;
	client->in_size = 0;
	client->progress_us = loop_now_us(console->house.loop);
	client->events = EPOLLIN;
	client->watch = (struct watch){.fd = fd, .ready = on_client, .context = client};
	if (loop_watch(console->house.loop, &client->watch, client->events) < 0) {
		diag_errno("cannot watch a client of the admin socket");
		close(fd);
		client->fd = -1;
	}
}

/* ---- the socket ---- */

/*
 * The socket is named relative to the data folder, since the path of a Unix
 * socket may have 107 bytes and no more. Nothing else here knows a path.
 */
static void enter_folder(const struct console *console) {
	if (chdir(console->house.options->data) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot enter %s", console->house.options->data);
	}
}

/* What a predecessor left; anything else of that name is not ours to remove. */
static void remove_stale(void) {
	struct stat status;
	if (lstat(ADMIN_SOCKET_NAME, &status) < 0) {
		return;
	}
	if (!S_ISSOCK(status.st_mode)) {
		diag_exit(EXIT_FIX_ME,
		          ADMIN_SOCKET_NAME " in the data folder is no socket; move it away");
	}
	unlink(ADMIN_SOCKET_NAME);
}

static int make_socket(void) {
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = ADMIN_SOCKET_NAME};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -1;
	}
	mode_t before = umask(0177);
	bool is_made = bind(fd, (const struct sockaddr *)&name, sizeof(name)) == 0 &&
	               listen(fd, BACKLOG) == 0;
	umask(before);
	if (!is_made) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

void clients_open(struct console *console) {
	struct clients *clients = &console->clients;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		clients->all[i].fd = -1;
	}
	enter_folder(console);
	remove_stale();
	clients->listener = make_socket();
	clients->watch =
		(struct watch){.fd = clients->listener, .ready = on_listener, .context = console};
	if (clients->listener < 0 ||
	    loop_watch(console->house.loop, &clients->watch, EPOLLIN) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot make " ADMIN_SOCKET_NAME " in %s",
		                console->house.options->data);
	}
}

void clients_close(struct console *console) {
	struct clients *clients = &console->clients;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (clients->all[i].fd >= 0) {
			hand_out(&clients->all[i]);
			client_drop(&clients->all[i]);
		}
	}
	loop_forget(console->house.loop, &clients->watch);
	close(clients->listener);
	unlink(ADMIN_SOCKET_NAME);
}
