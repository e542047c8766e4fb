/*
 * speech.h - how the console puts records: as a line for people, as an object
 * for programs. Records are entries, and rows as lists have them: ROW_SESSION
 * (somebody present, with name), ROW_BAN, ROW_MUTE, ROW_ACCOUNT (with since), ROW_SERVER.
 */
#ifndef SPEECH_H
#define SPEECH_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "record.h"

/* A line of TEXT_BYTES_MAX line feeds, each with an indent behind it, and what precedes it. */
#define SPEECH_LINE_MAX (48 * 1024)

/* One of two, by language; a macro, so that the compiler still sees what is a format. */
#define either(language, zh, en) ((language) == LANGUAGE_EN ? (en) : (zh))

/* "14:05:09", of another day than today "2026-02-03 14:05:09"; local time. */
#define SPEECH_TIME_MAX 40
const char *speech_time(uint64_t time_us, char out[SPEECH_TIME_MAX]);

/*
 * The record's line, terminated; returns its size, 0 for what is not shown.
 * Line feeds in texts are followed by an indent, so that no text looks like a line of its own.
 */
size_t speech_line(enum language language, const struct record *record, char out[SPEECH_LINE_MAX]);

/* "5, as ever": a level in words; never NULL. */
const char *speech_level(enum language language, uint64_t level);

/* A new reference; the record's `line` is not in it. */
json_t *speech_object(const struct record *record);

/* A string for JSON: what is not UTF-8 is made so. A new reference. */
json_t *speech_string(struct slice text);

#endif
