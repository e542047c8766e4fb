/* The tokens of any bytes stay in their bounds and in their order, and a text finds itself. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tokens.h"
#include "utf8.h"

static size_t walk(struct slice text, enum tokens_purpose purpose) {
	struct tokens tokens;
	struct token token;
	size_t count = 0;
	size_t begin = 0;
	size_t end = 0;
	for (tokens_init(&tokens, text, purpose); tokens_next(&tokens, &token); count++) {
		assert(token.folded.size > 0);
		assert(token.folded.size <= TOKEN_BYTES_MAX);
		assert(utf8_is_valid(token.folded));
		assert(token.begin >= begin);
		assert(token.end >= end);
		assert(token.begin < token.end);
		assert(token.end <= text.size);
		begin = token.begin;
		end = token.end;
	}
	return count;
}

static void fold(struct slice text) {
	size_t size = tokens_fold(text, NULL, 0);
	assert(size <= TOKENS_FOLD_BYTES_MAX(text.size));
	char *folded = malloc(size + 1);
	assert(folded != NULL);
	assert(tokens_fold(text, folded, size) == size);
	assert(utf8_is_valid(slice_of(folded, size)));
	assert(size == 0 || (folded[0] != ' ' && folded[size - 1] != ' '));
	assert(memmem(folded, size, "  ", 2) == NULL);
	free(folded);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	struct slice text = slice_of((const char *)bytes, size);
	assert(walk(text, TOKENS_QUERY) <= walk(text, TOKENS_DOCUMENT));
	fold(text);
	return 0;
}
