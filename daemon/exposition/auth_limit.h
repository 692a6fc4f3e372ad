// SPDX-License-Identifier: MIT
/*
 * How often a peer may fail: ten times in a row, then ten times a minute. Pure. The peers that are
 * remembered are bounded; the one unheard of for longest makes room.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_AUTH_LIMIT_H
#define HEAPWATCH_DAEMON_EXPOSITION_AUTH_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUTH_LIMIT_PEERS 256
#define AUTH_LIMIT_BURST 10
#define AUTH_LIMIT_KEY   16 /* bytes that tell peers apart */

struct auth_limit_row {
	uint8_t peer[AUTH_LIMIT_KEY];
	bool is_used;
	double tokens;
	uint64_t at_ns;
};

/* Zeroed to begin with. */
struct auth_limit {
	struct auth_limit_row rows[AUTH_LIMIT_PEERS];
};

/* False when the peer has to wait. */
bool auth_limit_take(struct auth_limit *limit, const uint8_t *peer, uint64_t now_ns);
/* It was no failure. */
void auth_limit_refund(struct auth_limit *limit, const uint8_t *peer);

#endif
