// SPDX-License-Identifier: MIT
/*
 * What a request is answered with: one shared response per endpoint, rendered when the first
 * request of a generation asks for it, and the few answers that never change. Knows no sockets.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_HTTP_REPLY_H
#define HEAPWATCH_DAEMON_EXPOSITION_HTTP_REPLY_H

#include <microhttpd.h>

#include "daemon/exposition/http.h"

struct reply_table;

/* options outlive the table. NULL without memory. */
struct reply_table *reply_table_new(const struct http_options *options);
/* After the connections: their responses give their bodies back to the table. */
struct reply_table *reply_table_free(struct reply_table *table);

enum MHD_Result reply_send(struct reply_table *table, struct MHD_Connection *connection,
                           const char *path, const char *method);

#endif
