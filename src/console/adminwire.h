/*
 * adminwire.h - what is spoken on DATA/admin.sock, a Unix stream socket that
 * only the data folder's owner (and root) may use.
 *
 * Both sides speak lines of JSON. A request is one object in one line:
 *
 *   {"line": "/kick 小明 why", "language": "en"}
 *
 *   line       what would be typed at the console; without a slash it is a shout
 *   language   "zh" or "en": in which language answers are put; the server's if absent
 *   password   the new one, for "/account add" and "/account password"
 *
 * The answer is any number of lines, each an object with what there is to know
 * and `line`, the same in words; and one last line, the only one with `ok`:
 *
 *   {"name": "小明", "address": "192.168.1.9:40000", ..., "line": "小明  192.168.1.9:40000 ..."}
 *   {"ok": true, "count": 1, "line": "..."}
 *   {"ok": false, "error": "no-such-name", "line": "..."}
 *
 * `error` is a reason's word (record.h) or one of the console's own:
 * "unknown-command", "argument-missing", "argument-surplus", "bad-number"
 * (command.h), "bad-request" (the line was no such object), "line-too-long",
 * "no-answer" (nobody answered in time: it may still happen), "overtaken",
 * "states-differ", "log-damaged", or one of accounts' (accountwire.h), and "password-missing". `line` may be absent where there is nothing
 * to say. Readers ignore keys that they do not know.
 *
 * The next request is read when the answer to the last is complete. Who takes
 * no answers is not waited for, and gives way when others want to connect.
 */
#ifndef ADMINWIRE_H
#define ADMINWIRE_H

#define ADMIN_SOCKET_NAME "admin.sock"

/* A text of TEXT_BYTES_MAX in JSON's longest form (\u00XX for each byte), and room for the rest. */
#define ADMIN_REQUEST_BYTES_MAX (32 * 1024)

#endif
