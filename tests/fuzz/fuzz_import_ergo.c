/* What Ergo keeps, of any bytes: its registry, and the lines that it exports. */
#include "fuzz.h"

#include "import_fuzz.h"
#include "import_registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	struct import_registry registry;
	struct slice all = slice_of((const char *)bytes, size);
	(void)ergo_is_registry(all);
	(void)ergo_registry(all, &registry);
	for (size_t i = 0; i < registry.accounts_count; i++) {
		const struct import_account *account = &registry.accounts[i];
		assert(!account->has_keys || account->iterations > 0);
		assert(account->name.size <= size);
	}
	for (size_t i = 0; i < registry.channels_count; i++) {
		assert(memchr(registry.channels[i].modes, '\0',
		              sizeof(registry.channels[i].modes)));
	}
	import_registry_finish(&registry);
	fuzz_import(ergo_place, ergo_line, bytes, size);
	return 0;
}
