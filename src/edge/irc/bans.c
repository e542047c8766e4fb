/*
 * bans.c - KLINE, DLINE, DEFCON and what takes them back: what the server's operators do against
 * trouble. These are the bans of `qun admin ban`: a K-line is one of a name, an account or a
 * mask, a D-line one of a network.
 */
#include "cut.h"
#include "duration.h"
#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_mask.h"
#include "irc_time.h"
#include "irc_view.h"
#include "name.h"
#include "whom.h"

#define MYSELF "MYSELF"

/* ---- what is typed ---- */

struct wish {
	const char *command;
	bool may_be_myself;
	uint64_t seconds; /* 0: until it is taken back */
	struct slice typed, why;
	struct whom whom;
	char words[WHY_BYTES_MAX + 1]; /* of `why`, if it is several parameters */
};

static void fail(struct irc *irc, const struct wish *wish, const char *code, struct slice context,
                 const char *text) {
	irc_standard(irc, "FAIL", wish->command, code, irc_as_middle(context), text);
}

static bool is_number(struct slice text) {
	size_t digits = 0;
	while (digits < text.size && text.bytes[digits] >= '0' && text.bytes[digits] <= '9') {
		digits++;
	}
	return digits > 0 && digits == text.size;
}

/* Of a reason that lacks its ':' all words. */
static struct slice why_from(const struct irc *irc, size_t at, char *out, size_t room) {
	struct irc_line line = irc_line_at(out, room);
	if (at + 1 >= irc->message.count) {
		return irc_parameter(&irc->message, at);
	}
	for (size_t i = at; i < irc->message.count; i++) {
		irc_put_text(&line, i > at ? " " : "");
		irc_put(&line, irc_parameter(&irc->message, i));
	}
	/* Too long: the hub says so. */
	return line.is_full ? slice_of(out, room) : irc_line_slice(&line);
}

/* [MYSELF] [duration] whom why */
static bool take_wish(struct irc *irc, struct wish *wish) {
	size_t at = 0;
	struct slice first = irc_parameter(&irc->message, at);
	if (irc_equal(first, MYSELF)) {
		wish->may_be_myself = true;
		first = irc_parameter(&irc->message, ++at);
	}
	if (duration_parse(first, &wish->seconds)) {
		at++;
	} else if (is_number(first)) {
		fail(irc, wish, "INVALID_DURATION", first,
		     "How long, in units: 90s, 10m, 1h30m, 7d, 1y");
		return false;
	}
	wish->typed = irc_parameter(&irc->message, at);
	wish->why = why_from(irc, at + 1, wish->words, sizeof(wish->words));
	wish->whom = whom_parse(wish->typed);
	if (wish->typed.size == 0 || wish->why.size == 0) {
		irc_numeric_with(irc, ERR_NEEDMOREPARAMS, irc_word(wish->command),
		                 irc_word("Whom, and why: that is kept, and told"));
		return false;
	}
	return true;
}

/* ---- is it oneself? ---- */

static bool is_mask_of(struct slice mask, struct slice name, struct slice userhost) {
	char whole[IRC_MASK_BYTES_MAX], folded[IRC_MASK_BYTES_MAX];
	char text[NAME_BYTES_MAX + 1 + USERHOST_BYTES_MAX], own[IRC_MASK_BYTES_MAX];
	struct irc_line line = irc_line_at(text, sizeof(text));
	irc_put(&line, name);
	irc_put_text(&line, "!");
	irc_put(&line, userhost);
	size_t size = irc_mask_complete(mask, whole, sizeof(whole));
	size_t folded_size = irc_mask_fold(slice_of(whole, size), folded, sizeof(folded));
	size_t own_size = irc_mask_fold(irc_line_slice(&line), own, sizeof(own));
	return size > 0 && folded_size > 0 && own_size > 0 &&
	       irc_mask_matches(slice_of(folded, folded_size), slice_of(own, own_size));
}

static bool is_oneself(const struct irc *irc, const struct whom *whom) {
	const struct state *state = irc->edge->state;
	const struct person *self = irc_self(irc);
	if (whom->has_net) {
		return net_holds(&whom->net, stream_peer(irc->to));
	}
	if (self == NULL) {
		return false;
	}
	if ((whom->bits & BAN_IS_MASK) != 0) {
		return is_mask_of(whom->name, person_name(self), view_userhost(state, self));
	}
	bool is_of_whom = (whom->bits & BAN_IS_ACCOUNT) == 0 ||
	                  (person_bits(state, self) & PERSON_HAS_ACCOUNT) != 0;
	return is_of_whom && name_equal(whom->name, person_name(self));
}

/* ---- KLINE, DLINE ---- */

/* A network is no K-line, and nothing else is a D-line: so each is found where it is looked for. */
static bool is_of_kind(struct irc *irc, const struct wish *wish, bool is_net) {
	if (wish->whom.has_net == is_net) {
		return true;
	}
	fail(irc, wish, "INVALID_TARGET", wish->typed,
	     is_net ? "That is no address or network, such as 192.0.2.7 or 2001:db8::/32"
	            : "That is an address or network: DLINE is for those");
	return false;
}

static void ask_for_ban(struct irc *irc, const struct wish *wish, uint16_t kind) {
	struct record request = {.kind = kind,
	                         .has_net = wish->whom.has_net,
	                         .net = wish->whom.net,
	                         .name = wish->whom.name,
	                         .bits = wish->whom.bits,
	                         .number = wish->seconds,
	                         .text = wish->why};
	irc_request(irc, &request, wish->typed, false);
}

static void ban(struct irc *irc, const char *command, bool is_net) {
	struct wish wish = {.command = command};
	if (!irc_is_operator(irc) || !take_wish(irc, &wish) || !is_of_kind(irc, &wish, is_net)) {
		return;
	}
	if (!wish.may_be_myself && is_oneself(irc, &wish.whom)) {
		fail(irc, &wish, "IS_YOURSELF", wish.typed,
		     "That would be you: say MYSELF before it if you mean it");
		return;
	}
	ask_for_ban(irc, &wish, REQUEST_BAN);
}

static void unban(struct irc *irc, const char *command, bool is_net) {
	struct wish wish = {.command = command, .typed = irc_parameter(&irc->message, 0)};
	wish.whom = whom_parse(wish.typed);
	if (!irc_is_operator(irc)) {
		return;
	}
	if (wish.typed.size == 0) {
		irc_numeric(irc, ERR_NEEDMOREPARAMS, irc_word(command), irc_nothing());
	} else if (is_of_kind(irc, &wish, is_net)) {
		ask_for_ban(irc, &wish, REQUEST_UNBAN);
	}
}

static bool asks_for_list(const struct irc *irc) {
	return irc->message.count == 1 && irc_equal(irc_parameter(&irc->message, 0), "LIST");
}

void irc_on_kline(struct irc *irc) {
	if (asks_for_list(irc)) {
		irc_say_stats(irc, 'k');
	} else {
		ban(irc, "KLINE", false);
	}
}

void irc_on_dline(struct irc *irc) {
	if (asks_for_list(irc)) {
		irc_say_stats(irc, 'd');
	} else {
		ban(irc, "DLINE", true);
	}
}

void irc_on_unkline(struct irc *irc) {
	unban(irc, "UNKLINE", false);
}

void irc_on_undline(struct irc *irc) {
	unban(irc, "UNDLINE", true);
}

/* ---- DEFCON ---- */

static const char *meaning_of(uint64_t level) {
	switch (level) {
	case LEVEL_QUIET: return "nobody new comes in, and every room is as if moderated";
	case LEVEL_SHUT: return "nobody new comes in";
	case LEVEL_ACCOUNTS: return "of those who are new, only who has an account comes in";
	case LEVEL_NO_NEW_ACCOUNTS: return "nobody can register an account";
	default: return "the server is as open as it ever is";
	}
}

/* Room for a reason, and what is said around it; what does not fit into a line is cut. */
#define WORDS_BYTES_MAX (WHY_BYTES_MAX + MASK_BYTES_MAX + NAME_BYTES_MAX + 256)

static void put_level(struct irc_line *line, uint64_t level) {
	irc_put_text(line, "Current DEFCON level is ");
	irc_put_number(line, level);
	irc_put_text(line, ": ");
	irc_put_text(line, meaning_of(level));
}

static void put_by(struct irc_line *line, uint64_t since_us, struct slice by) {
	irc_put_time(line, since_us);
	irc_put_text(line, " by ");
	irc_put(line, by.size > 0 ? by : irc_word("the administrator"));
}

static void say_level(struct irc *irc) {
	const struct server_state server = state_server(irc->edge->state);
	char text[WORDS_BYTES_MAX];
	struct irc_line line = irc_line_at(text, sizeof(text));
	put_level(&line, server.level);
	if (server.since_us != 0) {
		irc_put_text(&line, " (");
		put_by(&line, server.since_us, server.by);
		irc_put_text(&line, server.why.size > 0 ? ") " : ")");
		irc_put(&line, server.why);
	}
	irc_notice(irc, NULL, irc_line_slice(&line));
}

void irc_on_defcon(struct irc *irc) {
	struct wish wish = {.command = "DEFCON", .typed = irc_parameter(&irc->message, 0)};
	if (!irc_is_operator(irc)) {
		return;
	}
	if (wish.typed.size == 0) {
		say_level(irc);
		return;
	}
	char digit = wish.typed.bytes[0];
	if (wish.typed.size != 1 || digit < '0' + LEVEL_QUIET || digit > '0' + LEVEL_OPEN) {
		fail(irc, &wish, "INVALID_LEVEL", wish.typed,
		     "A level is 1 to 5; HELP DEFCON says what they mean");
		return;
	}
	struct record request = {.kind = REQUEST_SERVER_SET,
	                         .number = (uint64_t)(digit - '0'),
	                         .text = why_from(irc, 1, wish.words, sizeof(wish.words))};
	irc_request(irc, &request, wish.typed, false);
}

/* ---- what came of it ---- */

/* "account:ann", "*!*@host", "10.0.0.0/8"; as KLINE and DLINE take it. */
static void put_whom(struct irc_line *line, const struct net *net, uint64_t bits,
                     struct slice name) {
	char text[ADDRESS_TEXT_MAX];
	if (net != NULL) {
		net_format(net, text);
		irc_put_text(line, text[0] == ':' ? "0" : "");
		irc_put_text(line, text);
		return;
	}
	irc_put_text(line, (bits & BAN_IS_ACCOUNT) != 0 ? WHOM_ACCOUNT : "");
	irc_put(line, irc_as_middle(name));
}

void irc_ban_done(struct irc *irc, const struct record *entry) {
	char text[WORDS_BYTES_MAX];
	struct irc_line line = irc_line_at(text, sizeof(text));
	bool is_lifted = entry->kind == ENTRY_UNBANNED;
	if (entry->kind == ENTRY_SERVER_SET) {
		put_level(&line, entry->number);
		irc_notice(irc, NULL, irc_line_slice(&line));
		return;
	}
	irc_put_text(&line, is_lifted ? "Removed " : "Added ");
	irc_put_text(&line, entry->has_net ? "D-Line for " : "K-Line for ");
	put_whom(&line, entry->has_net ? &entry->net : NULL, entry->bits, entry->name);
	if (entry->until_us != 0 && !is_lifted) {
		irc_put_text(&line, " until ");
		irc_put_time(&line, entry->until_us);
	}
	irc_notice(irc, NULL, irc_line_slice(&line));
}

static const char *command_of(uint16_t kind, bool is_net) {
	switch (kind) {
	case REQUEST_BAN: return is_net ? "DLINE" : "KLINE";
	case REQUEST_UNBAN: return is_net ? "UNDLINE" : "UNKLINE";
	default: return "DEFCON";
	}
}

void irc_ban_refused(struct irc *irc, const struct irc_asked *asked, const struct record *answer) {
	struct slice typed = slice_from_string(asked->target);
	const struct wish wish = {.command = command_of(asked->kind, whom_parse(typed).has_net)};
	switch (answer->reason) {
	case REASON_NOT_PERMITTED:
		irc_numeric(irc, ERR_NOPRIVILEGES, irc_nothing(), irc_nothing());
		return;
	case REASON_NO_SUCH_BAN:
		fail(irc, &wish, "NO_SUCH_BAN", typed,
		     "There is no such ban; it is written as STATS k and STATS d show it");
		return;
	case REASON_NAME_INVALID:
		fail(irc, &wish, "INVALID_TARGET", typed, "That is no name and no mask");
		return;
	case REASON_FULL:
		fail(irc, &wish, "TOO_MANY_BANS", typed,
		     "There are as many bans as there may be: take some back first");
		return;
	case REASON_TEXT_TOO_LONG:
		fail(irc, &wish, "REASON_TOO_LONG", typed, "The reason is too long");
		return;
	default:
		fail(irc, &wish, "TEMPORARILY_UNAVAILABLE", typed,
		     "The server cannot do that just now: try again");
	}
}

/* ---- STATS k, STATS d ---- */

#define BANS_TOLD_MAX 100

/* The reason is cut, not who and until when. */
static void say_ban(struct irc *irc, const struct restriction *ban) {
	char text[NAME_BYTES_MAX + 128];
	struct irc_line line = irc_line_at(text, sizeof(text));
	irc_put_text(&line, ban->why.size > 0 ? " (" : "(");
	put_by(&line, ban->since_us, ban->by);
	if (ban->until_us != 0) {
		irc_put_text(&line, ", until ");
		irc_put_time(&line, ban->until_us);
	}
	irc_put_text(&line, ")");

	irc_begin_numeric(irc, ban->has_net ? RPL_STATSDLINE : RPL_STATSKLINE);
	irc_put_text(&irc->at, ban->has_net ? " D " : " K ");
	put_whom(&irc->at, ban->has_net ? &ban->net : NULL, ban->bits, ban->name);
	irc_put_text(&irc->at, ban->has_net ? " :" : " * * :");
	size_t taken = irc->at.size + line.size + 2;
	size_t room = taken < sizeof(irc->line) ? sizeof(irc->line) - taken : 0;
	irc_put(&irc->at,
	        slice_first(ban->why,
	                    ban->why.size <= room ? ban->why.size : cut_before(ban->why, room)));
	irc_put(&irc->at, irc_line_slice(&line));
	irc_end_line(irc);
}

void irc_say_bans(struct irc *irc, bool of_nets) {
	const struct state *state = irc->edge->state;
	size_t told = 0;
	for (size_t i = 0; i < state_restrictions_count(state) && told < BANS_TOLD_MAX; i++) {
		const struct restriction *ban = state_restriction(state, i);
		if (!ban->is_mute && ban->has_net == of_nets) {
			say_ban(irc, ban);
			told++;
		}
	}
}
