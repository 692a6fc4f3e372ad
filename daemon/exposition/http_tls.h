// SPDX-License-Identifier: MIT
/*
 * TLS of the server (GnuTLS): certificates, versions and who may connect, loaded as a whole from a
 * web configuration. Each connection keeps what it began with, so that a new one takes its place
 * without dropping any.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_HTTP_TLS_H
#define HEAPWATCH_DAEMON_EXPOSITION_HTTP_TLS_H

#include <stddef.h>

struct http_tls;
struct web_tls_config;

/* Reads the files. A negative errno with the message for the user; *ret_tls has one reference. */
int http_tls_new(const struct web_tls_config *config, struct http_tls **ret_tls,
                 char *reterr_message, size_t message_size) __attribute__((warn_unused_result));
struct http_tls *http_tls_ref(struct http_tls *tls);
/* NULL is fine; always NULL. */
struct http_tls *http_tls_unref(struct http_tls *tls);

/*
 * Makes a gnutls_session_t that has not begun its handshake use this. The session is outlived by a
 * reference of the caller's.
 */
int http_tls_attach(struct http_tls *tls, void *session) __attribute__((warn_unused_result));

/*
 * What libmicrohttpd wants to have before it does TLS at all: a
 * gnutls_certificate_retrieve_function2 that is never called, since every session gets its own
 * credentials.
 */
void *http_tls_no_certificate(void);

#endif
