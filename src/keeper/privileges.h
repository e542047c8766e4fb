/*
 * privileges.h - whom the processes become when the server was started as
 * root. The keeper stays root and reads nothing that came from outside; what
 * it does with files it does as the owner of the data folder, so that nobody
 * in there can lead it to a file of root's.
 */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include "options.h"

/*
 * Notes in the options who hub, scribe, clerk and console, and who the edges
 * will be. If the system refuses that, says so in one line, and all stay who
 * they are.
 */
void privileges_choose(struct options *options);

/* One line, and nobody gives up anything. */
void privileges_forgo(struct options *options, const char *why);

/* Between these two the keeper is the owner of the data folder. Exits if refused. */
void privileges_borrow(const struct options *options);
void privileges_return(const struct options *options);

#endif
