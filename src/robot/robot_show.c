#include "robot_show.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define LINE_BYTES 256
#define PATIENCE_MS 200
#define REPORT_PATIENCE_US 1000000

/* A reader of the report who did not read in time: the rest of that report is left out. */
static bool is_report_broken;
static uint64_t report_until_us;

/* poll() says that a pipe has room when a whole page fits, so that no line of ours blocks. */
static bool has_room(int timeout_ms) {
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
	return poll(&out, 1, timeout_ms) == 1 && (out.revents & POLLOUT) != 0;
}

__attribute__((format(printf, 2, 3))) static bool show(int timeout_ms, const char *format, ...) {
	char line[LINE_BYTES];
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	if (!has_room(timeout_ms)) {
		return false;
	}
	ssize_t written;
	do {
		written = write(STDOUT_FILENO, line, (size_t)size);
	} while (written < 0 && errno == EINTR);
	return written == size;
}

void show_ready(const struct address *address, const char *model) {
	char text[ADDRESS_TEXT_MAX];
	show(PATIENCE_MS, "qun: ready robot=%s model=%s\n", address_format(address, text), model);
}

void show_online(unsigned online) {
	show(0, "online: %u\n", online);
}

void show_report(unsigned online) {
	report_until_us = clock_steady_us() + REPORT_PATIENCE_US;
	is_report_broken = !show(PATIENCE_MS, "report: %u online\n", online);
}

void show_client(const struct address *peer, uint64_t since_us, uint64_t lines) {
	if (is_report_broken) {
		return;
	}
	time_t seconds = (time_t)(since_us / 1000000);
	struct tm utc;
	char since[32], text[ADDRESS_TEXT_MAX];
	strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
	bool has_time = clock_steady_us() < report_until_us;
	is_report_broken = !show(has_time ? PATIENCE_MS : 0, "client %s since %s lines %llu\n",
	                         address_format(peer, text), since, (unsigned long long)lines);
}
