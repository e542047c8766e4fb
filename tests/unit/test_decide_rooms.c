/* What the hub decides of rooms that are for accounts, send people on, are slow, or are somebody's. */
#include "decide_world.h"

#include "limits.h"

static uint64_t come(const char *name, uint64_t bits) {
	static uint16_t port = 5000;
	port++;
	world_ask(world,
	          (struct record){.kind = REQUEST_REGISTER,
	                          .has_route = true,
	                          .route = route_of(HOST, port),
	                          .connection = {port, 1},
	                          .name = text(name),
	                          .userhost = text("~u@cloak.qun"),
	                          .bits = bits},
	          NULL, NULL);
	return record_of(ANSWER_WELCOME).session;
}

/* With an account, and signed in to it. */
static uint64_t own(const char *name) {
	world_ask(world,
	          (struct record){
			  .kind = REQUEST_ACCOUNT_MADE, .queue = CONSOLE_QUEUE, .name = text(name)},
	          NULL, NULL);
	return come(name, PERSON_HAS_ACCOUNT);
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

static void mode(const char *outcome, uint64_t session, const char *room, const char *change) {
	ask(outcome, by(session, REQUEST_MODE, room, NULL, change));
}

static void join(uint64_t session, const char *room) {
	(void)outcome_of(by(session, REQUEST_JOIN, room, NULL, NULL));
	assert_true(slice_equal(record_of(ENTRY_JOINED).other_name, text(room)));
}

static void set_founder(const char *outcome, uint64_t session, const char *room,
                        const char *account) {
	ask(outcome, by(session, REQUEST_FOUNDER, room, account, NULL));
}

static void who_is_sent_on(void **unused) {
	uint64_t ann = come("ann", 0), eve = come("eve", 0), bob = own("bob");
	join(ann, "#tea");
	join(ann, "#hall");
	mode("mode(ann<#tea:+Rf #hall)", ann, "#tea", "+Rf #HALL");
	mode("nothing", ann, "#tea", "+f #hall");
	ask("joined(eve<#hall)", by(eve, REQUEST_JOIN, "#tea", NULL, NULL));
	/* There already: it is told why not. And whoever may come in comes in. */
	ask("refused:needs-account", by(eve, REQUEST_JOIN, "#tea", NULL, NULL));
	ask("joined(bob<#tea)", by(bob, REQUEST_JOIN, "#tea", NULL, NULL));
	ask("parted(eve<#hall)", by(eve, REQUEST_PART, "#hall", NULL, NULL));
	/* A key is for the room that it was said for. From there nobody is sent further. */
	mode("mode(ann<#hall:+kf * #tea)", ann, "#hall", "+kf secret #tea");
	ask("refused:needs-account", by(eve, REQUEST_JOIN, "#tea", NULL, "secret"));
	mode("mode(ann<#hall:-k+b * *!*@*)", ann, "#hall", "-k+b * *!*@*");
	ask("refused:needs-account", by(eve, REQUEST_JOIN, "#tea", NULL, NULL));
	/* Invited, one is not sent away. */
	ask("invited(ann<#tea)", by(ann, REQUEST_INVITE, "#tea", "eve", NULL));
	ask("joined(eve<#tea)", by(eve, REQUEST_JOIN, "#tea", NULL, NULL));
}

static void who_waits(void **unused) {
	uint64_t ann = come("ann", 0), eve = come("eve", 0);
	uint64_t root = come("root", PERSON_IS_OPERATOR);
	join(ann, "#tea");
	join(eve, "#tea");
	join(root, "#tea");
	mode("mode(ann<#tea:+W 60)", ann, "#tea", "+W 60");
	ask("said(eve<#tea:one)", by(eve, REQUEST_SAY, "#tea", NULL, "one"));
	later(20);
	ask("refused:slow-mode", by(eve, REQUEST_SAY, "#tea", NULL, "two"));
	assert_int_equal(record_of(ANSWER_REFUSED).number, 40);
	for (int i = 0; i < 2; i++) {
		ask("said(ann<#tea:mine)", by(ann, REQUEST_SAY, "#tea", NULL, "mine"));
		ask("said(root<#tea:mine)", by(root, REQUEST_SAY, "#tea", NULL, "mine"));
	}
	/* A shorter time holds for what was said before, too. */
	mode("mode(ann<#tea:+W 20)", ann, "#tea", "+W 20");
	ask("said(eve<#tea:two)", by(eve, REQUEST_SAY, "#tea", NULL, "two"));
	mode("mode(ann<#tea:-W)", ann, "#tea", "-W");
	ask("said(eve<#tea:three)", by(eve, REQUEST_SAY, "#tea", NULL, "three"));
}

static void whose_a_room_is(void **unused) {
	uint64_t ann = own("ann"), bob = own("bob"), eve = come("eve", 0);
	uint64_t root = come("root", PERSON_IS_OPERATOR);
	join(eve, "#tea");
	join(bob, "#tea");
	set_founder("refused:no-such-room", ann, "#none", "ann");
	set_founder("refused:needs-account", eve, "#tea", "eve");
	set_founder("refused:not-room-operator", bob, "#tea", "bob");
	set_founder("refused:not-permitted", root, "#lobby", "root");
	mode("mode(eve<#tea:+o bob)", eve, "#tea", "+o bob");
	set_founder("refused:needs-account", bob, "#tea", "ann");
	set_founder("founder(bob<#tea)", bob, "#tea", "bob");
	set_founder("refused:name-registered", bob, "#tea", "BOB");
	set_founder("refused:not-permitted", ann, "#tea", "ann");
	set_founder("refused:no-such-name", bob, "#tea", "nobody");
	set_founder("founder(ann<#tea)", bob, "#tea", "ann");
	set_founder("refused:not-permitted", bob, "#tea", "");
	set_founder("founder(bob<#tea)", root, "#tea", "bob");
	/* A room that somebody's account has made is for that one to register. */
	join(ann, "#cup");
	join(bob, "#cup");
	mode("mode(ann<#cup:+o bob)", ann, "#cup", "+o bob");
	set_founder("refused:not-permitted", bob, "#cup", "bob");
	set_founder("founder(ann<#cup)", ann, "#cup", "ann");
}

static void rename_room(const char *outcome, uint64_t session, const char *room, const char *name,
                        const char *why) {
	ask(outcome, by(session, REQUEST_RENAME_ROOM, room, name, why));
}

static void rooms_are_renamed(void **unused) {
	char long_name[ROOM_NAME_BYTES_MAX + 2] = "#", why[WHY_BYTES_MAX + 2] = "";
	memset(long_name + 1, 'x', ROOM_NAME_BYTES_MAX);
	memset(why, 'x', WHY_BYTES_MAX + 1);
	uint64_t ann = come("ann", 0), eve = come("eve", 0);
	uint64_t root = come("root", PERSON_IS_OPERATOR);
	join(ann, "#tea");
	join(eve, "#tea");
	join(eve, "#hall");
	mode("mode(eve<#hall:+f #tea)", eve, "#hall", "+f #tea");
	uint64_t tea = state_room_named(world->state, text("#tea"));
	rename_room("refused:no-such-room", ann, "#none", "#cup", NULL);
	rename_room("refused:not-in-room", ann, "#hall", "#cup", NULL);
	rename_room("refused:not-room-operator", eve, "#tea", "#cup", NULL);
	rename_room("refused:not-room-operator", eve, "#tea", "nonsense", NULL);
	rename_room("refused:room-name-taken", ann, "#tea", "#HALL", NULL);
	rename_room("refused:room-name-taken", ann, "#tea", "#大厅", NULL);
	rename_room("refused:room-name-invalid", ann, "#tea", "cup", NULL);
	rename_room("refused:room-name-invalid", ann, "#tea", "#a b", NULL);
	rename_room("refused:room-name-invalid", ann, "#tea", "#", NULL);
	rename_room("refused:room-name-invalid", ann, "#tea", long_name, NULL);
	rename_room("refused:text-too-long", ann, "#tea", "#cup", why);
	rename_room("refused:not-utf8", ann, "#tea", "#cup", "\xff");
	rename_room("refused:not-permitted", root, "#lobby", "#cup", NULL);
	rename_room("nothing", ann, "#tea", "#tea", NULL);
	rename_room("room-renamed(ann<#cup:better)", ann, "#tea", "#cup", "better");
	assert_true(slice_equal(record_of(ENTRY_ROOM_RENAMED).by, text("#tea")));
	assert_int_equal(record_of(ENTRY_ROOM_RENAMED).room, tea);
	assert_int_equal(state_room_named(world->state, text("#cup")), tea);
	/* Whoever was to be sent there is. */
	mode("mode(eve<#hall:+i)", eve, "#hall", "+i");
	uint64_t bob = come("bob", 0);
	ask("joined(bob<#cup)", by(bob, REQUEST_JOIN, "#hall", NULL, NULL));
	/* Not again at once, but by the server's operators, who need not be in it. */
	rename_room("refused:too-fast", ann, "#cup", "#CUP", NULL);
	rename_room("room-renamed(root<#mug)", root, "#cup", "#mug", NULL);
	later(ROOM_RENAME_PAUSE_S - 1);
	rename_room("refused:too-fast", ann, "#mug", "#Mug", NULL);
	later(1);
	rename_room("room-renamed(ann<#Mug)", ann, "#mug", "#Mug", NULL);
	/* The names that it had are free. */
	ask("made(#tea) joined(bob<#tea)", by(bob, REQUEST_JOIN, "#tea", NULL, NULL));
}

/* Each of them may have to be told who is there. */
static void a_crowd_s_room_keeps_its_name(void **unused) {
	uint64_t ann = come("ann", 0), root = come("root", PERSON_IS_OPERATOR);
	join(ann, "#tea");
	uint64_t tea = state_room_named(world->state, text("#tea"));
	for (unsigned i = 1; i <= ROOM_RENAME_MEMBERS_MAX; i++) {
		char name[16];
		snprintf(name, sizeof(name), "n%u", i);
		struct record entered = {.kind = ENTRY_ENTERED,
		                         .seq = world->seq_next,
		                         .time_us = world->now_us,
		                         .person = world->seq_next,
		                         .session = world->seq_next,
		                         .face = FACE_IRC,
		                         .room = tea,
		                         .name = text(name)};
		assert_int_equal(state_apply(world->state, &entered, NULL, NULL), STATE_OK);
		world->seq_next++;
	}
	rename_room("refused:full", ann, "#tea", "#cup", NULL);
	rename_room("room-renamed(root<#cup)", root, "#tea", "#cup", NULL);
	/* One less, and it is no crowd. */
	later(ROOM_RENAME_PAUSE_S);
	uint64_t one = person_id(state_person_named(world->state, text("n1")));
	struct record parted = {.kind = ENTRY_PARTED,
	                        .seq = world->seq_next++,
	                        .time_us = world->now_us,
	                        .person = one,
	                        .room = tea};
	assert_int_equal(state_apply(world->state, &parted, NULL, NULL), STATE_OK);
	rename_room("room-renamed(ann<#mug)", ann, "#cup", "#mug", NULL);
}

static void a_registered_room_s_name_is_its_founder_s(void **unused) {
	uint64_t ann = own("ann"), bob = own("bob"), eve = come("eve", 0);
	uint64_t root = come("root", PERSON_IS_OPERATOR);
	join(ann, "#tea");
	join(bob, "#tea");
	join(eve, "#tea");
	mode("mode(ann<#tea:+oo bob eve)", ann, "#tea", "+oo bob eve");
	set_founder("founder(ann<#tea)", ann, "#tea", "ann");
	rename_room("refused:name-registered", bob, "#tea", "#cup", NULL);
	rename_room("refused:name-registered", eve, "#tea", "#cup", NULL);
	/* By the account, with or without the office. */
	mode("mode(bob<#tea:-o ann)", bob, "#tea", "-o ann");
	rename_room("room-renamed(ann<#cup)", ann, "#tea", "#cup", NULL);
	uint64_t cup = state_room_named(world->state, text("#cup"));
	struct room_charter charter = state_room_charter(world->state, cup);
	assert_true(slice_equal(charter.founder_account, text("ann")));
	assert_true((charter.bits & ROOM_IS_REGISTERED) != 0);
	rename_room("room-renamed(root<#mug)", root, "#cup", "#mug", NULL);
}

static void relay(const char *outcome, uint64_t session, const char *room, const char *as,
                  const char *words) {
	struct record request = by(session, REQUEST_RELAY, room, NULL, words);
	request.by = text(as);
	ask(outcome, request);
}

static void what_bridges_pass_on(void **unused) {
	static const char *const bad[] = {
		"",        "ming",     "m!ng/x",  "m ng/x",
		"#ming/x", "ming/a.b", "+ming/x", "m@x/x",
		"m'x/x",   "m,x/x",    "m:x/x",   "ming\x01/x",
		"\xff/x",  "ming／x",  "m?x/x",   "1234567890123456789012345678901/x",
	};
	uint64_t ann = own("ann"), eve = come("eve", 0), root = come("root", PERSON_IS_OPERATOR);
	join(ann, "#tea");
	join(eve, "#tea");
	relay("refused:no-such-room", ann, "#none", "ming/x", "hi");
	relay("refused:not-room-operator", eve, "#tea", "ming/x", "hi");
	relay("refused:not-room-operator", eve, "#tea", "ming", "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		relay("refused:name-invalid", ann, "#tea", bad[i], "hi");
	}
	relay("refused:text-empty", ann, "#tea", "ming/x", NULL);
	relay("said(小明/x<#tea:hi)", ann, "#tea", "小明/x", "hi");
	struct record said = record_of(ENTRY_SAID);
	assert_true(slice_equal(said.by, text("ann")));
	assert_true(slice_equal(said.userhost, text("~relay@cloak.qun")));
	assert_int_equal(said.bits, 0);
	assert_int_equal(said.person,
	                 session_person(world->state, state_session(world->state, ann)));
	/* The server's operators do as they may where everybody may speak. */
	relay("refused:cannot-send-to-room", root, "#tea", "ming/x", "hi");
	mode("mode(ann<#tea:-n)", ann, "#tea", "-n");
	relay("said(ming/x<#tea:hi)", root, "#tea", "ming/x", "hi");
	join(root, "#lobby");
	relay("said(ming/x:hi)", root, "#lobby", "ming/x", "hi");
	/* Whom the administrator has silenced: the bridge, or who is behind it. */
	ask("muted(ming/x) done",
	    (struct record){.kind = REQUEST_MUTE, .queue = CONSOLE_QUEUE, .name = text("ming/x")});
	relay("refused:muted", ann, "#tea", "MING/x", "hi");
	relay("said(li/x<#tea:hi)", ann, "#tea", "li/x", "hi");
	ask("muted(ann) done",
	    (struct record){.kind = REQUEST_MUTE, .queue = CONSOLE_QUEUE, .name = text("ann")});
	relay("refused:muted", ann, "#tea", "li/x", "hi");
}

/* Such a name is nobody's: it is refused to whoever comes; but who has one from before is not played. */
static void a_relayed_name_is_nobody_s(void **unused) {
	uint64_t ann = own("ann"), eve = come("eve", 0);
	join(ann, "#tea");
	struct record request = by(eve, REQUEST_RENAME, NULL, "ming/x", NULL);
	ask("refused:name-invalid", request);
	request.name = text("ming／x");
	ask("refused:name-invalid", request);
	request.name = text("ming⁄x");
	ask("refused:name-invalid", request);
	struct record entered = {.kind = ENTRY_ENTERED,
	                         .seq = world->seq_next,
	                         .time_us = world->now_us,
	                         .person = world->seq_next,
	                         .session = world->seq_next,
	                         .face = FACE_IRC,
	                         .name = text("old/x")};
	assert_int_equal(state_apply(world->state, &entered, NULL, NULL), STATE_OK);
	world->seq_next++;
	relay("refused:name-taken", ann, "#tea", "Old/x", "hi");
	relay("said(older/x<#tea:hi)", ann, "#tea", "older/x", "hi");
}

static void an_account_has_only_so_many(void **unused) {
	char room[16], founded[40];
	uint64_t ann = own("ann");
	for (unsigned i = 0; i <= ROOMS_PER_ACCOUNT_MAX; i++) {
		snprintf(room, sizeof(room), "#r%u", i);
		snprintf(founded, sizeof(founded), "founder(ann<%s)", room);
		join(ann, room);
		set_founder(i < ROOMS_PER_ACCOUNT_MAX ? founded : "refused:limit", ann, room,
		            "ann");
	}
	assert_int_equal(record_of(ANSWER_REFUSED).number, ROOMS_PER_ACCOUNT_MAX);
}

static void say(const char *outcome, uint64_t session, const char *room) {
	ask(outcome, by(session, REQUEST_SAY, room, NULL, "hi"));
}

static void accounts_are_banned(void **unused) {
	uint64_t ann = come("ann", 0), bob = own("bob"), eve = come("eve", 0), cat = own("cat");
	join(ann, "#tea");
	mode("mode(ann<#tea:+b a:b?B)", ann, "#tea", "+b a:b?B");
	mode("nothing", ann, "#tea", "+b a:B?b");
	ask("refused:room-banned", by(bob, REQUEST_JOIN, "#tea", NULL, NULL));
	join(eve, "#tea");
	/* By whatever name: it is the account that counts; and who is called so without one is none. */
	mode("mode(ann<#tea:+be a:* a:cat)", ann, "#tea", "+be a:* a:cat");
	say("said(eve<#tea:hi)", eve, "#tea");
	join(cat, "#tea");
	say("said(cat<#tea:hi)", cat, "#tea");
	mode("mode(ann<#tea:-bb+i a:* a:b?B)", ann, "#tea", "-bbb+i a:* A:nobody a:B?b");
	ask("refused:invite-only", by(bob, REQUEST_JOIN, "#tea", NULL, NULL));
	mode("mode(ann<#tea:+I a:bob)", ann, "#tea", "+I a:bob");
	join(bob, "#tea");
	mode("refused:bad-argument", ann, "#tea", "+I m:a:bob");
	mode("refused:bad-argument", ann, "#tea", "+b a:bob!*@*");
	mode("refused:bad-argument", ann, "#tea", "+b m:");
}

static void who_is_muted_is_there_and_silent(void **unused) {
	uint64_t ann = come("ann", 0), bob = own("bob"), eve = come("eve", 0);
	uint64_t root = come("root", PERSON_IS_OPERATOR);
	join(ann, "#tea");
	mode("mode(ann<#tea:+bb-t m:eve!*@* m:a:bob)", ann, "#tea", "+bb-t m:eve m:a:bob");
	mode("nothing", ann, "#tea", "-bb eve!*@* a:bob");
	join(eve, "#tea");
	join(bob, "#tea");
	join(root, "#tea");
	say("refused:room-muted", eve, "#tea");
	say("refused:room-muted", bob, "#tea");
	say("said(root<#tea:hi)", root, "#tea");
	ask("refused:room-muted", by(eve, REQUEST_TAGMSG, "#tea", NULL, NULL));
	ask("refused:room-muted", by(eve, REQUEST_TOPIC, "#tea", NULL, "hi"));
	/* An exception is from the one or from the other. */
	mode("mode(ann<#tea:+eee eve!*@* a:bob m:b*!*@*)", ann, "#tea", "+eee eve a:bob m:b*");
	say("refused:room-muted", eve, "#tea");
	say("said(bob<#tea:hi)", bob, "#tea");
	mode("mode(ann<#tea:-e+e eve!*@* m:eve!*@*)", ann, "#tea", "-e+e eve m:eve");
	say("said(eve<#tea:hi)", eve, "#tea");
	mode("mode(ann<#tea:+b eve!*@*)", ann, "#tea", "+b eve");
	say("refused:cannot-send-to-room", eve, "#tea");
	mode("mode(ann<#tea:-bee+v eve!*@* m:eve!*@* m:b*!*@* eve)", ann, "#tea",
	     "-b-ee+v eve m:eve m:b* eve");
	/* An office outweighs it. */
	say("said(eve<#tea:hi)", eve, "#tea");
	say("refused:room-muted", bob, "#tea");
	/* Nor is it heard when it goes. */
	ask("parted(bob<#tea)", by(bob, REQUEST_PART, "#tea", NULL, "hi"));
	assert_true(slice_is_empty(record_of(ENTRY_PARTED).text));
	ask("parted(eve<#tea:hi)", by(eve, REQUEST_PART, "#tea", NULL, "hi"));
	assert_true(slice_equal(record_of(ENTRY_PARTED).text, text("hi")));
}

/* IRC shows the others as "~qun@datagram.qun": what is banned as it is seen is banned. */
static void others_are_met_as_they_are_shown(void **unused) {
	uint64_t root = come("root", PERSON_IS_OPERATOR);
	struct record cat = {.kind = REQUEST_ENTER,
	                     .has_route = true,
	                     .route = route_of(HOST, 4999),
	                     .name = text("cat")};
	world_ask(world, cat, NULL, NULL);
	cat.kind = REQUEST_SAY;
	cat.text = text("hi");
	ask("said(cat:hi)", cat);
	mode("mode(root<#lobby:+b *!*@datagram.qun)", root, "#lobby", "+b *@datagram.qun");
	ask("refused:cannot-send-to-room", cat);
	mode("mode(root<#lobby:-b+b *!*@datagram.qun m:*!*@plain.qun)", root, "#lobby",
	     "-b+b *@datagram.qun m:*@plain.qun");
	ask("refused:room-muted", cat);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_is_sent_on, begin, end),
		cmocka_unit_test_setup_teardown(accounts_are_banned, begin, end),
		cmocka_unit_test_setup_teardown(who_is_muted_is_there_and_silent, begin, end),
		cmocka_unit_test_setup_teardown(others_are_met_as_they_are_shown, begin, end),
		cmocka_unit_test_setup_teardown(who_waits, begin, end),
		cmocka_unit_test_setup_teardown(whose_a_room_is, begin, end),
		cmocka_unit_test_setup_teardown(rooms_are_renamed, begin, end),
		cmocka_unit_test_setup_teardown(a_crowd_s_room_keeps_its_name, begin, end),
		cmocka_unit_test_setup_teardown(what_bridges_pass_on, begin, end),
		cmocka_unit_test_setup_teardown(a_relayed_name_is_nobody_s, begin, end),
		cmocka_unit_test_setup_teardown(a_registered_room_s_name_is_its_founder_s, begin,
	                                        end),
		cmocka_unit_test_setup_teardown(an_account_has_only_so_many, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
