// SPDX-License-Identifier: MIT
/* The loop: timers, fds, signals and jobs, each awaited by the loop itself. */
#include "daemon/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "tests/unit/unit.h"

struct trace {
	struct loop *loop;
	struct collector_host host;
	int pipe_fds[2];
	struct collector_watch *watch;
	unsigned timer_count;
	unsigned read_count;
	unsigned done_count;
	atomic_uint work_count;
	int signal;
};

static void set_up(struct trace *trace)
{
	*trace = (struct trace){.loop = loop_new()};
	ck_assert_ptr_nonnull(trace->loop);
	trace->host = loop_host(trace->loop);
}

static void stop_loop(void *data)
{
	struct trace *trace = data;

	loop_stop(trace->loop);
}

static void count_timer(void *data)
{
	struct trace *trace = data;

	if (++trace->timer_count == 3)
		loop_stop(trace->loop);
}

START_TEST(test_timer_repeats_until_stopped)
{
	struct trace trace;
	struct loop_timer *timer;

	set_up(&trace);
	timer = loop_timer_new(trace.loop, count_timer, &trace);
	loop_timer_start(timer, 0, 1);
	loop_run(trace.loop);
	ck_assert_uint_eq(trace.timer_count, 3);
	loop_timer_stop(timer);
	loop_free(trace.loop);
}
END_TEST

static void linger(void *data)
{
	const struct timespec time = {.tv_nsec = 20 * 1000 * 1000};
	struct trace *trace = data;

	ck_assert_int_eq(nanosleep(&time, NULL), 0);
	trace->timer_count++;
}

START_TEST(test_the_longest_turn_is_that_of_a_slow_callback)
{
	struct trace trace;

	set_up(&trace);
	loop_timer_start(loop_timer_new(trace.loop, linger, &trace), 1, 0);
	loop_timer_start(loop_timer_new(trace.loop, stop_loop, &trace), 500, 0);
	loop_run(trace.loop);
	ck_assert_uint_eq(trace.timer_count, 1);
	ck_assert_uint_ge(loop_turn_max_ns(trace.loop), 20 * NS_PER_MS);
	ck_assert_uint_lt(loop_turn_max_ns(trace.loop), 400 * NS_PER_MS); /* waiting is none */
	loop_free(trace.loop);
}
END_TEST

static void read_and_unwatch(void *data)
{
	struct trace *trace = data;
	char byte;

	ck_assert_int_eq(read(trace->pipe_fds[0], &byte, 1), 1);
	trace->read_count++;
	trace->host.unwatch_fd(trace->host.context, trace->watch);
	loop_stop(trace->loop);
}

START_TEST(test_fd_is_reported_and_can_be_unwatched_in_its_callback)
{
	struct trace trace;

	set_up(&trace);
	ck_assert_int_eq(pipe(trace.pipe_fds), 0);
	trace.watch =
	    trace.host.watch_fd(trace.host.context, trace.pipe_fds[0], read_and_unwatch, &trace);
	ck_assert_ptr_nonnull(trace.watch);
	ck_assert_int_eq(write(trace.pipe_fds[1], "xy", 2), 2);
	loop_run(trace.loop);
	ck_assert_uint_eq(trace.read_count, 1);
	loop_free(trace.loop);
	(void)close(trace.pipe_fds[0]);
	(void)close(trace.pipe_fds[1]);
}
END_TEST

static void on_usr1(void *data, int signal)
{
	struct trace *trace = data;

	trace->signal = signal;
	loop_stop(trace->loop);
}

START_TEST(test_signal_arrives_on_the_loop)
{
	struct trace trace;

	set_up(&trace);
	ck_assert_int_eq(loop_on_signal(trace.loop, SIGUSR1, on_usr1, &trace), 0);
	ck_assert_int_eq(raise(SIGUSR1), 0);
	loop_run(trace.loop);
	ck_assert_int_eq(trace.signal, SIGUSR1);
	loop_free(trace.loop);
}
END_TEST

static void count_work(void *data)
{
	struct trace *trace = data;

	atomic_fetch_add(&trace->work_count, 1);
}

static void count_done(void *data)
{
	struct trace *trace = data;

	trace->done_count++;
}

START_TEST(test_jobs_are_bounded_and_all_done_after_drain)
{
	struct trace trace;
	unsigned accepted = 0;
	int r;

	set_up(&trace);
	do {
		r = trace.host.submit(trace.host.context, count_work, count_done, &trace);
		accepted += r == 0;
	} while (r == 0 && accepted < 10000);
	ck_assert_int_eq(r, -EAGAIN);
	ck_assert_uint_eq(trace.done_count, 0);
	loop_drain(trace.loop);
	ck_assert_uint_eq(atomic_load(&trace.work_count), accepted);
	ck_assert_uint_eq(trace.done_count, accepted);
	ck_assert_int_eq(trace.host.submit(trace.host.context, count_work, count_done, &trace),
	                 -EAGAIN);
	loop_free(trace.loop);
}
END_TEST

UNIT_MAIN("loop", test_timer_repeats_until_stopped,
          test_the_longest_turn_is_that_of_a_slow_callback,
          test_fd_is_reported_and_can_be_unwatched_in_its_callback, test_signal_arrives_on_the_loop,
          test_jobs_are_bounded_and_all_done_after_drain)
