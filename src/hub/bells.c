#include "bells.h"

#include <string.h>

/* Everyone is woken now and then, whatever concerns them, so that nobody falls behind the ring. */
#define RECORDS_BETWEEN_BELLS 4096

void bells_begin(struct bells *bells, struct house *house, const struct state *state) {
	*bells = (struct bells){.house = house, .state = state, .position = ring_end(house->ring)};
}

static void ring_home(struct bells *bells, uint16_t home) {
	bells->must_ring[PROCESS_EDGE_0 + home % bells->house->options->edges] = true;
}

static void ring_all_edges(struct bells *bells) {
	for (uint16_t i = 0; i < bells->house->options->edges; i++) {
		ring_home(bells, i);
	}
}

static void ring_room(struct bells *bells, uint64_t room) {
	for (uint64_t homes = state_room_homes(bells->state, room); homes != 0;
	     homes &= homes - 1) {
		ring_home(bells, (uint16_t)__builtin_ctzll(homes));
	}
}

/* Who serves the session that an entry is about, or came from: it is told what became of it. */
static void ring_session(struct bells *bells, uint64_t id) {
	const struct session *session = id != 0 ? state_session(bells->state, id) : NULL;
	if (session != NULL) {
		ring_home(bells, session_home(session));
	}
}

static void ring_person(struct bells *bells, uint64_t id) {
	const struct person *person = state_person(bells->state, id);
	const struct session *session = NULL;
	while (person != NULL &&
	       (session = person_session_next(bells->state, person, session)) != NULL) {
		ring_home(bells, session_home(session));
	}
}

/* Whoever sees it: what it is stands in no room's entries. */
static void ring_rooms_of(struct bells *bells, uint64_t id) {
	uint64_t rooms[ROOMS_PER_PERSON_MAX];
	const struct person *person = state_person(bells->state, id);
	size_t count = person == NULL
	                       ? 0
	                       : person_rooms(bells->state, person, rooms, ROOMS_PER_PERSON_MAX);
	for (size_t i = 0; i < count && i < ROOMS_PER_PERSON_MAX; i++) {
		ring_room(bells, rooms[i]);
	}
}

/* Does somebody come, go, or become something, whom people may watch by name? */
static bool becomes_of_people(const struct record *entry) {
	switch (entry->kind) {
	case ENTRY_ENTERED:
	case ENTRY_LEFT:
	case ENTRY_KICKED:
	case ENTRY_RENAMED:
	case ENTRY_ATTACHED:
	case ENTRY_DETACHED:
	case ENTRY_AWAY:
	case ENTRY_PROFILE:
	case ENTRY_ACCOUNT_ENDED: return true;
	default: return false;
	}
}

/* Asked after the batch is published: an edge that begins to watch only now looks for itself. */
static void note_watchers(struct bells *bells) {
	atomic_thread_fence(memory_order_seq_cst);
	for (uint16_t i = 0; i < bells->house->options->edges; i++) {
		const struct board *edge = bells->house->boards[PROCESS_EDGE_0 + i];
		if (edge != NULL &&
		    atomic_load_explicit(&edge->watches, memory_order_relaxed) > 0) {
			ring_home(bells, i);
		}
	}
	bells->must_ring_watchers = false;
}

/* Wherever its person is connected; and the one that it is for. */
static void ring_whom(struct bells *bells, const struct record *entry) {
	if (entry->person != 0) {
		ring_person(bells, entry->person);
	} else {
		ring_session(bells, entry->session);
	}
	if (entry->kind == ENTRY_DIRECT || entry->kind == ENTRY_TAGGED ||
	    entry->kind == ENTRY_INVITED) {
		ring_person(bells, entry->target);
	}
}

void bells_note(struct bells *bells, const struct record *record) {
	if (record_is_answer(record)) {
		if (record->kind == ANSWER_CHECK) {
			ring_all_edges(bells);
			bells->must_ring[PROCESS_CONSOLE] = true;
		} else if (record->kind == ANSWER_PROBE) {
			ring_home(bells, record->home);
		} else if (record->queue < bells->house->options->edges) {
			ring_home(bells, record->queue);
		} else {
			bells->must_ring[PROCESS_CONSOLE] = true;
		}
		return;
	}
	if (bells->house->options->has_keyboard) {
		bells->must_ring[PROCESS_CONSOLE] = true;
	}
	ring_whom(bells, record);
	bells->must_ring_watchers |= becomes_of_people(record);
	switch (record->kind) {
	case ENTRY_SHOUTED:
	case ENTRY_BANNED:
	case ENTRY_UNBANNED:
	case ENTRY_SERVER_SET:
	case ENTRY_ERASED:
	case ENTRY_CLOSED: ring_all_edges(bells); break;
	case ENTRY_METADATA: /* Of a person: whoever sees it. */
		if (record->target != 0) {
			ring_all_edges(bells);
			break;
		}
	/* fall through */
	case ENTRY_AWAY:
	case ENTRY_PROFILE: ring_rooms_of(bells, record->person); break;
	default:
		if (record_is_direct(record)) {
			ring_person(bells, record->target);
		}
		for (size_t i = 0; i < record_rooms_count(record); i++) {
			ring_room(bells, record_room(record, i));
		}
	}
}

void bells_ring(struct bells *bells) {
	uint64_t end = ring_end(bells->house->ring);
	if (bells->records >= RECORDS_BETWEEN_BELLS ||
	    end - bells->position >= ring_capacity(bells->house->ring) / 4) {
		memset(bells->must_ring, true, sizeof(bells->must_ring));
	}
	if (bells->must_ring_watchers) {
		note_watchers(bells);
	}
	bells->must_ring[PROCESS_SCRIBE] = true;
	unsigned end_index = PROCESS_EDGE_0 + bells->house->options->edges;
	for (unsigned i = PROCESS_SCRIBE; i < end_index; i++) {
		if (bells->must_ring[i] && i != PROCESS_CLERK) {
			house_ring(bells->house, i);
		}
	}
	if (bells->must_ring[PROCESS_HUB]) { /* set with all others: everybody was rung */
		bells->records = 0;
		bells->position = end;
	}
	memset(bells->must_ring, false, sizeof(bells->must_ring));
}
