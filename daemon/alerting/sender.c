// SPDX-License-Identifier: MIT
/*
 * The poster and what is under way belong to the job while it runs, else to the loop; only what is
 * handed over is behind the lock.
 */
#include "daemon/alerting/sender.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <utlist.h>

#include "lib/clock.h"
#include "lib/units.h"

/* Each may hold a TLS session with a list of authorities, some megabytes, and a resolver thread. */
#define POSTS_MAX 16
#define IDLE_NS   (10 * NS_PER_SECOND)

struct sender {
	const struct collector_host *host;
	pthread_mutex_t lock;
	struct sending *waiting; /* behind the lock */
	struct poster *poster;   /* changed behind the lock; NULL: no connection is open */
	struct sending *under_way;
	size_t post_count; /* of those */
	struct sending *over;
	/* Of the loop. */
	bool is_running;
	bool is_closing; /* the job is to close connections; read by it */
	uint64_t used_ns;
	atomic_bool is_aborted;
};

/* ---- in the pool ---- */

static void post_all(struct sender *sender, struct sending *sending)
{
	size_t i;

	for (i = 0; i < sending->errand->post_count; i++)
		if (!atomic_load(&sender->is_aborted))
			poster_begin(sender->poster, &sending->errand->posts[i]);
	sender->post_count += sending->errand->post_count;
	DL_APPEND(sender->under_way, sending);
}

static struct sending *take_waiting(struct sender *sender)
{
	struct sending *sending;

	(void)pthread_mutex_lock(&sender->lock);
	sending = sender->waiting;
	if (sending != NULL && sender->under_way != NULL &&
	    sender->post_count + sending->errand->post_count > POSTS_MAX)
		sending = NULL;
	if (sending != NULL)
		DL_DELETE(sender->waiting, sending);
	(void)pthread_mutex_unlock(&sender->lock);
	return sending;
}

static void begin_waiting(struct sender *sender)
{
	struct sending *sending;

	while ((sending = take_waiting(sender)) != NULL)
		post_all(sender, sending);
}

static void cancel(struct sender *sender, struct errand *errand)
{
	size_t i;

	for (i = 0; i < errand->post_count; i++)
		poster_cancel(sender->poster, &errand->posts[i]);
}

static void collect(struct sender *sender)
{
	bool is_aborted = atomic_load(&sender->is_aborted);
	struct sending *sending;
	struct sending *next;

	DL_FOREACH_SAFE(sender->under_way, sending, next)
	{
		if (is_aborted)
			cancel(sender, sending->errand);
		if (!errand_is_over(sending->errand))
			continue;
		errand_conclude(sending->errand);
		sender->post_count -= sending->errand->post_count;
		DL_DELETE(sender->under_way, sending);
		DL_APPEND(sender->over, sending);
	}
}

/* NULL closes all connections. */
static void set_poster(struct sender *sender, struct poster *poster)
{
	struct poster *former;

	(void)pthread_mutex_lock(&sender->lock);
	former = sender->poster;
	sender->poster = poster;
	(void)pthread_mutex_unlock(&sender->lock);
	(void)poster_free(former);
}

/* Until one is over, or none is left. */
static void work(void *data)
{
	struct sender *sender = data;

	if (sender->is_closing)
		set_poster(sender, NULL);
	else if (sender->poster == NULL)
		set_poster(sender, poster_new());
	if (sender->is_closing)
		return;
	begin_waiting(sender);
	collect(sender);
	while (sender->over == NULL && sender->under_way != NULL) {
		poster_wait(sender->poster);
		begin_waiting(sender);
		collect(sender);
	}
}

/* ---- on the loop ---- */

static void hand_over(struct sender *sender)
{
	while (sender->over != NULL) {
		struct sending *sending = sender->over;

		DL_DELETE(sender->over, sending);
		sending->done(sending->data);
	}
}

static void start(struct sender *sender);
static void end_all(struct sender *sender);

static void work_done(void *data)
{
	struct sender *sender = data;

	sender->is_running = false;
	sender->is_closing = false;
	sender->used_ns = clock_boottime_ns();
	hand_over(sender);
	if (atomic_load(&sender->is_aborted))
		end_all(sender);
	else
		start(sender);
}

static bool has_work(struct sender *sender)
{
	bool is_waiting;

	(void)pthread_mutex_lock(&sender->lock);
	is_waiting = sender->waiting != NULL;
	(void)pthread_mutex_unlock(&sender->lock);
	return is_waiting || sender->under_way != NULL;
}

/* After an abort, without a job: nothing begins any more, so nothing is waited for. */
static void end_all(struct sender *sender)
{
	while (has_work(sender)) {
		begin_waiting(sender);
		collect(sender);
		hand_over(sender);
	}
}

static void submit(struct sender *sender)
{
	const struct collector_host *host = sender->host;

	sender->is_running = host->submit(host->context, work, work_done, sender) == 0;
}

/* When the pool is full the next tick tries again. */
static void start(struct sender *sender)
{
	if (!sender->is_running && has_work(sender))
		submit(sender);
}

void sender_send(struct sender *sender, struct sending *sending)
{
	(void)pthread_mutex_lock(&sender->lock);
	DL_APPEND(sender->waiting, sending);
	if (sender->is_running && sender->poster != NULL)
		poster_wake(sender->poster);
	(void)pthread_mutex_unlock(&sender->lock);
	start(sender);
}

void sender_tick(struct sender *sender)
{
	start(sender);
	if (sender->is_running || sender->poster == NULL ||
	    clock_boottime_ns() - sender->used_ns < IDLE_NS)
		return;
	sender->is_closing = true;
	submit(sender);
	if (!sender->is_running) /* else it is the job's to read */
		sender->is_closing = false;
}

void sender_abort(struct sender *sender)
{
	atomic_store(&sender->is_aborted, true);
	if (!sender->is_running) { /* the pool was full, or there is nothing */
		end_all(sender);
		return;
	}
	(void)pthread_mutex_lock(&sender->lock);
	if (sender->poster != NULL)
		poster_wake(sender->poster);
	(void)pthread_mutex_unlock(&sender->lock);
}

struct sender *sender_new(const struct collector_host *host)
{
	struct sender *sender = calloc(1, sizeof(*sender));

	if (sender == NULL)
		return NULL;
	if (pthread_mutex_init(&sender->lock, NULL) != 0) {
		free(sender);
		return NULL;
	}
	sender->host = host;
	atomic_init(&sender->is_aborted, false);
	return sender;
}

struct sender *sender_free(struct sender *sender)
{
	if (sender == NULL)
		return NULL;
	(void)poster_free(sender->poster);
	(void)pthread_mutex_destroy(&sender->lock);
	free(sender);
	return NULL;
}
