#include "import_source.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "limits.h"
#include "moment.h"
#include "name.h"
#include "utf8.h"

/* A clock goes back this far when summer ends, or somebody sets it; further, and something is wrong. */
#define BACK_US_MAX (UINT64_C(2) * 3600 * 1000000)

struct import_source {
	struct import_reading *reading;
	const struct import_file *files;
	size_t files_count;
	size_t at; /* the file that is open, or is next */
	int fd;    /* -1: none is */
	uint64_t line;
	uint64_t last_us;
	iconv_t converter; /* (iconv_t)-1: none yet */
	char *converted;
	char *scratch; /* the parser's, if it has a use for it */
	struct import_heard heard;
	size_t order;
	size_t begin, end; /* what of `bytes` is read and not yet given */
	char bytes[IMPORT_LINE_BYTES_MAX];
};

struct import_source *import_source_create(struct import_reading *reading,
                                           const struct import_file *files, size_t count) {
	struct import_source *source = malloc(sizeof(*source));
	if (source != NULL) {
		memset(source, 0, offsetof(struct import_source, bytes));
		source->reading = reading;
		source->files = files;
		source->files_count = count;
		source->fd = -1;
		source->converter = (iconv_t)-1;
		source->scratch =
			files->form->has_scratch ? malloc(IMPORT_CONVERTED_BYTES_MAX) : NULL;
		if (files->form->has_scratch && source->scratch == NULL) {
			free(source);
			return NULL;
		}
	}
	return source;
}

void import_source_destroy(struct import_source *source) {
	if (source == NULL) {
		return;
	}
	if (source->fd >= 0) {
		close(source->fd);
	}
	if (source->converter != (iconv_t)-1) {
		iconv_close(source->converter);
	}
	free(source->converted);
	free(source->scratch);
	free(source);
}

const struct import_heard *import_source_heard(const struct import_source *source) {
	return &source->heard;
}

static const struct import_file *file_of(const struct import_source *source) {
	return &source->files[source->at];
}

static bool tell(struct import_source *source, enum import_trouble trouble, struct slice detail) {
	import_tell(source->reading->tally, file_of(source)->path, source->line, trouble, detail);
	return false;
}

/* ---- bytes ---- */

static bool fail(struct import_source *source) {
	source->line = IMPORT_WHOLE_FILE;
	return tell(source, TROUBLE_READ, slice_from_string(strerror(errno)));
}

static bool open_file(struct import_source *source) {
	struct import_reading *reading = source->reading;
	reading->open_begin(reading->context);
	source->fd = open(file_of(source)->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int saved = errno;
	reading->open_end(reading->context);
	errno = saved;
	source->line = 0;
	source->begin = source->end = 0;
	if (source->fd < 0) {
		return fail(source);
	}
	reading->tally->files++;
	return true;
}

static void close_file(struct import_source *source) {
	if (source->fd >= 0) {
		close(source->fd);
		source->fd = -1;
	}
	source->at++;
}

/* More of the file behind what is there. False: there is no more. */
static bool fill(struct import_source *source) {
	ssize_t got;
	if (source->begin > 0) {
		memmove(source->bytes, source->bytes + source->begin, source->end - source->begin);
		source->end -= source->begin;
		source->begin = 0;
	}
	do {
		got = read(source->fd, source->bytes + source->end,
		           sizeof(source->bytes) - source->end);
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		return fail(source);
	}
	source->end += (size_t)got;
	source->reading->tally->bytes += (uint64_t)got;
	return got > 0;
}

/* Passes the rest of a line over, of which the buffer has had its fill. */
static void skip_line(struct import_source *source) {
	do {
		const char *from = source->bytes + source->begin;
		const char *end = memchr(from, '\n', source->end - source->begin);
		if (end != NULL) {
			source->begin += (size_t)(end - from) + 1;
			return;
		}
		source->begin = source->end;
	} while (fill(source));
}

/* The next line of the file that is open, without its end. False: there is none. */
static bool read_line(struct import_source *source, struct slice *line) {
	size_t looked = 0;
	for (;;) {
		const char *from = source->bytes + source->begin;
		size_t size = source->end - source->begin;
		const char *end = size > looked ? memchr(from + looked, '\n', size - looked) : NULL;
		looked = size;
		if (end != NULL) {
			*line = slice_of(from, (size_t)(end - from));
			source->begin += line->size + 1;
			return true;
		}
		if (size == sizeof(source->bytes)) {
			source->line++;
			source->reading->tally->lines++;
			tell(source, TROUBLE_TOO_LONG, slice_of(NULL, 0));
			skip_line(source);
			looked = 0;
		} else if (!fill(source)) {
			*line = slice_of(source->bytes + source->begin,
			                 source->end - source->begin);
			source->begin = source->end;
			return line->size > 0;
		}
	}
}

static bool convert(struct import_source *source, struct slice *line) {
	const char *charset = source->reading->charset;
	if (charset == NULL) {
		return tell(source, TROUBLE_NOT_UTF8, slice_of(NULL, 0));
	}
	if (source->converter == (iconv_t)-1) {
		source->converter = iconv_open("UTF-8", charset);
		source->converted = malloc(IMPORT_CONVERTED_BYTES_MAX);
		if (source->converter == (iconv_t)-1 || source->converted == NULL) {
			return tell(source, TROUBLE_NOT_UTF8, slice_from_string(charset));
		}
	}
	char *in = (char *)(uintptr_t)line->bytes, *out = source->converted;
	size_t in_left = line->size, out_left = IMPORT_CONVERTED_BYTES_MAX;
	iconv(source->converter, NULL, NULL, NULL, NULL);
	if (iconv(source->converter, &in, &in_left, &out, &out_left) == (size_t)-1) {
		return tell(source, TROUBLE_NOT_UTF8, slice_from_string(charset));
	}
	*line = slice_of(source->converted, IMPORT_CONVERTED_BYTES_MAX - out_left);
	return true;
}

static bool is_text(struct import_source *source, struct slice *line) {
	if (line->size > 0 && line->bytes[line->size - 1] == '\r') {
		*line = slice_first(*line, line->size - 1);
	}
	if (line->size > 0 && memchr(line->bytes, '\0', line->size) != NULL) {
		return tell(source, TROUBLE_NUL, slice_of(NULL, 0));
	}
	return utf8_is_valid(*line) || convert(source, line);
}

/* ---- time ---- */

/* "2026-11-23 20:15:00", which most are: what its minute is, is known from the line before. */
static bool read_moment(struct import_reading *reading, struct slice text, uint64_t *time_us) {
	size_t minute = sizeof(reading->minute) - 1;
	if (text.size < minute || text.bytes[4] != '-') {
		return false;
	}
	if (text.size != minute + 3) {
		return moment_parse(text, reading->now_us, time_us);
	}
	if (memcmp(text.bytes, reading->minute, minute) != 0) {
		if (!moment_parse(slice_first(text, minute), reading->now_us,
		                  &reading->minute_us)) {
			reading->minute[0] = '\0';
			return false;
		}
		memcpy(reading->minute, text.bytes, minute);
	}
	const char *second = text.bytes + minute;
	bool is_good = second[0] == ':' && second[1] >= '0' && second[1] <= '6' &&
	               second[2] >= '0' && second[2] <= '9';
	*time_us = reading->minute_us +
	           (uint64_t)((second[1] - '0') * 10 + (second[2] - '0')) * 1000000;
	return is_good;
}

/* When it was; told, if it cannot have been then. */
static bool find_time(struct import_source *source, struct slice text) {
	char whole[IMPORT_DAY_BYTES + 16];
	const char *day = file_of(source)->place.day;
	uint64_t time_us;
	if (day[0] != '\0') {
		int size =
			snprintf(whole, sizeof(whole), "%s %.*s", day, (int)text.size, text.bytes);
		text = slice_of(whole, size < (int)sizeof(whole) ? (size_t)size : 0);
	}
	if (!read_moment(source->reading, text, &time_us)) {
		return tell(source, TROUBLE_TIME, text);
	}
	if (time_us > source->reading->now_us) {
		return tell(source, TROUBLE_FUTURE, text);
	}
	if (time_us < source->last_us) {
		if (source->last_us - time_us > BACK_US_MAX) {
			return tell(source, TROUBLE_BACK, text);
		}
		source->reading->tally->delayed++;
		time_us = source->last_us;
	}
	source->last_us = time_us;
	source->heard.time_us = time_us;
	return true;
}

/* ---- what is said ---- */

static bool is_name_good(struct import_source *source, struct slice name) {
	return name_check(name) == NAME_OK || tell(source, TROUBLE_NAME, name);
}

static bool is_text_good(struct import_source *source, const struct import_line *line) {
	size_t size = line->text.size;
	switch (line->kind) {
	case IMPORT_ACTION: size += strlen("\1ACTION \1"); break; /* as it is kept */
	case IMPORT_SAID:
	case IMPORT_NOTICE: break;
	case IMPORT_TOPIC:
		if (!import_is_line(line->text)) {
			return tell(source, TROUBLE_TOPIC_LINES, slice_of(NULL, 0));
		}
		return size <= TOPIC_BYTES_MAX ||
		       tell(source, TROUBLE_TOPIC_TOO_LONG, slice_of(NULL, 0));
	default: return true;
	}
	if (line->text.size == 0) {
		return tell(source, TROUBLE_NO_TEXT, slice_of(NULL, 0));
	}
	return size <= TEXT_BYTES_MAX || tell(source, TROUBLE_TEXT_TOO_LONG, slice_of(NULL, 0));
}

/* Where it was heard: what was given, what the line says, what the file is called. */
static bool find_room(struct import_source *source) {
	const struct import_file *file = file_of(source);
	struct slice said = source->heard.line.window;
	source->heard.room = file->room.size > 0 ? file->room
	                     : said.size > 0     ? said
	                                         : file->place.window;
	if (source->heard.room.size == 0 || source->heard.room.bytes[0] != '#') {
		return tell(source, TROUBLE_NO_ROOM, source->heard.room);
	}
	return room_name_check(source->heard.room) == NAME_OK ||
	       tell(source, TROUBLE_ROOM_NAME, source->heard.room);
}

/* Is it to be taken? If not, it has been counted. */
static bool is_taken(struct import_source *source, struct slice bytes) {
	struct import_line *line = &source->heard.line;
	if (!is_text(source, &bytes) || bytes.size == 0) {
		return false;
	}
	switch (file_of(source)->form->line(bytes, source->scratch, line)) {
	case IMPORT_NONE: return tell(source, TROUBLE_FORM, slice_of(NULL, 0));
	case IMPORT_PASSED: source->reading->tally->passed++; return false;
	case IMPORT_RENAMED:
		if (!is_name_good(source, line->other_name)) {
			return false;
		}
		break;
	default: break;
	}
	return is_name_good(source, line->name) && is_text_good(source, line) &&
	       find_room(source) && find_time(source, line->time);
}

bool import_source_next(struct import_source *source) {
	struct slice line;
	while (source->at < source->files_count) {
		bool is_open = source->fd >= 0 || open_file(source);
		while (is_open && read_line(source, &line)) {
			source->line++;
			source->reading->tally->lines++;
			if (is_taken(source, line)) {
				return true;
			}
		}
		close_file(source);
	}
	return false;
}

/* ---- all together ---- */

struct heap {
	struct import_source **sources;
	size_t count;
};

static bool is_before(const struct import_source *a, const struct import_source *b) {
	return a->heard.time_us != b->heard.time_us ? a->heard.time_us < b->heard.time_us
	                                            : a->order < b->order;
}

static void sift_down(struct heap *heap, size_t at) {
	struct import_source *moved = heap->sources[at];
	for (;;) {
		size_t next = 2 * at + 1;
		if (next + 1 < heap->count &&
		    is_before(heap->sources[next + 1], heap->sources[next])) {
			next++;
		}
		if (next >= heap->count || !is_before(heap->sources[next], moved)) {
			break;
		}
		heap->sources[at] = heap->sources[next];
		at = next;
	}
	heap->sources[at] = moved;
}

/* Those that have something go to the front, as a heap. */
static struct heap make_heap(struct import_source **sources, size_t count) {
	struct heap heap = {.sources = sources};
	for (size_t i = 0; i < count; i++) {
		struct import_source *source = sources[i];
		source->order = i;
		if (import_source_next(source)) {
			sources[i] = sources[heap.count];
			sources[heap.count++] = source;
		}
	}
	for (size_t i = heap.count; i-- > 0;) {
		sift_down(&heap, i);
	}
	return heap;
}

bool import_merge(struct import_source **sources, size_t count,
                  bool (*each)(void *context, const struct import_heard *heard), void *context) {
	struct heap heap = make_heap(sources, count);
	while (heap.count > 0) {
		struct import_source *first = heap.sources[0];
		if (!each(context, &first->heard)) {
			return false;
		}
		if (!import_source_next(first)) {
			heap.sources[0] = heap.sources[--heap.count];
			heap.sources[heap.count] = first;
			if (heap.count == 0) {
				break;
			}
		}
		sift_down(&heap, 0);
	}
	return true;
}
