/*
 * words.h - what people read: notices, refusals, answers, in Chinese or
 * English. The faces for people (plain, console, terminal client) share it.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "record.h"

/*
 * The line for an entry, as a member reads it: "小明 进入了聊天室", "小明说: 你好",
 * "管理员: ...". Into `out`, not terminated; returns its size, at most
 * out_size (cut between characters if need be; 0 for what is not shown).
 * Controls in texts appear as U+FFFD.
 */
size_t words_entry(enum language language, const struct record *entry, char *out, size_t out_size);

/*
 * What precedes the text of an entry that is said, shouted, or for one person ("小明说: "), for
 * faces that cut long texts; 0 bytes for other entries.
 */
size_t words_said_prefix(enum language language, const struct record *entry, char *out,
                         size_t out_size);

/* The sentence of a refusal. Never longer than this: the answer to `L` is read into 128 bytes. */
#define WORDS_REFUSAL_BYTES_MAX 120
size_t words_refusal(enum language language, const struct record *answer, char *out,
                     size_t out_size);

/* What somebody reads who is ended by it (kicked, banned, idle, closed); 0 bytes for a plain leave. */
size_t words_ended(enum language language, const struct record *entry, char *out, size_t out_size);

/* To the holder of a name that somebody else tries. */
size_t words_probe(enum language language, const struct record *answer, char *out, size_t out_size);

/* All letters of the plain dialect in one line. */
size_t words_letters(enum language language, char *out, size_t out_size);

/*
 * "3 人在聊天室: ", then the names of who is connected; "；2 人暂离: ", then those of who is
 * absent; "…另有 9812 人" where they do not all fit.
 */
size_t words_who(enum language language, uint64_t count, char *out, size_t out_size);
size_t words_who_absent(enum language language, uint64_t count, char *out, size_t out_size);
size_t words_who_more(enum language language, uint64_t count, char *out, size_t out_size);

/*
 * Is it something that a server says (a refusal, OK, EXIT, a notice), in either language? Then no
 * server answers it: two that hear each other fall silent.
 */
bool words_are_a_servers(struct slice text);

#endif
