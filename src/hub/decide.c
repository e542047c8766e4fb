#include "decide.h"

#include <assert.h>
#include <string.h>

#include "limits.h"
#include "name.h"
#include "utf8.h"

/* One call of decide(): what it has to go by, and what it makes. */
struct deciding {
	const struct circumstances *at;
	const struct state *state;
	const struct record *request;
	struct decision *out;
};

/* ---- making records ---- */

static void add(struct deciding *d, struct record *record) {
	record->queue = d->request->queue;
	record->incarnation = d->request->incarnation;
	record->request = d->request->request;
	record->time_us = d->at->now_us;
	size_t size = record_encode(record, d->out->bytes + d->out->size,
	                            sizeof(d->out->bytes) - d->out->size);
	assert(size > 0 && size <= RECORD_BYTES_MAX);
	d->out->size += size;
	d->out->records++;
}

/* Returns the entry's seq. */
static uint64_t add_entry(struct deciding *d, struct record entry) {
	entry.seq = d->at->seq_next + d->out->entries;
	d->out->entries++;
	add(d, &entry);
	return entry.seq;
}

/* An answer goes where the request came from. Its seq is set at the end: see seal(). */
static void add_answer(struct deciding *d, struct record answer) {
	answer.has_route = d->request->has_route;
	answer.route = d->request->route;
	answer.connection = d->request->connection;
	add(d, &answer);
}

static void answer(struct deciding *d, enum record_kind kind) {
	add_answer(d, (struct record){.kind = kind});
}

static void refuse(struct deciding *d, enum reason reason) {
	add_answer(d, (struct record){.kind = ANSWER_REFUSED, .reason = reason});
}

/*
 * An answer may be given once everything up to its seq is kept; so all answers
 * of a request bear the seq of the last entry that the request made.
 */
static void seal(struct deciding *d) {
	uint64_t seq = d->at->seq_next + d->out->entries - 1;
	if (d->out->entries == 0) {
		seq = state_seq(d->state);
	}
	for (size_t at = 0; at < d->out->size;) {
		uint32_t size;
		uint16_t kind;
		memcpy(&size, d->out->bytes + at, sizeof(size));
		memcpy(&kind, d->out->bytes + at + 4, sizeof(kind));
		if (record_is_answer(&(struct record){.kind = kind})) {
			memcpy(d->out->bytes + at + 8, &seq, sizeof(seq));
		}
		at += size;
	}
}

/* ---- whom it is about ---- */

static const struct session *sender(const struct deciding *d) {
	return d->request->has_route ? state_session_at(d->state, &d->request->route.peer) : NULL;
}

static const struct person *person_of(const struct deciding *d, const struct session *session) {
	return state_person(d->state, session_person(d->state, session));
}

/* The rooms of a person, as an entry carries them: the first, and the bytes of the others. */
struct rooms {
	uint64_t ids[ROOMS_PER_PERSON_MAX];
};

static void put_rooms(const struct deciding *d, const struct person *person, struct rooms *rooms,
                      struct record *entry) {
	size_t count = person_rooms(d->state, person, rooms->ids, ROOMS_PER_PERSON_MAX);
	assert(count <= ROOMS_PER_PERSON_MAX);
	entry->room = count > 0 ? rooms->ids[0] : 0;
	if (count > 1) {
		entry->more_rooms = slice_of((const char *)&rooms->ids[1], (count - 1) * 8);
	}
}

/* A member's datagram came by another edge than it used to: its home moves there. */
static void follow_home(struct deciding *d, const struct session *session) {
	struct route known;
	if (d->request->queue >= d->at->edges) {
		return;
	}
	bool is_same = session_route(d->state, session, &known) &&
	               known.listener == d->request->route.listener &&
	               memcmp(known.local, d->request->route.local, sizeof(known.local)) == 0;
	if (session_home(session) % d->at->edges == d->request->queue && is_same) {
		return;
	}
	add_entry(d, (struct record){.kind = ENTRY_MOVED,
	                             .session = session_id(session),
	                             .person = session_person(d->state, session),
	                             .home = d->request->queue,
	                             .has_route = true,
	                             .route = d->request->route});
}

static void end_person(struct deciding *d, enum record_kind kind, const struct person *person,
                       enum reason reason, struct slice why) {
	struct rooms rooms;
	const struct session *session = person_session_next(d->state, person, NULL);
	struct record entry = {.kind = kind,
	                       .person = person_id(person),
	                       .session = session == NULL ? 0 : session_id(session),
	                       .name = person_name(person),
	                       .reason = reason,
	                       .text = why};
	put_rooms(d, person, &rooms, &entry);
	add_entry(d, entry);
}

/* ---- names ---- */

static enum reason reason_of(enum name_error error) {
	switch (error) {
	case NAME_OK: return REASON_NONE;
	case NAME_EMPTY: return REASON_NAME_EMPTY;
	case NAME_TOO_LONG: return REASON_NAME_TOO_LONG;
	case NAME_NOT_UTF8: return REASON_NOT_UTF8;
	case NAME_RESERVED: return REASON_NAME_RESERVED;
	default: return REASON_NAME_INVALID;
	}
}

/* To whoever holds the name: is anybody there? The holder's own edge asks. */
static void probe(struct deciding *d, const struct person *holder) {
	const struct session *session = person_session_next(d->state, holder, NULL);
	for (; session != NULL; session = person_session_next(d->state, holder, session)) {
		struct record probe = {.kind = ANSWER_PROBE,
		                       .session = session_id(session),
		                       .person = person_id(holder),
		                       .name = person_name(holder),
		                       .home = session_home(session) % d->at->edges};
		if (session_face(session) == FACE_PLAIN &&
		    session_route(d->state, session, &probe.route)) {
			probe.has_route = true;
			add(d, &probe);
		}
	}
}

/* Whether the request's name may be had by `person` (NULL: somebody new). If not, refuses. */
static bool name_is_free(struct deciding *d, const struct person *person) {
	struct slice name = d->request->name;
	enum reason reason = reason_of(name_check(name));
	if (reason != REASON_NONE) {
		refuse(d, reason);
		return false;
	}
	const struct person *holder = state_person_named(d->state, name);
	if (holder != NULL && holder != person) {
		add_answer(d, (struct record){.kind = ANSWER_REFUSED,
		                              .reason = REASON_NAME_TAKEN,
		                              .name = name});
		probe(d, holder);
		return false;
	}
	return true;
}

static bool is_banned(struct deciding *d) {
	const struct restriction *ban =
		state_ban_of(d->state, d->request->name, &d->request->route.peer, d->at->now_us);
	if (ban == NULL) {
		return false;
	}
	add_answer(d, (struct record){.kind = ANSWER_REFUSED,
	                              .reason = REASON_BANNED,
	                              .text = ban->why,
	                              .until_us = ban->until_us});
	return true;
}

/* ---- requests of people ---- */

static void rename_sender(struct deciding *d, const struct session *session) {
	struct rooms rooms;
	const struct person *person = person_of(d, session);
	if (!name_is_free(d, person) || is_banned(d)) {
		return;
	}
	follow_home(d, session);
	answer(d, ANSWER_OK);
	struct record entry = {.kind = ENTRY_RENAMED,
	                       .person = person_id(person),
	                       .session = session_id(session),
	                       .name = d->request->name,
	                       .other_name = person_name(person)};
	put_rooms(d, person, &rooms, &entry);
	add_entry(d, entry);
}

static void on_enter(struct deciding *d) {
	const struct session *session = sender(d);
	if (!d->request->has_route) {
		refuse(d, REASON_BAD_ARGUMENT);
		return;
	}
	if (session != NULL) {
		if (name_equal(person_name(person_of(d, session)), d->request->name)) {
			/* A repeated datagram must not hurt. */
			follow_home(d, session);
			answer(d, ANSWER_OK);
		} else {
			rename_sender(d, session);
		}
		return;
	}
	if (!name_is_free(d, NULL) || is_banned(d)) {
		return;
	}
	if (state_people_count(d->state) >= PERSONS_MAX) {
		refuse(d, REASON_FULL);
		return;
	}
	/* The answer first: it is the first datagram that the newcomer gets. */
	answer(d, ANSWER_OK);
	uint64_t seq = d->at->seq_next + d->out->entries;
	add_entry(d, (struct record){.kind = ENTRY_ENTERED,
	                             .person = seq,
	                             .session = seq,
	                             .name = d->request->name,
	                             .room = ROOM_LOBBY,
	                             .face = FACE_PLAIN,
	                             .home = d->request->queue,
	                             .has_route = true,
	                             .route = d->request->route});
}

/* `C name text`: the first word is a name only if it is the sender's own. */
static struct slice without_own_name(struct slice text, struct slice own) {
	const char *blank = memchr(text.bytes, ' ', text.size);
	size_t word = blank == NULL ? text.size : (size_t)(blank - text.bytes);
	if (word == 0 || word > NAME_BYTES_MAX || !name_equal(slice_first(text, word), own)) {
		return text;
	}
	return slice_from(text, word == text.size ? word : word + 1);
}

static bool is_muted(struct deciding *d, struct slice name) {
	const struct restriction *mute = state_mute_of(d->state, name, d->at->now_us);
	if (mute == NULL) {
		return false;
	}
	add_answer(d, (struct record){.kind = ANSWER_REFUSED,
	                              .reason = REASON_MUTED,
	                              .until_us = mute->until_us,
	                              .since_us = d->at->now_us});
	return true;
}

static bool is_sayable(struct deciding *d, struct slice text) {
	if (text.size == 0) {
		refuse(d, REASON_TEXT_EMPTY);
	} else if (text.size > TEXT_BYTES_MAX) {
		add_answer(d, (struct record){.kind = ANSWER_REFUSED,
		                              .reason = REASON_TEXT_TOO_LONG,
		                              .number = TEXT_BYTES_MAX});
	} else if (!utf8_is_valid(text)) {
		refuse(d, REASON_NOT_UTF8);
	} else {
		return true;
	}
	return false;
}

static void on_say(struct deciding *d) {
	const struct session *session = sender(d);
	if (session == NULL) {
		refuse(d, REASON_NOT_ENTERED);
		return;
	}
	const struct person *person = person_of(d, session);
	struct slice text = d->request->text;
	text = text.size == 0 ? text : without_own_name(text, person_name(person));
	if (!is_sayable(d, text) || is_muted(d, person_name(person))) {
		return;
	}
	follow_home(d, session);
	add_entry(d, (struct record){.kind = ENTRY_SAID,
	                             .person = person_id(person),
	                             .session = session_id(session),
	                             .name = person_name(person),
	                             .room = ROOM_LOBBY,
	                             .text = text});
}

static void on_leave(struct deciding *d) {
	const struct session *session = sender(d);
	struct slice name = d->request->name;
	if (session == NULL) {
		/* A repeated Q must not hurt either; but nobody leaves for another. */
		if (name.size > 0 && state_person_named(d->state, name) != NULL) {
			refuse(d, REASON_NOT_YOUR_NAME);
		} else {
			answer(d, ANSWER_EXIT);
		}
		return;
	}
	if (name.size > 0 && !name_equal(name, person_name(person_of(d, session)))) {
		refuse(d, REASON_NOT_YOUR_NAME);
		return;
	}
	answer(d, ANSWER_EXIT);
	end_person(d, ENTRY_LEFT, person_of(d, session), REASON_NONE, slice_of(NULL, 0));
}

/* Its own edge says that nobody is there any more. */
static void on_gone(struct deciding *d) {
	const struct session *session = state_session(d->state, d->request->session);
	if (session == NULL || session_home(session) % d->at->edges != d->request->queue) {
		answer(d, ANSWER_NOTHING);
		return;
	}
	end_person(d, ENTRY_LEFT, person_of(d, session), d->request->reason, slice_of(NULL, 0));
}

static void on_question(struct deciding *d, enum record_kind kind) {
	const struct session *session = sender(d);
	if (session == NULL) {
		refuse(d, REASON_NOT_ENTERED);
		return;
	}
	follow_home(d, session);
	uint64_t number = d->request->number == 0 ? HISTORY_LINES_DEFAULT : d->request->number;
	number = number < HISTORY_LINES_MAX ? number : HISTORY_LINES_MAX;
	add_answer(d, (struct record){.kind = kind,
	                              .number = number,
	                              .room = ROOM_LOBBY,
	                              .session = session_id(session),
	                              .person = session_person(d->state, session)});
}

/* ---- requests of the administrator ---- */

static void done(struct deciding *d, uint64_t number) {
	add_answer(d, (struct record){.kind = ANSWER_DONE, .number = number});
}

static void on_shout(struct deciding *d) {
	if (is_sayable(d, d->request->text)) {
		add_entry(d, (struct record){.kind = ENTRY_SHOUTED, .text = d->request->text});
		done(d, state_people_count(d->state));
	}
}

static bool has_good_why(struct deciding *d) {
	if (d->request->text.size > WHY_BYTES_MAX) {
		add_answer(d, (struct record){.kind = ANSWER_REFUSED,
		                              .reason = REASON_TEXT_TOO_LONG,
		                              .number = WHY_BYTES_MAX});
		return false;
	}
	if (!utf8_is_valid(d->request->text)) {
		refuse(d, REASON_NOT_UTF8);
		return false;
	}
	return true;
}

static void refuse_name(struct deciding *d, enum reason reason) {
	struct slice name = d->request->name;
	name = name.size > NAME_BYTES_MAX || !utf8_is_valid(name) ? slice_of(NULL, 0) : name;
	add_answer(d, (struct record){.kind = ANSWER_REFUSED, .reason = reason, .name = name});
}

static void on_kick(struct deciding *d) {
	const struct person *person = state_person_named(d->state, d->request->name);
	if (person == NULL) {
		refuse_name(d, REASON_NO_SUCH_NAME);
		return;
	}
	if (!has_good_why(d)) {
		return;
	}
	end_person(d, ENTRY_KICKED, person, REASON_KICKED, d->request->text);
	done(d, 1);
}

/* A name that can be restricted, whether or not somebody bears it now. */
static bool is_restrictable(struct deciding *d) {
	struct name_key key;
	if (d->request->name.size > NAME_BYTES_MAX || name_key(d->request->name, &key) != NAME_OK) {
		refuse_name(d, REASON_NAME_INVALID);
		return false;
	}
	return true;
}

/* A hundred years. */
#define MINUTES_MAX (100 * 366 * 24 * 60)

/* What mutes and bans have in common: for how long, why, and whether there is room for one more. */
static bool may_restrict(struct deciding *d, size_t most) {
	if (d->request->number > MINUTES_MAX) {
		refuse(d, REASON_BAD_ARGUMENT);
		return false;
	}
	if (!has_good_why(d)) {
		return false;
	}
	if (state_restrictions_count(d->state) >= most) {
		refuse(d, REASON_FULL);
		return false;
	}
	return true;
}

static uint64_t until(const struct deciding *d) {
	return d->request->number == 0
	               ? 0
	               : d->at->now_us + d->request->number * 60 * (uint64_t)1000000;
}

static void on_mute(struct deciding *d) {
	if (!is_restrictable(d) || !may_restrict(d, MUTES_MAX)) {
		return;
	}
	add_entry(d, (struct record){.kind = ENTRY_MUTED,
	                             .name = d->request->name,
	                             .until_us = until(d),
	                             .text = d->request->text});
	done(d, 1);
}

static void lift(struct deciding *d, const struct restriction *restriction) {
	add_entry(d, (struct record){.kind = restriction->is_mute ? ENTRY_UNMUTED : ENTRY_UNBANNED,
	                             .target = restriction->id,
	                             .name = restriction->name,
	                             .has_net = restriction->has_net,
	                             .net = restriction->net});
}

static void on_unmute(struct deciding *d) {
	const struct restriction *mute = state_mute_of(d->state, d->request->name, d->at->now_us);
	if (mute == NULL) {
		refuse_name(d, REASON_NO_SUCH_NAME);
		return;
	}
	lift(d, mute);
	done(d, 1);
}

static void on_ban(struct deciding *d) {
	bool has_net = d->request->has_net;
	if ((!has_net && !is_restrictable(d)) || !may_restrict(d, BANS_MAX)) {
		return;
	}
	/* Who is present and banned now is ended by the hub's next sweeps. */
	add_entry(d, (struct record){.kind = ENTRY_BANNED,
	                             .until_us = until(d),
	                             .text = d->request->text,
	                             .name = has_net ? slice_of(NULL, 0) : d->request->name,
	                             .has_net = has_net,
	                             .net = d->request->net});
	done(d, 1);
}

static bool is_same_ban(const struct restriction *ban, const struct record *request) {
	if (ban->is_mute || ban->has_net != request->has_net) {
		return false;
	}
	if (!ban->has_net) {
		return name_equal(ban->name, request->name);
	}
	return ban->net.bits == request->net.bits && memcmp(ban->net.ip, request->net.ip, 16) == 0;
}

static void on_unban(struct deciding *d) {
	unsigned lifted = 0;
	for (size_t i = 0; i < state_restrictions_count(d->state) && lifted < DECIDE_SWEEP_MAX;
	     i++) {
		const struct restriction *ban = state_restriction(d->state, i);
		if (is_same_ban(ban, d->request)) {
			lift(d, ban);
			lifted++;
		}
	}
	if (lifted == 0) {
		refuse_name(d, REASON_NO_SUCH_BAN);
		return;
	}
	done(d, lifted);
}

static void on_close(struct deciding *d) {
	if (has_good_why(d)) {
		add_entry(d, (struct record){.kind = ENTRY_CLOSED,
		                             .reason = REASON_CLOSED,
		                             .text = d->request->text});
		done(d, state_people_count(d->state));
	}
}

static void on_check(struct deciding *d) {
	add_answer(d, (struct record){.kind = ANSWER_CHECK, .number = d->request->number});
}

/* ---- the hub's own ---- */

static void on_expire(struct deciding *d) {
	unsigned lifted = 0;
	for (size_t i = 0; i < state_restrictions_count(d->state) && lifted < DECIDE_SWEEP_MAX;
	     i++) {
		const struct restriction *restriction = state_restriction(d->state, i);
		if (restriction->until_us != 0 && restriction->until_us <= d->at->now_us) {
			lift(d, restriction);
			lifted++;
		}
	}
}

static const struct restriction *ban_of(const struct deciding *d, const struct person *person) {
	const struct session *session = NULL;
	const struct restriction *ban = NULL;
	while (ban == NULL && (session = person_session_next(d->state, person, session)) != NULL) {
		struct route route;
		bool has_route = session_route(d->state, session, &route);
		ban = state_ban_of(d->state, person_name(person), has_route ? &route.peer : NULL,
		                   d->at->now_us);
	}
	return ban;
}

static bool sweep_one(void *context, const struct session *session) {
	struct deciding *d = context;
	const struct person *person = person_of(d, session);
	/* Each person once, with its first session. */
	if (person_session_next(d->state, person, NULL) == session) {
		const struct restriction *ban = ban_of(d, person);
		if (ban != NULL) {
			end_person(d, ENTRY_KICKED, person, REASON_BANNED, ban->why);
		}
	}
	return d->out->entries < DECIDE_SWEEP_MAX;
}

static void on_sweep(struct deciding *d) {
	state_sessions_each(d->state, sweep_one, d);
}

/* ---- the table ---- */

enum asker { ANYBODY, ADMINISTRATOR, HUB };

static bool may(const struct circumstances *at, enum asker asker) {
	switch (asker) {
	case ANYBODY: return !at->is_administrator && !at->is_hub;
	case ADMINISTRATOR: return at->is_administrator;
	case HUB: return at->is_hub;
	}
	return false;
}

static void on_who(struct deciding *d) {
	on_question(d, ANSWER_WHO);
}

static void on_history(struct deciding *d) {
	on_question(d, ANSWER_HISTORY);
}

static const struct row {
	uint16_t kind;
	enum asker asker;
	void (*decide)(struct deciding *d);
} rows[] = {
	{REQUEST_SAY, ANYBODY, on_say},           {REQUEST_ENTER, ANYBODY, on_enter},
	{REQUEST_LEAVE, ANYBODY, on_leave},       {REQUEST_GONE, ANYBODY, on_gone},
	{REQUEST_WHO, ANYBODY, on_who},           {REQUEST_HISTORY, ANYBODY, on_history},
	{REQUEST_SHOUT, ADMINISTRATOR, on_shout}, {REQUEST_KICK, ADMINISTRATOR, on_kick},
	{REQUEST_MUTE, ADMINISTRATOR, on_mute},   {REQUEST_UNMUTE, ADMINISTRATOR, on_unmute},
	{REQUEST_BAN, ADMINISTRATOR, on_ban},     {REQUEST_UNBAN, ADMINISTRATOR, on_unban},
	{REQUEST_CLOSE, ADMINISTRATOR, on_close}, {REQUEST_CHECK, ADMINISTRATOR, on_check},
	{REQUEST_EXPIRE, HUB, on_expire},         {REQUEST_SWEEP, HUB, on_sweep},
};

static const struct row *row_of(uint16_t kind) {
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].kind == kind) {
			return &rows[i];
		}
	}
	return NULL;
}

static struct deciding begin(const struct circumstances *at, const struct record *request,
                             struct decision *out) {
	assert(at->now_us >= state_time_us(at->state) && at->seq_next > state_seq(at->state));
	out->size = 0;
	out->entries = out->records = 0;
	return (struct deciding){.at = at, .state = at->state, .request = request, .out = out};
}

void decide(const struct circumstances *at, const struct record *request, struct decision *out) {
	struct deciding d = begin(at, request, out);
	const struct row *row = row_of(request->kind);
	if (row == NULL) {
		refuse(&d, REASON_BAD_ARGUMENT);
	} else if (!may(at, row->asker)) {
		refuse(&d, REASON_NOT_PERMITTED);
	} else {
		row->decide(&d);
	}
	if (out->records == 0) {
		answer(&d, ANSWER_NOTHING);
	}
	seal(&d);
}

void decide_poisoned(const struct circumstances *at, const struct record *request,
                     struct decision *out) {
	struct deciding d = begin(at, request, out);
	refuse(&d, REASON_POISONED);
	seal(&d);
}

bool decision_next(const struct decision *decision, size_t *offset, struct record *record,
                   const void **bytes, size_t *size) {
	if (*offset >= decision->size) {
		return false;
	}
	*bytes = decision->bytes + *offset;
	*size = record_decode(record, *bytes, decision->size - *offset);
	assert(*size > 0);
	*offset += *size;
	return true;
}
