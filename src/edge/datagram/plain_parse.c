#include "plain_parse.h"

#include "utf8.h"

static struct plain_request refused(enum reason reason) {
	return (struct plain_request){.kind = RECORD_NONE, .reason = reason};
}

static struct slice without_line_end_before(struct slice text) {
	if (text.size >= 1 && text.bytes[0] == '\n') {
		return slice_from(text, 1);
	}
	if (text.size >= 2 && text.bytes[0] == '\r' && text.bytes[1] == '\n') {
		return slice_from(text, 2);
	}
	return text;
}

static struct slice without_line_end_after(struct slice text) {
	if (text.size == 0 || text.bytes[text.size - 1] != '\n') {
		return text;
	}
	bool has_return = text.size >= 2 && text.bytes[text.size - 2] == '\r';
	return slice_first(text, text.size - (has_return ? 2 : 1));
}

/* ---- the arguments of each letter: REASON_NONE, or why not ---- */

static enum reason take_name(struct slice argument, struct plain_request *request) {
	request->name = argument;
	return argument.size > NAME_BYTES_MAX ? REASON_NAME_TOO_LONG : REASON_NONE;
}

static enum reason take_text(struct slice argument, struct plain_request *request) {
	request->text = argument;
	return argument.size > PLAIN_ARGUMENT_BYTES_MAX ? REASON_TEXT_TOO_LONG : REASON_NONE;
}

static enum reason take_nothing(struct slice argument, struct plain_request *request) {
	return argument.size > 0 ? REASON_BAD_ARGUMENT : REASON_NONE;
}

/* A count from 1 on; more than there is to have is not an error. */
static enum reason take_count(struct slice argument, struct plain_request *request) {
	request->number = argument.size == 0 ? HISTORY_LINES_DEFAULT : 0;
	for (size_t i = 0; i < argument.size; i++) {
		if (argument.bytes[i] < '0' || argument.bytes[i] > '9') {
			return REASON_BAD_ARGUMENT;
		}
		request->number = request->number * 10 + (uint64_t)(argument.bytes[i] - '0');
		if (request->number > HISTORY_LINES_MAX) {
			request->number = HISTORY_LINES_MAX;
		}
	}
	return request->number == 0 ? REASON_BAD_ARGUMENT : REASON_NONE;
}

/* ---- the letters ---- */

static const struct row {
	char letter;
	uint16_t kind;
	enum reason (*take)(struct slice argument, struct plain_request *request);
} rows[] = {
	{'C', REQUEST_SAY, take_text},      {'L', REQUEST_ENTER, take_name},
	{'Q', REQUEST_LEAVE, take_name},    {'W', REQUEST_WHO, take_nothing},
	{'H', REQUEST_HISTORY, take_count},
};

/* The letter stands alone, or one blank is between it and the rest. */
static const struct row *row_of(struct slice text) {
	if (text.size == 0 || (text.size > 1 && text.bytes[1] != ' ')) {
		return NULL;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].letter == text.bytes[0]) {
			return &rows[i];
		}
	}
	return NULL;
}

struct plain_request plain_parse(struct slice datagram, bool is_cut) {
	struct slice text = without_line_end_before(datagram);
	text = is_cut ? text : without_line_end_after(text);
	const struct row *row = row_of(text);
	if (row == NULL) {
		bool is_text = is_cut || utf8_is_valid(text);
		return refused(is_text ? REASON_UNKNOWN_LETTER : REASON_NOT_UTF8);
	}
	struct plain_request request = {.kind = row->kind};
	struct slice argument = slice_from(text, text.size < 2 ? text.size : 2);
	enum reason reason = row->take(argument, &request);
	if (reason == REASON_NONE && is_cut) {
		/* Nothing that long is acceptable, whatever its end may be. */
		reason = REASON_TEXT_TOO_LONG;
	}
	if (reason == REASON_NONE && !utf8_is_valid(argument)) {
		reason = REASON_NOT_UTF8;
	}
	return reason == REASON_NONE ? request : refused(reason);
}
