#include "irc_render.h"

#include <string.h>

#include "irc_capability.h"
#include "irc_time.h"
#include "irc_view.h"
#include "limits.h"
#include "render_lines.h"

uint32_t irc_form_of(uint64_t capabilities) {
	static const struct {
		enum irc_capability capability;
		uint32_t bit;
	} bits[] = {
		{CAP_SERVER_TIME, FORM_TIME},
		{CAP_MESSAGE_TAGS, FORM_TAGS},
		{CAP_ACCOUNT_TAG, FORM_ACCOUNT_TAG},
		{CAP_EXTENDED_JOIN, FORM_EXTENDED_JOIN},
		{CAP_AWAY_NOTIFY, FORM_AWAY},
		{CAP_ACCOUNT_NOTIFY, FORM_ACCOUNT},
		{CAP_CHGHOST, FORM_CHGHOST},
		{CAP_SETNAME, FORM_SETNAME},
		{CAP_MESSAGE_REDACTION, FORM_REDACTION},
		{CAP_CHANNEL_RENAME, FORM_CHANNEL_RENAME},
		{CAP_RELAYMSG, FORM_RELAYED},
	};
	uint32_t form = 0;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		form |= irc_has(capabilities, bits[i].capability) ? bits[i].bit : 0;
	}
	if (irc_has(capabilities, CAP_MULTILINE) && irc_has(capabilities, CAP_BATCH)) {
		form |= FORM_MULTILINE;
	}
	return form;
}

static struct slice word(const char *text) {
	return slice_from_string(text);
}

static struct slice room_name(const struct work *work) {
	const struct record *entry = work->entry;
	if (work->how->room != 0) {
		return view_room_name(work->how->state, work->how->room);
	}
	if (entry->kind == ENTRY_ENTERED || entry->kind == ENTRY_LEFT ||
	    entry->kind == ENTRY_RENAMED || entry->other_name.size == 0) {
		return view_room_name(work->how->state,
		                      entry->room == 0 ? ROOM_LOBBY : entry->room);
	}
	return entry->other_name;
}

/* ---- kind by kind ---- */

static void on_said(struct work *work, struct slice target) {
	struct irc_line head;
	render_begin(work, &head, (work->entry->bits & SAID_IS_NOTICE) != 0 ? "NOTICE" : "PRIVMSG");
	render_word(&head, target);
	render_text(work, &head, target, work->entry->text);
}

static void on_said_to(struct work *work) {
	char target[ROOM_NAME_BYTES_MAX + 1];
	struct slice name = room_name(work);
	if (name.size > ROOM_NAME_BYTES_MAX) {
		return;
	}
	target[0] = (work->entry->number & MEMBER_IS_OPERATOR) != 0 ? '@' : '+';
	memcpy(target + 1, name.bytes, name.size);
	on_said(work, slice_of(target, name.size + 1));
}

static void on_tagged(struct work *work) {
	struct irc_line head;
	if ((work->how->form & FORM_TAGS) == 0 || work->entry->tags.size == 0) {
		return;
	}
	render_begin(work, &head, "TAGMSG");
	render_word(&head, work->entry->target != 0 ? work->entry->other_name : room_name(work));
	render_bare(work, &head);
}

static void on_redacted(struct work *work) {
	struct irc_line head;
	const struct record *entry = work->entry;
	if ((work->how->form & FORM_REDACTION) == 0) {
		return;
	}
	render_begin(work, &head, "REDACT");
	render_word(&head, entry->target != 0 ? entry->other_name : room_name(work));
	irc_put_text(&head, " ");
	irc_put_msgid(&head, work->how->log, entry->number);
	if (entry->text.size > 0) {
		render_short(work, &head, entry->text);
	} else {
		render_bare(work, &head);
	}
}

static void put_away(struct work *work, struct slice away) {
	struct irc_line head;
	render_begin(work, &head, "AWAY");
	if (away.size > 0) {
		render_short(work, &head, away);
	} else {
		render_bare(work, &head);
	}
}

static void on_joined(struct work *work) {
	struct irc_line head;
	const struct irc_rendering *how = work->how;
	const struct person *person = state_person(how->state, work->entry->person);
	struct slice room = room_name(work);
	if (room.size == 0) {
		return;
	}
	render_begin(work, &head, "JOIN");
	render_word(&head, room);
	if ((how->form & FORM_EXTENDED_JOIN) == 0) {
		render_bare(work, &head);
	} else {
		render_word(&head, (work->entry->bits & PERSON_HAS_ACCOUNT) != 0 ? work->entry->name
		                                                                 : word("*"));
		render_short(work, &head,
		             person == NULL ? work->entry->name
		                            : view_realname(how->state, person));
	}
	if ((how->form & (FORM_AWAY | FORM_PLAYBACK)) == FORM_AWAY && person != NULL &&
	    view_away(how->state, person).size > 0) {
		put_away(work, view_away(how->state, person));
	}
}

static void on_away(struct work *work, struct slice text) {
	if ((work->how->form & FORM_AWAY) != 0) {
		put_away(work, text);
	}
}

static void on_parted(struct work *work) {
	struct irc_line head;
	render_begin(work, &head, "PART");
	render_word(&head, room_name(work));
	if (work->entry->text.size > 0) {
		render_short(work, &head, work->entry->text);
	} else {
		render_bare(work, &head);
	}
}

static const char *end_words(const struct record *entry) {
	switch (entry->reason) {
	case REASON_AWAY: return "Away for too long";
	case REASON_IDLE: return "Idle for too long";
	case REASON_UNREACHABLE: return "Not reachable any more";
	case REASON_ORPHANED: return "Connection lost";
	case REASON_BANNED: return "Banned";
	case REASON_CLOSED: return "Closed";
	case REASON_SAME_NAME_ELSEWHERE: return "Connected from elsewhere";
	default: return "Client quit";
	}
}

static void on_left(struct work *work) {
	struct irc_line head;
	render_begin(work, &head, "QUIT");
	render_short(work, &head,
	             work->entry->text.size > 0 ? work->entry->text : word(end_words(work->entry)));
}

/* From the whole server, by its administrator or an operator. */
struct slice irc_put_killed(char out[static KILLED_BYTES_MAX], const char *server,
                            const struct record *entry) {
	struct irc_line words = irc_line_at(out, KILLED_BYTES_MAX);
	irc_put_text(&words, "Killed (");
	irc_put(&words, entry->by.size > 0 ? entry->by : word(server));
	if (entry->text.size > 0) {
		irc_put_text(&words, " (");
		irc_put(&words, entry->text);
		irc_put_text(&words, ")");
	}
	irc_put_text(&words, ")");
	return words.is_full ? word("Killed") : irc_line_slice(&words);
}

static void on_kicked(struct work *work) {
	char text[KILLED_BYTES_MAX];
	struct irc_line head;
	render_begin(work, &head, "QUIT");
	render_short(work, &head, irc_put_killed(text, work->how->server, work->entry));
}

static void on_renamed(struct work *work) {
	struct irc_line head;
	render_begin(work, &head, "NICK");
	render_short(work, &head, work->entry->name);
}

static void on_topic(struct work *work) {
	struct irc_line head;
	render_begin(work, &head, "TOPIC");
	render_word(&head, room_name(work));
	render_short(work, &head, work->entry->text);
}

/* All others part and join: rename.c. The past is told as that of the room as it is called now. */
static void on_room_renamed(struct work *work) {
	struct irc_line head;
	if ((work->how->form & (FORM_CHANNEL_RENAME | FORM_PLAYBACK)) == FORM_CHANNEL_RENAME) {
		render_begin(work, &head, "RENAME");
		render_word(&head, work->entry->by);
		render_word(&head, work->entry->other_name);
		render_short(work, &head, work->entry->text);
	}
}

/* The key itself, while it is one: of members' own room. */
static void on_mode(struct work *work) {
	struct irc_line head;
	const struct record *entry = work->entry;
	struct slice text = entry->text;
	struct room_charter charter = state_room_charter(work->how->state, entry->room);
	render_begin(work, &head, "MODE");
	render_word(&head, room_name(work));
	struct slice key = entry->secret.size > 0 ? entry->secret : charter.key;
	const char *star = NULL;
	if ((work->how->form & FORM_PLAYBACK) == 0 && key.size > 0 && text.size > 0 &&
	    memchr(text.bytes, 'k', text.size) != NULL) {
		for (size_t i = 1; i < text.size && star == NULL; i++) {
			bool is_alone = text.bytes[i] == '*' && text.bytes[i - 1] == ' ' &&
			                (i + 1 == text.size || text.bytes[i + 1] == ' ');
			star = is_alone ? text.bytes + i : NULL;
		}
	}
	if (star != NULL) {
		size_t before = (size_t)(star - text.bytes);
		render_word(&head, slice_first(text, before));
		irc_put(&head, key);
		irc_put(&head, slice_from(text, before + 1));
	} else {
		render_word(&head, text);
	}
	render_bare(work, &head);
}

static void on_put_out(struct work *work) {
	struct irc_line head;
	const struct record *entry = work->entry;
	render_begin(work, &head, "KICK");
	render_word(&head, room_name(work));
	render_word(&head, entry->name);
	render_short(work, &head, entry->text.size > 0 ? entry->text : entry->by);
}

static void on_invited(struct work *work) {
	struct irc_line head;
	render_begin(work, &head, "INVITE");
	render_word(&head, work->entry->by);
	render_short(work, &head, room_name(work));
}

/* From what was seen of it before. */
static void on_moved_host(struct work *work) {
	struct irc_line head;
	const struct record *entry = work->entry;
	struct record before = *entry;
	before.userhost = entry->other_name.size > 0 ? entry->other_name : entry->userhost;
	work->entry = &before;
	render_begin(work, &head, "CHGHOST");
	render_word(&head, view_user(entry->userhost));
	render_word(&head, view_host(entry->userhost));
	render_bare(work, &head);
	work->entry = entry;
}

static void on_profile(struct work *work) {
	struct irc_line head;
	const struct record *entry = work->entry;
	if ((entry->number & PROFILE_USERHOST) != 0 && (work->how->form & FORM_CHGHOST) != 0) {
		on_moved_host(work);
	}
	if ((entry->number & PROFILE_REALNAME) != 0 && (work->how->form & FORM_SETNAME) != 0) {
		render_begin(work, &head, "SETNAME");
		render_short(work, &head, entry->text);
	}
	if ((entry->number & PROFILE_ACCOUNT) != 0 && (work->how->form & FORM_ACCOUNT) != 0) {
		render_begin(work, &head, "ACCOUNT");
		render_word(&head,
		            (entry->bits & PERSON_HAS_ACCOUNT) != 0 ? entry->name : word("*"));
		render_bare(work, &head);
	}
}

/* In the lobby, where everybody may be; who is not there hears it by own.c. */
static void on_shouted(struct work *work) {
	struct irc_line head;
	render_begin(work, &head, "NOTICE");
	render_word(&head, view_room_name(work->how->state, ROOM_LOBBY));
	render_text(work, &head, slice_of(NULL, 0), work->entry->text);
}

static void on_wallops(struct work *work) {
	struct irc_line head;
	render_begin(work, &head, "WALLOPS");
	render_short(work, &head, work->entry->text);
}

size_t irc_render(const struct irc_rendering *how, const struct record *entry, char *out,
                  size_t room) {
	struct work work = {.how = how, .entry = entry, .out = out, .room = room};
	switch (entry->kind) {
	case ENTRY_ENTERED:
	case ENTRY_JOINED: on_joined(&work); break;
	case ENTRY_PARTED: on_parted(&work); break;
	case ENTRY_LEFT: on_left(&work); break;
	case ENTRY_KICKED: on_kicked(&work); break;
	case ENTRY_SAID: on_said(&work, room_name(&work)); break;
	case ENTRY_DIRECT: on_said(&work, entry->other_name); break;
	case ENTRY_SAID_TO: on_said_to(&work); break;
	case ENTRY_TAGGED: on_tagged(&work); break;
	case ENTRY_REDACTED: on_redacted(&work); break;
	case ENTRY_RENAMED: on_renamed(&work); break;
	case ENTRY_TOPIC: on_topic(&work); break;
	case ENTRY_ROOM_RENAMED: on_room_renamed(&work); break;
	case ENTRY_MODE: on_mode(&work); break;
	case ENTRY_PUT_OUT: on_put_out(&work); break;
	case ENTRY_INVITED: on_invited(&work); break;
	case ENTRY_AWAY: on_away(&work, entry->text); break;
	case ENTRY_ATTACHED: on_away(&work, slice_of(NULL, 0)); break;
	case ENTRY_DETACHED: on_away(&work, slice_from_string(VIEW_NOT_CONNECTED)); break;
	case ENTRY_PROFILE: on_profile(&work); break;
	case ENTRY_SHOUTED: on_shouted(&work); break;
	case ENTRY_WALLOPS: on_wallops(&work); break;
	default: break;
	}
	return work.size;
}
