// SPDX-License-Identifier: MIT
/*
 * Whether a request that changes something was sent by a page of another origin, as a browser
 * does on behalf of whoever it shows. Pure.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_ORIGIN_H
#define HEAPWATCH_DAEMON_EXPOSITION_ORIGIN_H

#include <stdbool.h>

/*
 * The values of the headers, NULL where there is none. Browsers send at least one of Sec-Fetch-Site
 * (Fetch Metadata, W3C) and Origin (RFC 6454) with what is no plain GET; programs send neither and
 * are let through. Anything that is not clearly the same origin is cross-origin.
 */
bool origin_is_cross(const char *host, const char *origin, const char *sec_fetch_site);

#endif
