/* The server: its log, and how it gets to the clients. */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link_server_inner.h"
#include "record.h"

#define REPEAT_US 250000
#define PART_BYTES 1000

/* ---- the log ---- */

struct sim_entry *sim_append(struct sim *sim, unsigned kind, uint64_t person, const char *name,
                             uint64_t room, struct slice text) {
	assert(sim->log_count < SIM_LOG_MAX);
	struct sim_entry *logged = &sim->log[sim->log_count++];
	*logged = (struct sim_entry){.text = malloc(text.size + 1)};
	assert(logged->text != NULL);
	sim->next_seq += 1 + (sim_random(sim, 4) == 0);
	snprintf(logged->name, sizeof logged->name, "%s", name);
	if (text.size > 0) {
		memcpy(logged->text, text.bytes, text.size);
	}
	logged->rooms[0] = room;
	logged->entry = (struct wire_entry){.kind = kind,
	                                    .seq = sim->next_seq,
	                                    .time_ms = sim->now_us / 1000,
	                                    .person = person,
	                                    .room = room,
	                                    .rooms_count = room != 0,
	                                    .text = slice_of(logged->text, text.size)};
	return logged;
}

void sim_set_other(struct sim_entry *logged, const char *other) {
	snprintf(logged->other, sizeof logged->other, "%s", other);
}

void sim_set_rooms(struct sim_entry *logged, const struct sim_session *session) {
	logged->entry.rooms_count = 0;
	for (uint64_t room = 1; room <= SIM_ROOMS; room++) {
		if (session->rooms[room]) {
			logged->rooms[logged->entry.rooms_count++] = room;
		}
	}
	logged->entry.room = logged->rooms[0];
}

uint64_t sim_say(struct sim *sim, const char *name, uint64_t room, struct slice text) {
	return sim_append(sim, ENTRY_SAID, 5, name, room, text)->entry.seq;
}

uint64_t sim_come(struct sim *sim, uint64_t person, const char *name, uint64_t room) {
	struct sim_entry *logged = sim_append(sim, room == 1 ? ENTRY_ENTERED : ENTRY_JOINED, person,
	                                      name, room, slice_of(NULL, 0));
	sim_set_other(logged, sim->room_names[room]);
	return logged->entry.seq;
}

uint64_t sim_go(struct sim *sim, uint64_t person, uint64_t room) {
	return sim_append(sim, room == 1 ? ENTRY_LEFT : ENTRY_PARTED, person, "gone", room,
	                  slice_of(NULL, 0))
	        ->entry.seq;
}

static bool concerns(const struct sim_session *session, const struct sim_entry *logged) {
	if (logged->only_session != 0) {
		return logged->only_session == session->id || logged->only_session_2 == session->id;
	}
	for (size_t i = 0; i < logged->entry.rooms_count; i++) {
		uint64_t room = logged->rooms[i], seq = logged->entry.seq;
		if (session->since[room] != 0 && session->since[room] <= seq &&
		    (session->rooms[room] || seq <= session->until[room])) {
			return true;
		}
	}
	return logged->entry.person == session->person;
}

static struct wire_entry as_wire(const struct sim_entry *logged) {
	struct wire_entry entry = logged->entry;
	entry.name = slice_from_string(logged->name);
	entry.other = slice_from_string(logged->other);
	entry.rooms = slice_of((const char *)&logged->rooms[1],
	                       entry.rooms_count > 1 ? 8 * (entry.rooms_count - 1) : 0);
	return entry;
}

/* ---- LOGs ---- */

void sim_send_packet(struct sim *sim, struct sim_session *session, uint8_t type, uint64_t from,
                     uint64_t to, const struct wire_out *body) {
	uint8_t out[WIRE_DATAGRAM_BYTES_MAX];
	struct wire_head head = {.type = type,
	                         .session = session->id,
	                         .connection = session->connection,
	                         .packet = session->next_packet++,
	                         .from = from,
	                         .to = to};
	assert(!body->is_full);
	size_t size =
		wire_write_datagram(&head, wire_out_slice(body), &session->connection_key, out);
	assert(size > 0);
	sim_send_to_client(sim, session->address, out, size);
}

/* The index of the first entry whose seq is larger. */
static size_t index_behind(const struct sim *sim, uint64_t seq) {
	size_t low = 0, high = sim->log_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (sim->log[middle].entry.seq <= seq) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static struct sim_entry *entry_at(struct sim *sim, uint64_t seq) {
	return &sim->log[index_behind(sim, seq - 1)];
}

void sim_put_item(struct wire_out *out, const struct sim_entry *logged) {
	uint8_t bytes[16384];
	struct wire_entry entry = as_wire(logged);
	struct wire_out one = wire_out_at(bytes, sizeof bytes);
	wire_put_entry(&one, &entry);
	wire_put_u8(out, ITEM_ENTRY);
	wire_put_string(out, wire_out_slice(&one));
}

static void send_unit(struct sim *sim, struct sim_session *session, struct sim_unit *unit) {
	uint8_t body[WIRE_LOG_BODY_BYTES_MAX], whole[16384];
	struct wire_out out = wire_out_at(body, sizeof body);
	unit->is_lost = false;
	unit->sent_us = sim->now_us;
	unit->packet = session->next_packet;
	if (unit->to <= sim->forgotten) {
		wire_put_u8(&out, ITEM_GAP);
	} else if (unit->size > 0) {
		struct wire_out one = wire_out_at(whole, sizeof whole);
		struct wire_entry entry = as_wire(entry_at(sim, unit->to));
		wire_put_entry(&one, &entry);
		wire_put_u8(&out, ITEM_PART);
		wire_put_varint(&out, unit->to);
		wire_put_varint(&out, one.size);
		wire_put_varint(&out, unit->offset);
		wire_put_bytes(&out, whole + unit->offset, unit->size);
	} else {
		for (size_t i = index_behind(sim, unit->from);
		     i < sim->log_count && sim->log[i].entry.seq <= unit->to; i++) {
			if (concerns(session, &sim->log[i])) {
				sim_put_item(&out, &sim->log[i]);
			}
		}
	}
	sim_send_packet(sim, session, WIRE_LOG, unit->from, unit->to, &out);
}

static struct sim_unit *free_unit(struct sim_session *session) {
	for (size_t i = 0; i < SIM_UNITS; i++) {
		if (!session->units[i].is_used) {
			return &session->units[i];
		}
	}
	return NULL;
}

static bool put_unit(struct sim *sim, struct sim_session *session, uint64_t from, uint64_t to,
                     size_t offset, size_t size) {
	struct sim_unit *unit = free_unit(session);
	if (unit == NULL) {
		return false;
	}
	*unit = (struct sim_unit){
		.is_used = true, .from = from, .to = to, .offset = offset, .size = size};
	send_unit(sim, session, unit);
	return true;
}

static size_t units_free(const struct sim_session *session) {
	size_t count = 0;
	for (size_t i = 0; i < SIM_UNITS; i++) {
		count += !session->units[i].is_used;
	}
	return count;
}

size_t sim_item_bytes(const struct sim_entry *logged) {
	uint8_t bytes[16384];
	struct wire_out out = wire_out_at(bytes, sizeof bytes);
	sim_put_item(&out, logged);
	return out.size;
}

/* The next range behind sent_to; entries that are too long alone, in parts. */
static bool cut_next(struct sim *sim, struct sim_session *session) {
	uint64_t from = session->sent_to, to = from;
	size_t size = 0;
	if (from < sim->forgotten) {
		session->sent_to = sim->forgotten;
		return put_unit(sim, session, from, sim->forgotten, 0, 0);
	}
	for (size_t i = index_behind(sim, from); i < sim->log_count; i++) {
		struct sim_entry *logged = &sim->log[i];
		size_t bytes = concerns(session, logged) ? sim_item_bytes(logged) : 0;
		if (bytes > WIRE_LOG_BODY_BYTES_MAX && size == 0) {
			uint64_t seq = logged->entry.seq;
			if (units_free(session) < bytes / PART_BYTES + 1) {
				return false;
			}
			size_t total = bytes - 1 - wire_varint_bytes(bytes - 3);
			for (size_t at = 0; at < total; at += PART_BYTES) {
				size_t left = total - at;
				put_unit(sim, session, to, seq, at,
				         left < PART_BYTES ? left : PART_BYTES);
			}
			session->sent_to = seq;
			return true;
		}
		if (size > 0 && size + bytes > 700 + sim_random(sim, 400)) {
			break;
		}
		size += bytes;
		to = logged->entry.seq;
	}
	session->sent_to = to;
	return to > from && put_unit(sim, session, from, to, 0, 0);
}

void sim_pump(struct sim *sim, struct sim_session *session) {
	for (size_t i = 0; i < SIM_UNITS; i++) {
		struct sim_unit *unit = &session->units[i];
		bool is_late = sim->now_us >= unit->sent_us + REPEAT_US;
		if (unit->is_used && (unit->is_lost || is_late)) {
			send_unit(sim, session, unit);
		}
	}
	for (int burst = 0; burst < 8 && units_free(session) > SIM_UNITS / 2; burst++) {
		if (!cut_next(sim, session)) {
			break;
		}
	}
}

void sim_on_ack(struct sim_session *session, const struct wire_ack *ack) {
	session->acked = ack->seq > session->acked ? ack->seq : session->acked;
	for (size_t i = 0; i < SIM_UNITS; i++) {
		struct sim_unit *unit = &session->units[i];
		for (size_t j = 0; unit->is_used && j < ack->count; j++) {
			if (unit->packet >= ack->ranges[j].first &&
			    unit->packet <= ack->ranges[j].last) {
				unit->is_used = false;
			}
		}
		if (unit->is_used && unit->packet + 3 <= ack->ranges[0].last) {
			unit->is_lost = true;
		}
	}
}
