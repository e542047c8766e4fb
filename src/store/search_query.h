/*
 * search_query.h - what somebody looks for, and whether a text has it.
 *
 * A text has it if it has all of the query's tokens (tokens.h) and the query
 * stands in the text, both folded as NFKC_Casefold does: case, width and
 * composition do not matter, everything else is as it was typed. The index
 * answers with what may have it; search_query_matches() says whether it does,
 * so that what is indexed and what is not yet are found by the same rule.
 *
 * A query without tokens (nothing but punctuation) is looked for without the
 * index.
 */
#ifndef SEARCH_QUERY_H
#define SEARCH_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

/* Tokens that are asked of the index; more are left to the comparison. */
#define SEARCH_TOKENS_MAX 32

struct search_query;

/* NULL if the text is empty or larger than TEXT_BYTES_MAX, or no memory is left. */
struct search_query *search_query_create(struct slice text);
void search_query_destroy(struct search_query *query);

bool search_query_matches(struct search_query *query, struct slice text);

/* What FTS5 is asked with MATCH; NULL when the index is of no use. */
const char *search_query_expression(const struct search_query *query);

#endif
