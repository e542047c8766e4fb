#include "search_tokenizer.h"

#include <stddef.h>

#include "tokens.h"

typedef int take_token(void *context, int flags, const char *token, int size, int begin, int end);

/* A tokenizer has nothing to remember: any address that is not NULL stands for it. */
static int create(void *unused, const char **words, int count, Fts5Tokenizer **out) {
	static char it;
	*out = (Fts5Tokenizer *)(void *)&it;
	return SQLITE_OK;
}

static void delete (Fts5Tokenizer *unused) {
}

static int cut(Fts5Tokenizer *unused, void *context, int purpose, const char *text, int size,
               take_token *take) {
	if (purpose & FTS5_TOKENIZE_QUERY) {
		return size > 0 ? take(context, 0, text, size, 0, size) : SQLITE_OK;
	}
	struct tokens tokens;
	struct token token;
	int result = SQLITE_OK;
	tokens_init(&tokens, slice_of(text, text == NULL ? 0 : (size_t)size), TOKENS_DOCUMENT);
	while (result == SQLITE_OK && tokens_next(&tokens, &token)) {
		result = take(context, 0, token.folded.bytes, (int)token.folded.size,
		              (int)token.begin, (int)token.end);
	}
	return result;
}

static int find_api(sqlite3 *db, fts5_api **api) {
	sqlite3_stmt *statement = NULL;
	*api = NULL;
	int result = sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &statement, NULL);
	if (result == SQLITE_OK) {
		sqlite3_bind_pointer(statement, 1, api, "fts5_api_ptr", NULL);
		sqlite3_step(statement);
	}
	sqlite3_finalize(statement);
	return result == SQLITE_OK && *api == NULL ? SQLITE_ERROR : result;
}

int search_tokenizer_register(sqlite3 *db) {
	static fts5_tokenizer tokenizer = {.xCreate = create, .xDelete = delete, .xTokenize = cut};
	fts5_api *api;
	int result = find_api(db, &api);
	return result == SQLITE_OK ? api->xCreateTokenizer(api, "qun", NULL, &tokenizer, NULL)
	                           : result;
}
