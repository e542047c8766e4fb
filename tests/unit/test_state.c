/* The state: what each entry does to it, what cannot follow, and that its rows are all of it. */
#include "state_world.h"

static struct record entered(const char *name, uint16_t port) {
	return (struct record){.kind = ENTRY_ENTERED,
	                       .person = seq + 1,
	                       .session = seq + 1,
	                       .name = text(name),
	                       .room = ROOM_LOBBY,
	                       .face = FACE_PLAIN,
	                       .home = port % 4,
	                       .has_route = true,
	                       .route = route_of(HOST, port)};
}

static uint64_t enter(const char *name, uint16_t port) {
	return apply(entered(name, port));
}

static uint64_t rename_to(uint64_t person, const char *from, const char *to) {
	return apply((struct record){.kind = ENTRY_RENAMED,
	                             .person = person,
	                             .name = text(to),
	                             .other_name = text(from),
	                             .room = ROOM_LOBBY});
}

static uint64_t mute(const char *name, uint64_t until_us) {
	return apply((struct record){.kind = ENTRY_MUTED,
	                             .name = text(name),
	                             .until_us = until_us,
	                             .by = text("root"),
	                             .text = text("too loud")});
}

static const struct restriction *mute_of(const char *name) {
	return state_mute_of(state, text(name), state_time_us(state));
}

/* ---- each kind ---- */

static void empty(void **unused) {
	assert_int_equal(state_seq(state), 0);
	assert_int_equal(state_people_count(state), 0);
	assert_true(state_room_exists(state, ROOM_LOBBY));
	assert_slice(state_room_name(state, ROOM_LOBBY), "#lobby");
	assert_int_equal(state_room_named(state, text("#LOBBY")), ROOM_LOBBY);
	assert_int_equal(state_room_named(state, text("#other")), 0);
	assert_int_equal(state_room_members_count(state, ROOM_LOBBY), 0);
	assert_int_equal(state_room_members_count(state, 99), 0);
	assert_null(state_person(state, 1));
	assert_null(state_person_named(state, text("x")));
	assert_null(state_person_named(state, text("")));
	assert_null(state_session(state, 1));
	assert_int_equal(state_next_expiry_us(state), 0);
	state_destroy(NULL);
}

static void somebody_enters(void **unused) {
	uint64_t id = enter("小明", 5002);
	const struct person *person = state_person(state, id);
	assert_non_null(person);
	assert_int_equal(person_id(person), id);
	assert_slice(person_name(person), "小明");
	assert_int_equal(person_since_us(person), state_time_us(state));
	assert_ptr_equal(state_person_named(state, text("小明")), person);
	assert_true(state_is_member(state, ROOM_LOBBY, id));
	assert_ptr_equal(state_room_member(state, ROOM_LOBBY, 0), person);
	uint64_t room;
	assert_int_equal(person_rooms(state, person, &room, 1), 1);
	assert_int_equal(room, ROOM_LOBBY);

	const struct session *session = person_session_next(state, person, NULL);
	assert_non_null(session);
	assert_null(person_session_next(state, person, session));
	assert_ptr_equal(state_session(state, id), session);
	struct address peer = address_of(HOST, 5002);
	assert_ptr_equal(state_session_at(state, &peer), session);
	peer.port++;
	assert_null(state_session_at(state, &peer));
	peer.port--;
	peer.scope = 1;
	assert_null(state_session_at(state, &peer));
	assert_int_equal(session_person(state, session), id);
	assert_int_equal(session_face(session), FACE_PLAIN);
	assert_int_equal(session_home(session), 2);
	struct route route, wanted = route_of(HOST, 5002);
	assert_true(session_route(state, session, &route));
	assert_true(address_equal(&route.peer, &wanted.peer));
	assert_memory_equal(route.local, wanted.local, 16);
	assert_int_equal(route.listener, 1);
	assert_int_equal(state_room_members_at(state, ROOM_LOBBY, 2), 1);
	assert_int_equal(state_room_members_at(state, ROOM_LOBBY, 1), 0);
	assert_int_equal(state_room_members_at(state, ROOM_LOBBY, 65535), 0);
	assert_int_equal(state_room_homes(state, ROOM_LOBBY), 1 << 2);
}

/* Of every length: inside of the person or beside it. */
static void names_of_every_length(void **unused) {
	char name[NAME_BYTES_MAX + 1] = "";
	for (size_t size = 1; size <= NAME_BYTES_MAX; size++) {
		name[size - 1] = (char)('a' + size % 26);
		uint64_t id = enter(name, (uint16_t)size);
		assert_slice(person_name(state_person(state, id)), name);
		assert_int_equal(person_id(state_person_named(state, text(name))), id);
	}
}

static void names_that_compare_equal(void **unused) {
	uint64_t id = enter("Ann", 1);
	assert_int_equal(person_id(state_person_named(state, text("aNN"))), id);
	assert_int_equal(person_id(state_person_named(state, text("ＡＮＮ"))), id);
	assert_null(state_person_named(state, text("anna")));
	assert_impossible(entered("ANN", 2));
	rename_to(id, "Ann", "ANN");
	assert_slice(person_name(state_person(state, id)), "ANN");
}

static void somebody_leaves(void **unused) {
	uint64_t a = enter("a", 1), b = enter("b", 2), c = enter("c", 3);
	apply((struct record){.kind = ENTRY_LEFT, .person = a, .session = a, .room = ROOM_LOBBY});
	assert_null(state_person(state, a));
	assert_null(state_person_named(state, text("a")));
	assert_null(state_session(state, a));
	struct address peer = address_of(HOST, 1);
	assert_null(state_session_at(state, &peer));
	assert_int_equal(state_room_members_count(state, ROOM_LOBBY), 2);
	assert_int_equal(state_room_homes(state, ROOM_LOBBY), 1 << 2 | 1 << 3);
	/* Name and address are free again. */
	uint64_t again = enter("a", 1);
	assert_int_not_equal(again, a);
	apply((struct record){.kind = ENTRY_KICKED, .person = b, .reason = REASON_KICKED});
	assert_null(state_person(state, b));
	apply((struct record){.kind = ENTRY_LEFT, .person = c});
	apply((struct record){.kind = ENTRY_LEFT, .person = again});
	assert_int_equal(state_people_count(state), 0);
	assert_int_equal(state_room_homes(state, ROOM_LOBBY), 0);
}

static void somebody_moves(void **unused) {
	uint64_t id = enter("a", 4);
	enter("b", 8);
	struct record moved = {.kind = ENTRY_MOVED,
	                       .session = id,
	                       .home = 3,
	                       .has_route = true,
	                       .route = route_of(HOST + 1, 99)};
	moved.route.listener = 7;
	moved.route.peer.scope = 5;
	memset(moved.route.local, 0xFE, 16);
	apply(moved);
	struct address before = address_of(HOST, 4);
	assert_null(state_session_at(state, &before));
	const struct session *session = state_session_at(state, &moved.route.peer);
	assert_ptr_equal(session, state_session(state, id));
	struct route route;
	assert_true(session_route(state, session, &route));
	assert_int_equal(route.listener, 7);
	assert_int_equal(route.peer.scope, 5);
	assert_memory_equal(route.local, moved.route.local, 16);
	assert_int_equal(state_room_homes(state, ROOM_LOBBY), 1 << 0 | 1 << 3);
	/* To where another is it cannot. */
	moved.route = route_of(HOST, 8);
	assert_impossible(moved);
	/* To where it is itself it can. */
	moved.route = route_of(HOST + 1, 99);
	moved.route.peer.scope = 5;
	apply(moved);
	/* Without a route, and back. */
	moved.has_route = false;
	apply(moved);
	assert_null(state_session_at(state, &moved.route.peer));
	assert_false(session_route(state, state_session(state, id), &route));
	moved.has_route = true;
	apply(moved);
	assert_non_null(state_session_at(state, &moved.route.peer));
	/* A home that there cannot be counts as the first. */
	moved.home = EDGES_MAX;
	apply(moved);
	assert_int_equal(session_home(state_session(state, id)), 0);
}

static void somebody_is_renamed(void **unused) {
	uint64_t id = enter("a", 1);
	enter("b", 2);
	rename_to(id, "a", "a name that is longer than others");
	assert_null(state_person_named(state, text("a")));
	assert_int_equal(
		person_id(state_person_named(state, text("A NAME that is longer than others"))),
		id);
	rename_to(id, "a name that is longer than others", "c");
	assert_slice(person_name(state_person(state, id)), "c");
	assert_impossible((struct record){.kind = ENTRY_RENAMED, .person = id, .name = text("B")});
}

static void rooms_are_made(void **unused) {
	uint64_t room = apply((struct record){.kind = ENTRY_ROOM_MADE, .name = text("#tea")});
	assert_slice(state_room_name(state, room), "#tea");
	assert_int_equal(state_room_named(state, text("#TEA")), room);
	struct record entry = entered("a", 5);
	entry.more_rooms = slice_of((const char *)&room, 8);
	uint64_t a = apply(entry);
	enter("b", 6);
	assert_int_equal(state_room_members_count(state, room), 1);
	assert_int_equal(state_room_members_count(state, ROOM_LOBBY), 2);
	assert_int_equal(state_room_homes(state, room), 1 << 1);
	assert_int_equal(state_room_homes(state, ROOM_LOBBY), 1 << 1 | 1 << 2);
	assert_int_equal(person_rooms(state, state_person(state, a), NULL, 0), 2);
	assert_impossible((struct record){.kind = ENTRY_ROOM_MADE, .name = text("#Tea")});
	assert_impossible((struct record){.kind = ENTRY_ROOM_MADE});
	apply((struct record){.kind = ENTRY_LEFT, .person = a});
	assert_int_equal(state_room_members_count(state, room), 0);
	assert_int_equal(state_room_homes(state, room), 0);
}

static void words_change_nothing(void **unused) {
	uint64_t id = enter("a", 1);
	size_t before = rows.count;
	apply((struct record){.kind = ENTRY_SAID, .person = id, .text = text("hello")});
	apply((struct record){.kind = ENTRY_SHOUTED, .text = text("HELLO")});
	assert_int_equal(rows.count, before);
	/* Answers, requests and rows are no entries: not even their numbers count. */
	uint64_t digest = state_digest(state);
	struct record answer = {.kind = ANSWER_OK, .seq = 1};
	assert_int_equal(state_apply(state, &answer, rows_follow, &rows), STATE_OK);
	answer.kind = REQUEST_CLOSE;
	assert_int_equal(state_apply(state, &answer, rows_follow, &rows), STATE_OK);
	assert_int_equal(state_digest(state), digest);
}

static void closed(void **unused) {
	for (uint16_t i = 1; i <= 500; i++) {
		char name[16];
		snprintf(name, sizeof(name), "n%u", i);
		enter(name, i);
	}
	mute("n1", 0);
	apply((struct record){.kind = ENTRY_CLOSED, .reason = REASON_CLOSED});
	assert_int_equal(state_people_count(state), 0);
	assert_int_equal(state_room_members_count(state, ROOM_LOBBY), 0);
	assert_int_equal(state_room_homes(state, ROOM_LOBBY), 0);
	assert_null(state_person_named(state, text("n77")));
	assert_non_null(mute_of("n1"));
	enter("n1", 1);
}

/* ---- restrictions ---- */

static void muted_and_unmuted(void **unused) {
	uint64_t first = mute("Ann", 50000000);
	assert_non_null(mute_of("ann"));
	assert_null(mute_of("anna"));
	assert_int_equal(state_next_expiry_us(state), 50000000);
	assert_non_null(state_mute_of(state, text("ann"), 49999999));
	assert_null(state_mute_of(state, text("ann"), 50000000));
	/* A second one takes the first's place. */
	uint64_t second = mute("ANN", 0);
	assert_int_equal(state_restrictions_count(state), 1);
	const struct restriction *restriction = mute_of("ann");
	assert_int_equal(restriction->id, second);
	assert_true(restriction->is_mute);
	assert_slice(restriction->by, "root");
	assert_slice(restriction->why, "too loud");
	assert_int_equal(restriction->since_us, state_time_us(state));
	assert_int_equal(state_next_expiry_us(state), 0);
	assert_impossible((struct record){.kind = ENTRY_UNMUTED, .target = first});
	apply((struct record){.kind = ENTRY_UNMUTED, .target = second});
	assert_null(mute_of("ann"));
	assert_int_equal(state_restrictions_count(state), 0);
}

static void mutes_move_with_names(void **unused) {
	uint64_t id = enter("ann", 1);
	uint64_t muted = mute("Ann", 0);
	rename_to(id, "ann", "bob");
	assert_null(mute_of("ann"));
	assert_int_equal(mute_of("BOB")->id, muted);
	assert_slice(mute_of("bob")->why, "too loud");
	assert_slice(mute_of("bob")->name, "bob");
	/* Into another spelling of itself. */
	rename_to(id, "bob", "BOB");
	assert_int_equal(mute_of("bob")->id, muted);
	/* Into a name that is muted, too: the longer one remains. */
	mute("carl", 900000000);
	rename_to(id, "BOB", "carl");
	assert_int_equal(state_restrictions_count(state), 1);
	assert_int_equal(mute_of("carl")->id, muted);
	apply((struct record){.kind = ENTRY_UNMUTED, .target = muted});
	mute("carl", 800000000);
	uint64_t longer = mute("bob", 900000000);
	rename_to(id, "carl", "bob");
	assert_int_equal(state_restrictions_count(state), 1);
	assert_int_equal(mute_of("bob")->id, longer);
	/* Who is not muted takes nothing along, and bans stay where they are. */
	uint64_t other = enter("dora", 2);
	apply((struct record){.kind = ENTRY_BANNED, .name = text("dora")});
	rename_to(other, "dora", "emma");
	assert_null(mute_of("emma"));
	assert_non_null(state_ban_of(state, text("dora"), NULL, state_time_us(state)));
	assert_null(state_ban_of(state, text("emma"), NULL, state_time_us(state)));
}

static void banned_and_unbanned(void **unused) {
	struct address inside = address_of(HOST + 7, 1), outside = address_of(HOST + 300, 1);
	struct net net;
	assert_true(net_parse(text("10.0.0.0/24"), &net));
	uint64_t by_name = apply((struct record){.kind = ENTRY_BANNED,
	                                         .name = text("Ann"),
	                                         .text = text("spam"),
	                                         .until_us = 90000000});
	uint64_t by_net = apply((struct record){.kind = ENTRY_BANNED, .has_net = true, .net = net});
	uint64_t now = state_time_us(state);
	assert_int_equal(state_ban_of(state, text("ANN"), &outside, now)->id, by_name);
	assert_slice(state_ban_of(state, text("ANN"), &outside, now)->why, "spam");
	assert_null(state_ban_of(state, text("ANN"), &outside, 90000000));
	assert_int_equal(state_ban_of(state, text("bob"), &inside, now)->id, by_net);
	assert_null(state_ban_of(state, text("bob"), &outside, now));
	assert_null(state_ban_of(state, text("bob"), NULL, now));
	assert_null(state_mute_of(state, text("ann"), now));
	/* A name that is none can still come from a banned network. */
	assert_non_null(state_ban_of(state, text("\xFF"), &inside, now));
	assert_null(state_ban_of(state, text(""), &outside, now));
	apply((struct record){.kind = ENTRY_UNBANNED, .target = by_net});
	assert_null(state_ban_of(state, text("bob"), &inside, now));
	assert_int_equal(state_restrictions_count(state), 1);
	assert_int_equal(state_restriction(state, 0)->id, by_name);
}

static void the_next_expiry(void **unused) {
	mute("a", 7000);
	mute("b", 0);
	uint64_t soon = mute("c", 5000);
	mute("d", 6000);
	assert_int_equal(state_next_expiry_us(state), 5000);
	apply((struct record){.kind = ENTRY_UNMUTED, .target = soon});
	assert_int_equal(state_next_expiry_us(state), 6000);
}

/* ---- what cannot be ---- */

static void impossible_entries(void **unused) {
	static const char long_name[NAME_BYTES_MAX + 1], long_why[WHY_BYTES_MAX + 1];
	static const uint64_t same_room = ROOM_LOBBY, no_room = 77;
	uint64_t many_rooms[ROOMS_PER_PERSON_MAX];
	uint64_t id = enter("a", 1);

	struct record entry = entered("b", 2);
	entry.person = id;
	assert_impossible(entry);
	entry = entered("b", 2);
	entry.session = id;
	assert_impossible(entry);
	entry = entered("b", 2);
	entry.person = 0;
	assert_impossible(entry);
	entry = entered("b", 2);
	entry.session = 0;
	assert_impossible(entry);
	assert_impossible(entered("a", 2));
	assert_impossible(entered("b", 1));
	assert_impossible(entered("", 2));
	entry = entered("b", 2);
	entry.name = slice_of(long_name, sizeof(long_name));
	assert_impossible(entry);
	entry = entered("b", 2);
	entry.room = no_room;
	assert_impossible(entry);
	entry.room = ROOM_LOBBY;
	entry.more_rooms = slice_of((const char *)&no_room, 8);
	assert_impossible(entry);
	entry.more_rooms = slice_of((const char *)&same_room, 8);
	assert_impossible(entry);
	for (size_t i = 0; i < ROOMS_PER_PERSON_MAX; i++) {
		char name[16];
		snprintf(name, sizeof(name), "#room%zu", i);
		many_rooms[i] = apply((struct record){.kind = ENTRY_ROOM_MADE, .name = text(name)});
	}
	entry = entered("b", 2);
	entry.more_rooms = slice_of((const char *)many_rooms, sizeof(many_rooms));
	assert_impossible(entry);
	entry.more_rooms.size -= 8;
	apply(entry);

	const struct record nobody[] = {
		{.kind = ENTRY_LEFT},
		{.kind = ENTRY_LEFT, .person = 99999},
		{.kind = ENTRY_KICKED, .person = 99999},
		{.kind = ENTRY_RENAMED, .person = 99999, .name = text("x")},
		{.kind = ENTRY_RENAMED, .person = id},
		{.kind = ENTRY_RENAMED, .person = id, .name = slice_of(long_name, 97)},
		{.kind = ENTRY_RENAMED, .person = id, .name = text("b")},
		{.kind = ENTRY_MOVED, .session = 99999},
		{.kind = ENTRY_UNMUTED, .target = 99999},
		{.kind = ENTRY_UNBANNED, .target = 99999},
		{.kind = ENTRY_UNBANNED},
		{.kind = ENTRY_MUTED, .name = slice_of(long_name, 97)},
		{.kind = ENTRY_MUTED, .name = text("x"), .by = slice_of(long_name, 97)},
		{.kind = ENTRY_BANNED, .name = text("x"), .text = slice_of(long_why, 401)},
		{.kind = ENTRY_ROOM_MADE, .name = slice_of(long_why, ROOM_NAME_BYTES_MAX + 1)},
		{.kind = 200},
	};
	for (size_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
		assert_impossible(nobody[i]);
	}
	/* Numbers rise and time does not go back; gaps are fine. */
	assert_impossible((struct record){.kind = ENTRY_SAID, .seq = seq});
	assert_impossible((struct record){.kind = ENTRY_SAID, .seq = seq - 1});
	assert_impossible(
		(struct record){.kind = ENTRY_SAID, .seq = seq + 1, .time_us = seq * 1000000 - 1});
	seq += 1000;
	apply((struct record){.kind = ENTRY_SAID});
}

static void impossible_rows(void **unused) {
	uint64_t id = enter("a", 1);
	static const char long_name[NAME_BYTES_MAX + 1], long_why[WHY_BYTES_MAX + 1];
	const struct record bad[] = {
		{.kind = ROW_PERSON, .name = text("x")},
		{.kind = ROW_PERSON, .person = 9},
		{.kind = ROW_PERSON, .person = 9, .name = slice_of(long_name, 97)},
		{.kind = ROW_PERSON, .person = id, .name = text("x")},
		{.kind = ROW_PERSON, .person = 9, .name = text("A")},
		{.kind = ROW_SESSION, .session = 9},
		{.kind = ROW_SESSION, .session = 9, .person = 9},
		{.kind = ROW_SESSION, .session = id, .person = id},
		{.kind = ROW_SESSION, .person = id},
		{.kind = ROW_SESSION,
	         .session = 9,
	         .person = id,
	         .has_route = true,
	         .route = route_of(HOST, 1)},
		{.kind = ROW_ROOM, .name = text("#x")},
		{.kind = ROW_ROOM, .room = 9},
		{.kind = ROW_ROOM, .room = ROOM_LOBBY, .name = text("#x")},
		{.kind = ROW_ROOM, .room = 9, .name = text("#LOBBY")},
		{.kind = ROW_ROOM, .room = 9, .name = slice_of(long_why, 65)},
		{.kind = ROW_MEMBER, .room = ROOM_LOBBY},
		{.kind = ROW_MEMBER, .room = ROOM_LOBBY, .person = id},
		{.kind = ROW_MEMBER, .room = 9, .person = id},
		{.kind = ROW_BAN, .name = text("x")},
		{.kind = ROW_BAN, .target = 1, .name = slice_of(long_name, 97)},
		{.kind = ROW_MUTE, .target = 1, .text = slice_of(long_why, 401)},
		{.kind = ENTRY_SAID},
		{.kind = 800},
	};
	uint64_t digest = state_digest(state);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(state_load_row(state, &bad[i]), STATE_IMPOSSIBLE);
		assert_int_equal(state_digest(state), digest);
	}
}

/* ---- the digest ---- */

static void digests_differ(void **unused) {
	struct net net;
	assert_true(net_parse(text("10.0.0.0/24"), &net));
	uint64_t room = apply((struct record){.kind = ENTRY_ROOM_MADE, .name = text("#tea")});
	enter("ann", 1);
	struct record entry = entered("bob", 2);
	entry.more_rooms = slice_of((const char *)&room, 8);
	entry.route.peer.scope = 3;
	apply(entry);
	mute("ann", 77);
	apply((struct record){.kind = ENTRY_BANNED, .has_net = true, .net = net});
	struct rows all = rows_of(state);
	struct state *same = rows_load(&all, 2);
	assert_int_equal(state_digest(same), state_digest(state));
	state_destroy(same);

	/* Each byte of each row, changed, makes another state, or none. */
	unsigned others = 0;
	for (size_t i = 0; i < all.count; i++) {
		for (size_t at = 8; at < all.all[i].size; at++) {
			all.all[i].bytes[at] ^= 1;
			struct state *other = state_create();
			bool is_loaded = true;
			for (size_t n = 0; n < all.count && is_loaded; n++) {
				struct record row;
				is_loaded = record_decode(&row, all.all[n].bytes, all.all[n].size) >
				                    0 &&
				            state_load_row(other, &row) == STATE_OK;
			}
			bool is_head = at >= 24 && at < RECORD_HEAD_BYTES;
			bool is_number = all.all[i].key.kind != ROW_META && at < 24;
			bool is_padding = all.all[i].bytes[at] == 1 && at + 8 > all.all[i].size;
			if (is_loaded && !is_head && !is_number && !is_padding) {
				assert_int_not_equal(state_digest(other), state_digest(state));
				others++;
			}
			state_destroy(other);
			all.all[i].bytes[at] ^= 1;
		}
	}
	assert_true(others > 100);
	rows_finish(&all);
}

/* ---- at random ---- */

#define NAMES 12
#define PORTS 20

static struct record random_entry(struct chance *chance) {
	static const char *const names[NAMES] = {"ann",
	                                         "ANN",
	                                         "Ａnn",
	                                         "bob",
	                                         "小明",
	                                         "小明 ",
	                                         "a somewhat longer name",
	                                         "e\xCC\x81va",
	                                         "\xC3\xA9va",
	                                         "carl",
	                                         "CARL",
	                                         "x"};
	static uint64_t other_room;
	struct record entry =
		entered(names[chance_below(chance, NAMES)], (uint16_t)chance_below(chance, PORTS));
	entry.route.local[15] = (uint8_t)chance_below(chance, 5);
	entry.route.peer.scope = (uint32_t)chance_below(chance, 2);
	uint64_t somebody = chance_below(chance, 200) < seq ? seq - chance_below(chance, 200) : 1;
	somebody = somebody > seq ? 1 : somebody;
	switch (chance_below(chance, 16)) {
	case 0:
	case 1:
	case 2:
	case 3:
		other_room = 1 + chance_below(chance, seq + 1);
		if (chance_once_in(chance, 3) && state_room_exists(state, other_room)) {
			entry.more_rooms = slice_of((const char *)&other_room, 8);
		}
		return entry;
	case 4: entry.kind = ENTRY_LEFT; break;
	case 5: entry.kind = ENTRY_KICKED; break;
	case 6:
	case 7: entry.kind = ENTRY_RENAMED; break;
	case 8:
	case 9: entry.kind = ENTRY_MOVED; break;
	case 10: entry.kind = ENTRY_MUTED; break;
	case 11: entry.kind = ENTRY_UNMUTED; break;
	case 12: entry.kind = ENTRY_BANNED; break;
	case 13: entry.kind = ENTRY_UNBANNED; break;
	case 14: entry.kind = chance_once_in(chance, 20) ? ENTRY_CLOSED : ENTRY_SAID; break;
	default: entry.kind = chance_once_in(chance, 5) ? ENTRY_ROOM_MADE : ENTRY_SHOUTED;
	}
	if (state_people_count(state) > 0 && chance_once_in(chance, 2)) {
		size_t count = state_room_members_count(state, ROOM_LOBBY);
		somebody = person_id(
			state_room_member(state, ROOM_LOBBY, chance_below(chance, count)));
	}
	if (state_restrictions_count(state) > 0) {
		size_t which = chance_below(chance, state_restrictions_count(state));
		entry.target = state_restriction(state, which)->id;
	}
	entry.person = entry.session = somebody;
	entry.until_us = chance_below(chance, 2) * 1000;
	entry.text = text("why");
	return entry;
}

/* Counts by hand what the state keeps counted. */
static void assert_counts(void) {
	uint64_t homes = 0;
	size_t at_home[EDGES_MAX] = {0};
	size_t count = state_room_members_count(state, ROOM_LOBBY);
	assert_int_equal(count, state_people_count(state));
	for (size_t i = 0; i < count; i++) {
		const struct person *person = state_room_member(state, ROOM_LOBBY, i);
		assert_ptr_equal(state_person_named(state, person_name(person)), person);
		const struct session *session = NULL;
		while ((session = person_session_next(state, person, session)) != NULL) {
			struct route route;
			at_home[session_home(session)]++;
			homes |= (uint64_t)1 << session_home(session);
			if (session_route(state, session, &route)) {
				assert_ptr_equal(state_session_at(state, &route.peer), session);
			}
		}
	}
	assert_int_equal(state_room_homes(state, ROOM_LOBBY), homes);
	for (uint16_t home = 0; home < EDGES_MAX; home++) {
		assert_int_equal(state_room_members_at(state, ROOM_LOBBY, home), at_home[home]);
	}
}

static void at_random(void **unused) {
	struct chance chance = {seed_or(4)};
	unsigned possible = 0, steps = (unsigned)sized(6000, 300000);
	for (unsigned step = 0; step < steps; step++) {
		struct record entry = random_entry(&chance);
		entry.seq = seq + 1;
		entry.time_us = entry.seq * 1000000;
		struct rows before = {0};
		uint64_t digest = state_digest(state);
		if (state_apply(state, &entry, rows_follow, &rows) == STATE_OK) {
			seq++;
			possible++;
		} else {
			assert_int_equal(state_digest(state), digest);
		}
		rows_finish(&before);
		if (step % 100 == 0) {
			assert_rows_are_the_state();
			assert_counts();
		}
	}
	assert_true(possible > steps / 4);
}

/* Everything that was taken is given back: a long life in the same memory. */
static void coming_and_going(void **unused) {
	for (uint32_t i = 0; i < (uint32_t)sized(20000, 1000000); i++) {
		struct record entry = entered("a name that lies outside of the person", 1);
		/* Loopback has 16 million addresses of ours: none is kept for ever. */
		memcpy(entry.route.local, &i, sizeof(i));
		uint64_t id = apply(entry);
		apply((struct record){.kind = ENTRY_LEFT, .person = id});
	}
}

int main(void) {
#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(empty),
		ROW(somebody_enters),
		ROW(names_of_every_length),
		ROW(names_that_compare_equal),
		ROW(somebody_leaves),
		ROW(somebody_moves),
		ROW(somebody_is_renamed),
		ROW(rooms_are_made),
		ROW(words_change_nothing),
		ROW(closed),
		ROW(muted_and_unmuted),
		ROW(mutes_move_with_names),
		ROW(banned_and_unbanned),
		ROW(the_next_expiry),
		ROW(impossible_entries),
		ROW(impossible_rows),
		ROW(digests_differ),
		ROW(at_random),
		ROW(coming_and_going),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
