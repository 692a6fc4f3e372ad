// SPDX-License-Identifier: MIT
/*
 * Messages over a WebSocket whose handshake is done, on a non-blocking fd (RFC 6455, by libwslay).
 * It watches nothing itself: the owner calls it when the fd is ready. The peer is not trusted:
 * messages, what is read in one go and what waits to be sent are bounded.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_WEBSOCKET_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>

struct websocket;

struct websocket_options {
	int fd; /* borrowed; it must outlive the websocket */
	size_t message_limit_bytes;
	/* Bytes that came behind the handshake; copied. */
	const char *early;
	size_t early_length;
	void *context;
	/* A whole text message, not followed by a NUL. May not free the websocket. */
	void (*message)(void *context, const char *text, size_t length);
};

/* NULL without memory. */
struct websocket *websocket_new(const struct websocket_options *options);
struct websocket *websocket_free(struct websocket *websocket);

/* Queues a text message and sends what goes at once. Errors as below; -ENOBUFS: too much waits. */
int websocket_send(struct websocket *websocket, const char *text, size_t length)
    __attribute__((warn_unused_result));
/*
 * Takes in what is there, a bounded piece at a time, and answers pings. -ECONNRESET: the peer has
 * closed; -EMSGSIZE: a message above the limit; -EPROTO: against the protocol; -ENOMEM. After an
 * error only websocket_free() is left.
 */
int websocket_receive(struct websocket *websocket) __attribute__((warn_unused_result));
/* Sends what waits; errors as above. */
int websocket_flush(struct websocket *websocket) __attribute__((warn_unused_result));
bool websocket_wants_write(const struct websocket *websocket);
/* Says goodbye, as far as that does not block; the fd is to be closed next. */
void websocket_goodbye(struct websocket *websocket);

#endif
