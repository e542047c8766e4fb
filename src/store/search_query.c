#include "search_query.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "limits.h"
#include "tokens.h"

/* `"TOKEN" *`, or less, and ` AND ` before it. */
#define EXPRESSION_BYTES_MAX (SEARCH_TOKENS_MAX * (TOKEN_BYTES_MAX + 12) + 1)

struct wanted {
	bool is_prefix;
	size_t size;
	char bytes[TOKEN_BYTES_MAX];
};

/* Code points that a text becomes at most: 18 for U+FDFA, of three bytes. */
#define POINTS_MAX (TEXT_BYTES_MAX / 3 * 18 + 18)

/* A text, folded. The bytes lie where the code points were. */
struct folding {
	int32_t points[POINTS_MAX + 1];
};

struct search_query {
	size_t raw_size, wanted_count;
	char raw[TEXT_BYTES_MAX];
	struct slice sought; /* the query folded; in `folded`, or in `raw` */
	struct folding folded;
	struct folding other; /* the text that is compared */
	struct wanted wanted[SEARCH_TOKENS_MAX];
	char expression[EXPRESSION_BYTES_MAX];
};

/* What is not UTF-8 stays as it is, and is only found by the same bytes. */
static struct slice fold(struct slice text, struct folding *out) {
	const utf8proc_option_t how = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
	                              UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
	utf8proc_ssize_t count =
		utf8proc_decompose((const utf8proc_uint8_t *)text.bytes,
	                           (utf8proc_ssize_t)text.size, out->points, POINTS_MAX, how);
	if (count < 0 || count > POINTS_MAX) {
		return text;
	}
	utf8proc_ssize_t size = utf8proc_reencode(out->points, count, how);
	if (size < 0) {
		return text;
	}
	return slice_of((const char *)out->points, (size_t)size);
}

static bool is_wanted_already(const struct search_query *query, const struct wanted *one) {
	for (size_t i = 0; i < query->wanted_count; i++) {
		const struct wanted *other = &query->wanted[i];
		if (other->is_prefix == one->is_prefix && other->size == one->size &&
		    memcmp(other->bytes, one->bytes, one->size) == 0) {
			return true;
		}
	}
	return false;
}

static void collect_tokens(struct search_query *query) {
	struct tokens tokens;
	struct token token;
	tokens_init(&tokens, slice_of(query->raw, query->raw_size), TOKENS_QUERY);
	while (query->wanted_count < SEARCH_TOKENS_MAX && tokens_next(&tokens, &token)) {
		struct wanted *one = &query->wanted[query->wanted_count];
		one->is_prefix = token.kind == TOKEN_SINGLE || token.kind == TOKEN_SYMBOL;
		one->size = token.folded.size;
		memcpy(one->bytes, token.folded.bytes, token.folded.size);
		query->wanted_count += !is_wanted_already(query, one);
	}
}

/* Our tokenizer takes a query's string for one token as it is; quotes are never part of one. */
static void write_expression(struct search_query *query) {
	char *at = query->expression;
	for (size_t i = 0; i < query->wanted_count; i++) {
		const struct wanted *one = &query->wanted[i];
		assert(memchr(one->bytes, '"', one->size) == NULL);
		assert(memchr(one->bytes, '\0', one->size) == NULL);
		at = i == 0 ? at : mempcpy(at, " AND ", 5);
		*at++ = '"';
		at = mempcpy(at, one->bytes, one->size);
		*at++ = '"';
		at = one->is_prefix ? mempcpy(at, " *", 2) : at;
	}
	*at = '\0';
}

struct search_query *search_query_create(struct slice text) {
	if (text.size == 0 || text.size > TEXT_BYTES_MAX) {
		return NULL;
	}
	struct search_query *query = calloc(1, sizeof(*query));
	if (query == NULL) {
		return NULL;
	}
	memcpy(query->raw, text.bytes, text.size);
	query->raw_size = text.size;
	query->sought = fold(slice_of(query->raw, query->raw_size), &query->folded);
	if (query->sought.size == 0) {
		/* Nothing but what folding leaves out (soft hyphens, joiners): then as it is. */
		query->sought = slice_of(query->raw, query->raw_size);
	}
	collect_tokens(query);
	write_expression(query);
	return query;
}

void search_query_destroy(struct search_query *query) {
	free(query);
}

const char *search_query_expression(const struct search_query *query) {
	return query->wanted_count == 0 ? NULL : query->expression;
}

static bool is_match(const struct wanted *one, const struct token *token) {
	size_t size = token->folded.size;
	bool is_long_enough = one->is_prefix ? size >= one->size : size == one->size;
	return is_long_enough && memcmp(token->folded.bytes, one->bytes, one->size) == 0;
}

static bool has_all_tokens(const struct search_query *query, struct slice text) {
	struct tokens tokens;
	struct token token;
	uint64_t missing = (UINT64_C(1) << query->wanted_count) - 1;
	tokens_init(&tokens, text, TOKENS_DOCUMENT);
	while (missing != 0 && tokens_next(&tokens, &token)) {
		for (size_t i = 0; i < query->wanted_count; i++) {
			if (is_match(&query->wanted[i], &token)) {
				missing &= ~(UINT64_C(1) << i);
			}
		}
	}
	return missing == 0;
}

bool search_query_matches(struct search_query *query, struct slice text) {
	text = text.size > TEXT_BYTES_MAX ? slice_first(text, TEXT_BYTES_MAX) : text;
	if (text.size == 0) {
		return false;
	}
	struct slice folded = fold(text, &query->other);
	return memmem(folded.bytes, folded.size, query->sought.bytes, query->sought.size) != NULL &&
	       has_all_tokens(query, text);
}
