/*
 * join_words.h - what `qun join` says to its person about what the link tells: why
 * something was refused, why it is over. Both faces say it in the same words.
 */
#ifndef JOIN_WORDS_H
#define JOIN_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "screenwire.h"

/* A sentence without its full stop fits, whatever the server's text is. */
#define JOIN_WORDS_BYTES_MAX 1024

/*
 * Why: of a TELL_MESSAGE or TELL_STANDING that was refused; `name` is whose name, or which room, it was
 * about, if any. Made visible, not terminated; returns its size.
 */
size_t join_words_reason(enum language language, const struct tell *tell, struct slice name,
                         uint64_t now_ms, char out[static JOIN_WORDS_BYTES_MAX]);

/* Why it is over: of a TELL_STANDING that has ended; `host` as it was asked for. Nothing after a quit. */
size_t join_words_ending(enum language language, const struct tell *tell, const char *host,
                         uint64_t now_ms, char out[static JOIN_WORDS_BYTES_MAX]);

#endif
