/*
 * options.h - what the operator asked for, parsed once by the keeper and
 * handed to every process as these bytes (in a memfd; plain data, no pointers).
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "limits.h"

enum language { LANGUAGE_ZH = 0, LANGUAGE_EN = 1 };

#define PLAIN_NETS_MAX 64
#define MASTER_BYTES 32

struct listener {
	struct address address; /* with the port that was really bound */
	bool is_any;            /* all addresses, IPv4 and IPv6 on one socket */
	bool is_v4_only;        /* 0.0.0.0, or no IPv6 on this machine */
};

struct options {
	uint32_t size; /* sizeof(struct options): a keeper and a child of one binary agree */
	uint16_t edges;
	uint16_t listeners_count;
	struct listener listeners[LISTENERS_MAX];
	char data[4096];   /* absolute path of the data folder */
	char config[4096]; /* and of the configuration file; "": there is none */
	enum language language;
	bool is_fsync;      /* kept means synced */
	bool has_keyboard;  /* the console reads standard input ... */
	bool is_terminal;   /* ... and it is a terminal */
	uint32_t keep_days; /* 0: for ever */
	uint32_t ring_megabytes;
	double rate_per_s; /* messages a second for each address */
	uint32_t rate_burst;
	double idle_s;                /* silence that ends a plain membership; 0: never */
	double silence_s;             /* that makes a session absent */
	double away_s;                /* absence after which the room is told that it left */
	double stall_s;               /* of a connection that does not read what waits for it */
	double forget_s;              /* after which a session that nobody used ends */
	uint8_t master[MASTER_BYTES]; /* the secret from which sessions' secrets are made */
	bool plain_from_any;
	uint16_t plain_nets_count;
	struct net plain_nets[PLAIN_NETS_MAX];
	bool gives_up_root; /* started as root: all but the keeper become somebody else */
	uint32_t house_uid, house_gid; /* hub, scribe, clerk, console; owner of the data folder */
	uint32_t edge_uid, edge_gid;
};

#endif
