// SPDX-License-Identifier: MIT
/*
 * Thin readings of the kernel's clocks as nanoseconds. None of these clocks can fail on the kernels
 * that heapwatch supports, so a failure is a programmer error.
 */
#include "lib/clock.h"

#include <assert.h>
#include <time.h>

static uint64_t clock_read_ns(clockid_t id)
{
	struct timespec now;
	int result = clock_gettime(id, &now);

	assert(result == 0);
	(void)result;
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t clock_boottime_ns(void)
{
	return clock_read_ns(CLOCK_BOOTTIME);
}

uint64_t clock_realtime_ns(void)
{
	return clock_read_ns(CLOCK_REALTIME);
}

uint64_t clock_monotonic_ns(void)
{
	return clock_read_ns(CLOCK_MONOTONIC);
}

int64_t clock_zone_offset_seconds(void)
{
	time_t now = (time_t)(clock_realtime_ns() / NS_PER_SECOND);
	struct tm local;

	return localtime_r(&now, &local) != NULL ? local.tm_gmtoff : 0;
}

uint64_t clock_process_cpu_ns(void)
{
	return clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t clock_thread_cpu_ns(void)
{
	return clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}
