/*
 * session_file.h - where a client remembers who it is on a server, so that it is the
 * same one when it is started again: session, key, cursor, name, the server's key.
 *
 * A file a server, and a name if one was asked for, in $XDG_STATE_HOME/qun or
 * ~/.local/state/qun (folder 0700, file 0600):
 *
 *	qun session 1
 *	session 4711
 *	key 64 hexadecimal digits
 *	cursor 104117
 *	name 小明
 *	server 64 hexadecimal digits
 *	answering 104118 12
 *
 * Lines that a version does not know are passed over. It is replaced as a whole. Who has it open holds a
 * lock (in a file of its own beside it): a second client gets none, and is somebody else.
 */
#ifndef SESSION_FILE_H
#define SESSION_FILE_H

#include <stdbool.h>

#include "session_link.h"

#define SESSION_PATH_BYTES 4096
#define SESSION_FILE_BYTES_MAX 4096
#define SESSION_TROUBLE_BYTES 512

struct session_file {
	char path[SESSION_PATH_BYTES];
	int lock_fd; /* -1: nothing is written */
};

/*
 * Opens and reads it. False, and a sentence in `trouble`, if something is there that cannot be read; whoever has
 * no place to write, or not the lock, goes on without (lock_fd is -1; in the second case only
 * the server's key is remembered). `is_new` forgets what is there.
 */
bool session_file_open(struct session_file *file, const char *host, const char *port,
                       const char *name, bool is_new, struct link_memory *memory,
                       char trouble[static SESSION_TROUBLE_BYTES]);

/* False with errno. `is_safe`: it has to survive a power failure. */
bool session_file_write(const struct session_file *file, const struct link_memory *memory,
                        bool is_safe);
void session_file_close(struct session_file *file);

/* The bytes, for tests. False if they are malformed. */
bool session_file_parse(struct slice text, struct link_memory *memory);
size_t session_file_format(const struct link_memory *memory, char out[SESSION_FILE_BYTES_MAX]);

#endif
