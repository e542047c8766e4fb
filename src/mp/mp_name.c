#include "mp_name.h"

#include <stdio.h>
#include <string.h>

void mp_name_copy(char *name, size_t size, const char *from) {
	size_t bytes = strlen(from);
	if (bytes >= size) {
		bytes = size - 1;
		/* Bytes 10xxxxxx go on with a character of UTF-8. */
		while (bytes > 0 && ((unsigned char)from[bytes] & 0xc0) == 0x80) {
			bytes--;
		}
	}
	memmove(name, from, bytes);
	name[bytes] = '\0';
}

void mp_name_number(char name[MP_NAME_BYTES], const char *kind, unsigned number) {
	snprintf(name, MP_NAME_BYTES, "%s-%u", kind, number);
}
