// SPDX-License-Identifier: MIT
/* A bucket of tokens per peer, in a small table that is looked through. */
#include "daemon/exposition/auth_limit.h"

#include <string.h>

#include "lib/clock.h"
#include "lib/units.h"

#define REFILL_NS (6 * NS_PER_SECOND)

static struct auth_limit_row *find_row(struct auth_limit *limit, const uint8_t *peer)
{
	size_t i;

	for (i = 0; i < AUTH_LIMIT_PEERS; i++)
		if (limit->rows[i].is_used &&
		    memcmp(limit->rows[i].peer, peer, AUTH_LIMIT_KEY) == 0)
			return &limit->rows[i];
	return NULL;
}

static struct auth_limit_row *make_row(struct auth_limit *limit, const uint8_t *peer,
                                       uint64_t now_ns)
{
	struct auth_limit_row *oldest = &limit->rows[0];
	size_t i;

	for (i = 0; i < AUTH_LIMIT_PEERS && oldest->is_used; i++)
		if (!limit->rows[i].is_used || limit->rows[i].at_ns < oldest->at_ns)
			oldest = &limit->rows[i];
	*oldest =
	    (struct auth_limit_row){.is_used = true, .tokens = AUTH_LIMIT_BURST, .at_ns = now_ns};
	memcpy(oldest->peer, peer, AUTH_LIMIT_KEY);
	return oldest;
}

bool auth_limit_take(struct auth_limit *limit, const uint8_t *peer, uint64_t now_ns)
{
	struct auth_limit_row *row = find_row(limit, peer);

	if (row == NULL)
		row = make_row(limit, peer, now_ns);
	row->tokens += (double)u64_subtract_floor(now_ns, row->at_ns) / (double)REFILL_NS;
	if (row->tokens > AUTH_LIMIT_BURST)
		row->tokens = AUTH_LIMIT_BURST;
	row->at_ns = now_ns;
	if (row->tokens < 1)
		return false;
	row->tokens--;
	return true;
}

void auth_limit_refund(struct auth_limit *limit, const uint8_t *peer)
{
	struct auth_limit_row *row = find_row(limit, peer);

	if (row != NULL)
		row->tokens++;
}
