// SPDX-License-Identifier: MIT
/*
 * The stamps that log collectors put in front of a line, read into nanoseconds since 1970. Pure:
 * what a stamp leaves out (year, zone) is taken from a reference.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_WALLTIME_H
#define HEAPWATCH_COLLECTORS_GCLOG_WALLTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/gclog/cursor.h"

struct wall_reference {
	uint64_t now_ns;             /* since 1970; a stamp without a year is not after it */
	int64_t zone_offset_seconds; /* east of UTC, of stamps that name no zone */
};

/* Each moves the cursor behind the stamp, or leaves it and returns false. */

/*
 * ISO 8601 and its relatives (RFC 3339, log4j): "2026-11-22T04:00:00.123456789Z",
 * "2026-11-22 04:00:00,123", "2026/11/22 04:00", each with "Z", "+01:00", "+0100" or one of them,
 * "UTC" or "GMT" behind a blank.
 */
bool walltime_take_iso(struct cursor *cursor, const struct wall_reference *reference,
                       uint64_t *ret_ns);
/* RFC 3164: "Nov  2 04:00:00", with a fraction as journalctl -o short-precise prints it. */
bool walltime_take_month(struct cursor *cursor, const struct wall_reference *reference,
                         uint64_t *ret_ns);
/* "1795320000.123456": ten digits and a fraction. */
bool walltime_take_unix(struct cursor *cursor, uint64_t *ret_ns);

#endif
