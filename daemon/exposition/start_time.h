// SPDX-License-Identifier: MIT
/*
 * When a process started, in Unix time.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_START_TIME_H
#define HEAPWATCH_DAEMON_EXPOSITION_START_TIME_H

#include <stdint.h>

#include "daemon/model/process.h"
#include "lib/clock.h"
#include "lib/units.h"

#define START_TICKS_PER_SECOND 100

/*
 * The offset is that of struct self_status. The kernel counts starts in ticks of 10 ms (USER_HZ):
 * more digits would be noise.
 */
static inline double start_time_seconds(const struct process *process,
                                        uint64_t boot_realtime_offset_ns)
{
	const uint64_t tick_ns = NS_PER_SECOND / START_TICKS_PER_SECOND;
	uint64_t unix_ns = u64_add_saturating(process->start_ns, boot_realtime_offset_ns);
	uint64_t ticks = (unix_ns + tick_ns / 2) / tick_ns;

	return (double)ticks / START_TICKS_PER_SECOND;
}

#endif
