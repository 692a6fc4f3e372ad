// SPDX-License-Identifier: MIT
/*
 * wslay's event API over send(2) and recv(2). Masks come from the kernel's random numbers. Close
 * frames are queued by wslay_event_queue_close(): wslay_event_queue_msg() leaves its state wrong.
 */
#include "collectors/inspector/websocket.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <wslay/wslay.h>

#include "lib/cleanup.h"

#define RECEIVE_AT_ONCE_MAX ((size_t)256 * 1024) /* bytes; then others have their turn */
#define QUEUE_MAX           64                   /* messages and pongs not sent yet */

struct websocket {
	struct websocket_options options;
	wslay_event_context_ptr wslay;
	char *early; /* owned; of early_length bytes, of which early_at are taken */
	size_t early_at;
	size_t received; /* in this call */
	int error;       /* of the first callback that failed; 0 */
};

static ssize_t take_early(struct websocket *websocket, uint8_t *out, size_t size)
{
	size_t length = websocket->options.early_length - websocket->early_at;

	if (length > size)
		length = size;
	memcpy(out, websocket->early + websocket->early_at, length);
	websocket->early_at += length;
	return (ssize_t)length;
}

static ssize_t on_receive(wslay_event_context_ptr wslay, uint8_t *out, size_t size, int flags,
                          void *user_data)
{
	struct websocket *websocket = user_data;
	ssize_t length;

	(void)flags;
	if (websocket->early_at < websocket->options.early_length)
		return take_early(websocket, out, size);
	if (websocket->received >= RECEIVE_AT_ONCE_MAX) {
		wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	do {
		length = recv(websocket->options.fd, out, size, 0);
	} while (length < 0 && errno == EINTR);
	if (length > 0) {
		websocket->received += (size_t)length;
		return length;
	}
	if (length < 0 && errno == EAGAIN) {
		wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	websocket->error = -ECONNRESET;
	wslay_event_set_error(wslay, WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static ssize_t on_send(wslay_event_context_ptr wslay, const uint8_t *data, size_t length, int flags,
                       void *user_data)
{
	struct websocket *websocket = user_data;
	int more = (flags & WSLAY_MSG_MORE) != 0 ? MSG_MORE : 0;
	ssize_t sent;

	do {
		sent = send(websocket->options.fd, data, length, MSG_NOSIGNAL | more);
	} while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return sent;
	if (errno == EAGAIN) {
		wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	websocket->error = -ECONNRESET;
	wslay_event_set_error(wslay, WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static int on_mask(wslay_event_context_ptr wslay, uint8_t *out, size_t size, void *user_data)
{
	(void)user_data;
	if (getrandom(out, size, 0) == (ssize_t)size)
		return 0;
	wslay_event_set_error(wslay, WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static void on_message(wslay_event_context_ptr wslay,
                       const struct wslay_event_on_msg_recv_arg *message, void *user_data)
{
	struct websocket *websocket = user_data;

	(void)wslay;
	if (message->opcode == WSLAY_TEXT_FRAME && websocket->error == 0)
		websocket->options.message(websocket->options.context, (const char *)message->msg,
		                           message->msg_length);
	else if (message->opcode == WSLAY_BINARY_FRAME)
		websocket->error = -EPROTO;
}

DEFINE_CLEANUP(struct websocket, websocket_free)

struct websocket *websocket_new(const struct websocket_options *options)
{
	static const struct wslay_event_callbacks callbacks = {
	    .recv_callback = on_receive,
	    .send_callback = on_send,
	    .genmask_callback = on_mask,
	    .on_msg_recv_callback = on_message,
	};
	_cleanup_(websocket_freep) struct websocket *websocket = calloc(1, sizeof(*websocket));

	if (websocket == NULL)
		return NULL;
	websocket->options = *options;
	websocket->early = malloc(options->early_length + 1);
	if (websocket->early == NULL ||
	    wslay_event_context_client_init(&websocket->wslay, &callbacks, websocket) != 0)
		return NULL;
	if (options->early_length > 0)
		memcpy(websocket->early, options->early, options->early_length);
	wslay_event_config_set_max_recv_msg_length(websocket->wslay, options->message_limit_bytes);
	return TAKE_PTR(websocket);
}

struct websocket *websocket_free(struct websocket *websocket)
{
	if (websocket == NULL)
		return NULL;
	if (websocket->wslay != NULL)
		wslay_event_context_free(websocket->wslay);
	free(websocket->early);
	free(websocket);
	return NULL;
}

int websocket_send(struct websocket *websocket, const char *text, size_t length)
{
	const struct wslay_event_msg message = {
	    .opcode = WSLAY_TEXT_FRAME, .msg = (const uint8_t *)text, .msg_length = length};

	if (wslay_event_get_queued_msg_count(websocket->wslay) >= QUEUE_MAX)
		return -ENOBUFS;
	if (wslay_event_queue_msg(websocket->wslay, &message) != 0)
		return -ENOMEM;
	return websocket_flush(websocket);
}

int websocket_flush(struct websocket *websocket)
{
	int r = wslay_event_send(websocket->wslay);

	if (r != 0 && websocket->error == 0)
		websocket->error = r == WSLAY_ERR_NOMEM ? -ENOMEM : -EPROTO;
	return websocket->error;
}

/*
 * wslay answers what it does not like with a close frame of its own and reads no more: the status
 * code that it queued tells why.
 */
static int reason_of_close(const struct websocket *websocket)
{
	if (wslay_event_get_close_received(websocket->wslay))
		return -ECONNRESET;
	if (wslay_event_get_status_code_sent(websocket->wslay) == WSLAY_CODE_MESSAGE_TOO_BIG)
		return -EMSGSIZE;
	return -EPROTO;
}

int websocket_receive(struct websocket *websocket)
{
	int r;

	websocket->received = 0;
	r = wslay_event_recv(websocket->wslay);
	if (websocket->error != 0)
		return websocket->error;
	if (r != 0)
		return websocket->error = r == WSLAY_ERR_NOMEM ? -ENOMEM : -EPROTO;
	r = websocket_flush(websocket);
	if (r < 0)
		return r;
	if (!wslay_event_get_read_enabled(websocket->wslay))
		return websocket->error = reason_of_close(websocket);
	if (wslay_event_get_queued_msg_count(websocket->wslay) >= QUEUE_MAX)
		return websocket->error = -ENOBUFS;
	return 0;
}

bool websocket_wants_write(const struct websocket *websocket)
{
	return wslay_event_want_write(websocket->wslay);
}

void websocket_goodbye(struct websocket *websocket)
{
	if (websocket->error != 0)
		return;
	(void)wslay_event_queue_close(websocket->wslay, WSLAY_CODE_NORMAL_CLOSURE, NULL, 0);
	(void)wslay_event_send(websocket->wslay); /* the fd is closed whether it went or not */
}
