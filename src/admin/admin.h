/* admin.h - `qun admin`: one command to a running server, over its admin socket. */
#ifndef ADMIN_H
#define ADMIN_H

/* Exit codes beside EXIT_DONE (it worked) and EXIT_USAGE. */
enum admin_exit {
	ADMIN_REFUSED = 1,   /* the server said no, and why */
	ADMIN_NO_SERVER = 3, /* nobody serves that data folder, or not us */
};

int admin_main(int argc, char **argv);

#endif
