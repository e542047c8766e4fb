/* join_options.h - reads the command line of `qun join` (face.h has the struct). */
#ifndef JOIN_OPTIONS_H
#define JOIN_OPTIONS_H

#include "face.h"
#include "option_words.h"

#define JOIN_HOST_BYTES 256

/*
 * Reads argv[1] on. False, and a sentence in `trouble`, when something cannot be read. `host` takes the host
 * without its port and brackets; the rest points into argv.
 */
bool join_options_parse(struct join_options *options, int argc, char *const *argv,
                        char host[static JOIN_HOST_BYTES],
                        char trouble[static OPTION_TROUBLE_BYTES]);

/*
 * "host", "host:port", "[::1]:port", "::1", ":port"; what is missing is 127.0.0.1 and 8888. False if it is
 * none of these.
 */
bool join_host_parse(const char *text, char host[static JOIN_HOST_BYTES], const char **port);

/* Of a --name, a --room: can it be asked for? If not, false and a sentence. */
bool join_name_check(const char *text, char trouble[static OPTION_TROUBLE_BYTES]);
bool join_room_check(const char *text, char trouble[static OPTION_TROUBLE_BYTES]);

const char *join_help(enum language language);

#endif
