/* How a connection becomes a WebSocket, and which pages may have that done. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "websocket_open.h"

static char bytes[2048];
static struct http_request request;
static struct http_answer answer;

static void asks(const char *fields) {
	size_t size = 0;
	int length = snprintf(bytes, sizeof(bytes),
	                      "GET /irc HTTP/1.1\r\nHost: chat.example:8888\r\n%s\r\n", fields);
	assert_int_equal(http_read(slice_of(bytes, (size_t)length), &request, &size), HTTP_WHOLE);
	answer = (struct http_answer){0};
}

#define UPGRADE "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"

static bool has(const char *text) {
	char head[HTTP_ANSWER_HEAD_BYTES + 1];
	head[http_answer_head(&answer, 784111777, head)] = '\0';
	return strstr(head, text) != NULL;
}

/* The example of RFC 6455, 1.3. */
static void test_the_handshake(void **state) {
	asks(UPGRADE KEY VERSION);
	assert_true(websocket_is_asked_for(&request));
	websocket_open(&request, "text.ircv3.net", &answer);
	assert_int_equal(answer.status, 101);
	assert_true(
		has("HTTP/1.1 101 Switching Protocols\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
	assert_true(has("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"));
	assert_true(has("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
	assert_true(has("\r\nSec-WebSocket-Protocol: text.ircv3.net\r\n"));
	assert_false(has("Content-Length"));
	asks(UPGRADE KEY VERSION);
	websocket_open(&request, "", &answer);
	assert_false(has("Protocol:"));
}

static void test_what_is_no_handshake(void **state) {
	static const struct {
		const char *fields;
		unsigned status;
	} wrong[] = {
		{"Upgrade: websocket\r\n" KEY VERSION, 400},
		{UPGRADE VERSION, 400},
		{UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n", 400},
		{UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ!!\r\n", 400},
		{UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQAA\r\n", 400},
		{UPGRADE KEY, 426},
		{UPGRADE KEY "Sec-WebSocket-Version: 8\r\n", 426},
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		asks(wrong[i].fields);
		websocket_open(&request, "", &answer);
		assert_int_equal(answer.status, wrong[i].status);
	}
	assert_true(has("\r\nSec-WebSocket-Version: 13\r\n"));
	asks("Connection: Upgrade\r\nUpgrade: h2c\r\n");
	assert_false(websocket_is_asked_for(&request));
}

static void check_origin(const char *origin, const char *list, bool may) {
	char fields[200] = "";
	if (origin != NULL) {
		snprintf(fields, sizeof(fields), "Origin: %s\r\n", origin);
	}
	asks(fields);
	assert_int_equal(websocket_may_come_from(&request, slice_from_string(list)), may);
}

static void test_origins(void **state) {
	check_origin(NULL, "", true); /* No browser. */
	check_origin("http://chat.example:8888", "", true);
	check_origin("https://CHAT.example:8888", "", true);
	check_origin("http://chat.example", "", false);
	check_origin("http://evil.example", "", false);
	check_origin("http://chat.example:8888.evil.example", "", false);
	check_origin("http://chat.example:88", "", false);
	check_origin("chat.example:8888", "", false);
	check_origin("null", "", false);
	check_origin("", "", false);
	check_origin("http://", "", false);
	check_origin("https://a.example", "https://b.example https://a.example", true);
	check_origin("https://a.example", "https://a.example:1 https://a.exampl", false);
	check_origin("https://a.example https://b.example", "https://a.example https://b.example",
	             false);
	check_origin("file://x", "*", true);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_handshake),
		cmocka_unit_test(test_what_is_no_handshake),
		cmocka_unit_test(test_origins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
