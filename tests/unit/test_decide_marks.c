/* What the hub decides about read markers and metadata: who may, up to when, and how much. */
#include "decide_world.h"

#include "limits.h"

static uint64_t enter(const char *name) {
	static uint16_t port = 5000;
	port++;
	world_ask(world,
	          (struct record){.kind = REQUEST_REGISTER,
	                          .has_route = true,
	                          .route = route_of(HOST, port),
	                          .connection = {port, 1},
	                          .name = text(name),
	                          .userhost = text("~u@cloak.qun"),
	                          .text = text("Real Name")},
	          NULL, NULL);
	return record_of(ENTRY_ENTERED).session;
}

static void join(uint64_t session, const char *room) {
	world_ask(world,
	          (struct record){.kind = REQUEST_JOIN,
	                          .session = session,
	                          .connection = {7, 1},
	                          .other_name = text(room)},
	          NULL, NULL);
}

/* Of a room, or of a person. */
static struct record marking(uint64_t session, const char *target, uint64_t since_us) {
	struct record request = {.kind = REQUEST_MARK,
	                         .session = session,
	                         .connection = {7, 1},
	                         .since_us = since_us};
	*(target[0] == '#' ? &request.other_name : &request.name) = text(target);
	return request;
}

static struct record setting(uint64_t session, const char *target, const char *key,
                             const char *value) {
	struct record request = {.kind = REQUEST_SET_METADATA,
	                         .session = session,
	                         .connection = {7, 1},
	                         .by = text(key),
	                         .text = text(value)};
	*(target[0] == '#' ? &request.other_name : &request.name) = text(target);
	return request;
}

/* ---- marks ---- */

static void marks(void **unused) {
	uint64_t ann = enter("ann"), bob = enter("bob");
	join(ann, "#tea");
	uint64_t now_us = world->now_us;
	world_ask(world, marking(ann, "#tea", now_us - 5000), NULL, NULL);
	struct record entry = record_of(ENTRY_MARKED);
	assert_int_equal(entry.person, ann);
	assert_int_equal(entry.since_us, now_us - 5000);
	assert_slice(entry.other_name, "#tea");
	/* Never back, and never ahead of the clock. */
	ask("nothing", marking(ann, "#tea", now_us - 5000));
	ask("nothing", marking(ann, "#tea", 1));
	later(10);
	world_ask(world, marking(ann, "#tea", UINT64_MAX), NULL, NULL);
	assert_int_equal(record_of(ENTRY_MARKED).since_us, world->now_us);
	ask("nothing", marking(ann, "#tea", UINT64_MAX));
	/* With somebody, though nothing was said yet; with oneself as well. */
	world_ask(world, marking(ann, "BOB", 1000), NULL, NULL);
	assert_int_equal(record_of(ENTRY_MARKED).target, bob);
	assert_slice(record_of(ENTRY_MARKED).other_name, "bob");
	assert_int_equal(record_of(ENTRY_MARKED).room, 0);
	world_ask(world, marking(ann, "ann", 1000), NULL, NULL);
	assert_int_equal(record_of(ENTRY_MARKED).target, ann);
	ask("refused:no-such-name", marking(ann, "nobody", 1000));
	ask("refused:no-such-room", marking(ann, "#none", 1000));
	ask("refused:not-in-room", marking(bob, "#tea", 1000));
}

static void marks_of_others(void **unused) {
	uint64_t ann = enter("ann");
	struct record request = marking(ann, "#lobby", 1000);
	request.session = 99;
	ask("refused:not-permitted", request);
	join(ann, "#tea");
	world_ask(world, marking(ann, "#tea", 1000), NULL, NULL);
	/* It stays when one parts from the room; and is the room's, not the name's. */
	world_ask(world,
	          (struct record){.kind = REQUEST_PART,
	                          .session = ann,
	                          .connection = {7, 1},
	                          .other_name = text("#tea")},
	          NULL, NULL);
	uint64_t tea = state_room_named(world->state, text("#tea"));
	assert_int_equal(state_mark_us(world->state, ann, tea, 0), 1000);
}

/* ---- metadata ---- */

static void own_metadata(void **unused) {
	uint64_t ann = enter("ann"), bob = enter("bob");
	world_ask(world, setting(ann, "ann", "status", "at tea"), NULL, NULL);
	struct record entry = record_of(ENTRY_METADATA);
	assert_int_equal(entry.person, ann);
	assert_int_equal(entry.target, ann);
	assert_int_equal(entry.room, 0);
	assert_slice(entry.name, "ann");
	assert_slice(entry.by, "ann");
	assert_slice(entry.other_name, "status");
	assert_slice(entry.text, "at tea");
	ask("nothing", setting(ann, "ann", "status", "at tea"));
	ask("nothing", setting(ann, "ann", "avatar", ""));
	ask("refused:not-permitted", setting(bob, "ann", "status", "x"));
	ask("refused:not-permitted", setting(bob, "ann", "", ""));
	ask("refused:no-such-name", setting(ann, "nobody", "status", "x"));
	ask("refused:bad-argument", setting(ann, "ann", "Status", "x"));
	ask("refused:not-utf8", setting(ann, "ann", "status", "\xE5\xB0"));
	char value[METADATA_VALUE_BYTES_MAX + 2] = {0};
	memset(value, 'x', sizeof(value) - 1);
	ask("refused:text-too-long", setting(ann, "ann", "status", value));
	/* All of it at once. */
	world_ask(world, setting(ann, "ann", "avatar", "x"), NULL, NULL);
	world_ask(world, setting(ann, "ann", "", ""), NULL, NULL);
	entry = record_of(ENTRY_METADATA);
	assert_slice(entry.other_name, "");
	assert_slice(entry.text, "avatar status");
	assert_int_equal(state_metadata_count(world->state), 0);
	ask("nothing", setting(ann, "ann", "", ""));
}

static void metadata_of_rooms(void **unused) {
	uint64_t ann = enter("ann"), bob = enter("bob"), root = enter("root");
	join(ann, "#tea");
	join(bob, "#tea");
	world_ask(world, setting(ann, "#tea", "url", "https://tea.example/"), NULL, NULL);
	uint64_t tea = state_room_named(world->state, text("#tea"));
	assert_int_equal(record_of(ENTRY_METADATA).room, tea);
	assert_slice(record_of(ENTRY_METADATA).name, "#tea");
	ask("refused:not-permitted", setting(bob, "#tea", "url", "x"));
	ask("refused:no-such-room", setting(ann, "#none", "url", "x"));
	ask("refused:not-permitted", setting(root, "ann", "url", "x"));
	world_ask(world,
	          (struct record){.kind = REQUEST_PROFILE,
	                          .session = root,
	                          .connection = {7, 1},
	                          .number = PROFILE_MODES,
	                          .bits = PERSON_IS_OPERATOR},
	          NULL, NULL);
	world_ask(world, setting(root, "#tea", "url", "x"), NULL, NULL);
	assert_slice(record_of(ENTRY_METADATA).by, "root");
	world_ask(world, setting(root, "bob", "bot", "no"), NULL, NULL);
	assert_int_equal(record_of(ENTRY_METADATA).target, bob);
}

static void how_much_metadata(void **unused) {
	uint64_t ann = enter("ann");
	char key[16];
	for (int i = 0; i < METADATA_KEYS_MAX; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		world_ask(world, setting(ann, "ann", key, "x"), NULL, NULL);
	}
	assert_int_equal(state_metadata_of(world->state, 0, ann), METADATA_KEYS_MAX);
	ask("refused:limit", setting(ann, "ann", "more", "x"));
	world_ask(world, setting(ann, "ann", "k0", "y"), NULL, NULL);
	world_ask(world, setting(ann, "ann", "k0", ""), NULL, NULL);
	world_ask(world, setting(ann, "ann", "more", "x"), NULL, NULL);
	assert_int_equal(state_metadata_of(world->state, 0, ann), METADATA_KEYS_MAX);
	/* Who is muted does not speak by this way either. */
	world_ask(
		world,
		(struct record){.kind = REQUEST_MUTE, .queue = CONSOLE_QUEUE, .name = text("ann")},
		NULL, NULL);
	ask("refused:muted", setting(ann, "ann", "more", "loud"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(marks, begin, end),
		cmocka_unit_test_setup_teardown(marks_of_others, begin, end),
		cmocka_unit_test_setup_teardown(own_metadata, begin, end),
		cmocka_unit_test_setup_teardown(metadata_of_rooms, begin, end),
		cmocka_unit_test_setup_teardown(how_much_metadata, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
