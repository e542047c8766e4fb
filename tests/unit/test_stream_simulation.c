/* Streams, sessions and plain members in a few rooms, at random from a seed: what room operators decide,
 * who may come and speak, what accounts and an edge's death mean. Whoever breaks a rule of the room is
 * told so here a second time, from the state alone and as simply as possible; now and then the hub dies
 * and begins anew from the rows, which must make no difference.
 *
 * A failure ends with the seed: QUN_SEED=… runs that one again, alone. */
#include "decide_help.h"

#include "limits.h"
#include "mode_text.h"
#include "name.h"

#define PEOPLE 24
#define ROOMS 4
#define NAMES 10
#define CONNECTION                                                                                 \
	{ 1, 1 }

static const char *const room_names[ROOMS] = {"#lobby", "#tea", "#小明", "#x"};
static const char *const names[NAMES] = {"ann",  "bob",  "cat", "dan", "eve",
                                         "小明", "小红", "f",   "g",   "h"};

struct simulation {
	struct chance chance;
	struct world *world;
	struct rows rows;
	uint64_t sessions[PEOPLE];
	uint64_t seed;
};

static uint64_t entries[64], refusals[REASON_COUNT];

#define CHECK(truth)                                                                               \
	do {                                                                                       \
		if (!(truth)) {                                                                    \
			fprintf(stderr, "line %d: %s after %s; again: QUN_SEED=%llu\n", __LINE__,  \
			        #truth, world_words(sim->world), (unsigned long long)sim->seed);   \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static uint64_t below(struct simulation *sim, uint64_t limit) {
	return chance_below(&sim->chance, limit);
}

static struct slice random_name(struct simulation *sim) {
	return text(names[below(sim, NAMES)]);
}

/* ---- what must hold, whatever happened ---- */

static bool check_members(void *context, uint64_t room) {
	struct simulation *sim = context;
	const struct state *state = sim->world->state;
	const struct room_charter charter = state_room_charter(state, room);
	/* Nobody inherits a room with a name. */
	CHECK(charter.founder_account.size == 0 ||
	      state_account_named(state, charter.founder_account) != 0);
	CHECK((charter.bits & ROOM_IS_REGISTERED) == 0 || charter.founder_account.size > 0);
	for (size_t i = 0; i < state_room_members_count(state, room); i++) {
		const struct person *person = state_room_member(state, room, i);
		uint64_t id = person_id(person);
		CHECK(person_is_present(person));
		CHECK((state_member_bits(state, room, id) & ~(uint64_t)MEMBER_BITS) == 0);
		CHECK(!state_is_invited(state, room, id));
		CHECK(state_person_named(state, person_name(person)) == person);
	}
	for (const char *letter = "beI"; *letter != '\0'; letter++) {
		struct room_mask mask = {0};
		size_t count = 0;
		uint64_t last = 0;
		for (; state_mask_next(state, room, *letter, &mask); count++) {
			CHECK(mask.id > last);
			last = mask.id;
		}
		CHECK(count == state_masks_count(state, room, *letter));
		CHECK(count <= MASKS_PER_LIST_MAX);
	}
	return true;
}

static void check_all(struct simulation *sim) {
	state_rooms_each(sim->world->state, check_members, sim);
	for (size_t i = 0; i < PEOPLE; i++) {
		const struct session *session = state_session(sim->world->state, sim->sessions[i]);
		if (session == NULL) {
			sim->sessions[i] = 0;
		}
	}
}

/* ---- what a request may lead to ---- */

struct before {
	uint64_t person, room;
	struct room_charter charter;
	uint64_t office, bits;
	bool is_member, is_invited, is_banned, has_key;
	bool is_founder, has_account;
	bool is_by_account; /* it asks by the right of its account, which has an office there */
};

/* The account that somebody is signed in to; 0: none. */
static uint64_t account_in(const struct state *state, uint64_t person) {
	const struct person *who = state_person(state, person);
	bool is_signed_in = who != NULL && (person_bits(state, who) & PERSON_HAS_ACCOUNT) != 0;
	return is_signed_in ? state_account_named(state, person_name(who)) : 0;
}

/* Masks are names or everybody here, so that no matching is needed to know. */
static bool is_on(const struct simulation *sim, uint64_t room, char letter, uint64_t person) {
	const struct state *state = sim->world->state;
	const struct person *who = state_person(state, person);
	struct room_mask mask = {0};
	char one[NAME_BYTES_MAX + 8];
	while (who != NULL && state_mask_next(state, room, letter, &mask)) {
		struct slice name = person_name(who);
		int size = snprintf(one, sizeof(one), "%.*s!*@*", (int)name.size, name.bytes);
		if (slice_equal(mask.mask, slice_of(one, (size_t)size)) ||
		    slice_equal(mask.mask, text("*!*@*"))) {
			return true;
		}
	}
	return false;
}

static struct before look(const struct simulation *sim, const struct record *request) {
	const struct state *state = sim->world->state;
	const struct session *session = state_session(state, request->session);
	struct slice name = request->other_name.size > 0 ? request->other_name : request->name;
	struct before before = {.room = request->room != 0 ? request->room
	                                                   : state_room_named(state, name)};
	before.charter = state_room_charter(state, before.room);
	if (session != NULL) {
		before.person = session_person(state, session);
		before.office = state_member_bits(state, before.room, before.person);
		before.bits = person_bits(state, state_person(state, before.person));
		uint64_t account = account_in(state, before.person);
		before.has_account = account != 0;
		before.is_founder =
			account != 0 && before.charter.founder_account.size > 0 &&
			account == state_account_named(state, before.charter.founder_account);
		before.is_by_account =
			request->number == RIGHT_OF_ACCOUNT && account != 0 &&
			(before.is_founder ||
		         (state_standing(state, before.room, account) & MEMBER_IS_OPERATOR) != 0);
		before.is_member = state_is_member(state, before.room, before.person);
		before.is_invited = state_is_invited(state, before.room, before.person);
		before.has_key = before.charter.key.size == 0 ||
		                 slice_equal(before.charter.key, request->text);
		before.is_banned = is_on(sim, before.room, 'b', before.person) &&
		                   !is_on(sim, before.room, 'e', before.person);
	}
	return before;
}

static bool is_over(const struct before *before) {
	return before->is_by_account || (before->office & MEMBER_IS_OPERATOR) != 0 ||
	       (before->bits & PERSON_IS_OPERATOR) != 0;
}

static void check_said(struct simulation *sim, const struct before *before) {
	CHECK(before->is_member || (before->charter.bits & ROOM_NO_EXTERNAL) == 0);
	CHECK(before->office != 0 || (before->charter.bits & ROOM_IS_MODERATED) == 0);
	CHECK(before->office != 0 || !before->is_banned);
	CHECK(before->office != 0 || before->has_account ||
	      (before->charter.bits & ROOM_HEARS_ACCOUNTS) == 0);
}

/* Whose a room is, its founder decides, or the server's operator; or its operator, before it is anybody's. */
static void check_founded(struct simulation *sim, const struct before *before,
                          const struct record *entry) {
	const struct state *state = sim->world->state;
	bool is_operator = (before->bits & PERSON_IS_OPERATOR) != 0;
	bool is_registered = (before->charter.bits & ROOM_IS_REGISTERED) != 0;
	const struct room_charter after = state_room_charter(state, entry->room);
	CHECK(entry->room != ROOM_LOBBY);
	CHECK(is_registered ? before->is_founder || is_operator
	                    : (before->office & MEMBER_IS_OPERATOR) != 0);
	CHECK(((after.bits & ROOM_IS_REGISTERED) != 0) == (entry->name.size > 0));
	CHECK(entry->name.size == 0 ? after.founder_account.size == 0
	                            : name_equal(after.founder_account, entry->name));
	CHECK(entry->name.size > 0 || state_standings_count(state, entry->room) == 0);
}

static void check_joined(struct simulation *sim, const struct before *before,
                         const struct record *request, const struct record *entry) {
	const struct room_charter *charter = &before->charter;
	CHECK(!before->is_member);
	CHECK(state_is_member(sim->world->state, entry->room, before->person));
	/* Who comes as its operator need not be let in. */
	uint64_t office = state_member_bits(sim->world->state, entry->room, before->person);
	if (before->room == entry->room && !before->is_invited &&
	    (office & MEMBER_IS_OPERATOR) == 0) {
		CHECK(!before->is_banned);
		CHECK((charter->bits & ROOM_IS_INVITE_ONLY) == 0 ||
		      is_on(sim, before->room, 'I', before->person));
		CHECK(before->has_key);
		CHECK(before->has_account || (charter->bits & ROOM_WANTS_ACCOUNT) == 0);
		CHECK(charter->limit == 0 ||
		      state_room_members_count(sim->world->state, entry->room) <= charter->limit);
	}
}

/* It is nobody's who has not shown that it is. */
static void check_named(struct simulation *sim, const struct record *request,
                        const struct record *entry) {
	bool is_registered = state_account_named(sim->world->state, entry->name) != 0;
	bool is_kept = entry->other_name.size > 0 && name_equal(entry->name, entry->other_name);
	CHECK(!is_registered || is_kept || (request->bits & PERSON_HAS_ACCOUNT) != 0);
}

static bool sets_key(struct slice change) {
	struct mode_walk walk = mode_walk_of(change);
	struct mode_change each;
	bool has_set = false;
	while (mode_walk_next(&walk, &each)) {
		has_set = has_set || (each.type == MODE_TYPE_KEY && each.is_set);
	}
	return has_set;
}

static void check_entry(struct simulation *sim, const struct before *before,
                        const struct record *request, const struct record *entry) {
	entries[entry->kind]++;
	switch (entry->kind) {
	case ENTRY_SAID:
	case ENTRY_SAID_TO: check_said(sim, before); break;
	case ENTRY_JOINED: check_joined(sim, before, request, entry); break;
	case ENTRY_ENTERED:
	case ENTRY_RENAMED: check_named(sim, request, entry); break;
	case ENTRY_FOUNDER: check_founded(sim, before, entry); break;
	case ENTRY_STANDING:
		CHECK(before->is_founder || (before->bits & PERSON_IS_OPERATOR) != 0);
		CHECK((before->charter.bits & ROOM_IS_REGISTERED) != 0);
		break;
	case ENTRY_TOPIC:
		CHECK(is_over(before) ||
		      (before->is_member && (before->charter.bits & ROOM_TOPIC_LOCKED) == 0));
		break;
	case ENTRY_MODE:
		/* Or it says what a newcomer's account is there. */
		CHECK(is_over(before) || (entry->person == 0 && request->kind == REQUEST_JOIN) ||
		      request->kind == REQUEST_STANDING);
		CHECK(sets_key(entry->text) == (entry->secret.size > 0));
		break;
	case ENTRY_PUT_OUT:
		CHECK(is_over(before));
		CHECK(!state_is_member(sim->world->state, entry->room, entry->person));
		break;
	case ENTRY_INVITED:
		CHECK(before->is_member || before->is_by_account);
		CHECK(is_over(before) || (before->charter.bits & ROOM_IS_INVITE_ONLY) == 0);
		break;
	case ENTRY_KICKED:
	case ENTRY_WALLOPS:
	case ENTRY_SHOUTED: CHECK(is_over(before)); break;
	default: break;
	}
}

static void check_records(struct simulation *sim, const struct before *before,
                          const struct record *request) {
	struct record record;
	const void *bytes;
	size_t offset = 0, size;
	while (decision_next(&sim->world->decision, &offset, &record, &bytes, &size)) {
		bool is_last = offset == sim->world->decision.size;
		CHECK((record.flags == RECORD_IS_LAST) ==
		      (is_last && request->connection.generation != 0));
		if (record_is_entry(&record)) {
			check_entry(sim, before, request, &record);
		} else if (record.kind == ANSWER_REFUSED) {
			refusals[record.reason]++;
		}
	}
}

static void ask(struct simulation *sim, struct record request) {
	const struct before before = look(sim, &request);
	world_ask(sim->world, request, rows_follow, &sim->rows);
	check_records(sim, &before, &request);
}

/* ---- what is asked ---- */

static void come(struct simulation *sim, size_t who) {
	struct record request = {
		.kind = below(sim, 4) == 0 ? REQUEST_OPEN : REQUEST_REGISTER,
		.queue = (uint16_t)below(sim, EDGES),
		.connection = CONNECTION,
		.has_route = true,
		.route = route_of(HOST + (uint32_t)below(sim, 3), (uint16_t)(1000 + who)),
		.name = random_name(sim),
		.nonce = sim->world->number + 1,
		.userhost = text("~u@cloak.qun"),
		.text = text("someone")};
	request.bits =
		below(sim, 3) == 0 && request.kind == REQUEST_REGISTER ? PERSON_HAS_ACCOUNT : 0;
	if (request.kind == REQUEST_OPEN) {
		request.userhost = request.text = text(NULL);
	}
	ask(sim, request);
	struct record record;
	const void *bytes;
	size_t offset = 0, size;
	while (decision_next(&sim->world->decision, &offset, &record, &bytes, &size)) {
		if (record.kind == ANSWER_WELCOME) {
			sim->sessions[who] = record.session;
		}
	}
}

static struct slice random_change(struct simulation *sim, char out[static 200]) {
	static const char letters[] = "beIklimnstCovzMRWf";
	size_t size = 0, count = 1 + below(sim, 4);
	char arguments[150] = "";
	for (size_t i = 0; i < count; i++) {
		char letter = letters[below(sim, sizeof(letters) - 1)];
		out[size++] = below(sim, 3) == 0 ? '-' : '+';
		out[size++] = letter;
		if (strchr("beIov", letter) != NULL) {
			const char *name = below(sim, 12) == 0 ? "*!*@*" : names[below(sim, NAMES)];
			size_t used = strlen(arguments);
			snprintf(arguments + used, sizeof(arguments) - used, " %s", name);
		} else if (letter == 'f' && out[size - 2] == '+') {
			size_t used = strlen(arguments);
			snprintf(arguments + used, sizeof(arguments) - used, " %s",
			         room_names[below(sim, ROOMS)]);
		} else if (letter == 'k' ||
		           ((letter == 'l' || letter == 'W') && out[size - 2] == '+')) {
			size_t used = strlen(arguments);
			snprintf(arguments + used, sizeof(arguments) - used, " 3");
		}
	}
	size += (size_t)snprintf(out + size, 200 - size, "%s", arguments);
	return slice_of(out, size);
}

static uint16_t random_kind(struct simulation *sim) {
	static const uint16_t kinds[] = {
		REQUEST_JOIN,   REQUEST_JOIN,    REQUEST_JOIN,    REQUEST_JOIN,    REQUEST_PART,
		REQUEST_SAY,    REQUEST_SAY,     REQUEST_SAY,     REQUEST_TOPIC,   REQUEST_MODE,
		REQUEST_MODE,   REQUEST_MODE,    REQUEST_MODE,    REQUEST_MODE,    REQUEST_PUT_OUT,
		REQUEST_INVITE, REQUEST_INVITE,  REQUEST_AWAY,    REQUEST_DIRECT,  REQUEST_RENAME,
		REQUEST_TAGMSG, REQUEST_PROFILE, REQUEST_WALLOPS, REQUEST_SHOUT,   REQUEST_KILL,
		REQUEST_GONE,   REQUEST_FOUNDER, REQUEST_FOUNDER, REQUEST_STANDING};
	return kinds[below(sim, sizeof(kinds) / sizeof(kinds[0]))];
}

static void do_something(struct simulation *sim, size_t who) {
	char change[200];
	const struct state *state = sim->world->state;
	const struct session *session = state_session(state, sim->sessions[who]);
	struct record request = {.kind = random_kind(sim),
	                         .session = session_id(session),
	                         .queue = session_home(session),
	                         .other_name = text(room_names[below(sim, ROOMS)]),
	                         .name = random_name(sim),
	                         .text = text(below(sim, 2) == 0 ? "3" : "hello")};
	if (session_face(session) == FACE_SESSION) {
		request.client_number = session_client_number(state, session) + 1;
		request.room = state_room_named(state, request.other_name);
	} else {
		request.connection = (struct connection)CONNECTION;
	}
	if (request.kind == REQUEST_MODE) {
		request.text = random_change(sim, change);
	} else if (request.kind == REQUEST_PROFILE) {
		request.number = PROFILE_MODES | PROFILE_REALNAME;
		request.bits = below(sim, 4) == 0 ? PERSON_IS_OPERATOR : PERSON_IS_BOT;
	} else if (request.kind == REQUEST_TAGMSG && below(sim, 2) == 0) {
		request.name = text(NULL);
	} else if (request.kind == REQUEST_RENAME && below(sim, 3) == 0 &&
	           request.client_number == 0) {
		request.bits = PERSON_HAS_ACCOUNT;
	} else if (request.kind == REQUEST_SAY && below(sim, 5) == 0) {
		request.number = MEMBER_HAS_VOICE;
	} else if (request.kind == REQUEST_FOUNDER && below(sim, 3) > 0) {
		/* Mostly for oneself, sometimes for nobody. */
		request.name =
			below(sim, 8) == 0
				? text(NULL)
				: person_name(state_person(state, session_person(state, session)));
	} else if (request.kind == REQUEST_STANDING) {
		request.bits = below(sim, 4) << 24 & MEMBER_BITS;
	} else if (request.kind >= REQUEST_TOPIC && request.kind <= REQUEST_INVITE) {
		request.number = below(sim, 3) == 0 ? RIGHT_OF_ACCOUNT : RIGHT_OF_OFFICE;
	}
	ask(sim, request);
}

static void happen(struct simulation *sim) {
	static const uint16_t account[] = {REQUEST_ACCOUNT_MADE, REQUEST_ACCOUNT_ENDED};
	switch (below(sim, 4)) {
	case 0:
		ask(sim, (struct record){.kind = account[below(sim, 2)],
		                         .queue = CONSOLE_QUEUE,
		                         .name = random_name(sim)});
		break;
	case 1:
		ask(sim,
		    (struct record){.kind = REQUEST_ORPHANS, .queue = (uint16_t)below(sim, EDGES)});
		break;
	case 2: sim->world->now_us += below(sim, 40) * 1000000; break;
	default:
		ask(sim,
		    (struct record){.kind = below(sim, 2) == 0 ? REQUEST_FORGET : REQUEST_END_ROOMS,
		                    .queue = QUEUE_OF_HUB});
		break;
	}
}

/* The hub dies: a new one is made of the rows, and it is the same. */
static void die(struct simulation *sim) {
	struct world *world = sim->world;
	struct record meta = {.kind = ROW_META,
	                      .seq = state_seq(world->state),
	                      .time_us = state_time_us(world->state)};
	rows_put(&sim->rows, &meta);
	struct state *again = rows_load(&sim->rows, below(sim, 1000));
	CHECK(state_digest(again) == state_digest(world->state));
	CHECK(state_accounts_count(again) == state_accounts_count(world->state));
	state_destroy(world->state);
	world->state = again;
}

static void simulate(uint64_t seed, unsigned steps) {
	static struct simulation it;
	struct simulation *sim = &it;
	it = (struct simulation){.seed = seed, .world = world_create()};
	sim->chance.state = seed;
	for (unsigned step = 0; step < steps; step++) {
		size_t who = below(sim, PEOPLE);
		if (below(sim, 25) == 0) {
			happen(sim);
		} else if (sim->sessions[who] == 0) {
			come(sim, who);
		} else {
			do_something(sim, who);
		}
		check_all(sim);
		if (below(sim, 60) == 0) {
			die(sim);
		}
	}
	die(sim);
	rows_finish(&sim->rows);
	world_destroy(sim->world);
}

/* What has to have happened, or the rules above were not tried: its word, or NULL. */
static const char *what_never_happened(void) {
	static const enum reason reasons[] = {
		REASON_NAME_REGISTERED,   REASON_INVITE_ONLY,   REASON_BAD_KEY,
		REASON_ROOM_FULL,         REASON_ROOM_BANNED,   REASON_CANNOT_SEND_TO_ROOM,
		REASON_NOT_ROOM_OPERATOR, REASON_UNKNOWN_MODE,  REASON_ALREADY_IN_ROOM,
		REASON_THEY_NOT_IN_ROOM,  REASON_NOT_PERMITTED, REASON_NEEDS_ACCOUNT,
		REASON_SLOW_MODE};
	for (unsigned kind = ENTRY_TOPIC; kind <= ENTRY_ORPHANED; kind++) {
		if (entries[kind] == 0) {
			return record_kind_word((uint16_t)kind);
		}
	}
	if (entries[ENTRY_FOUNDER] == 0 || entries[ENTRY_STANDING] == 0) {
		return "a room of somebody's";
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (refusals[reasons[i]] == 0) {
			return reason_word((uint16_t)reasons[i]);
		}
	}
	return NULL;
}

/* As many as it takes until everything has happened, the same in each run. */
static void known_seeds(void **unused) {
	if (seed_is_given()) {
		return;
	}
	for (uint64_t seed = 1; seed <= 5 || what_never_happened() != NULL; seed++) {
		if (seed > 1000) {
			fail_msg("never: %s", what_never_happened());
		}
		simulate(seed, 600);
	}
}

static void many_seeds(void **unused) {
	double end = steady_seconds() + sized(2, 300);
	uint64_t seed = seed_or((uint64_t)time(NULL) * 1000);
	do {
		simulate(seed++, 600);
	} while (steady_seconds() < end && !seed_is_given());
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_seeds),
		cmocka_unit_test(many_seeds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
