/* filesystem.h - whether a folder lies on this machine. */
#ifndef FILESYSTEM_H
#define FILESYSTEM_H

/* The name of the network file system that `fd` lies on; NULL for any other. */
const char *filesystem_is_network(int fd);

#endif
