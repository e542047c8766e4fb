/* What the hub decides: requests one after the other, and what each leads to. */
#include "decide_world.h"

/* From the plain member at this port, through edge 0. */
static struct record from(uint16_t port, uint16_t kind) {
	return (struct record){
		.kind = kind, .has_route = true, .route = route_of(HOST, port), .face = FACE_PLAIN};
}

/* A line as the plain dialect has it; the edge has parted letter and rest. */
static const char *says(uint16_t port, const char *line) {
	static const struct {
		char letter;
		uint16_t kind;
	} letters[] = {{'L', REQUEST_ENTER},
	               {'C', REQUEST_SAY},
	               {'Q', REQUEST_LEAVE},
	               {'W', REQUEST_WHO},
	               {'H', REQUEST_HISTORY}};
	struct slice rest = text(line[1] == ' ' ? line + 2 : line + 1);
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (letters[i].letter == line[0]) {
			struct record request = from(port, letters[i].kind);
			if (request.kind == REQUEST_SAY) {
				request.text = rest;
			} else if (request.kind != REQUEST_HISTORY) {
				request.name = rest;
			}
			return outcome_of(request);
		}
	}
	fail();
	return NULL;
}

static struct record console(uint16_t kind, const char *name, const char *words) {
	return (struct record){.kind = kind,
	                       .queue = CONSOLE_QUEUE,
	                       .connection = {4, 9},
	                       .name = text(name),
	                       .text = text(words)};
}

static struct record console_net(uint16_t kind, const char *net, const char *why) {
	struct record request = console(kind, NULL, why);
	request.has_net = true;
	assert_true(net_parse(text(net), &request.net));
	return request;
}

static const char *admin(uint16_t kind, const char *name, const char *words) {
	return outcome_of(console(kind, name, words));
}

static const char *mute(const char *name, uint64_t minutes) {
	struct record request = console(REQUEST_MUTE, name, "why");
	request.number = minutes;
	return outcome_of(request);
}

static const char *own(uint16_t kind) {
	return outcome_of((struct record){.kind = kind, .queue = QUEUE_OF_HUB});
}

/* A conversation: who, what, and what comes of it. */
struct step {
	uint16_t port;
	const char *line;
	const char *outcome;
};

static void play(const struct step *steps, size_t count) {
	for (size_t i = 0; i < count; i++) {
		const char *outcome = says(steps[i].port, steps[i].line);
		if (strcmp(outcome, steps[i].outcome) != 0) {
			fail_msg("step %zu, \"%s\" from %u: \"%s\" instead of \"%s\"", i,
			         steps[i].line, steps[i].port, outcome, steps[i].outcome);
		}
	}
}

#define PLAY(...)                                                                                  \
	do {                                                                                       \
		const struct step steps[] = {__VA_ARGS__};                                         \
		play(steps, sizeof(steps) / sizeof(steps[0]));                                     \
	} while (0)

/* ---- the plain dialect ---- */

static void enter_say_leave(void **unused) {
	/* clang-format off */
	PLAY(
		{1, "L 小明", "ok entered(小明)"}, /* the OK first: it is the newcomer's first datagram */
		{2, "L ann", "ok entered(ann)"},
		{1, "C 你好", "said(小明:你好)"},
		{2, "C ann hello", "said(ann:hello)"},
		{1, "Q", "exit left(小明)"},
		{2, "Q ann", "exit left(ann)"});
	/* clang-format on */
	assert_int_equal(state_people_count(world->state), 0);
}

static void what_an_entry_says(void **unused) {
	says(9, "L ann");
	struct record entered = record_of(ENTRY_ENTERED);
	assert_int_equal(entered.person, entered.seq);
	assert_int_equal(entered.session, entered.seq);
	assert_int_equal(entered.room, ROOM_LOBBY);
	assert_int_equal(entered.face, FACE_PLAIN);
	assert_int_equal(entered.home, 0);
	assert_int_equal(entered.route.peer.port, 9);
	says(9, "C hi");
	struct record said = record_of(ENTRY_SAID);
	assert_int_equal(said.person, entered.person);
	assert_int_equal(said.session, entered.session);
	assert_int_equal(said.room, ROOM_LOBBY);
	says(9, "L bob");
	struct record renamed = record_of(ENTRY_RENAMED);
	assert_int_equal(renamed.person, entered.person);
	assert_int_equal(renamed.room, ROOM_LOBBY);
	says(9, "Q");
	struct record left = record_of(ENTRY_LEFT);
	assert_int_equal(left.person, entered.person);
	assert_int_equal(left.session, entered.session);
	assert_int_equal(left.room, ROOM_LOBBY);
	assert_int_equal(left.reason, REASON_NONE);
}

static void enter_again(void **unused) {
	/* clang-format off */
	PLAY(
		{1, "L ann", "ok entered(ann)"},
		{1, "L ann", "ok"}, /* a repeated datagram must not hurt */
		{1, "L ANN", "ok"}, /* compared as names are */
		{1, "L bob", "ok renamed(bob<ann)"},
		{2, "L ann", "ok entered(ann)"}, /* free again */
		{1, "L ann", "refused:name-taken probe(ann)"},
		{1, "C x", "said(bob:x)"}, /* and keeps the one it had */
		{1, "L ", "refused:name-empty"},
		{1, "L a!b", "refused:name-invalid"},
		{1, "Q bob", "exit left(bob)"},
		{1, "L bob", "ok entered(bob)"});
	/* clang-format on */
}

static void names_are_unique(void **unused) {
	/* clang-format off */
	PLAY(
		{1, "L Ann", "ok entered(Ann)"},
		{2, "L Ann", "refused:name-taken probe(Ann)"},
		{2, "L aNN", "refused:name-taken probe(Ann)"}, /* case */
		{2, "L Ａｎｎ", "refused:name-taken probe(Ann)"}, /* width */
		{3, "L \xC3\xA9va", "ok entered(\xC3\xA9va)"}, /* composition */
		{4, "L e\xCC\x81va", "refused:name-taken probe(\xC3\xA9va)"});
	/* clang-format on */
	/* The probe goes to the holder, by its own edge. */
	struct record probe = record_of(ANSWER_PROBE);
	assert_int_equal(probe.route.peer.port, 3);
	assert_int_equal(probe.home, 0);
	assert_slice(record_of(ANSWER_REFUSED).name, "e\xCC\x81va");
}

static void names_that_cannot_be(void **unused) {
	/* clang-format off */
	PLAY(
		{1, "L ", "refused:name-empty"},
		{1, "L a b", "refused:name-invalid"},
		{1, "L a\tb", "refused:name-invalid"},
		{1, "L a\x7F", "refused:name-invalid"},
		{1, "L a\xE2\x80\xAE", "refused:name-invalid"},
		{1, "L a\xC2\xA0z", "refused:name-invalid"},
		{1, "L a!", "refused:name-invalid"},
		{1, "L a@b", "refused:name-invalid"},
		{1, "L a,b", "refused:name-invalid"},
		{1, "L *", "refused:name-invalid"},
		{1, "L wh?", "refused:name-invalid"},
		{1, "L :a", "refused:name-invalid"},
		{1, "L #a", "refused:name-invalid"},
		{1, "L &a", "refused:name-invalid"},
		{1, "L $a", "refused:name-invalid"},
		{1, "L ~a", "refused:name-invalid"},
		{1, "L %a", "refused:name-invalid"},
		{1, "L +a", "refused:name-invalid"},
		{1, "L \xFF\xFE", "refused:not-utf8"},
		{1, "L 管理员", "refused:name-reserved"},
		{1, "L Admin", "refused:name-reserved"},
		{1, "L ADMINISTRATOR", "refused:name-reserved"},
		{1, "L server", "refused:name-reserved"},
		{1, "L ｓystem", "refused:name-reserved"},
		{1, "L ad\xE2\x80\x8Bmin", "refused:name-reserved"},
		{1, "L 123456789012345678901234567890123", "refused:name-too-long"},
		{1, "L 12345678901234567890123456789012", "ok entered(12345678901234567890123456789012)"},
		{2, "L 1#&", "ok entered(1#&)"},
		{3, "L 一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二", "ok entered(一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二)"});
	/* clang-format on */
}

static void nobody_speaks_as_another(void **unused) {
	/* clang-format off */
	PLAY(
		{1, "L ann", "ok entered(ann)"},
		{2, "L bob", "ok entered(bob)"},
		{1, "C bob hello", "said(ann:bob hello)"}, /* another's name is text */
		{1, "C ann hello", "said(ann:hello)"},
		{1, "C ANN hello", "said(ann:hello)"}, /* compared as names are */
		{1, "C ann  hello", "said(ann: hello)"}, /* one blank separates */
		{1, "C  ann hello", "said(ann: ann hello)"},
		{1, "C hello ann", "said(ann:hello ann)"},
		{1, "C annhello", "said(ann:annhello)"},
		{1, "C ann\thello", "said(ann:ann\thello)"}, /* a tab is text */
		{1, "C ann ann", "said(ann:ann)"},
		{1, "C ann ", "refused:text-empty"},
		{1, "C ann", "refused:text-empty"},
		{1, "C", "refused:text-empty"},
		{1, "C \x01\x1B[31m", "said(ann:\x01\x1B[31m)"}, /* kept byte for byte */
		{1, "C a\xFF", "refused:not-utf8"},
		{3, "C hello", "refused:not-entered"},
		{3, "C ann hello", "refused:not-entered"});
	/* clang-format on */
}

static void long_texts(void **unused) {
	static char line[TEXT_BYTES_MAX + 100] = "C ann ";
	says(1, "L ann");
	memset(line + 6, 'x', TEXT_BYTES_MAX);
	assert_string_equal(says(1, line), "said(ann:...)");
	assert_int_equal(record_of(ENTRY_SAID).text.size, TEXT_BYTES_MAX);
	line[6 + TEXT_BYTES_MAX] = 'x';
	assert_string_equal(says(1, line), "refused:text-too-long");
	assert_int_equal(record_of(ANSWER_REFUSED).number, TEXT_BYTES_MAX);
	memcpy(line, "C bob ", 6);
	line[2 + TEXT_BYTES_MAX] = '\0';
	assert_string_equal(says(1, line), "said(ann:...)");
	/* NUL is a byte like others. */
	struct record request = from(1, REQUEST_SAY);
	request.text = slice_of("a\0b", 3);
	outcome_of(request);
	assert_true(slice_equal(record_of(ENTRY_SAID).text, slice_of("a\0b", 3)));
}

static void leaving(void **unused) {
	/* clang-format off */
	PLAY(
		{1, "L ann", "ok entered(ann)"},
		{2, "L bob", "ok entered(bob)"},
		{1, "Q bob", "refused:not-your-name"},
		{1, "Q carl", "refused:not-your-name"},
		{3, "Q bob", "refused:not-your-name"}, /* who is not here leaves for nobody */
		{3, "Q", "exit"},
		{3, "Q carl", "exit"},
		{1, "Q ANN", "exit left(ann)"},
		{1, "Q", "exit"}, /* a repeated one is answered again */
		{1, "Q ann", "exit"},
		{1, "C hello", "refused:not-entered"});
	/* clang-format on */
}

static void questions(void **unused) {
	/* clang-format off */
	PLAY(
		{1, "W", "refused:not-entered"},
		{1, "H", "refused:not-entered"},
		{1, "L ann", "ok entered(ann)"},
		{1, "W", "who"},
		{1, "H", "history"});
	/* clang-format on */
	static const uint64_t numbers[][2] = {
		{0, HISTORY_LINES_DEFAULT}, {1, 1}, {20, 20}, {50, 50}, {51, 50}, {UINT64_MAX, 50}};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct record request = from(1, REQUEST_HISTORY);
		request.number = numbers[i][0];
		assert_string_equal(outcome_of(request), "history");
		struct record answer = record_of(ANSWER_HISTORY);
		assert_int_equal(answer.number, numbers[i][1]);
		assert_int_equal(answer.room, ROOM_LOBBY);
		assert_int_equal(answer.seq, 1);
		assert_int_equal(answer.person, 1);
	}
}

static void without_an_address(void **unused) {
	struct record request = {.kind = REQUEST_ENTER, .name = text("ann")};
	assert_string_equal(outcome_of(request), "refused:bad-argument");
	request.kind = REQUEST_SAY;
	assert_string_equal(outcome_of(request), "refused:not-entered");
	request.kind = REQUEST_WHO;
	assert_string_equal(outcome_of(request), "refused:not-entered");
}

/* ---- homes ---- */

static void a_member_that_comes_by_another_edge(void **unused) {
	says(1, "L ann");
	struct record request = from(1, REQUEST_SAY);
	request.queue = 1;
	request.text = text("x");
	assert_string_equal(outcome_of(request), "moved said(ann:x)");
	assert_int_equal(record_of(ENTRY_MOVED).home, 1);
	assert_int_equal(record_of(ENTRY_MOVED).route.peer.port, 1);
	assert_string_equal(outcome_of(request), "said(ann:x)");
	/* What is answered comes by the new way, too. */
	request.kind = REQUEST_WHO;
	request.queue = 0;
	assert_string_equal(outcome_of(request), "moved who");
	request.kind = REQUEST_ENTER;
	request.name = text("ann");
	request.queue = 1;
	assert_string_equal(outcome_of(request), "moved ok");
	request.queue = 0;
	request.name = text("bob");
	assert_string_equal(outcome_of(request), "moved ok renamed(bob<ann)");
	/* To another address of ours, or by another listener. */
	request.kind = REQUEST_SAY;
	request.route.listener++;
	assert_string_equal(outcome_of(request), "moved said(bob:x)");
	request.route.local[15]++;
	assert_string_equal(outcome_of(request), "moved said(bob:x)");
	assert_string_equal(outcome_of(request), "said(bob:x)");
	/* Refusals move nobody, and who leaves need not move first. */
	request.queue = 1;
	request.text = text("");
	assert_string_equal(outcome_of(request), "refused:text-empty");
	request.kind = REQUEST_LEAVE;
	assert_string_equal(outcome_of(request), "exit left(bob)");
}

/* After a start with fewer edges a home may be beyond them: it counts modulo. */
static void homes_of_an_earlier_start(void **unused) {
	struct record entered = {.kind = ENTRY_ENTERED,
	                         .seq = 1,
	                         .person = 1,
	                         .session = 1,
	                         .name = text("ann"),
	                         .room = ROOM_LOBBY,
	                         .face = FACE_PLAIN,
	                         .home = 5,
	                         .has_route = true,
	                         .route = route_of(HOST, 1)};
	assert_int_equal(state_apply(world->state, &entered, NULL, NULL), STATE_OK);
	world->seq_next = 2;
	struct record request = from(1, REQUEST_SAY);
	request.queue = 1;
	request.text = text("x");
	assert_string_equal(outcome_of(request), "said(ann:x)");
	says(2, "L ann");
	assert_int_equal(record_of(ANSWER_PROBE).home, 1);
	request.queue = 0;
	assert_string_equal(outcome_of(request), "moved said(ann:x)");
}

static void gone(void **unused) {
	says(1, "L ann");
	uint64_t session = record_of(ENTRY_ENTERED).session;
	struct record request = {
		.kind = REQUEST_GONE, .session = session, .reason = REASON_IDLE, .queue = 1};
	assert_string_equal(outcome_of(request), "nothing"); /* it has moved away from there */
	request.queue = 0;
	request.session = 99;
	assert_string_equal(outcome_of(request), "nothing");
	request.session = session;
	assert_string_equal(outcome_of(request), "left:idle(ann)");
	assert_string_equal(outcome_of(request), "nothing");
	says(1, "L ann");
	request.session = record_of(ENTRY_ENTERED).session;
	request.reason = REASON_UNREACHABLE;
	assert_string_equal(outcome_of(request), "left:unreachable(ann)");
	assert_string_equal(says(2, "L ann"), "ok entered(ann)");
}

/* ---- the administrator ---- */

static void shouting(void **unused) {
	assert_string_equal(admin(REQUEST_SHOUT, NULL, "hello"), "shouted(:hello) done");
	assert_int_equal(record_of(ANSWER_DONE).number, 0);
	says(1, "L ann");
	assert_string_equal(admin(REQUEST_SHOUT, NULL, "all"), "shouted(:all) done");
	assert_int_equal(record_of(ANSWER_DONE).number, 1);
	assert_int_equal(record_of(ANSWER_DONE).connection.generation, 9);
	assert_string_equal(admin(REQUEST_SHOUT, NULL, ""), "refused:text-empty");
	assert_string_equal(admin(REQUEST_SHOUT, NULL, "\xC3"), "refused:not-utf8");
	static char long_text[TEXT_BYTES_MAX + 2];
	memset(long_text, 'x', TEXT_BYTES_MAX + 1);
	assert_string_equal(admin(REQUEST_SHOUT, NULL, long_text), "refused:text-too-long");
}

static void kicking(void **unused) {
	static char long_why[WHY_BYTES_MAX + 2];
	memset(long_why, 'x', WHY_BYTES_MAX + 1);
	PLAY({1, "L ann", "ok entered(ann)"}, {2, "L bob", "ok entered(bob)"});
	assert_string_equal(admin(REQUEST_KICK, "carl", NULL), "refused:no-such-name");
	assert_slice(record_of(ANSWER_REFUSED).name, "carl");
	assert_string_equal(admin(REQUEST_KICK, "", NULL), "refused:no-such-name");
	assert_string_equal(admin(REQUEST_KICK, "ann", long_why), "refused:text-too-long");
	assert_int_equal(record_of(ANSWER_REFUSED).number, WHY_BYTES_MAX);
	assert_string_equal(admin(REQUEST_KICK, "ann", "\xFF"), "refused:not-utf8");
	assert_string_equal(admin(REQUEST_KICK, "ANN", "noise"), "kicked:kicked(ann:noise) done");
	PLAY({1, "C x", "refused:not-entered"}, {1, "L ann", "ok entered(ann)"});
	assert_string_equal(admin(REQUEST_KICK, "bob", NULL), "kicked:kicked(bob) done");
}

static void muting(void **unused) {
	says(1, "L ann");
	assert_string_equal(mute("ANN", 10), "muted(ANN:why) done");
	assert_string_equal(says(1, "C x"), "refused:muted");
	struct record refused = record_of(ANSWER_REFUSED);
	assert_int_equal(refused.until_us, world->now_us + 600 * 1000000);
	assert_int_equal(refused.since_us, world->now_us);
	/* Everything else goes on. */
	/* clang-format off */
	PLAY(
		{1, "W", "who"},
		{1, "L bob", "ok renamed(bob<ann)"},
		{1, "C x", "refused:muted"},
		{1, "Q", "exit left(bob)"},
		{1, "L bob", "ok entered(bob)"},
		{1, "C x", "refused:muted"});
	/* clang-format on */
	later(599);
	assert_string_equal(says(1, "C x"), "refused:muted");
	assert_string_equal(own(REQUEST_EXPIRE), "nothing");
	later(1);
	assert_string_equal(says(1, "C x"), "said(bob:x)");
	assert_string_equal(own(REQUEST_EXPIRE), "unmuted(bob)");
	assert_string_equal(own(REQUEST_EXPIRE), "nothing");
	/* For ever, until it is taken back. */
	assert_string_equal(mute("bob", 0), "muted(bob:why) done");
	later(UINT64_C(100) * 365 * 86400);
	assert_string_equal(own(REQUEST_EXPIRE), "nothing");
	PLAY({1, "C x", "refused:muted"}, {1, "C ", "refused:text-empty"});
	assert_string_equal(admin(REQUEST_UNMUTE, "Bob", NULL), "unmuted(bob) done");
	assert_string_equal(says(1, "C x"), "said(bob:x)");
	assert_string_equal(admin(REQUEST_UNMUTE, "bob", NULL), "refused:no-such-name");
	/* Who is not here can be muted; what is no name cannot. */
	assert_string_equal(mute("nobody", 1), "muted(nobody:why) done");
	assert_string_equal(mute("", 1), "refused:name-invalid");
	assert_string_equal(mute("\xFF", 1), "refused:name-invalid");
	assert_string_equal(mute("x", UINT64_MAX), "refused:bad-argument");
	assert_string_equal(mute("x", 100 * 366 * 24 * 60), "muted(x:why) done");
}

static void banning_a_name(void **unused) {
	PLAY({1, "L ann", "ok entered(ann)"}, {2, "L bob", "ok entered(bob)"});
	assert_string_equal(admin(REQUEST_BAN, "ANN", "spam"), "banned(ANN:spam) done");
	/* Whoever is here goes with the hub's next sweep, and is told why. */
	assert_string_equal(own(REQUEST_SWEEP), "kicked:banned(ann:spam)");
	assert_string_equal(own(REQUEST_SWEEP), "nothing");
	/* clang-format off */
	PLAY(
		{1, "L ann", "refused:banned"},
		{2, "L Ann", "refused:banned"},
		{2, "C x", "said(bob:x)"},
		{1, "L carl", "ok entered(carl)"});
	/* clang-format on */
	says(1, "L ann");
	assert_slice(record_of(ANSWER_REFUSED).text, "spam");
	assert_string_equal(admin(REQUEST_UNBAN, "carl", NULL), "refused:no-such-ban");
	assert_string_equal(outcome_of(console_net(REQUEST_UNBAN, "10.0.0.0/8", NULL)),
	                    "refused:no-such-ban");
	assert_string_equal(admin(REQUEST_UNBAN, "ann", NULL), "unbanned(ANN) done");
	assert_string_equal(says(1, "L ann"), "ok renamed(ann<carl)");
	assert_string_equal(admin(REQUEST_BAN, "", NULL), "refused:name-invalid");
	struct record request = console(REQUEST_BAN, "x", NULL);
	request.number = UINT64_MAX / 1000;
	assert_string_equal(outcome_of(request), "refused:bad-argument");
}

static void banning_a_network(void **unused) {
	PLAY({1, "L ann", "ok entered(ann)"}, {2, "L bob", "ok entered(bob)"});
	struct record carl = from(3, REQUEST_ENTER);
	carl.route = route_of(HOST + 1000, 3);
	carl.name = text("carl");
	assert_string_equal(outcome_of(carl), "ok entered(carl)");
	assert_string_equal(outcome_of(console_net(REQUEST_BAN, "10.0.0.0/24", "out")),
	                    "banned(:out) done");
	assert_true(record_of(ENTRY_BANNED).has_net);
	own(REQUEST_SWEEP);
	assert_int_equal(state_people_count(world->state), 1);
	/* clang-format off */
	PLAY(
		{1, "L ann", "refused:banned"},
		{9, "L x", "refused:banned"},
		{1, "L carl", "refused:name-taken probe(carl)"});
	/* clang-format on */
	carl.kind = REQUEST_SAY;
	carl.text = text("still here");
	assert_string_equal(outcome_of(carl), "said(carl:still here)");
	/* Twice banned is lifted at once. */
	outcome_of(console_net(REQUEST_BAN, "10.0.0.0/24", NULL));
	assert_string_equal(outcome_of(console_net(REQUEST_UNBAN, "10.0.0.0/25", NULL)),
	                    "refused:no-such-ban");
	assert_string_equal(outcome_of(console_net(REQUEST_UNBAN, "10.0.0.0/24", NULL)),
	                    "unbanned unbanned done");
	assert_int_equal(record_of(ANSWER_DONE).number, 2);
	assert_string_equal(says(1, "L ann"), "ok entered(ann)");
}

static void bans_run_out(void **unused) {
	struct record request = console(REQUEST_BAN, "ann", "for a while");
	request.number = 300;
	assert_string_equal(outcome_of(request), "banned(ann:for a while) done");
	assert_string_equal(says(1, "L ann"), "refused:banned");
	assert_int_equal(record_of(ANSWER_REFUSED).until_us, world->now_us + 300 * 1000000);
	later(300);
	assert_string_equal(says(1, "L ann"), "ok entered(ann)");
	assert_string_equal(own(REQUEST_SWEEP), "nothing");
	assert_string_equal(own(REQUEST_EXPIRE), "unbanned(ann)");
}

static void many_at_a_time(void **unused) {
	char line[16];
	for (uint16_t port = 1; port <= 2 * DECIDE_SWEEP_MAX + 3; port++) {
		snprintf(line, sizeof(line), "L n%u", port);
		says(port, line);
		snprintf(line, sizeof(line), "m%u", port);
		mute(line, 1);
	}
	static char why[WHY_BYTES_MAX + 1];
	memset(why, 'w', WHY_BYTES_MAX);
	outcome_of(console_net(REQUEST_BAN, "10.0.0.0/8", why));
	const unsigned expected[] = {DECIDE_SWEEP_MAX, DECIDE_SWEEP_MAX, 3, 0};
	for (size_t i = 0; i < 4; i++) {
		own(REQUEST_SWEEP);
		assert_int_equal(world->decision.entries, expected[i]);
	}
	assert_int_equal(state_people_count(world->state), 0);
	later(60);
	for (size_t i = 0; i < 4; i++) {
		own(REQUEST_EXPIRE);
		assert_int_equal(world->decision.entries, expected[i]);
	}
	assert_int_equal(state_restrictions_count(world->state), 1);
	/* So many same bans that one request cannot lift them all: it says how many. */
	for (int i = 0; i < DECIDE_SWEEP_MAX; i++) {
		outcome_of(console_net(REQUEST_BAN, "10.0.0.0/8", why));
	}
	outcome_of(console_net(REQUEST_UNBAN, "10.0.0.0/8", NULL));
	assert_int_equal(record_of(ANSWER_DONE).number, DECIDE_SWEEP_MAX);
}

static void closing(void **unused) {
	PLAY({1, "L ann", "ok entered(ann)"}, {2, "L bob", "ok entered(bob)"});
	assert_string_equal(admin(REQUEST_CLOSE, NULL, "\xFF"), "refused:not-utf8");
	assert_string_equal(admin(REQUEST_CLOSE, NULL, "good night"),
	                    "closed:closed(:good night) done");
	assert_int_equal(record_of(ANSWER_DONE).number, 2);
	assert_int_equal(state_people_count(world->state), 0);
	PLAY({1, "C x", "refused:not-entered"});
}

static void checking(void **unused) {
	struct record request = console(REQUEST_CHECK, NULL, NULL);
	request.number = 77;
	assert_string_equal(outcome_of(request), "check");
	assert_int_equal(record_of(ANSWER_CHECK).number, 77);
}

/* ---- who may what ---- */

static void what_the_queue_allows(void **unused) {
	says(1, "L ann");
	for (uint16_t kind = REQUEST_SHOUT; kind <= REQUEST_SWEEP; kind++) {
		struct record request = from(1, kind);
		request.name = text("ann");
		request.text = text("x");
		assert_string_equal(outcome_of(request), "refused:not-permitted");
	}
	for (uint16_t kind = REQUEST_ENTER; kind <= REQUEST_HISTORY; kind++) {
		struct record request = from(1, kind);
		request.queue = CONSOLE_QUEUE;
		assert_string_equal(outcome_of(request), "refused:not-permitted");
		request.queue = QUEUE_OF_HUB;
		assert_string_equal(outcome_of(request), "refused:not-permitted");
	}
	assert_string_equal(admin(REQUEST_SWEEP, NULL, NULL), "refused:not-permitted");
	assert_string_equal(own(REQUEST_CLOSE), "refused:not-permitted");
	const uint16_t nonsense[] = {0, 1, ENTRY_ENTERED, ANSWER_OK, 511, 528, ROW_META, 65535};
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		assert_string_equal(outcome_of(from(1, nonsense[i])), "refused:bad-argument");
	}
}

static void poisoned(void **unused) {
	says(1, "L ann");
	struct record request = from(1, REQUEST_SAY);
	struct circumstances at = world_now(world, 0);
	request.request = 5;
	request.text = text("x");
	decide_poisoned(&at, &request, &world->decision);
	assert_string_equal(world_words(world), "refused:poisoned");
	assert_int_equal(record_of(ANSWER_REFUSED).request, 5);
	assert_int_equal(record_of(ANSWER_REFUSED).route.peer.port, 1);
}

/* ---- bounds ---- */

static void no_more_restrictions(void **unused) {
	struct record ban = {.kind = ENTRY_BANNED, .name = text("x")};
	for (ban.seq = 1; ban.seq <= BANS_MAX; ban.seq++) {
		assert_int_equal(state_apply(world->state, &ban, NULL, NULL), STATE_OK);
	}
	world->seq_next = ban.seq;
	struct circumstances at = world_now(world, CONSOLE_QUEUE);
	struct record request = console(REQUEST_BAN, "y", NULL);
	decide(&at, &request, &world->decision);
	assert_string_equal(world_words(world), "refused:full");
	request.kind = REQUEST_MUTE;
	decide(&at, &request, &world->decision);
	assert_string_equal(world_words(world), "refused:full");
}

static void no_more_people(void **unused) {
	if (!is_long_run()) {
		return; /* A million people take a moment. */
	}
	char name[16];
	for (uint64_t seq = 1; seq <= PERSONS_MAX; seq++) {
		snprintf(name, sizeof(name), "n%llu", (unsigned long long)seq);
		struct record entered = {.kind = ENTRY_ENTERED,
		                         .seq = seq,
		                         .person = seq,
		                         .session = seq,
		                         .name = text(name),
		                         .has_route = true,
		                         .room = ROOM_LOBBY,
		                         .route = route_of(HOST + (uint32_t)seq, 1)};
		assert_int_equal(state_apply(world->state, &entered, NULL, NULL), STATE_OK);
	}
	world->seq_next = PERSONS_MAX + 1;
	struct record request = from(77, REQUEST_ENTER);
	request.name = text("one-more");
	struct circumstances at = world_now(world, 0);
	decide(&at, &request, &world->decision);
	assert_string_equal(world_words(world), "refused:full");
}

int main(void) {
#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(enter_say_leave),
		ROW(what_an_entry_says),
		ROW(enter_again),
		ROW(names_are_unique),
		ROW(names_that_cannot_be),
		ROW(nobody_speaks_as_another),
		ROW(long_texts),
		ROW(leaving),
		ROW(questions),
		ROW(without_an_address),
		ROW(a_member_that_comes_by_another_edge),
		ROW(homes_of_an_earlier_start),
		ROW(gone),
		ROW(shouting),
		ROW(kicking),
		ROW(muting),
		ROW(banning_a_name),
		ROW(banning_a_network),
		ROW(bans_run_out),
		ROW(many_at_a_time),
		ROW(closing),
		ROW(checking),
		ROW(what_the_queue_allows),
		ROW(poisoned),
		ROW(no_more_restrictions),
		ROW(no_more_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
