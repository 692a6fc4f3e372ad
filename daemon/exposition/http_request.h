// SPDX-License-Identifier: MIT
/*
 * A request between the server and its handlers; private to the server.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_HTTP_REQUEST_H
#define HEAPWATCH_DAEMON_EXPOSITION_HTTP_REQUEST_H

#include "daemon/exposition/http.h"
#include "daemon/exposition/http_reply.h"

struct http_request {
	struct MHD_Connection *connection;
	enum http_method method;
	const char *rest;
};

/*
 * Percent-decodes in place, as libmicrohttpd asks for, and returns the length. "%00" and what is no
 * hexadecimal number stay as they are written.
 */
size_t http_unescape(void *context, struct MHD_Connection *connection, char *text);

#endif
