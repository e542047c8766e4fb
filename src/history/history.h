/* history.h - `qun history`: what was said, from the data folder, beside a running server or without. */
#ifndef HISTORY_H
#define HISTORY_H

/* argv[0] is "history". Returns the exit code: 0 done, 1 it cannot be read, 2 wrong usage. */
int history_main(int argc, char **argv);

#endif
