// SPDX-License-Identifier: MIT
/*
 * The answer to a key is the base64 of the SHA-1 of key and GUID; everything else is text.
 */
#include "collectors/inspector/handshake.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "collectors/inspector/http_reply.h"
#include "lib/buf.h"
#include "lib/digest.h"

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455, section 1.3 */

int handshake_key(const uint8_t nonce[HANDSHAKE_NONCE_SIZE], char ret_key[HANDSHAKE_KEY_SIZE])
{
	return digest_base64(nonce, HANDSHAKE_NONCE_SIZE, ret_key);
}

int handshake_accept(const char *key, char ret_accept[HANDSHAKE_ACCEPT_SIZE])
{
	char text[HANDSHAKE_KEY_SIZE + sizeof(guid)];
	uint8_t digest[DIGEST_SHA1_BYTES];
	int length = snprintf(text, sizeof(text), "%s%s", key, guid);
	int r;

	assert(length > 0 && (size_t)length < sizeof(text));
	r = digest_sha1(text, (size_t)length, digest);
	return r < 0 ? r : digest_base64(digest, sizeof(digest), ret_accept);
}

void handshake_request(struct buf *out, const char *path, const char *host, const char *key)
{
	buf_printf(out,
	           "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
	           "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
	           "Sec-WebSocket-Version: 13\r\n\r\n",
	           path, host, key);
}

static bool header_is(const struct http_reply *reply, const char *name, const char *expected)
{
	const char *value;
	size_t length;

	return http_reply_header(reply, name, &value, &length) == 0 && length == strlen(expected) &&
	       strncasecmp(value, expected, length) == 0;
}

static bool header_is_absent(const struct http_reply *reply, const char *name)
{
	const char *value;
	size_t length;

	return http_reply_header(reply, name, &value, &length) == -ENOENT;
}

int handshake_check(const struct http_reply *reply, const char *key)
{
	char accept[HANDSHAKE_ACCEPT_SIZE];
	const char *value;
	size_t length;
	int r;

	if (reply->status != 101 || !header_is(reply, "Upgrade", "websocket") ||
	    !header_is(reply, "Connection", "upgrade") ||
	    !header_is_absent(reply, "Sec-WebSocket-Extensions") ||
	    !header_is_absent(reply, "Sec-WebSocket-Protocol"))
		return -EPROTO;
	r = handshake_accept(key, accept);
	if (r < 0)
		return r;
	if (http_reply_header(reply, "Sec-WebSocket-Accept", &value, &length) < 0 ||
	    length != sizeof(accept) - 1 || memcmp(value, accept, length) != 0)
		return -EPROTO;
	return 0;
}
