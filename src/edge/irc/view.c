#include "irc_view.h"

#include <string.h>

struct slice view_userhost(const struct state *state, const struct person *person) {
	struct slice userhost = person_userhost(state, person);
	return slice_is_empty(userhost) ? slice_from_string(IRC_USERHOST_OTHERS) : userhost;
}

static size_t at_sign(struct slice userhost) {
	const char *at = userhost.size == 0 ? NULL : memchr(userhost.bytes, '@', userhost.size);
	return at == NULL ? userhost.size : (size_t)(at - userhost.bytes);
}

struct slice view_user(struct slice userhost) {
	return slice_first(userhost, at_sign(userhost));
}

struct slice view_host(struct slice userhost) {
	size_t at = at_sign(userhost);
	return at < userhost.size ? slice_from(userhost, at + 1) : userhost;
}

struct slice view_realname(const struct state *state, const struct person *person) {
	struct slice realname = person_realname(state, person);
	return slice_is_empty(realname) ? person_name(person) : realname;
}

struct slice view_room_name(const struct state *state, uint64_t room) {
	return room == ROOM_LOBBY               ? slice_from_string("#lobby")
	       : state_room_exists(state, room) ? state_room_name(state, room)
	                                        : slice_of(NULL, 0);
}

struct slice view_away(const struct state *state, const struct person *person) {
	struct slice away = person_away(state, person);
	bool is_there =
		!person_is_present(person) || person_session_next(state, person, NULL) != NULL;
	return !slice_is_empty(away) || is_there ? away : slice_from_string(VIEW_NOT_CONNECTED);
}
