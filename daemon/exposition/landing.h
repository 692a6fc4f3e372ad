// SPDX-License-Identifier: MIT
/*
 * The page at /: what this is, where the endpoints are, and the processes most likely to leak. No
 * external asset, no script, no style, so that the strictest content policy holds. Pure.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_LANDING_H
#define HEAPWATCH_DAEMON_EXPOSITION_LANDING_H

#include "daemon/exposition/http.h"
#include "daemon/exposition/metrics.h"

#define LANDING_HEADER_COUNT 2
extern const struct http_header landing_headers[LANDING_HEADER_COUNT];

void landing_write(const struct picture *picture, const struct self_status *self,
                   const char *telemetry_path, struct buf *out);

#endif
