#include "decide.h"

#include <assert.h>
#include <string.h>

#include "decide_inner.h"
#include "limits.h"
#include "name.h"
#include "utf8.h"

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

uint64_t next_seq(const struct deciding *d) {
	return d->at->seq_next + d->out->entries;
}

uint64_t add_entry(struct deciding *d, struct record entry) {
	entry.seq = next_seq(d);
	d->out->entries++;
	add(d, &entry);
	return entry.seq;
}

void add_answer(struct deciding *d, struct record answer) {
	answer.has_route = d->request->has_route;
	answer.route = d->request->route;
	answer.connection = d->request->connection;
	if (answer.kind == ANSWER_REFUSED && answer.connection.generation != 0) {
		/* Which of a connection's requests it was. */
		answer.session = d->request->session;
		answer.target = d->request->kind;
	}
	add(d, &answer);
}

void answer(struct deciding *d, enum record_kind kind) {
	add_answer(d, (struct record){.kind = kind});
}

void refuse(struct deciding *d, enum reason reason) {
	add_answer(d, (struct record){.kind = ANSWER_REFUSED, .reason = reason});
}

/*
 * An answer may be given once everything up to its seq is kept; so all answers
 * of a request bear the seq of the last entry that the request made. And a
 * connection hears which record is the last.
 */
static void seal(struct deciding *d) {
	uint64_t seq = d->at->seq_next + d->out->entries - 1;
	size_t last = 0;
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
		last = at;
		at += size;
	}
	if (d->request->connection.generation != 0) {
		d->out->bytes[last + 7] |= RECORD_IS_LAST;
	}
}

/* ---- whom it is about ---- */

const struct person *person_of(const struct deciding *d, const struct session *session) {
	return state_person(d->state, session_person(d->state, session));
}

void put_rooms(const struct deciding *d, const struct person *person, struct rooms *rooms,
               struct record *entry) {
	size_t count = person_rooms(d->state, person, rooms->ids, ROOMS_PER_PERSON_MAX);
	assert(count <= ROOMS_PER_PERSON_MAX);
	entry->room = count > 0 ? rooms->ids[0] : 0;
	if (count > 1) {
		entry->more_rooms = slice_of((const char *)&rooms->ids[1], (count - 1) * 8);
	}
}

void let_go(struct deciding *d, enum record_kind kind, const struct person *person,
            enum reason reason, struct slice why) {
	let_go_by(d, kind, person, reason, why, NULL);
}

void let_go_by(struct deciding *d, enum record_kind kind, const struct person *person,
               enum reason reason, struct slice why, const struct person *by) {
	struct rooms rooms;
	const struct session *session = person_session_next(d->state, person, NULL);
	struct record entry = {.kind = kind,
	                       .person = person_id(person),
	                       .session = session == NULL ? 0 : session_id(session),
	                       .name = person_name(person),
	                       .reason = reason,
	                       .text = why,
	                       .target = by == NULL ? 0 : person_id(by),
	                       .by = by == NULL ? slice_of(NULL, 0) : person_name(by),
	                       .userhost = person_userhost(d->state, person),
	                       .bits = person_bits(d->state, person)};
	if (entry.session == d->request->session) {
		entry.client_number = d->request->client_number;
	}
	put_rooms(d, person, &rooms, &entry);
	add_entry(d, entry);
}

/* ---- what is allowed ---- */

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

struct trouble check_name(const struct deciding *d, const struct person *person,
                          struct slice name) {
	enum reason reason = reason_of(name_check(name));
	if (reason != REASON_NONE) {
		return (struct trouble){.reason = reason};
	}
	const struct person *holder = state_person_named(d->state, name);
	if (holder != NULL && holder != person) {
		return (struct trouble){.reason = REASON_NAME_TAKEN, .name = name};
	}
	/* Who has it now may keep it, and who has shown that it is its own may have it. */
	bool is_own = holder != NULL || (d->request->bits & PERSON_HAS_ACCOUNT) != 0;
	if (!is_own && state_account_named(d->state, name) != 0) {
		return (struct trouble){.reason = REASON_NAME_REGISTERED, .name = name};
	}
	if (!is_own && name_has_separator(name)) {
		return (struct trouble){.reason = REASON_NAME_INVALID};
	}
	struct slice like = is_own ? slice_of(NULL, 0) : state_account_like(d->state, name);
	return (struct trouble){.reason = like.size > 0 ? REASON_LOOKS_LIKE : REASON_NONE,
	                        .text = like};
}

/* The holder's own edge asks, if it is a member without a session of which it is known. */
void probe_holder(struct deciding *d, struct slice name) {
	const struct person *holder = state_person_named(d->state, name);
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

void refuse_for(struct deciding *d, struct trouble trouble) {
	add_answer(d,
	           (struct record){.kind = ANSWER_REFUSED,
	                           .reason = trouble.reason,
	                           .number = trouble.number,
	                           .until_us = trouble.until_us,
	                           .since_us = trouble.reason == REASON_MUTED ? d->at->now_us : 0,
	                           .name = trouble.name,
	                           .text = trouble.text});
	if (trouble.reason == REASON_NAME_TAKEN) {
		probe_holder(d, trouble.name);
	}
}

struct trouble check_muted(const struct deciding *d, struct slice name) {
	const struct restriction *mute = state_mute_of(d->state, name, d->at->now_us);
	if (mute == NULL) {
		return (struct trouble){0};
	}
	return (struct trouble){.reason = REASON_MUTED, .until_us = mute->until_us};
}

struct trouble check_text(struct slice text) {
	if (text.size == 0) {
		return (struct trouble){.reason = REASON_TEXT_EMPTY};
	}
	if (text.size > TEXT_BYTES_MAX) {
		return (struct trouble){.reason = REASON_TEXT_TOO_LONG, .number = TEXT_BYTES_MAX};
	}
	return (struct trouble){.reason = utf8_is_valid(text) ? REASON_NONE : REASON_NOT_UTF8};
}

struct trouble check_why(struct slice why) {
	if (why.size > WHY_BYTES_MAX) {
		return (struct trouble){.reason = REASON_TEXT_TOO_LONG, .number = WHY_BYTES_MAX};
	}
	return (struct trouble){.reason = utf8_is_valid(why) ? REASON_NONE : REASON_NOT_UTF8};
}

bool make_place(struct deciding *d) {
	size_t people = state_people_count(d->state);
	if (people + state_dormant_count(d->state) < PERSONS_MAX) {
		return true;
	}
	const struct session *oldest = state_dormant_next(d->state, NULL);
	if (oldest == NULL) {
		return false;
	}
	add_entry(d, (struct record){.kind = ENTRY_FORGOTTEN,
	                             .session = session_id(oldest),
	                             .person = session_person(d->state, oldest),
	                             .reason = REASON_FULL});
	return true;
}

/* ---- the table ---- */

enum asker { ANYBODY, ADMINISTRATOR, EITHER, HUB };

static bool may(const struct circumstances *at, enum asker asker) {
	switch (asker) {
	case ANYBODY: return !at->is_administrator && !at->is_hub;
	case ADMINISTRATOR: return at->is_administrator;
	case EITHER: return !at->is_hub;
	case HUB: return at->is_hub;
	}
	return false;
}

static const struct row {
	uint16_t kind;
	enum asker asker;
	decide_kind *decide;
} rows[] = {
	{REQUEST_SAY, ANYBODY, decide_say},
	{REQUEST_ENTER, ANYBODY, decide_enter},
	{REQUEST_LEAVE, ANYBODY, decide_leave},
	{REQUEST_GONE, ANYBODY, decide_gone},
	{REQUEST_WHO, ANYBODY, decide_who},
	{REQUEST_HISTORY, ANYBODY, decide_history},
	{REQUEST_OPEN, ANYBODY, decide_open},
	{REQUEST_RESUME, ANYBODY, decide_resume},
	{REQUEST_JOIN, ANYBODY, decide_join},
	{REQUEST_PART, ANYBODY, decide_part},
	{REQUEST_DIRECT, ANYBODY, decide_direct},
	{REQUEST_RENAME, ANYBODY, decide_rename},
	{REQUEST_UNFIT, ANYBODY, decide_unfit},
	{REQUEST_ABSENT, ANYBODY, decide_absent},
	{REQUEST_REGISTER, ANYBODY, decide_register},
	{REQUEST_TOPIC, ANYBODY, decide_topic},
	{REQUEST_MODE, ANYBODY, decide_mode},
	{REQUEST_PUT_OUT, ANYBODY, decide_put_out},
	{REQUEST_INVITE, ANYBODY, decide_invite},
	{REQUEST_RENAME_ROOM, ANYBODY, decide_rename_room},
	{REQUEST_AWAY, ANYBODY, decide_away},
	{REQUEST_PROFILE, ANYBODY, decide_profile},
	{REQUEST_TAGMSG, ANYBODY, decide_tagmsg},
	{REQUEST_REDACT, ANYBODY, decide_redact},
	{REQUEST_RELAY, ANYBODY, decide_relay},
	{REQUEST_KILL, ANYBODY, decide_kill},
	{REQUEST_WALLOPS, ANYBODY, decide_wallops},
	{REQUEST_ORPHANS, ANYBODY, decide_orphans},
	{REQUEST_MARK, ANYBODY, decide_mark},
	{REQUEST_SET_METADATA, ANYBODY, decide_set_metadata},
	{REQUEST_ACCOUNT_MADE, EITHER, decide_account_made},
	{REQUEST_ACCOUNT_ENDED, EITHER, decide_account_ended},
	{REQUEST_ACCOUNT_SET, EITHER, decide_account_set},
	{REQUEST_ERASE, ADMINISTRATOR, decide_erase},
	{REQUEST_READ_UP_TO, ANYBODY, decide_read_up_to},
	{REQUEST_FOUNDER, ANYBODY, decide_founder},
	{REQUEST_STANDING, ANYBODY, decide_standing},
	{REQUEST_GHOST, ANYBODY, decide_ghost},
	{REQUEST_SHOUT, EITHER, decide_shout},
	{REQUEST_KICK, ADMINISTRATOR, decide_kick},
	{REQUEST_MUTE, ADMINISTRATOR, decide_mute},
	{REQUEST_UNMUTE, ADMINISTRATOR, decide_unmute},
	{REQUEST_BAN, EITHER, decide_ban},
	{REQUEST_UNBAN, EITHER, decide_unban},
	{REQUEST_SERVER_SET, EITHER, decide_server_set},
	{REQUEST_CLOSE, ADMINISTRATOR, decide_close},
	{REQUEST_CHECK, ADMINISTRATOR, decide_check},
	{REQUEST_EXPIRE, HUB, decide_expire},
	{REQUEST_SWEEP, HUB, decide_sweep},
	{REQUEST_FORGET, HUB, decide_forget},
	{REQUEST_END_ROOMS, HUB, decide_end_rooms},
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
	if (!decide_poisoned_message(&d)) {
		refuse(&d, REASON_POISONED);
	}
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
