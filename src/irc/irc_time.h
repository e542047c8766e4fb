/*
 * irc_time.h - what names a moment of the log in IRC: server-time and msgid,
 * and the selectors of CHATHISTORY that are made of them.
 *
 * A msgid is the log's id and the entry's seq, in Crockford's base32: 13 digits
 * and '-' and as many as the seq needs. So it stays the same for ever, and a
 * server finds the entry without an index.
 */
#ifndef IRC_TIME_H
#define IRC_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irc_message.h"
#include "slice.h"

/* "2026-11-25T19:30:00.123Z" */
#define IRC_TIME_BYTES 24
void irc_put_time(struct irc_line *line, uint64_t time_us);
/* Exactly that form, with one to six digits behind the point, or none and no point; UTC only. */
bool irc_read_time(struct slice text, uint64_t *time_us);

/* A log's id, of its data folder's secret: it stays the same as long as the folder does. */
uint64_t irc_log_id(const uint8_t *master, size_t size);

#define IRC_MSGID_BYTES_MAX 27
void irc_put_msgid(struct irc_line *line, uint64_t log, uint64_t seq);
bool irc_read_msgid(struct slice text, uint64_t *log, uint64_t *seq);

/* ---- CHATHISTORY ---- */

enum irc_selector_kind { SELECTOR_NONE, SELECTOR_LATEST /* "*" */, SELECTOR_TIME, SELECTOR_MSGID };
struct irc_selector {
	enum irc_selector_kind kind;
	uint64_t time_us;
	uint64_t log, seq;
};
/* "timestamp=…", "msgid=…", "*". Its kind is SELECTOR_NONE if it is none of these. */
struct irc_selector irc_read_selector(struct slice text);

enum irc_history_verb {
	HISTORY_UNKNOWN,
	HISTORY_LATEST,
	HISTORY_BEFORE,
	HISTORY_AFTER,
	HISTORY_AROUND,
	HISTORY_BETWEEN,
	HISTORY_TARGETS,
};
/* What of a CHATHISTORY is wrong, for FAIL. */
enum irc_history_fault {
	HISTORY_OK,
	HISTORY_NEED_MORE_PARAMS,
	HISTORY_INVALID_PARAMS,
};
struct irc_history {
	enum irc_history_verb verb;
	enum irc_history_fault fault;
	struct slice target; /* empty for TARGETS */
	struct irc_selector first, second;
	unsigned limit; /* at least 1; not bounded here */
};
struct irc_history irc_read_history(const struct irc_message *message);

#endif
