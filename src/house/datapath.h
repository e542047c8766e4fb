/* datapath.h - where the data lies when nobody says. */
#ifndef DATAPATH_H
#define DATAPATH_H

#include <stdbool.h>

#define DATA_PATH_BYTES_MAX 4096 /* with the final NUL; as options.data */

/*
 * /var/lib/qun as root, else $XDG_DATA_HOME/qun, else ~/.local/share/qun.
 * False if there is no home directory, or the path is too long.
 */
bool data_path_default(char out[DATA_PATH_BYTES_MAX]);

/* `path` seen from the root: the working directory put before it if need be. False if too long. */
bool data_path_absolute(const char *path, char out[DATA_PATH_BYTES_MAX]);

#endif
