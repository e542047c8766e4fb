/*
 * who.c - ASK: who is in a room, and which rooms there are, from this edge's own
 * state; questions about the past go on to past.c. An answer is made at once,
 * up to eight pages, in ascending order of ids: whoever wants more asks for what
 * is behind the last.
 */
#include <string.h>

#include "sessions_inside.h"

#define PAGES_MAX 8
/* Frame, question, page, pages, kind. */
#define PAGE_BYTES_MAX (WIRE_TALK_BODY_BYTES_MAX - 14)
/* More do not fit, however short their names are. */
#define IDS_MAX 1400

/* ---- pages ---- */

struct pages {
	uint8_t count;
	struct wire_out each[PAGES_MAX];
	uint8_t bytes[PAGES_MAX][PAGE_BYTES_MAX];
	size_t head_bytes; /* which each begins with */
};

static void begin_page(struct pages *pages) {
	uint8_t i = pages->count++;
	pages->each[i] = wire_out_at(pages->bytes[i], PAGE_BYTES_MAX);
	if (i > 0) {
		wire_put_bytes(&pages->each[i], pages->bytes[0], pages->head_bytes);
	}
}

/* All fields of the kind are in the first page; the list begins. */
static void begin_list(struct pages *pages) {
	pages->head_bytes = pages->each[0].size;
}

/* False: it does not fit any more. */
static bool add_item(struct pages *pages, struct slice item) {
	struct wire_out *page = &pages->each[pages->count - 1];
	if (page->size + item.size > PAGE_BYTES_MAX) {
		if (pages->count == PAGES_MAX) {
			return false;
		}
		begin_page(pages);
		page = &pages->each[pages->count - 1];
	}
	wire_put_bytes(page, item.bytes, item.size);
	return true;
}

static void say_pages(struct sessions *sessions, uint32_t handle, const struct wire_talk *ask,
                      const struct pages *pages) {
	for (uint8_t i = 0; i < pages->count; i++) {
		const struct wire_talk answer = {.frame = FRAME_ANSWER,
		                                 .number = ask->number,
		                                 .page = i,
		                                 .pages = pages->count,
		                                 .kind = ask->kind,
		                                 .bytes = wire_out_slice(&pages->each[i])};
		talk_say(sessions, handle, &answer);
	}
}

void who_refuse(struct sessions *sessions, uint32_t handle, uint64_t question, enum reason reason) {
	char byte = (char)reason;
	const struct wire_talk answer = {.frame = FRAME_ANSWER,
	                                 .number = question,
	                                 .pages = 1,
	                                 .kind = ASK_REFUSED,
	                                 .bytes = slice_of(&byte, 1)};
	talk_say(sessions, handle, &answer);
}

/* ---- the smallest ids behind one ---- */

/* A heap with the largest on top: what is smaller than that takes its place. */
struct smallest {
	uint64_t after;
	unsigned count;
	bool has_more;
	uint64_t ids[IDS_MAX];
};

static void sift_down(struct smallest *smallest, unsigned count, unsigned i) {
	uint64_t *ids = smallest->ids;
	while (2 * i + 1 < count) {
		unsigned child = 2 * i + 1;
		child += child + 1 < count && ids[child + 1] > ids[child];
		if (ids[i] >= ids[child]) {
			return;
		}
		uint64_t id = ids[i];
		ids[i] = ids[child];
		ids[child] = id;
		i = child;
	}
}

static void note_id(struct smallest *smallest, uint64_t id) {
	if (id <= smallest->after) {
		return;
	}
	if (smallest->count < IDS_MAX) {
		unsigned i = smallest->count++;
		for (; i > 0 && smallest->ids[(i - 1) / 2] < id; i = (i - 1) / 2) {
			smallest->ids[i] = smallest->ids[(i - 1) / 2];
		}
		smallest->ids[i] = id;
		return;
	}
	smallest->has_more = true;
	if (id < smallest->ids[0]) {
		smallest->ids[0] = id;
		sift_down(smallest, smallest->count, 0);
	}
}

static void sort(struct smallest *smallest) {
	for (unsigned end = smallest->count; end > 1; end--) {
		uint64_t largest = smallest->ids[0];
		smallest->ids[0] = smallest->ids[end - 1];
		smallest->ids[end - 1] = largest;
		sift_down(smallest, end - 1, 0);
	}
}

/* ---- who ---- */

static bool put_person(const struct sessions *sessions, struct pages *pages, uint64_t id) {
	const struct state *state = sessions->edge->state;
	const struct person *person = state_person(state, id);
	uint8_t bytes[NAME_BYTES_MAX + 32];
	struct wire_out item = wire_out_at(bytes, sizeof(bytes));
	wire_put_varint(&item, id);
	wire_put_u8(&item, person_is_absent(state, person));
	wire_put_string(&item, person_name(person));
	return item.is_full || add_item(pages, wire_out_slice(&item));
}

/* `more` is the last field before the list; it is known when the list is made. */
static void set_more(struct pages *pages, bool has_more) {
	for (uint8_t i = 0; i < pages->count; i++) {
		pages->bytes[i][pages->head_bytes - 1] = has_more;
	}
}

static void answer_who(struct sessions *sessions, uint32_t handle, const struct wire_talk *ask,
                       uint64_t room, uint64_t after) {
	const struct state *state = sessions->edge->state;
	static struct smallest smallest;
	static struct pages pages;
	size_t count = state_room_members_count(state, room);
	size_t absent = state_room_absent_count(state, room);
	smallest.after = after;
	smallest.count = 0;
	smallest.has_more = false;
	for (size_t i = 0; i < count; i++) {
		note_id(&smallest, person_id(state_room_member(state, room, i)));
	}
	sort(&smallest);
	pages.count = 0;
	begin_page(&pages);
	wire_put_varint(&pages.each[0], state_seq(state));
	wire_put_varint(&pages.each[0], count - absent);
	wire_put_varint(&pages.each[0], absent);
	wire_put_u8(&pages.each[0], 0);
	begin_list(&pages);
	unsigned put = 0;
	while (put < smallest.count && put_person(sessions, &pages, smallest.ids[put])) {
		put++;
	}
	set_more(&pages, smallest.has_more || put < smallest.count);
	say_pages(sessions, handle, ask, &pages);
}

/* ---- rooms ---- */

static bool note_room(void *context, uint64_t room) {
	note_id(context, room);
	return true;
}

static bool put_room(const struct sessions *sessions, struct pages *pages, uint64_t room,
                     uint64_t person) {
	const struct state *state = sessions->edge->state;
	uint8_t bytes[ROOM_NAME_BYTES_MAX + 64];
	struct wire_out item = wire_out_at(bytes, sizeof(bytes));
	wire_put_varint(&item, room);
	wire_put_varint(&item, state_room_members_count(state, room));
	wire_put_u8(&item, state_is_member(state, room, person));
	wire_put_string(&item, state_room_name(state, room));
	return item.is_full || add_item(pages, wire_out_slice(&item));
}

static void answer_rooms(struct sessions *sessions, uint32_t handle, const struct wire_talk *ask,
                         uint64_t after) {
	const struct state *state = sessions->edge->state;
	uint64_t person = context_at(sessions, handle)->person;
	static struct smallest smallest;
	static struct pages pages;
	smallest.after = after;
	smallest.count = 0;
	smallest.has_more = false;
	state_rooms_each(state, note_room, &smallest);
	sort(&smallest);
	pages.count = 0;
	begin_page(&pages);
	wire_put_varint(&pages.each[0], state_seq(state));
	wire_put_u8(&pages.each[0], 0);
	begin_list(&pages);
	unsigned put = 0;
	while (put < smallest.count && put_room(sessions, &pages, smallest.ids[put], person)) {
		put++;
	}
	set_more(&pages, smallest.has_more || put < smallest.count);
	say_pages(sessions, handle, ask, &pages);
}

/* ---- questions ---- */

#define WALK_STEPS 1024

/* A large room costs more than its share of questions: whoever cannot be answered now asks again. */
static bool may_walk(struct sessions *sessions, size_t steps) {
	if (!pace_take(&sessions->walks, &sessions->walks_next_ns, sessions_now_us(sessions))) {
		return false;
	}
	sessions->walks_next_ns += steps / WALK_STEPS * sessions->walks.interval_ns;
	return true;
}

void who_take(struct sessions *sessions, uint32_t handle, const struct wire_talk *ask) {
	const struct context *context = context_at(sessions, handle);
	struct wire_in in = wire_in_at(ask->bytes);
	/* Who asks too often is not answered, and asks again. */
	if (!limiter_take(&sessions->asks, address_hash(&context->peer),
	                  sessions_now_us(sessions))) {
		return;
	}
	uint64_t room = ask->kind == ASK_WHO ? wire_get_varint(&in) : 0;
	switch (ask->kind) {
	case ASK_WHO:
	case ASK_ROOMS: break;
	case ASK_BEFORE:
	case ASK_SEARCH: past_ask(sessions, handle, ask); return;
	default: who_refuse(sessions, handle, ask->number, REASON_BAD_ARGUMENT); return;
	}
	uint64_t after = wire_get_varint(&in);
	if (in.is_bad || in.rest.size > 0) {
		who_refuse(sessions, handle, ask->number, REASON_BAD_ARGUMENT);
	} else if (ask->kind == ASK_ROOMS) {
		if (may_walk(sessions, state_rooms_count(sessions->edge->state))) {
			answer_rooms(sessions, handle, ask, after);
		}
	} else if (!state_room_exists(sessions->edge->state, room)) {
		who_refuse(sessions, handle, ask->number, REASON_NO_SUCH_ROOM);
	} else if (may_walk(sessions, state_room_members_count(sessions->edge->state, room))) {
		answer_who(sessions, handle, ask, room, after);
	}
}
