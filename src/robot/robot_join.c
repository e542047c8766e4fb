#include "robot_join.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "join_words.h"
#include "link_host.h"
#include "record.h"
#include "robot_asked.h"
#include "robot_command.h"
#include "robot_join_options.h"
#include "robot_options.h"
#include "tongue.h"
#include "visible.h"

/* The file of a person of that name is another one. */
#define FILE_NAME_PREFIX "robot:"
#define TURN_MAX 256

/*
 * IDLE takes the next thing from the log. Who is asked something goes through WAITING (for the command to be
 * there), ASKING (the command), SAYING (until the server has kept the answer), or the part of it
 * that is needed, and is IDLE again.
 */
enum doing { IDLE, WAITING, ASKING, SAYING };

struct robot {
	struct robot_join_options options;
	struct link_host host;
	struct robot_command command;
	int signals;
	enum doing doing;
	uint64_t seq, room; /* what is answered, and where */
	size_t question_size;
	char question[TEXT_BYTES_MAX];
	uint64_t number; /* of the answer */
	uint64_t tag;
	uint64_t room_tag; /* of the wish to enter --room */
	bool was_in, was_silent, is_over, is_busy;
	int code;
};

static void wish(struct robot *robot, struct wish wish) {
	link_wish(robot->host.link, &wish, link_host_now_us());
}

/* ---- an answer ---- */

static void done(struct robot *robot) {
	robot->doing = IDLE;
	link_note_answering(robot->host.link, 0, 0);
	wish(robot, (struct wish){.kind = WISH_SHOWN, .seq = robot->seq});
}

/* Written down before it is said; who is started anew asks the server whether it was. */
static void say(struct robot *robot, struct slice answer) {
	robot->number = link_number(robot->host.link) + 1;
	link_note_answering(robot->host.link, robot->seq, robot->number);
	link_host_save(&robot->host);
	robot->doing = SAYING;
	wish(robot,
	     (struct wish){
		     .kind = WISH_SAY, .tag = ++robot->tag, .room = robot->room, .text = answer});
}

static void go_on_asking(struct robot *robot, uint64_t now_us) {
	char answer[TEXT_BYTES_MAX];
	struct slice line;
	enum command_found found = robot_command_go_on(&robot->command, &line, now_us);
	if (robot->doing != ASKING || found == COMMAND_WAITS) {
		return;
	}
	size_t size = found == COMMAND_ANSWERED ? robot_tame(line, answer) : 0;
	if (size > 0) {
		say(robot, slice_of(answer, size));
	} else {
		done(robot);
	}
}

/* As far as it goes without waiting. */
static void go_on(struct robot *robot) {
	uint64_t now_us = link_host_now_us();
	char answer[TEXT_BYTES_MAX];
	struct slice question = slice_of(robot->question, robot->question_size);
	bool has_command = robot->options.command != NULL;
	/* Asked or not: the command runs. */
	bool is_ready = has_command && robot_command_is_ready(&robot->command, now_us);
	if (robot->doing == WAITING && is_ready) {
		robot_command_ask(&robot->command, question, now_us);
		robot->doing = ASKING;
	} else if (robot->doing == WAITING && !has_command) {
		say(robot, slice_of(answer, robot_echo(question, answer)));
	}
	if (has_command) {
		go_on_asking(robot, now_us);
	}
	if (robot->doing == SAYING && link_kept_number(robot->host.link) >= robot->number) {
		done(robot);
	}
}

static bool was_answered(const struct robot *robot, uint64_t seq) {
	const struct link_memory *memory = link_memory(robot->host.link);
	return memory->answering == seq &&
	       link_kept_number(robot->host.link) >= memory->answering_number;
}

static void on_entry(struct robot *robot, const struct tell *tell) {
	struct slice question;
	robot->seq = tell->seq;
	bool is_asked =
		tell->entry_kind == ENTRY_SAID && (tell->flags & TELL_IS_OWN) == 0 &&
		robot_is_asked(tell->text, slice_from_string(robot->options.name), &question);
	if (!is_asked || was_answered(robot, tell->seq)) {
		wish(robot, (struct wish){.kind = WISH_SHOWN, .seq = tell->seq});
		return;
	}
	robot->room = tell->room;
	robot->question_size = question.size < TEXT_BYTES_MAX ? question.size : TEXT_BYTES_MAX;
	memcpy(robot->question, question.bytes, robot->question_size);
	robot->doing = WAITING;
}

/* ---- how it stands ---- */

static void end(struct robot *robot, int code) {
	robot->is_over = true;
	robot->code = code;
}

static void say_ready(const struct robot *robot) {
	char name[VISIBLE_BYTES_MAX(NAME_BYTES_MAX)];
	size_t size = visible_render(slice_from_string(robot->options.name), name, sizeof name);
	printf("qun: ready robot=%s name=%.*s\n", robot->host.socket.text, (int)size, name);
	fflush(stdout);
}

/* Ready is who is where it was told to be. */
static void enter_room(struct robot *robot) {
	if (robot->options.room == NULL) {
		say_ready(robot);
		return;
	}
	robot->room_tag = ++robot->tag;
	wish(robot, (struct wish){.kind = WISH_JOIN,
	                          .tag = robot->room_tag,
	                          .name = slice_from_string(robot->options.room)});
}

static void on_room_decided(struct robot *robot, const struct tell *tell) {
	if (tell->state == MESSAGE_KEPT) {
		say_ready(robot);
	} else if (tell->state == MESSAGE_REFUSED) {
		diag("it cannot enter %s", robot->options.room);
		end(robot, EXIT_FIX_ME);
	}
}

static void on_in(struct robot *robot, const struct tell *tell) {
	if (!robot->was_in) {
		robot->was_in = true;
		robot->tag = tell->tag;
		enter_room(robot);
	} else if (robot->was_silent) {
		diag("connected again");
	}
	robot->was_silent = false;
}

static void refuse(struct robot *robot, const struct tell *tell) {
	char words[JOIN_WORDS_BYTES_MAX];
	size_t size =
		join_words_reason(LANGUAGE_EN, tell, tell->name, clock_wall_us() / 1000, words);
	diag("%.*s", (int)size, words);
}

static void on_ended(struct robot *robot, const struct tell *tell) {
	char words[JOIN_WORDS_BYTES_MAX];
	if (tell->ending == ENDING_QUIT) {
		end(robot, EXIT_DONE);
		return;
	}
	size_t size = join_words_ending(LANGUAGE_EN, tell, robot->options.host,
	                                clock_wall_us() / 1000, words);
	diag("%.*s", (int)size, words);
	bool is_passing = tell->ending == ENDING_HOST_UNKNOWN || tell->ending == ENDING_NO_ANSWER ||
	                  tell->reason == REASON_CLOSED;
	end(robot, is_passing ? EXIT_TRY_AGAIN : EXIT_FIX_ME);
}

static void on_standing(struct robot *robot, const struct tell *tell) {
	switch (tell->state) {
	case STANDING_SEEKING:
		if ((tell->flags & TELL_IS_SILENT) != 0 && !robot->was_silent) {
			robot->was_silent = true;
			diag("%.*s does not answer; trying on", (int)tell->other.size,
			     tell->other.bytes);
		}
		break;
	case STANDING_NAME_WANTED:
		refuse(robot, tell);
		diag("give it another name with --name");
		end(robot, EXIT_FIX_ME);
		break;
	case STANDING_TRUST_WANTED:
		diag("%s; if that is all right, --new begins anew",
		     tell->reason == REASON_NO_SUCH_SESSION
		             ? "the server does not know this robot any more"
		             : "the server's key is not the one of last time");
		end(robot, EXIT_FIX_ME);
		break;
	case STANDING_IN: on_in(robot, tell); break;
	case STANDING_ENDED: on_ended(robot, tell); break;
	default: break;
	}
}

static void on_told(struct robot *robot, const struct tell *tell) {
	switch (tell->kind) {
	case TELL_STANDING: on_standing(robot, tell); break;
	case TELL_ENTRY: on_entry(robot, tell); break;
	case TELL_GAP:
		robot->seq = tell->seq;
		wish(robot, (struct wish){.kind = WISH_SHOWN, .seq = tell->seq});
		break;
	case TELL_MESSAGE:
		/* Without a reason, but with a room: it is in there already. */
		if (tell->state == MESSAGE_REFUSED && (tell->reason != 0 || tell->argument == 0)) {
			refuse(robot, tell);
		}
		if (tell->tag == robot->room_tag && tell->tag != 0) {
			on_room_decided(robot, tell);
		}
		break;
	default: break;
	}
}

/* ---- the loop ---- */

static bool open_signals(struct robot *robot) {
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* A command that does not read any more is an error of the write that finds out. */
	signal(SIGPIPE, SIG_IGN);
	robot->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return robot->signals >= 0;
}

static void take_signals(struct robot *robot) {
	struct signalfd_siginfo info;
	while (read(robot->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		wish(robot, (struct wish){.kind = WISH_QUIT, .flags = WISH_AT_ONCE});
		robot->doing = IDLE;
	}
}

/* What is under way waits for an answer; only then comes the next thing of the log. */
static bool hear(struct robot *robot) {
	struct tell tell;
	enum standing standing = link_standing(robot->host.link);
	/* Nothing that is under way goes on then: it is told first of all. */
	bool is_ending = standing != STANDING_IN && standing != STANDING_SEEKING;
	if (robot->is_over || (robot->doing != IDLE && !is_ending) ||
	    !link_next(robot->host.link, &tell, link_host_now_us())) {
		return false;
	}
	on_told(robot, &tell);
	return true;
}

static void turn(struct robot *robot) {
	link_host_turn(&robot->host);
	robot->is_busy = true;
	for (int i = 0; i < TURN_MAX && robot->is_busy; i++) {
		bool was_said = link_host_speak(&robot->host);
		robot->is_busy = hear(robot) || was_said;
		go_on(robot);
	}
}

static int wait_ms(const struct robot *robot) {
	uint64_t now_us = link_host_now_us(), deadline = UINT64_MAX;
	if (robot->is_busy) {
		return 0;
	}
	if (robot->options.command != NULL) {
		deadline = robot_command_deadline(&robot->command);
	}
	return deadline == UINT64_MAX ? -1
	       : deadline <= now_us   ? 0
	                              : (int)((deadline - now_us) / 1000 + 1);
}

static void sleep_until_something(struct robot *robot) {
	int write_fd = robot->command.unwritten > 0 ? robot->command.in_fd : -1;
	struct pollfd fds[] = {{.fd = robot->host.timer_fd, .events = POLLIN},
	                       {.fd = robot->host.socket.fd, .events = POLLIN},
	                       {.fd = robot->host.socket.lookup.fd, .events = POLLIN},
	                       {.fd = robot->signals, .events = POLLIN},
	                       {.fd = robot->command.out_fd, .events = POLLIN},
	                       {.fd = write_fd, .events = POLLOUT}};
	link_host_sleep(&robot->host, robot->doing == IDLE);
	if (poll(fds, sizeof fds / sizeof fds[0], wait_ms(robot)) >= 0) {
		link_host_wake(&robot->host);
		take_signals(robot);
	}
}

static void run(struct robot *robot) {
	wish(robot, (struct wish){.kind = WISH_ATTACH});
	turn(robot);
	while (!robot->is_over) {
		sleep_until_something(robot);
		go_on(robot);
		turn(robot);
	}
	while (link_host_speak(&robot->host)) {
	}
}

static bool open_host(struct robot *robot) {
	char file_name[sizeof FILE_NAME_PREFIX + NAME_BYTES_MAX * 4];
	int size =
		snprintf(file_name, sizeof file_name, FILE_NAME_PREFIX "%s", robot->options.name);
	if (size < 0 || (size_t)size >= sizeof file_name) {
		diag_exit(EXIT_USAGE, "--name is too long");
	}
	return link_host_open(&robot->host,
	                      &(struct link_host_start){.host = robot->options.host,
	                                                .port = robot->options.port,
	                                                .name = robot->options.name,
	                                                .file_name = file_name,
	                                                .is_new = robot->options.is_new});
}

bool robot_wants_to_join(int argc, char *const *argv) {
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--join") == 0 || strncmp(argv[i], "--join=", 7) == 0) {
			return true;
		}
	}
	return false;
}

int robot_join_main(int argc, char **argv) {
	static struct robot robot;
	char trouble[OPTION_TROUBLE_BYTES];
	if (!robot_join_options_parse(&robot.options, argc, argv, trouble)) {
		diag_exit(EXIT_USAGE, "%s", trouble);
	}
	if (robot.options.is_help) {
		fputs(robot_help(tongue()), stdout);
		return EXIT_DONE;
	}
	robot_command_init(&robot.command, robot.options.command);
	if (!open_signals(&robot) || !open_host(&robot)) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot start");
	}
	run(&robot);
	robot_command_finish(&robot.command);
	link_host_close(&robot.host);
	return robot.code;
}
