/* Passwords: whatever comes, what is prepared is UTF-8 without controls, and prepared again it is the same. */
#include "fuzz.h"

#include <assert.h>
#include <stdint.h>

#include "password.h"
#include "slice.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	struct password password, again;
	struct slice given = slice_of((const char *)bytes, size);
	enum account_word word = password_prepare(given, &password);
	struct slice prepared = slice_of(password.bytes, password.size);
	assert(password.size <= PASSWORD_PREPARED_BYTES_MAX);
	if (word == ACCOUNT_BAD_PASSWORD) {
		assert(password.size == 0);
		return 0;
	}
	assert(word == ACCOUNT_OK || word == ACCOUNT_WEAK);
	assert(utf8_is_valid(prepared));
	if (password.size > 0 && password.size <= ACCOUNT_PASSWORD_BYTES_MAX) {
		assert(password_prepare(prepared, &again) == word);
		assert(slice_equal(prepared, slice_of(again.bytes, again.size)));
	}
	return 0;
}
