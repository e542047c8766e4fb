/* clerkwire.c - the asker's side of the wire (see clerkwire.h). */
#include "clerkwire.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accountwire.h"
#include "diag.h"
#include "record.h"
#include "state.h"

/* A clerk that could not give the state is asked again after this pause. */
#define RETRY_MS 100

/* Descriptors that a message may bring; all but one are closed. */
#define PASSED_MAX 4

#define ACCOUNT_WORD_WORD(name, word) [name] = (word),
static const char *const account_words[] = {ACCOUNT_WORDS(ACCOUNT_WORD_WORD)};
#undef ACCOUNT_WORD_WORD

const char *account_word(uint32_t word) {
	return word < ACCOUNT_WORDS_COUNT ? account_words[word] : "unknown";
}

int clerk_ask(int fd, const struct clerk_question *question, const void *text) {
	struct clerk_question head = *question;
	struct iovec parts[] = {
		{.iov_base = &head, .iov_len = sizeof head},
		{.iov_base = (void *)(uintptr_t)text, .iov_len = question->text_bytes},
	};
	struct msghdr message = {
		.msg_iov = parts,
		.msg_iovlen = question->text_bytes > 0 ? 2 : 1,
	};
	ssize_t sent;
	do {
		sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

/* Keeps the first descriptor of the message, closes others; -1: there is none. */
static int passed_with(struct msghdr *message) {
	int kept = -1;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
	     part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
			continue;
		}
		size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
			if (kept < 0) {
				kept = fd;
			} else {
				close(fd);
			}
		}
	}
	return kept;
}

static long drop(int passed, int error) {
	if (passed >= 0) {
		close(passed);
	}
	errno = error;
	return -1;
}

long clerk_receive(int fd, void *buffer, size_t size, int *passed_fd) {
	*passed_fd = -1;
	union {
		char bytes[CMSG_SPACE(PASSED_MAX * sizeof(int))];
		struct cmsghdr aligned;
	} control;
	struct iovec part = {.iov_base = buffer, .iov_len = size};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes,
	};
	ssize_t received;
	do {
		received = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (received < 0 && errno == EINTR);
	if (received < 0) {
		return errno == EAGAIN ? 0 : -1;
	}
	int passed = passed_with(&message);
	if (received == 0) {
		return drop(passed, ECONNRESET);
	}
	if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		return drop(passed, EMSGSIZE);
	}
	if ((size_t)received < sizeof(struct clerk_answer)) {
		return drop(passed, EBADMSG);
	}
	*passed_fd = passed;
	return received;
}

/* ---- Loading the state ---- */

static const char *load_rows(struct state *state, const char *bytes, size_t size) {
	while (size > 0) {
		struct record row;
		size_t taken = record_decode(&row, bytes, size);
		if (taken == 0) {
			return "a row is malformed";
		}
		if (state_load_row(state, &row) != STATE_OK) {
			return "a row does not fit the others";
		}
		bytes += taken;
		size -= taken;
	}
	return NULL;
}

const char *clerk_load_rows(struct state *state, int fd) {
	struct stat status;
	if (fd < 0 || fstat(fd, &status) < 0 || status.st_size < 0) {
		return "there are no rows";
	}
	size_t size = (size_t)status.st_size;
	if (size == 0) {
		return NULL;
	}
	void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED) {
		return "the rows cannot be mapped";
	}
	const char *trouble = load_rows(state, bytes, size);
	munmap(bytes, size);
	return trouble;
}

/* Sleeps until the clerk says something (or can be asked). False: told to leave. */
static bool wait_for_clerk(int fd, int life, bool is_asked, int timeout_ms) {
	short events = is_asked ? POLLIN : POLLIN | POLLOUT;
	struct pollfd fds[] = {
		{.fd = life, .events = POLLIN},
		{.fd = timeout_ms < 0 ? fd : -1, .events = events},
	};
	int count = poll(fds, 2, timeout_ms);
	assert(count >= 0 || errno == EINTR);
	return count <= 0 || fds[0].revents == 0;
}

enum heard { HEARD_NOTHING, HEARD_OTHER, HEARD_HELLO, HEARD_STATE, HEARD_FAILURE };

/* Takes one message off the wire. */
static enum heard hear(int fd, uint32_t incarnation, struct clerk_answer *answer, int *passed) {
	static union {
		struct clerk_answer answer;
		char bytes[CLERK_MESSAGE_BYTES_MAX];
	} buffer;
	long size = clerk_receive(fd, &buffer, sizeof buffer, passed);
	if (size == 0) {
		return HEARD_NOTHING;
	}
	if (size < 0) {
		if (errno != EMSGSIZE && errno != EBADMSG) {
			diag_exit_errno(EXIT_TRY_AGAIN, "cannot hear the clerk");
		}
		return HEARD_OTHER;
	}
	*answer = buffer.answer;
	if (answer->what == CLERK_HELLO) {
		return HEARD_HELLO;
	}
	if (answer->incarnation != incarnation || answer->number != CLERK_NUMBER_OF_LOAD) {
		return HEARD_OTHER;
	}
	if (answer->what == CLERK_FAILED) {
		return HEARD_FAILURE;
	}
	return answer->what == CLERK_STATE ? HEARD_STATE : HEARD_OTHER;
}

static bool ask_for_state(int fd, uint32_t incarnation) {
	const struct clerk_question question = {
		.what = CLERK_STATE,
		.incarnation = incarnation,
		.number = CLERK_NUMBER_OF_LOAD,
	};
	if (clerk_ask(fd, &question, NULL) == 0) {
		return true;
	}
	if (errno != EAGAIN && errno != ENOBUFS) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot ask the clerk");
	}
	return false;
}

bool clerk_load_state(int fd, uint32_t incarnation, int life, struct state *state,
                      uint64_t *position) {
	bool is_asked = false;
	while (true) {
		is_asked = is_asked || ask_for_state(fd, incarnation);
		struct clerk_answer answer;
		int passed = -1;
		enum heard heard = hear(fd, incarnation, &answer, &passed);
		if (heard == HEARD_STATE) {
			const char *trouble = clerk_load_rows(state, passed);
			if (trouble != NULL) {
				diag_exit(EXIT_TRY_AGAIN, "cannot load the state: %s", trouble);
			}
			close(passed);
			*position = answer.position;
			return true;
		}
		if (passed >= 0) {
			close(passed);
		}
		if (heard == HEARD_HELLO || heard == HEARD_FAILURE) {
			is_asked = false;
		}
		if (heard == HEARD_NOTHING && !wait_for_clerk(fd, life, is_asked, -1)) {
			return false;
		}
		if (heard == HEARD_FAILURE && !wait_for_clerk(fd, life, is_asked, RETRY_MS)) {
			return false;
		}
	}
}
