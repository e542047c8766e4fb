/* Pipes: whole messages, and what is heard when nothing comes. */
#include "mp_help.h"

#include "mp_pipe.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

static char large[MP_PIPE_MESSAGE_BYTES_MAX + 1];

static int receive_text(struct mp_pipe *end, char *text, size_t size, int timeout_ms) {
	size_t length = 0;
	int error = mp_pipe_receive(end, text, size - 1, &length, timeout_ms);
	text[error ? 0 : length] = '\0';
	return error;
}

static void assert_receives(struct mp_pipe *end, const char *expected) {
	char text[64];
	assert_int_equal(receive_text(end, text, sizeof text, 0), 0);
	assert_string_equal(text, expected);
}

static int receive_error(struct mp_pipe *end, int timeout_ms) {
	char text[64];
	return receive_text(end, text, sizeof text, timeout_ms);
}

static int send_text(struct mp_pipe *end, const char *text) {
	return mp_pipe_send(end, text, strlen(text), 0);
}

static void drop_both(struct mp_pipe ends[2]) {
	mp_pipe_drop(&ends[0]);
	mp_pipe_drop(&ends[1]);
}

/* ---- Tests ---- */

static void messages_stay_whole(void **state) {
	struct mp_pipe ends[2];
	assert_int_equal(mp_pipe_create(ends, true), 0);
	assert_int_equal(send_text(&ends[0], "one"), 0);
	assert_int_equal(send_text(&ends[0], ""), 0);
	assert_int_equal(send_text(&ends[0], "你好"), 0);
	assert_int_equal(send_text(&ends[1], "back"), 0);
	assert_receives(&ends[1], "one");
	assert_receives(&ends[1], "");
	assert_receives(&ends[1], "你好");
	assert_receives(&ends[0], "back");
	drop_both(ends);
}

static void one_way(void **state) {
	struct mp_pipe ends[2];
	assert_int_equal(mp_pipe_create(ends, false), 0);
	assert_int_equal(send_text(&ends[1], "down"), 0);
	assert_receives(&ends[0], "down");
	assert_int_equal(send_text(&ends[0], "up"), MP_WRONG_WAY);
	assert_int_equal(receive_error(&ends[1], 0), MP_WRONG_WAY);
	assert_int_equal(mp_pipe_wait(&ends[1], 0), MP_WRONG_WAY);
	drop_both(ends);
}

static void empty_end_and_gone_are_told_apart(void **state) {
	struct mp_pipe ends[2];
	assert_int_equal(mp_pipe_create(ends, false), 0);
	assert_int_equal(receive_error(&ends[0], 0), MP_TIMEOUT);
	assert_int_equal(mp_pipe_wait(&ends[0], 0), MP_TIMEOUT);
	send_text(&ends[1], "last");
	assert_int_equal(mp_pipe_close(&ends[1], 0), 0);
	assert_int_equal(mp_pipe_wait(&ends[0], 0), 0);
	assert_receives(&ends[0], "last");
	for (int again = 0; again < 2; again++) {
		assert_int_equal(mp_pipe_wait(&ends[0], 0), 0);
		assert_int_equal(receive_error(&ends[0], MP_FOREVER), MP_EOF);
	}
	drop_both(ends);

	assert_int_equal(mp_pipe_create(ends, false), 0);
	send_text(&ends[1], "last");
	mp_pipe_drop(&ends[1]);
	assert_receives(&ends[0], "last");
	assert_int_equal(receive_error(&ends[0], MP_FOREVER), MP_PEER_GONE);
	assert_int_equal(receive_error(&ends[0], 0), MP_PEER_GONE);
	drop_both(ends);
	assert_int_equal(mp_pipe_close(&ends[0], 0), 0); /* Closed already. */
}

/* The kernel reports unread data at the other end as an error first; what came from there is not lost. */
static void a_peer_that_did_not_read_all(void **state) {
	struct mp_pipe ends[2];
	assert_int_equal(mp_pipe_create(ends, true), 0);
	send_text(&ends[0], "never read");
	send_text(&ends[1], "the last words");
	mp_pipe_drop(&ends[1]);
	assert_receives(&ends[0], "the last words");
	assert_int_equal(receive_error(&ends[0], 0), MP_PEER_GONE);
	assert_int_equal(send_text(&ends[0], "into the void"), MP_PEER_GONE);
	assert_int_equal(mp_pipe_close(&ends[0], 0), 0);
}

static void sizes(void **state) {
	struct mp_pipe ends[2];
	static char buffer[MP_PIPE_MESSAGE_BYTES_MAX];
	size_t length;
	memset(large, 'x', sizeof large);
	assert_int_equal(mp_pipe_create(ends, true), 0);
	assert_int_equal(mp_pipe_send(&ends[0], large, sizeof large, 0), MP_TOO_LARGE);
	assert_int_equal(mp_pipe_send(&ends[0], large, MP_PIPE_MESSAGE_BYTES_MAX, 0), 0);
	assert_int_equal(mp_pipe_receive(&ends[1], buffer, sizeof buffer, &length, 0), 0);
	assert_int_equal(length, MP_PIPE_MESSAGE_BYTES_MAX);
	assert_memory_equal(buffer, large, length);
	send_text(&ends[0], "too long for four");
	send_text(&ends[0], "four");
	assert_int_equal(mp_pipe_receive(&ends[1], buffer, 4, &length, 0), MP_TOO_LARGE);
	assert_int_equal(length, strlen("too long for four"));
	assert_int_equal(mp_pipe_receive(&ends[1], buffer, 4, &length, 0), 0);
	send_text(&ends[0], "");
	assert_int_equal(mp_pipe_receive(&ends[1], NULL, 0, &length, 0), 0);
	assert_int_equal(length, 0);
	drop_both(ends);
}

static int fill(struct mp_pipe *end) {
	int sent = 0;
	while (mp_pipe_send(end, large, 1000, 0) == 0) {
		sent++;
	}
	return sent;
}

static void full(void **state) {
	struct mp_pipe ends[2];
	assert_int_equal(mp_pipe_create(ends, true), 0);
	int sent = fill(&ends[0]);
	assert_true(sent >= 64);
	assert_int_equal(poll(&(struct pollfd){ends[0].fd, POLLOUT, 0}, 1, 0), 0);
	double before = now_ms();
	assert_int_equal(mp_pipe_send(&ends[0], large, 1000, 20), MP_TIMEOUT);
	assert_true(now_ms() - before >= 20);
	for (int i = 0; i < sent; i++) {
		char buffer[1000];
		size_t length;
		assert_int_equal(mp_pipe_receive(&ends[1], buffer, sizeof buffer, &length, 0), 0);
	}
	assert_int_equal(receive_error(&ends[1], 0), MP_TIMEOUT);
	/* A goodbye that finds no room is not said, but the end is closed. */
	fill(&ends[0]);
	assert_int_equal(mp_pipe_close(&ends[0], 0), MP_TIMEOUT);
	assert_int_equal(ends[0].fd, -1);
	drop_both(ends);
}

static void timeouts_outlast_signals(void **state) {
	struct mp_pipe ends[2];
	assert_int_equal(mp_pipe_create(ends, true), 0);
	fill(&ends[0]);
	signals_begin();
	double before = now_ms();
	assert_int_equal(receive_error(&ends[0], 20), MP_TIMEOUT);
	assert_int_equal(mp_pipe_wait(&ends[0], 20), MP_TIMEOUT);
	assert_int_equal(mp_pipe_send(&ends[0], large, 1000, 20), MP_TIMEOUT);
	assert_true(now_ms() - before >= 60);
	signals_end();
	drop_both(ends);
}

/* A child that answers each message with itself, until it hears the end. */
static int echo(void *argument) {
	struct mp_pipe *ends = argument;
	static char buffer[MP_PIPE_MESSAGE_BYTES_MAX];
	size_t length;
	int error;
	mp_pipe_drop(&ends[0]);
	while (!(error = mp_pipe_receive(&ends[1], buffer, sizeof buffer, &length, MP_FOREVER))) {
		if (mp_pipe_send(&ends[1], buffer, length, MP_FOREVER)) {
			return 2;
		}
	}
	mp_pipe_close(&ends[1], 0);
	return error == MP_EOF ? 0 : 1;
}

static void between_processes(void **state) {
	struct mp_pipe ends[2];
	struct mp_process child;
	assert_int_equal(mp_pipe_create(ends, true), 0);
	begin(&child, echo, ends);
	mp_pipe_drop(&ends[1]);
	for (int i = 0; i < sized(2000, 100000); i++) {
		int back = -1;
		size_t length;
		assert_int_equal(mp_pipe_send(&ends[0], &i, sizeof i, MP_FOREVER), 0);
		assert_int_equal(mp_pipe_receive(&ends[0], &back, sizeof back, &length, MP_FOREVER),
		                 0);
		assert_int_equal(back, i);
	}
	/* One-sided: the child hears the end and leaves by itself. */
	assert_int_equal(mp_pipe_close(&ends[0], 0), 0);
	assert_int_equal(end(&child), 0);
}

static void a_killed_peer_is_gone(void **state) {
	struct mp_pipe ends[2];
	struct mp_process child;
	assert_int_equal(mp_pipe_create(ends, true), 0);
	begin(&child, echo, ends);
	mp_pipe_drop(&ends[1]);
	assert_int_equal(receive_error(&ends[0], 0), MP_TIMEOUT);
	assert_int_equal(mp_process_kill(&child), 0);
	assert_int_equal(receive_error(&ends[0], MP_FOREVER), MP_PEER_GONE);
	assert_int_equal(send_text(&ends[0], "?"), MP_PEER_GONE);
	mp_pipe_drop(&ends[0]);
	assert_int_equal(mp_process_join(&child, MP_FOREVER, NULL), 0);
	assert_int_equal(mp_process_finish(&child), 0);
}

static void descriptors_travel(void **state) {
	struct mp_pipe carrier[2], carried[2], got;
	char text[16];
	size_t length;
	int fd;
	assert_int_equal(mp_pipe_create(carrier, false), 0);
	assert_int_equal(mp_pipe_create(carried, false), 0);
	int before = count_fds();
	assert_int_equal(mp_pipe_send_fd(&carrier[1], "fd", 2, carried[0].fd, 0), 0);
	assert_int_equal(mp_pipe_send(&carrier[1], "none", 4, 0), 0);
	assert_int_equal(mp_pipe_receive_fd(&carrier[0], text, sizeof text, &length, &fd, 0), 0);
	assert_int_equal(length, 2);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	mp_pipe_adopt(&got, fd, MP_PIPE_RECEIVES);
	mp_pipe_drop(&carried[0]);
	send_text(&carried[1], "through it");
	assert_receives(&got, "through it");
	mp_pipe_drop(&got);
	assert_int_equal(mp_pipe_receive_fd(&carrier[0], text, sizeof text, &length, &fd, 0), 0);
	assert_int_equal(fd, -1);
	/* One that nobody asked for, or that comes with what does not fit, is closed. */
	mp_pipe_send_fd(&carrier[1], "fd", 2, carried[1].fd, 0);
	assert_receives(&carrier[0], "fd");
	mp_pipe_send_fd(&carrier[1], "fd", 2, carried[1].fd, 0);
	assert_int_equal(mp_pipe_receive_fd(&carrier[0], text, 1, &length, &fd, 0), MP_TOO_LARGE);
	assert_int_equal(fd, -1);
	assert_int_equal(count_fds(), before - 1);
	assert_int_equal(mp_pipe_send_fd(&carrier[1], "fd", 2, 777, 0), MP_SYSTEM);
	assert_int_equal(errno, EBADF);
	mp_pipe_drop(&carried[1]);
	drop_both(carrier);
}

static void readiness(void **state) {
	struct mp_pipe ends[2];
	assert_int_equal(mp_pipe_create(ends, false), 0);
	struct pollfd reader = {ends[0].fd, POLLIN, 0};
	assert_int_equal(poll(&reader, 1, 0), 0);
	send_text(&ends[1], "");
	assert_int_equal(poll(&reader, 1, 0), 1);
	assert_receives(&ends[0], "");
	assert_int_equal(poll(&reader, 1, 0), 0);
	mp_pipe_drop(&ends[0]);
	struct pollfd writer = {ends[1].fd, 0, 0};
	assert_int_equal(poll(&writer, 1, 0), 1); /* Who only sends learns of it, too. */
	assert_true(writer.revents & POLLHUP);
	drop_both(ends);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_stay_whole),
		cmocka_unit_test(one_way),
		cmocka_unit_test(empty_end_and_gone_are_told_apart),
		cmocka_unit_test(a_peer_that_did_not_read_all),
		cmocka_unit_test(sizes),
		cmocka_unit_test(full),
		cmocka_unit_test(timeouts_outlast_signals),
		cmocka_unit_test(between_processes),
		cmocka_unit_test(a_killed_peer_is_gone),
		cmocka_unit_test(descriptors_travel),
		cmocka_unit_test(readiness),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
