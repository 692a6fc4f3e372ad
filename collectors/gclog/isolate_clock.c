// SPDX-License-Identifier: MIT
/*
 * One zero point per isolate, on the boot-time clock. V8 counts on the monotonic clock, which
 * stands still while the machine sleeps: a live line that comes much too late moves the zero point.
 */
#include "collectors/gclog/isolate_clock.h"

#include <stdlib.h>

#include "collectors/gclog/hash.h"
#include "lib/clock.h"
#include "lib/pack.h"
#include "lib/units.h"

/* Later than any reading: then the machine slept, or the isolate is no main one after all. */
#define DRIFT_MAX_NS (15 * NS_PER_SECOND)

struct isolate_clock {
	uint64_t isolate;
	uint64_t zero_ns;
	uint64_t last_uptime_ns;
	uint64_t last_at_ns;
	bool is_main;
	UT_hash_handle hh;
};

static void drop_oldest(struct isolate_clocks *clocks)
{
	struct isolate_clock *oldest = clocks->table; /* uthash keeps the order of insertion */

	HASH_DEL(clocks->table, oldest);
	free(oldest);
	clocks->count--;
}

static struct isolate_clock *find_or_add(struct isolate_clocks *clocks, uint64_t isolate,
                                         bool *ret_is_new)
{
	struct isolate_clock *clock;

	HASH_FIND(hh, clocks->table, &isolate, sizeof(isolate), clock);
	*ret_is_new = clock == NULL;
	if (clock != NULL)
		return clock;
	clock = calloc(1, sizeof(*clock));
	if (clock == NULL)
		return NULL;
	if (clocks->count == ISOLATE_CLOCKS_MAX)
		drop_oldest(clocks);
	clock->isolate = isolate;
	HASH_ADD(hh, clocks->table, isolate, sizeof(clock->isolate), clock);
	if (HASH_IS_LEFT_OUT(clock, hh)) {
		free(clock);
		return NULL;
	}
	clocks->count++;
	return clock;
}

/* The first isolate seen is the main one: it collects before it can start a worker. */
static void set_zero(struct isolate_clocks *clocks, struct isolate_clock *clock, uint64_t uptime_ns,
                     uint64_t arrival_ns, bool is_live)
{
	uint64_t known_ns = is_live ? arrival_ns : clocks->last_at_ns;

	clock->is_main = false;
	if (!clocks->has_main) {
		clocks->has_main = true;
		clock->is_main = true;
		clock->zero_ns = clocks->start_ns;
		return;
	}
	clock->zero_ns = u64_subtract_floor(known_ns, uptime_ns);
	if (clock->zero_ns < clocks->start_ns)
		clock->zero_ns = clocks->start_ns;
}

static void adjust_zero(const struct isolate_clocks *clocks, struct isolate_clock *clock,
                        uint64_t uptime_ns, uint64_t arrival_ns, bool is_live)
{
	uint64_t latest_zero_ns = u64_subtract_floor(arrival_ns, uptime_ns);
	uint64_t earliest_zero_ns = u64_subtract_floor(clocks->last_at_ns, uptime_ns);

	if (is_live && latest_zero_ns > u64_add_saturating(clock->zero_ns, DRIFT_MAX_NS))
		clock->zero_ns = latest_zero_ns;
	else if (!is_live && !clock->is_main && clock->zero_ns < earliest_zero_ns)
		clock->zero_ns = earliest_zero_ns; /* it stands behind a line of that date */
	if (clock->zero_ns > latest_zero_ns)
		clock->zero_ns = latest_zero_ns;
}

uint64_t isolate_clocks_date(struct isolate_clocks *clocks, uint64_t isolate, uint64_t uptime_ns,
                             uint64_t arrival_ns, bool is_live)
{
	bool is_new;
	struct isolate_clock *clock = find_or_add(clocks, isolate, &is_new);
	uint64_t at_ns;

	if (clock == NULL)
		return arrival_ns; /* out of memory: as good as can be */
	if (is_new || uptime_ns < clock->last_uptime_ns)
		set_zero(clocks, clock, uptime_ns, arrival_ns, is_live);
	adjust_zero(clocks, clock, uptime_ns, arrival_ns, is_live);
	at_ns = u64_add_saturating(clock->zero_ns, uptime_ns);
	if (at_ns < clock->last_at_ns)
		at_ns = clock->last_at_ns;
	if (at_ns > arrival_ns)
		at_ns = arrival_ns;
	clock->last_uptime_ns = uptime_ns;
	clock->last_at_ns = at_ns;
	if (at_ns > clocks->last_at_ns)
		clocks->last_at_ns = at_ns;
	return at_ns;
}

void isolate_clocks_pack(const struct isolate_clocks *clocks, struct buf *out)
{
	const struct isolate_clock *clock;

	pack_u64(out, clocks->has_main);
	pack_u64(out, clocks->has_text);
	pack_u64(out, clocks->has_trace_events);
	pack_u64(out, clocks->last_at_ns);
	pack_u64(out, clocks->count);
	for (clock = clocks->table; clock != NULL; clock = clock->hh.next) {
		pack_u64(out, clock->isolate);
		pack_u64(out, clock->zero_ns);
		pack_u64(out, clock->last_uptime_ns);
		pack_u64(out, clock->last_at_ns);
		pack_u64(out, clock->is_main);
	}
}

void isolate_clocks_unpack(struct isolate_clocks *clocks, struct unpack *in)
{
	struct isolate_clock *clock;
	uint64_t count;
	bool is_new;

	clocks->has_main = unpack_u64(in) != 0;
	clocks->has_text = unpack_u64(in) != 0;
	clocks->has_trace_events = unpack_u64(in) != 0;
	clocks->last_at_ns = unpack_u64(in);
	for (count = unpack_u64(in); count > 0 && !in->has_failed; count--) {
		clock = find_or_add(clocks, unpack_u64(in), &is_new);
		if (clock == NULL) {
			in->has_failed = true;
			return;
		}
		clock->zero_ns = unpack_u64(in);
		clock->last_uptime_ns = unpack_u64(in);
		clock->last_at_ns = unpack_u64(in);
		clock->is_main = unpack_u64(in) != 0;
	}
}

void isolate_clocks_done(struct isolate_clocks *clocks)
{
	while (clocks->table != NULL)
		drop_oldest(clocks);
}

bool isolate_clocks_is_first(struct isolate_clocks *clocks, bool is_trace_event, bool is_live)
{
	if (is_trace_event) {
		clocks->has_trace_events = clocks->has_trace_events || !clocks->has_text;
		return !clocks->has_text;
	}
	if (clocks->has_trace_events && !clocks->has_text && !is_live)
		return false;
	clocks->has_text = true;
	return true;
}
