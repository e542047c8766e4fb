#include "robot_client.h"

#include <stdlib.h>

#include "clock.h"
#include "robot_show.h"

#define CLIENT_OF(wait, member) ((struct client *)((char *)(wait)-offsetof(struct client, member)))

void clients_init(struct clients *clients, const struct robot_options *options) {
	*clients = (struct clients){
		.idle_us = options->idle_us,
		.now_us = clock_steady_us(),
		.stop_us = WAITS_NEVER,
	};
	waits_init(&clients->rests, LINE_REST_MS * 1000);
	waits_init(&clients->idles, options->idle_us);
}

struct client *client_create(struct clients *clients, int fd, const struct address *peer) {
	struct client *client = calloc(1, sizeof *client);
	if (client == NULL) {
		return NULL;
	}
	talk_begin(&client->talk, fd, peer);
	client_waits(clients, client, TALK_GOES_ON);
	show_online(++clients->online);
	return client;
}

void client_destroy(struct client *client) {
	talk_end(&client->talk);
	free(client);
}

void client_see_off(struct clients *clients, struct client *client) {
	waits_leave(&client->rest);
	waits_leave(&client->idle);
	client->is_over = true;
	show_online(--clients->online);
}

void client_waits(struct clients *clients, struct client *client, enum talk_next next) {
	if (client->talk.unsent == NULL && talk_can_rest(&client->talk)) {
		waits_begin(&clients->rests, &client->rest, clients->now_us);
	} else {
		waits_leave(&client->rest);
	}
	if (clients->idle_us > 0 && next != TALK_IS_QUIET) {
		waits_begin(&clients->idles, &client->idle, clients->now_us);
	}
}

struct client *clients_next_rested(struct clients *clients) {
	struct wait *over = waits_over(&clients->rests, clients->now_us);
	if (over == NULL) {
		return NULL;
	}
	waits_leave(over);
	return CLIENT_OF(over, rest);
}

struct client *clients_next_idle(struct clients *clients) {
	struct wait *over = waits_over(&clients->idles, clients->now_us);
	if (over == NULL) {
		return NULL;
	}
	struct client *client = CLIENT_OF(over, idle);
	talk_say_idle(&client->talk, clients->idle_us);
	return client;
}

uint64_t clients_sleep_us(const struct clients *clients) {
	uint64_t until_us = waits_next_us(&clients->rests, clients->stop_us);
	until_us = waits_next_us(&clients->idles, until_us);
	if (until_us == WAITS_NEVER) {
		return WAITS_NEVER;
	}
	return until_us > clients->now_us ? until_us - clients->now_us : 0;
}

bool clients_are_stopping(const struct clients *clients) {
	return clients->stop_us != WAITS_NEVER;
}

bool clients_are_done(const struct clients *clients) {
	return clients_are_stopping(clients) &&
	       (clients->online == 0 || clients->now_us >= clients->stop_us);
}
