/* import_enlist_inner.h - for import_enlist.c and import_accounts.c alone. */
#ifndef IMPORT_ENLIST_INNER_H
#define IMPORT_ENLIST_INNER_H

#include "import_enlist.h"

struct happenings;

struct import_enlisting {
	struct import_listed *listed;
	size_t listed_count;
	struct import_tally *tally;
	struct happenings *happenings; /* by time */
};

#endif
