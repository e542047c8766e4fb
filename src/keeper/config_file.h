/*
 * config_file.h - the configuration file, qun.conf(5): what it makes of struct
 * config and struct config_secrets. Its form is libinih's: [section], key = value,
 * comments behind # or ;, values that go on in indented lines.
 */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stdbool.h>

#include "config.h"
#include "slice.h"

#define CONFIG_FILE_BYTES_MAX (64 * 1024)
#define CONFIG_TROUBLE_BYTES 1024

/*
 * Reads a file's text. Where it is silent the defaults hold. False, with a
 * sentence that names file and line, at the first thing that is wrong: then the two
 * structs mean nothing. `path` is only what the sentence calls the file.
 */
bool config_parse(const char *path, struct slice text, struct config *config,
                  struct config_secrets *secrets, char trouble[static CONFIG_TROUBLE_BYTES]);

/* The same from the file itself. It must be a regular one, of CONFIG_FILE_BYTES_MAX at most. */
bool config_load(const char *path, struct config *config, struct config_secrets *secrets,
                 char trouble[static CONFIG_TROUBLE_BYTES]);

#endif
