// SPDX-License-Identifier: MIT
/*
 * The event loop: fds, timers, signals and a bounded worker pool over libuv. One thread runs every
 * callback; only the work of a job runs elsewhere.
 */
#ifndef HEAPWATCH_DAEMON_LOOP_H
#define HEAPWATCH_DAEMON_LOOP_H

#include <stdint.h>

#include "collectors/collector.h"

struct loop;
struct loop_timer;

/* NULL without memory or descriptors. */
struct loop *loop_new(void);
/*
 * Accepts no more jobs and runs the loop until the accepted ones are done: before their owners are
 * destroyed.
 */
void loop_drain(struct loop *loop);
/* Closes everything that is left. */
struct loop *loop_free(struct loop *loop);

/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/*
 * The longest turn of the loop, from an end of waiting to the beginning of the next, within the
 * last one to two minutes: as long may what is ready have waited.
 */
uint64_t loop_turn_max_ns(const struct loop *loop);

/* The timer is stopped until started; freed with the loop at the latest. NULL without memory. */
struct loop_timer *loop_timer_new(struct loop *loop, void (*expired)(void *data), void *data);
/* repeat_ms 0: once. A running timer starts anew. */
void loop_timer_start(struct loop_timer *timer, uint64_t first_ms, uint64_t repeat_ms);
void loop_timer_stop(struct loop_timer *timer);

/* Calls received(data, signal) on the loop for each such signal. */
int loop_on_signal(struct loop *loop, int signal, void (*received)(void *data, int signal),
                   void *data) __attribute__((warn_unused_result));

/* What collectors see of the loop; valid as long as it. */
struct collector_host loop_host(struct loop *loop);

#endif
