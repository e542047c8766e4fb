#include "store_redact.h"

#include <assert.h>

#include "store_inner.h"
#include "store_write.h"

/* What can be taken back; where it stands has to be the same room, or conversation. */
static enum store_error drop_message(struct store *store, uint64_t seq, uint64_t room) {
	sqlite3_stmt *drop = store_statement_within(store, STATEMENT_REDACT);
	_Static_assert(ENTRY_SAID == 3 && ENTRY_DIRECT == 16 && ENTRY_TAGGED == 27,
	               "the statement has them as numbers");
	if (drop == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(drop, 1, (sqlite3_int64)seq);
	sqlite3_bind_int64(drop, 2, (sqlite3_int64)room);
	return store_run_within(store, drop, "take back what was said");
}

enum store_error store_take_back(struct store *store, const struct record *entry) {
	if (entry->kind == ENTRY_REDACTED && entry->number < entry->seq) {
		return drop_message(store, entry->number, entry->room);
	}
	return STORE_OK;
}
