/* What the hub decides for those who come by a stream, and what rooms' operators and accounts mean for
 * those who come by other ways. */
#include "decide_streams.h"

/* ---- coming and going ---- */

static void registering_and_leaving(void **unused) {
	uint64_t ann = enter("ann");
	struct record entered = record_of(ENTRY_ENTERED);
	assert_int_equal(entered.face, FACE_IRC);
	assert_int_equal(entered.room, 0);
	assert_true(slice_equal(entered.userhost, text("~u@cloak.qun")));
	ask("refused:name-taken", registering("ANN", 6001, 1));
	assert_int_equal(record_of(ANSWER_REFUSED).target, REQUEST_REGISTER);
	ask("refused:name-reserved", registering("admin", 6001, 1));
	struct record request = registering("bob", 6001, 1);
	request.has_route = false;
	request.route = (struct route){0};
	ask("refused:bad-argument", request);
	/* Its own edge alone may say that it is gone, and why. */
	request = (struct record){
		.kind = REQUEST_GONE, .session = ann, .queue = 1, .text = text("再见")};
	ask("nothing", request);
	request.queue = 0;
	ask("left(ann:再见)", request);
	assert_true(slice_equal(record_of(ENTRY_LEFT).userhost, text("~u@cloak.qun")));
	ask("nothing", request);
}

static void nobody_s_requests(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t other = enter_by_session("bob");
	/* What streams alone may ask. */
	struct record request = message_of(other, REQUEST_TOPIC);
	ask("refused:not-permitted", request);
	ask("refused:not-permitted", by(99, REQUEST_AWAY, NULL, NULL, "x"));
	/* From an edge that does not serve it. */
	request = by(ann, REQUEST_AWAY, NULL, NULL, "x");
	request.queue = 1;
	ask("nothing", request);
	request = by(ann, REQUEST_ORPHANS, NULL, NULL, NULL);
	request.queue = CONSOLE_QUEUE;
	ask("refused:not-permitted", request);
}

static void orphans(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t bob = enter("bob");
	join(ann, "#tea");
	struct record died = {.kind = REQUEST_ORPHANS, .queue = 1};
	ask("nothing", died);
	died.queue = 0;
	ask("orphaned", died);
	ask("nothing", died);
	/* It is not hers who comes from elsewhere. */
	struct record back = registering("Ann", 7000, 1);
	back.route = route_of(HOST + 1, 7000);
	ask("refused:name-taken", back);
	back.route = route_of(HOST, 7000);
	back.text = text("another");
	ask("moved profile(ann:another) welcome", back);
	assert_int_equal(record_of(ANSWER_WELCOME).session, ann);
	assert_int_equal(record_of(ANSWER_WELCOME).number, 1);
	assert_int_equal(record_of(ENTRY_PROFILE).number, PROFILE_REALNAME);
	assert_true(slice_is_empty(record_of(ENTRY_PROFILE).other_name));
	assert_true(state_is_member(world->state, tea(), ann));
	/* Nobody else returns. */
	struct circumstances at = world_now(world, QUEUE_OF_HUB);
	assert_int_equal(decide_forget_due_us(&at), world->now_us + ORPHAN_SECONDS * 1000000);
	world->now_us += ORPHAN_SECONDS * 1000000 - 1;
	struct record forget = {.kind = REQUEST_FORGET, .queue = QUEUE_OF_HUB};
	ask("nothing", forget);
	world->now_us++;
	ask("left:orphaned(bob)", forget);
	assert_null(state_session(world->state, bob));
	at = world_now(world, QUEUE_OF_HUB);
	assert_int_equal(decide_forget_due_us(&at), UINT64_MAX);
}

/* Whose connection was cut goes on with its session, by what it alone knows. */
static void gone_on_with(void **unused) {
	struct record first = registering("ann", 7000, 0);
	first.nonce = 7;
	ask("welcome entered(ann:Real Name)", first);
	uint64_t ann = record_of(ENTRY_ENTERED).session;
	struct record cut = {
		.kind = REQUEST_GONE, .session = ann, .reason = REASON_UNREACHABLE, .queue = 0};
	ask("absent", cut);
	ask("left:unreachable(ann)", cut);
	/* Again; nobody else takes it, from the same address either. */
	ask("welcome entered(ann:Real Name)", first);
	ann = record_of(ENTRY_ENTERED).session;
	cut.session = ann;
	ask("absent", cut);
	struct record back = registering("ann", 7001, 1);
	ask("refused:name-taken", back);
	back.nonce = 8;
	ask("refused:name-taken", back);
	back.nonce = 7;
	ask("moved welcome", back);
	assert_int_equal(record_of(ANSWER_WELCOME).session, ann);
	/* Not cut yet, as far as anybody knows; its old edge says so too late. */
	ask("attached(ann) welcome detached(ann:Gone on with elsewhere)", back);
	uint64_t now = record_of(ENTRY_ATTACHED).session;
	assert_int_equal(record_of(ANSWER_WELCOME).session, now);
	assert_int_equal(record_of(ENTRY_DETACHED).session, ann);
	cut.queue = 1;
	ask("nothing", cut);
	assert_non_null(state_session(world->state, now));
	/* Whoever says that it goes is gone. */
	cut.session = now;
	cut.reason = REASON_NONE;
	ask("left(ann)", cut);
}

static void kept_once(void **unused) {
	uint64_t ann = enter("ann"), bob = enter("bob");
	join(ann, "#tea");
	struct record said = by(ann, REQUEST_SAY, "#tea", NULL, "hello");
	said.nonce = 7;
	ask("said(ann<#tea:hello)", said);
	uint64_t seq = record_of(ENTRY_SAID).seq;
	ask("kept", said);
	assert_int_equal(record_of(ANSWER_KEPT).number, seq);
	assert_slice(record_of(ANSWER_KEPT).other_name, "#tea");
	said = by(ann, REQUEST_DIRECT, NULL, "bob", "hello");
	said.nonce = 8;
	world_ask(world, said, NULL, NULL);
	(void)record_of(ENTRY_DIRECT);
	ask("kept", said);
	/* What was refused was not kept. */
	said = by(bob, REQUEST_SAY, "#tea", NULL, "hello");
	said.nonce = 9;
	ask("refused:cannot-send-to-room", said);
	ask("refused:cannot-send-to-room", said);
}

/* ---- rooms ---- */

static void who_makes_a_room(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t bob = enter("bob");
	ask("made(#tea) joined(ann<#tea)", by(ann, REQUEST_JOIN, "#tea", NULL, NULL));
	assert_int_equal(record_of(ENTRY_ROOM_MADE).bits, ROOM_NO_EXTERNAL | ROOM_TOPIC_LOCKED);
	assert_int_equal(record_of(ENTRY_JOINED).bits, MEMBER_IS_OPERATOR);
	ask("joined(bob<#tea)", by(bob, REQUEST_JOIN, "#TEA", NULL, NULL));
	assert_int_equal(record_of(ENTRY_JOINED).bits, 0);
	ask("nothing", by(bob, REQUEST_JOIN, "#tea", NULL, NULL));
	ask("refused:room-name-invalid", by(bob, REQUEST_JOIN, "tea", NULL, NULL));
	assert_true(slice_equal(record_of(ANSWER_REFUSED).other_name, text("tea")));
	/* Who made it comes back as its operator, others do not, while she is here. */
	ask("parted(ann<#tea:bye)", by(ann, REQUEST_PART, "#tea", NULL, "bye"));
	ask("parted(bob<#tea)", by(bob, REQUEST_PART, "#tea", NULL, NULL));
	join(bob, "#tea");
	assert_int_equal(record_of(ENTRY_JOINED).bits, 0);
	ask("joined(ann<#tea) mode(<#tea:+o ann)", by(ann, REQUEST_JOIN, "#tea", NULL, NULL));
	ask("refused:no-such-room", by(bob, REQUEST_PART, "#none", NULL, NULL));
	/* A session's room is the session's. */
	uint64_t cat = enter_by_session("cat");
	struct record request = message_of(cat, REQUEST_JOIN);
	request.name = text("#cats");
	ask("made(#cats) joined(cat<#cats)", request);
	assert_int_equal(record_of(ENTRY_JOINED).bits, MEMBER_IS_OPERATOR);
}

static void topics(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t bob = enter("bob");
	join(ann, "#tea");
	ask("refused:not-in-room", by(bob, REQUEST_TOPIC, "#tea", NULL, "x"));
	join(bob, "#tea");
	ask("refused:not-room-operator", by(bob, REQUEST_TOPIC, "#tea", NULL, "x"));
	ask("topic(ann<#tea:绿茶)", by(ann, REQUEST_TOPIC, "#tea", NULL, "绿茶"));
	mode("mode(ann<#tea:-t)", ann, "-t");
	ask("topic(bob<#tea:红茶)", by(bob, REQUEST_TOPIC, "#tea", NULL, "红茶"));
	ask("topic(bob<#tea)", by(bob, REQUEST_TOPIC, "#tea", NULL, NULL));
	ask("refused:not-utf8", by(bob, REQUEST_TOPIC, "#tea", NULL, "\xff"));
	ask("refused:no-such-room", by(bob, REQUEST_TOPIC, "#none", NULL, "x"));
	/* The lobby's is the server's operators'. */
	join(bob, "#lobby");
	ask("refused:not-room-operator", by(bob, REQUEST_TOPIC, "#大厅", NULL, "x"));
	make_operator(bob);
	ask("topic(bob<#lobby:欢迎)", by(bob, REQUEST_TOPIC, "#大厅", NULL, "欢迎"));
}

static void modes_are_normalised(void **unused) {
	static const struct {
		const char *typed, *outcome;
	} rows[] = {
		{"+nt", "nothing"},
		{"+m-m+m", "mode(ann<#tea:+m-m+m)"},
		{"-m", "mode(ann<#tea:-m)"},
		{"+ov bob  小明", "mode(ann<#tea:+ov bob 小明)"},
		{"+ov BOB 小明", "nothing"},
		{"-o+o bob bob", "mode(ann<#tea:-o+o bob bob)"},
		{"-ov bob 小明", "mode(ann<#tea:-ov bob 小明)"},
		{"+k secret", "mode(ann<#tea:+k *)"},
		{"+k a,b", "refused:bad-argument"},
		{"-k", "mode(ann<#tea:-k *)"},
		{"-k x", "nothing"},
		{"+l 010", "mode(ann<#tea:+l 10)"},
		{"+l 0", "refused:bad-argument"},
		{"+l", "refused:bad-argument"},
		{"-l", "mode(ann<#tea:-l)"},
		{"+b cat", "mode(ann<#tea:+b cat!*@*)"},
		{"+bb cat!*@* *@evil", "mode(ann<#tea:+b *!*@evil)"},
		{"b", "nothing"},
		{"-b nobody", "nothing"},
		{"+eI x y", "mode(ann<#tea:+eI x!*@* y!*@*)"},
		{"+o", "refused:bad-argument"},
		{"+o nobody", "refused:no-such-name"},
		{"+o cat", "refused:they-not-in-room"},
		{"+z", "refused:unknown-mode"},
		/* What can be done is done. */
		{"+izs", "mode(ann<#tea:+is) refused:unknown-mode"},
		{"", "nothing"},
	};
	uint64_t ann = enter("ann");
	join(ann, "#tea");
	join(enter("bob"), "#tea");
	join(enter("小明"), "#tea");
	enter("cat");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		mode(rows[i].outcome, ann, rows[i].typed);
	}
	mode("refused:unknown-mode", ann, "+z");
	assert_true(slice_equal(record_of(ANSWER_REFUSED).text, text("z")));
}

static void who_may_change_modes(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t bob = enter("bob");
	join(ann, "#tea");
	mode("refused:not-room-operator", bob, "+m");
	join(bob, "#tea");
	mode("refused:not-room-operator", bob, "+o bob");
	mode("mode(ann<#tea:+o bob)", ann, "+o bob");
	mode("mode(bob<#tea:-o ann)", bob, "-o ann");
	mode("refused:not-room-operator", ann, "+m");
	make_operator(ann);
	mode("mode(ann<#tea:+m)", ann, "+m");
	ask("refused:no-such-room", by(ann, REQUEST_MODE, "#none", NULL, "+m"));
}

static void lists_have_an_end(void **unused) {
	char mask[32];
	uint64_t ann = enter("ann");
	join(ann, "#tea");
	for (int i = 0; i < MASKS_PER_LIST_MAX; i++) {
		snprintf(mask, sizeof(mask), "+b x%d", i);
		world_ask(world, by(ann, REQUEST_MODE, "#tea", NULL, mask), NULL, NULL);
		(void)record_of(ENTRY_MODE);
	}
	mode("refused:list-full", ann, "+b one-more");
	mode("mode(ann<#tea:-b x0!*@*)", ann, "-b x0");
	mode("mode(ann<#tea:+b one-more!*@*)", ann, "+b one-more");
}

static void who_may_come(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t bob = enter("bob");
	struct record joining = by(bob, REQUEST_JOIN, "#tea", NULL, NULL);
	join(ann, "#tea");
	mode("mode(ann<#tea:+k *)", ann, "+k sesame");
	ask("refused:bad-key", joining);
	joining.text = text("sesame");
	mode("mode(ann<#tea:+l 1)", ann, "+l 1");
	ask("refused:room-full", joining);
	mode("mode(ann<#tea:+i)", ann, "+i");
	ask("refused:invite-only", joining);
	mode("mode(ann<#tea:+I *!*@cloak.qun)", ann, "+I *!*@cloak.qun");
	ask("refused:room-full", joining);
	mode("mode(ann<#tea:+b BO?!*@*)", ann, "+b BO?");
	ask("refused:room-banned", joining);
	mode("mode(ann<#tea:+e *!~u@*)", ann, "+e *!~u@*");
	ask("refused:room-full", joining);
	mode("mode(ann<#tea:-e *!~u@*)", ann, "-e *!~u@*");
	/* An invitation opens it, once. */
	ask("invited(ann<#tea)", by(ann, REQUEST_INVITE, "#tea", "bob", NULL));
	ask("joined(bob<#tea)", joining);
	ask("put-out(bob<#tea:出去)", by(ann, REQUEST_PUT_OUT, "#tea", "bob", "出去"));
	ask("refused:room-banned", joining);
	/* So it is for those who come by a session. */
	uint64_t cat = enter_by_session("cat");
	struct record request = message_of(cat, REQUEST_JOIN);
	request.name = text("#tea");
	ask("refused-message:invite-only", request);
	mode("mode(ann<#tea:+b *!*@session.qun)", ann, "+b *!*@session.qun");
	request = message_of(cat, REQUEST_JOIN);
	request.name = text("#tea");
	ask("refused-message:room-banned", request);
}

/* Locked, empty, and nobody left who could open it. */
static void a_deserted_room(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t bob = enter("bob");
	join(ann, "#tea");
	mode("mode(ann<#tea:+i)", ann, "+i");
	ask("parted(ann<#tea)", by(ann, REQUEST_PART, "#tea", NULL, NULL));
	ask("refused:invite-only", by(bob, REQUEST_JOIN, "#tea", NULL, NULL));
	ask("left(ann)", (struct record){.kind = REQUEST_GONE, .session = ann});
	ask("joined(bob<#tea)", by(bob, REQUEST_JOIN, "#tea", NULL, NULL));
	assert_int_equal(record_of(ENTRY_JOINED).bits, MEMBER_IS_OPERATOR);
}

static void who_may_speak(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t bob = enter("bob");
	uint64_t cat = enter("cat");
	join(ann, "#tea");
	join(bob, "#tea");
	say("said(bob<#tea:hello)", bob, "hello");
	assert_true(slice_equal(record_of(ENTRY_SAID).userhost, text("~u@cloak.qun")));
	say("refused:cannot-send-to-room", cat, "hello");
	mode("mode(ann<#tea:-n)", ann, "-n");
	say("said(cat<#tea:hello)", cat, "hello");
	mode("mode(ann<#tea:+m)", ann, "+m");
	say("refused:cannot-send-to-room", bob, "hello");
	say("said(ann<#tea:hello)", ann, "hello");
	mode("mode(ann<#tea:+v bob)", ann, "+v bob");
	say("said(bob<#tea:hello)", bob, "hello");
	mode("mode(ann<#tea:-mv+b bob bob!*@*)", ann, "-mv+b bob bob");
	say("refused:cannot-send-to-room", bob, "hello");
	say("said(cat<#tea:hello)", cat, "hello");
	mode("mode(ann<#tea:+C)", ann, "+C");
	say("refused:cannot-send-to-room", ann, "\x01VERSION\x01");
	say("said(ann<#tea:\x01"
	    "ACTION waves\x01)",
	    ann,
	    "\x01"
	    "ACTION waves\x01");
	say("refused:text-empty", ann, NULL);
	ask("refused:no-such-room", by(ann, REQUEST_SAY, "#none", NULL, "x"));
	/* Sessions and plain members hear it as well. */
	uint64_t dan = enter_by_session("dan");
	struct record request = message_of(dan, REQUEST_JOIN);
	request.name = text("#tea");
	ask("joined(dan<#tea)", request);
	mode("mode(ann<#tea:+m)", ann, "+m");
	request = message_of(dan, REQUEST_SAY);
	request.room = tea();
	request.text = text("hello");
	ask("refused-message:cannot-send-to-room", request);
	make_operator(ann);
	ask("mode(ann<#lobby:+m)", by(ann, REQUEST_MODE, "#lobby", NULL, "+m"));
	struct record plain = {.kind = REQUEST_ENTER,
	                       .has_route = true,
	                       .route = route_of(HOST + 9, 1),
	                       .name = text("eve")};
	ask("ok entered(eve)", plain);
	plain.kind = REQUEST_SAY;
	plain.text = text("hello");
	ask("refused:cannot-send-to-room", plain);
}

static void notices_and_tags(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t bob = enter("bob");
	join(ann, "#tea");
	join(bob, "#tea");
	struct record request = by(ann, REQUEST_SAY, "#tea", NULL, "note");
	request.bits = SAID_IS_NOTICE | PERSON_IS_OPERATOR;
	request.tags = text("+draft/reply=abc");
	ask("said(ann<#tea:note)", request);
	assert_int_equal(record_of(ENTRY_SAID).bits, SAID_IS_NOTICE);
	assert_true(slice_equal(record_of(ENTRY_SAID).tags, request.tags));
	request.number = MEMBER_HAS_VOICE;
	ask("said-to(ann<#tea:note)", request);
	assert_int_equal(record_of(ENTRY_SAID_TO).number, MEMBER_HAS_VOICE);
	request = by(ann, REQUEST_DIRECT, NULL, "bob", "psst");
	request.bits = SAID_IS_NOTICE;
	ask("direct(ann<bob:psst)", request);
	uint64_t thread = record_of(ENTRY_DIRECT).room;
	assert_int_equal(record_of(ENTRY_DIRECT).bits, SAID_IS_NOTICE);
	request = by(ann, REQUEST_TAGMSG, NULL, "bob", NULL);
	request.tags = text("+typing=active");
	ask("tagged(ann<bob)", request);
	assert_int_equal(record_of(ENTRY_TAGGED).room, thread);
	ask("tagged(ann<#tea)", by(ann, REQUEST_TAGMSG, "#tea", NULL, NULL));
	ask("refused:no-such-name", by(ann, REQUEST_TAGMSG, NULL, "nobody", NULL));
	ask("refused:no-such-name", by(ann, REQUEST_DIRECT, NULL, "nobody", "x"));
	assert_true(slice_equal(record_of(ANSWER_REFUSED).name, text("nobody")));
	assert_int_equal(record_of(ANSWER_REFUSED).target, REQUEST_DIRECT);
}

static void putting_out_and_inviting(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t bob = enter("bob");
	uint64_t cat = enter("cat");
	join(ann, "#tea");
	ask("refused:not-in-room", by(bob, REQUEST_PUT_OUT, "#tea", "ann", NULL));
	join(bob, "#tea");
	ask("refused:not-room-operator", by(bob, REQUEST_PUT_OUT, "#tea", "ann", NULL));
	ask("refused:they-not-in-room", by(ann, REQUEST_PUT_OUT, "#tea", "cat", NULL));
	ask("refused:no-such-name", by(ann, REQUEST_PUT_OUT, "#tea", "nobody", NULL));
	ask("put-out(bob<#tea)", by(ann, REQUEST_PUT_OUT, "#tea", "bob", NULL));
	struct record out = record_of(ENTRY_PUT_OUT);
	assert_int_equal(out.person, bob);
	assert_int_equal(out.session, bob);
	assert_int_equal(out.target, ann);
	assert_true(slice_equal(out.by, text("ann")));
	ask("refused:not-in-room", by(bob, REQUEST_INVITE, "#tea", "cat", NULL));
	ask("invited(ann<#tea)", by(ann, REQUEST_INVITE, "#tea", "cat", NULL));
	assert_int_equal(record_of(ENTRY_INVITED).target, cat);
	ask("refused:already-in-room", by(ann, REQUEST_INVITE, "#tea", "ann", NULL));
	join(bob, "#tea");
	ask("invited(bob<#tea)", by(bob, REQUEST_INVITE, "#tea", "cat", NULL));
	mode("mode(ann<#tea:+i)", ann, "+i");
	ask("refused:not-room-operator", by(bob, REQUEST_INVITE, "#tea", "cat", NULL));
}

/* ---- people ---- */

static void what_one_says_of_oneself(void **unused) {
	uint64_t ann = enter("ann");
	ask("away(ann:吃饭)", by(ann, REQUEST_AWAY, NULL, NULL, "吃饭"));
	ask("nothing", by(ann, REQUEST_AWAY, NULL, NULL, "吃饭"));
	ask("away(ann)", by(ann, REQUEST_AWAY, NULL, NULL, NULL));
	struct record request = by(ann, REQUEST_PROFILE, NULL, NULL, "Ann");
	request.number = PROFILE_REALNAME;
	request.bits = PERSON_IS_OPERATOR; /* not what is asked for */
	ask("profile(ann:Ann)", request);
	assert_int_equal(record_of(ENTRY_PROFILE).bits, 0);
	ask("nothing", request);
	request.number = PROFILE_MODES;
	request.bits = PERSON_IS_BOT | PERSON_HAS_ACCOUNT;
	ask("profile(ann:Ann)", request);
	assert_int_equal(record_of(ENTRY_PROFILE).bits, PERSON_IS_BOT);
	/* Every entry bears it from then on. */
	ask("renamed(安<ann)", by(ann, REQUEST_RENAME, NULL, "安", NULL));
	assert_int_equal(record_of(ENTRY_RENAMED).bits, PERSON_IS_BOT);
	ask("nothing", by(ann, REQUEST_RENAME, NULL, "安", NULL));
	ask("refused:name-invalid", by(ann, REQUEST_RENAME, NULL, "a b", NULL));
}

static void operators(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t bob = enter("bob");
	ask("refused:not-permitted", by(ann, REQUEST_KILL, NULL, "bob", "x"));
	ask("refused:not-permitted", by(ann, REQUEST_WALLOPS, NULL, NULL, "x"));
	ask("refused:not-permitted", by(ann, REQUEST_SHOUT, NULL, NULL, "x"));
	make_operator(ann);
	ask("wallops(ann:x)", by(ann, REQUEST_WALLOPS, NULL, NULL, "x"));
	ask("shouted(:x)", by(ann, REQUEST_SHOUT, NULL, NULL, "x"));
	assert_true(slice_equal(record_of(ENTRY_SHOUTED).by, text("ann")));
	ask("refused:no-such-name", by(ann, REQUEST_KILL, NULL, "nobody", "x"));
	ask("kicked:kicked(bob:x)", by(ann, REQUEST_KILL, NULL, "bob", "x"));
	assert_true(slice_equal(record_of(ENTRY_KICKED).by, text("ann")));
	assert_null(state_session(world->state, bob));
}

static void accounts(void **unused) {
	struct record make = {
		.kind = REQUEST_ACCOUNT_MADE, .queue = CONSOLE_QUEUE, .name = text("Ming")};
	uint64_t ann = enter("ann");
	ask("account-made(Ming) done", make);
	ask("done", make);
	/* It is nobody else's: on no face. */
	ask("refused:name-registered", registering("ming", 6001, 0));
	ask("refused:name-registered", by(ann, REQUEST_RENAME, NULL, "ming", NULL));
	ask("refused:name-registered", (struct record){.kind = REQUEST_ENTER,
	                                               .has_route = true,
	                                               .route = route_of(HOST, 1),
	                                               .name = text("MING")});
	ask("refused:name-registered", (struct record){.kind = REQUEST_OPEN,
	                                               .has_route = true,
	                                               .route = route_of(HOST, 1),
	                                               .name = text("ming"),
	                                               .nonce = 5});
	/* Nor is one that looks like it; a part of it, or another spelling of nobody's, is not that. */
	ask("refused:looks-like", registering("Mіng", 6001, 0));
	assert_true(slice_equal(record_of(ANSWER_REFUSED).text, text("Ming")));
	ask("refused:looks-like", by(ann, REQUEST_RENAME, NULL, "M1NG", NULL));
	ask("refused:looks-like", (struct record){.kind = REQUEST_ENTER,
	                                          .has_route = true,
	                                          .route = route_of(HOST, 1),
	                                          .name = text("rning")});
	ask("refused:looks-like", (struct record){.kind = REQUEST_OPEN,
	                                          .has_route = true,
	                                          .route = route_of(HOST, 1),
	                                          .name = text("МING"),
	                                          .nonce = 5});
	uint64_t other = enter_by_session("mingo");
	struct record rename = message_of(other, REQUEST_RENAME);
	rename.name = text("mіng");
	ask("refused-message:looks-like(:Ming)", rename);
	assert_true(slice_equal(record_of(ENTRY_REFUSED).text, text("Ming")));
	/* Unless one has shown that it is one's own. */
	struct record request = by(ann, REQUEST_RENAME, NULL, "ming", NULL);
	request.bits = PERSON_HAS_ACCOUNT;
	ask("renamed(ming<ann) profile(ming)", request);
	assert_int_equal(record_of(ENTRY_PROFILE).bits, PERSON_HAS_ACCOUNT);
	ask("renamed(MING<ming)", by(ann, REQUEST_RENAME, NULL, "MING", NULL));
	/* An account's person has its name, and no other. */
	ask("refused:not-your-name", by(ann, REQUEST_RENAME, NULL, "ann", NULL));
	ask("left(MING)", (struct record){.kind = REQUEST_GONE, .session = ann});
	request = registering("ming", 6002, 0);
	request.bits = PERSON_HAS_ACCOUNT;
	ask("entered(ming:Real Name) welcome", request);
	uint64_t ming = record_of(ENTRY_ENTERED).session;
	assert_int_equal(record_of(ENTRY_ENTERED).person, ann);
	ann = enter("ann");
	/* A founder with an account is one for ever. */
	join(ming, "#tea");
	ask("left(ming)", (struct record){.kind = REQUEST_GONE, .session = ming});
	join(ann, "#tea");
	assert_int_equal(record_of(ENTRY_JOINED).bits, 0);
	request.connection.slot++;
	ask("entered(ming:Real Name) welcome", request);
	ming = record_of(ENTRY_ENTERED).session;
	ask("joined(ming<#tea) mode(<#tea:+o ming)", by(ming, REQUEST_JOIN, "#tea", NULL, NULL));
	assert_int_equal(record_of(ENTRY_JOINED).bits, PERSON_HAS_ACCOUNT);
	struct record drop = {
		.kind = REQUEST_ACCOUNT_ENDED, .queue = CONSOLE_QUEUE, .name = text("ming")};
	ask("account-ended(ming) profile(ming:Real Name) done", drop);
	assert_int_equal(record_of(ENTRY_PROFILE).bits, 0);
	ask("refused:no-such-name", drop);
}

static void an_account_and_its_orphan(void **unused) {
	struct record request = registering("ming", 6002, 0);
	ask("account-made(ming) done", (struct record){.kind = REQUEST_ACCOUNT_MADE,
	                                               .queue = CONSOLE_QUEUE,
	                                               .name = text("ming")});
	request.bits = PERSON_HAS_ACCOUNT;
	ask("welcome entered(ming:Real Name)", request);
	ask("orphaned", (struct record){.kind = REQUEST_ORPHANS});
	/* From the same address, but not signed in. */
	request.bits = 0;
	ask("refused:name-taken", request);
	/* From elsewhere, signed in. */
	request.bits = PERSON_HAS_ACCOUNT;
	request.route = route_of(HOST + 77, 1);
	ask("moved welcome", request);
}

static void a_poisoned_request(void **unused) {
	static struct decision decision;
	uint64_t ann = enter("ann");
	struct circumstances at = world_now(world, 0);
	struct record request = by(ann, REQUEST_SAY, "#tea", NULL, "x");
	struct record record;
	const void *bytes;
	size_t offset = 0, size;
	decide_poisoned(&at, &request, &decision);
	assert_true(decision_next(&decision, &offset, &record, &bytes, &size));
	assert_int_equal(record.kind, ANSWER_REFUSED);
	assert_int_equal(record.reason, REASON_POISONED);
	assert_int_equal(record.target, REQUEST_SAY);
	assert_int_equal(record.flags, RECORD_IS_LAST);
	assert_false(decision_next(&decision, &offset, &record, &bytes, &size));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(registering_and_leaving),
		TEST(nobody_s_requests),
		TEST(orphans),
		TEST(gone_on_with),
		TEST(kept_once),
		TEST(who_makes_a_room),
		TEST(topics),
		TEST(modes_are_normalised),
		TEST(who_may_change_modes),
		TEST(lists_have_an_end),
		TEST(who_may_come),
		TEST(a_deserted_room),
		TEST(who_may_speak),
		TEST(notices_and_tags),
		TEST(putting_out_and_inviting),
		TEST(what_one_says_of_oneself),
		TEST(operators),
		TEST(accounts),
		TEST(an_account_and_its_orphan),
		TEST(a_poisoned_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
