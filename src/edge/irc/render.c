#include "irc_render.h"

#include <stdbool.h>
#include <string.h>

#include "cut.h"
#include "irc_capability.h"
#include "irc_time.h"
#include "irc_view.h"
#include "limits.h"

/* What is left of a line for a text, at least: longer heads are cut short before. */
#define TEXT_ROOM_MIN 8

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

/* One rendering under way: lines that grow one behind the other. */
struct work {
	const struct irc_rendering *how;
	const struct record *entry;
	char *out;
	size_t size, room;
	bool is_full;
	char head[IRC_LINE_BYTES_MAX];
	size_t head_size;
};

static struct slice word(const char *text) {
	return slice_from_string(text);
}

/* ---- tags ---- */

static void put_tag(struct irc_line *line, bool *has_any, const char *key) {
	irc_put_text(line, *has_any ? ";" : "@");
	irc_put_text(line, key);
	*has_any = true;
}

static bool is_persons(const struct record *entry) {
	return entry->person != 0 && entry->kind != ENTRY_PUT_OUT;
}

/* `is_first`: of the lines of one entry; what names it, or was sent with it, stands there alone. */
static void put_tags(struct irc_line *line, const struct irc_rendering *how,
                     const struct record *entry, bool is_first) {
	bool has_any = false;
	if (how->more_tags.size > 0) {
		put_tag(line, &has_any, "");
		irc_put(line, how->more_tags);
	}
	if ((how->form & FORM_TIME) != 0) {
		put_tag(line, &has_any, "time=");
		irc_put_time(line, entry->time_us);
	}
	if ((how->form & FORM_TAGS) != 0 && is_first && entry->seq != 0) {
		put_tag(line, &has_any, "msgid=");
		irc_put_msgid(line, how->log, entry->seq);
	}
	if ((how->form & FORM_ACCOUNT_TAG) != 0 && (entry->bits & PERSON_HAS_ACCOUNT) != 0 &&
	    is_persons(entry)) {
		put_tag(line, &has_any, "account=");
		irc_put_escaped(line, entry->name);
	}
	if ((how->form & FORM_TAGS) != 0 && (entry->bits & PERSON_IS_BOT) != 0 &&
	    is_persons(entry)) {
		put_tag(line, &has_any, "bot");
	}
	if ((how->form & FORM_TAGS) != 0 && is_first && entry->tags.size > 0) {
		put_tag(line, &has_any, "");
		irc_put(line, entry->tags);
	}
	if (has_any) {
		irc_put_text(line, " ");
	}
}

/* ---- who ---- */

static void put_person(struct irc_line *line, struct slice name, struct slice userhost) {
	irc_put_text(line, ":");
	irc_put(line, name);
	irc_put_text(line, "!");
	irc_put(line, userhost.size > 0 ? userhost : word(IRC_USERHOST_OTHERS));
}

void irc_put_source(struct irc_line *line, const char *server, const struct record *entry) {
	struct slice name = entry->name;
	bool is_person = entry->person != 0;
	switch (entry->kind) {
	case ENTRY_RENAMED: name = entry->other_name; break;
	case ENTRY_PUT_OUT:
		name = entry->by;
		is_person = entry->target != 0;
		break;
	case ENTRY_SHOUTED:
	case ENTRY_CLOSED: is_person = false; break;
	default: break;
	}
	if (is_person) {
		put_person(line, name, entry->userhost);
	} else {
		irc_put_text(line, ":");
		irc_put_text(line, server);
	}
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

/* ---- lines ---- */

static void begin_head(struct work *work, struct irc_line *head, const char *command) {
	*head = irc_line_at(work->head, sizeof(work->head));
	irc_put_source(head, work->how->server, work->entry);
	irc_put_text(head, " ");
	irc_put_text(head, command);
}

static void put_line(struct work *work, struct slice head, struct slice tail, bool is_first) {
	struct irc_line line = irc_line_at(work->out + work->size, work->room - work->size);
	put_tags(&line, work->how, work->entry, is_first);
	irc_put(&line, head);
	irc_put(&line, tail);
	irc_end(&line);
	if (line.is_full) {
		work->is_full = true;
		return;
	}
	work->size += line.size;
}

/* A line without a text behind it. */
static void put_bare(struct work *work, const struct irc_line *head) {
	if (!head->is_full && head->size <= IRC_LINE_BYTES_MAX - 2) {
		put_line(work, irc_line_slice(head), slice_of(NULL, 0), work->size == 0);
	}
}

/* No line holds these; all other controls are formatting, or CTCP's. */
static struct slice without_controls(struct slice text, char *out, size_t room) {
	size_t size = 0;
	for (size_t i = 0; i < text.size && size < room; i++) {
		char byte = text.bytes[i];
		if (byte != '\0' && byte != '\r') {
			out[size++] = byte;
		}
	}
	return slice_of(out, size);
}

/* One line of a text in as many lines of IRC as it takes; each begins with the head. */
static void put_cut(struct work *work, struct slice head, struct slice text) {
	size_t room = IRC_LINE_BYTES_MAX - 2 - head.size;
	do {
		size_t size = text.size <= room ? text.size : cut_before(text, room);
		put_line(work, head, slice_first(text, size), work->size == 0);
		text = slice_from(text, size);
	} while (text.size > 0 && !work->is_full);
}

static struct slice without_breaks(char *text, size_t size) {
	for (char *at = text; at < text + size; at++) {
		*at = *at == '\n' ? ' ' : *at;
	}
	return slice_of(text, size);
}

/* Its lines, and each in as many as it takes. */
static void put_lines(struct work *work, struct slice first, struct slice whole,
                      struct slice text) {
	bool is_first = true;
	while (text.size > 0 && !work->is_full) {
		const char *end = memchr(text.bytes, '\n', text.size);
		size_t size = end == NULL ? text.size : (size_t)(end - text.bytes);
		if (size > 0) {
			put_cut(work, is_first ? first : whole, slice_first(text, size));
			is_first = false;
		}
		text = slice_from(text, end == NULL ? size : size + 1);
	}
}

/* In one playback there is one message of that number, and outside of it another. */
static void put_ref(struct irc_line *line, const struct work *work) {
	irc_put_text(line, work->how->more_tags.size > 0 ? "h" : "m");
	irc_put_number(line, work->entry->seq);
}

static void put_raw(struct work *work, const struct irc_line *line) {
	if (line->is_full) {
		work->is_full = true;
	} else {
		work->size += line->size;
	}
}

static struct irc_line next_line(const struct work *work) {
	return irc_line_at(work->out + work->size, work->room - work->size);
}

static void put_line_of_batch(struct work *work, struct slice head, struct slice text,
                              bool is_concat) {
	struct irc_line line = next_line(work);
	irc_put_text(&line, "@batch=");
	put_ref(&line, work);
	irc_put_text(&line, is_concat ? ";draft/multiline-concat " : " ");
	irc_put(&line, head);
	irc_put(&line, text);
	irc_end(&line);
	put_raw(work, &line);
}

static void put_lines_of_batch(struct work *work, struct slice head, struct slice text) {
	size_t room = IRC_LINE_BYTES_MAX - 2 - head.size;
	bool is_concat = false, is_last = false;
	while (!is_last && !work->is_full) {
		const char *end = text.size > 0 ? memchr(text.bytes, '\n', text.size) : NULL;
		struct slice line =
			slice_first(text, end == NULL ? text.size : (size_t)(end - text.bytes));
		size_t size = line.size <= room ? line.size : cut_before(line, room);
		put_line_of_batch(work, head, slice_first(line, size), is_concat);
		is_concat = size < line.size;
		is_last = !is_concat && end == NULL;
		text = slice_from(text, size + (!is_concat && end != NULL));
	}
}

/* What has to be said once stands on the line that opens it. */
static void put_batch(struct work *work, struct slice target, struct slice head,
                      struct slice text) {
	struct irc_line line = next_line(work);
	put_tags(&line, work->how, work->entry, true);
	irc_put_source(&line, work->how->server, work->entry);
	irc_put_text(&line, " BATCH +");
	put_ref(&line, work);
	irc_put_text(&line, " draft/multiline ");
	irc_put(&line, target);
	irc_end(&line);
	put_raw(work, &line);
	put_lines_of_batch(work, head, text);
	line = next_line(work);
	if (work->how->more_tags.size > 0) {
		irc_put_text(&line, "@");
		irc_put(&line, work->how->more_tags);
		irc_put_text(&line, " ");
	}
	irc_put_text(&line, ":");
	irc_put_text(&line, work->how->server);
	irc_put_text(&line, " BATCH -");
	put_ref(&line, work);
	irc_end(&line);
	put_raw(work, &line);
}

/* "head :text"; line feeds begin new lines, of which the empty ones are left out. */
static void put_said(struct work *work, struct irc_line *head, struct slice target,
                     struct slice text) {
	char clean[TEXT_BYTES_MAX + 64];
	irc_put_text(head, " :");
	if (head->is_full || head->size > IRC_LINE_BYTES_MAX - 2 - TEXT_ROOM_MIN) {
		return;
	}
	struct slice whole = irc_line_slice(head);
	irc_put(head, work->how->before_text);
	text = without_controls(text, clean, sizeof(clean));
	struct slice first = head->is_full ? whole : irc_line_slice(head);
	size_t before = work->size;
	bool is_long = first.size + text.size > IRC_LINE_BYTES_MAX - 2 ||
	               (text.size > 0 && memchr(text.bytes, '\n', text.size) != NULL);
	if ((work->how->form & FORM_MULTILINE) != 0 && is_long && target.size > 0 &&
	    work->how->before_text.size == 0) {
		put_batch(work, target, whole, text);
		if (!work->is_full) {
			return;
		}
		work->is_full = false;
		work->size = before;
	}
	put_lines(work, first, whole, text);
	if (work->is_full) {
		/* Hundreds of lines, some bytes each: as one text it fits. */
		work->is_full = false;
		work->size = before;
		put_lines(work, first, whole, without_breaks(clean, text.size));
	}
}

/* One line only: what is too long for it is cut off between characters. */
static void put_short(struct work *work, struct irc_line *head, struct slice text) {
	char clean[TEXT_BYTES_MAX + 64];
	irc_put_text(head, " :");
	if (head->is_full || head->size > IRC_LINE_BYTES_MAX - 2) {
		return;
	}
	text = without_breaks(clean, without_controls(text, clean, sizeof(clean)).size);
	size_t room = IRC_LINE_BYTES_MAX - 2 - head->size;
	size_t size = text.size <= room ? text.size : cut_before(text, room);
	put_line(work, irc_line_slice(head), slice_first(text, size), work->size == 0);
}

static void put_word(struct irc_line *head, struct slice text) {
	irc_put_text(head, " ");
	irc_put(head, text);
}

/* ---- kind by kind ---- */

static void on_said(struct work *work, struct slice target) {
	struct irc_line head;
	begin_head(work, &head, (work->entry->bits & SAID_IS_NOTICE) != 0 ? "NOTICE" : "PRIVMSG");
	put_word(&head, target);
	put_said(work, &head, target, work->entry->text);
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
	begin_head(work, &head, "TAGMSG");
	put_word(&head, work->entry->target != 0 ? work->entry->other_name : room_name(work));
	put_bare(work, &head);
}

static void on_redacted(struct work *work) {
	struct irc_line head;
	const struct record *entry = work->entry;
	if ((work->how->form & FORM_REDACTION) == 0) {
		return;
	}
	begin_head(work, &head, "REDACT");
	put_word(&head, entry->target != 0 ? entry->other_name : room_name(work));
	irc_put_text(&head, " ");
	irc_put_msgid(&head, work->how->log, entry->number);
	if (entry->text.size > 0) {
		put_short(work, &head, entry->text);
	} else {
		put_bare(work, &head);
	}
}

static void put_away(struct work *work, struct slice away) {
	struct irc_line head;
	begin_head(work, &head, "AWAY");
	if (away.size > 0) {
		put_short(work, &head, away);
	} else {
		put_bare(work, &head);
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
	begin_head(work, &head, "JOIN");
	put_word(&head, room);
	if ((how->form & FORM_EXTENDED_JOIN) == 0) {
		put_bare(work, &head);
	} else {
		put_word(&head, (work->entry->bits & PERSON_HAS_ACCOUNT) != 0 ? work->entry->name
		                                                              : word("*"));
		put_short(work, &head,
		          person == NULL ? work->entry->name : view_realname(how->state, person));
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
	begin_head(work, &head, "PART");
	put_word(&head, room_name(work));
	if (work->entry->text.size > 0) {
		put_short(work, &head, work->entry->text);
	} else {
		put_bare(work, &head);
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
	begin_head(work, &head, "QUIT");
	put_short(work, &head,
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
	begin_head(work, &head, "QUIT");
	put_short(work, &head, irc_put_killed(text, work->how->server, work->entry));
}

static void on_renamed(struct work *work) {
	struct irc_line head;
	begin_head(work, &head, "NICK");
	put_short(work, &head, work->entry->name);
}

static void on_topic(struct work *work) {
	struct irc_line head;
	begin_head(work, &head, "TOPIC");
	put_word(&head, room_name(work));
	put_short(work, &head, work->entry->text);
}

/* The key itself, while it is one: of members' own room. */
static void on_mode(struct work *work) {
	struct irc_line head;
	const struct record *entry = work->entry;
	struct slice text = entry->text;
	struct room_charter charter = state_room_charter(work->how->state, entry->room);
	begin_head(work, &head, "MODE");
	put_word(&head, room_name(work));
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
		put_word(&head, slice_first(text, before));
		irc_put(&head, key);
		irc_put(&head, slice_from(text, before + 1));
	} else {
		put_word(&head, text);
	}
	put_bare(work, &head);
}

static void on_put_out(struct work *work) {
	struct irc_line head;
	const struct record *entry = work->entry;
	begin_head(work, &head, "KICK");
	put_word(&head, room_name(work));
	put_word(&head, entry->name);
	put_short(work, &head, entry->text.size > 0 ? entry->text : entry->by);
}

static void on_invited(struct work *work) {
	struct irc_line head;
	begin_head(work, &head, "INVITE");
	put_word(&head, work->entry->by);
	put_short(work, &head, room_name(work));
}

static void on_profile(struct work *work) {
	struct irc_line head;
	const struct record *entry = work->entry;
	if ((entry->number & PROFILE_REALNAME) != 0 && (work->how->form & FORM_SETNAME) != 0) {
		begin_head(work, &head, "SETNAME");
		put_short(work, &head, entry->text);
	}
	if ((entry->number & PROFILE_ACCOUNT) != 0 && (work->how->form & FORM_ACCOUNT) != 0) {
		begin_head(work, &head, "ACCOUNT");
		put_word(&head, (entry->bits & PERSON_HAS_ACCOUNT) != 0 ? entry->name : word("*"));
		put_bare(work, &head);
	}
}

/* In the lobby, where everybody may be; who is not there hears it by own.c. */
static void on_shouted(struct work *work) {
	struct irc_line head;
	begin_head(work, &head, "NOTICE");
	put_word(&head, view_room_name(work->how->state, ROOM_LOBBY));
	put_said(work, &head, slice_of(NULL, 0), work->entry->text);
}

static void on_wallops(struct work *work) {
	struct irc_line head;
	begin_head(work, &head, "WALLOPS");
	put_short(work, &head, work->entry->text);
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
