/* Functions of the C library that we do without.
 *
 * Every source file of ours is compiled with this header in front (-include, see meson.build). A
 * call to one of these functions does not compile, and the compiler's message names what to use.
 * The library's own headers come first, so that their declarations are not what is banned.
 *
 * Banned are those that write without knowing how much room there is, those that cut or pad in
 * silence, those that cannot say that they failed, and those that keep their state in a static. */
#ifndef QUN_BANNED_H
#define QUN_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUN_BANNED(name, instead)                                                                  \
	((void)sizeof(struct {                                                                     \
		int unused;                                                                        \
		_Static_assert(0, name " is banned; " instead);                                    \
	}))

/* They do not know how much room there is. */
#undef strcpy
#define strcpy(...) QUN_BANNED("strcpy", "use memcpy and a length")
#undef stpcpy
#define stpcpy(...) QUN_BANNED("stpcpy", "use memcpy and a length")
#undef strcat
#define strcat(...) QUN_BANNED("strcat", "use snprintf or a buffer that knows its size")
#undef sprintf
#define sprintf(...) QUN_BANNED("sprintf", "use snprintf")
#undef vsprintf
#define vsprintf(...) QUN_BANNED("vsprintf", "use vsnprintf")
#undef gets
#define gets(...) QUN_BANNED("gets", "use getline")

/* They cut, pad or forget the terminator in silence. */
#undef strncpy
#define strncpy(...) QUN_BANNED("strncpy", "use memcpy and a length, or snprintf")
#undef stpncpy
#define stpncpy(...) QUN_BANNED("stpncpy", "use memcpy and a length, or snprintf")
#undef strncat
#define strncat(...) QUN_BANNED("strncat", "use snprintf or a buffer that knows its size")

/* They cannot say that what they read was no number. */
#undef atoi
#define atoi(...) QUN_BANNED("atoi", "use strtol or a parser that can refuse")
#undef atol
#define atol(...) QUN_BANNED("atol", "use strtol or a parser that can refuse")
#undef atoll
#define atoll(...) QUN_BANNED("atoll", "use strtoll or a parser that can refuse")
#undef atof
#define atof(...) QUN_BANNED("atof", "use strtod or a parser that can refuse")

/* They keep their state, or their answer, in a static. */
#undef strtok
#define strtok(...) QUN_BANNED("strtok", "walk a slice, or use strtok_r")
#undef gmtime
#define gmtime(...) QUN_BANNED("gmtime", "use gmtime_r")
#undef localtime
#define localtime(...) QUN_BANNED("localtime", "use localtime_r")
#undef ctime
#define ctime(...) QUN_BANNED("ctime", "use strftime")
#undef asctime
#define asctime(...) QUN_BANNED("asctime", "use strftime")

#endif
