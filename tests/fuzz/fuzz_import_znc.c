/* Lines and names of files as znc may have them: what is found lies within, and ends. */
#include "fuzz.h"

#include "import_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	fuzz_import(znc_place, znc_line, bytes, size);
	return 0;
}
