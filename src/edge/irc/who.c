/* who.c - WHO, of a room, a person, or a mask; and WHOX, with the fields that one asks for. */
#include <string.h>

#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_mask.h"
#include "irc_view.h"

/* ---- whom ---- */

static bool shares_a_room(const struct irc *irc, const struct person *person) {
	uint64_t rooms[ROOMS_PER_PERSON_MAX];
	const struct state *state = irc->edge->state;
	size_t count = person_rooms(state, person, rooms, ROOMS_PER_PERSON_MAX);
	for (size_t i = 0; i < count && i < ROOMS_PER_PERSON_MAX; i++) {
		if (state_is_member(state, rooms[i], stream_person(irc->to))) {
			return true;
		}
	}
	return false;
}

static bool is_seen(const struct irc *irc, const struct person *person) {
	return (person_bits(irc->edge->state, person) & PERSON_IS_INVISIBLE) == 0 ||
	       person_id(person) == stream_person(irc->to) || shares_a_room(irc, person);
}

static bool folds_to(struct slice mask, struct slice text) {
	char folded[IRC_MASK_BYTES_MAX];
	size_t size = irc_mask_fold(text, folded, sizeof(folded));
	return irc_mask_matches(mask, slice_of(folded, size));
}

static bool matches(const struct irc *irc, const struct person *person, struct slice mask) {
	const struct state *state = irc->edge->state;
	struct slice userhost = view_userhost(state, person);
	return folds_to(mask, person_name(person)) || folds_to(mask, view_user(userhost)) ||
	       folds_to(mask, view_host(userhost)) || folds_to(mask, view_realname(state, person));
}

struct seekers {
	struct irc *irc;
	struct irc_lister *lister;
	struct slice mask; /* empty: everybody */
	bool operators_only;
};

static void add(struct seekers *seekers, const struct person *person) {
	if (!seekers->operators_only ||
	    (person_bits(seekers->irc->edge->state, person) & PERSON_IS_OPERATOR) != 0) {
		irc_lister_add_id(seekers->lister, person_id(person));
	}
}

static void look_at(struct seekers *seekers, const struct person *person) {
	if (person_is_present(person) && is_seen(seekers->irc, person) &&
	    (seekers->mask.size == 0 || matches(seekers->irc, person, seekers->mask))) {
		add(seekers, person);
	}
}

/* Each person once, with its first session. */
static bool look_at_session(void *context, const struct session *session) {
	struct seekers *seekers = context;
	const struct state *state = seekers->irc->edge->state;
	const struct person *person = state_person(state, session_person(state, session));
	if (person != NULL && person_session_next(state, person, NULL) == session) {
		look_at(seekers, person);
	}
	return true;
}

/* Who stays while none of its clients is connected has no session. */
static bool look_at_account(void *context, uint64_t account) {
	struct seekers *seekers = context;
	const struct state *state = seekers->irc->edge->state;
	const struct person *person = state_person(state, state_account_person(state, account));
	if (person != NULL && person_session_next(state, person, NULL) == NULL) {
		look_at(seekers, person);
	}
	return true;
}

static void look_at_all(struct seekers *seekers) {
	state_sessions_each(seekers->irc->edge->state, look_at_session, seekers);
	state_accounts_each(seekers->irc->edge->state, look_at_account, seekers);
}

static void look_at_room(struct seekers *seekers, uint64_t room) {
	const struct irc *irc = seekers->irc;
	const struct state *state = irc->edge->state;
	bool is_in = state_is_member(state, room, stream_person(irc->to));
	size_t count = state_room_members_count(state, room);
	seekers->lister->room = room;
	for (size_t i = 0; i < count; i++) {
		const struct person *person = state_room_member(state, room, i);
		if (is_in || is_seen(irc, person)) {
			add(seekers, person);
		}
	}
}

/* ---- what of them ---- */

/*
 * The room that was asked for; else one that both are in, or one that whoever asks may know of, if
 * the person lets itself be seen. 0: none.
 */
static uint64_t room_told(const struct irc *irc, const struct irc_lister *lister,
                          const struct person *person) {
	const struct state *state = irc->edge->state;
	uint64_t rooms[ROOMS_PER_PERSON_MAX], told = 0;
	if (lister->room != 0) {
		return lister->room;
	}
	bool is_hidden = (person_bits(state, person) & PERSON_IS_INVISIBLE) != 0;
	size_t count = person_rooms(state, person, rooms, ROOMS_PER_PERSON_MAX);
	for (size_t i = 0; i < count && i < ROOMS_PER_PERSON_MAX; i++) {
		if (state_is_member(state, rooms[i], stream_person(irc->to))) {
			return rooms[i];
		}
		if (told == 0 && !is_hidden && irc_sees_room(irc, rooms[i])) {
			told = rooms[i];
		}
	}
	return told;
}

/* What is told of one. */
struct row {
	const struct irc_lister *lister;
	const struct person *person;
	uint64_t room;
};

static void put_flags(struct irc *irc, const struct row *row) {
	const struct person *person = row->person;
	const struct state *state = irc->edge->state;
	uint64_t bits = person_bits(state, person);
	irc_put_text(&irc->at, view_away(state, person).size > 0 ? "G" : "H");
	irc_put_text(&irc->at, (bits & PERSON_IS_OPERATOR) != 0 ? "*" : "");
	if (row->room != 0) {
		irc_put_prefixes(irc, &irc->at, row->room, person_id(person));
	}
	irc_put_text(&irc->at, (bits & PERSON_IS_BOT) != 0 ? "B" : "");
}

/* There are no levels among a room's operators. */
static const char *level_of(const struct irc *irc, const struct row *row) {
	uint64_t office = row->room == 0 ? 0
	                                 : state_member_bits(irc->edge->state, row->room,
	                                                     person_id(row->person));
	return (office & MEMBER_IS_OPERATOR) != 0 ? "999" : "n/a";
}

static void put_field(struct irc *irc, const struct row *row, char field) {
	const struct state *state = irc->edge->state;
	const struct person *person = row->person;
	struct slice userhost = view_userhost(state, person);
	bool has_account = (person_bits(state, person) & PERSON_HAS_ACCOUNT) != 0;
	irc_put_text(&irc->at, " ");
	switch (field) {
	case 't': irc_put(&irc->at, slice_of(row->lister->token, row->lister->token_size)); break;
	case 'c':
		irc_put(&irc->at,
		        row->room != 0 ? view_room_name(state, row->room) : irc_word("*"));
		break;
	case 'u': irc_put(&irc->at, view_user(userhost)); break;
	case 'i': irc_put_text(&irc->at, "255.255.255.255"); break;
	case 'h': irc_put(&irc->at, view_host(userhost)); break;
	case 's': irc_put_text(&irc->at, irc_config(irc)->server); break;
	case 'n': irc_put(&irc->at, person_name(person)); break;
	case 'f': put_flags(irc, row); break;
	case 'd': irc_put_text(&irc->at, "0"); break; /* There is one server. */
	case 'l': irc_put_number(&irc->at, irc_idle_s(irc, person)); break;
	case 'a': irc_put(&irc->at, has_account ? person_name(person) : irc_word("0")); break;
	case 'o': irc_put_text(&irc->at, level_of(irc, row)); break;
	default: break;
	}
}

/* In this order, whatever the one in which they are asked for. */
static const char fields_of_whox[] = "tcuihsnfdlaor";

static void whox_line(struct irc *irc, const struct row *row) {
	bool has_realname = false;
	irc_begin_numeric(irc, RPL_WHOSPCRPL);
	for (unsigned i = 0; fields_of_whox[i] != '\0'; i++) {
		if ((row->lister->fields & 1U << i) == 0) {
			continue;
		}
		has_realname = fields_of_whox[i] == 'r';
		if (!has_realname) {
			put_field(irc, row, fields_of_whox[i]);
		}
	}
	if (has_realname) {
		irc_put_last(irc, view_realname(irc->edge->state, row->person));
	}
	irc_end_line(irc);
}

void irc_who_line(struct irc *irc, const struct irc_lister *lister, const struct person *person) {
	static const char order[] = "cuhsnf";
	char text[2 + REALNAME_BYTES_MAX];
	const struct row row = {
		.lister = lister, .person = person, .room = room_told(irc, lister, person)};
	if (lister->room != 0 &&
	    !state_is_member(irc->edge->state, lister->room, person_id(person))) {
		return; /* It has left meanwhile. */
	}
	if (lister->is_whox) {
		whox_line(irc, &row);
		return;
	}
	irc_begin_numeric(irc, RPL_WHOREPLY);
	for (const char *field = order; *field != '\0'; field++) {
		put_field(irc, &row, *field);
	}
	struct irc_line realname = irc_line_at(text, sizeof(text));
	irc_put_text(&realname, "0 ");
	irc_put(&realname, view_realname(irc->edge->state, person));
	irc_put_last(irc, irc_line_slice(&realname));
	irc_end_line(irc);
}

/* ---- WHO ---- */

/* Up to three digits; of anything else nothing is given back. */
static void read_token(struct irc_lister *lister, struct slice token) {
	bool is_good = token.size > 0 && token.size <= sizeof(lister->token);
	for (size_t i = 0; i < token.size; i++) {
		is_good = is_good && token.bytes[i] >= '0' && token.bytes[i] <= '9';
	}
	token = is_good ? token : irc_word("0");
	lister->token_size = token.size;
	memcpy(lister->token, token.bytes, token.size);
}

static void read_fields(struct irc_lister *lister, struct slice text) {
	const char *comma = text.size == 0 ? NULL : memchr(text.bytes, ',', text.size);
	size_t size = comma == NULL ? text.size : (size_t)(comma - text.bytes);
	lister->is_whox = true;
	for (unsigned i = 0; fields_of_whox[i] != '\0' && size > 0; i++) {
		bool is_wanted = memchr(text.bytes, fields_of_whox[i], size) != NULL;
		lister->fields |= is_wanted ? 1U << i : 0;
	}
	read_token(lister, comma == NULL ? irc_nothing() : slice_from(text, size + 1));
}

/* "o", "%tcuhnf,42" */
static void read_options(struct seekers *seekers, struct slice text) {
	const char *percent = text.size == 0 ? NULL : memchr(text.bytes, '%', text.size);
	size_t flags = percent == NULL ? text.size : (size_t)(percent - text.bytes);
	seekers->operators_only = flags > 0 && memchr(text.bytes, 'o', flags) != NULL;
	if (percent != NULL) {
		read_fields(seekers->lister, slice_from(text, flags + 1));
	}
}

void irc_on_who(struct irc *irc) {
	char folded[IRC_MASK_BYTES_MAX];
	const struct state *state = irc->edge->state;
	struct slice mask = irc_parameter(&irc->message, 0);
	struct slice shown = mask.size == 0 ? irc_word("*") : mask;
	struct seekers seekers = {.irc = irc, .lister = irc_lister_create(LIST_WHO, shown)};
	read_options(&seekers, irc_parameter(&irc->message, 1));
	const struct person *one = mask.size == 0 ? NULL : state_person_named(state, mask);
	if (mask.size > 0 && mask.bytes[0] == '#') {
		uint64_t room = state_room_named(state, mask);
		if (room != 0 && irc_sees_room(irc, room)) {
			look_at_room(&seekers, room);
		}
	} else if (one != NULL) {
		add(&seekers, one);
	} else {
		bool is_all = mask.size == 0 || slice_equal(mask, irc_word("0"));
		seekers.mask =
			slice_of(folded, is_all ? 0 : irc_mask_fold(mask, folded, sizeof(folded)));
		if (is_all || seekers.mask.size > 0) {
			look_at_all(&seekers);
		}
	}
	irc_lister_start(irc, seekers.lister);
}
