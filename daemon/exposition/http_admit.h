// SPDX-License-Identifier: MIT
/*
 * What may come before a request's answer: the gate (TLS, password), and answers that are worked
 * out elsewhere. The connection is suspended meanwhile. Private to the server.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_HTTP_ADMIT_H
#define HEAPWATCH_DAEMON_EXPOSITION_HTTP_ADMIT_H

#include <stdbool.h>

#include "daemon/exposition/http_auth.h"

struct buf;
struct http_connection;
struct http_server;

/* A new connection: its TLS. False when it has to go. */
bool admit_connection(struct http_server *server, struct http_connection *connection);
/* It is closed. */
void admit_release(struct http_connection *connection);

/* AUTH_WAIT: the connection is suspended, and its verdict says more when it is resumed. */
enum auth_verdict admit_request(struct http_server *server, struct http_connection *connection,
                                const char *path);

/*
 * Starts a reload for the request; the connection is suspended. admit_reloaded() is then asked when
 * it is resumed. A negative errno when it was not started.
 */
int admit_reload(struct http_server *server, struct http_connection *connection)
    __attribute__((warn_unused_result));
/* -EINVAL: the configuration is wrong, the message says why. -ETIME: it took too long. */
int admit_reloaded(struct http_connection *connection, struct buf *reterr_message)
    __attribute__((warn_unused_result));

/* Resumes whatever is suspended at the gate or for a reload; false: it is not. */
bool admit_give_up(struct http_server *server, struct http_connection *connection);

#endif
