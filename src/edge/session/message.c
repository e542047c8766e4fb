#include "message.h"

#include "limits.h"
#include "utf8.h"
#include "wire.h"

static bool unfit(struct record *request, enum reason reason, uint64_t argument) {
	*request = (struct record){
		.kind = REQUEST_UNFIT, .reason = (uint16_t)reason, .number = argument};
	return false;
}

static bool take_text(struct record *request, struct slice text, size_t most) {
	request->text = text;
	if (text.size > most) {
		return unfit(request, REASON_TEXT_TOO_LONG, most);
	}
	return utf8_is_valid(text) || unfit(request, REASON_NOT_UTF8, 0);
}

static bool take_name(struct record *request, struct slice name) {
	request->name = name;
	if (name.size > NAME_BYTES_MAX) {
		return unfit(request, REASON_NAME_TOO_LONG, 0);
	}
	return utf8_is_valid(name) || unfit(request, REASON_NOT_UTF8, 0);
}

/* ---- the kinds ---- */

static bool say(struct wire_in *in, struct record *request) {
	request->kind = REQUEST_SAY;
	request->room = wire_get_varint(in);
	return take_text(request, wire_get_rest(in), TEXT_BYTES_MAX);
}

static bool join(struct wire_in *in, struct record *request) {
	request->kind = REQUEST_JOIN;
	request->name = wire_get_rest(in);
	return (request->name.size <= ROOM_NAME_BYTES_MAX && utf8_is_valid(request->name)) ||
	       unfit(request, REASON_ROOM_NAME_INVALID, 0);
}

static bool part(struct wire_in *in, struct record *request) {
	request->kind = REQUEST_PART;
	request->room = wire_get_varint(in);
	return take_text(request, wire_get_rest(in), WHY_BYTES_MAX);
}

static bool direct(struct wire_in *in, struct record *request) {
	request->kind = REQUEST_DIRECT;
	struct slice name = wire_get_string(in);
	struct slice text = wire_get_rest(in);
	return take_name(request, name) && take_text(request, text, TEXT_BYTES_MAX);
}

static bool rename_to(struct wire_in *in, struct record *request) {
	request->kind = REQUEST_RENAME;
	return take_name(request, wire_get_rest(in));
}

static bool leave(struct wire_in *in, struct record *request) {
	request->kind = REQUEST_LEAVE;
	return take_text(request, wire_get_rest(in), WHY_BYTES_MAX);
}

void message_request(const struct message *message, struct record *request) {
	static bool (*const kinds[])(struct wire_in * in, struct record * request) = {
		[MESSAGE_SAY] = say,       [MESSAGE_JOIN] = join,        [MESSAGE_PART] = part,
		[MESSAGE_DIRECT] = direct, [MESSAGE_RENAME] = rename_to, [MESSAGE_LEAVE] = leave,
	};
	struct wire_in in = wire_in_at(message->bytes);
	*request = (struct record){0};
	if (message->is_too_long) {
		unfit(request, REASON_TEXT_TOO_LONG, TEXT_BYTES_MAX);
		return;
	}
	if (message->kind >= sizeof(kinds) / sizeof(kinds[0]) || kinds[message->kind] == NULL) {
		unfit(request, REASON_BAD_ARGUMENT, 0);
		return;
	}
	bool is_fit = kinds[message->kind](&in, request);
	if (is_fit && in.is_bad) {
		unfit(request, REASON_BAD_ARGUMENT, 0);
	}
}
