/* A request queue: in order, once each, whoever dies at whichever end; and a consumer that survives
 * whatever a broken producer leaves there. */
#include "log_help.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>

#include "limits.h"
#include "queue.h"
#include "record.h"

/* Where the words of the shared page lie: what a process that was killed may leave behind. */
enum { HEAD_AT = 64, NUMBER_PUT_AT = 72, TAIL_AT = 128, NUMBER_DONE_AT = 136, PAGE_BYTES = 4096 };

static _Alignas(8) uint8_t out[RECORD_BYTES_MAX];

struct ends {
	int fd;
	struct queue *producer, *consumer;
};

static struct ends ends_open(void) {
	struct ends ends = {.fd = make_memory()};
	assert_int_equal(queue_format(ends.fd), 0);
	ends.producer = queue_open(ends.fd);
	ends.consumer = queue_open(ends.fd);
	assert_non_null(ends.producer);
	assert_non_null(ends.consumer);
	queue_produce_as(ends.producer, 1);
	return ends;
}

static void ends_close(struct ends *ends) {
	queue_close(ends->producer);
	queue_close(ends->consumer);
	close(ends->fd);
}

static uint64_t put(struct queue *queue, const char *text) {
	struct record request = {.kind = REQUEST_SAY, .text = slice_from_string(text)};
	return queue_put(queue, &request);
}

static void assert_peek(struct queue *queue, uint64_t number, const char *text) {
	struct record request;
	assert_int_equal(queue_peek(queue, &request, out), 1);
	assert_int_equal(request.request, number);
	assert_slice(request.text, text);
}

static void assert_nothing(struct queue *queue) {
	struct record request;
	assert_true(queue_is_empty(queue));
	assert_int_equal(queue_peek(queue, &request, out), 0);
}

static void set_word(const struct ends *ends, off_t at, uint64_t word) {
	assert_int_equal(pwrite(ends->fd, &word, sizeof(word), at), sizeof(word));
}

static uint64_t get_word(const struct ends *ends, off_t at) {
	uint64_t word;
	assert_int_equal(pread(ends->fd, &word, sizeof(word), at), sizeof(word));
	return word;
}

/* ---- what it is for ---- */

static void in_order(void **state) {
	struct ends ends = ends_open();
	assert_nothing(ends.consumer);
	assert_int_equal(put(ends.producer, "a"), 1);
	assert_int_equal(put(ends.producer, "b"), 2);
	assert_false(queue_is_empty(ends.consumer));
	assert_peek(ends.consumer, 1, "a");
	assert_int_equal(put(ends.producer, "c"), 3);
	assert_peek(ends.consumer, 2, "b");
	assert_peek(ends.consumer, 3, "c");
	assert_nothing(ends.consumer);
	assert_int_equal(queue_number_put(ends.producer), 3);
	assert_int_equal(queue_number_done(ends.producer), 0);
	queue_done(ends.consumer);
	assert_int_equal(queue_number_done(ends.producer), 3);
	ends_close(&ends);
}

static void a_request_arrives_whole(void **state) {
	struct ends ends = ends_open();
	struct record request = {.kind = REQUEST_ENTER,
	                         .name = slice_from_string("小明"),
	                         .connection = {7, 9},
	                         .has_route = true,
	                         .route = {.peer = {.port = 1234}, .listener = 2},
	                         .incarnation = 77, /* says who it is not */
	                         .request = 12345};
	struct record got;
	queue_produce_as(ends.producer, 5);
	assert_int_equal(queue_put(ends.producer, &request), 1);
	assert_int_equal(queue_peek(ends.consumer, &got, out), 1);
	assert_int_equal(got.kind, REQUEST_ENTER);
	assert_slice(got.name, "小明");
	assert_int_equal(got.connection.generation, 9);
	assert_int_equal(got.route.peer.port, 1234);
	assert_int_equal(got.incarnation, 5);
	assert_int_equal(got.request, 1);
	ends_close(&ends);
}

static void peeked_is_not_done(void **state) {
	struct ends ends = ends_open();
	put(ends.producer, "a");
	put(ends.producer, "b");
	put(ends.producer, "c");
	assert_peek(ends.consumer, 1, "a");
	queue_done(ends.consumer);
	assert_peek(ends.consumer, 2, "b");
	assert_peek(ends.consumer, 3, "c");
	queue_rewind(ends.consumer);
	assert_false(queue_is_empty(ends.consumer));
	assert_peek(ends.consumer, 2, "b");
	/* Another consumer starts there as well. */
	struct queue *next = queue_open(ends.fd);
	assert_peek(next, 2, "b");
	assert_peek(next, 3, "c");
	queue_close(next);
	ends_close(&ends);
}

static void done_up_to_a_number(void **state) {
	for (uint64_t number = 0; number <= 7; number++) {
		struct ends ends = ends_open();
		for (int i = 0; i < 5; i++) {
			put(ends.producer, "x");
		}
		queue_done_up_to(ends.consumer, number);
		uint64_t done = number < 5 ? number : 5;
		assert_int_equal(queue_number_done(ends.producer), done);
		struct record request;
		for (uint64_t next = done + 1; next <= 5; next++) {
			assert_peek(ends.consumer, next, "x");
		}
		assert_int_equal(queue_peek(ends.consumer, &request, out), 0);
		/* Going back is not possible, and does no harm. */
		queue_done(ends.consumer);
		queue_done_up_to(ends.consumer, 1);
		assert_int_equal(queue_number_done(ends.producer), 5);
		ends_close(&ends);
	}
}

static void full_is_an_ordinary_event(void **state) {
	static char long_text[TEXT_BYTES_MAX + 1];
	memset(long_text, 'x', TEXT_BYTES_MAX);
	struct ends ends = ends_open();
	uint64_t count = 0;
	while (put(ends.producer, long_text) != 0) {
		count++;
	}
	assert_true(count >= 200);
	assert_int_equal(queue_number_put(ends.producer), count);
	/* A short one may still fit, and takes the next number. */
	uint64_t number = count;
	while (put(ends.producer, "s") != 0) {
		number++;
	}
	assert_peek(ends.consumer, 1, long_text);
	assert_int_equal(put(ends.producer, long_text), 0);
	queue_done(ends.consumer);
	assert_int_equal(put(ends.producer, long_text), number + 1);
	assert_int_equal(put(ends.producer, long_text), 0);
	for (uint64_t next = 2; next <= number + 1; next++) {
		assert_peek(ends.consumer, next, next > count && next <= number ? "s" : long_text);
	}
	assert_nothing(ends.consumer);
	ends_close(&ends);
}

static void what_is_too_long_is_refused(void **state) {
	static char text[RECORD_BYTES_MAX + 1];
	memset(text, 'x', RECORD_BYTES_MAX);
	struct ends ends = ends_open();
	assert_int_equal(put(ends.producer, text), 0);
	text[RECORD_BYTES_MAX - 100] = '\0';
	assert_int_equal(put(ends.producer, text), 1);
	assert_peek(ends.consumer, 1, text);
	ends_close(&ends);
}

/* Round and round, with requests that lie across the end; batches of any size. */
static void wrapped(void **state) {
	static char text[TEXT_BYTES_MAX];
	struct ends ends = ends_open();
	struct chance chance = {seed_or(1)};
	uint64_t put_count = 0, got = 0;
	while (get_word(&ends, TAIL_AT) < 20 * QUEUE_BYTES) {
		for (uint64_t n = chance_below(&chance, 100); n > 0; n--) {
			size_t size = put_count * 37 % sizeof(text);
			memset(text, (char)put_count, size);
			struct record request = {.kind = REQUEST_SAY, .text = slice_of(text, size)};
			put_count += queue_put(ends.producer, &request) != 0;
		}
		for (uint64_t n = chance_below(&chance, 120); n > 0; n--) {
			struct record request;
			if (queue_peek(ends.consumer, &request, out) != 1) {
				break;
			}
			assert_int_equal(request.text.size, got * 37 % sizeof(text));
			for (size_t i = 0; i < request.text.size; i++) {
				assert_int_equal(request.text.bytes[i], (char)got);
			}
			assert_int_equal(request.request, ++got);
		}
		if (chance_once_in(&chance, 10)) {
			queue_rewind(ends.consumer);
			got = queue_number_done(ends.consumer);
		} else {
			queue_done(ends.consumer);
		}
	}
	ends_close(&ends);
}

static void what_is_no_queue_is_not_opened(void **state) {
	int fd = make_memory();
	assert_null(queue_open(fd));
	assert_int_equal(ftruncate(fd, PAGE_BYTES + QUEUE_BYTES), 0);
	errno = 0;
	assert_null(queue_open(fd));
	assert_int_equal(errno, EINVAL);
	queue_close(NULL);
	close(fd);
}

/* ---- deaths ---- */

static void a_producer_comes_back(void **state) {
	struct ends ends = ends_open();
	put(ends.producer, "a");
	queue_close(ends.producer);
	ends.producer = queue_open(ends.fd);
	queue_produce_as(ends.producer, 2);
	assert_int_equal(put(ends.producer, "b"), 2);
	struct record request;
	assert_int_equal(queue_peek(ends.consumer, &request, out), 1);
	assert_int_equal(request.incarnation, 1);
	assert_int_equal(queue_peek(ends.consumer, &request, out), 1);
	assert_int_equal(request.incarnation, 2);
	ends_close(&ends);
}

static void a_producer_killed_between_number_and_head(void **state) {
	struct ends ends = ends_open();
	put(ends.producer, "a");
	set_word(&ends, NUMBER_PUT_AT, 2);
	assert_int_equal(put(ends.producer, "c"), 3);
	assert_peek(ends.consumer, 1, "a");
	assert_peek(ends.consumer, 3, "c");
	queue_rewind(ends.consumer);
	queue_done_up_to(ends.consumer, 1);
	assert_peek(ends.consumer, 3, "c");
	queue_done(ends.consumer);
	assert_int_equal(queue_number_done(ends.producer), 3);
	ends_close(&ends);
}

static void a_consumer_killed_between_number_and_tail(void **state) {
	struct ends ends = ends_open();
	put(ends.producer, "a");
	put(ends.producer, "b");
	put(ends.producer, "c");
	/* It had published 1 and 2, and said so of the number alone. */
	set_word(&ends, NUMBER_DONE_AT, 2);
	struct queue *next = queue_open(ends.fd);
	queue_done_up_to(next, 2);
	assert_int_equal(get_word(&ends, NUMBER_DONE_AT), 2);
	assert_peek(next, 3, "c");
	queue_close(next);
	/* Without the ring's word they are shown once more: nothing is left out. */
	set_word(&ends, TAIL_AT, 0);
	set_word(&ends, NUMBER_DONE_AT, 3);
	next = queue_open(ends.fd);
	assert_peek(next, 1, "a");
	assert_peek(next, 2, "b");
	assert_peek(next, 3, "c");
	queue_close(next);
	ends_close(&ends);
}

/* What both ends keep outside of the queue, as the ring would. */
struct shared {
	_Atomic uint64_t sent;      /* producer: texts 1 to this one are put, or being put */
	_Atomic uint64_t published; /* consumer: requests up to this number are in "the ring" */
	_Atomic uint64_t last_text; /* consumer: of the last one published */
	_Atomic uint64_t steps;
};

static void produce(int fd, uint32_t incarnation, struct shared *shared) {
	struct queue *queue = queue_open(fd);
	assert(queue != NULL);
	queue_produce_as(queue, incarnation);
	for (;;) {
		uint64_t text = atomic_load(&shared->sent) + 1;
		atomic_store(&shared->sent, text);
		struct record request = {.kind = REQUEST_SAY,
		                         .text = slice_of((const char *)&text, sizeof(text))};
		while (queue_put(queue, &request) == 0) {
			sched_yield();
		}
		atomic_fetch_add(&shared->steps, 1);
	}
}

static void consume(int fd, struct shared *shared) {
	struct queue *queue = queue_open(fd);
	assert(queue != NULL);
	queue_done_up_to(queue, atomic_load(&shared->published));
	for (;;) {
		struct record request;
		uint64_t number = atomic_load(&shared->published);
		uint64_t last = atomic_load(&shared->last_text);
		for (int batch = 0; batch < 5 && queue_peek(queue, &request, out) == 1; batch++) {
			uint64_t text;
			assert(request.text.size == sizeof(text));
			memcpy(&text, request.text.bytes, sizeof(text));
			/* Each once, and in order; a text may be missing where its producer died. */
			assert(request.request > number && request.request <= number + 2);
			assert(text > last);
			number = request.request;
			last = text;
		}
		/* In the house this is one store, the ring's head. Killed between, the text is too low. */
		atomic_store(&shared->published, number);
		atomic_store(&shared->last_text, last);
		queue_done(queue);
		atomic_fetch_add(&shared->steps, 1);
	}
}

static pid_t start(bool is_producer, int fd, uint32_t incarnation, struct shared *shared) {
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (is_producer) {
			produce(fd, incarnation, shared);
		}
		consume(fd, shared);
	}
	return child;
}

static void end(pid_t child) {
	int status;
	/* Nobody may have died by himself: that would be an assertion. */
	assert_int_equal(waitpid(child, &status, WNOHANG), 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void both_ends_are_killed(void **state) {
	struct ends ends = ends_open();
	struct mp_mapping mapping;
	assert_int_equal(mp_mapping_anonymous(&mapping, sizeof(struct shared)), 0);
	struct shared *shared = mapping.address;
	struct chance chance = {seed_or(9)};
	pid_t producer = start(true, ends.fd, 1, shared);
	pid_t consumer = start(false, ends.fd, 0, shared);
	for (uint32_t life = 2; life < (uint32_t)sized(150, 3000); life++) {
		uint64_t enough = atomic_load(&shared->steps) + 1 + chance_below(&chance, 400);
		while (atomic_load(&shared->steps) < enough) {
			sched_yield();
		}
		if (chance_once_in(&chance, 2)) {
			end(producer);
			producer = start(true, ends.fd, life, shared);
		} else {
			end(consumer);
			consumer = start(false, ends.fd, life, shared);
		}
	}
	end(producer);
	end(consumer);
	assert_true(atomic_load(&shared->published) > 1000);
	mp_mapping_unmap(&mapping);
	ends_close(&ends);
}

/* ---- a producer that writes whatever it likes ---- */

static void use(struct queue *queue, struct chance *chance) {
	/* Memory of exactly the promised size, so that the sanitizer sees a step too far. */
	uint8_t *exact = malloc(RECORD_BYTES_MAX);
	assert(exact != NULL);
	for (int i = 0; i < 60; i++) {
		struct record request;
		int got = queue_peek(queue, &request, exact);
		if (got == 1 && request.text.size > 0) {
			/* What it points to is there. */
			volatile char last = request.text.bytes[request.text.size - 1];
			(void)last;
		}
		switch (chance_below(chance, got < 0 ? 2 : 40)) {
		case 0: queue_skip_all(queue); break;
		case 1: queue_rewind(queue); break;
		case 2: queue_done(queue); break;
		case 3:
			queue_done_up_to(queue, chance_next(chance) >> chance_below(chance, 64));
			break;
		default: (void)queue_is_empty(queue);
		}
	}
	free(exact);
}

static void scribble(struct chance *chance, uint8_t *page, uint8_t *data) {
	static const size_t words[] = {HEAD_AT, NUMBER_PUT_AT, TAIL_AT, NUMBER_DONE_AT};
	switch (chance_below(chance, 4)) {
	case 0: /* Any bytes, but for the magic: without it nobody opens it. */
		chance_fill(chance, page + HEAD_AT, 128);
		break;
	case 1: { /* A position that is almost right. */
		uint64_t word;
		uint8_t *at = page + words[chance_below(chance, 4)];
		memcpy(&word, at, sizeof(word));
		word += chance_below(chance, 129) - 64;
		memcpy(at, &word, sizeof(word));
		break;
	}
	case 2: /* Sizes and numbers of requests. */
		for (int i = 0; i < 50; i++) {
			uint32_t size = (uint32_t)chance_below(chance, 2 * RECORD_BYTES_MAX);
			memcpy(data + 8 * chance_below(chance, QUEUE_BYTES / 8), &size, 4);
		}
		break;
	default: chance_fill(chance, data + chance_below(chance, QUEUE_BYTES - 4096), 4096);
	}
}

static void any_bytes(void **state) {
	struct chance chance = {seed_or(21)};
	for (int round = 0; round < sized(1500, 100000); round++) {
		struct ends ends = ends_open();
		struct mp_mapping mapping;
		assert_int_equal(
			mp_mapping_map(&mapping, ends.fd, 0, PAGE_BYTES + QUEUE_BYTES, true), 0);
		for (uint64_t n = chance_below(&chance, 60); n > 0; n--) {
			put(ends.producer, "some honest text");
		}
		for (int turn = 0; turn < 4; turn++) {
			scribble(&chance, mapping.address, (uint8_t *)mapping.address + PAGE_BYTES);
			use(ends.consumer, &chance);
		}
		/* The next consumer finds the same mess. */
		struct queue *next = queue_open(ends.fd);
		assert_non_null(next);
		use(next, &chance);
		queue_close(next);
		mp_mapping_unmap(&mapping);
		ends_close(&ends);
	}
}

/* The same while it looks. */
static void bytes_that_change(void **state) {
	struct ends ends = ends_open();
	struct mp_mapping mapping;
	assert_int_equal(mp_mapping_map(&mapping, ends.fd, 0, PAGE_BYTES + QUEUE_BYTES, true), 0);
	struct chance chance = {seed_or(22)};
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		chance.state++;
		for (;;) {
			uint8_t *page = mapping.address;
			/* Something that looks good, then something else in its place. */
			put(ends.producer, "some honest text");
			uint64_t head;
			memcpy(&head, page + HEAD_AT, sizeof(head));
			uint32_t size = (uint32_t)chance_below(&chance, 512) * 8;
			memcpy(page + PAGE_BYTES + head % (QUEUE_BYTES - 64), &size, sizeof(size));
			head += chance_below(&chance, 512) * 8;
			memcpy(page + HEAD_AT, &head, sizeof(head));
			memcpy(page + TAIL_AT, &head,
			       sizeof(head)); /* else it counts itself full */
		}
	}
	double end_at = steady_seconds() + sized(1, 20);
	while (steady_seconds() < end_at) {
		use(ends.consumer, &chance);
	}
	end(child);
	mp_mapping_unmap(&mapping);
	ends_close(&ends);
}

/* After the mess is thrown away, an honest producer is heard again. */
static void honest_again(void **state) {
	struct ends ends = ends_open();
	put(ends.producer, "a");
	put(ends.producer, "b");
	uint32_t no_size = 12345;
	assert_int_equal(pwrite(ends.fd, &no_size, 4, PAGE_BYTES), 4);
	struct record request;
	assert_int_equal(queue_peek(ends.consumer, &request, out), -1);
	assert_int_equal(queue_peek(ends.consumer, &request, out), -1);
	queue_skip_all(ends.consumer);
	assert_nothing(ends.consumer);
	assert_int_equal(queue_number_done(ends.producer), 2);
	assert_int_equal(put(ends.producer, "c"), 3);
	assert_peek(ends.consumer, 3, "c");
	/* A number that does not rise is no request. */
	set_word(&ends, NUMBER_PUT_AT, 1);
	assert_int_equal(put(ends.producer, "d"), 2);
	assert_int_equal(queue_peek(ends.consumer, &request, out), -1);
	ends_close(&ends);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(a_request_arrives_whole),
		cmocka_unit_test(peeked_is_not_done),
		cmocka_unit_test(done_up_to_a_number),
		cmocka_unit_test(full_is_an_ordinary_event),
		cmocka_unit_test(what_is_too_long_is_refused),
		cmocka_unit_test(wrapped),
		cmocka_unit_test(what_is_no_queue_is_not_opened),
		cmocka_unit_test(a_producer_comes_back),
		cmocka_unit_test(a_producer_killed_between_number_and_head),
		cmocka_unit_test(a_consumer_killed_between_number_and_tail),
		cmocka_unit_test(both_ends_are_killed),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(bytes_that_change),
		cmocka_unit_test(honest_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
