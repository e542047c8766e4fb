/*
 * history.c - reads and prints. Nothing is written in the data folder, and the
 * room is not kept waiting.
 */
#include "history.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "lines.h"
#include "past.h"
#include "tongue.h"
#include "wishes.h"

#define EXIT_UNREADABLE 1

static const char in_english[] =
	"Usage: qun history [OPTION]...\n"
	"Show what was said, beside a running server or without one.\n"
	"\n"
	"  --data DIR      the data folder (default $XDG_DATA_HOME/qun, or\n"
	"                  /var/lib/qun as root)\n"
	"  --room ROOM     only what was heard in this room, such as #lobby\n"
	"  --last N        only the last N of what the other options leave\n"
	"  --since TIME    only from then on: 2026-11-23, 2026-11-23T20:15:00+08:00,\n"
	"                  2026-11-23 20:15 (local time), or 90s, 15m, 36h, 7d ago\n"
	"  --by NAME       only of this name; compared as names are\n"
	"  --search TEXT   only what holds these words; Chinese words of any length\n"
	"  --direct NAME   only the direct messages from and to this name, which are not\n"
	"                  shown otherwise\n"
	"  --json          one object a line: seq, time (RFC 3339), room, kind, name, text\n"
	"  --help          this text\n"
	"\n"
	"More: man qun-history\n";

static const char in_chinese[] =
	"用法: qun history [选项]...\n"
	"查看聊天记录，服务器在不在运行都可以。\n"
	"\n"
	"  --data 目录     数据目录 (默认 $XDG_DATA_HOME/qun，root 为 /var/lib/qun)\n"
	"  --room 房间     只看这个房间里听到的，例如 #lobby\n"
	"  --last N        只看其他选项留下的最后 N 条\n"
	"  --since 时间    只看从那时起的: 2026-11-23、2026-11-23T20:15:00+08:00、\n"
	"                  2026-11-23 20:15 (本地时间)，或 90s、15m、36h、7d 之前\n"
	"  --by 名字       只看这个名字的；按名字的规则比较\n"
	"  --search 文字   只看含有这些文字的；中文词一个字、几个字都可以\n"
	"  --direct 名字   只看这个名字收发的悄悄话；不加此项就不显示悄悄话\n"
	"  --json          每行一个对象: seq、time (RFC 3339)、room、kind、name、text\n"
	"  --help          显示本帮助\n"
	"\n"
	"详见 man qun-history\n";

static bool print_entry(void *context, const struct record *entry) {
	lines_add(context, entry);
	return true;
}

/* A reader that has seen enough and went away is not worth a word. */
static bool flush(void *context) {
	if (lines_flush(context)) {
		return true;
	}
	if (errno != EPIPE) {
		diag_errno("cannot write");
	}
	return false;
}

/* What the words ask for, in the log's terms. */
static bool understand(const struct wishes *wishes, const struct past *past,
                       struct wanted_entries *wanted) {
	*wanted = (struct wanted_entries){
		.since_us = wishes->since_us, .has_last = wishes->has_last, .last = wishes->last};
	if (wishes->room.size > 0) {
		wanted->room = state_room_named(past->rooms, wishes->room);
		if (wanted->room == 0) {
			diag("there is no room '%.*s'", (int)wishes->room.size, wishes->room.bytes);
			return false;
		}
	}
	if (wishes->by.size > 0) {
		wanted->has_by = true;
		/* A name that has no key is nobody's: its empty key equals no other. */
		(void)name_key(wishes->by, &wanted->by);
	}
	if (wishes->direct.size > 0) {
		wanted->is_direct = true;
		(void)name_key(wishes->direct, &wanted->direct);
	}
	if (wishes->search.size > 0) {
		wanted->search = search_query_create(wishes->search);
		if (wanted->search == NULL) {
			diag("no memory is left");
			return false;
		}
	}
	return true;
}

static int print_wanted(const struct wishes *wishes, struct past *past) {
	struct wanted_entries wanted;
	struct lines lines;
	if (!understand(wishes, past, &wanted)) {
		return EXIT_UNREADABLE;
	}
	lines_init(&lines, wishes->is_json, past->rooms);
	errno = 0;
	bool is_good = past_walk(past, &wanted, print_entry, flush, &lines);
	if (!is_good) {
		/* What came before the trouble is shown all the same. */
		(void)flush(&lines);
		diag("%s", past->why);
	} else if (past->tail_trouble != NULL) {
		diag("the ring cannot be read (%s): the last moments may be missing",
		     past->tail_trouble);
	}
	bool is_whole = is_good && lines.size == 0;
	lines_finish(&lines);
	search_query_destroy(wanted.search);
	return is_whole ? EXIT_DONE : EXIT_UNREADABLE;
}

int history_main(int argc, char **argv) {
	struct wishes wishes;
	struct past past;
	char trouble[WISHES_TROUBLE_BYTES] = "";
	diag_name("history");
	if (!wishes_parse(&wishes, argc, argv, trouble)) {
		diag("%s; see qun history --help", trouble);
		return EXIT_USAGE;
	}
	if (wishes.is_help) {
		fputs(tongue() == LANGUAGE_ZH ? in_chinese : in_english, stdout);
		return EXIT_DONE;
	}
	int code = EXIT_UNREADABLE;
	if (past_open(&past, wishes.data)) {
		code = print_wanted(&wishes, &past);
	} else {
		diag("%s", past.why);
	}
	past_close(&past);
	return code;
}
