/* The server: what it makes of messages, and what it answers. */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link_server_inner.h"
#include "record.h"

/* ---- messages ---- */

struct sim_session *sim_named(struct sim *sim, const char *name) {
	for (size_t i = 0; i < sim->sessions_count; i++) {
		if (sim->sessions[i].is_present && strcmp(sim->sessions[i].name, name) == 0) {
			return &sim->sessions[i];
		}
	}
	return NULL;
}

static struct sim_entry *refuse(struct sim *sim, struct sim_session *session, unsigned reason) {
	struct sim_entry *logged =
		sim_append(sim, ENTRY_REFUSED, session->person, "", 0, slice_from_string("why"));
	logged->only_session = session->id;
	logged->entry.reason = reason;
	logged->entry.target = 77;
	return logged;
}

static struct sim_entry *decide_join(struct sim *sim, struct sim_session *session,
                                     const char *name) {
	uint64_t room = 1;
	while (room <= SIM_ROOMS && sim->room_names[room][0] != '\0' &&
	       strcmp(sim->room_names[room], name) != 0) {
		room++;
	}
	if (room > SIM_ROOMS || name[0] != '#') {
		return refuse(sim, session, REASON_ROOM_NAME_INVALID);
	}
	snprintf(sim->room_names[room], sizeof sim->room_names[room], "%.60s", name);
	struct sim_entry *logged = sim_append(sim, ENTRY_JOINED, session->person, session->name,
	                                      room, slice_of(NULL, 0));
	sim_set_other(logged, sim->room_names[room]);
	session->rooms[room] = true;
	session->since[room] = logged->entry.seq;
	return logged;
}

static struct sim_entry *decide_direct(struct sim *sim, struct sim_session *session,
                                       struct wire_in *in) {
	char name[100];
	struct slice to = wire_get_string(in);
	snprintf(name, sizeof name, "%.*s", (int)to.size, to.bytes);
	struct sim_session *receiver = sim_named(sim, name);
	if (receiver == NULL) {
		return refuse(sim, session, REASON_NO_SUCH_NAME);
	}
	struct sim_entry *logged = sim_append(sim, ENTRY_DIRECT, session->person, session->name,
	                                      9000, wire_get_rest(in));
	logged->entry.target = receiver->person;
	logged->only_session = session->id;
	logged->only_session_2 = receiver->id;
	sim_set_other(logged, receiver->name);
	return logged;
}

static struct sim_entry *decide_rename(struct sim *sim, struct sim_session *session,
                                       const char *name) {
	if (sim_named(sim, name) != NULL) {
		return refuse(sim, session, REASON_NAME_TAKEN);
	}
	struct sim_entry *logged =
		sim_append(sim, ENTRY_RENAMED, session->person, name, 1, slice_of(NULL, 0));
	sim_set_other(logged, session->name);
	sim_set_rooms(logged, session);
	snprintf(session->name, sizeof session->name, "%s", name);
	return logged;
}

static struct sim_entry *decide_leave(struct sim *sim, struct sim_session *session) {
	struct sim_entry *logged =
		sim_append(sim, ENTRY_LEFT, session->person, session->name, 1, slice_of(NULL, 0));
	sim_set_rooms(logged, session);
	session->is_present = false;
	return logged;
}

static struct sim_entry *decide(struct sim *sim, struct sim_session *session, uint8_t kind,
                                struct slice bytes) {
	char word[100];
	struct wire_in in = wire_in_at(bytes);
	snprintf(word, sizeof word, "%.*s", (int)(bytes.size < 99 ? bytes.size : 99), bytes.bytes);
	switch (kind) {
	case MESSAGE_JOIN: return decide_join(sim, session, word);
	case MESSAGE_RENAME: return decide_rename(sim, session, word);
	case MESSAGE_LEAVE: return decide_leave(sim, session);
	case MESSAGE_DIRECT: return decide_direct(sim, session, &in);
	default: break;
	}
	uint64_t room = wire_get_varint(&in);
	struct slice text = wire_get_rest(&in);
	if (in.is_bad || room > SIM_ROOMS || !session->rooms[room]) {
		return refuse(sim, session, REASON_NOT_IN_ROOM);
	}
	if (kind == MESSAGE_PART) {
		struct sim_entry *logged =
			sim_append(sim, ENTRY_PARTED, session->person, session->name, room, text);
		session->rooms[room] = false;
		session->until[room] = logged->entry.seq;
		return logged;
	}
	if (slice_equal(text, slice_from_string("vanish"))) {
		return NULL;
	}
	if (slice_equal(text, slice_from_string("refuse"))) {
		return refuse(sim, session, REASON_MUTED);
	}
	return sim_append(sim, ENTRY_SAID, session->person, session->name, room, text);
}

static void keep(struct sim *sim, struct sim_session *session, const struct wire_talk *talk) {
	struct sim_entry *logged =
		decide(sim, session, talk->kind,
	               slice_of((const char *)session->piece_bytes, (size_t)talk->total));
	session->number = talk->number;
	session->kept_seq = sim->next_seq;
	if (logged != NULL) {
		logged->entry.number = talk->number;
	}
	session->piece_number = 0;
}

bool sim_on_message(struct sim *sim, struct sim_session *session, const struct wire_talk *talk) {
	assert(talk->total <= sizeof session->piece_bytes);
	if (talk->number != session->number + 1) {
		return talk->number <= session->number;
	}
	if (session->piece_number != talk->number) {
		session->piece_number = talk->number;
		session->piece_there = 0;
		memset(session->piece_is_there, 0, sizeof session->piece_is_there);
	}
	for (size_t i = 0; i < talk->bytes.size; i++) {
		size_t at = (size_t)talk->offset + i;
		session->piece_there += session->piece_is_there[at] == 0;
		session->piece_is_there[at] = 1;
		session->piece_bytes[at] = (uint8_t)talk->bytes.bytes[i];
	}
	if (session->piece_there == talk->total) {
		keep(sim, session, talk);
		return true;
	}
	return false;
}

/* ---- questions ---- */

struct answer {
	struct wire_out pages[8];
	uint8_t bytes[8][WIRE_TALK_BODY_BYTES_MAX];
	uint8_t kind;
	size_t count;
};

static void begin_page(struct answer *answer, uint64_t seq, uint64_t connected, uint64_t absent,
                       bool has_more) {
	struct wire_out *page = &answer->pages[answer->count];
	*page = wire_out_at(answer->bytes[answer->count++], 1000);
	if (answer->kind == ASK_WHO || answer->kind == ASK_ROOMS) {
		wire_put_varint(page, seq);
	}
	if (answer->kind == ASK_WHO) {
		wire_put_varint(page, connected);
		wire_put_varint(page, absent);
	}
	wire_put_u8(page, has_more);
}

/* Who is there, from the log alone. */
static size_t people_of(struct sim *sim, uint64_t room, uint64_t after, uint64_t *people,
                        const char **names, size_t max) {
	size_t count = 0;
	for (size_t i = 0; i < sim->log_count; i++) {
		const struct sim_entry *e = &sim->log[i];
		bool is_here = false;
		size_t at = 0;
		for (size_t j = 0; j < e->entry.rooms_count; j++) {
			is_here = is_here || e->rooms[j] == room;
		}
		while (at < count && people[at] < e->entry.person) {
			at++;
		}
		bool is_known = at < count && people[at] == e->entry.person;
		bool comes = e->entry.kind == ENTRY_ENTERED || e->entry.kind == ENTRY_JOINED;
		bool goes = e->entry.kind == ENTRY_LEFT || e->entry.kind == ENTRY_PARTED;
		if (!is_here || e->entry.person <= after) {
			continue;
		}
		if (comes && !is_known && count < max) {
			memmove(&people[at + 1], &people[at], (count - at) * sizeof *people);
			memmove(&names[at + 1], &names[at], (count - at) * sizeof *names);
			people[at] = e->entry.person;
			names[at] = e->name;
			count++;
		} else if (goes && is_known) {
			count--;
			memmove(&people[at], &people[at + 1], (count - at) * sizeof *people);
			memmove(&names[at], &names[at + 1], (count - at) * sizeof *names);
		} else if (e->entry.kind == ENTRY_RENAMED && is_known) {
			names[at] = e->name;
		}
	}
	return count;
}

static void answer_who(struct sim *sim, struct answer *answer, uint64_t room, uint64_t after) {
	static uint64_t people[1024];
	static const char *names[1024];
	size_t all = people_of(sim, room, 0, people, names, 1000);
	size_t count = people_of(sim, room, after, people, names, 1000);
	bool has_more = count > 24;
	count = has_more ? 24 : count;
	for (size_t i = 0; i < count || answer->count == 0; i++) {
		if (i % 6 == 0) {
			begin_page(answer, sim->next_seq, all, 0, has_more);
		}
		if (i < count) {
			struct wire_out *page = &answer->pages[answer->count - 1];
			wire_put_varint(page, people[i]);
			wire_put_u8(page, 0);
			wire_put_string(page, slice_from_string(names[i]));
		}
	}
}

static void answer_rooms(struct sim *sim, struct sim_session *session, struct answer *answer) {
	begin_page(answer, sim->next_seq, 0, 0, false);
	for (uint64_t room = 1; room <= SIM_ROOMS; room++) {
		if (sim->room_names[room][0] != '\0') {
			struct wire_out *page = &answer->pages[0];
			wire_put_varint(page, room);
			wire_put_varint(page, 1);
			wire_put_u8(page, session->rooms[room]);
			wire_put_string(page, slice_from_string(sim->room_names[room]));
		}
	}
}

static bool holds(struct slice text, struct slice word) {
	return word.size == 0 ||
	       (text.size >= word.size && memmem(text.bytes, text.size, word.bytes, word.size));
}

static void answer_lines(struct sim *sim, struct answer *answer, struct wire_in *in) {
	uint64_t room = wire_get_varint(in), seq = wire_get_varint(in);
	size_t lines = wire_get_u8(in), first = sim->log_count, found = 0;
	struct slice word = wire_get_rest(in);
	while (first > 0 && found < lines) {
		const struct sim_entry *e = &sim->log[--first];
		found += e->entry.seq < seq && e->rooms[0] == room && e->entry.kind == ENTRY_SAID &&
		         holds(e->entry.text, word);
	}
	bool has_more = first > 0;
	for (; first < sim->log_count; first++) {
		const struct sim_entry *e = &sim->log[first];
		if (e->entry.seq >= seq || e->rooms[0] != room || e->entry.kind != ENTRY_SAID ||
		    !holds(e->entry.text, word)) {
			continue;
		}
		struct wire_out *page =
			answer->count == 0 ? NULL : &answer->pages[answer->count - 1];
		if (page == NULL || page->size + sim_item_bytes(e) > page->room) {
			begin_page(answer, 0, 0, 0, has_more);
			page = &answer->pages[answer->count - 1];
		}
		sim_put_item(page, e);
	}
	if (answer->count == 0) {
		begin_page(answer, 0, 0, 0, has_more);
	}
}

void sim_on_ask(struct sim *sim, struct sim_session *session, const struct wire_talk *talk) {
	struct answer answer = {.kind = talk->kind};
	struct wire_in in = wire_in_at(talk->bytes);
	sim->asked++;
	if (sim->is_teasing && (talk->kind == ASK_WHO || talk->kind == ASK_ROOMS)) {
		begin_page(&answer, sim->next_seq, 7, 0, true);
	} else if (talk->kind == ASK_WHO) {
		uint64_t room = wire_get_varint(&in);
		answer_who(sim, &answer, room, wire_get_varint(&in));
	} else if (talk->kind == ASK_ROOMS) {
		answer_rooms(sim, session, &answer);
	} else {
		answer_lines(sim, &answer, &in);
	}
	for (size_t i = 0; i < answer.count; i++) {
		uint8_t bytes[WIRE_TALK_BODY_BYTES_MAX];
		struct wire_out out = wire_out_at(bytes, sizeof bytes);
		wire_put_frame(&out,
		               &(struct wire_talk){.frame = FRAME_ANSWER,
		                                   .number = talk->number,
		                                   .page = (uint8_t)i,
		                                   .pages = (uint8_t)answer.count,
		                                   .kind = talk->kind,
		                                   .bytes = wire_out_slice(&answer.pages[i])});
		sim_send_packet(sim, session, WIRE_TALK, 0, 0, &out);
	}
}
