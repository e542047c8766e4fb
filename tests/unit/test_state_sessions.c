/* The state of those who came by a session: connected, absent, dormant; rooms that people make; who
 * writes to whom. And that the rows are all of it. */
#include "state_world.h"

/* Somebody new by a session; nonce and port are the next ones. */
static struct record entering(const char *name) {
	return (struct record){.kind = ENTRY_ENTERED,
	                       .person = seq + 1,
	                       .session = seq + 1,
	                       .name = text(name),
	                       .room = ROOM_LOBBY,
	                       .face = FACE_SESSION,
	                       .nonce = seq + 1000,
	                       .home = (uint16_t)(seq % 4),
	                       .has_route = true,
	                       .route = route_of(HOST, (uint16_t)seq)};
}

static uint64_t enter(const char *name) {
	return apply(entering(name));
}

static uint64_t of(uint16_t kind, uint64_t id) {
	return apply((struct record){.kind = kind, .person = id, .session = id});
}

/* Back from being dormant, into the lobby alone. */
static struct record returning(uint64_t id, const char *name) {
	struct record entry = entering(name);
	entry.person = entry.session = id;
	entry.nonce = 0;
	return entry;
}

static struct record joining(uint64_t id, uint64_t room) {
	return (struct record){.kind = ENTRY_JOINED, .person = id, .session = id, .room = room};
}

static uint64_t make_room(const char *name) {
	return apply((struct record){.kind = ENTRY_ROOM_MADE, .name = text(name)});
}

static struct record writing(uint64_t from, uint64_t to, uint64_t thread) {
	return (struct record){.kind = ENTRY_DIRECT,
	                       .person = from,
	                       .target = to,
	                       .room = thread,
	                       .text = text("psst")};
}

static const struct session *session_of(uint64_t id) {
	return state_session(state, id);
}

static const struct person *person_of(uint64_t id) {
	return state_person(state, id);
}

/* ---- connected, absent, dormant ---- */

static void connected(void **unused) {
	uint64_t ann = enter("ann");
	struct route route;
	assert_true(person_is_present(person_of(ann)));
	assert_false(person_is_absent(state, person_of(ann)));
	assert_int_equal(session_face(session_of(ann)), FACE_SESSION);
	assert_int_equal(session_client_number(state, session_of(ann)), 0);
	assert_int_equal(session_nonce(state, session_of(ann)), ann + 999);
	assert_int_equal(session_absent_since_us(state, session_of(ann)), 0);
	assert_ptr_equal(state_session_of_nonce(state, ann + 999), session_of(ann));
	assert_null(state_session_of_nonce(state, 0));
	assert_null(state_session_of_nonce(state, 5));
	assert_int_equal(state_member_since(state, ROOM_LOBBY, ann), ann);
	assert_true(session_route(state, session_of(ann), &route));
	/* Its address is where it is, not who it is. */
	assert_null(state_session_at(state, &route.peer));
	struct record other = entering("bob");
	other.route = route;
	apply(other);
	other = entering("carl");
	other.route = route;
	other.face = FACE_PLAIN;
	other.nonce = 0;
	uint64_t carl = apply(other);
	assert_ptr_equal(state_session_at(state, &route.peer), session_of(carl));
	assert_int_equal(session_nonce(state, session_of(carl)), 0);
	other = entering("dora");
	other.nonce = ann + 999;
	assert_impossible(other);
}

static void absent(void **unused) {
	uint64_t ann = enter("ann"), bob = enter("bob");
	uint16_t home = session_home(session_of(ann));
	assert_int_equal(state_room_members_at(state, ROOM_LOBBY, home), 1);
	of(ENTRY_ABSENT, ann);
	assert_true(person_is_present(person_of(ann)));
	assert_true(person_is_absent(state, person_of(ann)));
	assert_int_equal(session_absent_since_us(state, session_of(ann)), state_time_us(state));
	assert_int_equal(state_people_count(state), 2);
	assert_int_equal(state_absent_count(state), 1);
	assert_int_equal(state_room_members_count(state, ROOM_LOBBY), 2);
	assert_int_equal(state_room_absent_count(state, ROOM_LOBBY), 1);
	assert_true(state_is_member(state, ROOM_LOBBY, ann));
	assert_ptr_equal(state_person_named(state, text("ann")), person_of(ann));
	/* Nobody has to be woken for it. */
	assert_int_equal(state_room_members_at(state, ROOM_LOBBY, home), 0);
	assert_ptr_equal(state_absent_next(state, NULL), session_of(ann));
	of(ENTRY_ABSENT, bob);
	assert_ptr_equal(state_absent_next(state, session_of(ann)), session_of(bob));
	assert_null(state_absent_next(state, session_of(bob)));
	assert_impossible((struct record){.kind = ENTRY_ABSENT, .session = ann});
	assert_impossible((struct record){.kind = ENTRY_ABSENT, .session = 5});
	assert_rows_are_the_state();

	apply((struct record){.kind = ENTRY_MOVED,
	                      .session = ann,
	                      .home = 3,
	                      .has_route = true,
	                      .route = route_of(HOST, 9)});
	assert_int_equal(session_absent_since_us(state, session_of(ann)), 0);
	assert_int_equal(state_absent_count(state), 1);
	assert_int_equal(state_room_members_at(state, ROOM_LOBBY, 3), 1);
	assert_ptr_equal(state_absent_next(state, NULL), session_of(bob));
	of(ENTRY_KICKED, bob);
	assert_null(state_absent_next(state, NULL));
	assert_int_equal(state_absent_count(state), 0);
	assert_int_equal(state_room_absent_count(state, ROOM_LOBBY), 0);
	struct record plain = entering("carl");
	plain.face = FACE_PLAIN;
	plain.nonce = 0;
	uint64_t carl = apply(plain);
	assert_impossible((struct record){.kind = ENTRY_ABSENT, .session = carl});
}

static void dormant(void **unused) {
	uint64_t ann = enter("ann"), bob = enter("bob");
	struct route route;
	of(ENTRY_ABSENT, ann);
	of(ENTRY_LEFT, ann);
	assert_false(person_is_present(person_of(ann)));
	assert_false(person_is_absent(state, person_of(ann)));
	assert_int_equal(state_people_count(state), 1);
	assert_int_equal(state_absent_count(state), 0);
	assert_int_equal(state_dormant_count(state), 1);
	assert_null(state_person_named(state, text("ann")));
	assert_slice(person_name(person_of(ann)), "ann");
	assert_false(state_is_member(state, ROOM_LOBBY, ann));
	assert_int_equal(state_member_since(state, ROOM_LOBBY, ann), ann);
	assert_int_equal(state_room_members_count(state, ROOM_LOBBY), 1);
	assert_int_equal(state_room_absent_count(state, ROOM_LOBBY), 0);
	assert_false(session_route(state, session_of(ann), &route));
	assert_int_equal(session_absent_since_us(state, session_of(ann)), state_time_us(state));
	assert_ptr_equal(state_dormant_next(state, NULL), session_of(ann));
	assert_null(state_absent_next(state, NULL));
	assert_ptr_equal(state_session_of_nonce(state, ann + 999), session_of(ann));
	assert_impossible((struct record){.kind = ENTRY_ABSENT, .session = ann});
	assert_impossible((struct record){.kind = ENTRY_LEFT, .person = ann});
	assert_impossible((struct record){.kind = ENTRY_MOVED, .session = ann});
	assert_impossible((struct record){.kind = ENTRY_RENAMED, .person = ann, .name = text("x")});
	assert_impossible((struct record){.kind = ENTRY_FORGOTTEN, .session = bob});

	/* Another takes its name, also if that is long. */
	apply((struct record){
		.kind = ENTRY_RENAMED, .person = bob, .name = text("ann"), .room = ROOM_LOBBY});
	assert_impossible(returning(ann, "ANN"));
	assert_impossible(returning(bob, "carl"));
	struct record elsewhere = returning(ann, "carl");
	elsewhere.room = 0;
	assert_impossible(elsewhere);
	elsewhere = returning(ann, "carl");
	elsewhere.session = bob;
	assert_impossible(elsewhere);
	elsewhere = returning(ann, "carl");
	elsewhere.face = FACE_PLAIN;
	assert_impossible(elsewhere);
	apply(returning(ann, "a name that is longer than others"));
	assert_true(person_is_present(person_of(ann)));
	assert_int_equal(person_since_us(person_of(ann)), state_time_us(state));
	assert_int_equal(state_people_count(state), 2);
	assert_int_equal(state_dormant_count(state), 0);
	assert_int_equal(state_member_since(state, ROOM_LOBBY, ann), ann);
	assert_true(state_is_member(state, ROOM_LOBBY, ann));
	assert_true(session_route(state, session_of(ann), &route));
	assert_null(state_dormant_next(state, NULL));
	of(ENTRY_LEFT, ann);
	of(ENTRY_FORGOTTEN, ann);
	assert_null(person_of(ann));
	assert_null(session_of(ann));
	assert_null(state_session_of_nonce(state, ann + 999));
	assert_int_equal(state_dormant_count(state), 0);
	/* A kick ends a dormant one too. */
	of(ENTRY_LEFT, bob);
	of(ENTRY_KICKED, bob);
	assert_null(session_of(bob));
}

static void closed(void **unused) {
	uint64_t all[300];
	for (size_t i = 0; i < 300; i++) {
		char name[16];
		snprintf(name, sizeof(name), "n%zu", i);
		struct record entry = entering(name);
		entry.face = i % 3 == 0 ? FACE_PLAIN : FACE_SESSION;
		all[i] = apply(entry);
		if (i % 3 == 1 && i % 2 == 0) {
			of(ENTRY_ABSENT, all[i]);
		}
		if (i % 3 == 2 && i % 2 == 0) {
			of(ENTRY_LEFT, all[i]);
		}
	}
	apply((struct record){.kind = ENTRY_CLOSED});
	assert_int_equal(state_people_count(state), 0);
	assert_int_equal(state_absent_count(state), 0);
	assert_int_equal(state_dormant_count(state), 200);
	assert_int_equal(state_room_members_count(state, ROOM_LOBBY), 0);
	assert_int_equal(state_room_absent_count(state, ROOM_LOBBY), 0);
	assert_int_equal(state_room_homes(state, ROOM_LOBBY), 0);
	assert_null(person_of(all[0]));
	/* Who had left before is forgotten first. */
	assert_ptr_equal(state_dormant_next(state, NULL), session_of(all[2]));
	apply(returning(all[1], "n1"));
	assert_int_equal(state_people_count(state), 1);
}

/* ---- messages ---- */

static void messages_count(void **unused) {
	uint64_t ann = enter("ann");
	struct record said = {
		.kind = ENTRY_SAID, .person = ann, .session = ann, .room = ROOM_LOBBY};
	said.client_number = 2;
	assert_impossible(said);
	said.client_number = 1;
	apply(said);
	assert_int_equal(session_client_number(state, session_of(ann)), 1);
	apply(said); /* one message may lead to more than one entry */
	said.client_number = 3;
	assert_impossible(said);
	struct record refused = {.kind = ENTRY_REFUSED, .session = ann, .client_number = 2};
	apply(refused);
	assert_int_equal(session_client_number(state, session_of(ann)), 2);
	refused.client_number = 0;
	assert_impossible(refused);
	refused.session = 5;
	refused.client_number = 3;
	assert_impossible(refused);
	struct record left = {
		.kind = ENTRY_LEFT, .person = ann, .session = ann, .client_number = 3};
	apply(left);
	assert_int_equal(session_client_number(state, session_of(ann)), 3);
	refused = (struct record){.kind = ENTRY_REFUSED, .session = ann, .client_number = 4};
	apply(refused);
	apply(returning(ann, "ann"));
	assert_int_equal(session_client_number(state, session_of(ann)), 4);
	struct record plain = entering("bob");
	plain.face = FACE_PLAIN;
	said.person = said.session = apply(plain);
	said.client_number = 1;
	assert_impossible(said);
}

/* ---- rooms ---- */

static void rooms_and_members(void **unused) {
	uint64_t ann = enter("ann"), bob = enter("bob");
	uint64_t tea = make_room("#茶");
	assert_int_equal(state_room_empty_seq(state, tea), tea);
	assert_int_equal(state_empty_room_next(state, false, 0), tea);
	assert_int_equal(state_empty_room_next(state, true, 0), 0);
	uint64_t since = apply(joining(ann, tea));
	assert_int_equal(state_room_empty_seq(state, tea), 0);
	assert_int_equal(state_empty_room_next(state, false, 0), 0);
	assert_int_equal(state_member_since(state, tea, ann), since);
	assert_int_equal(state_member_since(state, tea, bob), 0);
	assert_int_equal(state_room_named(state, text("#大厅")), ROOM_LOBBY);
	assert_impossible(joining(ann, tea));
	assert_impossible(joining(ann, 5));
	assert_impossible(joining(5, tea));
	assert_impossible((struct record){.kind = ENTRY_PARTED, .person = bob, .room = tea});
	assert_impossible((struct record){.kind = ENTRY_ROOM_ENDED, .room = tea});
	assert_impossible((struct record){.kind = ENTRY_ROOM_ENDED, .room = ROOM_LOBBY});
	assert_impossible((struct record){.kind = ENTRY_ROOM_ENDED, .room = 5});
	assert_int_equal(state_room_members_at(state, tea, session_home(session_of(ann))), 1);
	of(ENTRY_ABSENT, ann);
	assert_int_equal(state_room_absent_count(state, tea), 1);
	assert_int_equal(state_room_homes(state, tea), 0);
	of(ENTRY_LEFT, ann);
	assert_int_equal(state_room_members_count(state, tea), 0);
	assert_int_equal(state_room_absent_count(state, tea), 0);
	assert_int_equal(state_member_since(state, tea, ann), since);
	/* It is kept for who may come back. */
	assert_impossible((struct record){.kind = ENTRY_ROOM_ENDED, .room = tea});
	assert_impossible(returning(ann, "ann"));
	struct record back = returning(ann, "ann");
	back.more_rooms = slice_of((const char *)&tea, 8);
	apply(back);
	assert_true(state_is_member(state, tea, ann));
	assert_int_equal(state_member_since(state, tea, ann), since);
	apply((struct record){.kind = ENTRY_SAID, .person = ann, .room = tea});
	uint64_t parted = apply((struct record){.kind = ENTRY_PARTED, .person = ann, .room = tea});
	assert_int_equal(state_room_empty_seq(state, tea), parted);
	assert_int_equal(state_empty_room_next(state, true, 0), tea);
	assert_int_equal(state_empty_room_next(state, false, 0), 0);
	uint64_t milk = make_room("#milk");
	apply(joining(bob, milk));
	of(ENTRY_LEFT, bob);
	uint64_t end = of(ENTRY_FORGOTTEN, bob);
	assert_int_equal(state_room_empty_seq(state, milk), end);
	assert_int_equal(state_rooms_count(state), 3);
	apply((struct record){.kind = ENTRY_ROOM_ENDED, .room = tea});
	assert_false(state_room_exists(state, tea));
	assert_int_equal(state_room_named(state, text("#茶")), 0);
	assert_int_equal(state_rooms_count(state), 2);
	apply((struct record){.kind = ENTRY_PARTED, .person = ann, .room = ROOM_LOBBY});
	assert_int_equal(state_room_empty_seq(state, ROOM_LOBBY), 0);
	apply(joining(ann, ROOM_LOBBY));
	assert_int_equal(state_member_since(state, ROOM_LOBBY, ann), seq);
}

static bool count_room(void *context, uint64_t room) {
	size_t *count = context;
	*count += state_room_exists(state, room);
	return *count < 3;
}

static void all_rooms(void **unused) {
	size_t count = 0;
	assert_true(state_rooms_each(state, count_room, &count));
	assert_int_equal(count, 1);
	make_room("#a");
	make_room("#b");
	make_room("#c");
	count = 0;
	assert_false(state_rooms_each(state, count_room, &count));
	assert_int_equal(count, 3);
}

/* ---- who writes to whom ---- */

static void threads(void **unused) {
	uint64_t ann = enter("ann"), bob = enter("bob"), carl = enter("carl");
	uint64_t people[2];
	assert_impossible(writing(ann, bob, 5));
	assert_impossible(writing(ann, ann, seq + 1));
	assert_impossible(writing(ann, 5, seq + 1));
	assert_impossible(writing(5, ann, seq + 1));
	uint64_t thread = apply(writing(ann, bob, seq + 1));
	assert_int_equal(state_thread(state, ann, bob), thread);
	assert_int_equal(state_thread(state, bob, ann), thread);
	assert_int_equal(state_thread(state, bob, carl), 0);
	assert_int_equal(state_thread(state, bob, 5), 0);
	assert_true(state_thread_people(state, thread, people));
	assert_int_equal(people[0], ann);
	assert_int_equal(people[1], bob);
	assert_false(state_thread_people(state, ROOM_LOBBY, people));
	apply(writing(bob, ann, thread));
	assert_impossible(writing(bob, ann, seq + 1));
	assert_impossible(writing(bob, carl, thread));
	apply(writing(ann, carl, seq + 1));
	apply(writing(bob, carl, seq + 1));
	assert_int_equal(state_threads_begun(state, ann), 2);
	assert_int_equal(state_threads_begun(state, bob), 1);
	assert_int_equal(state_threads_begun(state, carl), 0);
	assert_int_equal(state_threads_count(state), 3);
	assert_rows_are_the_state();
	of(ENTRY_LEFT, bob);
	assert_int_equal(state_thread(state, ann, bob), thread);
	of(ENTRY_FORGOTTEN, bob);
	assert_int_equal(state_threads_count(state), 1);
	assert_false(state_thread_people(state, thread, people));
	assert_int_equal(state_threads_begun(state, ann), 1);
	of(ENTRY_KICKED, carl);
	assert_int_equal(state_threads_count(state), 0);
	assert_int_equal(state_threads_begun(state, ann), 0);
}

/* ---- rows ---- */

static void impossible_rows(void **unused) {
	uint64_t ann = enter("ann"), bob = enter("bob");
	uint64_t tea = make_room("#tea");
	apply(writing(ann, bob, seq + 1));
	of(ENTRY_LEFT, bob);
	const struct record bad[] = {
		/* An empty room with a member; a second session; one of a nonce that is taken. */
		{.kind = ROW_MEMBER, .room = tea, .person = ann},
		{.kind = ROW_SESSION, .session = 99, .person = ann, .face = FACE_PLAIN},
		{.kind = ROW_SESSION, .session = 99, .person = ann, .face = FACE_SESSION},
		{.kind = ROW_PERSON, .person = 99, .name = text("Ann")},
		{.kind = ROW_THREAD, .room = 99, .person = bob, .target = ann},
		{.kind = ROW_THREAD, .room = 99, .person = ann, .target = ann},
		{.kind = ROW_THREAD, .room = 99, .person = ann, .target = 98},
		{.kind = ROW_THREAD, .person = ann, .target = bob},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rows saved = rows_of(state);
		struct state *loaded = rows_load(&saved, 0);
		assert_int_equal(state_load_row(loaded, &bad[i]), STATE_IMPOSSIBLE);
		assert_int_equal(state_digest(loaded), state_digest(state));
		state_destroy(loaded);
		rows_finish(&saved);
	}
	struct state *other = state_create();
	struct record row = {.kind = ROW_PERSON, .person = 50, .name = text("x"), .number = 1};
	assert_int_equal(state_load_row(other, &row), STATE_OK);
	/* Nobody is dormant but since some time, and by a session that lasts. */
	row = (struct record){
		.kind = ROW_SESSION, .session = 50, .person = 50, .face = FACE_SESSION};
	assert_int_equal(state_load_row(other, &row), STATE_IMPOSSIBLE);
	row.since_us = 7;
	row.face = FACE_PLAIN;
	assert_int_equal(state_load_row(other, &row), STATE_IMPOSSIBLE);
	row.face = FACE_SESSION;
	assert_int_equal(state_load_row(other, &row), STATE_OK);
	state_destroy(other);
}

/* Rows come in the order of ids; who runs out first is found all the same. */
static void lines_are_in_order_after_loading(void **unused) {
	struct chance chance = {seed_or(3)};
	uint64_t people[200];
	for (size_t i = 0; i < 200; i++) {
		char name[16];
		snprintf(name, sizeof(name), "n%zu", i);
		people[i] = enter(name);
	}
	for (size_t i = 200; i > 0; i--) {
		size_t which = chance_below(&chance, i);
		of(chance_once_in(&chance, 2) ? ENTRY_ABSENT : ENTRY_LEFT, people[which]);
		people[which] = people[i - 1];
	}
	struct rows saved = rows_of(state);
	struct state *loaded = rows_load(&saved, 0);
	uint64_t last = 0;
	const struct session *session = NULL;
	size_t count = 0;
	while ((session = state_absent_next(loaded, session)) != NULL) {
		assert_true(session_absent_since_us(loaded, session) > last);
		last = session_absent_since_us(loaded, session);
		count++;
	}
	last = 0;
	while ((session = state_dormant_next(loaded, session)) != NULL) {
		assert_true(session_absent_since_us(loaded, session) > last);
		last = session_absent_since_us(loaded, session);
		count++;
	}
	assert_int_equal(count, 200);
	state_destroy(loaded);
	rows_finish(&saved);
}

/* ---- at random ---- */

#define NAMES 8

static uint64_t somebody(struct chance *chance) {
	uint64_t back = chance_below(chance, 100);
	return back < seq ? seq - back : 1;
}

static uint64_t some_room(struct chance *chance) {
	uint64_t room = 1 + chance_below(chance, seq + 1);
	for (uint64_t i = 0; i < 300 && !state_room_exists(state, room); i++) {
		room = room > 1 ? room - 1 : ROOM_LOBBY;
	}
	return state_room_exists(state, room) ? room : ROOM_LOBBY;
}

/* Somebody who is there, as likely as not. */
static uint64_t somebody_here(struct chance *chance) {
	size_t count = state_room_members_count(state, ROOM_LOBBY);
	if (count == 0 || chance_once_in(chance, 4)) {
		return somebody(chance);
	}
	return person_id(state_room_member(state, ROOM_LOBBY, chance_below(chance, count)));
}

static struct record random_return(struct chance *chance, struct record entry) {
	static uint64_t rooms_of[ROOMS_PER_PERSON_MAX];
	const struct session *session = state_dormant_next(state, NULL);
	while (session != NULL && chance_once_in(chance, 2)) {
		session = state_dormant_next(state, session);
	}
	if (session == NULL) {
		return entry;
	}
	uint64_t id = session_person(state, session);
	size_t count = person_rooms(state, person_of(id), rooms_of, ROOMS_PER_PERSON_MAX);
	entry.person = id;
	entry.session = session_id(session);
	entry.nonce = 0;
	entry.room = count > 0 ? rooms_of[0] : 0;
	entry.more_rooms = slice_of((const char *)&rooms_of[1], count > 1 ? (count - 1) * 8 : 0);
	return entry;
}

static struct record random_entry(struct chance *chance) {
	static const char *const names[NAMES] = {
		"ann", "ANN", "bob", "小明", "a somewhat longer name", "carl", "dora", "eve"};
	static const char *const room_names[] = {"#a", "#A", "#b", "#茶", "#d"};
	static char other_name[16];
	snprintf(other_name, sizeof(other_name), "n%u", (unsigned)chance_below(chance, 40));
	struct record entry = entering(
		chance_once_in(chance, 2) ? names[chance_below(chance, NAMES)] : other_name);
	entry.face = chance_once_in(chance, 4) ? FACE_PLAIN : FACE_SESSION;
	unsigned what = (unsigned)chance_below(chance, 32);
	if (what < 6) {
		return entry;
	}
	if (what < 9) {
		entry.face = FACE_SESSION;
		return random_return(chance, entry);
	}
	uint64_t who = somebody_here(chance);
	entry.person = entry.session = who;
	entry.room = some_room(chance);
	entry.target = somebody_here(chance);
	switch (what) {
	case 9:
	case 10: entry.kind = ENTRY_LEFT; break;
	case 11: entry.kind = ENTRY_KICKED; break;
	case 12: entry.kind = ENTRY_RENAMED; break;
	case 13:
	case 14: entry.kind = ENTRY_MOVED; break;
	case 15:
	case 16:
	case 17: entry.kind = ENTRY_ABSENT; break;
	case 18:
		entry.kind = ENTRY_FORGOTTEN;
		if (state_dormant_next(state, NULL) != NULL) {
			entry.session = session_id(state_dormant_next(state, NULL));
		}
		break;
	case 19:
		entry.kind = ENTRY_ROOM_MADE;
		entry.name = text(room_names[chance_below(chance, 5)]);
		break;
	case 20: entry.kind = ENTRY_ROOM_ENDED; break;
	case 21:
	case 22:
	case 23: entry.kind = ENTRY_JOINED; break;
	case 24: entry.kind = ENTRY_PARTED; break;
	case 25:
	case 26:
	case 27:
		entry.kind = ENTRY_DIRECT;
		entry.room = state_thread(state, who, entry.target);
		entry.room = entry.room == 0 ? seq + 1 : entry.room;
		break;
	case 28: entry.kind = chance_once_in(chance, 30) ? ENTRY_CLOSED : ENTRY_SAID; break;
	default:
		entry.kind = chance_once_in(chance, 2) ? ENTRY_REFUSED : ENTRY_SAID;
		if (session_of(who) != NULL) {
			entry.client_number = session_client_number(state, session_of(who)) +
			                      chance_below(chance, 3);
		}
	}
	return entry;
}

/* ---- counted by hand ---- */

struct tally {
	size_t present, absent, dormant;
	size_t absent_line, dormant_line;
};

static bool tally_session(void *context, const struct session *session) {
	struct tally *tally = context;
	const struct person *person = person_of(session_person(state, session));
	assert_ptr_equal(person_session_next(state, person, NULL), session);
	bool is_present = person_is_present(person);
	tally->present += is_present;
	tally->dormant += !is_present;
	tally->absent += is_present && session_absent_since_us(state, session) != 0;
	assert_ptr_equal(state_person_named(state, person_name(person)) == person, is_present);
	if (session_nonce(state, session) != 0) {
		assert_ptr_equal(state_session_of_nonce(state, session_nonce(state, session)),
		                 session);
	}
	return true;
}

static bool tally_room(void *context, uint64_t room) {
	size_t absent = 0;
	uint64_t homes = 0;
	for (size_t i = 0; i < state_room_members_count(state, room); i++) {
		const struct person *person = state_room_member(state, room, i);
		assert_true(person_is_present(person));
		assert_true(state_is_member(state, room, person_id(person)));
		assert_true(state_member_since(state, room, person_id(person)) >=
		            person_id(person));
		const struct session *session = person_session_next(state, person, NULL);
		if (person_is_absent(state, person)) {
			absent++;
		} else {
			homes |= (uint64_t)1 << session_home(session);
		}
	}
	assert_int_equal(state_room_absent_count(state, room), absent);
	assert_int_equal(state_room_homes(state, room), homes);
	return true;
}

static void assert_counts(void) {
	struct tally tally = {0};
	state_sessions_each(state, tally_session, &tally);
	assert_int_equal(state_people_count(state), tally.present);
	assert_int_equal(state_absent_count(state), tally.absent);
	assert_int_equal(state_dormant_count(state), tally.dormant);
	state_rooms_each(state, tally_room, NULL);
	const struct session *session = NULL;
	uint64_t last = 0;
	while ((session = state_absent_next(state, session)) != NULL) {
		assert_true(session_absent_since_us(state, session) >= last);
		last = session_absent_since_us(state, session);
		tally.absent_line++;
	}
	last = 0;
	while ((session = state_dormant_next(state, session)) != NULL) {
		assert_true(session_absent_since_us(state, session) >= last);
		last = session_absent_since_us(state, session);
		tally.dormant_line++;
	}
	assert_int_equal(tally.absent_line, tally.absent);
	assert_int_equal(tally.dormant_line, tally.dormant);
}

static void at_random(void **unused) {
	struct chance chance = {seed_or(4)};
	unsigned possible = 0, steps = (unsigned)sized(10000, 300000);
	size_t most_threads = 0, most_rooms = 0;
	for (unsigned step = 0; step < steps; step++) {
		struct record entry = random_entry(&chance);
		entry.seq = seq + 1;
		entry.time_us = entry.seq * 1000000;
		uint64_t digest = state_digest(state);
		if (state_apply(state, &entry, rows_follow, &rows) == STATE_OK) {
			seq++;
			possible++;
		} else {
			assert_int_equal(state_digest(state), digest);
		}
		if (step % 100 == 0) {
			assert_rows_are_the_state();
			assert_counts();
		}
		most_threads = state_threads_count(state) > most_threads
		                       ? state_threads_count(state)
		                       : most_threads;
		most_rooms = state_rooms_count(state) > most_rooms ? state_rooms_count(state)
		                                                   : most_rooms;
	}
	assert_true(possible > steps / 4);
	assert_true(most_threads > 3 && most_rooms > 3);
}

/* Everything that was taken is given back: a long life in the same memory. */
static void coming_and_going(void **unused) {
	uint64_t ann = enter("ann");
	for (uint32_t i = 0; i < (uint32_t)sized(5000, 300000); i++) {
		uint64_t id = enter("a name that lies outside of the person");
		uint64_t room = make_room("#some-room");
		apply(joining(id, room));
		apply(writing(id, ann, seq + 1));
		of(ENTRY_ABSENT, id);
		of(ENTRY_LEFT, id);
		of(ENTRY_FORGOTTEN, id);
		apply((struct record){.kind = ENTRY_ROOM_ENDED, .room = room});
	}
	assert_int_equal(rows.count, 3); /* ann, her session and membership */
}

int main(void) {
#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(connected),       ROW(absent),
		ROW(dormant),         ROW(closed),
		ROW(messages_count),  ROW(rooms_and_members),
		ROW(all_rooms),       ROW(threads),
		ROW(impossible_rows), ROW(lines_are_in_order_after_loading),
		ROW(at_random),       ROW(coming_and_going),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
