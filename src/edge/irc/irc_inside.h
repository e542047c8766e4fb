/*
 * irc_inside.h - what the files of the IRC dialect share. The dialect speaks
 * over the stream face (dialect.h); what it knows of people and rooms it reads
 * from the edge's state.
 *
 *   dialect    the row: lines in, ends
 *   records    answers and entries in: who is told of them
 *   commands   the table of commands
 *   reply      lines to one connection, labels, batches
 *   asked      requests under way: who asked for what
 *   render     entries into lines, for all who read them in one form; render_lines: how these are put
 *   own        what one hears of one's own deeds
 *   changes    what people are, for who has missed how they became it
 *   refusals   the hub's refusals as numerics
 *   register   coming in: CAP, PASS, NICK, USER, QUIT; access: whether one may
 *   greeting   001 to 005, LUSERS, MOTD
 *   questions  to the clerk: passwords
 *   sasl       AUTHENTICATE
 *   registration accounts from inside: REGISTER
 *   service    NickServ and ChanServ, people to whom one says commands (irc_service.h)
 *   marks      MARKREAD
 *   resume     SESSION: going on with a session; what is sent again is kept once
 *   multiline  BATCH: several lines that are one message
 *   messages   PRIVMSG, NOTICE, TAGMSG
 *   metadata   METADATA; metadata_subs: who wants to know; metadata_tell: what is told; metadata_early:
 *              what is set before one is in
 *   redact     REDACT
 *   rooms      JOIN, PART, TOPIC, KICK, INVITE, NAMES
 *   rename     RENAME
 *   relay      RELAYMSG
 *   list       LIST
 *   modes      MODE
 *   monitor    MONITOR; watches: who watches whom
 *   people     WHOIS, WHOWAS, USERHOST, ISON, AWAY, SETNAME
 *   who        WHO, WHOX
 *   server     PING, VERSION, TIME, INFO, ...; help, operators, stats: what they say
 *   bans       KLINE, DLINE, DEFCON
 *   history    CHATHISTORY, and the last lines for older clients; history_steps, history_tell
 *   search     SEARCH
 *   playback   what was missed, by itself, and *playback
 *   device     which device it is, and what that has read
 *   lister     long answers, a piece at a time
 *   cloak      hosts that are shown instead of addresses
 */
#ifndef IRC_INSIDE_H
#define IRC_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "asker.h"
#include "dialect.h"
#include "edge_inside.h"
#include "irc_capability.h"
#include "irc_message.h"
#include "irc_monitor.h"
#include "irc_numeric.h"
#include "limits.h"
#include "record.h"
#include "slice.h"
#include "state.h"
#include "stream.h"

#define IRC_USER_BYTES_MAX 20
#define IRC_LABEL_BYTES_MAX 64
#define IRC_KEY_BYTES_MAX 64 /* qun/key: resume.c */
#define IRC_TARGETS_MAX 8
#define IRC_PASSWORD_BYTES_MAX 300

/* People whose last change is remembered: telling of all of them, at its longest, fits into a reader's answers. */
#define IRC_CHANGES_MAX 256

/* A label of a client's command (IRCv3 labeled-response), until all of its answer is given. */
struct irc_label {
	char text[IRC_LABEL_BYTES_MAX * 2];
	uint8_t size;
	bool is_open;  /* a batch, `batch` */
	bool is_ended; /* nothing follows what is in hand */
	unsigned batch;
	unsigned holders; /* requests and listers that it waits for */
};

/* What one says on the way in; gone when one is in. */
struct irc_door {
	bool is_negotiating; /* CAP: until END */
	bool has_user;
	bool is_asked; /* the hub has been asked to let it in */
	bool has_account;
	bool has_passed; /* it need not show any more that it may come in */
	bool has_retried;
	bool is_returning; /* returning.c: it asks again */
	uint8_t nick_size, user_size, realname_size, account_size, device_size;
	uint16_t password_size;
	uint64_t returns_until_us; /* 0: it has not begun to */
	char nick[NAME_BYTES_MAX];
	char account[NAME_BYTES_MAX]; /* has_account: whose */
	char device[DEVICE_BYTES_MAX];
	char user[IRC_USER_BYTES_MAX];
	char realname[REALNAME_BYTES_MAX];
	char password[IRC_PASSWORD_BYTES_MAX];
};

struct irc_batch;
struct irc_lister;
struct irc_service;
struct irc_sign_in;
struct irc_subs;
struct irc_early;

/* A connection. Small: there may be many thousands that say nothing. */
struct irc_user {
	uint64_t capabilities;
	struct irc_door *door;       /* NULL: it is in */
	struct irc_sign_in *sign_in; /* sasl.c: while it is under way */
	struct irc_lister *listers;  /* the first is being written */
	struct irc_subs *subs;       /* metadata_subs.c: it has subscribed to keys */
	struct irc_batch *batch;     /* multiline.c: while one is open */
	struct irc_monitor *monitor; /* watches.c: it watches names */
	struct irc_early *early;     /* metadata_early.c: until it is in */
	char *quit;                  /* what it said when it quit */
	char *away;                  /* said before it is in; until it is; "": it is there */
	/* Of the question to the clerk that is under way; or of the line that comes again. */
	struct irc_label *waiting;
	char *account;              /* it has signed in as this, and may be called that */
	char *was;                  /* who it was, while it moves over to its account's person */
	uint64_t bits;              /* of its person, as it has been told */
	uint64_t nonce;             /* resume.c: of its session's token; 0: it has none */
	uint64_t pinged;            /* what was written before the PING that is under way */
	uint64_t read_up_to, noted; /* what it has certainly read; what the hub knows of that */
	uint32_t resumed;           /* requests already made by the line that comes again */
	uint16_t asked;             /* requests under way */
	uint16_t quit_size;
	uint16_t waits; /* questions to the clerk: no line is taken until they are answered */
	bool has_302;
	bool must_greet; /* when the state has it */
};

enum irc_when { IRC_ALWAYS, IRC_BEFORE, IRC_AFTER };

struct irc;
struct irc_command {
	const char *word;
	void (*handle)(struct irc *irc);
	uint8_t least; /* parameters */
	uint8_t when;  /* enum irc_when */
	/* It is answered from here, when all that was asked before has happened. */
	bool settles;
};

/* A request under way. */
struct irc_asked {
	uint64_t request;
	struct connection connection;
	uint16_t kind;
	bool is_quiet; /* a NOTICE: no refusal is told */
	const struct irc_service
		*service; /* which asked for it, and says what came of it; or NULL */
	struct irc_label *label;
	char *target; /* as it was typed; owned */
};

struct irc_history_desk;

/* multiline.c: what ends by itself, in a circle; the last to end is the last. */
struct irc_timed {
	struct irc_timed *before, *after;
	uint64_t until_us;
};

struct irc {
	struct stream *stream;
	struct edge *edge;
	uint64_t log; /* its id, for msgids */
	uint64_t since_us;
	uint64_t offered; /* capabilities */

	/* Whom we are talking to, and what it says: while a callback lasts. */
	struct stream_connection *to;
	struct irc_user *user;
	struct irc_message message;
	struct irc_label *label;
	uint32_t made;  /* requests, by this line */
	bool must_wait; /* the queue is full: the line comes again */
	bool is_settled;
	bool is_over;                      /* it was closed */
	const struct irc_service *service; /* whose command is being done */

	/* Requests under way, oldest first: a circle. */
	struct irc_asked *asked;
	uint32_t asked_first, asked_count, asked_room;
	/* Overtaken: what was decided then is answered before this position, or not at all. */
	uint64_t lost_up_to, lost_at;

	uint64_t changes[IRC_CHANGES_MAX]; /* changes.c: people; 0: none */
	size_t changes_at;

	struct irc_timed timed; /* batches that are open; itself never ends */
	struct irc_history_desk *desk;
	struct irc_subs *subscribers; /* all connections that have some */
	struct irc_watches watches;
	unsigned batches;
	unsigned unknown;    /* connections that are not in */
	uint64_t returns_us; /* when those who return ask again */
	uint64_t notes_us;   /* device.c: when it notes again how far devices have read */
	uint8_t cloak_key[32];

	unsigned in_batch;  /* of which the lines are that end now; 0: of none */
	uint64_t put_bytes; /* ever */
	size_t out_size;
	unsigned out_lines;
	char out[STREAM_ANSWER_BYTES_MAX / 2];
	char line[IRC_LINE_BYTES_MAX];
	char clean[STREAM_TAGS_BYTES_MAX + STREAM_LINE_BYTES_MAX];
	struct irc_line at;
	char scratch[STREAM_RENDERING_BYTES_MAX];
};

/* What the administrator has set: now. Another version of it may stand there at the next turn. */
static inline const struct config *irc_config(const struct irc *irc) {
	return irc->edge->house.config;
}
static inline struct slice irc_word(const char *text) {
	return slice_from_string(text);
}
static inline bool irc_is_room_name(struct slice typed) {
	return typed.size > 0 && typed.bytes[0] == '#';
}
static inline struct slice irc_nothing(void) {
	return slice_of(NULL, 0);
}

/* ---- reply.c ---- */

/* Begins talking to it; irc_flush() says what was said. */
void irc_talk_to(struct irc *irc, struct stream_connection *to);
void irc_flush(struct irc *irc);
/* Whether it has this capability. */
bool irc_can(const struct irc *irc, enum irc_capability capability);
/* What it is called: "*" before it is in. */
struct slice irc_nick(const struct irc *irc);
const struct person *irc_self(const struct irc *irc);

/* ":server 353 nick"; more is put to &irc->at; irc_end_line(). */
struct irc_line *irc_begin_numeric(struct irc *irc, unsigned numeric);
/* ":server COMMAND"; and ":nick!user@host COMMAND" of ourselves. */
struct irc_line *irc_begin_line(struct irc *irc, const char *command);
void irc_end_line(struct irc *irc);
/* " :text", cut between characters if it does not fit; a line end in it is a blank. */
void irc_put_last(struct irc *irc, struct slice text);
/* Whole: with the numeric's own text behind up to two parameters (irc_nothing(): none). */
void irc_numeric(struct irc *irc, unsigned numeric, struct slice a, struct slice b);
/* With this text. */
void irc_numeric_with(struct irc *irc, unsigned numeric, struct slice a, struct slice text);
/* Lines that are complete, tags and all. */
void irc_put_lines(struct irc *irc, struct slice lines);
/* FAIL, WARN, NOTE; `context` may be empty. */
void irc_standard(struct irc *irc, const char *type, const char *command, const char *code,
                  struct slice context, const char *text);
/* As a word of its own: "*" for what would not stay one. */
struct slice irc_as_middle(struct slice text);
/* A batch of its own, without a number's meaning but for its lines: irc->in_batch. 0: it takes none. */
unsigned irc_open_batch(struct irc *irc, const char *kind, struct slice target);
void irc_close_batch(struct irc *irc, unsigned batch);
/* ":ChanServ!service@server COMMAND nick"; more is put to &irc->at. NULL: from the server. */
void irc_begin_from(struct irc *irc, const char *from, const char *command);
/* From a service or the server: NOTICE to whom we are talking. */
void irc_notice(struct irc *irc, const char *from, struct slice text);

struct irc_label *irc_label_keep(struct irc *irc);
void irc_label_drop(struct irc_label *label);
/* The last words: ERROR. */
void irc_close(struct irc *irc, struct slice why);

/* The same, where the stream ends it. */
void irc_farewell(void *irc, struct stream_connection *connection, struct slice why);

/* ---- asked.c ---- */

/* Passes it on; `target` is for the refusal. False: the queue is full; the handler returns. */
bool irc_request(struct irc *irc, struct record *request, struct slice target, bool is_quiet);
/* Not for a line, but for an answer that has come. */
bool irc_request_now(struct irc *irc, struct record *request, struct slice target, bool is_quiet);
/* Takes out what this record answers. False: it answers nothing of ours. `target` is the caller's to free. */
bool irc_asked_take(struct irc *irc, const struct record *record, struct irc_asked *asked);
/* Answers to requests up to this one will not come any more: irc_answer_lost() is called for each. */
void irc_asked_lose(struct irc *irc, uint64_t up_to);
void irc_answer_lost(struct irc *irc, struct irc_asked *asked); /* records.c */
void irc_asked_drop_all(struct irc *irc);

/* ---- records.c: of the row (stream.h) ---- */

void irc_on_answer(void *irc, struct stream_connection *connection, const struct record *answer);
void irc_on_entry(void *irc, const struct record *entry);
void irc_on_whom(void *irc, const struct record *entry, struct stream_whom *whom);
bool irc_reads(void *irc, const struct stream_connection *connection, const struct record *entry);

/* ---- commands.c ---- */

/* NULL: there is none. */
const struct irc_command *irc_command_of(struct slice word);
bool irc_each_command(bool (*each)(void *context, const struct irc_command *command),
                      void *context);

/* ---- own.c, refusals.c ---- */

void irc_own_entry(struct irc *irc, const struct record *entry);
/* The rooms that one is in, as if it had just joined them: who took its own place again. */
void irc_say_rooms(struct irc *irc);
/* One's JOIN of a room, with topic and names, as if one had not been in it. */
void irc_say_joined(struct irc *irc, uint64_t room);
/* What others here hear that no shared rendering can say. */
void irc_others_entry(struct irc *irc, const struct record *entry);
/* In the form of whom we are talking to. */
void irc_say_entry(struct irc *irc, const struct record *entry);

/* ---- changes.c ---- */

void irc_note_change(struct irc *irc, uint64_t person);
/* Overtaken: notes who differs in the state that we have now. */
void irc_compare_states(struct irc *irc);
/* Is that person in a room in which `self` is? */
bool irc_shares_room(const struct irc *irc, const struct person *person, uint64_t self);
/* It has missed some of them. */
void irc_tell_changes(struct irc *irc, struct stream_connection *to);
void irc_refusal(struct irc *irc, const struct irc_asked *asked, const struct record *answer);
/* redact.c */
void irc_redact_refused(struct irc *irc, const struct irc_asked *asked,
                        const struct record *answer);
/* rename.c: ENTRY_ROOM_RENAMED; refused (false: as others are). */
void irc_own_rename(struct irc *irc, const struct record *entry);
void irc_others_rename(struct irc *irc, const struct record *entry);
bool irc_rename_refused(struct irc *irc, const struct irc_asked *asked,
                        const struct record *answer);
/* relay.c; false: as others are. */
bool irc_relay_refused(struct irc *irc, const struct record *answer);
/* Nobody knows what became of it. */
void irc_say_lost(struct irc *irc, const struct irc_asked *asked);

/* ---- access.c ---- */

/*
 * May it come in now, as far as accounts and passwords go? If not, it has been told why and closed, or
 * the clerk is asked, and it tries again when that is answered.
 */
bool irc_may_enter(struct irc *irc);

/* ---- register.c, greeting.c ---- */

void irc_try_to_enter(struct irc *irc);
/* Its name was taken a moment ago: is it still? False: that has been asked. */
bool irc_enters_again(struct irc *irc);
bool irc_enters_now(struct irc *irc);
/* Its name is held by somebody who may be itself: it is asked for again. False: that is no use (any more). */
bool irc_returns(struct irc *irc);
void irc_returning_tick(struct irc *irc);
void irc_welcome(struct irc *irc, const struct record *answer);
/* Now the state has it, too, whether that came before the answer or after it. */
void irc_entered(struct irc *irc);
void irc_greet(struct irc *irc);
void irc_do_lusers(struct irc *irc);
/* Connections that are not in come, or go. */
void irc_count_unknown(struct irc *irc, int by);
void irc_do_motd(struct irc *irc);
/* What is offered follows from the configuration and the server's level; whoever wants to know is told that it changed. */
void irc_follow_offer(struct irc *irc);
/* Its form follows from its capabilities. */
void irc_set_form(struct irc *irc);

/* ---- rooms.c, lister.c ---- */

struct history_job;
enum irc_list_kind { LIST_NAMES, LIST_WHO, LIST_ROOMS, LIST_HISTORY, LIST_METADATA };
struct irc_list_filter {
	bool has_mask, is_mask_negative, has_min, has_max;
	uint64_t people_min, people_max;                                         /* exclusive */
	uint64_t made_before_us, made_after_us, topic_before_us, topic_after_us; /* 0: none */
	char mask[384];
	size_t mask_size;
};
struct irc_lister {
	struct irc_lister *next;
	enum irc_list_kind kind;
	struct irc_label *label;
	uint64_t room; /* 0: none */
	size_t count, at;
	uint64_t *ids;
	char target[IRC_LINE_BYTES_MAX]; /* as the end line says it */
	size_t target_size;
	bool is_whox;
	unsigned fields; /* WHOX: a bit for each */
	char token[3];
	size_t token_size;
	struct irc_list_filter filter;
	struct history_job *job; /* LIST_HISTORY: what was found; owned */
	unsigned batch;          /* in which it is told; 0: none */
	size_t keys_from;        /* LIST_METADATA: irc_subscribed() */
	bool is_of_one;          /* LIST_METADATA: of those that were noted, seen or not */
};
struct irc_lister *irc_lister_create(enum irc_list_kind kind, struct slice target);
void irc_lister_add_id(struct irc_lister *lister, uint64_t id);
/* Takes it over: short ones are said at once, if nothing waits to be read; others piece by piece. */
void irc_lister_start(struct irc *irc, struct irc_lister *lister);
bool irc_lister_more(struct irc *irc);
void irc_listers_free(struct irc_user *user);

void irc_say_names(struct irc *irc, uint64_t room);
void irc_say_topic(struct irc *irc, uint64_t room, bool says_none);
void irc_put_prefixes(struct irc *irc, struct irc_line *line, uint64_t room, uint64_t person);
/* A secret room is seen by its members, and by operators. */
bool irc_sees_room(const struct irc *irc, uint64_t room);
void irc_who_line(struct irc *irc, const struct irc_lister *lister, const struct person *person);
bool irc_list_line(struct irc *irc, const struct irc_lister *lister, uint64_t room);

/* ---- marks.c ---- */

/* To whom we are talking: its mark as it is now, of what it typed; of a room, if it wants that. */
void irc_say_mark(struct irc *irc, struct slice typed);
void irc_mark_of_room(struct irc *irc, uint64_t room);
/* All of them: it has missed some. */
void irc_say_marks(struct irc *irc);
void irc_mark_refused(struct irc *irc, struct slice target, const struct record *answer);
/* ENTRY_MARKED: for the connection that set it, and for the others of its person. */
void irc_own_mark(struct irc *irc, const struct record *entry);

/* ---- metadata*.c ---- */

/* It is in: what it has set before that is asked for. */
void irc_ask_early(struct irc *irc);

/* Before its capabilities or itself go. */
void irc_subs_free(struct irc *irc, struct irc_user *user);
void irc_metadata_refused(struct irc *irc, struct slice target, const struct record *answer);
void irc_say_unchanged_metadata(struct irc *irc, struct slice target);
/* One's own, on the way in; what a room has, and who is in it, on coming into it; some for WHOIS. */
void irc_greet_with_metadata(struct irc *irc);
void irc_metadata_of_room(struct irc *irc, uint64_t room);
void irc_whois_metadata(struct irc *irc, const struct person *person);
/* It has missed some. */
void irc_metadata_missed(struct irc *irc);
/* ENTRY_METADATA: for who set it, and for all others who see it; and of who joins a room. */
void irc_own_metadata(struct irc *irc, const struct record *entry);
void irc_other_metadata(struct irc *irc, const struct record *entry);
void irc_metadata_of_newcomer(struct irc *irc, const struct record *joined);
/* LIST_METADATA: those of lister->ids[lister->at]. */
void irc_metadata_lines(struct irc *irc, struct irc_lister *lister);

/* ---- messages.c, multiline.c ---- */

/* Those that may go on to others, as they stand. */
struct slice irc_client_tags(struct irc *irc, char out[static TAGS_BYTES_MAX]);
/* One message, of several lines. */
void irc_say_lines(struct irc *irc, struct slice target, bool is_notice,
                   const struct irc_multiline *lines, struct slice tags, struct slice key);
/* Does this PRIVMSG or NOTICE belong to a batch, and not stand for itself? */
bool irc_batch_takes(struct irc *irc, bool is_notice);
void irc_batch_free(struct irc_user *user);
/* A batch is open no longer than a client may be silent before it is asked whether it is there. */
void irc_batches_begin(struct irc *irc);
uint64_t irc_batches_due_us(const struct irc *irc);
void irc_batches_tick(struct irc *irc, uint64_t now_us);

/* ---- resume.c ---- */

/* It is in: with a session that it goes on with, or with a new one. */
void irc_say_session(struct irc *irc, bool is_resumed);
/* The key that the line at hand bears; empty: none. And what the hub is told of it; 0: nothing. */
struct slice irc_message_key(struct irc *irc);
uint64_t irc_message_nonce(const struct irc *irc, struct slice key, struct slice target);
/* ANSWER_KEPT: a message with that key is there already. */
void irc_say_kept(struct irc *irc, const struct irc_asked *asked, const struct record *answer);

/* ---- monitor.c, watches.c ---- */

/* Before itself goes. */
void irc_monitor_free(struct irc *irc, struct irc_user *user);
/* Does whom we are talking to watch it? */
bool irc_watches(const struct irc *irc, const struct person *person);
/*
 * Whoever watches one of its names is told if that has somebody now, or nobody any more, or what
 * becomes of it.
 */
void irc_monitor_entry(struct irc *irc, const struct record *entry);
/* The same for all names: entries were missed. */
void irc_monitor_all(struct irc *irc);

/* ---- modes.c ---- */

/* "+nt", "+nk key" for who may see it. */
void irc_put_room_modes(struct irc *irc, struct irc_line *line, uint64_t room, bool shows_key);
void irc_put_person_modes(struct irc_line *line, uint64_t bits);
#define IRC_PERSON_MODES "BHiow"

/* ---- people.c ---- */

/* Of one who had a name, by the entry with which that was given up. */
void irc_whowas_lines(struct irc *irc, const struct record *gone);
uint64_t irc_now_us(const struct irc *irc);
/* Since it last said something, wherever, or came. */
uint64_t irc_idle_s(const struct irc *irc, const struct person *person);
/* It is in: that it is away, as it has said before. */
void irc_ask_early_away(struct irc *irc);

/* ---- device.c ---- */

/* "ming@phone", "ming/phone": what is before that, and the device; empty: it is not said. */
struct slice irc_split_device(struct slice typed, struct slice *device);
/* The same, and it is on that device from now on. */
struct slice irc_take_device(struct irc *irc, struct slice typed);
void irc_note_ping(struct irc *irc, struct stream_connection *to);
void irc_note_pong(struct irc *irc);
/* We end it, and not because it is silent: what it has received it has read. */
void irc_note_received(struct irc *irc, struct stream_connection *to);
/* The seq up to which it has certainly read all; 0: that is not known. */
uint64_t irc_read_up_to(struct irc *irc, struct stream_connection *it, enum stream_end end);
void irc_device_tick(struct irc *irc, uint64_t now_us);

/* ---- playback.c ---- */

/* Up to where its device had read before it came; 0: it is not told what came since. */
uint64_t irc_missed_since(const struct irc *irc);
void irc_missed_threads(struct irc *irc, uint64_t since);
/* What somebody wrote who is nobody any more: no CHATHISTORY finds it. */
void irc_say_letters(struct irc *irc);
void irc_missed_letters(struct irc *irc, uint64_t since); /* history.c */
/* Of a room or a thread, what was said in it since. */
void irc_missed(struct irc *irc, uint64_t room, struct slice name, uint64_t since);
bool irc_is_playback(const struct irc *irc, struct slice name);
/* Said to *playback. */
void irc_playback(struct irc *irc, struct slice text);
/* "1764147023.5" */
bool irc_read_seconds(struct slice text, uint64_t *time_us);

/* ---- questions.c ---- */

/* Are passwords taken from where it is? */
bool irc_takes_passwords(const struct irc *irc);
/*
 * Asks (accountwire.h), and no line is taken until that is answered: `answered` begins with
 * irc_clerk_answered() and ends with irc_clerk_done(). False: too many ask, or it is too long.
 */
bool irc_ask_clerk(struct irc *irc, enum clerk_what what, struct slice name, struct slice password,
                   account_answered *answered);
/* The same with a password that is to take the place of the other. */
bool irc_ask_clerk_to_change(struct irc *irc, enum clerk_what what, struct slice name,
                             struct slice password, struct slice new_password,
                             account_answered *answered);
/* Talks to it again. False: it has gone. */
bool irc_clerk_answered(struct irc *irc, struct connection connection);
void irc_clerk_done(struct irc *irc);

/* ---- sasl.c ---- */

void irc_sign_in_free(struct irc_user *user);
/*
 * It has shown that this account is its own; 900 is told. That is what it will be called, or is
 * already, or may be with NICK. False: the queue to the hub is full, and nothing has come of it.
 */
bool irc_signed_in(struct irc *irc, struct slice account);

/* ---- operators.c ---- */

/* False, and 481, for all others. */
bool irc_is_operator(struct irc *irc);

/* ---- bans.c, stats.c ---- */

/* ENTRY_BANNED, _UNBANNED, _SERVER_SET: for who decided it. */
void irc_ban_done(struct irc *irc, const struct record *entry);
void irc_ban_refused(struct irc *irc, const struct irc_asked *asked, const struct record *answer);
/* Some, of very many: of networks, or of all else. */
void irc_say_bans(struct irc *irc, bool of_nets);
/* With its end. */
void irc_say_stats(struct irc *irc, char letter);

/* ---- registration.c ---- */

/* What the clerk's word (accountwire.h) means, in a sentence. */
const char *irc_account_sentence(uint32_t word);
extern const char irc_passwords_from_here[];
/* NULL: people may register accounts now, as far as the configuration and the level go. */
const char *irc_why_no_accounts(const struct irc *irc);
void irc_count_unregistered(struct irc *irc, uint32_t word);
/* Does what it is called look like a name that is registered, and is not that? Then it cannot be registered. */
bool irc_looks_registered(const struct irc *irc);
/* The clerk has made it: the hub is told, and it is signed in. */
void irc_account_made(struct irc *irc, struct slice account);

/* ---- history.c ---- */

void irc_history_begin(struct irc *irc);
void irc_history_end(struct irc *irc);
/* The last lines of a room, for who has just come into it and cannot ask. */
void irc_backlog(struct irc *irc, uint64_t room, uint64_t seq);
/* WHOWAS. False: too many ask. */
bool irc_ask_whowas(struct irc *irc, struct slice name, size_t count);
/* Of LIST_HISTORY: its item number lister->at, its end; and the job is no more. */
void irc_history_line(struct irc *irc, struct irc_lister *lister);
void irc_history_last_line(struct irc *irc, const struct irc_lister *lister);
void irc_history_free(struct history_job *job);
uint64_t irc_history_due_us(const struct irc *irc);
void irc_history_tick(struct irc *irc);

#endif
