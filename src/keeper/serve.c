/*
 * serve.c - the keeper is executed anew, in the same process, with the options
 * in a memfd: so ps shows "qun: keeper", and nothing that reading the command
 * line touched stays in the process that must not die.
 */
#include "serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arguments.h"
#include "config_file.h"
#include "datapath.h"
#include "diag.h"
#include "help.h"
#include "keeper.h"
#include "tongue.h"

static void complete(struct options *options) {
	if (isatty(STDIN_FILENO)) {
		options->has_keyboard = true;
		options->is_terminal = true;
	}
	char given[DATA_PATH_BYTES_MAX];
	_Static_assert(sizeof given == sizeof options->data, "one length for paths");
	memcpy(given, options->data, sizeof given);
	bool is_found = given[0] != '\0' ? data_path_absolute(given, options->data)
	                                 : data_path_default(options->data);
	if (!is_found) {
		diag_exit(EXIT_USAGE, "there is no place for the data; say one with --data");
	}
	memcpy(given, options->config, sizeof given);
	if (given[0] != '\0' && !data_path_absolute(given, options->config)) {
		diag_exit(EXIT_USAGE, "the path of the configuration is too long");
	}
}

static int check_config(const char *path) {
	static struct config config;
	static struct config_secrets secrets;
	char trouble[CONFIG_TROUBLE_BYTES];
	if (!config_load(path, &config, &secrets, trouble)) {
		diag("%s", trouble);
		return EXIT_FIX_ME;
	}
	printf("%s: ok\n", path);
	return EXIT_DONE;
}

static noreturn void become_keeper(const struct options *options) {
	int fd = memfd_create("qun options", 0); /* goes along */
	if (fd < 0 || write(fd, options, sizeof *options) != (ssize_t)sizeof *options) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot hand over the options");
	}
	char number[16];
	snprintf(number, sizeof number, "%d", fd);
	if (setenv(KEEPER_OPTIONS_VARIABLE, number, 1) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot hand over the options");
	}
	char argv0[] = "qun: keeper";
	char *const argv[] = {argv0, NULL};
	execv("/proc/self/exe", argv);
	diag_exit_errno(EXIT_FIX_ME, "cannot execute /proc/self/exe (is /proc mounted?)");
}

int serve_main(int argc, char **argv) {
	static struct options options;
	char trouble[OPTION_TROUBLE_BYTES];
	arguments_defaults(&options);
	switch (arguments_parse(&options, argc - 1, argv + 1, trouble)) {
	case ARGUMENTS_BAD: diag_exit(EXIT_USAGE, "%s", trouble);
	case ARGUMENTS_HELP: fputs(serve_help(tongue()), stdout); return EXIT_DONE;
	case ARGUMENTS_CHECK: return check_config(options.config);
	case ARGUMENTS_OK: break;
	}
	complete(&options);
	become_keeper(&options);
}
