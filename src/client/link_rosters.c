#include "link_rosters.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "link_people.h"
#include "record.h"

/* Steps since a question was asked; when there are more, it is asked again. */
#define STEPS_MAX 512
#define ROOMS_KNOWN_MAX (ROOMS_PER_PERSON_MAX + ROSTERS_DIRECT_MAX)
#define ROOM_TITLE_BYTES_MAX                                                                       \
	(NAME_BYTES_MAX > ROOM_NAME_BYTES_MAX ? NAME_BYTES_MAX : ROOM_NAME_BYTES_MAX)

struct room {
	uint64_t id;
	uint64_t other; /* a conversation: with whom; 0: a room */
	uint64_t used;  /* a conversation: the seq of its last message */
	bool is_in, is_stale, has_news;
	uint64_t ends_seq; /* the server says that one is not in it, as of this; 0: no */
	bool is_wanted;    /* its people have to be asked for, */
	uint64_t after;    /* those above this one */
	bool is_whole; /* they are all here; if not, the numbers are what the server said, and since */
	uint64_t connected, absent, counted_seq;
	struct people people;
	size_t name_size;
	char name[ROOM_TITLE_BYTES_MAX];
};

/* What an entry does to who is where. */
struct step {
	enum { STEP_COMES, STEP_GOES, STEP_RENAMED } what;
	uint64_t seq, person;
	uint64_t room; /* 0: all */
	size_t name_size;
	char name[NAME_BYTES_MAX];
};

struct rosters {
	uint64_t me;
	bool wants_people;
	bool is_rooms_wanted, is_ready;
	uint64_t rooms_after;
	size_t count;
	struct room rooms[ROOMS_KNOWN_MAX];
	/* The question that is out, and what was told since. */
	bool is_asked, is_overrun;
	struct question asked;
	struct answer_head head;
	uint64_t last_row;
	size_t steps_count;
	struct step steps[STEPS_MAX];
	struct person told; /* whose name the last tell holds */
};

struct rosters *rosters_create(void) {
	return calloc(1, sizeof(struct rosters));
}

void rosters_destroy(struct rosters *rosters) {
	if (rosters != NULL) {
		for (size_t i = 0; i < rosters->count; i++) {
			people_finish(&rosters->rooms[i].people);
		}
		free(rosters);
	}
}

/* ---- rooms ---- */

static struct room *find_room(const struct rosters *rosters, uint64_t id) {
	for (size_t i = 0; i < rosters->count; i++) {
		if (rosters->rooms[i].id == id) {
			return (struct room *)&rosters->rooms[i];
		}
	}
	return NULL;
}

static void remove_room(struct rosters *rosters, struct room *room) {
	people_finish(&room->people);
	*room = rosters->rooms[--rosters->count];
}

static void set_title(struct room *room, struct slice name) {
	name = name.size > ROOM_TITLE_BYTES_MAX ? slice_first(name, ROOM_TITLE_BYTES_MAX) : name;
	if (!slice_equal(slice_of(room->name, room->name_size), name)) {
		room->name_size = name.size;
		if (name.size > 0) {
			memcpy(room->name, name.bytes, name.size);
		}
		room->has_news = true;
	}
}

static struct room *oldest_conversation(struct rosters *rosters) {
	struct room *oldest = NULL;
	for (size_t i = 0; i < rosters->count; i++) {
		struct room *room = &rosters->rooms[i];
		if (room->other != 0 && (oldest == NULL || room->used < oldest->used)) {
			oldest = room;
		}
	}
	return oldest;
}

/* One that was left, or else the conversation that rested longest. */
static struct room *least_needed(struct rosters *rosters) {
	for (size_t i = 0; i < rosters->count; i++) {
		struct room *room = &rosters->rooms[i];
		if (!room->is_in && !room->has_news) {
			return room;
		}
	}
	return oldest_conversation(rosters);
}

/* NULL when there are too many: such a room is one that we never hear of. */
static struct room *make_room(struct rosters *rosters, uint64_t id) {
	struct room *room = find_room(rosters, id);
	if (room == NULL && rosters->count == ROOMS_KNOWN_MAX) {
		struct room *least = least_needed(rosters);
		if (least != NULL) {
			remove_room(rosters, least);
		}
	}
	if (room == NULL && rosters->count < ROOMS_KNOWN_MAX) {
		room = &rosters->rooms[rosters->count++];
		*room = (struct room){.id = id};
	}
	return room;
}

/* One is in that room, from now on or as the server says. */
static void be_in(struct rosters *rosters, uint64_t id, struct slice name) {
	struct room *room = make_room(rosters, id);
	if (room == NULL) {
		return;
	}
	if (name.size > 0) {
		set_title(room, name);
	}
	room->is_stale = false;
	room->ends_seq = 0;
	if (!room->is_in) {
		room->is_in = room->has_news = room->is_wanted = true;
		room->after = 0;
	}
}

static void be_out(struct rosters *rosters, struct room *room) {
	if (room->is_in && room->other == 0) {
		people_finish(&room->people);
		room->is_in = room->is_whole = room->is_wanted = false;
		room->ends_seq = 0;
		room->has_news = true;
	}
}

bool rosters_is_ready(const struct rosters *rosters) {
	return rosters->is_ready;
}

void rosters_refresh(struct rosters *rosters, uint64_t id) {
	struct room *room = find_room(rosters, id);
	if (room != NULL && room->is_in && room->other == 0) {
		room->is_wanted = true;
		room->after = 0;
	}
}

bool rosters_is_in(const struct rosters *rosters, uint64_t id) {
	const struct room *room = find_room(rosters, id);
	return room != NULL && room->is_in;
}

static void ask_for_all(struct rosters *rosters) {
	rosters->is_rooms_wanted = true;
	rosters->rooms_after = 0;
	for (size_t i = 0; i < rosters->count; i++) {
		struct room *room = &rosters->rooms[i];
		room->is_wanted = room->is_in && room->other == 0;
		room->after = 0;
	}
}

void rosters_begin(struct rosters *rosters, uint64_t me, bool is_new_session) {
	rosters->me = me;
	rosters->is_asked = rosters->is_asked && !is_new_session;
	rosters->is_ready = rosters->is_ready && !is_new_session;
	for (size_t i = 0; is_new_session && i < rosters->count; i++) {
		struct room *room = &rosters->rooms[i];
		room->other = 0;
		be_out(rosters, room);
	}
	ask_for_all(rosters);
}

void rosters_want_people(struct rosters *rosters, bool wants) {
	rosters->wants_people = wants;
}

void rosters_gap(struct rosters *rosters) {
	ask_for_all(rosters);
}

/* ---- steps ---- */

static size_t people_in_all(const struct rosters *rosters) {
	size_t count = 0;
	for (size_t i = 0; i < rosters->count; i++) {
		count += rosters->rooms[i].people.count;
	}
	return count;
}

static void put_person(struct rosters *rosters, struct room *room, uint64_t person,
                       struct slice name, bool is_absent, bool keeps) {
	if (!rosters->wants_people || people_in_all(rosters) >= ROSTERS_PEOPLE_MAX ||
	    !people_put(&room->people, person, name, is_absent, keeps)) {
		room->is_whole = false;
	}
}

/* The numbers of a room whose people are not all known. */
static void count_step(struct room *room, const struct step *step) {
	if (room->is_whole || step->seq <= room->counted_seq || step->what == STEP_RENAMED) {
		return;
	}
	room->counted_seq = step->seq;
	room->connected += step->what == STEP_COMES;
	room->connected -= step->what == STEP_GOES && room->connected > 0;
	room->has_news = true;
}

static void step_in_room(struct rosters *rosters, struct room *room, const struct step *step) {
	struct slice name = slice_of(step->name, step->name_size);
	switch (step->what) {
	case STEP_COMES: put_person(rosters, room, step->person, name, false, true); break;
	case STEP_GOES: people_remove(&room->people, step->person); break;
	case STEP_RENAMED: people_rename(&room->people, step->person, name); break;
	}
	if (rosters->wants_people) {
		count_step(room, step);
	}
	room->has_news = room->has_news || room->people.has_news;
}

static void apply_step(struct rosters *rosters, const struct step *step) {
	for (size_t i = 0; i < rosters->count; i++) {
		struct room *room = &rosters->rooms[i];
		if (room->is_in && room->other == 0 &&
		    (step->room == 0 || step->room == room->id)) {
			step_in_room(rosters, room, step);
		}
	}
}

static void note_step(struct rosters *rosters, const struct step *step) {
	if (!rosters->is_asked) {
		return;
	}
	if (rosters->steps_count == STEPS_MAX) {
		rosters->is_overrun = true;
		return;
	}
	rosters->steps[rosters->steps_count++] = *step;
}

static void make_step(struct rosters *rosters, const struct wire_entry *entry, int what,
                      uint64_t room) {
	struct step step = {.what = what, .seq = entry->seq, .person = entry->person, .room = room};
	step.name_size = entry->name.size < NAME_BYTES_MAX ? entry->name.size : NAME_BYTES_MAX;
	if (step.name_size > 0) {
		memcpy(step.name, entry->name.bytes, step.name_size);
	}
	note_step(rosters, &step);
	apply_step(rosters, &step);
}

/* ---- entries ---- */

static void on_entered(struct rosters *rosters, const struct wire_entry *entry) {
	for (size_t i = 0; i < entry->rooms_count; i++) {
		uint64_t id = wire_entry_room(entry, i);
		if (entry->person == rosters->me) {
			be_in(rosters, id,
			      entry->rooms_count == 1 ? entry->other : slice_of(NULL, 0));
			/* The names of several rooms have to be asked for. */
			rosters->is_rooms_wanted |= entry->rooms_count > 1;
		}
		make_step(rosters, entry, STEP_COMES, id);
	}
}

static void on_left(struct rosters *rosters, const struct wire_entry *entry) {
	make_step(rosters, entry, STEP_GOES, 0);
	for (size_t i = 0; entry->person == rosters->me && i < rosters->count; i++) {
		be_out(rosters, &rosters->rooms[i]);
	}
}

static void on_joined(struct rosters *rosters, const struct wire_entry *entry) {
	if (entry->person == rosters->me) {
		be_in(rosters, entry->room, entry->other);
	}
	make_step(rosters, entry, STEP_COMES, entry->room);
}

static void on_parted(struct rosters *rosters, const struct wire_entry *entry) {
	struct room *room = find_room(rosters, entry->room);
	make_step(rosters, entry, STEP_GOES, entry->room);
	if (entry->person == rosters->me && room != NULL) {
		be_out(rosters, room);
	}
}

static void on_renamed(struct rosters *rosters, const struct wire_entry *entry) {
	make_step(rosters, entry, STEP_RENAMED, 0);
	for (size_t i = 0; i < rosters->count; i++) {
		struct room *room = &rosters->rooms[i];
		if (room->other != 0 && room->other == entry->person) {
			set_title(room, entry->name);
		}
	}
}

static void on_room_renamed(struct rosters *rosters, const struct wire_entry *entry) {
	struct room *room = find_room(rosters, entry->room);
	if (room != NULL && entry->other.size > 0) {
		set_title(room, entry->other);
	}
}

static void on_direct(struct rosters *rosters, const struct wire_entry *entry) {
	struct room *room = make_room(rosters, entry->room);
	bool is_mine = entry->person == rosters->me;
	if (room == NULL) {
		return;
	}
	if (!room->is_in) {
		room->is_in = room->has_news = true;
		room->other = is_mine ? entry->target : entry->person;
	}
	room->used = entry->seq;
	set_title(room, is_mine ? entry->other : entry->name);
}

void rosters_entry(struct rosters *rosters, const struct wire_entry *entry) {
	switch (entry->kind) {
	case ENTRY_ENTERED: on_entered(rosters, entry); break;
	case ENTRY_LEFT:
	case ENTRY_KICKED: on_left(rosters, entry); break;
	case ENTRY_JOINED: on_joined(rosters, entry); break;
	case ENTRY_PARTED:
	case ENTRY_PUT_OUT: on_parted(rosters, entry); break;
	case ENTRY_RENAMED: on_renamed(rosters, entry); break;
	case ENTRY_DIRECT: on_direct(rosters, entry); break;
	case ENTRY_ROOM_RENAMED: on_room_renamed(rosters, entry); break;
	default: break;
	}
}

void rosters_passed(struct rosters *rosters, uint64_t seq) {
	for (size_t i = 0; i < rosters->count; i++) {
		struct room *room = &rosters->rooms[i];
		if (room->ends_seq != 0 && room->ends_seq <= seq) {
			be_out(rosters, room);
		}
	}
}

/* ---- questions ---- */

static void ask(struct rosters *rosters, const struct question *question) {
	rosters->is_asked = true;
	rosters->asked = *question;
	rosters->is_overrun = false;
	rosters->steps_count = 0;
	rosters->last_row = question->after;
}

bool rosters_wish(struct rosters *rosters, struct question *question) {
	*question = (struct question){0};
	if (rosters->is_asked) {
		return false;
	}
	if (rosters->is_rooms_wanted) {
		question->kind = ASK_ROOMS;
		question->after = rosters->rooms_after;
		for (size_t i = 0; question->after == 0 && i < rosters->count; i++) {
			rosters->rooms[i].is_stale = rosters->rooms[i].other == 0;
		}
		ask(rosters, question);
		return true;
	}
	for (size_t i = 0; rosters->wants_people && i < rosters->count; i++) {
		struct room *room = &rosters->rooms[i];
		if (room->is_in && room->is_wanted) {
			question->kind = ASK_WHO;
			question->room = room->id;
			question->after = room->after;
			room->is_wanted = false; /* who wishes it from now on gets another answer */
			ask(rosters, question);
			return true;
		}
	}
	return false;
}

void rosters_answer(struct rosters *rosters, const struct question *question,
                    const struct answer_head *head) {
	struct room *room = find_room(rosters, question->room);
	rosters->head = *head;
	if (head->kind == ASK_WHO && room != NULL) {
		people_doubt(&room->people, question->after);
	}
}

void rosters_row(struct rosters *rosters, const struct answer_row *row) {
	struct room *room = find_room(rosters, rosters->asked.room);
	rosters->last_row = row->id > rosters->last_row ? row->id : rosters->last_row;
	if (row->found == ANSWER_ROOM && (row->flags & 1) != 0) {
		be_in(rosters, row->id, row->name);
	} else if (row->found == ANSWER_PERSON && room != NULL) {
		put_person(rosters, room, row->id, row->name, (row->flags & 1) != 0, false);
	}
}

/* An answer that says "more" and has no rows leads nowhere: to ask for what is behind it would never end. */
static bool has_more(const struct rosters *rosters) {
	return rosters->head.more != 0 && rosters->last_row > rosters->asked.after;
}

static void on_rooms_answered(struct rosters *rosters) {
	rosters->is_rooms_wanted = has_more(rosters);
	rosters->rooms_after = has_more(rosters) ? rosters->last_row : 0;
	for (size_t i = 0; !rosters->is_rooms_wanted && i < rosters->count; i++) {
		struct room *room = &rosters->rooms[i];
		if (room->is_stale && room->is_in) {
			/* Entries from before may be still to come. */
			room->ends_seq = rosters->head.seq;
		}
		room->is_stale = false;
	}
	rosters->is_ready = rosters->is_ready || !rosters->is_rooms_wanted;
}

/* Where one was entering and leaving oneself since the rooms were asked for. */
static void repeat_own_step(struct rosters *rosters, const struct step *step) {
	struct room *room = find_room(rosters, step->room);
	if (step->person != rosters->me || step->seq <= rosters->head.seq) {
		return;
	}
	if (step->what == STEP_COMES) {
		be_in(rosters, step->room, slice_of(NULL, 0));
	} else if (step->what == STEP_GOES && room != NULL) {
		be_out(rosters, room);
	}
}

static void on_people_answered(struct rosters *rosters, struct room *room) {
	bool is_last = !has_more(rosters) || rosters->head.kind == ASK_REFUSED;
	bool is_full = people_in_all(rosters) >= ROSTERS_PEOPLE_MAX;
	people_settle(&room->people, is_last ? UINT64_MAX : rosters->last_row);
	room->is_whole = is_last && !is_full && rosters->head.kind == ASK_WHO;
	if (!room->is_wanted && !is_last && !is_full) {
		room->is_wanted = true;
		room->after = rosters->last_row;
	}
	room->connected = rosters->head.connected;
	room->absent = rosters->head.absent;
	room->counted_seq = rosters->head.seq;
	room->has_news = true;
}

void rosters_answered(struct rosters *rosters) {
	struct room *room = find_room(rosters, rosters->asked.room);
	if (!rosters->is_asked) {
		return;
	}
	if (rosters->asked.kind == ASK_ROOMS) {
		on_rooms_answered(rosters);
	} else if (room != NULL && room->is_in) {
		on_people_answered(rosters, room);
	}
	rosters->is_asked = false;
	for (size_t i = 0; i < rosters->steps_count; i++) {
		if (rosters->asked.kind == ASK_ROOMS) {
			repeat_own_step(rosters, &rosters->steps[i]);
		}
		apply_step(rosters, &rosters->steps[i]);
	}
	if (rosters->is_overrun) {
		ask_for_all(rosters);
	}
}

/* ---- telling ---- */

static void tell_room_itself(struct room *room, struct tell *tell) {
	bool is_whole = room->is_whole;
	*tell = (struct tell){.kind = TELL_ROOM,
	                      .room = room->id,
	                      .person = room->other,
	                      .connected = is_whole ? room->people.connected : room->connected,
	                      .absent = is_whole ? room->people.absent : room->absent,
	                      .name = slice_of(room->name, room->name_size)};
	tell->flags = (uint16_t)((room->is_in ? TELL_IS_IN : 0) | (is_whole ? TELL_IS_WHOLE : 0) |
	                         (room->other != 0 ? TELL_IS_DIRECT : 0));
	room->has_news = false;
}

static bool tell_person(struct room *room, struct tell *tell, struct person *person) {
	if (!people_news(&room->people, person)) {
		return false;
	}
	*tell = (struct tell){.kind = TELL_PERSON,
	                      .room = room->id,
	                      .person = person->id,
	                      .name = slice_of(person->name, person->name_size)};
	tell->flags = (uint16_t)(((person->marks & PERSON_GONE) != 0 ? TELL_IS_GONE : 0) |
	                         ((person->marks & PERSON_ABSENT) != 0 ? TELL_IS_ABSENT : 0));
	return true;
}

bool rosters_tell(struct rosters *rosters, struct tell *tell) {
	for (size_t i = 0; i < rosters->count; i++) {
		struct room *room = &rosters->rooms[i];
		if (room->has_news && room->name_size > 0) {
			tell_room_itself(room, tell);
			return true;
		}
		if (room->people.has_news && tell_person(room, tell, &rosters->told)) {
			return true;
		}
	}
	return false;
}

void rosters_retell(struct rosters *rosters) {
	for (size_t i = 0; i < rosters->count; i++) {
		struct room *room = &rosters->rooms[i];
		room->has_news = room->is_in;
		people_retell(&room->people);
	}
}
