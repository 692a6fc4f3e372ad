// SPDX-License-Identifier: MIT
/*
 * The door of the HTTP server: TLS, passwords, a limit of requests and headers, as the file of
 * --web.config.file says. The file and those that it names are looked at with each connection and
 * each request, as exporter-toolkit does; what has changed is loaded as a whole, and stays as it
 * was when the new one is wrong. Whether there is TLS at all is decided at the start.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_HTTP_GATE_H
#define HEAPWATCH_DAEMON_EXPOSITION_HTTP_GATE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/exposition/http_auth.h"

struct collector_host;
struct http_gate;
struct http_tls;
struct pair_list;

/* Exactly what a daemon would do at its start with the file; for checks without one. */
int http_gate_check(const char *path, char *reterr_message, size_t message_size)
    __attribute__((warn_unused_result));

/* A negative errno with the message for the user. host and path outlive the gate. */
int http_gate_new(const char *path, const struct collector_host *host, struct http_gate **ret_gate,
                  char *reterr_message, size_t message_size) __attribute__((warn_unused_result));
/* After the host's jobs are done and the connections are closed. */
struct http_gate *http_gate_free(struct http_gate *gate);

/* Loads the file again if it, or one that it names, has changed. */
void http_gate_refresh(struct http_gate *gate);

bool http_gate_has_tls(const struct http_gate *gate);
/* For a new connection: a reference, or NULL without TLS. */
struct http_tls *http_gate_tls(struct http_gate *gate);
/* Of every response; *ret_generation changes whenever they do. */
const struct pair_list *http_gate_headers(const struct http_gate *gate, uint64_t *ret_generation);

/*
 * Whether the request may pass. users of the request are filled in here; needs_password is false
 * for what everybody may see.
 */
enum auth_verdict http_gate_admit(struct http_gate *gate, struct auth_request *request,
                                  bool needs_password, struct auth_ticket **ret_ticket);

#endif
