// SPDX-License-Identifier: MIT
/* What the queue costs: a disk that hangs, a full queue, whose turn it is. */
#include "daemon/alerting/queue.h"

#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/queue_fixture.h"

/* Neither what is written just now nor what comes later waits for it. */
START_TEST(test_a_disk_that_hangs_keeps_nobody_waiting)
{
	struct queue *queue = open_queue();
	uint64_t id = add(queue, "k1", true, 1);
	uint64_t now_ns = clock_boottime_ns();

	ck_assert_ptr_nonnull(job.work); /* hangs */
	queue_watch(queue, now_ns + 9 * NS_PER_SECOND);
	ck_assert_uint_lt(queue_safe_id(queue), id);
	queue_watch(queue, now_ns + 11 * NS_PER_SECOND);
	ck_assert_uint_eq(queue_safe_id(queue), id);
	ck_assert(!queue_is_on_disk(queue));
	queue_watch(queue, now_ns + 12 * NS_PER_SECOND);
	ck_assert_uint_eq(queue_error_count(queue), 1);
	id = add(queue, "k2", true, 1);
	ck_assert_uint_eq(queue_safe_id(queue), id);
	queue_sync(queue); /* starts no second job */
	run_jobs();
	ck_assert(queue_is_on_disk(queue));
	ck_assert_uint_eq(queue_safe_id(queue), id);
	crash(queue);
	queue = open_queue();
	ck_assert_uint_eq(count_alerts(queue), 2);
	crash(queue);
}
END_TEST

static ino_t inode_of_file(void)
{
	struct stat status;

	ck_assert_int_eq(stat(path, &status), 0);
	return status.st_ino;
}

START_TEST(test_a_full_queue_appends)
{
	struct queue *queue = open_queue();
	char key[32];
	ino_t inode;
	unsigned i;

	for (i = 0; i < QUEUE_ALERTS_MAX; i++) {
		(void)snprintf(key, sizeof(key), "k%u", i);
		(void)add(queue, key, false, 3);
	}
	run_jobs();
	inode = inode_of_file();
	for (; i < QUEUE_ALERTS_MAX + 100; i++) {
		(void)snprintf(key, sizeof(key), "k%u", i);
		(void)add(queue, key, false, 3);
		run_jobs();
	}
	ck_assert_uint_eq(inode_of_file(), inode); /* never replaced */
	ck_assert_uint_eq(queue_dropped_count(queue, QUEUE_DROP_FULL), 200);
	crash(queue);
	queue = open_queue();
	ck_assert_uint_eq(count_alerts(queue), QUEUE_ALERTS_MAX);
	ck_assert_str_eq(queue_first(queue)->dedup_key, "k100");
	crash(queue);
}
END_TEST

/* The picture that is written keeps what it shows. */
START_TEST(test_what_goes_while_all_is_written_does_no_harm)
{
	struct queue *queue;
	uint64_t id;

	write_file("damaged", 7);
	queue = open_queue();
	id = add(queue, "k1", false, 1);
	ck_assert_ptr_nonnull(job.work);
	queue_settle(queue, queue_find(queue, id), 0);
	ck_assert_uint_eq(count_alerts(queue), 0);
	run_jobs();
	crash(queue);
	queue = open_queue();
	ck_assert_uint_eq(count_alerts(queue), 0);
	ck_assert_uint_eq(queue_dropped_count(queue, QUEUE_DROP_DAMAGED), 0);
	crash(queue);
}
END_TEST

static uint64_t add_of(struct queue *queue, pid_t pid, uint64_t due)
{
	char dedup_key[32];
	char text[] = "";
	uint64_t id = 0;
	const struct queued_alert alert = {
	    .key = {.pid = pid, .start_ticks = 1},
	    .boot_id = text,
	    .dedup_key = dedup_key,
	    .body = text,
	    .audience = due,
	    .due = due,
	};

	(void)snprintf(dedup_key, sizeof(dedup_key), "%u", (unsigned)queue_length(queue));
	ck_assert_int_eq(queue_add(queue, &alert, &id), 0);
	return id;
}

static uint64_t due_id(struct queue *queue, unsigned receiver, uint64_t after_id)
{
	const struct queued_alert *alert = queue_find_due(queue, receiver, after_id);

	return alert != NULL ? alert->id : 0;
}

START_TEST(test_the_oldest_of_each_process_is_due)
{
	struct queue *queue = queue_open(NULL, &host);
	uint64_t ids[4];

	ck_assert_int_eq(queue_set_receivers(queue, names, 2), 0);
	ck_assert_uint_eq(due_id(queue, 0, 0), 0);
	ids[0] = add_of(queue, 1, 1);
	ids[1] = add_of(queue, 1, 3);
	ids[2] = add_of(queue, 2, 1);
	ids[3] = add_of(queue, 2, 2);
	ck_assert_uint_eq(due_id(queue, 0, 0), ids[0]);
	ck_assert_uint_eq(due_id(queue, 0, ids[0]), ids[2]); /* not the second of process 1 */
	ck_assert_uint_eq(due_id(queue, 0, ids[2]), ids[0]); /* none behind it */
	ck_assert_uint_eq(due_id(queue, 1, 0), ids[1]);
	ck_assert_uint_eq(due_id(queue, 1, ids[1]), ids[3]);
	queue_settle(queue, queue_find(queue, ids[0]), 0);
	ck_assert_uint_eq(due_id(queue, 0, 0), ids[1]);
	(void)queue_close(queue);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    test_a_disk_that_hangs_keeps_nobody_waiting,
	    test_a_full_queue_appends,
	    test_what_goes_while_all_is_written_does_no_harm,
	    test_the_oldest_of_each_process_is_due,
	};

	return run_suite("queue_load", tests, sizeof(tests) / sizeof(tests[0]));
}
