#include "robot.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "robot_forms.h"
#include "robot_join.h"
#include "robot_options.h"
#include "tongue.h"

static const struct model {
	const char *name;
	robot_form *run;
} models[] = {
	{"select", robot_select},   /* one process looks at all */
	{"process", robot_process}, /* a process for each client */
	{"thread", robot_thread},   /* a thread for each client */
	{"epoll", robot_epoll},     /* one process is told who */
};

static const struct model *find_model(const char *name) {
	for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
		if (strcmp(models[i].name, name) == 0) {
			return &models[i];
		}
	}
	return NULL;
}

int robot_main(int argc, char **argv) {
	struct robot_options options;
	char trouble[OPTION_TROUBLE_BYTES];
	diag_name("robot");
	if (robot_wants_to_join(argc, argv)) {
		return robot_join_main(argc, argv);
	}
	if (!robot_options_parse(&options, argc, argv, trouble)) {
		diag_exit(EXIT_USAGE, "%s", trouble);
	}
	if (options.is_help) {
		fputs(robot_help(tongue()), stdout);
		return EXIT_DONE;
	}
	const struct model *model = find_model(options.model);
	if (model == NULL) {
		diag_exit(EXIT_USAGE, "--model is select, process, thread or epoll, not '%.64s'",
		          options.model);
	}
	struct door door;
	door_open(&door, &options);
	int code = model->run(&options, &door);
	door_leave(&door);
	return code;
}
