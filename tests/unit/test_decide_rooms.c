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

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_is_sent_on, begin, end),
		cmocka_unit_test_setup_teardown(who_waits, begin, end),
		cmocka_unit_test_setup_teardown(whose_a_room_is, begin, end),
		cmocka_unit_test_setup_teardown(an_account_has_only_so_many, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
