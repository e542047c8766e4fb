/*
 * robot_command.h - the command that answers for a robot: started once, a line in, a
 * line out. When it dies it is started again, after a second at first, then after twice as
 * long each time, a minute at the most; one that ran for a minute begins anew.
 */
#ifndef ROBOT_COMMAND_H
#define ROBOT_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "limits.h"
#include "mp_process.h"
#include "slice.h"

/* A command that takes longer for one line has hung. */
#define COMMAND_PATIENCE_US (UINT64_C(30) * 1000 * 1000)
#define COMMAND_LINE_BYTES_MAX 16384

struct robot_command {
	const char *text; /* for the shell */
	struct mp_process process;
	bool is_running;
	int in_fd, out_fd; /* its input and output */
	uint64_t started_us, again_us;
	unsigned deaths; /* in a row */
	/* The question that it has, and what has come of the answer. */
	bool is_asked;
	uint64_t asked_us;
	size_t unwritten, written;
	char question[TEXT_BYTES_MAX + 1];
	size_t size;
	char line[COMMAND_LINE_BYTES_MAX];
};

void robot_command_init(struct robot_command *command, const char *text);
/* Its input ends; if it does not end then, it is ended. */
void robot_command_finish(struct robot_command *command);

/* Could it be asked now? Starts it if it is time to. */
bool robot_command_is_ready(struct robot_command *command, uint64_t now_us);
/* Ready: ask this; line ends in it become blanks. */
void robot_command_ask(struct robot_command *command, struct slice question, uint64_t now_us);

enum command_found {
	COMMAND_WAITS,
	COMMAND_ANSWERED, /* *line, good until the next call */
	COMMAND_DIED,     /* or hung: there will be no answer */
};
/* Goes on with writing and reading, whether or not anything is asked. */
enum command_found robot_command_go_on(struct robot_command *command, struct slice *line,
                                       uint64_t now_us);
/* When to look again at the latest. */
uint64_t robot_command_deadline(const struct robot_command *command);

#endif
