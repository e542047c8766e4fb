/*
 * A pipe carries whole messages between processes (or threads): what was sent as one is received as
 * one, in order, empty ones too.
 *
 *	struct mp_pipe ends[2];
 *	mp_pipe_create(ends, true);           // two-way; one-way: ends[0] receives, ends[1] sends
 *	mp_process_start(&child);             // the child now holds both ends, as the parent does
 *	mp_pipe_drop(&ends[1]);               // the parent keeps ends[0]; the child drops ends[0]
 *	mp_pipe_send(&ends[0], "hello", 5, MP_FOREVER);
 *	mp_pipe_receive(&ends[0], buffer, sizeof buffer, &length, 1000);
 *	mp_pipe_close(&ends[0], 0);
 *
 * Three things are told apart when nothing comes: empty (MP_TIMEOUT), the other end said that it is done
 * (MP_EOF, after mp_pipe_close() there), and nobody holds the other end any more without having said so:
 * it died, or was dropped (MP_PEER_GONE). What was sent before is received first in each case. For that
 * to work nobody but the other side may hold the other end: drop what is not yours after a start.
 *
 * An end is one descriptor, a SOCK_SEQPACKET socket; it closes on exec. In epoll it is readable when
 * receive() with timeout 0 would answer anything but MP_TIMEOUT, writable when send() would. A spawned
 * program gets it by its number (mp_spawn.h) and calls mp_pipe_adopt(). Several processes or threads
 * may hold one end; each message reaches one of them, and so does the goodbye.
 *
 * Before each message travels one byte that tells messages from the goodbye: what speaks with an end
 * has to go through these functions.
 *
 * Functions answer 0 or an error of mp_errors.h.
 */
#ifndef MP_PIPE_H
#define MP_PIPE_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a message. Fits into the socket buffer that the system gives to everybody (208 KiB). */
#define MP_PIPE_MESSAGE_BYTES_MAX 65536

enum mp_pipe_way { MP_PIPE_BOTH, MP_PIPE_RECEIVES, MP_PIPE_SENDS };

/* `fd` is for poll and epoll and for handing on. An end with fd -1 is closed. */
struct mp_pipe {
	int fd;
	enum mp_pipe_way way;
	bool is_at_end; /* the goodbye was received here */
};

/* Make both ends; they are the caller's to close or drop. Errors: MP_SYSTEM. */
int mp_pipe_create(struct mp_pipe ends[2], bool two_way);

/* Make an end of a descriptor that was handed down or received; it belongs to the end from now on. */
void mp_pipe_adopt(struct mp_pipe *end, int fd, enum mp_pipe_way way);

/*
 * Send one message. Waits while the pipe is full (the receiver is about 200 KiB, or some hundreds of
 * small messages, behind). Errors: MP_TIMEOUT, MP_PEER_GONE, MP_TOO_LARGE, MP_WRONG_WAY, MP_SYSTEM; then
 * nothing of it was sent. Never raises SIGPIPE.
 */
int mp_pipe_send(struct mp_pipe *end, const void *data, size_t size, int timeout_ms);

/* The same with a copy of a descriptor, which the receiver gets; the caller's stays the caller's. */
int mp_pipe_send_fd(struct mp_pipe *end, const void *data, size_t size, int fd, int timeout_ms);

/*
 * Receive one message; its size goes to `length`. A message larger than the buffer is lost: MP_TOO_LARGE,
 * and `length` tells what it would have taken; with MP_PIPE_MESSAGE_BYTES_MAX that never happens. A
 * descriptor that came with it is closed. Errors: MP_TIMEOUT, MP_EOF, MP_PEER_GONE, MP_TOO_LARGE,
 * MP_WRONG_WAY, MP_SYSTEM.
 */
int mp_pipe_receive(struct mp_pipe *end, void *buffer, size_t size, size_t *length, int timeout_ms);

/* The same; the descriptor that came with it is the caller's, or `fd` is -1 when none did. */
int mp_pipe_receive_fd(struct mp_pipe *end, void *buffer, size_t size, size_t *length, int *fd,
                       int timeout_ms);

/* Wait until receive() would not wait. Errors: MP_TIMEOUT, MP_WRONG_WAY. */
int mp_pipe_wait(struct mp_pipe *end, int timeout_ms);

/*
 * Say goodbye, so that the other end hears MP_EOF after the last message, and close. Waits while the
 * pipe is full; it is closed in any case, with MP_TIMEOUT unsaid. A closed end is fine. An end that
 * only receives has nothing to say.
 */
int mp_pipe_close(struct mp_pipe *end, int timeout_ms);

/*
 * Let go of this process's hold on the end, without a word: others that hold it are not disturbed. For
 * the end that is the other side's, after a start or a spawn. A closed end is fine.
 */
void mp_pipe_drop(struct mp_pipe *end);

#endif
