/*
 * record.h - what travels in the house: entries, answers, requests, rows.
 *
 * Everything that one process tells another is a record: a fixed head and a
 * list of fields. Four families share the one codec:
 *
 *   entry    something that happened; has a seq; the log is made of these
 *   answer   to one connection or address; no seq, not kept; travels in the
 *            ring among the entries, so that what a person hears is in one order
 *   request  what an edge, the console or the hub's own clock asks the hub for
 *   row      a piece of the state, as kept in SQLite and in snapshots
 *
 * An encoded record:
 *
 *   0   4  size of all in bytes, this head included, a multiple of 8
 *   4   2  kind
 *   6   1  version of the kind's meaning (1)
 *   7   1  flags: RECORD_IS_LAST, RECORD_IS_BLANK
 *   8   8  seq: an entry's own; for an answer, of the last entry before it
 *   16  8  time in microseconds since 1970 (hub's clock, never going back)
 *   24  8  number of the request that this record answers or is
 *   32  4  incarnation of the process that asked
 *   36  2  queue it asked through (QUEUE_OF_HUB for the hub's own)
 *   38  2  unused, zero
 *   40     fields: tag (1 byte, below), then an unsigned LEB128, which is the
 *          value itself (tags 1 to 127) or the count of bytes that follow
 *          (tags 128 to 255); a tag 0 ends the list (padding)
 *
 * All in host byte order (a data folder does not change machines' endianness;
 * its magic says which). A field that is absent is zero or empty. A tag that
 * a reader does not know is skipped: that is how versions live together.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "slice.h"

#define RECORD_HEAD_BYTES 40
#define RECORD_VERSION 1
#define QUEUE_OF_HUB 0xFFFF

/*
 * Of all the records that a request of a connection led to (entries, refusals), the one after which
 * there are no more: so an edge knows what is outstanding. On others it is not set.
 */
#define RECORD_IS_LAST 1

/*
 * An entry that was taken back while it is in the ring: its text, joints and tags are void, whatever
 * stands there (ring_blank()). Decoding one gives none of them, and SAID_IS_REDACTED.
 */
#define RECORD_IS_BLANK 2

/*
 * Kinds. The numbers are kept on disk: never change one, only add.
 * X(NUMBER, NAME, "word") where the word is what --json shows.
 */
#define ENTRY_KINDS(X)                                                                                  \
	X(1, ENTRY_ENTERED, "entered") /* person, session, name, face, route, home, rooms; */           \
	/* a stream's: secret (device) */                                                               \
	X(2, ENTRY_LEFT, "left") /* person, session, name, rooms, reason */                             \
	X(3, ENTRY_SAID,                                                                                \
	  "said") /* person, name, room, other_name (a room's but the lobby), text; by: it was */       \
	/* passed on by this one, whose name is not that of the person */                               \
	X(4, ENTRY_RENAMED, "renamed") /* person, name (new), other_name (old), rooms */                \
	X(5, ENTRY_KICKED, "kicked")   /* person, session, name, rooms, by, text (why), reason */       \
	X(6, ENTRY_SHOUTED, "shouted") /* by, text; to everybody */                                     \
	X(7, ENTRY_MOVED, "moved")     /* session, route, home; hidden: not history */                  \
	X(8, ENTRY_MUTED, "muted")     /* id is the seq; name, until, by, text (why) */                 \
	X(9, ENTRY_UNMUTED, "unmuted") /* target (the mute's id), name, by */                           \
	X(10, ENTRY_BANNED,                                                                             \
	  "banned") /* id is the seq; name or net, bits (BAN_*), other_name (a mask as it is */         \
	/* compared), until, by, person (who it was, if somebody), text (why) */                        \
	X(11, ENTRY_UNBANNED,                                                                           \
	  "unbanned") /* target (the ban's id), name or net, bits, by, person; until: it ran out */     \
	X(12, ENTRY_CLOSED, "closed")  /* by, text (why); ends every plain membership */                \
	X(13, ENTRY_ROOM_MADE, "made") /* id is the seq; name */                                        \
	X(14, ENTRY_JOINED, "joined")  /* person, session, name, room, other_name (the room's) */       \
	X(15, ENTRY_PARTED, "parted") /* person, session, name, room, other_name (room's), text */      \
	X(16, ENTRY_DIRECT, "direct") /* person, name, target, other_name, room (thread), text */       \
	X(17, ENTRY_REFUSED,                                                                            \
	  "refused-message")                  /* session, client_number, reason, target; hidden */      \
	X(18, ENTRY_ABSENT, "absent")         /* session: silent; hidden */                             \
	X(19, ENTRY_FORGOTTEN, "forgotten")   /* session: unused too long, ended; hidden */             \
	X(20, ENTRY_ROOM_ENDED, "room-ended") /* room: empty, and no history is left; hidden */         \
	X(21, ENTRY_TOPIC, "topic") /* person, name, room, other_name, text (empty: taken away) */      \
	X(22, ENTRY_MODE,                                                                               \
	  "mode") /* person (0: the server), name, room, other_name, text: "+o-v 小明 小红" */      \
	X(23, ENTRY_PUT_OUT,                                                                            \
	  "put-out") /* person, name, room, other_name, by, target (by whom), text (why) */             \
	X(24, ENTRY_INVITED, "invited") /* person, name, target, by (target's name), room; */           \
	/* other_name; hidden: for the target, and the room's operators */                              \
	X(25, ENTRY_AWAY, "away") /* person, name, text (empty: back); hidden */                        \
	X(26, ENTRY_PROFILE,                                                                            \
	  "profile") /* person, name, number (PROFILE_*), userhost, other_name (userhost before, if */  \
	/* that has changed), text (real name), bits; hidden */                                         \
	X(27, ENTRY_TAGGED,                                                                             \
	  "tagged") /* as SAID or DIRECT, with tags and no text; hidden: see record_is_event() */       \
	X(28, ENTRY_SAID_TO,                                                                            \
	  "said-to") /* as SAID, number (MEMBER_* bit: whom, and who is above); hidden */               \
	X(29, ENTRY_ACCOUNT_MADE, "account-made") /* id is the seq; name; hidden */                     \
	X(30, ENTRY_ACCOUNT_ENDED,                                                                      \
	  "account-ended")              /* target (the account's id), name, by; hidden */               \
	X(31, ENTRY_WALLOPS, "wallops") /* person, name, text; hidden */                                \
	X(32, ENTRY_ORPHANED,                                                                           \
	  "orphaned") /* number: the home whose stream sessions wait; hidden */                         \
	X(33, ENTRY_ATTACHED,                                                                           \
	  "attached") /* person, session (the seq): one more of its; face, home, route, name, */        \
	/* secret (device), userhost; hidden. If it was alone, and not away: rooms */                   \
	X(34, ENTRY_DETACHED,                                                                           \
	  "detached") /* person, session: ends; name, number (has read up to), reason, text; hidden. */ \
	/* If it was the last, and the person is not away: rooms */                                     \
	X(35, ENTRY_ACCOUNT_SET,                                                                        \
	  "account-set") /* target (account), name, number (which ACCOUNT_*), bits (as now); hidden */  \
	X(36, ENTRY_REDACTED,                                                                           \
	  "redacted") /* person, name, room, other_name (direct: target and its name): who takes */     \
	/* back, where; number (the seq of what), by (who had said it), since (when), text (why) */     \
	X(37, ENTRY_MARKED,                                                                             \
	  "marked") /* person, room (or thread), other_name, target (other person), since (up to */     \
	/* which time all is read); hidden */                                                           \
	X(38, ENTRY_ROOM_RENAMED,                                                                       \
	  "room-renamed") /* person, name, room, other_name (new), by (old name), text (why) */         \
	X(39, ENTRY_METADATA,                                                                           \
	  "metadata") /* target (person) or room; name (its), by, other_name (key), text (value; */     \
	/* empty: taken away); hidden */                                                                \
	X(40, ENTRY_SERVER_SET, "server-set") /* number (level), by, text (why); hidden */              \
	X(41, ENTRY_FOUNDER,                                                                            \
	  "founder") /* room, other_name, name (account that has registered it; empty: none), by */     \
	X(42, ENTRY_STANDING,                                                                           \
	  "standing") /* room, other_name, name (account), bits (MEMBER_* it has on joining), by */     \
	X(43, ENTRY_ERASED,                                                                             \
	  "erased") /* target (account), name, person (its own), since (made), by: all it did up */     \
	/* to here is taken back; hidden */                                                             \
	X(44, ENTRY_READ, "read") /* person, session, number (its device has read up to); hidden */

#define ANSWER_KINDS(X)                                                                            \
	X(256, ANSWER_NOTHING, "nothing") /* the request is done and has nothing to say */         \
	X(257, ANSWER_OK, "ok")           /* entered (or still in), renamed */                     \
	X(258, ANSWER_EXIT, "exit")       /* left */                                               \
	X(259, ANSWER_REFUSED, "refused") /* reason; name, number, text as the reason has it */    \
	X(260, ANSWER_WHO, "who")         /* the edge lists its own table as it is here */         \
	X(261, ANSWER_HISTORY, "history") /* number of lines, up to seq: the edge fetches them */  \
	X(262, ANSWER_PROBE, "probe")     /* to a name's holder: is anybody there? */              \
	X(263, ANSWER_DONE, "done")   /* to the console: it worked; number: how many it touched */ \
	X(264, ANSWER_CHECK, "check") /* number: everyone notes its state's digest here */         \
	X(265, ANSWER_WELCOME, "welcome") /* session, person, name, client_number: it is in */     \
	X(266, ANSWER_KEPT, "kept") /* number (seq), since: a message with that key was kept */

#define REQUEST_KINDS(X)                                                                           \
	X(512, REQUEST_ENTER, "enter") /* route, face, name */                                     \
	X(513, REQUEST_SAY, "say")     /* route, text (all behind "C ") */                         \
	X(514, REQUEST_LEAVE, "leave") /* route, name (may be empty) */                            \
	X(515, REQUEST_GONE, "gone")   /* session, reason: its edge says that nobody is there */   \
	X(516, REQUEST_WHO, "who")     /* route */                                                 \
	X(517, REQUEST_HISTORY, "history") /* route, number */                                     \
	X(518, REQUEST_SHOUT, "shout")     /* console from here on: text */                        \
	X(519, REQUEST_KICK, "kick")       /* name, text (why) */                                  \
	X(520, REQUEST_MUTE, "mute") /* name, number (minutes; 0: until unmuted), text (why) */    \
	X(521, REQUEST_UNMUTE, "unmute") /* name */                                                \
	X(522, REQUEST_BAN, "ban") /* name or net, bits, number (seconds; 0: until unbanned), */   \
	/* text (why); a stream's: session */                                                      \
	X(523, REQUEST_UNBAN, "unban")   /* name or net, bits; likewise */                         \
	X(524, REQUEST_CLOSE, "close")   /* text (why) */                                          \
	X(525, REQUEST_CHECK, "check")   /* number */                                              \
	X(526, REQUEST_EXPIRE, "expire") /* hub's own: what has run out at `until` */              \
	X(527, REQUEST_SWEEP, "sweep")   /* hub's own: end the next few who are banned now */      \
	X(528, REQUEST_OPEN, "open")     /* route, connection, name, nonce: a new session */       \
	X(529, REQUEST_RESUME, "resume") /* route, connection, session, name (may be empty) */     \
	X(530, REQUEST_JOIN, "join") /* from here on: session, client_number; name of the room */  \
	X(531, REQUEST_PART, "part") /* room, text (why) */                                        \
	X(532, REQUEST_DIRECT, "direct") /* name (the receiver's), text */                         \
	X(533, REQUEST_RENAME, "rename") /* name */                                                \
	X(534, REQUEST_UNFIT, "unfit")   /* reason: the edge refuses it; the number is used up */  \
	X(535, REQUEST_ABSENT, "absent") /* session (no client_number): its edge hears nothing */  \
	X(536, REQUEST_FORGET, "forget") /* hub's own: absences and sessions that ran out */       \
	X(537, REQUEST_END_ROOMS, "end-rooms") /* hub's own: seq: history before it is gone */     \
	X(538, REQUEST_REGISTER,                                                                   \
	  "register") /* route, connection, name, userhost, text (real name), bits: a stream; */   \
	/* nonce: it may come again as the same */                                                 \
	/* From here on: connection, session; a room is `room`, or by name `other_name`. */        \
	X(539, REQUEST_TOPIC, "topic")          /* room, text */                                   \
	X(540, REQUEST_MODE, "change-mode")     /* room, text: the change as it was typed */       \
	X(541, REQUEST_PUT_OUT, "put-out-of")   /* room, name, text (why) */                       \
	X(542, REQUEST_INVITE, "invite")        /* room, name */                                   \
	X(543, REQUEST_AWAY, "go-away")         /* text (empty: back) */                           \
	X(544, REQUEST_PROFILE, "set-profile")  /* number (PROFILE_*), userhost, text, bits */     \
	X(545, REQUEST_TAGMSG, "tagmsg")        /* room, or name; tags */                          \
	X(546, REQUEST_KILL, "kill")            /* name, text (why) */                             \
	X(547, REQUEST_WALLOPS, "send-wallops") /* text */                                         \
	X(548, REQUEST_ORPHANS, "orphans")      /* an edge that is new: its streams are cut */     \
	X(549, REQUEST_ACCOUNT_MADE, "make-account") /* name */                                    \
	X(550, REQUEST_ACCOUNT_ENDED, "end-account") /* name, by (the console's: its owner) */     \
	X(551, REQUEST_ACCOUNT_SET, "set-account")   /* name (its own), number, bits */            \
	X(552, REQUEST_REDACT, "redact") /* room or name; number (seq of the message), text; */    \
	/* and whose it is: target (person), by (name), bits (HAS_ACCOUNT), since (said) */        \
	X(553, REQUEST_MARK, "mark")                 /* room or name; since (time) */              \
	X(554, REQUEST_RENAME_ROOM, "rename-room")   /* room, name (new), text (why) */            \
	X(555, REQUEST_SET_METADATA, "set-metadata") /* room or name; by (key), text (value) */    \
	X(556, REQUEST_RELAY, "relay")               /* room, by (as whom), text, tags */          \
	X(557, REQUEST_SERVER_SET, "set-server")     /* number, text (why) */                      \
	X(558, REQUEST_READ_UP_TO, "read-up-to")     /* session, number: its device's cursor */    \
	X(559, REQUEST_FOUNDER, "set-founder")       /* room, name (account; empty: none) */       \
	X(560, REQUEST_STANDING, "set-standing")     /* room, name (account), bits */              \
	X(561, REQUEST_ERASE, "erase") /* name (account), since (made); the console's */           \
	X(562, REQUEST_GHOST, "ghost") /* name (account), bits (HAS_ACCOUNT: shown to be its own) */

#define ROW_KINDS(X)                                                                               \
	X(768, ROW_META, "meta")     /* seq, time: the state is that after this entry */           \
	X(769, ROW_PERSON, "person") /* person, name, since, number (1: dormant), */               \
	/* until (last spoke; the minute) */                                                       \
	X(770, ROW_SESSION, "session") /* session, person, face, home, route; FACE_SESSION's: */   \
	/* client_number, nonce, since (absent or dormant since then) */                           \
	X(771, ROW_ROOM, "room") /* room, name, target (first said in it), number (empty at), */   \
	/* since (made), until (renamed, last) */                                                  \
	X(772, ROW_MEMBER, "member") /* room, person, number (since that seq; 0: since person) */  \
	X(773, ROW_BAN, "ban") /* target (id), name or net, bits, other_name, until, by, text, */  \
	/* since */                                                                                \
	X(774, ROW_MUTE, "mute")     /* target (id), name, until, by, text, since */               \
	X(775, ROW_THREAD, "thread") /* room (id), person, target: two people's conversation */    \
	X(776, ROW_MASK,                                                                           \
	  "mask") /* target (id), room, number ('b', 'e', 'I'), name (the mask), by, since */      \
	X(777, ROW_INVITATION, "invitation") /* room, person */                                    \
	X(778, ROW_ACCOUNT, "account")       /* target (id), name, person, bits (ACCOUNT_*) */     \
	X(779, ROW_PROFILE,                                                                        \
	  "profile") /* person, userhost, text (real name), bits, other_name (away) */             \
	X(780, ROW_CHARTER,                                                                        \
	  "charter") /* room, bits, text (topic), by, since, other_name (key), */                  \
	/* number (limit), person (founder), name (the founder's account) */                       \
	X(781, ROW_OFFICE, "office") /* room, person, bits (MEMBER_*) */                           \
	X(782, ROW_DEVICE,                                                                         \
	  "device") /* target (account), session (its first), name, number (read up to), */        \
	/* since */                                                                                \
	X(783, ROW_MARK, "mark")         /* person, room (or thread), since (all read up to) */    \
	X(784, ROW_METADATA, "metadata") /* target (id), person or room, other_name, text */       \
	X(785, ROW_RULES, "rules")       /* room, number (slow mode: s), other_name (forward) */   \
	X(786, ROW_STANDING, "standing") /* room, target (account), bits (MEMBER_*) */             \
	X(787, ROW_SERVER, "server")     /* number (level), by, text, since */                     \
	X(788, ROW_SEAT, "seat")         /* session, name (device), nonce */                       \
	X(789, ROW_SPOKEN, "spoken")     /* room, person, since: when last, while it is slow */    \
	X(790, ROW_KEPT, "kept")         /* nonce (a message's key), number (its seq), since */

#define KIND_ENUM(number, name, word) name = number,
enum record_kind {
	RECORD_NONE = 0,
	ENTRY_KINDS(KIND_ENUM) ANSWER_KINDS(KIND_ENUM) REQUEST_KINDS(KIND_ENUM) ROW_KINDS(KIND_ENUM)
};

/* Why: of refusals, leaves and ends. The numbers are kept on disk. */
#define REASONS(X)                                                                                 \
	X(0, REASON_NONE, "none")                                                                  \
	X(1, REASON_NAME_EMPTY, "name-empty")                                                      \
	X(2, REASON_NAME_TOO_LONG, "name-too-long")                                                \
	X(3, REASON_NAME_INVALID, "name-invalid") /* characters that a name cannot have */         \
	X(4, REASON_NAME_RESERVED, "name-reserved")                                                \
	X(5, REASON_NAME_TAKEN, "name-taken")                                                      \
	X(6, REASON_NOT_ENTERED, "not-entered")                                                    \
	X(7, REASON_NOT_YOUR_NAME, "not-your-name")                                                \
	X(8, REASON_TEXT_EMPTY, "text-empty")                                                      \
	X(9, REASON_TEXT_TOO_LONG, "text-too-long")                                                \
	X(10, REASON_NOT_UTF8, "not-utf8")                                                         \
	X(11, REASON_UNKNOWN_LETTER, "unknown-letter")                                             \
	X(12, REASON_TOO_FAST, "too-fast")                                                         \
	X(13, REASON_BUSY, "busy") /* the disk is behind, or a queue is full */                    \
	X(14, REASON_MUTED, "muted")                                                               \
	X(15, REASON_BANNED, "banned")                                                             \
	X(16, REASON_FULL, "full")                                                                 \
	X(17, REASON_NOT_ALLOWED_FROM_HERE, "not-allowed-from-here")                               \
	X(18, REASON_NO_SUCH_NAME, "no-such-name")                                                 \
	X(19, REASON_NO_SUCH_BAN, "no-such-ban")                                                   \
	X(20, REASON_BAD_ARGUMENT, "bad-argument")                                                 \
	X(21, REASON_POISONED, "poisoned") /* deciding it has killed the hub twice */              \
	X(22, REASON_NOT_PERMITTED, "not-permitted")                                               \
	X(23, REASON_IDLE, "idle")                                                                 \
	X(24, REASON_UNREACHABLE, "unreachable")                                                   \
	X(25, REASON_KICKED, "kicked")                                                             \
	X(26, REASON_CLOSED, "closed")                                                             \
	X(27, REASON_SAME_NAME_ELSEWHERE, "same-name-elsewhere")                                   \
	X(28, REASON_UNAVAILABLE, "unavailable") /* history cannot be had just now */              \
	X(29, REASON_NO_SUCH_SESSION, "no-such-session")                                           \
	X(30, REASON_NO_SUCH_ROOM, "no-such-room")                                                 \
	X(31, REASON_ROOM_NAME_INVALID, "room-name-invalid")                                       \
	X(32, REASON_NOT_IN_ROOM, "not-in-room")                                                   \
	X(33, REASON_TOO_MANY_ROOMS, "too-many-rooms")                                             \
	X(34, REASON_AWAY, "away")                       /* absent for longer than --away */       \
	X(35, REASON_FORGOTTEN, "forgotten")             /* unused for longer than --forget */     \
	X(36, REASON_CANNOT_RECEIVE, "cannot-receive")   /* a direct message to oneself, say */    \
	X(37, REASON_NAME_REGISTERED, "name-registered") /* it is an account's */                  \
	X(38, REASON_INVITE_ONLY, "invite-only")                                                   \
	X(39, REASON_BAD_KEY, "bad-key")                                                           \
	X(40, REASON_ROOM_FULL, "room-full")                                                       \
	X(41, REASON_ROOM_BANNED, "room-banned") /* out of this room, by its operators */          \
	X(42, REASON_CANNOT_SEND_TO_ROOM, "cannot-send-to-room") /* +n, +m, +b */                  \
	X(43, REASON_NOT_ROOM_OPERATOR, "not-room-operator")                                       \
	X(44, REASON_UNKNOWN_MODE, "unknown-mode")       /* text: the letter */                    \
	X(45, REASON_ALREADY_IN_ROOM, "already-in-room") /* name: who */                           \
	X(46, REASON_ORPHANED, "orphaned") /* its edge died, and it did not return */              \
	X(47, REASON_PASSWORD_WRONG, "password-wrong")                                             \
	X(48, REASON_ACCESS_CLOSED, "access-closed") /* to who has no account, or password */      \
	X(49, REASON_THEY_NOT_IN_ROOM, "they-not-in-room") /* name: who */                         \
	X(50, REASON_LIST_FULL, "list-full")               /* text: the letter */                  \
	X(51, REASON_SLOW_MODE, "slow-mode")               /* number: seconds to wait */           \
	X(52, REASON_NEEDS_ACCOUNT, "needs-account")       /* this room wants people signed in */  \
	X(53, REASON_LOOKS_LIKE, "looks-like")             /* text: the registered name */         \
	X(54, REASON_NO_SUCH_MESSAGE, "no-such-message")                                           \
	X(55, REASON_LIMIT, "limit") /* number: how many there may be */                           \
	X(56, REASON_NO_SUCH_KEY, "no-such-key")                                                   \
	X(57, REASON_ROOM_NAME_TAKEN, "room-name-taken")                                           \
	X(58, REASON_ROOM_MUTED, "room-muted") /* in this room, by its operators: +b m:... */

enum reason { REASONS(KIND_ENUM) REASON_COUNT };

/* How somebody came in. */
enum face { FACE_NONE = 0, FACE_PLAIN = 1, FACE_SESSION = 2, FACE_IRC = 3, FACE_WEB = 4 };

/* A record's `bits`. Numbers are kept on disk. */
enum record_bits {
	PERSON_HAS_ACCOUNT = 1 << 0, /* signed in; the account is the name */
	PERSON_IS_BOT = 1 << 1,
	PERSON_IS_OPERATOR = 1 << 2, /* of the server */
	PERSON_IS_INVISIBLE = 1 << 3,
	PERSON_WANTS_WALLOPS = 1 << 4,
	PERSON_WANTS_NO_BACKLOG = 1 << 5, /* +H */
	PERSON_BITS = (1 << 6) - 1,
	SAID_IS_NOTICE = 1 << 8,
	/* 1 << 9 is nobody's: it was to say that a text has lines, which every text shows itself. */
	SAID_IS_REDACTED = 1 << 10, /* taken back: without its text and tags, and shown to nobody */
	ROOM_IS_INVITE_ONLY = 1 << 16, /* i */
	ROOM_IS_MODERATED = 1 << 17,   /* m */
	ROOM_NO_EXTERNAL = 1 << 18,    /* n */
	ROOM_IS_SECRET = 1 << 19,      /* s */
	ROOM_TOPIC_LOCKED = 1 << 20,   /* t */
	ROOM_NO_CONTROLS = 1 << 21,    /* C */
	ROOM_WANTS_ACCOUNT = 1 << 22,  /* R: to join */
	ROOM_HEARS_ACCOUNTS = 1 << 23, /* M: to speak, without voice */
	ROOM_BITS = ROOM_IS_INVITE_ONLY | ROOM_IS_MODERATED | ROOM_NO_EXTERNAL | ROOM_IS_SECRET |
	            ROOM_TOPIC_LOCKED | ROOM_NO_CONTROLS | ROOM_WANTS_ACCOUNT | ROOM_HEARS_ACCOUNTS,
	MEMBER_HAS_VOICE = 1 << 24,   /* v; the higher bit is the higher office */
	MEMBER_IS_OPERATOR = 1 << 25, /* o */
	MEMBER_BITS = MEMBER_HAS_VOICE | MEMBER_IS_OPERATOR,
	ROOM_IS_REGISTERED = 1 << 26, /* its founder's account keeps it; no letter sets this */
};

/* REQUEST_MODE, _TOPIC, _PUT_OUT, _INVITE: `number`. */
enum request_right {
	RIGHT_OF_OFFICE = 0,  /* by what one is in the room */
	RIGHT_OF_ACCOUNT = 1, /* by what one's account is to it: its founder, or of standing */
};

/* What an account's owner has set (ENTRY_ACCOUNT_SET, ROW_ACCOUNT); kept on disk, a name space of its own. */
enum account_bits {
	ACCOUNT_STAYS = 1 << 0,       /* its person stays while nobody is connected, */
	ACCOUNT_STAYS_NOT = 1 << 1,   /* or does not, whatever the configuration says for all */
	ACCOUNT_NO_PLAYBACK = 1 << 2, /* what was missed is not told by itself */
};

/* Whom a ban is of (its `bits`), if neither everybody of a name nor of a network; kept on disk. */
enum ban_bits {
	BAN_IS_ACCOUNT = 1 << 0, /* the name is an account's: who is signed in as that */
	BAN_IS_MASK = 1 << 1,    /* the name is a mask: nick!user@host */
};

/*
 * How far the server is open (ENTRY_SERVER_SET, ROW_SERVER): each level closes what those above it
 * close as well. Numbers as of DEFCON; kept on disk.
 */
enum server_level {
	LEVEL_QUIET = 1,    /* every room is as if moderated */
	LEVEL_SHUT = 2,     /* nobody new comes in */
	LEVEL_ACCOUNTS = 3, /* of newcomers, only who signs in */
	LEVEL_NO_NEW_ACCOUNTS = 4,
	LEVEL_OPEN = 5, /* as the configuration has it */
};

/* What of a profile changed (ENTRY_PROFILE, REQUEST_PROFILE); a sum. */
enum profile_change {
	PROFILE_USERHOST = 1,
	PROFILE_REALNAME = 2,
	PROFILE_ACCOUNT = 4, /* signed in, or out: PERSON_HAS_ACCOUNT */
	PROFILE_MODES = 8,   /* all other PERSON_* bits */
};

/* Which of several questions an answer goes to: a connection of an edge (stream faces, the console). */
struct connection {
	uint32_t slot;
	uint32_t generation;
};

/*
 * A record taken apart. Slices point into the bytes it was decoded from (or
 * belong to whoever fills one in to encode it). All zero is an empty record.
 */
struct record {
	uint16_t kind;   /* enum record_kind; others may come from newer versions */
	uint8_t version; /* 0 when encoding means RECORD_VERSION */
	uint8_t flags;
	uint16_t queue;
	uint32_t incarnation;
	uint64_t seq;
	uint64_t time_us;
	uint64_t request;

	uint64_t person;  /* who it is about; 0: nobody */
	uint64_t session; /* which of the person's ways in */
	uint64_t target;  /* another thing's id: a ban, a mute */
	uint64_t number;  /* a count, minutes, as the kind says */
	uint64_t until_us;
	uint64_t since_us;
	uint64_t client_number; /* a session's own number of the message that led to it; 0: none */
	/* Private: of the OPEN or REGISTER that made the session; of a stream's message, its key. */
	uint64_t nonce;
	uint64_t room; /* the first, and mostly only, room; a direct message: its thread */
	struct slice more_rooms; /* further rooms: 8 bytes each, host order, unaligned */
	uint16_t reason;         /* enum reason */
	uint8_t face;            /* enum face */
	uint16_t home;           /* the edge that serves it */
	struct connection connection;
	struct slice name;
	struct slice other_name;
	struct slice text;
	struct slice by;
	uint64_t bits; /* enum record_bits: a person's at that time, and what the kind has */
	struct slice userhost; /* "~user@cloak" of an IRC person that caused it, as it was then */
	struct slice tags;     /* client-only tags, verbatim, without '@' */
	/* Where a line of the text was cut by who said it: 2 bytes each, the lower first, rising. */
	struct slice joints;
	struct slice secret; /* private: a room's new key, which `text` does not tell ("+k *") */
	bool has_route;
	bool has_net;
	struct route route;
	struct net net;
};

/* Bytes that an encoded record takes (with everything). */
size_t record_size(const struct record *record);

/* Writes the record; returns its size, a multiple of 8, or 0 if it does not fit into out_size. */
size_t record_encode(const struct record *record, void *out, size_t out_size);

/*
 * As record_encode(), without what is present state and never history
 * (routes, homes): what the scribe keeps.
 */
size_t record_encode_public(const struct record *record, void *out, size_t out_size);

/*
 * Takes apart the record at `bytes`, which must hold at least `size` bytes.
 * Returns its size, or 0 if it is malformed: every field is checked against
 * the record's own size, so bytes from a stranger are safe.
 */
size_t record_decode(struct record *record, const void *bytes, size_t size);

/* The i-th room of an entry, 0 <= i < record_rooms_count(). */
size_t record_rooms_count(const struct record *record);
uint64_t record_room(const struct record *record, size_t index);
bool record_concerns_room(const struct record *record, uint64_t room);

/* Truths about kinds. */
static inline bool record_is_entry(const struct record *record) {
	return record->kind > 0 && record->kind < 256;
}
static inline bool record_is_answer(const struct record *record) {
	return record->kind >= 256 && record->kind < 512;
}
/* Between two people alone: nobody else is shown it. */
static inline bool record_is_direct(const struct record *record) {
	return record->kind == ENTRY_DIRECT ||
	       ((record->kind == ENTRY_REDACTED || record->kind == ENTRY_TAGGED) &&
	        record->target != 0);
}
/*
 * An entry that is kept, though hidden: only who asks for events as well is shown it. A message of
 * tags alone, such as a reaction, but not one that says that somebody is typing.
 */
bool record_is_event(const struct record *record);

/* Entries that are state only and never shown as history, and what was taken back. */
static inline bool record_is_hidden(const struct record *record) {
	if ((record->bits & SAID_IS_REDACTED) != 0) {
		return true;
	}
	switch (record->kind) {
	case ENTRY_MOVED:
	case ENTRY_REFUSED:
	case ENTRY_ABSENT:
	case ENTRY_FORGOTTEN:
	case ENTRY_ROOM_ENDED:
	case ENTRY_INVITED:
	case ENTRY_AWAY:
	case ENTRY_PROFILE:
	case ENTRY_TAGGED:
	case ENTRY_SAID_TO:
	case ENTRY_ACCOUNT_MADE:
	case ENTRY_ACCOUNT_ENDED:
	case ENTRY_WALLOPS:
	case ENTRY_ORPHANED:
	case ENTRY_ATTACHED:
	case ENTRY_DETACHED:
	case ENTRY_ACCOUNT_SET:
	case ENTRY_MARKED:
	case ENTRY_METADATA:
	case ENTRY_SERVER_SET:
	case ENTRY_FOUNDER:
	case ENTRY_STANDING:
	case ENTRY_ERASED:
	case ENTRY_READ: return true;
	default: return false;
	}
}

/* The kind's and the reason's words ("said", "name-taken"); "unknown" for what this version does not know. */
const char *record_kind_word(uint16_t kind);
const char *reason_word(uint16_t reason);

#endif
