#include "http_answer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *phrase(unsigned status) {
	switch (status) {
	case 101: return "Switching Protocols";
	case 200: return "OK";
	case 304: return "Not Modified";
	case 400: return "Bad Request";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 408: return "Request Timeout";
	case 413: return "Content Too Large";
	case 414: return "URI Too Long";
	case 417: return "Expectation Failed";
	case 426: return "Upgrade Required";
	case 431: return "Request Header Fields Too Large";
	case 501: return "Not Implemented";
	case 503: return "Service Unavailable";
	case 505: return "HTTP Version Not Supported";
	default: return "Internal Server Error";
	}
}

void http_answer_field(struct http_answer *answer, const char *name, const char *value) {
	size_t room = sizeof(answer->fields) - answer->fields_size;
	int size = snprintf(answer->fields + answer->fields_size, room, "%s: %s\r\n", name, value);
	assert(size > 0 && (size_t)size < room);
	answer->fields_size += (size_t)size;
}

void http_answer_words(struct http_answer *answer, unsigned status, const char *sentence) {
	answer->status = status;
	answer->type = "text/plain; charset=utf-8";
	int size = snprintf(answer->words, sizeof(answer->words), "%u %s: %s.\n", status,
	                    phrase(status), sentence);
	assert(size > 0 && (size_t)size < sizeof(answer->words));
	answer->body = slice_of(answer->words, (size_t)size);
	http_answer_field(answer, "Cache-Control", "no-store");
}

#define DATE_BYTES 80

/* RFC 9110, 5.6.7; whatever language the process speaks. */
static void put_date(uint64_t time_s, char out[static DATE_BYTES]) {
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t at = (time_t)time_s;
	struct tm tm;
	if (gmtime_r(&at, &tm) == NULL || tm.tm_year > 8000) {
		tm = (struct tm){.tm_mday = 1, .tm_year = 70};
	}
	snprintf(out, DATE_BYTES, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * tm.tm_wday,
	         tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
	         tm.tm_sec);
}

size_t http_answer_head(const struct http_answer *answer, uint64_t time_s,
                        char out[static HTTP_ANSWER_HEAD_BYTES]) {
	char date[DATE_BYTES], body[160] = "";
	put_date(time_s, date);
	if (answer->type != NULL) {
		snprintf(body, sizeof(body), "Content-Type: %s\r\nContent-Length: %zu\r\n",
		         answer->type, answer->body.size);
	}
	const char *connection = answer->upgrades      ? "Connection: Upgrade\r\n"
	                         : answer->closes      ? "Connection: close\r\n"
	                         : answer->keeps_alive ? "Connection: keep-alive\r\n"
	                                               : "";
	int size = snprintf(out, HTTP_ANSWER_HEAD_BYTES,
	                    "HTTP/1.1 %u %s\r\n"
	                    "Date: %s\r\n"
	                    "%s%s%.*s"
	                    "X-Content-Type-Options: nosniff\r\n"
	                    "Referrer-Policy: no-referrer\r\n"
	                    "\r\n",
	                    answer->status, phrase(answer->status), date, body, connection,
	                    (int)answer->fields_size, answer->fields);
	assert(size > 0 && size < HTTP_ANSWER_HEAD_BYTES);
	return (size_t)size;
}
