/* What the fuzzers of import.h share: each line of the input is a line, and the name of a file. */
#ifndef IMPORT_FUZZ_H
#define IMPORT_FUZZ_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

static inline bool lies_in(struct slice part, const char *bytes, size_t size) {
	uintptr_t from = (uintptr_t)bytes, at = (uintptr_t)part.bytes;
	return part.size == 0 || (at >= from && part.size <= size && at - from <= size - part.size);
}

static inline void fuzz_import_line(bool (*place_of)(struct slice, struct import_place *),
                                    enum import_kind (*parse)(struct slice, char *,
                                                              struct import_line *),
                                    struct slice bytes) {
	struct import_place place;
	struct import_line line;
	char *scratch = malloc(bytes.size + 1);
	assert(scratch != NULL);
	if (place_of(bytes, &place)) {
		assert(lies_in(place.window, bytes.bytes, bytes.size));
		assert(place.day[0] == '\0' || strlen(place.day) == IMPORT_DAY_BYTES - 1);
	}
	enum import_kind kind = parse(bytes, scratch, &line);
	assert(kind == line.kind && kind <= IMPORT_TOPIC);
	const struct slice parts[] = {line.time, line.window, line.name, line.other_name,
	                              line.text};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		assert(lies_in(parts[i], bytes.bytes, bytes.size) ||
		       lies_in(parts[i], scratch, bytes.size));
	}
	/* Its bytes are there to be read. */
	size_t sum = 0;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (size_t j = 0; j < parts[i].size; j++) {
			sum += (uint8_t)parts[i].bytes[j];
		}
	}
	assert(sum <= 5 * 255 * bytes.size);
	free(scratch);
}

static inline void fuzz_import(bool (*place_of)(struct slice, struct import_place *),
                               enum import_kind (*parse)(struct slice, char *,
                                                         struct import_line *),
                               const uint8_t *bytes, size_t size) {
	struct slice rest = slice_of((const char *)bytes, size);
	while (rest.size > 0) {
		const char *end = memchr(rest.bytes, '\n', rest.size);
		size_t line = end == NULL ? rest.size : (size_t)(end - rest.bytes);
		fuzz_import_line(place_of, parse, slice_first(rest, line));
		rest = slice_from(rest, end == NULL ? line : line + 1);
	}
}

#endif
