/*
 * confine.c - the kernel makes a process that changed its user non-dumpable:
 * nobody but root may look into it, and its own /proc/self/fd is closed to it.
 * That is wanted: a descriptor that can be read cannot be opened again for
 * writing.
 */
#include "confine.h"

#include <grp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "diag.h"

/* The hub's share with 64 edges is some 210; the rest is for what a process opens itself. */
#define DESCRIPTORS_MAX 1024
/* An edge has one for each connection: what the operator's limit allows, within reason. */
#define EDGE_DESCRIPTORS_MAX (1024 * 1024)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

/* Never above what is allowed already: lowering is always granted. */
static void limit(int resource, rlim_t most, const char *what) {
	struct rlimit now;
	if (getrlimit(resource, &now) < 0) {
		diag_exit_errno(EXIT_FIX_ME, "cannot read the limit of %s", what);
	}
	if (now.rlim_max > most) {
		now.rlim_max = most;
	}
	now.rlim_cur = now.rlim_max;
	if (setrlimit(resource, &now) < 0) {
		diag_exit_errno(EXIT_FIX_ME, "cannot limit %s", what);
	}
}

static void give_up_root(uint32_t uid, uint32_t gid) {
	if (setgroups(0, NULL) < 0) {
		diag_exit_errno(EXIT_FIX_ME, "cannot give up root's groups");
	}
	if (setresgid(gid, gid, gid) < 0) {
		diag_exit_errno(EXIT_FIX_ME, "cannot become group %u", (unsigned)gid);
	}
	if (setresuid(uid, uid, uid) < 0) {
		diag_exit_errno(EXIT_FIX_ME, "cannot become user %u", (unsigned)uid);
	}
	if (uid != 0 && setuid(0) == 0) {
		diag_exit(EXIT_FIX_ME, "root was given up and could be taken back");
	}
}

void confine(const struct options *options, bool is_edge) {
	limit(RLIMIT_CORE, 0, "core dumps");
	limit(RLIMIT_NOFILE, is_edge ? EDGE_DESCRIPTORS_MAX : DESCRIPTORS_MAX, "open files");
	if (options->gives_up_root) {
		give_up_root(is_edge ? options->edge_uid : options->house_uid,
		             is_edge ? options->edge_gid : options->house_gid);
	}
	/* After the change of user: the limit counts what that user has. The leak checker forks. */
	if (!IS_SANITIZED) {
		limit(RLIMIT_NPROC, 0, "new processes");
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		diag_exit_errno(EXIT_FIX_ME, "cannot do without new privileges");
	}
}
