/*
 * config.h - what a configuration file says (qun.conf(5)): all that may change
 * while the house runs, and need not be said at all. The keeper reads the file
 * and hands each process its part: all have struct config (house->config), the
 * clerk alone has struct config_secrets (house->secrets). Plain data, no pointers.
 *
 * Options (options.h) are what flags say; they hold from the start to the end.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"

#define CONFIG_NAME_BYTES 64     /* with the NUL */
#define CONFIG_LINE_BYTES 256    /* likewise; ADMIN's and the description's */
#define CONFIG_MOTD_BYTES 8192   /* likewise: lines, with '\n' between them */
#define CONFIG_ORIGINS_BYTES 256 /* likewise */
#define CONFIG_OPERATORS_MAX 32
#define CONFIG_HASH_BYTES 128 /* as crypto_pwhash_str() makes it, with its NUL */

/* Who may come in, on every face. */
enum access {
	ACCESS_OPEN,     /* whoever gives a name */
	ACCESS_PASSWORD, /* who knows the server's password, or signs in */
	ACCESS_ACCOUNTS, /* who signs in */
};

/* Who may read GET /metrics. */
enum metrics {
	METRICS_PRIVATE, /* this machine and private networks */
	METRICS_ALL,
	METRICS_NOBODY,
};

struct config {
	uint64_t version; /* 1, 2 ...: of what the keeper has read; it never says the same twice */

	/* [server] */
	char server[CONFIG_NAME_BYTES];  /* the prefix of its own lines: qun.local */
	char network[CONFIG_NAME_BYTES]; /* NETWORK of 005: qun */
	char description[CONFIG_LINE_BYTES];
	char motd[CONFIG_MOTD_BYTES]; /* "": there is none (422) */

	/* [admin]: what ADMIN answers; "": not said */
	char location[CONFIG_LINE_BYTES];
	char organisation[CONFIG_LINE_BYTES];
	char email[CONFIG_LINE_BYTES];

	/* [access] */
	enum access access;
	bool takes_cleartext_passwords; /* from anywhere; else from loopback alone */
	bool has_registration;          /* people may register accounts themselves */

	/* [accounts] */
	bool accounts_stay; /* their people stay while nobody is connected, if they do not say otherwise */

	/* [web] */
	char origins
		[CONFIG_ORIGINS_BYTES]; /* pages that may connect, but our own: blanks between */

	enum metrics metrics;

	/* [limits] */
	uint32_t
		connections_per_network; /* a process of edges counts its own; loopback is not counted */
	/* Accounts that people of a network may register within so many seconds, in all; loopback is not counted. */
	uint32_t registrations_per_network, registrations_s;
	uint32_t ping_s;         /* silence after which a stream's client is asked, */
	uint32_t ping_timeout_s; /* and after that, until it is the end */
	uint32_t register_s;     /* to enter, from the connection's beginning */
};

struct config_operator {
	char name[NAME_BYTES_MAX + 1];
	char hash[CONFIG_HASH_BYTES];
};

/* [access] password, and the [operator NAME] sections. */
struct config_secrets {
	char password[CONFIG_HASH_BYTES]; /* "": none */
	uint32_t operators_count;
	struct config_operator operators[CONFIG_OPERATORS_MAX];
};

/* What holds where the file says nothing, or where there is none. Version 1. */
void config_defaults(struct config *config, struct config_secrets *secrets);

/*
 * How it comes to the processes: a sheet is shared memory with one writer, the
 * keeper, and readers that take a copy. A process that is started again finds
 * the newest there; who runs is rung, and looks at the beginning of each turn.
 */
struct sheet;

/* The file of a new sheet for `size` bytes: the writer's descriptor, or -1 with errno. */
int sheet_create(const char *name, size_t size);

/* Maps one; NULL with errno (EINVAL: not one of that size). */
struct sheet *sheet_open(int fd, size_t size, bool is_writer);
void sheet_close(struct sheet *sheet);

/* What readers copy from now on. */
void sheet_write(struct sheet *sheet, const void *bytes);

/* False if *version is what stands there; else copies it whole, and sets *version. */
bool sheet_read(const struct sheet *sheet, uint64_t *version, void *bytes);

#endif
