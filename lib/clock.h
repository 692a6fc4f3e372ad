// SPDX-License-Identifier: MIT
/*
 * The clocks, read only by the outermost layers (daemon, tool, collectors' loops); pure modules get
 * time as an argument. "Boot time" (CLOCK_BOOTTIME) is the one clock of heapwatch: it runs on while
 * the machine is suspended, never jumps, and is the clock in which the kernel counts the start of a
 * process (proc(5), stat field 22).
 */
#ifndef HEAPWATCH_LIB_CLOCK_H
#define HEAPWATCH_LIB_CLOCK_H

#include <stdint.h>

#define NS_PER_US     UINT64_C(1000)
#define NS_PER_MS     UINT64_C(1000000)
#define NS_PER_SECOND UINT64_C(1000000000)
#define NS_PER_MINUTE (60 * NS_PER_SECOND)
#define NS_PER_HOUR   (60 * NS_PER_MINUTE)
#define NS_PER_DAY    (24 * NS_PER_HOUR)

uint64_t clock_boottime_ns(void);
uint64_t clock_realtime_ns(void);
/* Stands still while the machine is suspended: the clock in which journald dates its entries. */
uint64_t clock_monotonic_ns(void);
/* Seconds that local time is ahead of UTC now. */
int64_t clock_zone_offset_seconds(void);
/* CPU time that the calling process / thread has used, user and system. */
uint64_t clock_process_cpu_ns(void);
uint64_t clock_thread_cpu_ns(void);

#endif
