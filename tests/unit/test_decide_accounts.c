/* What the hub decides for accounts: each has one person, with any number of sessions, that may stay
 * while it has none; and that nobody inherits it. */
#include "decide_world.h"

#include "limits.h"

static struct record registering(const char *name, const char *device) {
	static uint16_t port = 5000;
	port++;
	return (struct record){.kind = REQUEST_REGISTER,
	                       .has_route = true,
	                       .route = route_of(HOST, port),
	                       .connection = {port, 1},
	                       .name = text(name),
	                       .other_name = text(device),
	                       .userhost = text("~u@cloak.qun"),
	                       .bits = PERSON_HAS_ACCOUNT};
}

static void make_account(const char *name) {
	world_ask(world,
	          (struct record){
			  .kind = REQUEST_ACCOUNT_MADE, .queue = CONSOLE_QUEUE, .name = text(name)},
	          NULL, NULL);
	(void)record_of(ENTRY_ACCOUNT_MADE);
}

static void end_account(const char *outcome, const char *name) {
	ask(outcome, (struct record){.kind = REQUEST_ACCOUNT_ENDED,
	                             .queue = CONSOLE_QUEUE,
	                             .name = text(name)});
}

/* Signed in; its session. */
static uint64_t come(const char *outcome, const char *name, const char *device) {
	ask(outcome, registering(name, device));
	return record_of(ANSWER_WELCOME).session;
}

static uint64_t come_as_guest(const char *name) {
	struct record request = registering(name, NULL);
	request.bits = 0;
	world_ask(world, request, NULL, NULL);
	return record_of(ANSWER_WELCOME).session;
}

static struct record gone(uint64_t session, uint64_t read_up_to) {
	return (struct record){.kind = REQUEST_GONE,
	                       .session = session,
	                       .number = read_up_to,
	                       .text = text("bye")};
}

static struct record by(uint64_t session, uint16_t kind, const char *room, const char *name,
                        const char *words) {
	return (struct record){.kind = kind,
	                       .session = session,
	                       .connection = {7, 1},
	                       .other_name = text(room),
	                       .name = text(name),
	                       .text = text(words)};
}

static void set_stay(const char *outcome, uint64_t session, uint64_t bits) {
	struct record request = by(session, REQUEST_ACCOUNT_SET, NULL, NULL, NULL);
	request.number = ACCOUNT_STAYS | ACCOUNT_STAYS_NOT;
	request.bits = bits;
	ask(outcome, request);
}

static const struct person *named(const char *name) {
	return state_person_named(world->state, text(name));
}

static uint64_t account(void) {
	return state_account_named(world->state, text("ming"));
}

static void several_sessions(void **unused) {
	make_account("ming");
	uint64_t first = come("welcome entered(ming)", "ming", "phone");
	uint64_t person = person_id(named("ming"));
	assert_int_equal(state_account_person(world->state, account()), person);
	assert_int_equal(person_account(world->state, named("ming")), account());
	uint64_t second = come("attached(ming) welcome", "ming", "desk");
	assert_int_not_equal(second, first);
	assert_int_equal(record_of(ENTRY_ATTACHED).person, person);
	assert_int_equal(record_of(ANSWER_WELCOME).person, person);
	assert_int_equal(record_rooms_count(&(struct record){.room = 0}), 0);
	assert_true(slice_equal(session_device(world->state, state_session(world->state, second)),
	                        text("desk")));
	/* Either says what the one person says. */
	ask("made(#tea) joined(ming<#tea)", by(first, REQUEST_JOIN, "#tea", NULL, NULL));
	ask("said(ming<#tea:hello)", by(second, REQUEST_SAY, "#tea", NULL, "hello"));
	assert_int_equal(record_of(ENTRY_SAID).person, person);
	assert_int_equal(record_of(ENTRY_SAID).session, second);
	/* Nobody hears that one of them ends, but of the last they do. */
	ask("detached(ming:bye)", gone(first, 0));
	assert_int_equal(record_rooms_count(&(struct record){.room = 0}), 0);
	assert_int_equal(record_of(ENTRY_DETACHED).room, 0);
	assert_false(person_is_absent(world->state, named("ming")));
	ask("left(ming:bye)", gone(second, 0));
	assert_null(named("ming"));
	ask("nothing", gone(second, 0));
	assert_int_equal(state_account_person(world->state, account()), person);
}

static void too_many_sessions(void **unused) {
	make_account("ming");
	come("welcome entered(ming)", "ming", NULL);
	for (int i = 1; i < SESSIONS_PER_PERSON_MAX; i++) {
		come("attached(ming) welcome", "ming", NULL);
	}
	ask("refused:full", registering("ming", NULL));
}

static void the_same_when_it_returns(void **unused) {
	make_account("ming");
	uint64_t bob = come_as_guest("bob");
	uint64_t ming = come("welcome entered(ming)", "ming", NULL);
	uint64_t person = person_id(named("ming")), other = person_id(named("bob"));
	ask("direct(bob<ming:secret)", by(bob, REQUEST_DIRECT, NULL, "ming", "secret"));
	uint64_t thread = state_thread(world->state, person, other);
	assert_int_not_equal(thread, 0);
	ask("left(ming:bye)", gone(ming, 0));
	/* Dormant: nobody is called so, nobody else may be. */
	assert_int_equal(state_people_count(world->state), 1);
	assert_int_equal(state_dormant_count(world->state), 1);
	struct record guest = registering("ming", NULL);
	guest.bits = 0;
	ask("refused:name-registered", guest);
	ask("refused:no-such-name", by(bob, REQUEST_DIRECT, NULL, "ming", "there?"));
	come("entered(MING) welcome", "MING", NULL);
	assert_int_equal(record_of(ANSWER_WELCOME).person, person);
	assert_int_equal(state_thread(world->state, person, other), thread);
	assert_int_equal(state_dormant_count(world->state), 0);
}

static void nobody_inherits(void **unused) {
	make_account("ming");
	uint64_t bob = come_as_guest("bob");
	uint64_t ming = come("welcome entered(ming)", "ming", NULL);
	uint64_t person = person_id(named("ming")), other = person_id(named("bob"));
	ask("direct(bob<ming:secret)", by(bob, REQUEST_DIRECT, NULL, "ming", "secret"));
	ask("left(ming:bye)", gone(ming, 0));
	end_account("account-ended(ming) done", "ming");
	assert_null(state_person(world->state, person));
	assert_int_equal(state_threads_count(world->state), 0);
	make_account("ming");
	come("welcome entered(ming)", "ming", NULL);
	assert_int_not_equal(record_of(ANSWER_WELCOME).person, person);
	assert_int_equal(state_thread(world->state, person_id(named("ming")), other), 0);
	/* Who is connected when its account ends goes on as a guest, and the account's next owner is another. */
	end_account("account-ended(ming) profile(ming) done", "ming");
	assert_int_equal(person_account(world->state, named("ming")), 0);
	uint64_t guest = person_id(named("ming"));
	ask("left(ming:bye)", gone(guest, 0));
	assert_null(state_person(world->state, guest));
}

static void staying(void **unused) {
	make_account("ming");
	uint64_t bob = come_as_guest("bob");
	uint64_t ming = come("welcome entered(ming)", "ming", "phone");
	uint64_t person = person_id(named("ming"));
	ask("refused:needs-account", by(bob, REQUEST_ACCOUNT_SET, NULL, NULL, NULL));
	set_stay("account-set(ming)", ming, ACCOUNT_STAYS);
	set_stay("nothing", ming, ACCOUNT_STAYS);
	ask("made(#tea) joined(ming<#tea)", by(ming, REQUEST_JOIN, "#tea", NULL, NULL));
	ask("joined(bob<#tea)", by(bob, REQUEST_JOIN, "#tea", NULL, NULL));
	uint64_t read = state_seq(world->state);
	ask("detached(ming:bye)", gone(ming, read));
	/* Its rooms hear that nobody is connected; it is there. */
	assert_int_not_equal(record_of(ENTRY_DETACHED).room, 0);
	assert_true(person_is_absent(world->state, named("ming")));
	assert_true(state_is_member(world->state, record_of(ENTRY_DETACHED).room, person));
	assert_int_equal(state_absent_count(world->state), 1);
	assert_int_equal(state_device_read_up_to(world->state, account(), text("phone")), read);
	ask("said(bob<#tea:hello)", by(bob, REQUEST_SAY, "#tea", NULL, "hello"));
	ask("direct(bob<ming:hello)", by(bob, REQUEST_DIRECT, NULL, "ming", "hello"));
	struct record guest = registering("ming", NULL);
	guest.bits = 0;
	ask("refused:name-taken", guest);
	come("attached(ming) welcome", "ming", "desk");
	assert_int_not_equal(record_of(ENTRY_ATTACHED).room, 0);
	assert_false(person_is_absent(world->state, named("ming")));
	assert_int_equal(state_absent_count(world->state), 0);
	/* Its cursor waits for the other device. */
	assert_int_equal(state_device_read_up_to(world->state, account(), text("phone")), read);
}

/*
 * Who was here under the name before there was an account of it goes on as a guest, and the
 * account is not its own.
 */
static void a_guest_goes_on(void **unused) {
	struct record guest = registering("ming", NULL);
	guest.bits = 0;
	guest.nonce = 7;
	ask("welcome entered(ming)", guest);
	make_account("ming");
	ask("attached(ming) welcome detached(ming:Gone on with elsewhere)", guest);
	assert_int_equal(record_of(ENTRY_ATTACHED).bits & PERSON_HAS_ACCOUNT, 0);
	assert_int_equal(state_account_person(world->state, account()), 0);
	assert_int_equal(person_bits(world->state, named("ming")) & PERSON_HAS_ACCOUNT, 0);
}

static void who_is_away_says_no_more(void **unused) {
	make_account("ming");
	uint64_t ming = come("welcome entered(ming)", "ming", NULL);
	set_stay("account-set(ming)", ming, ACCOUNT_STAYS);
	ask("made(#tea) joined(ming<#tea)", by(ming, REQUEST_JOIN, "#tea", NULL, NULL));
	ask("away(ming:lunch)", by(ming, REQUEST_AWAY, NULL, NULL, "lunch"));
	ask("detached(ming:bye)", gone(ming, 0));
	assert_int_equal(record_of(ENTRY_DETACHED).room, 0);
	come("attached(ming) welcome", "ming", NULL);
	assert_int_equal(record_of(ENTRY_ATTACHED).room, 0);
}

static void all_stay(void **unused) {
	make_account("ming");
	world->accounts_stay = true;
	uint64_t ming = come("welcome entered(ming)", "ming", NULL);
	ask("detached(ming:bye)", gone(ming, 0));
	ming = come("attached(ming) welcome", "ming", NULL);
	set_stay("account-set(ming)", ming, ACCOUNT_STAYS_NOT);
	ask("left(ming:bye)", gone(ming, 0));
	/* The last word counts. */
	ming = come("entered(ming) welcome", "ming", NULL);
	set_stay("account-set(ming)", ming, ACCOUNT_STAYS);
	assert_int_equal(state_account_bits(world->state, account()), ACCOUNT_STAYS);
	uint64_t bob = come_as_guest("bob");
	ask("left(bob:bye)", gone(bob, 0));
}

static void rights_end_with_the_last_session(void **unused) {
	make_account("ming");
	uint64_t ming = come("welcome entered(ming)", "ming", NULL);
	struct record request = by(ming, REQUEST_PROFILE, NULL, NULL, NULL);
	request.number = PROFILE_MODES;
	request.bits = PERSON_IS_OPERATOR;
	set_stay("account-set(ming)", ming, ACCOUNT_STAYS);
	ask("profile(ming)", request);
	assert_int_equal(state_operators_count(world->state), 1);
	ask("detached(ming:bye) profile(ming)", gone(ming, 0));
	assert_int_equal(state_operators_count(world->state), 0);
	assert_int_equal(record_of(ENTRY_PROFILE).bits, PERSON_HAS_ACCOUNT);
}

static void orphans_and_devices(void **unused) {
	make_account("ming");
	uint64_t phone = come("welcome entered(ming)", "ming", "phone");
	uint64_t desk = come("attached(ming) welcome", "ming", "desk");
	ask("orphaned", (struct record){.kind = REQUEST_ORPHANS});
	assert_true(person_is_absent(world->state, named("ming")));
	/* Each device takes its own; another one is one more. */
	ask("moved welcome", registering("ming", "desk"));
	assert_int_equal(record_of(ANSWER_WELCOME).session, desk);
	uint64_t tablet = come("attached(ming) welcome", "ming", "tablet");
	assert_false(person_is_absent(world->state, named("ming")));
	/* What does not come back ends, and nobody hears of it. */
	later(ORPHAN_SECONDS);
	struct record forget = {.kind = REQUEST_FORGET, .queue = QUEUE_OF_HUB};
	ask("detached:orphaned(ming)", forget);
	assert_null(state_session(world->state, phone));
	/* Both at once: the last of them takes the person along. */
	ask("orphaned", (struct record){.kind = REQUEST_ORPHANS});
	later(ORPHAN_SECONDS);
	ask("detached:orphaned(ming)", forget);
	ask("left:orphaned(ming)", forget);
	ask("nothing", forget);
	assert_null(state_session(world->state, tablet));
	assert_null(named("ming"));
}

static void how_far_it_has_read(void **unused) {
	make_account("ming");
	uint64_t ming = come("welcome entered(ming)", "ming", "phone");
	uint64_t bob = come_as_guest("bob");
	uint64_t now = state_seq(world->state);
	struct record read = {.kind = REQUEST_READ_UP_TO, .session = ming, .number = now};
	ask("read", read);
	assert_int_equal(state_device_read_up_to(world->state, account(), text("phone")), now);
	/* Never back, never further than there is anything; and only of an account's, by its own edge. */
	ask("nothing", read);
	read.number = state_seq(world->state) + 1;
	ask("nothing", read);
	read.number--;
	read.queue = 1;
	ask("nothing", read);
	read.queue = 0;
	read.session = bob;
	ask("nothing", read);
	read.session = ming;
	ask("read", read);
}

static void what_ends_others(void **unused) {
	make_account("ming");
	uint64_t ming = come("welcome entered(ming)", "ming", NULL);
	uint64_t person = person_id(named("ming"));
	come("attached(ming) welcome", "ming", NULL);
	struct record kick = {.kind = REQUEST_KICK,
	                      .queue = CONSOLE_QUEUE,
	                      .name = text("ming"),
	                      .text = text("x")};
	ask("kicked:kicked(ming:x) done", kick);
	assert_null(state_session(world->state, ming));
	assert_int_equal(state_account_person(world->state, account()), person);
	ming = come("entered(ming) welcome", "ming", NULL);
	set_stay("account-set(ming)", ming, ACCOUNT_STAYS);
	ask("closed:closed(:x) done",
	    (struct record){.kind = REQUEST_CLOSE, .queue = CONSOLE_QUEUE, .text = text("x")});
	assert_null(named("ming"));
	ming = come("entered(ming) welcome", "ming", NULL);
	assert_int_equal(record_of(ANSWER_WELCOME).person, person);
	/* A ban of the name finds it, though no session leads to it. */
	ask("detached(ming:bye)", gone(ming, 0));
	world_ask(
		world,
		(struct record){.kind = REQUEST_BAN, .queue = CONSOLE_QUEUE, .name = text("ming")},
		NULL, NULL);
	ask("kicked:banned(ming)", (struct record){.kind = REQUEST_SWEEP, .queue = QUEUE_OF_HUB});
	assert_null(named("ming"));
	/* And so does the end of the account. */
	ask("unbanned(ming) done",
	    (struct record){.kind = REQUEST_UNBAN, .queue = CONSOLE_QUEUE, .name = text("ming")});
	ming = come("entered(ming) welcome", "ming", NULL);
	ask("detached(ming:bye)", gone(ming, 0));
	end_account("left(ming) account-ended(ming) done", "ming");
	assert_int_equal(state_people_count(world->state), 0);
	assert_int_equal(state_dormant_count(world->state), 0);
}

static void becoming_its_person(void **unused) {
	make_account("ming");
	uint64_t ann = come_as_guest("ann");
	struct record request = by(ann, REQUEST_RENAME, NULL, "ming", NULL);
	request.bits = PERSON_HAS_ACCOUNT;
	ask("renamed(ming<ann) profile(ming)", request);
	assert_int_equal(state_account_person(world->state, account()), ann);
	/* It cannot sign out, nor be called otherwise. */
	request = by(ann, REQUEST_PROFILE, NULL, NULL, NULL);
	request.number = PROFILE_ACCOUNT;
	ask("refused:not-your-name", request);
	ask("refused:not-your-name", by(ann, REQUEST_RENAME, NULL, "ann", NULL));
	ask("left(ming:bye)", gone(ann, 0));
}

/* Never two people of one account: who signs in to one that has its person moves over to that. */
static void moving_over(void **unused) {
	make_account("ming");
	uint64_t ming = come("welcome entered(ming)", "ming", NULL);
	uint64_t person = person_id(named("ming"));
	uint64_t bob = come_as_guest("bob");
	struct record request = by(bob, REQUEST_RENAME, NULL, "ming", NULL);
	ask("refused:name-taken", request);
	request.bits = PERSON_HAS_ACCOUNT;
	ask("left:same-name-elsewhere(bob:Signed in) attached(ming) welcome", request);
	assert_int_equal(record_of(ANSWER_WELCOME).person, person);
	assert_null(named("bob"));
	uint64_t moved = record_of(ANSWER_WELCOME).session;
	ask("detached(ming:bye)", gone(moved, 0));
	ask("left(ming:bye)", gone(ming, 0));
	/* Also if that one is not there. */
	request.session = come_as_guest("bob");
	ask("left:same-name-elsewhere(bob:Signed in) entered(ming) welcome", request);
	assert_int_equal(record_of(ANSWER_WELCOME).person, person);
	struct route route;
	const struct session *session =
		state_session(world->state, record_of(ANSWER_WELCOME).session);
	assert_true(session_route(world->state, session, &route));
	/* Who has an account cannot become another's. */
	make_account("ann");
	request.session = come("welcome entered(ann)", "ann", NULL);
	ask("refused:name-taken", request);
}

/* Whose account it is ends its other sessions, or whoever else is called that. */
static void ghosts(void **unused) {
	uint64_t early = come_as_guest("ming");
	make_account("ming");
	uint64_t ann = come_as_guest("ann");
	struct record ghost = by(ann, REQUEST_GHOST, NULL, "ming", NULL);
	ask("refused:needs-account", ghost);
	ghost.bits = PERSON_HAS_ACCOUNT;
	ask("left:kicked(ming:名字是注册过的 / the name is registered)", ghost);
	assert_null(state_session(world->state, early));
	ask("refused:no-such-name", ghost);
	uint64_t first = come("welcome entered(ming)", "ming", "phone");
	uint64_t second = come("attached(ming) welcome", "ming", "desk");
	/* Its own person is in nobody's way: who has shown that it is that one takes the name. */
	ask("refused:name-taken", ghost);
	ghost = by(second, REQUEST_GHOST, NULL, "MING", NULL);
	ask("detached:kicked(ming:Ended by its owner)", ghost);
	assert_null(state_session(world->state, first));
	assert_non_null(state_session(world->state, second));
	ask("nothing", ghost);
	make_account("bob");
	ghost = by(second, REQUEST_GHOST, NULL, "bob", NULL);
	ask("refused:needs-account", ghost);
}

static bool count_device(void *context, struct slice device, uint64_t since_us) {
	size_t *count = context;
	assert_true(slice_equal(device, text("phone")) || slice_equal(device, text("desk")));
	return ++*count < 2;
}

static void devices(void **unused) {
	size_t count = 0;
	make_account("ming");
	come("welcome entered(ming)", "ming", "phone");
	state_devices_each(world->state, account(), count_device, &count);
	assert_int_equal(count, 1);
	come("attached(ming) welcome", "ming", "desk");
	come("attached(ming) welcome", "ming", "phone");
	count = 0;
	state_devices_each(world->state, account(), count_device, &count);
	assert_int_equal(count, 2);
	state_devices_each(world->state, 4711, count_device, &count);
	assert_int_equal(count, 2);
}

static void check_topic(const char *room, const char *topic) {
	uint64_t id = state_room_named(world->state, text(room));
	struct slice its = state_room_charter(world->state, id).topic;
	assert_true(slice_equal(its, text(topic)));
}

/* Its person, whoever is connected as it, goes, and leaves nothing to who has the name later. */
static void erased(void **unused) {
	struct record request = {
		.kind = REQUEST_ERASE, .queue = CONSOLE_QUEUE, .name = text("Ming")};
	ask("refused:no-such-name", request);
	uint64_t bob = come_as_guest("bob");
	ask("made(#bob) joined(bob<#bob)", by(bob, REQUEST_JOIN, "#bob", NULL, NULL));
	ask("topic(bob<#bob:bobs)", by(bob, REQUEST_TOPIC, "#bob", NULL, "bobs"));
	make_account("ming");
	uint64_t phone = come("welcome entered(ming)", "ming", "phone");
	come("attached(ming) welcome", "ming", "desk");
	uint64_t person = person_id(named("ming")), its = account();
	ask("made(#tea) joined(ming<#tea)", by(phone, REQUEST_JOIN, "#tea", NULL, NULL));
	ask("topic(ming<#tea:mings)", by(phone, REQUEST_TOPIC, "#tea", NULL, "mings"));
	ask("direct(ming<bob:psst)", by(phone, REQUEST_DIRECT, NULL, "bob", "psst"));
	request.queue = 0;
	ask("refused:not-permitted", request);
	request.queue = CONSOLE_QUEUE;
	request.since_us = 1;
	ask("kicked:kicked(ming:The account was erased) erased(ming) account-ended(ming) done",
	    request);
	assert_int_equal(record_of(ENTRY_ERASED).target, its);
	assert_int_equal(record_of(ENTRY_ERASED).person, person);
	assert_null(named("ming"));
	assert_null(state_person(world->state, person));
	assert_int_equal(state_threads_count(world->state), 0);
	check_topic("#tea", NULL);
	check_topic("#bob", "bobs");
	/* Who comes later is somebody else. It is not here: nobody is told. */
	make_account("ming");
	uint64_t heir = come("welcome entered(ming)", "ming", "phone");
	assert_int_not_equal(person_id(named("ming")), person);
	ask("left(ming:bye)", gone(heir, 0));
	ask("erased(ming) account-ended(ming) done", request);
	assert_int_equal(state_dormant_count(world->state), 0);
	/* Nobody has signed in to it yet. */
	make_account("ming");
	ask("erased(ming) account-ended(ming) done", request);
	assert_int_equal(record_of(ENTRY_ERASED).person, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(several_sessions),
		TEST(too_many_sessions),
		TEST(the_same_when_it_returns),
		TEST(nobody_inherits),
		TEST(staying),
		TEST(a_guest_goes_on),
		TEST(who_is_away_says_no_more),
		TEST(all_stay),
		TEST(rights_end_with_the_last_session),
		TEST(orphans_and_devices),
		TEST(how_far_it_has_read),
		TEST(what_ends_others),
		TEST(becoming_its_person),
		TEST(moving_over),
		TEST(ghosts),
		TEST(devices),
		TEST(erased),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
