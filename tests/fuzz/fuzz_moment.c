/* Any bytes as a time: understood or not, and what is understood can be written. */
#include "fuzz.h"

#include <assert.h>

#include "moment.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	uint64_t us;
	char text[MOMENT_BYTES];
	if (moment_parse(slice_of((const char *)bytes, size), UINT64_C(1800000000000000), &us)) {
		size_t written = moment_format_utc(us, text);
		assert(written > 0);
		written = moment_format_local(us, text);
		assert(written > 0);
	}
	return 0;
}
