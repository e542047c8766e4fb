/*
 * Makes alike_tables.h, at build time, of Unicode's security data (UTS 39) and scripts as the
 * distribution's ICU has them; the program itself has no need of ICU then. Writes to standard
 * output.
 *
 * What a code point is drawn like is asked for one by one. A skeleton is NFD(map(NFD(text))), and
 * the map knows single code points of NFD alone: so what it makes of each of those is all of it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>

#define POINT_MAX 0x10FFFF
#define ENTRIES_MAX 20000
#define POOL_MAX 20000
#define SKELETON_MAX 64
#define SETS_MAX 600
#define SCRIPTS_MAX 192
#define WORDS (SCRIPTS_MAX / 64)
#define EXTENSIONS_MAX 64

static void check(UErrorCode error, const char *what) {
	if (U_FAILURE(error)) {
		fprintf(stderr, "make_alike_tables: %s: %s\n", what, u_errorName(error));
		exit(1);
	}
}

/* Surrogates are no code points of a text; what is ignored by default never gets this far. */
static bool is_wanted(UChar32 point) {
	return !U_IS_SURROGATE(point) && u_charType(point) != U_UNASSIGNED &&
	       !u_hasBinaryProperty(point, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

/* ---- what looks like what ---- */

static UChar32 pool[POOL_MAX];
static size_t pool_count;

/* Where these code points stand in the pool, one behind the other. */
static size_t place(const UChar32 *points, size_t count) {
	for (size_t at = 0; at + count <= pool_count; at++) {
		size_t same = 0;
		while (same < count && pool[at + same] == points[same]) {
			same++;
		}
		if (same == count) {
			return at;
		}
	}
	if (pool_count + count > POOL_MAX) {
		fprintf(stderr, "make_alike_tables: the pool is too small\n");
		exit(1);
	}
	for (size_t i = 0; i < count; i++) {
		pool[pool_count + i] = points[i];
	}
	pool_count += count;
	return pool_count - count;
}

static size_t skeleton_of(const USpoofChecker *checker, UChar32 point, UChar32 *points) {
	UErrorCode error = U_ZERO_ERROR;
	UChar text[2], skeleton[SKELETON_MAX];
	int32_t size = 0, at = 0;
	size_t count = 0;
	U16_APPEND_UNSAFE(text, size, point);
	int32_t length = uspoof_getSkeleton(checker, 0, text, size, skeleton, SKELETON_MAX, &error);
	check(error, "a skeleton");
	while (at < length) {
		U16_NEXT_UNSAFE(skeleton, at, points[count]);
		count++;
	}
	return count;
}

static void make_map(void) {
	static struct {
		UChar32 point;
		size_t at, count;
	} entries[ENTRIES_MAX];
	UErrorCode error = U_ZERO_ERROR;
	USpoofChecker *checker = uspoof_open(&error);
	const UNormalizer2 *nfd = unorm2_getNFDInstance(&error);
	check(error, "the data of UTS 39");
	size_t count = 0, longest = 0;
	for (UChar32 point = 0; point <= POINT_MAX; point++) {
		UChar32 points[SKELETON_MAX];
		UChar text[2];
		int32_t size = 0;
		if (!is_wanted(point)) {
			continue;
		}
		size_t points_count = skeleton_of(checker, point, points);
		longest = points_count > longest ? points_count : longest;
		U16_APPEND_UNSAFE(text, size, point);
		bool is_same = points_count == 1 && points[0] == point;
		if (!is_same && unorm2_isNormalized(nfd, text, size, &error) &&
		    count < ENTRIES_MAX) {
			entries[count].point = point;
			entries[count].count = points_count;
			entries[count++].at = place(points, points_count);
		}
	}
	check(error, "NFD");
	uspoof_close(checker);
	printf("/* The most code points that one may become. */\n"
	       "#define ALIKE_POINTS_MAX %zu\n\n",
	       longest);
	printf("/* point << 8 | how many it becomes; in order. */\n"
	       "static const uint32_t alike_points[%zu] = {",
	       count);
	for (size_t i = 0; i < count; i++) {
		printf("%s0x%X,", i % 8 == 0 ? "\n\t" : " ",
		       (unsigned)entries[i].point << 8 | (unsigned)entries[i].count);
	}
	printf("\n};\n\n/* Where in alike_pool. */\nstatic const uint16_t alike_at[%zu] = {",
	       count);
	for (size_t i = 0; i < count; i++) {
		printf("%s%zu,", i % 12 == 0 ? "\n\t" : " ", entries[i].at);
	}
	printf("\n};\n\nstatic const int32_t alike_pool[%zu] = {", pool_count);
	for (size_t i = 0; i < pool_count; i++) {
		printf("%s0x%X,", i % 8 == 0 ? "\n\t" : " ", (unsigned)pool[i]);
	}
	printf("\n};\n\n");
}

/* ---- scripts ---- */

struct set {
	unsigned long long words[WORDS];
};

/* The sets that UTS 39 (5.1) adds get the first numbers; ICU's scripts follow as they are met. */
enum { LATIN, JAPANESE, HAN_BOPOMOFO, KOREAN, ADDED };
static int numbers[USCRIPT_CODE_LIMIT + 1]; /* 0: not met */
static int numbers_count = ADDED;

static void add_number(struct set *set, int number) {
	set->words[number / 64] |= 1ULL << number % 64;
}

static void add_script(struct set *set, UScriptCode script) {
	if (script == USCRIPT_LATIN) {
		add_number(set, LATIN);
		return;
	}
	if (numbers[script] == 0) {
		if (numbers_count == SCRIPTS_MAX) {
			fprintf(stderr, "make_alike_tables: too many scripts\n");
			exit(1);
		}
		numbers[script] = numbers_count++;
	}
	add_number(set, numbers[script]);
	bool is_han = script == USCRIPT_HAN;
	if (is_han || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA) {
		add_number(set, JAPANESE);
	}
	if (is_han || script == USCRIPT_BOPOMOFO) {
		add_number(set, HAN_BOPOMOFO);
	}
	if (is_han || script == USCRIPT_HANGUL) {
		add_number(set, KOREAN);
	}
}

/* Of all scripts: what is common to them, and what takes the script of what it stands on. */
static struct set set_of(UChar32 point) {
	UErrorCode error = U_ZERO_ERROR;
	UScriptCode scripts[EXTENSIONS_MAX];
	struct set set = {0};
	int32_t count = uscript_getScriptExtensions(point, scripts, EXTENSIONS_MAX, &error);
	check(error, "scripts");
	for (int32_t i = 0; i < count; i++) {
		if (scripts[i] == USCRIPT_COMMON || scripts[i] == USCRIPT_INHERITED ||
		    scripts[i] == USCRIPT_UNKNOWN) {
			for (int word = 0; word < WORDS; word++) {
				set.words[word] = ~0ULL;
			}
			return set;
		}
		add_script(&set, scripts[i]);
	}
	return set;
}

static bool is_equal(const struct set *a, const struct set *b) {
	int word = 0;
	while (word < WORDS && a->words[word] == b->words[word]) {
		word++;
	}
	return word == WORDS;
}

static size_t number_of_set(struct set *sets, size_t *count, struct set set) {
	size_t at = 0;
	while (at < *count && !is_equal(&sets[at], &set)) {
		at++;
	}
	if (at == SETS_MAX) {
		fprintf(stderr, "make_alike_tables: too many sets of scripts\n");
		exit(1);
	}
	if (at == *count) {
		sets[(*count)++] = set;
	}
	return at;
}

static void make_scripts(void) {
	static struct {
		UChar32 first;
		size_t set;
	} ranges[ENTRIES_MAX];
	static struct set sets[SETS_MAX];
	size_t count = 0, sets_count = 0;
	for (UChar32 point = 0; point <= POINT_MAX; point++) {
		size_t set = number_of_set(sets, &sets_count, set_of(point));
		if ((count == 0 || ranges[count - 1].set != set) && count < ENTRIES_MAX) {
			ranges[count].first = point;
			ranges[count++].set = set;
		}
	}
	printf("enum { SCRIPT_LATIN, SCRIPT_JAPANESE, SCRIPT_HAN_BOPOMOFO, SCRIPT_KOREAN };\n"
	       "#define SCRIPT_WORDS %d\n\n"
	       "/* first << 10 | set, of the code points from there on; in order. */\n"
	       "static const uint32_t script_ranges[%zu] = {",
	       WORDS, count);
	for (size_t i = 0; i < count; i++) {
		printf("%s0x%X,", i % 8 == 0 ? "\n\t" : " ",
		       (unsigned)ranges[i].first << 10 | (unsigned)ranges[i].set);
	}
	printf("\n};\n\nstatic const uint64_t script_sets[%zu][SCRIPT_WORDS] = {\n", sets_count);
	for (size_t i = 0; i < sets_count; i++) {
		printf("\t{");
		for (int word = 0; word < WORDS; word++) {
			printf("0x%llX%s", sets[i].words[word], word + 1 < WORDS ? ", " : "");
		}
		printf("},\n");
	}
	printf("};\n");
}

int main(void) {
	printf("/* Made by make_alike_tables of ICU %s, Unicode %s. */\n", U_ICU_VERSION,
	       U_UNICODE_VERSION);
	make_map();
	make_scripts();
	return fflush(stdout) == 0 && ferror(stdout) == 0 ? 0 : 1;
}
