#include "import_tally.h"

#include <stdio.h>

#include "clock.h"
#include "diag.h"

#define PROGRESS_US (2 * 1000 * 1000)
/* As much of a name or a line as helps to find it. */
#define DETAIL_BYTES_MAX 60

#define IMPORT_TROUBLE_WORDS(name, words) [name] = words,
static const char *const troubles[] = {IMPORT_TROUBLES(IMPORT_TROUBLE_WORDS)};
#undef IMPORT_TROUBLE_WORDS

void import_tell(struct import_tally *tally, const char *path, uint64_t line,
                 enum import_trouble trouble, struct slice detail) {
	char place[32] = "", what[DETAIL_BYTES_MAX + 8] = "";
	size_t size = detail.size < DETAIL_BYTES_MAX ? detail.size : DETAIL_BYTES_MAX;
	tally->troubles[trouble]++;
	if (line != IMPORT_WHOLE_FILE) {
		snprintf(place, sizeof(place), ":%llu", (unsigned long long)line);
	}
	if (size > 0) {
		snprintf(what, sizeof(what), " (%.*s)", (int)size, detail.bytes);
	}
	diag("%s%s: not taken: %s%s", path, place, troubles[trouble], what);
}

uint64_t import_troubles(const struct import_tally *tally) {
	uint64_t sum = 0;
	for (size_t i = 0; i < TROUBLE_COUNT; i++) {
		sum += tally->troubles[i];
	}
	return sum;
}

void import_progress(struct import_tally *tally) {
	uint64_t now_us = clock_steady_us();
	if (tally->told_us == 0) {
		tally->told_us = now_us;
	}
	if (now_us - tally->told_us < PROGRESS_US) {
		return;
	}
	tally->told_us = now_us;
	diag("%llu of %llu MB, %llu lines", (unsigned long long)(tally->bytes >> 20),
	     (unsigned long long)(tally->bytes_in_all >> 20), (unsigned long long)tally->lines);
}

static void print(const char *words, uint64_t number) {
	if (number > 0) {
		printf("  %-40s %llu\n", words, (unsigned long long)number);
	}
}

void import_print(const struct import_tally *tally, const char *folder) {
	printf("%llu lines of %llu files; %s%s\n", (unsigned long long)tally->lines,
	       (unsigned long long)tally->files,
	       folder == NULL ? "tried only, nothing was written" : "taken into ",
	       folder == NULL ? "" : folder);
	print("messages", tally->said);
	print("came and went", tally->moved);
	print("new names", tally->renamed);
	print("topics", tally->topics);
	print("rooms", tally->rooms);
	print("accounts", tally->accounts);
	print("  of these without a password", tally->accounts_locked);
	print("of no use here (modes, kicks, notes)", tally->passed);
	print("given the time of the line before", tally->delayed);
	uint64_t sum = import_troubles(tally);
	if (sum > 0) {
		printf("not taken, each named above: %llu\n", (unsigned long long)sum);
	}
	for (size_t i = 0; i < TROUBLE_COUNT; i++) {
		if (tally->troubles[i] > 0) {
			printf("  %8llu  %s\n", (unsigned long long)tally->troubles[i],
			       troubles[i]);
		}
	}
}
