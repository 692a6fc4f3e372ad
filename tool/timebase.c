// SPDX-License-Identifier: MIT
/*
 * Saturating arithmetic on one origin.
 */
#include "tool/timebase.h"

#include "lib/units.h"

uint64_t timebase_from_ms(uint64_t ms)
{
	return u64_add_saturating(TIMEBASE_ORIGIN_NS, u64_multiply_saturating(ms, NS_PER_MS));
}

uint64_t timebase_to_ms(uint64_t at_ns)
{
	return u64_subtract_floor(at_ns, TIMEBASE_ORIGIN_NS) / NS_PER_MS;
}

uint64_t timebase_latest_ns(const struct timebase *base)
{
	return base->latest_ns > TIMEBASE_ORIGIN_NS ? base->latest_ns : TIMEBASE_ORIGIN_NS;
}

void timebase_advance(struct timebase *base, uint64_t at_ns)
{
	if (at_ns > base->latest_ns)
		base->latest_ns = at_ns;
}

/* The first line with a time of day ties it to this clock. */
static uint64_t from_wall(struct timebase *base, uint64_t wall_ns, uint64_t uptime_ns)
{
	if (base->origin_wall_ns == 0)
		base->origin_wall_ns = u64_subtract_floor(wall_ns, uptime_ns);
	return u64_add_saturating(TIMEBASE_ORIGIN_NS,
	                          u64_subtract_floor(wall_ns, base->origin_wall_ns));
}

uint64_t timebase_wall_ns(const struct timebase *base, uint64_t at_ns)
{
	if (base->origin_wall_ns == 0)
		return 0;
	return u64_add_saturating(base->origin_wall_ns,
	                          u64_subtract_floor(at_ns, TIMEBASE_ORIGIN_NS));
}

uint64_t timebase_heap_start_ns(struct timebase *base, uint64_t uptime_ns,
                                const struct line_time *time)
{
	uint64_t at_ns = u64_add_saturating(TIMEBASE_ORIGIN_NS, uptime_ns);

	if (time->recorded_ns > 0)
		at_ns = time->recorded_ns;
	else if (time->wall_ns > 0)
		at_ns = from_wall(base, time->wall_ns, uptime_ns);
	else if (base->latest_ns > at_ns)
		at_ns = base->latest_ns;
	return u64_subtract_floor(at_ns, uptime_ns);
}
