/* The administrator's lines: whatever is typed, slices stay inside the line, and slips have words. */
#include "fuzz.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "command.h"
#include "limits.h"
#include "utf8.h"

static void is_inside(struct slice part, struct slice line) {
	if (part.size > 0) {
		assert(part.bytes >= line.bytes);
		assert(part.bytes + part.size <= line.bytes + line.size);
		assert(utf8_is_valid(part));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	struct slice line = slice_of((const char *)bytes, size);
	struct command command;
	char words[COMMAND_WORDS_MAX];
	enum command_error error = command_parse(line, &command);
	if (error == COMMAND_OK) {
		assert(command.row != NULL);
		assert(command.text.size <= TEXT_BYTES_MAX);
		assert(!(command.has_net && command.name.size > 0));
		is_inside(command.name, line);
		is_inside(command.text, line);
	} else if (error != COMMAND_EMPTY) {
		command_words(error, &command, LANGUAGE_ZH, "/", words);
		assert(words[0] != '\0' && strlen(words) < sizeof(words));
		command_words(error, &command, LANGUAGE_EN, "qun admin ", words);
		assert(words[0] != '\0' && strlen(words) < sizeof(words));
	}
	return 0;
}
