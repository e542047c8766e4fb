#include "robot_command.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "mp_errors.h"
#include "mp_spawn.h"

#define SECOND_US (UINT64_C(1000) * 1000)
#define PAUSE_US_MAX (60 * SECOND_US)
#define LASTING_US (60 * SECOND_US)
#define LEAVE_MS 2000

void robot_command_init(struct robot_command *command, const char *text) {
	*command = (struct robot_command){.text = text, .in_fd = -1, .out_fd = -1};
}

static void close_fd(int *fd) {
	if (*fd >= 0) {
		close(*fd);
		*fd = -1;
	}
}

/* ---- its life ---- */

static bool spawn(struct robot_command *command, int in, int out) {
	mp_process_init(&command->process, NULL, NULL);
	mp_process_set_name(&command->process, "command");
	mp_process_set_daemon(&command->process, true);
	return mp_process_spawn(
		       &command->process,
		       &(struct mp_spawn){.path = "/bin/sh",
	                                  .argv = (const char *[]){"sh", "-c", command->text, NULL},
	                                  .stdio = (const int[]){in, out, MP_STDIO_SAME}}) == 0;
}

static bool start(struct robot_command *command) {
	int in[2] = {-1, -1}, out[2] = {-1, -1};
	bool is_started = pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
	                  spawn(command, in[0], out[1]);
	if (!is_started) {
		diag_errno("cannot start the command");
		close_fd(&in[1]);
		close_fd(&out[0]);
	} else {
		fcntl(in[1], F_SETFL, O_NONBLOCK);
		fcntl(out[0], F_SETFL, O_NONBLOCK);
	}
	close_fd(&in[0]);
	close_fd(&out[1]);
	command->in_fd = in[1];
	command->out_fd = out[0];
	command->size = 0;
	return is_started;
}

static uint64_t pause_us(unsigned deaths) {
	uint64_t us = SECOND_US << (deaths < 6 ? deaths : 6);
	return us < PAUSE_US_MAX ? us : PAUSE_US_MAX;
}

static void bury(struct robot_command *command, uint64_t now_us) {
	struct mp_status status = {0};
	close_fd(&command->in_fd);
	close_fd(&command->out_fd);
	(void)mp_process_kill(&command->process);
	(void)mp_process_join(&command->process, MP_FOREVER, &status);
	(void)mp_process_finish(&command->process);
	if (now_us - command->started_us >= LASTING_US) {
		command->deaths = 0;
	}
	uint64_t pause = pause_us(command->deaths++);
	command->is_running = command->is_asked = false;
	command->again_us = now_us + pause;
	diag("the command ended (%s %d); it is started again in %llu s",
	     status.exited ? "exit code" : "signal", status.exited ? status.code : status.signal,
	     (unsigned long long)(pause / SECOND_US));
}

void robot_command_finish(struct robot_command *command) {
	if (!command->is_running) {
		return;
	}
	close_fd(&command->in_fd);
	close_fd(&command->out_fd);
	if (mp_process_join(&command->process, LEAVE_MS, NULL) == MP_TIMEOUT) {
		(void)mp_process_kill(&command->process);
		(void)mp_process_join(&command->process, MP_FOREVER, NULL);
	}
	(void)mp_process_finish(&command->process);
	command->is_running = false;
}

bool robot_command_is_ready(struct robot_command *command, uint64_t now_us) {
	if (!command->is_running && now_us >= command->again_us) {
		command->started_us = now_us;
		command->is_running = start(command);
		if (!command->is_running) {
			command->again_us = now_us + pause_us(command->deaths++);
		}
	}
	return command->is_running && !command->is_asked;
}

/* ---- a question ---- */

/* False: it has ended. */
static bool read_on(struct robot_command *command) {
	for (;;) {
		if (command->size == sizeof command->line) {
			command->size = 0; /* a line without an end is no answer */
		}
		ssize_t size = read(command->out_fd, command->line + command->size,
		                    sizeof command->line - command->size);
		if (size <= 0) {
			return size < 0 && (errno == EAGAIN || errno == EINTR);
		}
		command->size += (size_t)size;
		if (memchr(command->line, '\n', command->size) != NULL) {
			return true;
		}
	}
}

void robot_command_ask(struct robot_command *command, struct slice question, uint64_t now_us) {
	/* What it said unasked is no answer to this. */
	(void)read_on(command);
	command->size = 0;
	size_t size = question.size < TEXT_BYTES_MAX ? question.size : TEXT_BYTES_MAX;
	for (size_t i = 0; i < size; i++) {
		char byte = question.bytes[i];
		command->question[i] = byte == '\n' || byte == '\r' ? ' ' : byte;
	}
	command->question[size] = '\n';
	command->written = 0;
	command->unwritten = size + 1;
	command->is_asked = true;
	command->asked_us = now_us;
}

/* False: it does not read any more. */
static bool write_on(struct robot_command *command) {
	while (command->unwritten > 0) {
		ssize_t size = write(command->in_fd, command->question + command->written,
		                     command->unwritten);
		if (size < 0) {
			return errno == EAGAIN || errno == EINTR;
		}
		command->written += (size_t)size;
		command->unwritten -= (size_t)size;
	}
	return true;
}

/* One line for one question; what it says unasked nobody hears. */
static bool take_line(struct robot_command *command, struct slice *line) {
	const char *end = memchr(command->line, '\n', command->size);
	if (end == NULL) {
		return false;
	}
	*line = slice_of(command->line, (size_t)(end - command->line));
	command->size = 0;
	return true;
}

enum command_found robot_command_go_on(struct robot_command *command, struct slice *line,
                                       uint64_t now_us) {
	bool was_asked = command->is_asked;
	if (!command->is_running) {
		return COMMAND_WAITS;
	}
	bool is_alive = write_on(command) && read_on(command);
	if (take_line(command, line) && was_asked && command->unwritten == 0) {
		command->is_asked = false;
		return COMMAND_ANSWERED;
	}
	bool has_hung = was_asked && now_us >= command->asked_us + COMMAND_PATIENCE_US;
	if (is_alive && !has_hung) {
		return COMMAND_WAITS;
	}
	if (has_hung) {
		diag("the command did not answer in %llu s",
		     (unsigned long long)(COMMAND_PATIENCE_US / SECOND_US));
	}
	bury(command, now_us);
	return was_asked ? COMMAND_DIED : COMMAND_WAITS;
}

uint64_t robot_command_deadline(const struct robot_command *command) {
	if (!command->is_running) {
		return command->again_us;
	}
	return command->is_asked ? command->asked_us + COMMAND_PATIENCE_US : UINT64_MAX;
}
