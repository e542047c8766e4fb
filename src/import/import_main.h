/* import_main.h - `qun import`: the history of others into a data folder that has none. */
#ifndef IMPORT_MAIN_H
#define IMPORT_MAIN_H

int import_main(int argc, char **argv);

#endif
