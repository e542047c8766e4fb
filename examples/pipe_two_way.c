/*
 * A two-way pipe between a parent and its child: a small robot that answers xxx with ====xxx====.
 *
 *     Python                       the kit
 *     conn1, conn2 = Pipe(True)    mp_pipe_create(ends, true)
 *     conn1.send(), conn2.recv()   mp_pipe_send(&ends[0], …), mp_pipe_receive(&ends[1], …)
 *     conn2.send(), conn1.recv()   mp_pipe_send(&ends[1], …), mp_pipe_receive(&ends[0], …)
 *     conn2.close() in the parent  mp_pipe_drop(&ends[1])
 */
#include "claim.h"
#include "mp_pipe.h"
#include "mp_process.h"

#define TEXT_BYTES_MAX 64

static int robot(void *argument) {
	struct mp_pipe *ends = argument;
	mp_pipe_drop(&ends[0]);
	char text[TEXT_BYTES_MAX], answer[TEXT_BYTES_MAX + 9];
	size_t length;
	int result;
	while ((result = mp_pipe_receive(&ends[1], text, sizeof text, &length, MP_FOREVER)) == 0) {
		int size = snprintf(answer, sizeof answer, "====%.*s====", (int)length, text);
		MUST(mp_pipe_send(&ends[1], answer, (size_t)size, MP_FOREVER));
	}
	return result == MP_EOF ? 0 : 1;
}

static void talk(struct mp_pipe *end, const char *text, const char *expected) {
	char answer[TEXT_BYTES_MAX + 9];
	size_t length;
	MUST(mp_pipe_send(end, text, strlen(text), MP_FOREVER));
	MUST(mp_pipe_receive(end, answer, sizeof answer, &length, MP_FOREVER));
	claim(length == strlen(expected) && memcmp(answer, expected, length) == 0, "%s → %.*s",
	      text, (int)length, answer);
}

int main(void) {
	struct mp_pipe ends[2];
	MUST(mp_pipe_create(ends, true));
	struct mp_process child;
	mp_process_init(&child, robot, ends);
	MUST(mp_process_start(&child));
	mp_pipe_drop(&ends[1]);

	talk(&ends[0], "hello", "====hello====");
	talk(&ends[0], "你好", "====你好====");
	MUST(mp_pipe_close(&ends[0], MP_FOREVER));

	struct mp_status status;
	MUST(mp_process_join(&child, MP_FOREVER, &status));
	claim(status.exited && status.code == 0, "the goodbye reached the child, and it ended");
	MUST(mp_process_finish(&child));
	return 0;
}
