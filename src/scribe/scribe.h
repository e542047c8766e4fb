/* scribe.h - the process that writes the log and its state to disk, and says how far it is durable. */
#ifndef SCRIBE_H
#define SCRIBE_H

/* argv0: "qun: scribe". Returns the exit code. */
int scribe_main(const char *argv0);

#endif
