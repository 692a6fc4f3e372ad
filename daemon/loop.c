// SPDX-License-Identifier: MIT
/*
 * libuv adapters, and the only file that includes uv.h. Every handle is allocated here and freed by
 * its close callback, so that closing in the middle of a callback is safe.
 */
#include "daemon/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <uv.h>

#include "lib/clock.h"
#include "lib/units.h"

#define TURN_WINDOW_NS NS_PER_MINUTE
/*
 * On a disk that hangs there are up to three writes (state, slots, alerts), and one job waits for
 * receivers; so one thread is left for what people ask.
 */
#define POOL_THREADS  "5"
#define LOOP_JOBS_MAX 64 /* accepted and not done; more are refused, not queued without bound */

struct loop {
	uv_loop_t uv;
	unsigned job_count;
	bool is_stopping;

	uv_prepare_t before_wait; /* once per turn */
	uint64_t turn_ns;         /* when it came last */
	uint64_t idle_ns;         /* of all waiting until then */
	uint64_t turn_max_ns[2];  /* of this window and the one before */
	uint64_t window_ns;       /* when this one began */
};

struct collector_watch {
	uv_poll_t poll;
	void (*readable)(void *data);
	void *data;
};

struct loop_timer {
	uv_timer_t timer;
	void (*expired)(void *data);
	void *data;
};

struct loop_signal {
	uv_signal_t signal;
	void (*received)(void *data, int signal);
	void *data;
};

struct loop_job {
	uv_work_t request;
	struct loop *loop;
	void (*work)(void *data);
	void (*done)(void *data);
	void *data;
};

static void free_handle(uv_handle_t *handle)
{
	free(handle->data); /* the struct that embeds the handle */
}

/* ---- how long it is away ---- */

static void on_before_wait(uv_prepare_t *handle)
{
	struct loop *loop = handle->data;
	uint64_t now_ns = uv_hrtime();
	uint64_t idle_ns = uv_metrics_idle_time(&loop->uv);
	uint64_t turn_ns = u64_subtract_floor(now_ns - loop->turn_ns, idle_ns - loop->idle_ns);

	loop->turn_ns = now_ns;
	loop->idle_ns = idle_ns;
	if (now_ns - loop->window_ns >= TURN_WINDOW_NS) {
		loop->window_ns = now_ns;
		loop->turn_max_ns[1] = loop->turn_max_ns[0];
		loop->turn_max_ns[0] = 0;
	}
	if (turn_ns > loop->turn_max_ns[0])
		loop->turn_max_ns[0] = turn_ns;
}

uint64_t loop_turn_max_ns(const struct loop *loop)
{
	return loop->turn_max_ns[loop->turn_max_ns[1] > loop->turn_max_ns[0]];
}

static int measure_turns(struct loop *loop)
{
	int r = uv_loop_configure(&loop->uv, UV_METRICS_IDLE_TIME);

	if (r != 0)
		return r;
	loop->turn_ns = uv_hrtime();
	loop->window_ns = loop->turn_ns;
	loop->before_wait.data = loop;
	(void)uv_prepare_init(&loop->uv, &loop->before_wait); /* both cannot fail */
	(void)uv_prepare_start(&loop->before_wait, on_before_wait);
	uv_unref((uv_handle_t *)&loop->before_wait);
	return 0;
}

/* ---- start and end ---- */

struct loop *loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		return NULL;
	(void)setenv("UV_THREADPOOL_SIZE", POOL_THREADS, 0); /* without memory: libuv's four */
	if (uv_loop_init(&loop->uv) != 0) {
		free(loop);
		return NULL;
	}
	if (measure_turns(loop) != 0)
		return loop_free(loop);
	return loop;
}

static void close_left_over(uv_handle_t *handle, void *unused)
{
	(void)unused;
	if (!uv_is_closing(handle))
		uv_close(handle, handle->type == UV_PREPARE ? NULL : free_handle);
}

void loop_drain(struct loop *loop)
{
	loop->is_stopping = true;
	while (loop->job_count > 0)
		(void)uv_run(&loop->uv, UV_RUN_ONCE);
}

struct loop *loop_free(struct loop *loop)
{
	if (loop == NULL)
		return NULL;
	loop_drain(loop);
	uv_walk(&loop->uv, close_left_over, NULL);
	(void)uv_run(&loop->uv, UV_RUN_DEFAULT); /* ends once all handles are closed */
	(void)uv_loop_close(&loop->uv);          /* cannot be busy: nothing is left */
	free(loop);
	return NULL;
}

void loop_run(struct loop *loop)
{
	loop->turn_ns = uv_hrtime();             /* what came before was no turn */
	(void)uv_run(&loop->uv, UV_RUN_DEFAULT); /* its result only says whether handles are left */
}

void loop_stop(struct loop *loop)
{
	uv_stop(&loop->uv);
}

/* ---- timers ---- */

static void on_timer(uv_timer_t *handle)
{
	struct loop_timer *timer = handle->data;

	timer->expired(timer->data);
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*expired)(void *data), void *data)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));

	if (timer == NULL)
		return NULL;
	if (uv_timer_init(&loop->uv, &timer->timer) != 0) {
		free(timer);
		return NULL;
	}
	timer->timer.data = timer;
	timer->expired = expired;
	timer->data = data;
	return timer;
}

void loop_timer_start(struct loop_timer *timer, uint64_t first_ms, uint64_t repeat_ms)
{
	uv_update_time(timer->timer.loop); /* a long callback must not shorten the wait */
	(void)uv_timer_start(&timer->timer, on_timer, first_ms, repeat_ms); /* no failure left */
}

void loop_timer_stop(struct loop_timer *timer)
{
	(void)uv_timer_stop(&timer->timer);
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *handle, int signal)
{
	struct loop_signal *watch = handle->data;

	watch->received(watch->data, signal);
}

int loop_on_signal(struct loop *loop, int signal, void (*received)(void *data, int signal),
                   void *data)
{
	struct loop_signal *watch = calloc(1, sizeof(*watch));
	int r;

	if (watch == NULL)
		return -ENOMEM;
	r = uv_signal_init(&loop->uv, &watch->signal);
	if (r != 0) {
		free(watch);
		return r;
	}
	watch->signal.data = watch;
	watch->received = received;
	watch->data = data;
	return uv_signal_start(&watch->signal, on_signal, signal);
}

/* ---- host: fds ---- */

static uint64_t host_now_ns(void *context)
{
	(void)context;
	return clock_boottime_ns();
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
	struct collector_watch *watch = handle->data;

	(void)status; /* an error is readable, too: the reader meets it */
	(void)events;
	watch->readable(watch->data);
}

static struct collector_watch *host_watch_fd(void *context, int fd, void (*readable)(void *data),
                                             void *data)
{
	struct loop *loop = context;
	struct collector_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return NULL;
	if (uv_poll_init(&loop->uv, &watch->poll, fd) != 0) {
		free(watch);
		return NULL;
	}
	watch->poll.data = watch;
	watch->readable = readable;
	watch->data = data;
	if (uv_poll_start(&watch->poll, UV_READABLE, on_poll) != 0) {
		uv_close((uv_handle_t *)&watch->poll, free_handle);
		return NULL;
	}
	return watch;
}

static void host_unwatch_fd(void *context, struct collector_watch *watch)
{
	(void)context;
	(void)uv_poll_stop(&watch->poll);
	uv_close((uv_handle_t *)&watch->poll, free_handle);
}

/* ---- host: jobs ---- */

static void run_job(uv_work_t *request)
{
	struct loop_job *job = request->data;

	job->work(job->data);
}

static void finish_job(uv_work_t *request, int status)
{
	struct loop_job *job = request->data;

	(void)status; /* jobs are never cancelled */
	job->loop->job_count--;
	job->done(job->data);
	free(job);
}

static int host_submit(void *context, void (*work)(void *data), void (*done)(void *data),
                       void *data)
{
	struct loop *loop = context;
	struct loop_job *job;
	int r;

	if (loop->is_stopping || loop->job_count >= LOOP_JOBS_MAX)
		return -EAGAIN;
	job = calloc(1, sizeof(*job));
	if (job == NULL)
		return -ENOMEM;
	*job = (struct loop_job){.loop = loop, .work = work, .done = done, .data = data};
	job->request.data = job;
	r = uv_queue_work(&loop->uv, &job->request, run_job, finish_job);
	if (r != 0) {
		free(job);
		return r;
	}
	loop->job_count++;
	return 0;
}

struct collector_host loop_host(struct loop *loop)
{
	return (struct collector_host){
	    .context = loop,
	    .now_ns = host_now_ns,
	    .watch_fd = host_watch_fd,
	    .unwatch_fd = host_unwatch_fd,
	    .submit = host_submit,
	};
}
