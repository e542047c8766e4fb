#include "import.h"

size_t import_find(struct slice in, const char *what) {
	const char *found = in.size > 0 ? memmem(in.bytes, in.size, what, strlen(what)) : NULL;
	return found != NULL ? (size_t)(found - in.bytes) : in.size;
}

size_t import_find_last(struct slice in, const char *what) {
	struct slice wanted = slice_from_string(what);
	for (size_t end = in.size; end >= wanted.size; end--) {
		if (slice_starts_with(slice_from(in, end - wanted.size), wanted)) {
			return end - wanted.size;
		}
	}
	return in.size;
}

bool import_cut(struct slice in, const char *what, struct slice *before, struct slice *behind) {
	size_t at = import_find(in, what);
	if (at == in.size) {
		return false;
	}
	*before = slice_first(in, at);
	*behind = slice_from(in, at + strlen(what));
	return true;
}

bool import_is_line(struct slice text) {
	for (size_t i = 0; i < text.size; i++) {
		if (text.bytes[i] == '\n' || text.bytes[i] == '\r' || text.bytes[i] == '\0') {
			return false;
		}
	}
	return true;
}

struct slice import_base_name(struct slice path) {
	size_t at = import_find_last(path, "/");
	return at == path.size ? path : slice_from(path, at + 1);
}

struct slice import_bare_name(struct slice name) {
	bool has_sign = name.size > 1 && strchr("~&@%+", name.bytes[0]) != NULL;
	return has_sign ? slice_from(name, 1) : name;
}
