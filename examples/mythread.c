/*
 * An own kind of thread: a struct that begins with the kit's and goes on with fields of its own.
 *
 *     Python (mythread.py)                      the kit
 *     class MyThread(Thread):                   struct my_thread { struct mp_thread thread; … };
 *         def __init__(self, …):                my_thread_init(): calls mp_thread_init(), sets .run
 *             super().__init__()
 *         def run(self):                        void my_thread_run(struct mp_thread *thread)
 *     t = MyThread("song", 3); t.start()        my_thread_init(&t, "song", 3); mp_thread_start(&t.thread)
 */
#include "claim.h"
#include "mp_thread.h"

struct my_thread {
	struct mp_thread thread; /* first, so that a pointer to it is a pointer to the whole */
	const char *song;
	int times;
	int played;
};

static void my_thread_run(struct mp_thread *thread) {
	struct my_thread *self = (struct my_thread *)thread;
	while (self->played < self->times) {
		self->played++;
		printf("     playing %s, %d of %d\n", self->song, self->played, self->times);
	}
}

static void my_thread_init(struct my_thread *self, const char *song, int times) {
	*self = (struct my_thread){.song = song, .times = times};
	mp_thread_init(&self->thread, NULL, NULL);
	mp_thread_set_name(&self->thread, song);
	self->thread.run = my_thread_run;
}

int main(void) {
	struct my_thread one, two;
	my_thread_init(&one, "凉凉", 3);
	my_thread_init(&two, "Greensleeves", 2);
	MUST(mp_thread_start(&one.thread));
	MUST(mp_thread_start(&two.thread));
	MUST(mp_thread_join(&one.thread, MP_FOREVER));
	MUST(mp_thread_join(&two.thread, MP_FOREVER));
	claim(one.played == 3, "%s was played %d times", one.song, one.played);
	claim(two.played == 2, "%s was played %d times", two.song, two.played);
	return 0;
}
