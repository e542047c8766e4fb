#include "screen_wrap.h"

#include <assert.h>
#include <stdint.h>

#include "cut.h"
#include "utf8.h"
#include "width.h"

#define CLUSTER_BYTES_MAX 256

void wrap_init(struct wrap *wrap, struct slice text, size_t columns, size_t columns_next) {
	assert(columns > 0 && columns_next > 0);
	*wrap = (struct wrap){.text = text, .columns = columns, .columns_next = columns_next};
}

static bool is_one_of(int32_t point, const char *signs) {
	struct slice rest = slice_from_string(signs);
	while (rest.size > 0) {
		int32_t sign;
		rest = slice_from(rest, utf8_decode(rest, &sign));
		if (sign == point) {
			return true;
		}
	}
	return false;
}

static bool is_closing(int32_t point) {
	return is_one_of(point, "，。、；：！？）》」』】〉〕”’…,.;:!?)]}%");
}

static bool is_opening(int32_t point) {
	return is_one_of(point, "（《「『【〈〔“‘([{@#");
}

struct cluster {
	size_t size, columns;
	int32_t point;
};

static struct cluster cluster_at(struct slice text, size_t at) {
	struct cluster cluster;
	struct slice rest = slice_from(text, at);
	unsigned char first = (unsigned char)rest.bytes[0];
	unsigned char second = rest.size > 1 ? (unsigned char)rest.bytes[1] : 0;
	if (first < 0x80 && second < 0x80) {
		/* What most texts are made of; nothing joins it. */
		return (struct cluster){.size = 1, .columns = 1, .point = first};
	}
	cluster.size = cut_cluster(rest, CLUSTER_BYTES_MAX);
	cluster.columns = width_of_cluster(slice_first(rest, cluster.size));
	utf8_decode(rest, &cluster.point);
	return cluster;
}

/* May a row end between the two? */
static bool may_break(const struct cluster *left, const struct cluster *right) {
	if (left->point == ' ' || right->point == ' ') {
		return left->point == ' ';
	}
	return (left->columns == 2 || right->columns == 2) && !is_closing(right->point) &&
	       !is_opening(left->point);
}

/* The end of a row, its last blanks left out; `at` if that leaves nothing. */
static size_t without_blanks(const struct wrap *wrap, size_t begin, size_t at) {
	size_t end = at;
	while (end > begin && wrap->text.bytes[end - 1] == ' ') {
		end--;
	}
	return end > begin ? end : at;
}

/* Where the row that begins at `at` ends, and where the next begins. */
static void find_end(const struct wrap *wrap, size_t at, size_t *end, size_t *next) {
	struct cluster left = {0};
	size_t columns = 0, place = 0;
	size_t begin = at;
	while (at < wrap->text.size && wrap->text.bytes[at] != '\n') {
		struct cluster right = cluster_at(wrap->text, at);
		if (at > begin && may_break(&left, &right) &&
		    without_blanks(wrap, begin, at) < at + (left.point != ' ')) {
			place = at;
		}
		if (columns + right.columns > wrap->columns && at > begin) {
			/* The blanks before the next word need not fit. */
			*next = place > begin && right.point != ' ' ? place : at;
			*end = without_blanks(wrap, begin, *next);
			while (*next < wrap->text.size && wrap->text.bytes[*next] == ' ') {
				++*next;
			}
			return;
		}
		columns += right.columns;
		at += right.size;
		left = right;
	}
	*end = at;
	*next = at < wrap->text.size ? at + 1 : at;
}

bool wrap_next(struct wrap *wrap, size_t *begin, size_t *size) {
	bool is_after_line_end = wrap->at > 0 && wrap->at == wrap->text.size &&
	                         wrap->text.bytes[wrap->at - 1] == '\n';
	if (wrap->is_begun && wrap->at == wrap->text.size && !is_after_line_end) {
		return false;
	}
	size_t end, next;
	*begin = wrap->at;
	find_end(wrap, wrap->at, &end, &next);
	*size = end - *begin;
	if (is_after_line_end) {
		/* The last line is empty: a row of its own, once. */
		wrap->text.size = wrap->at = 0;
	} else {
		wrap->at = next;
	}
	wrap->is_begun = true;
	wrap->columns = wrap->columns_next;
	return true;
}
