/* serve.h - `qun serve`: reads its options, then becomes the keeper. */
#ifndef SERVE_H
#define SERVE_H

/* argv[0] is "serve". */
int serve_main(int argc, char **argv);

#endif
