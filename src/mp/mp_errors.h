/*
 * What the kit's functions answer.
 *
 * 0 (or a number that is not negative, where the function returns one) is good; a negative number is
 * one of these. MP_SYSTEM leaves the reason in errno; the others need no errno. The one success with
 * a sign is MP_HOLDER_DIED (mp_lock.h), which is positive: the lock is yours.
 *
 * Waits take a timeout in milliseconds: 0 does not wait, MP_FOREVER has no end. A signal that
 * interrupts a wait is served and the wait goes on; it never shortens or lengthens a timeout.
 */
#ifndef MP_ERRORS_H
#define MP_ERRORS_H

#define MP_FOREVER (-1)

/* One list makes the enum and its sentences: number, name, sentence. */
#define MP_ERRORS(ROW)                                                                                   \
	/* The time ran out; with timeout 0: it would have had to wait. */                               \
	ROW(-1, MP_TIMEOUT, "the time ran out")                                                          \
	/* Pipe: the other end said that nothing more follows, and everything before it was received. */ \
	ROW(-2, MP_EOF, "the other end said that it is done")                                            \
	/* Pipe: nobody holds the other end any more, and whoever held it last did not say goodbye. */   \
	ROW(-3, MP_PEER_GONE, "the other end is gone")                                                   \
	/* Queue: closed for putting; for getting: closed and empty. */                                  \
	ROW(-4, MP_CLOSED, "the queue is closed")                                                        \
	/* A message is larger than the buffer, the item or the limit. */                                \
	ROW(-5, MP_TOO_LARGE, "the message is too large")                                                \
	/* An argument is outside of what the header allows; nothing was done. */                        \
	ROW(-6, MP_RANGE, "an argument is out of range")                                                 \
	/* Lock: the caller holds it already. Thread: it would wait for itself. */                       \
	ROW(-7, MP_HELD, "it is the caller's already, waiting would never end")                          \
	/* Lock: the caller does not hold it. */                                                         \
	ROW(-8, MP_NOT_HOLDER, "only the holder can release it")                                         \
	/* Process, thread: started once and for all. */                                                 \
	ROW(-9, MP_STARTED, "it has been started already")                                               \
	ROW(-10, MP_NOT_STARTED, "it has not been started")                                              \
	/* Process, thread: it cannot be given up while it lives. */                                     \
	ROW(-11, MP_ALIVE, "it is still alive")                                                          \
	ROW(-12, MP_ENDED, "it has ended")                                                               \
	/* Process: this is a copy of a parent's object, in a child; only the parent can ask. */         \
	ROW(-13, MP_NOT_PARENT, "only the process that started it can ask")                              \
	/* Process: it ended, but somebody else took its status (wait(-1), or SIGCHLD ignored). */       \
	ROW(-14, MP_STATUS_LOST, "it ended, and somebody else took its exit status")                     \
	/* Nothing was handed down by that name. */                                                      \
	ROW(-15, MP_UNKNOWN, "no descriptor was handed down by that name")                               \
	/* The memory or descriptor holds no such object, or one of another version of the kit. */       \
	ROW(-16, MP_FOREIGN, "there is no such object in this memory")                                   \
	/* Pipe: this end does not go that way. */                                                       \
	ROW(-17, MP_WRONG_WAY, "this end of the pipe does not go that way")                              \
	/* The system said no; errno tells why. */                                                       \
	ROW(-18, MP_SYSTEM, "the system refused")

enum mp_error {
	/* Lock: yours, but its last holder died with it; see mp_lock.h. */
	MP_HOLDER_DIED = 1,
	MP_OK = 0,
#define MP_ROW(number, name, sentence) name = (number),
	MP_ERRORS(MP_ROW)
#undef MP_ROW
};

/*
 * A sentence without a full stop, never NULL, for any number; for MP_SYSTEM see strerror(errno) too.
 */
const char *mp_strerror(int error);

#endif
