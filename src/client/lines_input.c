#include <string.h>

#include "join_words.h"
#include "lines.h"
#include "name.h"

/* Of a line that is longer than any text so much is wished, and refused; the rest is passed over. */
#define LINE_BYTES_MAX 16384

/* ---- messages ---- */

void lines_send(struct lines *lines, struct wish wish) {
	if (lines->open_count == LINES_OPEN_MAX) {
		return; /* not reached: input is not taken then */
	}
	struct lines_sent *sent = &lines->open[lines->open_count++];
	wish.tag = ++lines->tag;
	*sent = (struct lines_sent){.tag = wish.tag, .kind = wish.kind};
	sent->name_size = wish.name.size < sizeof sent->name ? wish.name.size : sizeof sent->name;
	if (sent->name_size > 0) {
		memcpy(sent->name, wish.name.bytes, sent->name_size);
	}
	lines_wish(lines, &wish);
}

const struct lines_room *lines_room_named(const struct lines *lines, struct slice name) {
	for (size_t i = 0; i < lines->rooms_count; i++) {
		const struct lines_room *room = &lines->rooms[i];
		if (name_equal(slice_of(room->name, room->name_size), name)) {
			return room;
		}
	}
	return NULL;
}

/* ---- commands ---- */

static struct slice trim(struct slice text) {
	while (text.size > 0 && text.bytes[0] == ' ') {
		text = slice_from(text, 1);
	}
	while (text.size > 0 && text.bytes[text.size - 1] == ' ') {
		text = slice_first(text, text.size - 1);
	}
	return text;
}

static struct slice next_word(struct slice *rest) {
	*rest = trim(*rest);
	const char *end = rest->size > 0 ? memchr(rest->bytes, ' ', rest->size) : NULL;
	struct slice word =
		slice_first(*rest, end == NULL ? rest->size : (size_t)(end - rest->bytes));
	*rest = trim(slice_from(*rest, word.size));
	return word;
}

static bool run_join(struct lines *lines, struct slice rest) {
	struct slice name = next_word(&rest);
	if (name.size == 0 || name.size > ROOM_NAME_BYTES_MAX || rest.size > 0) {
		return false;
	}
	const struct lines_room *room = lines_room_named(lines, name);
	if (room != NULL) {
		lines->room = room->id;
	} else {
		lines_send(lines, (struct wish){.kind = WISH_JOIN, .name = name});
		lines->room_tag = lines->tag;
	}
	return true;
}

static bool run_leave(struct lines *lines, struct slice rest) {
	lines_send(lines, (struct wish){.kind = WISH_PART, .room = lines->room, .text = rest});
	return true;
}

static void ask(struct lines *lines, uint8_t kind) {
	lines->questions_open++;
	lines->names_count = 0;
	lines_wish(
		lines,
		&(struct wish){.kind = kind, .question = ++lines->question, .room = lines->room});
}

static bool run_rooms(struct lines *lines, struct slice rest) {
	ask(lines, WISH_ROOMS);
	return true;
}

static bool run_who(struct lines *lines, struct slice rest) {
	ask(lines, WISH_WHO);
	return true;
}

static bool run_msg(struct lines *lines, struct slice rest) {
	struct slice name = next_word(&rest);
	if (rest.size == 0 || name.size > NAME_BYTES_MAX) {
		return false;
	}
	lines_send(lines, (struct wish){.kind = WISH_DIRECT, .name = name, .text = rest});
	return true;
}

static bool run_name(struct lines *lines, struct slice rest) {
	struct slice name = next_word(&rest);
	if (name.size == 0 || rest.size > 0) {
		return false;
	}
	lines_send(lines, (struct wish){.kind = WISH_RENAME, .name = name});
	return true;
}

static bool run_quit(struct lines *lines, struct slice rest) {
	lines->is_at_end = true;
	lines->input_size = 0;
	lines_quit(lines, 0, rest);
	return true;
}

static const struct command {
	const char *name;
	bool (*run)(struct lines *lines, struct slice rest);
	const char *zh, *en;
} commands[] = {
	{"/join", run_join, "用法: /join #房间", "usage: /join #room"},
	{"/leave", run_leave, "", ""},
	{"/rooms", run_rooms, "", ""},
	{"/who", run_who, "", ""},
	{"/msg", run_msg, "用法: /msg 名字 话", "usage: /msg name text"},
	{"/name", run_name, "用法: /name 新名字", "usage: /name new-name"},
	{"/quit", run_quit, "", ""},
};

static void run_command(struct lines *lines, struct slice line) {
	struct slice word = next_word(&line);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		const struct command *command = &commands[i];
		if (!slice_equal(word, slice_from_string(command->name))) {
			continue;
		}
		if (!command->run(lines, line)) {
			lines_note(lines, command->zh, command->en);
			lines->code = 1;
		}
		return;
	}
	lines_note(
		lines,
		"没有这个命令；有 /join /leave /rooms /who /msg /name /quit，// 开头说出以 / "
		"开头的话",
		"no such command; there are /join /leave /rooms /who /msg /name /quit, and // says "
		"what begins with a slash");
	lines->code = 1;
}

/* ---- lines ---- */

static bool is_command(struct slice line) {
	return line.bytes[0] == '/' && (line.size == 1 || line.bytes[1] != '/');
}

static void answer_trust(struct lines *lines, struct slice line) {
	bool is_yes = line.size > 0 && (line.bytes[0] == 'y' || line.bytes[0] == 'Y');
	if (is_yes) {
		lines_wish(lines, &(struct wish){.kind = WISH_TRUST});
	} else {
		lines->code = 1;
		lines_quit(lines, 0, slice_of(NULL, 0));
	}
}

void lines_typed(struct lines *lines, struct slice line) {
	if (line.size > 0 && line.bytes[line.size - 1] == '\r') {
		line = slice_first(line, line.size - 1);
	}
	if (lines->standing == STANDING_TRUST_WANTED) {
		answer_trust(lines, line);
	} else if (lines->standing == STANDING_NAME_WANTED) {
		lines_wish(lines, &(struct wish){.kind = WISH_NAME, .name = trim(line)});
		lines->standing = STANDING_SEEKING;
	} else if (line.size == 0) {
		return;
	} else if (is_command(line)) {
		run_command(lines, line);
	} else {
		struct slice text = line.bytes[0] == '/' ? slice_from(line, 1) : line;
		lines_send(lines,
		           (struct wish){.kind = WISH_SAY, .room = lines->room, .text = text});
	}
}

/* Asked for a name, or whether to trust: a line. In the room: when its words have somewhere to go. */
static bool may_take(const struct lines *lines) {
	if (lines->standing == STANDING_NAME_WANTED || lines->standing == STANDING_TRUST_WANTED) {
		return lines->is_asking_terminal;
	}
	return lines->was_in && !lines->is_quitting && lines->standing != STANDING_ENDED &&
	       lines->room != 0 && !lines->is_room_wanted && lines->room_tag == 0 &&
	       lines->questions_open == 0 && lines->open_count < LINES_OPEN_MAX;
}

bool lines_wants_input(const struct lines *lines) {
	return !lines->is_at_end && lines->input_size < sizeof lines->input && may_take(lines);
}

void lines_take_input(struct lines *lines) {
	size_t at = 0;
	while (at < lines->input_size && may_take(lines)) {
		const char *first = lines->input + at;
		const char *end = memchr(first, '\n', lines->input_size - at);
		if (end == NULL && !lines->is_at_end && lines->input_size - at < LINE_BYTES_MAX) {
			break;
		}
		size_t size = end == NULL ? lines->input_size - at : (size_t)(end - first);
		at += size + (end != NULL);
		if (!lines->is_skipping) {
			lines_typed(lines,
			            slice_of(first, size < LINE_BYTES_MAX ? size : LINE_BYTES_MAX));
		}
		/* Without an end it is longer than any text may be: the rest belongs to it. */
		lines->is_skipping = end == NULL;
	}
	if (at > lines->input_size) {
		at = lines->input_size; /* /quit forgot the rest */
	}
	lines->input_size -= at;
	memmove(lines->input, lines->input + at, lines->input_size);
}
