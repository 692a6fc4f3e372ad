// SPDX-License-Identifier: MIT
/*
 * Content negotiation (RFC 9110, 12.5): which format a scraper prefers and whether it takes gzip.
 * The headers are hostile input; what cannot be understood counts as not said. Pure.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_NEGOTIATE_H
#define HEAPWATCH_DAEMON_EXPOSITION_NEGOTIATE_H

#include <stdbool.h>

#include "daemon/exposition/text.h"

/*
 * The highest quality wins, the first one of equals; text 0.0.4 where nothing is acceptable or
 * nothing was said. NULL: no header.
 */
enum text_format negotiate_format(const char *accept);
/* True when gzip is acceptable and not worse than no coding. NULL: no header. */
bool negotiate_gzip(const char *accept_encoding);

#endif
