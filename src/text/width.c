/* Columns of a terminal (see width.h), from utf8proc's table of code points. */
#include "width.h"

#include <stdbool.h>
#include <stdint.h>

#include <utf8proc.h>

#include "cut.h"
#include "utf8.h"

#define EMOJI_STYLE 0xFE0F
#define KEYCAP 0x20E3

/* More of a cluster than this is marks upon marks, which add nothing to its width. */
#define CLUSTER_BYTES_MAX 256

#define CLUSTER_COLUMNS_MAX 2

static bool is_between(int32_t point, int32_t first, int32_t last) {
	return point >= first && point <= last;
}

static size_t width_of_point(int32_t point) {
	if (point == UTF8_INVALID) {
		return 1;
	}
	switch (utf8proc_category(point)) {
	case UTF8PROC_CATEGORY_CC: return 1;
	case UTF8PROC_CATEGORY_CN:
		/* UAX #11: what is not assigned yet in these blocks is wide. */
		return is_between(point, 0x1F300, 0x1FAFF) || is_between(point, 0x20000, 0x3FFFD)
		               ? 2
		               : 1;
	default: return (size_t)utf8proc_charwidth(point);
	}
}

static bool may_be_emoji(int32_t point) {
	return utf8proc_get_property(point)->boundclass ==
	       UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

size_t width_of_cluster(struct slice cluster) {
	size_t columns = 0;
	int32_t before = UTF8_INVALID;
	while (!slice_is_empty(cluster) && columns < CLUSTER_COLUMNS_MAX) {
		int32_t point;
		cluster = slice_from(cluster, utf8_decode(cluster, &point));
		if (point == KEYCAP || (point == EMOJI_STYLE && may_be_emoji(before))) {
			return CLUSTER_COLUMNS_MAX;
		}
		columns += width_of_point(point);
		before = point;
	}
	return columns < CLUSTER_COLUMNS_MAX ? columns : CLUSTER_COLUMNS_MAX;
}

size_t width_of(struct slice text) {
	size_t columns = 0;
	while (!slice_is_empty(text)) {
		size_t ascii = utf8_ascii_run(text);
		if (ascii > 1) {
			/* The last of them may carry marks. */
			columns += ascii - 1;
			text = slice_from(text, ascii - 1);
		}
		size_t size = cut_cluster(text, CLUSTER_BYTES_MAX);
		columns += width_of_cluster(slice_first(text, size));
		text = slice_from(text, size);
	}
	return columns;
}

size_t width_fit(struct slice text, size_t columns_max) {
	size_t columns = 0;
	size_t fit = 0;
	while (fit < text.size) {
		struct slice rest = slice_from(text, fit);
		size_t ascii = utf8_ascii_run(rest);
		if (ascii > 1 && columns < columns_max) {
			/* The last of them may carry marks. */
			size_t taken = ascii - 1 < columns_max - columns ? ascii - 1
			                                                 : columns_max - columns;
			columns += taken;
			fit += taken;
			continue;
		}
		size_t size = cut_cluster(rest, CLUSTER_BYTES_MAX);
		columns += width_of_cluster(slice_first(rest, size));
		if (columns > columns_max) {
			break;
		}
		fit += size;
	}
	return fit;
}
