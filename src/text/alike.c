#include "alike.h"

#include <assert.h>
#include <string.h>

#include <sodium/crypto_shorthash.h>
#include <utf8proc.h>

#include "alike_tables.h"
#include "utf8.h"

_Static_assert(ALIKE_POINTS_MAX *NAME_CODE_POINTS_MAX <= SKELETON_POINTS_MAX,
               "the tables' longest");

/* Code points on the way to a skeleton. */
struct points {
	size_t count;
	utf8proc_int32_t at[SKELETON_POINTS_MAX];
};

static struct slice bytes_of(const struct skeleton *skeleton) {
	return slice_of(skeleton->bytes, skeleton->size);
}

bool skeleton_equal(const struct skeleton *a, const struct skeleton *b) {
	return slice_equal(bytes_of(a), bytes_of(b));
}

/* ---- skeletons ----------------------------------------------------------------------------- */

/* Printable ASCII: only case is to be folded. */
static void take_ascii(struct slice text, bool is_to_fold, struct points *out) {
	for (size_t i = 0; i < text.size; i++) {
		char byte = text.bytes[i];
		bool is_raised = is_to_fold && byte >= 'A' && byte <= 'Z';
		out->at[i] = is_raised ? byte + ('a' - 'A') : byte;
	}
	out->count = text.size;
}

/* The code points of a text, with utf8proc's options. False: not UTF-8, or too many. */
static bool decompose(struct slice text, int options, struct points *out) {
	if (utf8_ascii_run(text) == text.size && text.size <= SKELETON_POINTS_MAX) {
		take_ascii(text, (options & UTF8PROC_CASEFOLD) != 0, out);
		return true;
	}
	utf8proc_ssize_t count = utf8proc_decompose(
		(const utf8proc_uint8_t *)text.bytes, (utf8proc_ssize_t)text.size, out->at,
		SKELETON_POINTS_MAX, (utf8proc_option_t)options);
	bool is_good = count >= 0 && count <= SKELETON_POINTS_MAX;
	out->count = is_good ? (size_t)count : 0;
	return is_good;
}

static void encode(const struct points *points, struct skeleton *out) {
	out->size = 0;
	for (size_t i = 0; i < points->count; i++) {
		out->size =
			(uint16_t)(out->size + utf8_encode(points->at[i], out->bytes + out->size));
	}
}

/* What a code point is drawn like: `count` of them. NULL: itself. */
static const int32_t *drawn_like(int32_t point, size_t *count) {
	size_t first = 0, end = sizeof(alike_points) / sizeof(alike_points[0]);
	while (first < end) {
		size_t middle = first + (end - first) / 2;
		int32_t found = (int32_t)(alike_points[middle] >> 8);
		if (found == point) {
			*count = alike_points[middle] & 0xFF;
			return alike_pool + alike_at[middle];
		}
		if (found < point) {
			first = middle + 1;
		} else {
			end = middle;
		}
	}
	return NULL;
}

static bool map(const struct points *points, struct points *out, bool *is_change) {
	out->count = 0;
	*is_change = false;
	for (size_t i = 0; i < points->count; i++) {
		size_t count = 1;
		const int32_t *like = drawn_like(points->at[i], &count);
		if (count > SKELETON_POINTS_MAX - out->count) {
			return false;
		}
		memcpy(out->at + out->count, like == NULL ? &points->at[i] : like,
		       count * sizeof(out->at[0]));
		out->count += count;
		*is_change |= like != NULL;
	}
	return true;
}

/* NFD, as the standard wants it before the map and behind it. */
#define NFD (UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_IGNORE)
#define FOLD (NFD | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD)

bool skeleton_of(struct slice text, struct skeleton *out) {
	struct points points, mapped;
	bool is_change;
	out->size = 0;
	if (!utf8_is_valid(text) || !decompose(text, NFD, &points) ||
	    !map(&points, &mapped, &is_change)) {
		return false;
	}
	encode(&mapped, out);
	if (is_change) {
		bool is_short = decompose(bytes_of(out), NFD, &points);
		encode(&points, out);
		return is_short;
	}
	return true;
}

/* In place, as keys are folded. */
static bool fold(struct skeleton *skeleton) {
	struct points points;
	bool is_short = decompose(bytes_of(skeleton), FOLD, &points);
	encode(&points, skeleton);
	return is_short;
}

static void copy(const struct skeleton *from, struct skeleton *to) {
	to->size = from->size;
	memcpy(to->bytes, from->bytes, from->size);
}

/* ---- what a name looks like ---------------------------------------------------------------- */

struct looks {
	struct skeleton small;   /* in small letters, folded */
	struct skeleton typed;   /* as it was typed */
	struct skeleton folded;  /* that, folded */
	struct skeleton capital; /* in capitals */
};

static bool raise(struct slice name, struct skeleton *out) {
	char raised[4 * NAME_BYTES_MAX];
	size_t size = 0;
	while (!slice_is_empty(name)) {
		int32_t point;
		name = slice_from(name, utf8_decode(name, &point));
		size += utf8_encode(utf8proc_toupper(point), raised + size);
	}
	return skeleton_of(slice_of(raised, size), out);
}

/* Of a name that is looked at. False: it has none. */
static bool look_at(struct slice name, struct looks *looks) {
	struct name_key key;
	if (name_key(name, &key) != NAME_OK || !skeleton_of(name, &looks->typed)) {
		return false;
	}
	struct slice small = slice_of(key.bytes, key.size);
	copy(&looks->typed, &looks->folded);
	if (!fold(&looks->folded)) {
		return false;
	}
	if (slice_equal(small, name)) {
		copy(&looks->folded, &looks->small);
		return true;
	}
	return skeleton_of(small, &looks->small) && fold(&looks->small);
}

/* Of one that is protected. */
static bool look_at_protected(struct slice name, struct looks *looks) {
	return look_at(name, looks) && raise(name, &looks->capital);
}

bool name_looks_like(struct slice name, struct slice other) {
	struct looks a, b;
	return !name_equal(name, other) && look_at(name, &a) && look_at_protected(other, &b) &&
	       (skeleton_equal(&a.small, &b.small) || skeleton_equal(&a.folded, &b.small) ||
	        skeleton_equal(&a.typed, &b.typed) || skeleton_equal(&a.typed, &b.capital));
}

static bool is_one_of(const struct skeleton *skeleton, const char *const *skeletons, size_t count) {
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(bytes_of(skeleton), slice_from_string(skeletons[i]))) {
			return true;
		}
	}
	return false;
}

bool name_looks_like_skeleton(struct slice name, const char *const *skeletons, size_t count) {
	struct looks looks;
	return look_at(name, &looks) && (is_one_of(&looks.small, skeletons, count) ||
	                                 is_one_of(&looks.folded, skeletons, count) ||
	                                 is_one_of(&looks.typed, skeletons, count));
}

/* ---- hashes -------------------------------------------------------------------------------- */

_Static_assert(NAME_SEED_BYTES == crypto_shorthash_KEYBYTES, "the seed is the key of SipHash");

static uint64_t hash_of(const struct skeleton *skeleton, const uint8_t *seed) {
	uint64_t hash;
	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)skeleton->bytes,
	                 skeleton->size, seed);
	return hash;
}

static void add_hash(uint64_t hash, uint64_t *hashes, size_t *count) {
	for (size_t i = 0; i < *count; i++) {
		if (hashes[i] == hash) {
			return;
		}
	}
	hashes[(*count)++] = hash;
}

/*
 * What is folded is held against what is folded alone: its hashes are turned over. Where a protected
 * name is typed as it looks in small letters it is not filed twice: whoever looks like that does so
 * folded, too.
 */
size_t alike_filed(struct slice name, const uint8_t seed[static NAME_SEED_BYTES],
                   uint64_t hashes[static ALIKE_HASHES_MAX]) {
	struct looks looks;
	size_t count = 0;
	if (look_at_protected(name, &looks)) {
		uint64_t typed = hash_of(&looks.typed, seed);
		uint64_t capital = hash_of(&looks.capital, seed);
		add_hash(~hash_of(&looks.small, seed), hashes, &count);
		if (typed != ~hashes[0]) {
			add_hash(typed, hashes, &count);
		}
		if (capital != ~hashes[0]) {
			add_hash(capital, hashes, &count);
		}
	}
	return count;
}

size_t alike_asked(struct slice name, const uint8_t seed[static NAME_SEED_BYTES],
                   uint64_t hashes[static ALIKE_HASHES_MAX]) {
	struct looks looks;
	size_t count = 0;
	if (look_at(name, &looks)) {
		add_hash(~hash_of(&looks.small, seed), hashes, &count);
		add_hash(~hash_of(&looks.folded, seed), hashes, &count);
		add_hash(hash_of(&looks.typed, seed), hashes, &count);
	}
	return count;
}

/* ---- scripts ------------------------------------------------------------------------------- */

static const uint64_t *scripts_of(int32_t point) {
	size_t first = 0, end = sizeof(script_ranges) / sizeof(script_ranges[0]);
	while (end - first > 1) {
		size_t middle = first + (end - first) / 2;
		if ((int32_t)(script_ranges[middle] >> 10) <= point) {
			first = middle;
		} else {
			end = middle;
		}
	}
	return script_sets[script_ranges[first] & 0x3FF];
}

static bool has_script(const uint64_t *set, unsigned script) {
	return (set[script / 64] >> script % 64 & 1) != 0;
}

bool name_mixes_scripts(struct slice name) {
	uint64_t all[SCRIPT_WORDS], but_latin[SCRIPT_WORDS], any = 0;
	memset(all, 0xFF, sizeof(all));
	memset(but_latin, 0xFF, sizeof(but_latin));
	while (!slice_is_empty(name)) {
		int32_t point;
		name = slice_from(name, utf8_decode(name, &point));
		const uint64_t *set = scripts_of(point);
		for (size_t i = 0; i < SCRIPT_WORDS; i++) {
			all[i] &= set[i];
			but_latin[i] &= has_script(set, SCRIPT_LATIN) ? ~UINT64_C(0) : set[i];
		}
	}
	for (size_t i = 0; i < SCRIPT_WORDS; i++) {
		any |= all[i];
	}
	return any == 0 && !has_script(but_latin, SCRIPT_JAPANESE) &&
	       !has_script(but_latin, SCRIPT_HAN_BOPOMOFO) && !has_script(but_latin, SCRIPT_KOREAN);
}
