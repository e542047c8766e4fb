#include "datapath.h"

#include <pwd.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

__attribute__((format(printf, 2, 3))) static bool format_path(char out[DATA_PATH_BYTES_MAX],
                                                              const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(out, DATA_PATH_BYTES_MAX, format, arguments);
	va_end(arguments);
	return size > 0 && size < DATA_PATH_BYTES_MAX;
}

/* A variable that holds an absolute path: the XDG specification has others ignored. */
static const char *absolute_from_environment(const char *variable) {
	const char *value = getenv(variable);
	return value != NULL && value[0] == '/' ? value : NULL;
}

static const char *home_directory(void) {
	const char *home = absolute_from_environment("HOME");
	if (home != NULL) {
		return home;
	}
	const struct passwd *user = getpwuid(geteuid());
	return user != NULL && user->pw_dir[0] == '/' ? user->pw_dir : NULL;
}

bool data_path_default(char out[DATA_PATH_BYTES_MAX]) {
	if (geteuid() == 0) {
		return format_path(out, "/var/lib/qun");
	}
	const char *data_home = absolute_from_environment("XDG_DATA_HOME");
	if (data_home != NULL) {
		return format_path(out, "%s/qun", data_home);
	}
	const char *home = home_directory();
	return home != NULL && format_path(out, "%s/.local/share/qun", home);
}

bool data_path_absolute(const char *path, char out[DATA_PATH_BYTES_MAX]) {
	if (path[0] == '/') {
		return format_path(out, "%s", path);
	}
	char here[DATA_PATH_BYTES_MAX];
	return path[0] != '\0' && getcwd(here, sizeof here) != NULL &&
	       format_path(out, "%s/%s", here, path);
}
