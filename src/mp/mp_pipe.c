#include "mp_pipe.h"

#include "mp_errors.h"
#include "mp_time.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* The byte before each message. */
enum kind { KIND_MESSAGE = 'm', KIND_GOODBYE = 'g' };

/* Room for one descriptor. */
union ancillary {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int mp_pipe_create(struct mp_pipe ends[2], bool two_way) {
	int fds[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
		return MP_SYSTEM;
	}
	mp_pipe_adopt(&ends[0], fds[0], two_way ? MP_PIPE_BOTH : MP_PIPE_RECEIVES);
	mp_pipe_adopt(&ends[1], fds[1], two_way ? MP_PIPE_BOTH : MP_PIPE_SENDS);
	return 0;
}

void mp_pipe_adopt(struct mp_pipe *end, int fd, enum mp_pipe_way way) {
	*end = (struct mp_pipe){.fd = fd, .way = way};
}

/* Sleep until the descriptor is ready, or the other end is gone, or an interruption: look again. */
static bool rest(int fd, short events, int64_t deadline) {
	int left_ms = mp_left_ms(deadline);
	if (left_ms == 0) {
		return false;
	}
	poll(&(struct pollfd){.fd = fd, .events = events}, 1, left_ms);
	return true;
}

static void attach_fd(struct msghdr *message, union ancillary *room, int fd) {
	memset(room, 0, sizeof *room);
	message->msg_control = room->bytes;
	message->msg_controllen = sizeof room->bytes;
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(header), &fd, sizeof fd);
}

static int send_error(int reason) {
	switch (reason) {
	case EPIPE:
	case ECONNRESET: return MP_PEER_GONE;
	case EMSGSIZE: return MP_TOO_LARGE;
	default: return MP_SYSTEM;
	}
}

static int send_kind(struct mp_pipe *end, char kind, const void *data, size_t size, int fd,
                     int timeout_ms) {
	struct iovec parts[] = {
		{.iov_base = &kind, .iov_len = 1},
		{.iov_base = (void *)(uintptr_t)data, .iov_len = size},
	};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = size > 0 ? 2 : 1};
	union ancillary room;
	if (fd >= 0) {
		attach_fd(&message, &room, fd);
	}
	int64_t deadline = mp_deadline(timeout_ms);
	while (sendmsg(end->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno == EAGAIN) {
			if (!rest(end->fd, POLLOUT, deadline)) {
				return MP_TIMEOUT;
			}
		} else if (errno != EINTR) {
			return send_error(errno);
		}
	}
	return 0;
}

int mp_pipe_send_fd(struct mp_pipe *end, const void *data, size_t size, int fd, int timeout_ms) {
	if (end->way == MP_PIPE_RECEIVES) {
		return MP_WRONG_WAY;
	}
	if (size > MP_PIPE_MESSAGE_BYTES_MAX) {
		return MP_TOO_LARGE;
	}
	return send_kind(end, KIND_MESSAGE, data, size, fd, timeout_ms);
}

int mp_pipe_send(struct mp_pipe *end, const void *data, size_t size, int timeout_ms) {
	return mp_pipe_send_fd(end, data, size, -1, timeout_ms);
}

static int take_fd(struct msghdr *message) {
	int fd = -1;
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
		memcpy(&fd, CMSG_DATA(header), sizeof fd);
	}
	return fd;
}

/* One message, the goodbye or the end: 0, MP_TIMEOUT when there is none now, or an error. */
static int receive_now(struct mp_pipe *end, void *buffer, size_t size, size_t *length, int *fd) {
	char kind = 0;
	struct iovec parts[] = {
		{.iov_base = &kind, .iov_len = 1},
		{.iov_base = buffer, .iov_len = size},
	};
	union ancillary room;
	struct msghdr message = {
		.msg_iov = parts,
		.msg_iovlen = 2,
		.msg_control = room.bytes,
		.msg_controllen = sizeof room.bytes,
	};
	ssize_t bytes = recvmsg(end->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC | MSG_TRUNC);
	if (bytes < 0) {
		return errno == EAGAIN ? MP_TIMEOUT : MP_SYSTEM;
	}
	*fd = bytes > 0 ? take_fd(&message) : -1;
	if (bytes == 0) {
		return MP_PEER_GONE;
	}
	if (kind == KIND_GOODBYE) {
		end->is_at_end = true;
		return MP_EOF;
	}
	*length = (size_t)bytes - 1;
	return *length > size ? MP_TOO_LARGE : 0;
}

int mp_pipe_receive_fd(struct mp_pipe *end, void *buffer, size_t size, size_t *length, int *fd,
                       int timeout_ms) {
	*fd = -1;
	if (end->way == MP_PIPE_SENDS) {
		return MP_WRONG_WAY;
	}
	if (end->is_at_end) {
		return MP_EOF;
	}
	int64_t deadline = mp_deadline(timeout_ms);
	for (;;) {
		int result = receive_now(end, buffer, size, length, fd);
		/* ECONNRESET is said once, when the other end went without having read all: what it sent
		 * is still to be had. */
		if (result == MP_SYSTEM && (errno == EINTR || errno == ECONNRESET)) {
			continue;
		}
		if (result != MP_TIMEOUT || !rest(end->fd, POLLIN, deadline)) {
			if (result == MP_TOO_LARGE && *fd >= 0) {
				close(*fd);
				*fd = -1;
			}
			return result;
		}
	}
}

int mp_pipe_receive(struct mp_pipe *end, void *buffer, size_t size, size_t *length,
                    int timeout_ms) {
	int fd;
	int error = mp_pipe_receive_fd(end, buffer, size, length, &fd, timeout_ms);
	if (fd >= 0) {
		close(fd);
	}
	return error;
}

int mp_pipe_wait(struct mp_pipe *end, int timeout_ms) {
	if (end->way == MP_PIPE_SENDS) {
		return MP_WRONG_WAY;
	}
	if (end->is_at_end) {
		return 0;
	}
	int64_t deadline = mp_deadline(timeout_ms);
	for (;;) {
		int left_ms = mp_left_ms(deadline);
		int ready = poll(&(struct pollfd){.fd = end->fd, .events = POLLIN}, 1, left_ms);
		if (ready > 0) {
			return 0;
		}
		if (ready == 0) {
			return MP_TIMEOUT;
		}
		if (errno != EINTR) {
			return MP_SYSTEM;
		}
	}
}

int mp_pipe_close(struct mp_pipe *end, int timeout_ms) {
	int error = 0;
	if (end->fd >= 0 && end->way != MP_PIPE_RECEIVES) {
		error = send_kind(end, KIND_GOODBYE, NULL, 0, -1, timeout_ms);
		if (error == MP_PEER_GONE) {
			error = 0; /* Nobody is left to hear it. */
		}
	}
	mp_pipe_drop(end);
	return error;
}

void mp_pipe_drop(struct mp_pipe *end) {
	if (end->fd >= 0) {
		close(end->fd);
	}
	end->fd = -1;
}
