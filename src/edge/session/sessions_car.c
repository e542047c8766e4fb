/* sessions_car.c - the car (car.h) of those who come by sessions. */
#include "sessions_inside.h"

static void look(void *it) {
	struct sessions *sessions = it;
	for (uint32_t i = 1; i < sessions->contexts.used; i++) {
		const struct context *context = context_at(sessions, i);
		if (context->session != 0 && !context->must_learn) {
			car_note(&sessions->car, serve_wants(sessions, context),
			         context->is_behind);
		}
	}
}

static void take(void *it, const struct record *entry) {
	struct sessions *sessions = it;
	log_window_add(&sessions->car_window, entry,
	               state_room_name(sessions->edge->state, entry->room));
}

static void arrived(void *it) {
	struct sessions *sessions = it;
	for (uint32_t i = 1; i < sessions->contexts.used; i++) {
		const struct context *context = context_at(sessions, i);
		if (context->session != 0 && context->is_behind) {
			context_ready(sessions, i);
		}
	}
}

void sessions_car_begin(struct sessions *sessions) {
	static const struct car_face face = {.look = look, .take = take, .arrived = arrived};
	car_begin(&sessions->car, sessions->edge, &face, sessions, &sessions->car_window,
	          &sessions->window);
}
