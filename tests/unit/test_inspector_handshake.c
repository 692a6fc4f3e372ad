// SPDX-License-Identifier: MIT
/*
 * HTTP replies and the WebSocket handshake, right and wrong.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collectors/inspector/handshake.h"
#include "collectors/inspector/http_reply.h"
#include "lib/buf.h"
#include "tests/unit/unit.h"

#define KEY    "dGhlIHNhbXBsZSBub25jZQ==" /* RFC 6455, section 1.3 */
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define OK_101 "HTTP/1.1 101 Switching Protocols\r\n"
#define PLAIN  OK_101 "Upgrade: websocket\r\nConnection: Upgrade\r\n"

START_TEST(test_key_and_accept_are_those_of_the_standard)
{
	char key[HANDSHAKE_KEY_SIZE];
	char accept[HANDSHAKE_ACCEPT_SIZE];

	ck_assert_int_eq(handshake_key((const uint8_t *)"the sample nonce", key), 0);
	ck_assert_str_eq(key, KEY);
	ck_assert_int_eq(handshake_accept(key, accept), 0);
	ck_assert_str_eq(accept, ACCEPT);
}
END_TEST

START_TEST(test_request_asks_for_an_upgrade)
{
	struct buf request = BUF_INIT(512);

	handshake_request(&request, "/id", "127.0.0.1:9229", KEY);
	ck_assert_str_eq(buf_string(&request),
	                 "GET /id HTTP/1.1\r\nHost: 127.0.0.1:9229\r\nUpgrade: websocket\r\n"
	                 "Connection: Upgrade\r\nSec-WebSocket-Key: " KEY
	                 "\r\nSec-WebSocket-Version: 13\r\n\r\n");
	buf_done(&request);
}
END_TEST

START_TEST(test_only_the_answer_to_this_key_is_taken)
{
	static const struct {
		const char *reply;
		int expected;
	} rows[] = {
	    {PLAIN "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n", 0},
	    {OK_101 "CONNECTION:upgrade \r\nupgrade:\tWebSocket\r\nsec-websocket-accept:" ACCEPT
	            "\r\n\r\n",
	     0},
	    {PLAIN "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOO=\r\n\r\n", -EPROTO},
	    {PLAIN "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n\r\n", -EPROTO},
	    {PLAIN "Sec-WebSocket-Accept: " ACCEPT "=\r\n\r\n", -EPROTO},
	    {PLAIN "Sec-WebSocket-Accept: " ACCEPT "\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
	     -EPROTO},
	    {PLAIN "\r\n", -EPROTO},
	    {PLAIN "Sec-WebSocket-Accept: " ACCEPT
	           "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
	     -EPROTO},
	    {PLAIN "Sec-WebSocket-Accept: " ACCEPT "\r\nSec-WebSocket-Protocol: chat\r\n\r\n",
	     -EPROTO},
	    {OK_101 "Upgrade: websocket\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n", -EPROTO},
	    {OK_101 "Connection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n", -EPROTO},
	    {"HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	     "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
	     -EPROTO},
	};
	struct http_reply reply;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(http_reply_parse(rows[i].reply, strlen(rows[i].reply), &reply), 0);
		ck_assert_msg(handshake_check(&reply, KEY) == rows[i].expected, "row %zu", i);
	}
}
END_TEST

START_TEST(test_replies_are_complete_or_wrong_or_neither)
{
	static const struct {
		const char *text;
		int expected;
		unsigned status;
		const char *body;
	} rows[] = {
	    {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabcd", 0, 200, "abc"},
	    {"HTTP/1.1 404 Not Found\r\n\r\nignored", 0, 404, ""},
	    {"HTTP/1.1 200\r\ncontent-length:2 \r\n\r\nab", 0, 200, "ab"},
	    {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nab", -EAGAIN, 0, NULL},
	    {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n", -EAGAIN, 0, NULL},
	    {"HT", -EAGAIN, 0, NULL},
	    {"", -EAGAIN, 0, NULL},
	    {"+OK redis\r\n", -EBADMSG, 0, NULL},
	    {"HTTP/2.0 200 OK\r\n\r\n", -EBADMSG, 0, NULL},
	    {"HTTP/1.0 2x0 OK\r\n\r\n", -EBADMSG, 0, NULL},
	    {"HTTP/1.0 2000 OK\r\n\r\n", -EBADMSG, 0, NULL},
	    {"HTTP/1.0\r\n\r\n", -EBADMSG, 0, NULL},
	    {"HTTP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", -EBADMSG, 0, NULL},
	    {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", -EBADMSG, 0,
	     NULL},
	    {"HTTP/1.0 200 OK\r\nContent-Length: 65537\r\n\r\n", -EMSGSIZE, 0, NULL},
	    {"HTTP/1.0 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", -EBADMSG, 0, NULL},
	};
	struct http_reply reply;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = http_reply_parse(rows[i].text, strlen(rows[i].text), &reply);

		ck_assert_msg(r == rows[i].expected, "row %zu: %d", i, r);
		if (r < 0)
			continue;
		ck_assert_uint_eq(reply.status, rows[i].status);
		ck_assert_uint_eq(reply.body_length, strlen(rows[i].body));
		ck_assert_int_eq(memcmp(reply.body, rows[i].body, reply.body_length), 0);
	}
}
END_TEST

START_TEST(test_an_endless_head_is_refused)
{
	static char text[HTTP_REPLY_HEAD_MAX + 64];
	struct http_reply reply;
	int head = snprintf(text, sizeof(text), "HTTP/1.0 200 OK\r\nX: ");

	memset(text + head, 'x', sizeof(text) - (size_t)head);
	ck_assert_int_eq(http_reply_parse(text, HTTP_REPLY_HEAD_MAX, &reply), -EAGAIN);
	ck_assert_int_eq(http_reply_parse(text, HTTP_REPLY_HEAD_MAX + 1, &reply), -EMSGSIZE);
	memcpy(text + HTTP_REPLY_HEAD_MAX, "\r\n\r\n", 4);
	ck_assert_int_eq(http_reply_parse(text, sizeof(text), &reply), -EMSGSIZE);
}
END_TEST

UNIT_MAIN("inspector_handshake", test_key_and_accept_are_those_of_the_standard,
          test_request_asks_for_an_upgrade, test_only_the_answer_to_this_key_is_taken,
          test_replies_are_complete_or_wrong_or_neither, test_an_endless_head_is_refused)
