// SPDX-License-Identifier: MIT
/*
 * A queue in a directory of its own, for unit tests: its one job is run when the test says so, and
 * it can crash. Every program that includes this uses all of it.
 */
#ifndef HEAPWATCH_TESTS_QUEUE_FIXTURE_H
#define HEAPWATCH_TESTS_QUEUE_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/alerting/queue.h"
#include "lib/file.h"
#include "tests/unit/unit.h"

static char directory[] = "/tmp/heapwatch-queue-XXXXXX";
static char path[64];
static char kept[64];
static char damaged[64];

/* One job at most, done when the test says so. */
static struct {
	void (*work)(void *data);
	void (*done)(void *data);
	void *data;
	bool is_refusing;
} job;

static int host_submit(void *context, void (*work)(void *data), void (*done)(void *data),
                       void *data)
{
	(void)context;
	if (job.is_refusing)
		return -EAGAIN;
	ck_assert_ptr_null(job.work);
	job.work = work;
	job.done = done;
	job.data = data;
	return 0;
}

static const struct collector_host host = {.submit = host_submit};

static void run_jobs(void)
{
	while (job.work != NULL) {
		void (*done)(void *data) = job.done;

		job.work(job.data);
		job.work = NULL;
		done(job.data);
	}
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/alerts", directory);
	(void)snprintf(kept, sizeof(kept), "%s/kept", directory);
	(void)snprintf(damaged, sizeof(damaged), "%s/alerts.damaged", directory);
}

static void clean_up(void)
{
	(void)unlink(path);
	(void)unlink(damaged);
	ck_assert_int_eq(rmdir(directory), 0);
}

static const char *const names[] = {"ops", "am"};

static struct queue *open_queue(void)
{
	struct queue *queue = queue_open(directory, &host);

	ck_assert_ptr_nonnull(queue);
	ck_assert_int_eq(queue_set_receivers(queue, names, 2), 0);
	return queue;
}

static uint64_t add(struct queue *queue, const char *key, bool is_firing, uint64_t due)
{
	char dedup_key[32];
	char boot_id[] = "boot";
	char body[] = "{\"a\":1}";
	uint64_t id = 0;
	struct queued_alert alert = {
	    .key = {.pid = 7, .start_ticks = 99},
	    .boot_id = boot_id,
	    .condition = CONDITION_THRASH,
	    .is_firing = is_firing,
	    .severity = SEVERITY_CRITICAL,
	    .dedup_key = dedup_key,
	    .body = body,
	    .audience = due,
	    .due = due,
	    .accepted_unix_ns = 5,
	};

	(void)snprintf(dedup_key, sizeof(dedup_key), "%s", key);
	ck_assert_int_eq(queue_add(queue, &alert, &id), 0);
	return id;
}

static size_t count_alerts(const struct queue *queue)
{
	const struct queued_alert *alert;
	size_t count = 0;

	for (alert = queue_first(queue); alert != NULL; alert = alert->next)
		count++;
	return count;
}

/* As after SIGKILL: what is in memory only is gone. */
static void crash(struct queue *queue)
{
	job.work = NULL;
	(void)rename(path, kept);
	(void)queue_close(queue);
	if (rename(kept, path) < 0)
		(void)unlink(path);
}

static void write_file(const char *content, size_t length)
{
	ck_assert_int_eq(file_replace(path, content, length), 0);
}

static int run_suite(const char *name, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *cases = tcase_create(name);
	SRunner *runner = srunner_create(suite);
	size_t i;

	tcase_set_timeout(cases, 120);
	tcase_add_checked_fixture(cases, set_up, clean_up);
	for (i = 0; i < count; i++)
		tcase_add_test(cases, tests[i]);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}

#endif
