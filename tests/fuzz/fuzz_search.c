/* A query and a text, parted by the first NUL: what the rule finds, the index offers, and no query
 * is one that FTS5 does not understand. */
#include "fuzz.h"

#include <assert.h>
#include <sqlite3.h>
#include <string.h>

#include "search_query.h"
#include "search_tokenizer.h"

static sqlite3 *db;
static sqlite3_stmt *insert, *find;

static void prepare(void) {
	int result = sqlite3_open(":memory:", &db);
	assert(result == SQLITE_OK);
	result = search_tokenizer_register(db);
	assert(result == SQLITE_OK);
	result = sqlite3_exec(db,
	                      "CREATE VIRTUAL TABLE words USING fts5(text, content='', "
	                      "columnsize=0, detail=none, tokenize='qun')",
	                      NULL, NULL, NULL);
	assert(result == SQLITE_OK);
	result = sqlite3_prepare_v2(db, "INSERT INTO words (rowid, text) VALUES (1, ?1)", -1,
	                            &insert, NULL);
	assert(result == SQLITE_OK);
	result = sqlite3_prepare_v2(db, "SELECT rowid FROM words WHERE words MATCH ?1", -1, &find,
	                            NULL);
	assert(result == SQLITE_OK);
}

/* Does the index offer the text for the query? */
static int is_offered(const char *expression, struct slice text) {
	int result = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
	assert(result == SQLITE_OK);
	sqlite3_bind_text(insert, 1, text.bytes, (int)text.size, SQLITE_STATIC);
	result = sqlite3_step(insert);
	assert(result == SQLITE_DONE);
	sqlite3_reset(insert);
	sqlite3_bind_text(find, 1, expression, -1, SQLITE_STATIC);
	result = sqlite3_step(find);
	assert(result == SQLITE_ROW || result == SQLITE_DONE);
	sqlite3_reset(find);
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return result == SQLITE_ROW;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	if (db == NULL) {
		prepare();
	}
	const uint8_t *gap = size == 0 ? NULL : memchr(bytes, 0, size);
	size_t query_size = gap == NULL ? size : (size_t)(gap - bytes);
	struct slice text = gap == NULL ? slice_of((const char *)bytes, size)
	                                : slice_of((const char *)gap + 1, size - query_size - 1);
	struct search_query *query = search_query_create(slice_of((const char *)bytes, query_size));
	if (query == NULL) {
		return 0;
	}
	int is_found = search_query_matches(query, text);
	const char *expression = search_query_expression(query);
	if (expression != NULL && text.size <= 4096) {
		int offered = is_offered(expression, text);
		assert(offered || !is_found);
	}
	search_query_destroy(query);
	return 0;
}
