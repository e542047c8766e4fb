/*
 * datafolder.h - the one folder that holds everything: made if it is not
 * there, checked, and locked against a second server.
 *
 *   lock   held by every process of the server; free when the last is gone
 *   ring   the log ring's file (formatted by the scribe)
 *   cursor.N   where edge N stands in it
 *   key    the secret from which those of sessions are made (masterkey.h)
 *
 * What else lies there is made by the others: log.db, search.db, admin.sock.
 */
#ifndef DATAFOLDER_H
#define DATAFOLDER_H

#include "datapath.h"
#include "options.h"

struct datafolder {
	int fd;                 /* the folder itself */
	int keeper_lock;        /* the keeper's alone: dies with it */
	int lock;               /* handed to every child: free when the last is gone */
	int ring_writer;        /* the ring's file, read-write */
	int ring_reader;        /* and read-only */
	int cursors[EDGES_MAX]; /* an edge's own; -1 where there is none */
};

/*
 * Makes and opens options->data, which becomes its canonical path, and hands
 * it over to whom the processes will be (options->house_uid). Fills in
 * options->master. Waits, bounded,
 * for the processes of a server whose keeper was killed. Exits with a sentence.
 */
void datafolder_open(struct datafolder *folder, struct options *options);

#endif
