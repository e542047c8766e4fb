/* The command that answers for a robot, on a clock of the test's own. */
#include "unit.h"

#include <poll.h>
#include <string.h>

#include "robot_command.h"

#define SECOND_US (UINT64_C(1000) * 1000)

static struct robot_command command;

/* What it answers at that time; COMMAND_DIED: that it will not. */
static enum command_found answer_at(uint64_t now_us, struct slice *line) {
	enum command_found found;
	while ((found = robot_command_go_on(&command, line, now_us)) == COMMAND_WAITS) {
		struct pollfd out = {.fd = command.out_fd, .events = POLLIN};
		assert_int_equal(poll(&out, 1, 60000), 1);
	}
	return found;
}

static void test_one_that_hangs_is_ended_and_started_again(void **state) {
	uint64_t now_us = 100 * SECOND_US;
	struct slice line;
	robot_command_init(&command, "while read -r x; do test \"$x\" != hang || exec sleep 1000;"
	                             " echo \"got $x\"; done");
	assert_true(robot_command_is_ready(&command, now_us));
	robot_command_ask(&command, slice_from_string("one"), now_us);
	assert_int_equal(answer_at(now_us, &line), COMMAND_ANSWERED);
	assert_true(slice_equal(line, slice_from_string("got one")));
	/* Each question has its own 30 seconds. */
	now_us += 50 * SECOND_US;
	robot_command_ask(&command, slice_from_string("hang"), now_us);
	assert_false(robot_command_is_ready(&command, now_us));
	assert_int_equal(robot_command_deadline(&command), now_us + 30 * SECOND_US);
	assert_int_equal(robot_command_go_on(&command, &line, now_us + 30 * SECOND_US - 1),
	                 COMMAND_WAITS);
	now_us += 30 * SECOND_US;
	assert_int_equal(robot_command_go_on(&command, &line, now_us), COMMAND_DIED);
	/* Another one, after a pause. */
	assert_false(robot_command_is_ready(&command, now_us));
	now_us = robot_command_deadline(&command);
	assert_true(robot_command_is_ready(&command, now_us));
	robot_command_ask(&command, slice_from_string("two"), now_us);
	assert_int_equal(answer_at(now_us, &line), COMMAND_ANSWERED);
	assert_true(slice_equal(line, slice_from_string("got two")));
	robot_command_finish(&command);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_that_hangs_is_ended_and_started_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
