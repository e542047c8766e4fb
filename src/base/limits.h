/*
 * limits.h - every bound of the house, with the reason for its number.
 *
 * Reaching a bound is an ordinary event with a defined answer (a refusal in
 * words, or a pause), never a crash.
 */
#ifndef LIMITS_H
#define LIMITS_H

/* This file is found in place of the C library's of the same name, so it brings that one along. */
#pragma GCC system_header
#include_next <limits.h>

/* A name: what a person can take in at a glance; 96 bytes hold 32 CJK characters. */
#define NAME_CODE_POINTS_MAX 32
#define NAME_BYTES_MAX 96

/* One message: eight IRC lines, or a page of Chinese. More is refused with this number in words. */
#define TEXT_BYTES_MAX 4096

/* A reason given with a kick, a ban, a leave: one line. */
#define WHY_BYTES_MAX 400

/* Classroom clients read with recvfrom(1024), and the answer to `L` into 128 bytes. */
#define PLAIN_DATAGRAM_BYTES_MAX 1024
#define PLAIN_ENTER_ANSWER_BYTES_MAX 128

/* Rooms a person is in: an entry about a person lists them all (8 bytes each). */
#define ROOMS_PER_PERSON_MAX 256
#define ROOM_NAME_BYTES_MAX 64
#define ROOMS_MAX 65536

/*
 * Conversations of two that are known at once, and how many one person may begin: some 20 MB in each
 * process that holds the state; nobody writes to a thousand people.
 */
#define THREADS_MAX (1u << 18)
#define THREADS_BEGUN_MAX 1024

/*
 * What IRC people bear: "~user@host", a real name, an away message; and what hangs on a room: its topic,
 * its key, its lists of masks (each of them), those invited to it. ISUPPORT says these numbers.
 */
#define USERHOST_BYTES_MAX 96
#define REALNAME_BYTES_MAX 240
#define AWAY_BYTES_MAX 390
#define TOPIC_BYTES_MAX 390
#define ROOM_KEY_BYTES_MAX 32
#define MASK_BYTES_MAX 240
#define MASKS_PER_LIST_MAX 100
/* A mask folded, as it is compared: a name's key, a user, a host (irc_mask.h). */
#define MASK_FOLDED_BYTES_MAX 384
#define INVITATIONS_PER_ROOM_MAX 256
#define MODE_CHANGES_MAX 20

/*
 * Slow mode: at most how long; and of how many people a room remembers when they spoke. Of more than that
 * in one such time, who spoke longest ago may speak again.
 */
#define ROOM_SLOW_SECONDS_MAX 21600
#define SPOKEN_PER_ROOM_MAX 1024
/*
 * Between two new names of a room; and how many may be in it: each new name has every client that knows
 * no RENAME told who is there. The server's operators are above both.
 */
#define ROOM_RENAME_PAUSE_S 60
#define ROOM_RENAME_MEMBERS_MAX 2048

/* Rooms that are registered: all of them, one account's; and accounts that have an office in one of them. */
#define ROOMS_REGISTERED_MAX (ROOMS_MAX / 2)
#define ROOMS_PER_ACCOUNT_MAX 64
#define STANDINGS_PER_ROOM_MAX 100
#define TAGS_BYTES_MAX 4094
#define ACCOUNTS_MAX (1u << 20)

/*
 * Up to where somebody has read: of each room and each person it writes with; of more, what was read
 * longest ago goes. All marks are some 50 MB in each process that holds the state.
 */
#define MARKS_PER_PERSON_MAX 512
#define MARKS_MAX (1u << 20)

/*
 * What people and rooms say of themselves: keys of each, and their sizes. A value stands in one line of
 * IRC, whoever reads it, with the longest names that there are. All are some 60 MB at worst.
 */
#define METADATA_KEYS_MAX 32
#define METADATA_KEY_BYTES_MAX 48
#define METADATA_VALUE_BYTES_MAX 288
#define METADATA_MAX (1u << 17)

/*
 * One account's devices whose cursors are kept, and what one may be called; and how many connections one
 * person may have at once: a house full of devices, and some that nobody has noticed to be gone.
 */
#define DEVICES_PER_ACCOUNT_MAX 16
#define DEVICE_BYTES_MAX 32
#define SESSIONS_PER_PERSON_MAX 32

/* Messages with a key: how many of the newest are known again, and for how long. */
#define KEPT_MAX 65536
#define KEPT_SECONDS 86400

/* How long the names of a dead edge's streams wait for those who return. */
#define ORPHAN_SECONDS 30

/* One record of the ring: a text, a list of rooms, names, room for what later kinds add. */
#define RECORD_BYTES_MAX (16 * 1024)

/*
 * People present, and those who have left and may come back as the same; their table grows by
 * doubling up to this. Then who left longest ago makes room, or, if all are present, `L` is refused.
 */
#define PERSONS_MAX (1u << 20)
#define ACCOUNTS_MAX (1u << 20)
#define BANS_MAX 65536
#define MUTES_MAX 65536

/* Edges: one per CPU up to four unless told otherwise; a record's home field and the tables allow this. */
#define EDGES_MAX 64
#define LISTENERS_MAX 16

/* One edge's request queue: some four thousand short requests, or 200 of the longest. */
#define QUEUE_BYTES (1024 * 1024)

/* Ring: at least three of the batches the hub may publish at once. */
#define RING_MEGABYTES_MIN 1
#define RING_MEGABYTES_MAX 65536
#define RING_MEGABYTES_DEFAULT 64

/* Requests the hub decides before it publishes: keeps a turn under a millisecond. */
#define HUB_BATCH_MAX 64

/* Entries the scribe writes in one transaction. */
#define SCRIBE_BATCH_MAX 4096

/* Seqs the scribe reserves ahead with one sync. */
#define SEQ_RESERVE (1000 * 1000)

/* Lines that `H` gives at most. */
#define HISTORY_LINES_MAX 50
#define HISTORY_LINES_DEFAULT 10

#endif
