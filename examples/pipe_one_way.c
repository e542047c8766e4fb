/*
 * A one-way pipe: one side sends, the other receives, whole messages in order. Three reasons why nothing
 * comes are told apart: there is nothing yet, the sender is done, the sender is gone.
 *
 *     Python                              the kit
 *     receiver, sender = Pipe(False)      mp_pipe_create(ends, false): ends[0] receives, ends[1] sends
 *     sender.send("…")                    mp_pipe_send(&ends[1], "…", size, MP_FOREVER)
 *     receiver.recv()                     mp_pipe_receive(&ends[0], buffer, size, &length, MP_FOREVER)
 *     receiver.poll(0)                    mp_pipe_wait(&ends[0], 0)
 *     sender.close()                      mp_pipe_close(&ends[1], 0), and mp_pipe_drop(&ends[1])
 *     EOFError                            MP_EOF, or MP_PEER_GONE
 */
#include "claim.h"
#include "mp_pipe.h"
#include "mp_process.h"

static int count_and_close(void *argument) {
	struct mp_pipe *ends = argument;
	mp_pipe_drop(&ends[0]);
	const char *words[] = {"one", "two", ""};
	for (int i = 0; i < 3; i++) {
		MUST(mp_pipe_send(&ends[1], words[i], strlen(words[i]), MP_FOREVER));
	}
	return mp_pipe_close(&ends[1], MP_FOREVER) ? 1 : 0;
}

static int send_and_die(void *argument) {
	struct mp_pipe *ends = argument;
	MUST(mp_pipe_send(&ends[1], "I am", 4, MP_FOREVER));
	return 0; /* Without a goodbye. */
}

static void start(struct mp_process *child, int (*run)(void *), struct mp_pipe ends[2]) {
	MUST(mp_pipe_create(ends, false));
	mp_process_init(child, run, ends);
	MUST(mp_process_start(child));
	mp_pipe_drop(&ends[1]); /* The child's alone from now on. */
}

static void receive(struct mp_pipe *end, const char *expected) {
	char text[16];
	size_t length;
	MUST(mp_pipe_receive(end, text, sizeof text, &length, MP_FOREVER));
	claim(length == strlen(expected) && memcmp(text, expected, length) == 0,
	      "received \"%.*s\"", (int)length, text);
}

static void finish(struct mp_process *child, struct mp_pipe *end) {
	MUST(mp_process_join(child, MP_FOREVER, NULL));
	MUST(mp_process_finish(child));
	mp_pipe_drop(end);
}

int main(void) {
	struct mp_pipe ends[2];
	struct mp_process child;
	size_t length;
	char text[16];

	MUST(mp_pipe_create(ends, false));
	claim(mp_pipe_wait(&ends[0], 0) == MP_TIMEOUT, "an empty pipe: MP_TIMEOUT");
	claim(mp_pipe_send(&ends[0], "x", 1, 0) == MP_WRONG_WAY, "it goes one way: MP_WRONG_WAY");
	mp_pipe_drop(&ends[0]);
	mp_pipe_drop(&ends[1]);

	start(&child, count_and_close, ends);
	receive(&ends[0], "one");
	receive(&ends[0], "two");
	receive(&ends[0], "");
	claim(mp_pipe_receive(&ends[0], text, sizeof text, &length, MP_FOREVER) == MP_EOF,
	      "the sender said that it is done: MP_EOF");
	finish(&child, &ends[0]);

	start(&child, send_and_die, ends);
	receive(&ends[0], "I am");
	claim(mp_pipe_receive(&ends[0], text, sizeof text, &length, MP_FOREVER) == MP_PEER_GONE,
	      "this one ended without a word: MP_PEER_GONE");
	finish(&child, &ends[0]);
	return 0;
}
