/* tongue.h - which language the person at the terminal reads, by LC_ALL, LC_MESSAGES and LANG. */
#ifndef TONGUE_H
#define TONGUE_H

#include "options.h"

/* Chinese if the first of them that says anything begins with "zh"; else English. */
enum language tongue(void);

#endif
