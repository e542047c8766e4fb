/* The asker's side of the clerk's wire, with a clerk whose answers lie there already. */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clerkwire.h"
#include "limits.h"
#include "record.h"
#include "state.h"

struct wire {
	int asker, clerk;
	int life[2];
};

static int make_wire(void **state) {
	static struct wire wire;
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0 ||
	    pipe2(wire.life, O_CLOEXEC) < 0) {
		return -1;
	}
	wire.asker = ends[0];
	wire.clerk = ends[1];
	*state = &wire;
	return 0;
}

static int close_wire(void **state) {
	struct wire *wire = *state;
	close(wire->asker);
	close(wire->clerk);
	close(wire->life[0]);
	if (wire->life[1] >= 0) {
		close(wire->life[1]);
	}
	return 0;
}

static size_t open_count(void) {
	DIR *directory = opendir("/proc/self/fd");
	size_t count = 0;
	assert_non_null(directory);
	while (readdir(directory) != NULL) {
		count++;
	}
	closedir(directory);
	return count;
}

static void answer(const struct wire *wire, const void *bytes, size_t size, int passed) {
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr aligned;
	} control;
	struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	if (passed >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof passed);
		memcpy(CMSG_DATA(head), &passed, sizeof passed);
	}
	assert_int_equal(sendmsg(wire->clerk, &message, 0), size);
}

static void answer_what(const struct wire *wire, uint32_t what, uint32_t incarnation,
                        uint64_t position, int passed) {
	const struct clerk_answer head = {
		.what = what,
		.incarnation = incarnation,
		.number = CLERK_NUMBER_OF_LOAD,
		.position = position,
		.is_last = 1,
	};
	answer(wire, &head, sizeof head, passed);
}

static void put_row(void *context, const struct record *row) {
	static _Alignas(8) char bytes[RECORD_BYTES_MAX];
	const int *fd = context;
	size_t size = record_encode(row, bytes, sizeof bytes);
	assert_true(size > 0);
	assert_int_equal(write(*fd, bytes, size), size);
}

/* The rows of a state in which nobody is. */
static int make_rows(void) {
	int fd = memfd_create("rows", MFD_CLOEXEC);
	assert_true(fd >= 0);
	struct state *state = state_create();
	assert_non_null(state);
	state_save(state, put_row, &fd);
	state_destroy(state);
	return fd;
}

static size_t questions_asked(const struct wire *wire) {
	struct clerk_question question;
	size_t count = 0;
	while (recv(wire->clerk, &question, sizeof question, 0) == (ssize_t)sizeof question) {
		assert_int_equal(question.what, CLERK_STATE);
		assert_int_equal(question.incarnation, 7);
		count++;
	}
	return count;
}

/* What is not for us is dropped, with what it carries; a new clerk and a failure are asked again. */
static void the_state_is_loaded(void **context) {
	const struct wire *wire = *context;
	int rows = make_rows();
	answer_what(wire, CLERK_STATE, 6, 111, rows); /* a predecessor's */
	answer_what(wire, CLERK_HELLO, 0, 0, -1);
	answer_what(wire, CLERK_LAST, 7, 222, -1);
	answer(wire, "short", 5, rows);
	answer_what(wire, CLERK_FAILED, 7, 0, -1);
	answer_what(wire, CLERK_STATE, 7, 4711, rows);
	size_t before = open_count();
	struct state *state = state_create();
	uint64_t position = 0;
	assert_true(clerk_load_state(wire->asker, 7, wire->life[0], state, &position));
	assert_int_equal(position, 4711);
	assert_int_equal(state_people_count(state), 0);
	assert_int_equal(open_count(), before);
	assert_int_equal(questions_asked(wire), 3);
	state_destroy(state);
	close(rows);
}

static void who_is_told_to_leave_waits_no_longer(void **context) {
	struct wire *wire = *context;
	struct state *state = state_create();
	uint64_t position = 0;
	close(wire->life[1]);
	wire->life[1] = -1;
	assert_false(clerk_load_state(wire->asker, 7, wire->life[0], state, &position));
	assert_int_equal(questions_asked(wire), 1);
	state_destroy(state);
}

static void a_question_takes_its_text_along(void **context) {
	const struct wire *wire = *context;
	const struct clerk_question question = {
		.what = CLERK_SEARCH, .number = 9, .text_bytes = 6, .count = 10};
	char heard[256];
	assert_int_equal(clerk_ask(wire->asker, &question, "你好"), 0);
	assert_int_equal(recv(wire->clerk, heard, sizeof heard, 0), sizeof question + 6);
	assert_memory_equal(heard, &question, sizeof question);
	assert_memory_equal(heard + sizeof question, "你好", 6);
	/* A wire that is full is an ordinary event. */
	while (clerk_ask(wire->asker, &question, "你好") == 0) {
	}
	assert_true(errno == EAGAIN || errno == ENOBUFS);
}

static void answers_are_taken_whole_or_not_at_all(void **context) {
	const struct wire *wire = *context;
	union {
		struct clerk_answer answer;
		char bytes[256];
	} heard;
	char large[512] = {0};
	int passed;
	assert_int_equal(clerk_receive(wire->asker, &heard, sizeof heard, &passed), 0);
	assert_int_equal(passed, -1);
	size_t before = open_count();
	answer(wire, large, sizeof large, wire->life[0]);
	assert_int_equal(clerk_receive(wire->asker, &heard, sizeof heard, &passed), -1);
	assert_int_equal(errno, EMSGSIZE);
	assert_int_equal(passed, -1);
	answer(wire, large, 3, wire->life[0]);
	assert_int_equal(clerk_receive(wire->asker, &heard, sizeof heard, &passed), -1);
	assert_int_equal(errno, EBADMSG);
	assert_int_equal(open_count(), before);
	answer(wire, large, 100, wire->life[0]);
	assert_int_equal(clerk_receive(wire->asker, &heard, sizeof heard, &passed), 100);
	assert_true(passed >= 0);
	close(passed);
}

#define ON_A_WIRE(test) cmocka_unit_test_setup_teardown(test, make_wire, close_wire)

int main(void) {
	const struct CMUnitTest tests[] = {
		ON_A_WIRE(the_state_is_loaded),
		ON_A_WIRE(who_is_told_to_leave_waits_no_longer),
		ON_A_WIRE(a_question_takes_its_text_along),
		ON_A_WIRE(answers_are_taken_whole_or_not_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
