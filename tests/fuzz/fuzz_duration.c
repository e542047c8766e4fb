/* Any bytes as a duration: what is understood has its bounds, and is letters and digits. */
#include "fuzz.h"

#include <assert.h>

#include "duration.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	uint64_t seconds, again;
	struct slice text = slice_of((const char *)bytes, size);
	if (duration_parse(text, &seconds)) {
		assert(seconds > 0 && seconds <= DURATION_S_MAX);
		for (size_t i = 0; i < size; i++) {
			assert((bytes[i] >= '0' && bytes[i] <= '9') ||
			       (bytes[i] >= 'a' && bytes[i] <= 'z'));
		}
		assert(duration_parse(text, &again) && again == seconds);
	}
	return 0;
}
