#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"

/*
 * Users that a package or the operator makes. Without them two ids that adduser never gives; systemd
 * may lend them to a service with DynamicUser=, so the users are the better way.
 */
#define HOUSE_USER "_qun"
#define EDGE_USER "_qun-edge"
#define HOUSE_ID 61888
#define EDGE_ID 61889

/*
 * Looks in /etc/passwd itself: the name service could load whatever the
 * machine's configuration names, and ask the network, as root.
 */
static void look_up(const char *name, uint32_t id, uint32_t *uid, uint32_t *gid) {
	*uid = id;
	*gid = id;
	FILE *file = fopen("/etc/passwd", "re");
	if (file == NULL) {
		return;
	}
	const struct passwd *user;
	while ((user = fgetpwent(file)) != NULL) {
		if (strcmp(user->pw_name, name) == 0 && user->pw_uid != 0) {
			*uid = user->pw_uid;
			*gid = user->pw_gid;
			break;
		}
	}
	fclose(file);
}

static bool become(uint32_t uid, uint32_t gid) {
	return setegid(gid) == 0 && seteuid(uid) == 0;
}

static void become_root(void) {
	if (seteuid(0) < 0 || setegid(0) < 0) {
		diag_exit_errno(EXIT_FIX_ME, "cannot become root again");
	}
}

/* Tries it on; 0, or the errno of what was refused. */
static int try_on(uint32_t uid, uint32_t gid) {
	int error = become(uid, gid) ? 0 : errno;
	become_root();
	return error;
}

void privileges_forgo(struct options *options, const char *why) {
	diag("cannot give up root (%s): all processes run as user 0", why);
	options->gives_up_root = false;
	options->house_uid = options->edge_uid = 0;
	options->house_gid = options->edge_gid = 0;
}

void privileges_choose(struct options *options) {
	options->house_uid = options->edge_uid = geteuid();
	options->house_gid = options->edge_gid = getegid();
	options->gives_up_root = geteuid() == 0;
	if (!options->gives_up_root) {
		return;
	}
	look_up(HOUSE_USER, HOUSE_ID, &options->house_uid, &options->house_gid);
	look_up(EDGE_USER, EDGE_ID, &options->edge_uid, &options->edge_gid);
	int error = setgroups(0, NULL) < 0 ? errno : 0;
	if (error == 0) {
		error = try_on(options->house_uid, options->house_gid);
	}
	if (error == 0) {
		error = try_on(options->edge_uid, options->edge_gid);
	}
	if (error != 0) {
		privileges_forgo(options, strerror(error));
	}
}

static bool is_borrowed;

/* An exit from in between ends as who it began: the leak checker cannot work otherwise. */
static void return_at_exit(void) {
	if (is_borrowed && seteuid(0) == 0) {
		(void)!setegid(0);
	}
}

void privileges_borrow(const struct options *options) {
	if (!options->gives_up_root) {
		return;
	}
	(void)atexit(return_at_exit);
	is_borrowed = true;
	if (!become(options->house_uid, options->house_gid)) {
		diag_exit_errno(EXIT_FIX_ME, "cannot become user %u", (unsigned)options->house_uid);
	}
}

void privileges_return(const struct options *options) {
	if (options->gives_up_root) {
		become_root();
		is_borrowed = false;
	}
}
