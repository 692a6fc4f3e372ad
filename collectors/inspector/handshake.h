// SPDX-License-Identifier: MIT
/*
 * The opening handshake of a WebSocket client (RFC 6455, section 4): what is sent, and whether the
 * answer is that of a server that has read it. Pure; the random bytes are an argument.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_HANDSHAKE_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_HANDSHAKE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/digest.h"

#define HANDSHAKE_NONCE_SIZE  16
#define HANDSHAKE_KEY_SIZE    DIGEST_BASE64_SIZE(HANDSHAKE_NONCE_SIZE)
#define HANDSHAKE_ACCEPT_SIZE DIGEST_BASE64_SIZE(DIGEST_SHA1_BYTES)

struct buf;        /* lib/buf.h */
struct http_reply; /* http_reply.h */

/* -EIO: the library cannot (FIPS mode forbids SHA-1). */
int handshake_key(const uint8_t nonce[HANDSHAKE_NONCE_SIZE], char ret_key[HANDSHAKE_KEY_SIZE])
    __attribute__((warn_unused_result));
int handshake_accept(const char *key, char ret_accept[HANDSHAKE_ACCEPT_SIZE])
    __attribute__((warn_unused_result));

/* path and host are trusted: nothing is escaped. */
void handshake_request(struct buf *out, const char *path, const char *host, const char *key);
/*
 * -EPROTO unless the reply is a 101 to exactly this key, with neither extension nor subprotocol:
 * none was offered.
 */
int handshake_check(const struct http_reply *reply, const char *key)
    __attribute__((warn_unused_result));

#endif
