#include "act.h"

#include "address.h"
#include "name.h"

bool record_is_act(const struct record *record) {
	switch (record->kind) {
	case ENTRY_KICKED:
	case ENTRY_SHOUTED:
	case ENTRY_MUTED:
	case ENTRY_UNMUTED:
	case ENTRY_BANNED:
	case ENTRY_UNBANNED:
	case ENTRY_CLOSED:
	case ENTRY_PUT_OUT:
	case ENTRY_ACCOUNT_ENDED:
	case ENTRY_REDACTED:
	case ENTRY_ROOM_RENAMED:
	case ENTRY_SERVER_SET:
	case ENTRY_FOUNDER:
	case ENTRY_STANDING:
	case ENTRY_ERASED: return true;
	/* What a room's modes are changed to by itself is nobody's act. */
	case ENTRY_MODE: return record->person != 0;
	default: return false;
	}
}

bool act_is_expiry(const struct record *act) {
	return (act->kind == ENTRY_UNBANNED || act->kind == ENTRY_UNMUTED) && act->until_us != 0;
}

struct slice act_by(const struct record *act) {
	switch (act->kind) {
	case ENTRY_MODE:
	case ENTRY_REDACTED:
	case ENTRY_ROOM_RENAMED: return act->name;
	default: return act->by;
	}
}

struct slice act_about(const struct record *act) {
	switch (act->kind) {
	case ENTRY_MODE:
	case ENTRY_REDACTED:
	case ENTRY_ROOM_RENAMED: return act->other_name;
	default: return act->name;
	}
}

bool act_is_by(const struct record *act, struct slice name) {
	struct slice by = act_by(act);
	if (by.size > 0) {
		return name_equal(by, name);
	}
	return !act_is_expiry(act) && name_check(name) == NAME_RESERVED;
}

static bool is_same(struct slice a, struct slice b) {
	return a.size > 0 && (slice_equal(a, b) || name_equal(a, b));
}

bool act_is_about(const struct record *act, struct slice what) {
	char net[ADDRESS_TEXT_MAX];
	if (act->has_net && slice_equal(slice_from_string(net_format(&act->net, net)), what)) {
		return true;
	}
	/* A renamed room was called `by`. */
	bool has_old = act->kind == ENTRY_ROOM_RENAMED && is_same(act->by, what);
	return has_old || is_same(act_about(act), what) ||
	       (act->kind != ENTRY_BANNED && is_same(act->other_name, what));
}
