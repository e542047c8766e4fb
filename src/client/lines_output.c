#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "join_words.h"
#include "lines.h"
#include "name.h"
#include "record.h"
#include "state.h"
#include "visible.h"
#include "words.h"

/* The longest text, each byte of it invisible, with names around it. */
#define LINE_OUT_BYTES (VISIBLE_BYTES_MAX(TEXT_BYTES_MAX) + 2048)

static const char *in(const struct lines *lines, const char *zh, const char *en) {
	return lines->language == LANGUAGE_ZH ? zh : en;
}

void lines_note_slice(struct slice text) {
	fprintf(stderr, "qun: %.*s\n", (int)text.size, text.bytes);
}

void lines_note(const struct lines *lines, const char *zh, const char *en) {
	lines_note_slice(slice_from_string(in(lines, zh, en)));
}

/* ---- a line ---- */

/* One line, whatever is in it: a line feed is a control character like any other. */
static void print_line(struct lines *lines, struct slice prefix, struct slice line) {
	static const char stand_in[] = "\xEF\xBF\xBD";
	fwrite(prefix.bytes, 1, prefix.size, stdout);
	while (line.size > 0) {
		const char *end = memchr(line.bytes, '\n', line.size);
		size_t size = end == NULL ? line.size : (size_t)(end - line.bytes);
		fwrite(line.bytes, 1, size, stdout);
		if (end != NULL) {
			fwrite(stand_in, 1, sizeof stand_in - 1, stdout);
			size++;
		}
		line = slice_from(line, size);
	}
	if (putchar('\n') == EOF) {
		lines->is_output_gone = true;
	}
}

static struct record as_record(const struct tell *tell) {
	return (struct record){.kind = tell->entry_kind,
	                       .seq = tell->seq,
	                       .time_us = tell->time_ms * 1000,
	                       .person = tell->person,
	                       .target = tell->target,
	                       .room = tell->room,
	                       .reason = tell->reason,
	                       .name = tell->name,
	                       .other_name = tell->other,
	                       .by = tell->other,
	                       .text = tell->text};
}

static struct lines_room *room_of(struct lines *lines, uint64_t id) {
	for (size_t i = 0; i < lines->rooms_count; i++) {
		if (lines->rooms[i].id == id) {
			return &lines->rooms[i];
		}
	}
	return NULL;
}

/* What is about the rooms rather than in one needs no room before it. */
static bool is_elsewhere(const struct lines *lines, const struct tell *tell) {
	switch (tell->entry_kind) {
	case ENTRY_SAID: break;
	case ENTRY_JOINED:
	case ENTRY_PARTED:
	case ENTRY_DIRECT: return false;
	default: break;
	}
	if (tell_rooms_count(tell) == 0) {
		return false;
	}
	for (size_t i = 0; i < tell_rooms_count(tell); i++) {
		if (tell_room(tell, i) == lines->room) {
			return false;
		}
	}
	return true;
}

static bool is_own_words(const struct tell *tell) {
	return (tell->flags & TELL_IS_OWN) != 0 &&
	       (tell->entry_kind == ENTRY_SAID || tell->entry_kind == ENTRY_DIRECT ||
	        tell->entry_kind == ENTRY_ENTERED || tell->entry_kind == ENTRY_LEFT);
}

static void on_entry(struct lines *lines, const struct tell *tell) {
	char line[LINE_OUT_BYTES], prefix[ROOM_NAME_BYTES_MAX * 3 + 8];
	size_t prefix_size = 0;
	struct record record = as_record(tell);
	lines->told = tell->seq > lines->told ? tell->seq : lines->told;
	if (tell->entry_kind == ENTRY_JOINED && tell->tag != 0 && tell->tag == lines->room_tag) {
		lines->room = tell->room;
	}
	if (is_own_words(tell)) {
		return;
	}
	size_t size = words_entry(lines->language, &record, line, sizeof line);
	const struct lines_room *room = room_of(lines, tell->room);
	if (is_elsewhere(lines, tell) && room != NULL) {
		prefix[prefix_size++] = '[';
		prefix_size += visible_render(slice_of(room->name, room->name_size), prefix + 1,
		                              sizeof prefix - 4);
		prefix[prefix_size++] = ']';
		prefix[prefix_size++] = ' ';
	}
	if (size > 0) {
		print_line(lines, slice_of(prefix, prefix_size), slice_of(line, size));
	}
}

static void on_gap(struct lines *lines, const struct tell *tell) {
	if (tell->question == 0) {
		lines->told = tell->seq > lines->told ? tell->seq : lines->told;
		fprintf(stderr, "qun: %s (%llu-%llu)\n",
		        in(lines, "你离开期间有些话，服务器已经不再保存",
		           "some of what was said meanwhile is not kept any more"),
		        (unsigned long long)tell->from + 1, (unsigned long long)tell->seq);
	}
}

/* ---- rooms ---- */

static void on_room(struct lines *lines, const struct tell *tell) {
	struct lines_room *room = room_of(lines, tell->room);
	struct slice wanted = lines->start->options->room == NULL
	                              ? slice_of(NULL, 0)
	                              : slice_from_string(lines->start->options->room);
	if ((tell->flags & TELL_IS_DIRECT) != 0) {
		return;
	}
	if ((tell->flags & TELL_IS_IN) == 0) {
		if (room != NULL) {
			*room = lines->rooms[--lines->rooms_count];
		}
		lines->room = lines->room == tell->room ? ROOM_LOBBY : lines->room;
		return;
	}
	if (room == NULL && lines->rooms_count < LINES_ROOMS_MAX) {
		room = &lines->rooms[lines->rooms_count++];
	}
	if (room == NULL) {
		return;
	}
	room->id = tell->room;
	room->name_size = tell->name.size < sizeof room->name ? tell->name.size : sizeof room->name;
	memcpy(room->name, tell->name.bytes, room->name_size);
	if (lines->room == 0) {
		lines->room = ROOM_LOBBY;
	}
	if (lines->is_room_wanted && name_equal(wanted, tell->name)) {
		lines->is_room_wanted = false;
		lines->room = room->id;
	}
}

/* ---- how it stands ---- */

static void note_entered(struct lines *lines, const struct tell *tell) {
	char name[VISIBLE_BYTES_MAX(NAME_BYTES_MAX)];
	size_t size = visible_render(tell->name, name, sizeof name);
	fprintf(stderr, "qun: %s %.*s @ %.*s%s\n", in(lines, "进入了", "entered as"), (int)size,
	        name, (int)tell->other.size, tell->other.bytes,
	        in(lines, "（没有加密）", " (not encrypted)"));
}

/* --room that is not among one's rooms yet is entered now. */
static void want_room(struct lines *lines) {
	if (lines->is_room_wanted && lines->room_tag == 0) {
		lines_send(lines,
		           (struct wish){.kind = WISH_JOIN,
		                         .name = slice_from_string(lines->start->options->room)});
		lines->room_tag = lines->tag;
	}
}

static void on_in(struct lines *lines, const struct tell *tell) {
	if (!lines->was_in) {
		note_entered(lines, tell);
		lines->was_in = true;
		lines->tag = tell->tag;
		lines->told = lines->shown = tell->seq;
	} else if (lines->was_silent) {
		lines_note(lines, "又连上了", "connected again");
	}
	lines->was_silent = false;
	want_room(lines);
}

static void on_seeking(struct lines *lines, const struct tell *tell) {
	char words[JOIN_WORDS_BYTES_MAX];
	if (tell->reason != 0 && tell->reason != lines->seeking_reason) {
		lines_note_slice(
			slice_of(words, join_words_reason(lines->language, tell, tell->name,
		                                          clock_wall_us() / 1000, words)));
	}
	lines->seeking_reason = tell->reason;
	if ((tell->flags & TELL_IS_SILENT) != 0 && !lines->was_silent) {
		lines->was_silent = true;
		fprintf(stderr, "qun: %.*s %s\n", (int)tell->other.size, tell->other.bytes,
		        in(lines, "没有回音，继续尝试", "does not answer; trying on"));
	}
}

static void end_without_answer(struct lines *lines, const char *zh, const char *en) {
	lines_note(lines, zh, en);
	lines->code = 1;
	lines_quit(lines, WISH_AT_ONCE, slice_of(NULL, 0));
}

/* Where the person looks; what is heard may go into a file. */
static void ask_person(const struct lines *lines, const char *zh, const char *en) {
	FILE *to = isatty(STDOUT_FILENO) == 1 ? stdout : stderr;
	fputs(in(lines, zh, en), to);
	fflush(to);
}

/* A person is asked; a script has to say it beforehand. */
static void on_name_wanted(struct lines *lines, const struct tell *tell) {
	char words[JOIN_WORDS_BYTES_MAX];
	if (tell->reason != 0) {
		lines_note_slice(
			slice_of(words, join_words_reason(lines->language, tell, tell->name,
		                                          clock_wall_us() / 1000, words)));
	}
	if (lines->is_asking_terminal) {
		ask_person(lines, "请输入姓名: ", "Your name: ");
	} else {
		end_without_answer(lines, "请用 --name 给一个（别的）名字",
		                   "give a name, or another one, with --name");
	}
}

static void on_trust_wanted(struct lines *lines, const struct tell *tell) {
	if (tell->reason != 0) {
		lines_note(lines, "服务器不再认得你上次的会话",
		           "the server does not know your session of last time any more");
	} else {
		lines_note(lines, "服务器的密钥和上次不一样：它可能重装过，也可能是别人在冒充",
		           "the server's key is not the one of last time: it was set up anew, or "
		           "somebody else answers in its place");
	}
	if (lines->is_asking_terminal) {
		ask_person(lines, "从头开始吗？(y/n) ", "Begin anew? (y/n) ");
	} else {
		end_without_answer(lines, "如果这没有问题，请加上 --new 从头开始",
		                   "if that is all right, --new begins anew");
	}
}

static void on_ended(struct lines *lines, const struct tell *tell) {
	char words[JOIN_WORDS_BYTES_MAX];
	lines->is_over = true;
	if (tell->ending == ENDING_QUIT) {
		return;
	}
	if (lines->was_in && tell->ending == ENDING_NO_ANSWER) {
		lines_note(lines, "服务器没有回音；最后说的话可能没有送到",
		           "the server does not answer; what was said last may not have arrived");
	} else {
		lines_note_slice(slice_of(words, join_words_ending(lines->language, tell,
		                                                   lines->start->options->host,
		                                                   clock_wall_us() / 1000, words)));
	}
	lines->code = 1;
}

static void on_standing(struct lines *lines, const struct tell *tell) {
	bool is_other = tell->state != lines->standing;
	bool is_again = tell->state == STANDING_SEEKING;
	lines->standing = tell->state;
	if (!is_other && !is_again) {
		return;
	}
	switch (tell->state) {
	case STANDING_SEEKING: on_seeking(lines, tell); break;
	case STANDING_NAME_WANTED: on_name_wanted(lines, tell); break;
	case STANDING_TRUST_WANTED: on_trust_wanted(lines, tell); break;
	case STANDING_IN: on_in(lines, tell); break;
	case STANDING_ENDED: on_ended(lines, tell); break;
	default: break;
	}
}

/* ---- one's own messages ---- */

static void note_refused(struct lines *lines, const struct lines_sent *sent,
                         const struct tell *tell) {
	char words[JOIN_WORDS_BYTES_MAX], name[VISIBLE_BYTES_MAX(NAME_BYTES_MAX)];
	size_t size =
		join_words_reason(lines->language, tell, slice_of(sent->name, sent->name_size),
	                          clock_wall_us() / 1000, words);
	size_t name_size = visible_render(slice_of(sent->name, sent->name_size), name, sizeof name);
	const char *what = sent->kind == WISH_JOIN     ? in(lines, "没有进入", "not entered")
	                   : sent->kind == WISH_PART   ? in(lines, "没有离开", "not left")
	                   : sent->kind == WISH_RENAME ? in(lines, "没有改名", "not renamed")
	                                               : in(lines, "没有送到", "not delivered");
	fprintf(stderr, "qun: %s%s%.*s: %.*s\n", what, name_size > 0 ? " " : "", (int)name_size,
	        name, (int)size, words);
	lines->code = 1;
}

/*
 * Who is in that room already is refused with no reason; if not, it is told why, or knows no better. The
 * rooms that one is in are known before anything is decided.
 */
static const struct lines_room *room_already(const struct lines *lines,
                                             const struct lines_sent *sent,
                                             const struct tell *tell) {
	bool may_be = sent->kind == WISH_JOIN && tell->state == MESSAGE_REFUSED &&
	              tell->reason == REASON_NONE;
	return may_be ? lines_room_named(lines, slice_of(sent->name, sent->name_size)) : NULL;
}

/*
 * The room that was wished is the present one from now on (on_entry); without --room's nothing
 * is said at all.
 */
static void on_room_decided(struct lines *lines, const struct lines_room *already,
                            const struct tell *tell) {
	bool is_refused = tell->state == MESSAGE_REFUSED && already == NULL;
	if (already != NULL) {
		lines->room = already->id;
	}
	if (lines->is_room_wanted && is_refused) {
		lines_quit(lines, 0, slice_of(NULL, 0));
	}
	lines->room_tag = 0;
	lines->is_room_wanted = false;
}

static bool take_sent(struct lines *lines, uint64_t tag, struct lines_sent *sent) {
	for (size_t i = 0; i < lines->open_count; i++) {
		if (lines->open[i].tag == tag) {
			*sent = lines->open[i];
			lines->open_count--;
			memmove(&lines->open[i], &lines->open[i + 1],
			        (lines->open_count - i) * sizeof lines->open[0]);
			return true;
		}
	}
	return false;
}

static void on_message(struct lines *lines, const struct tell *tell) {
	struct lines_sent sent;
	bool is_decided = tell->state == MESSAGE_KEPT || tell->state == MESSAGE_REFUSED;
	if (!is_decided || !take_sent(lines, tell->tag, &sent)) {
		return;
	}
	const struct lines_room *already = room_already(lines, &sent, tell);
	if (tell->state == MESSAGE_REFUSED && already == NULL) {
		note_refused(lines, &sent, tell);
	}
	if (sent.tag == lines->room_tag) {
		on_room_decided(lines, already, tell);
	}
}

/* ---- answers ---- */

static void on_person(struct lines *lines, const struct tell *tell) {
	char name[VISIBLE_BYTES_MAX(NAME_BYTES_MAX)];
	size_t size = visible_render(tell->name, name, sizeof name);
	if (tell->question == 0) {
		return;
	}
	printf("%s%.*s%s", lines->names_count++ > 0 ? " " : "", (int)size, name,
	       (tell->flags & TELL_IS_ABSENT) == 0 ? "" : in(lines, "(暂离)", "(absent)"));
}

static void on_listed(struct lines *lines, const struct tell *tell) {
	char name[VISIBLE_BYTES_MAX(ROOM_NAME_BYTES_MAX)];
	size_t size = visible_render(tell->name, name, sizeof name);
	printf("%.*s %llu%s\n", (int)size, name, (unsigned long long)tell->connected,
	       (tell->flags & TELL_IS_IN) != 0 ? " *" : "");
}

static void on_answered(struct lines *lines, const struct tell *tell) {
	char words[JOIN_WORDS_BYTES_MAX];
	if (lines->questions_open > 0) {
		lines->questions_open--;
	}
	if (lines->names_count > 0) {
		print_line(lines, slice_from_string(""), slice_from_string(""));
		lines->names_count = 0;
	}
	if (tell->reason != 0) {
		lines_note_slice(
			slice_of(words, join_words_reason(lines->language, tell, tell->name,
		                                          clock_wall_us() / 1000, words)));
		lines->code = 1;
	}
}

void lines_told(struct lines *lines, const struct tell *tell) {
	switch (tell->kind) {
	case TELL_STANDING: on_standing(lines, tell); break;
	case TELL_ROOM: on_room(lines, tell); break;
	case TELL_ENTRY: on_entry(lines, tell); break;
	case TELL_GAP: on_gap(lines, tell); break;
	case TELL_MESSAGE: on_message(lines, tell); break;
	case TELL_PERSON: on_person(lines, tell); break;
	case TELL_LISTED: on_listed(lines, tell); break;
	case TELL_ANSWERED: on_answered(lines, tell); break;
	default: break;
	}
}
