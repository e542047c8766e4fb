#include "tongue.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum language tongue(void) {
	static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
		const char *value = getenv(variables[i]);
		if (value != NULL && value[0] != '\0') {
			return strncmp(value, "zh", 2) == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
		}
	}
	return LANGUAGE_EN;
}
