/* What a client finds in its folder: any bytes; and what is read is written and read the same. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "session_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	struct link_memory memory, again;
	char text[SESSION_FILE_BYTES_MAX];
	if (!session_file_parse(slice_of((const char *)bytes, size), &memory)) {
		return 0;
	}
	assert(memory.name_size <= NAME_BYTES_MAX);
	size_t written = session_file_format(&memory, text);
	assert(written < sizeof text);
	bool is_good = session_file_parse(slice_of(text, written), &again);
	assert(is_good);
	assert(again.has_session == memory.has_session && again.session == memory.session);
	assert(again.name_size == memory.name_size);
	assert(memcmp(again.name, memory.name, memory.name_size) == 0);
	return 0;
}
