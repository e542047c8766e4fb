/* What the hub decides of bans by account, by mask and by network, who may decide them, and how far the
 * server is open. */
#include "decide_world.h"

#include "limits.h"

static uint16_t ports;

static struct record registering(const char *name, const char *userhost, uint64_t bits) {
	return (struct record){.kind = REQUEST_REGISTER,
	                       .has_route = true,
	                       .route = route_of(HOST, ++ports),
	                       .connection = {ports, 1},
	                       .name = text(name),
	                       .userhost = text(userhost),
	                       .bits = bits};
}

/* Somebody new by a stream; its session. */
static uint64_t enter(const char *name, const char *userhost, uint64_t bits) {
	world_ask(world, registering(name, userhost, bits), NULL, NULL);
	return record_of(ENTRY_ENTERED).session;
}

static struct record plainly(const char *name) {
	return (struct record){.kind = REQUEST_ENTER,
	                       .has_route = true,
	                       .route = route_of(HOST, ++ports),
	                       .face = FACE_PLAIN,
	                       .name = text(name)};
}

static struct record opening(const char *name) {
	return (struct record){.kind = REQUEST_OPEN,
	                       .has_route = true,
	                       .route = route_of(HOST, ++ports),
	                       .connection = {ports, 1},
	                       .nonce = ports,
	                       .name = text(name)};
}

static struct record admin(uint16_t kind, const char *name, uint64_t bits, const char *why) {
	return (struct record){.kind = kind,
	                       .queue = CONSOLE_QUEUE,
	                       .connection = {4, 9},
	                       .name = text(name),
	                       .bits = bits,
	                       .text = text(why)};
}

static struct record by(uint64_t session, uint16_t kind, const char *name, uint64_t bits,
                        const char *why) {
	return (struct record){.kind = kind,
	                       .session = session,
	                       .connection = {7, 1},
	                       .name = text(name),
	                       .bits = bits,
	                       .text = text(why)};
}

static struct record own(uint16_t kind) {
	return (struct record){.kind = kind, .queue = QUEUE_OF_HUB};
}

static uint64_t an_operator(const char *name) {
	uint64_t session = enter(name, "~o@staff.qun", 0);
	struct record request = by(session, REQUEST_PROFILE, NULL, 0, NULL);
	request.number = PROFILE_MODES;
	request.bits = PERSON_IS_OPERATOR;
	world_ask(world, request, NULL, NULL);
	return session;
}

static void make_account(const char *name) {
	world_ask(world,
	          (struct record){
			  .kind = REQUEST_ACCOUNT_MADE, .queue = CONSOLE_QUEUE, .name = text(name)},
	          NULL, NULL);
}

/* ---- masks ---- */

static void a_mask_meets_every_face(void **unused) {
	enter("ann", "~u@bad.example", 0);
	enter("bob", "~u@good.example", 0);
	ask("banned(*!*@BAD.example<*!*@bad.example:spam) done",
	    admin(REQUEST_BAN, "*@BAD.example", BAN_IS_MASK, "spam"));
	ask("kicked:banned(ann:spam)", own(REQUEST_SWEEP));
	ask("nothing", own(REQUEST_SWEEP));
	ask("refused:banned", registering("eve", "~u@bad.example", 0));
	assert_true(slice_equal(record_of(ANSWER_REFUSED).text, text("spam")));
	ask("welcome entered(eve)", registering("eve", "~u@fine.example", 0));
	/* By datagrams, and by name: 全角 and case are no way around. */
	world_ask(world, plainly("spam1"), NULL, NULL);
	world_ask(world, opening("spam2"), NULL, NULL);
	ask("banned(spam*!*@*<spam*!*@*) done", admin(REQUEST_BAN, "spam*", BAN_IS_MASK, NULL));
	ask("kicked:banned(spam1) kicked:banned(spam2)", own(REQUEST_SWEEP));
	ask("refused:banned", plainly("ＳＰＡＭ"));
	ask("refused:banned", opening("Spam3"));
	ask("banned(*!*@plain.qun<*!*@plain.qun) done",
	    admin(REQUEST_BAN, "*!*@plain.qun", BAN_IS_MASK, NULL));
	ask("refused:banned", plainly("小明"));
	ask("welcome entered(小明)", opening("小明"));
	/* As IRC shows them. */
	ask("banned(*!*@datagram.qun<*!*@datagram.qun) done",
	    admin(REQUEST_BAN, "*!*@datagram.qun", BAN_IS_MASK, NULL));
	ask("refused:banned", opening("小红"));
	ask("welcome entered(eva)", registering("eva", "~u@fine.example", 0));
	ask("kicked:banned(小明)", own(REQUEST_SWEEP));
	ask("unbanned(*!*@datagram.qun) done",
	    admin(REQUEST_UNBAN, "*!*@datagram.qun", BAN_IS_MASK, NULL));
	ask("refused:no-such-ban", admin(REQUEST_UNBAN, "spam", 0, NULL));
	ask("unbanned(spam*!*@*) done", admin(REQUEST_UNBAN, "SPAM*", BAN_IS_MASK, NULL));
	ask("welcome entered(spam2)", opening("spam2"));
	ask("refused:name-invalid", admin(REQUEST_BAN, "a b*", BAN_IS_MASK, NULL));
	ask("refused:name-invalid", admin(REQUEST_BAN, "", BAN_IS_MASK, NULL));
}

/* Nobody takes a banned name or host later on either. */
static void becoming_what_is_banned(void **unused) {
	uint64_t ann = enter("ann", "~u@cloak.qun", 0);
	world_ask(world, admin(REQUEST_BAN, "evil*!*@cloak.qun", BAN_IS_MASK, "no"), NULL, NULL);
	ask("nothing", own(REQUEST_SWEEP));
	ask("refused:banned", by(ann, REQUEST_RENAME, "evil9", 0, NULL));
	ask("renamed(good<ann)", by(ann, REQUEST_RENAME, "good", 0, NULL));
	world_ask(world, admin(REQUEST_BAN, "*@vhost.qun", BAN_IS_MASK, "that too"), NULL, NULL);
	struct record request = by(ann, REQUEST_PROFILE, NULL, 0, NULL);
	request.number = PROFILE_USERHOST;
	request.userhost = text("~u@vhost.qun");
	ask("kicked:banned(good:that too)", request);
}

/* ---- accounts ---- */

static void an_account(void **unused) {
	make_account("ann");
	make_account("bob");
	enter("ann", "~u@cloak.qun", PERSON_HAS_ACCOUNT);
	uint64_t bob = enter("bob", "~u@cloak.qun", PERSON_HAS_ACCOUNT);
	ask("banned(Ann:enough) done", admin(REQUEST_BAN, "Ann", BAN_IS_ACCOUNT, "enough"));
	assert_int_equal(record_of(ENTRY_BANNED).bits, BAN_IS_ACCOUNT);
	ask("kicked:banned(ann:enough)", own(REQUEST_SWEEP));
	ask("refused:banned", registering("ann", "~u@elsewhere.qun", PERSON_HAS_ACCOUNT));
	/* Who is not signed in is met by what holds for registered names. */
	ask("refused:name-registered", registering("ann", "~u@cloak.qun", 0));
	/* A ban of the account is none of the name, and none of another's. */
	ask("refused:no-such-ban", admin(REQUEST_UNBAN, "ann", 0, NULL));
	ask("nothing", by(bob, REQUEST_RENAME, "bob", 0, NULL));
	struct record as_ann = by(bob, REQUEST_RENAME, "ann", PERSON_HAS_ACCOUNT, NULL);
	ask("refused:banned", as_ann);
	ask("unbanned(Ann) done", admin(REQUEST_UNBAN, "ann", BAN_IS_ACCOUNT, NULL));
	ask("entered(ann) welcome", registering("ann", "~u@cloak.qun", PERSON_HAS_ACCOUNT));
}

static void signing_in_as_banned(void **unused) {
	uint64_t ann = enter("ann", "~u@cloak.qun", 0);
	make_account("ann");
	world_ask(world, admin(REQUEST_BAN, "ann", BAN_IS_ACCOUNT, "no"), NULL, NULL);
	ask("nothing", own(REQUEST_SWEEP));
	struct record request = by(ann, REQUEST_PROFILE, NULL, PERSON_HAS_ACCOUNT, NULL);
	request.number = PROFILE_ACCOUNT;
	ask("kicked:banned(ann:no)", request);
}

/* ---- who, and for how long ---- */

static void operators_ban_and_their_name_is_kept(void **unused) {
	uint64_t ann = enter("ann", "~u@cloak.qun", 0);
	uint64_t root = an_operator("root");
	struct record request = by(ann, REQUEST_BAN, "bob*", BAN_IS_MASK, "mine");
	ask("refused:not-permitted", request);
	request = by(root, REQUEST_BAN, "ann", 0, "flood");
	request.number = 60;
	ask("banned(ann:flood)", request);
	struct record banned = record_of(ENTRY_BANNED);
	assert_true(slice_equal(banned.by, text("root")));
	assert_int_equal(banned.person, state_session(world->state, root) == NULL ? 0 : root);
	assert_int_equal(banned.until_us, world->now_us + 60 * 1000000);
	ask("kicked:banned(ann:flood)", own(REQUEST_SWEEP));
	assert_true(slice_equal(record_of(ENTRY_KICKED).by, text("root")));
	later(60);
	ask("unbanned(ann)", own(REQUEST_EXPIRE));
	assert_int_equal(record_of(ENTRY_UNBANNED).until_us, banned.until_us);
	/* A network, and back. */
	request = by(root, REQUEST_BAN, NULL, 0, NULL);
	request.has_net = true;
	assert_true(net_parse(text("192.0.2.0/24"), &request.net));
	ask("banned", request);
	request.kind = REQUEST_UNBAN;
	ask("unbanned", request);
	assert_true(slice_equal(record_of(ENTRY_UNBANNED).by, text("root")));
	assert_int_equal(record_of(ENTRY_UNBANNED).until_us, 0);
	ask("refused:no-such-ban", request);
	ask("refused:not-permitted", by(ann, REQUEST_UNBAN, "ann", 0, NULL));
	/* A hundred years are enough. */
	request = by(root, REQUEST_BAN, "x", 0, NULL);
	request.number = UINT64_C(101) * 366 * 86400;
	ask("refused:bad-argument", request);
	request = admin(REQUEST_MUTE, "x", 0, NULL);
	request.number = UINT64_MAX / 60 + 1;
	ask("refused:bad-argument", request);
}

/* ---- how far the server is open ---- */

static struct record level(uint64_t number, const char *why) {
	struct record request = admin(REQUEST_SERVER_SET, NULL, 0, why);
	request.number = number;
	return request;
}

static void levels(void **unused) {
	make_account("ann");
	uint64_t old = enter("old", "~u@cloak.qun", 0);
	ask("server-set(:flood) done", level(LEVEL_ACCOUNTS, "flood"));
	assert_int_equal(state_server(world->state).level, LEVEL_ACCOUNTS);
	ask("refused:access-closed", registering("new", "~u@cloak.qun", 0));
	assert_int_equal(record_of(ANSWER_REFUSED).number, LEVEL_ACCOUNTS);
	assert_true(slice_equal(record_of(ANSWER_REFUSED).text, text("flood")));
	ask("refused:access-closed", plainly("new"));
	ask("refused:access-closed", opening("new"));
	ask("welcome entered(ann)", registering("ann", "~u@cloak.qun", PERSON_HAS_ACCOUNT));
	ask("server-set done", level(LEVEL_SHUT, NULL));
	ask("refused:access-closed", registering("bob", "~u@cloak.qun", PERSON_HAS_ACCOUNT));
	assert_int_equal(record_of(ANSWER_REFUSED).number, LEVEL_SHUT);
	/* Who is in stays, and does as ever. */
	ask("renamed(older<old)", by(old, REQUEST_RENAME, "older", 0, NULL));
	ask("server-set done", level(LEVEL_OPEN, NULL));
	assert_int_equal(state_server(world->state).level, LEVEL_OPEN);
	ask("ok entered(new)", plainly("new"));
	ask("refused:bad-argument", level(0, NULL));
	ask("refused:bad-argument", level(6, NULL));
}

static void who_comes_back(void **unused) {
	world_ask(world, opening("sue"), NULL, NULL);
	uint64_t sue = record_of(ENTRY_ENTERED).session;
	world_ask(world, plainly("pat"), NULL, NULL);
	struct record pat = plainly("pat");
	pat.route = route_of(HOST, (uint16_t)(ports - 1));
	world_ask(world, level(LEVEL_SHUT, NULL), NULL, NULL);
	/* Present: it goes on, from elsewhere too; and a repeated L does not hurt. */
	struct record back = {.kind = REQUEST_RESUME,
	                      .has_route = true,
	                      .route = route_of(HOST + 5, 77),
	                      .connection = {8, 1},
	                      .session = sue};
	ask("moved welcome", back);
	ask("ok", pat);
	/* An edge died, and its stream returns. */
	world_ask(world, level(LEVEL_OPEN, NULL), NULL, NULL);
	struct record orphan = registering("ann", "~u@cloak.qun", 0);
	world_ask(world, orphan, NULL, NULL);
	world_ask(world, (struct record){.kind = REQUEST_ORPHANS}, NULL, NULL);
	world_ask(world, level(LEVEL_SHUT, NULL), NULL, NULL);
	ask("moved welcome", orphan);
}

static void a_quiet_server(void **unused) {
	uint64_t root = an_operator("root");
	uint64_t ann = enter("ann", "~u@cloak.qun", 0);
	struct record request = by(ann, REQUEST_SERVER_SET, NULL, 0, NULL);
	request.number = LEVEL_QUIET;
	ask("refused:not-permitted", request);
	request = by(root, REQUEST_SERVER_SET, NULL, 0, "hush");
	request.number = LEVEL_QUIET;
	ask("server-set(:hush)", request);
	assert_true(slice_equal(state_server(world->state).by, text("root")));
	struct record lobby = by(ann, REQUEST_JOIN, NULL, 0, NULL);
	lobby.other_name = text("#lobby");
	world_ask(world, lobby, NULL, NULL);
	struct record say = by(ann, REQUEST_SAY, NULL, 0, "hello");
	say.other_name = text("#lobby");
	ask("refused:cannot-send-to-room", say);
	assert_int_equal(record_of(ANSWER_REFUSED).number, LEVEL_QUIET);
	lobby.session = say.session = root;
	world_ask(world, lobby, NULL, NULL);
	ask("said(root:hello)", say);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(a_mask_meets_every_face),
		TEST(becoming_what_is_banned),
		TEST(an_account),
		TEST(signing_in_as_banned),
		TEST(operators_ban_and_their_name_is_kept),
		TEST(levels),
		TEST(who_comes_back),
		TEST(a_quiet_server),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
