/* Who may take back what was said, where, and with which words. */
#include "decide_streams.h"

/* Of `seq`, which `author` said when it was called `name`. */
static struct record redacting(uint64_t session, uint64_t seq, uint64_t author, const char *name) {
	struct record request = by(session, REQUEST_REDACT, "#tea", NULL, "why");
	request.number = seq;
	request.target = author;
	request.by = text(name);
	return request;
}

static uint64_t person_of_session(uint64_t session) {
	return session_person(world->state, state_session(world->state, session));
}

static void what_is_taken_back(void **unused) {
	uint64_t ann = enter("ann"), bob = enter("bob"), root = enter("root");
	join(ann, "#tea");
	join(bob, "#tea");
	say("said(bob<#tea:psst)", bob, "psst");
	uint64_t seq = record_of(ENTRY_SAID).seq;
	uint64_t b = person_of_session(bob), a = person_of_session(ann);
	ask("redacted(bob<#tea:why)", redacting(bob, seq, b, "bob"));
	assert_int_equal(record_of(ENTRY_REDACTED).number, seq);
	assert_true(slice_equal(record_of(ENTRY_REDACTED).by, text("bob")));
	ask("refused:not-permitted", redacting(bob, seq, a, "ann"));
	ask("redacted(ann<#tea:why)", redacting(ann, seq, b, "bob"));
	ask("refused:not-in-room", redacting(root, seq, b, "bob"));
	make_operator(root);
	ask("redacted(root<#tea:why)", redacting(root, seq, b, "bob"));
	/* Who has the name now, and an account of that name, has not said it; but then it has. */
	ask("refused:not-permitted", redacting(bob, seq, 1234, "bob"));
	struct record request = redacting(bob, seq, 1234, "bob");
	request.bits = PERSON_HAS_ACCOUNT;
	ask("refused:not-permitted", request);
	ask("refused:no-such-message", redacting(bob, world->seq_next, b, "bob"));
	ask("refused:no-such-message", redacting(bob, 0, b, "bob"));
	/* Who may not speak takes back, and says not why. */
	mode("mode(ann<#tea:+m)", ann, "+m");
	ask("redacted(bob<#tea)", redacting(bob, seq, b, "bob"));
	/* Between two: each its own. */
	ask("direct(ann<bob:psst)", by(ann, REQUEST_DIRECT, NULL, "bob", "psst"));
	uint64_t thread = record_of(ENTRY_DIRECT).room;
	request = redacting(bob, thread, a, "ann");
	request.other_name = text(NULL);
	request.name = text("ann");
	ask("refused:no-such-name", request);
	request.room = thread;
	ask("refused:not-permitted", request);
	request.session = ann;
	request.name = text("bob");
	ask("redacted(ann<bob:why)", request);
	assert_int_equal(record_of(ENTRY_REDACTED).target, b);
	struct record taken = record_of(ENTRY_REDACTED);
	assert_true(record_is_direct(&taken) && !record_is_hidden(&taken));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_taken_back, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
