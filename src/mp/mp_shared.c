#include "mp_shared.h"

#include <sys/mman.h>

void *mp_shared_make(size_t size) {
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

void mp_shared_give_back(void *memory, size_t size) {
	if (memory) {
		munmap(memory, size);
	}
}
