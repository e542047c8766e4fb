/* What a fuzzer is: one function that takes any bytes, and comes back. It returns 0, keeps nothing
 * from one call to the next, and says what must hold with assert. */
#ifndef QUN_FUZZ_H
#define QUN_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif
