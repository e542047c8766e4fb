/*
 * What Ergo's `/msg HistServ EXPORT ACCOUNT` writes: all that an account has said, a JSON a line.
 *
 *   {"Type":1,"Nick":"小明!~u@host","Message":{"Message":"text","Split":null,"Time":"2026-…Z",…},
 *    "CfCorrespondent":"#room",…}
 *
 * Type 1 is a message, 2 a notice, 3 to 11 what has no text; a message of several lines has them in Split,
 * where Concat joins one to the line before. CfCorrespondent is the room, folded; or an account, of a message
 * between two.
 */
#include <jansson.h>

#include "import.h"
#include "import_registry.h"

#define TYPE_MESSAGE 1
#define TYPE_NOTICE 2
#define TYPE_LAST 11

bool ergo_place(struct slice path, struct import_place *place) {
	struct slice name = import_base_name(path);
	*place = (struct import_place){0};
	size_t dot = import_find_last(name, ".");
	struct slice end = slice_from(name, dot);
	return slice_equal(end, slice_from_string(".json")) ||
	       slice_equal(end, slice_from_string(".db"));
}

bool ergo_is_registry(struct slice beginning) {
	size_t end = import_find(beginning, "\n");
	if (beginning.size > 0 && beginning.bytes[0] == '*') {
		return true;
	}
	struct slice first = slice_first(beginning, end);
	return import_find(first, "\"CfCorrespondent\"") == first.size &&
	       import_find(first, "\"Nick\"") == first.size;
}

/* What has been decoded so far; a text is never longer than its JSON. */
struct scratch {
	char *bytes;
	size_t size, room;
};

static struct slice keep(struct scratch *scratch, const json_t *value) {
	size_t size = json_string_length(value);
	if (size == 0 || size > scratch->room - scratch->size) {
		return slice_of(NULL, 0);
	}
	char *kept = scratch->bytes + scratch->size;
	memcpy(kept, json_string_value(value), size);
	scratch->size += size;
	return slice_of(kept, size);
}

/* The lines of a message, with line ends between. */
static struct slice join(struct scratch *scratch, const json_t *split) {
	size_t index, begin = scratch->size;
	json_t *each;
	json_array_foreach(split, index, each) {
		bool is_joined = json_is_true(json_object_get(each, "Concat"));
		if (index > 0 && !is_joined && scratch->size < scratch->room) {
			scratch->bytes[scratch->size++] = '\n';
		}
		keep(scratch, json_object_get(each, "Message"));
	}
	return slice_of(scratch->bytes + begin, scratch->size - begin);
}

/* "\1ACTION waves\1" */
static enum import_kind without_ctcp(struct import_line *line, enum import_kind kind) {
	if (kind == IMPORT_SAID && import_take(&line->text, "\1ACTION ")) {
		if (line->text.size > 0 && line->text.bytes[line->text.size - 1] == '\1') {
			line->text = slice_first(line->text, line->text.size - 1);
		}
		return IMPORT_ACTION;
	}
	return kind;
}

static enum import_kind take_item(const json_t *item, struct scratch *scratch,
                                  struct import_line *line) {
	json_int_t type = json_integer_value(json_object_get(item, "Type"));
	const json_t *message = json_object_get(item, "Message");
	if (type < TYPE_MESSAGE || type > TYPE_LAST || !json_is_object(message)) {
		return IMPORT_NONE;
	}
	if (type > TYPE_NOTICE) {
		return IMPORT_PASSED;
	}
	struct slice host;
	line->time = keep(scratch, json_object_get(message, "Time"));
	line->window = keep(scratch, json_object_get(item, "CfCorrespondent"));
	line->name = keep(scratch, json_object_get(item, "Nick"));
	(void)import_cut(line->name, "!", &line->name, &host);
	const json_t *split = json_object_get(message, "Split");
	line->text = json_array_size(split) > 0
	                     ? join(scratch, split)
	                     : keep(scratch, json_object_get(message, "Message"));
	return without_ctcp(line, type == TYPE_NOTICE ? IMPORT_NOTICE : IMPORT_SAID);
}

enum import_kind ergo_line(struct slice bytes, char *scratch, struct import_line *line) {
	struct scratch decoded = {.bytes = scratch, .room = bytes.size};
	*line = (struct import_line){.kind = IMPORT_NONE};
	json_t *item = json_loadb(bytes.bytes, bytes.size, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(item)) {
		line->kind = take_item(item, &decoded, line);
	}
	json_decref(item);
	return line->kind;
}
