/*
 * search_tokenizer.h - the tokens of tokens.h, for FTS5, under the name "qun".
 *
 * A text that is indexed is cut as tokens.h says. A string of a query is taken
 * for one token as it is: search_query.h has cut it already.
 */
#ifndef SEARCH_TOKENIZER_H
#define SEARCH_TOKENIZER_H

#include <sqlite3.h>

/* SQLITE_OK, or why not. */
int search_tokenizer_register(sqlite3 *db);

#endif
