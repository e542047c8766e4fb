/*
 * keeper.h - the process that keeps the others alive. It owns the sockets, the
 * shared memory and the children; it parses nothing that came from outside,
 * and does not look into the memory it shares.
 */
#ifndef KEEPER_H
#define KEEPER_H

/* argv[0] is "qun: keeper"; the options come in a memfd that serve_main() made. */
int keeper_main(const char *argv0);

/* The number of that memfd's descriptor, in the environment. */
#define KEEPER_OPTIONS_VARIABLE "QUN_OPTIONS"

#endif
