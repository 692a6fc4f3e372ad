// SPDX-License-Identifier: MIT
/*
 * A level that moves only as far as its bounds push it.
 */
#include "daemon/model/outside.h"

void outside_level_reset(struct outside_level *level)
{
	*level = (struct outside_level){.bucket = UINT64_MAX};
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t outside_level_settle(struct outside_level *level, uint64_t bucket, uint64_t at_least_bytes,
                              uint64_t at_most_bytes)
{
	if (level->bucket != bucket)
		*level = (struct outside_level){
		    .bucket = bucket,
		    .at_least_bytes = UINT64_MAX,
		    .at_most_bytes = UINT64_MAX,
		    .before_bytes = level->bytes,
		};
	level->at_least_bytes = smaller(level->at_least_bytes, at_least_bytes);
	level->at_most_bytes = smaller(level->at_most_bytes, at_most_bytes);
	level->bytes = smaller(level->before_bytes, level->at_most_bytes);
	if (level->bytes < level->at_least_bytes)
		level->bytes = level->at_least_bytes;
	return level->bytes;
}
