// SPDX-License-Identifier: MIT
/* Alerts on disk: none lost by a crash at any byte, one by a damaged record, bounded. */
#include "daemon/alerting/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "tests/unit/unit.h"

#define FILE_MAX 65536

static char directory[] = "/tmp/heapwatch-queue-XXXXXX";
static char path[64];
static char kept[64];
static char bytes[FILE_MAX];

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
}

static void clean_up(void)
{
	(void)unlink(path);
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

static size_t read_file(void)
{
	size_t length;

	ck_assert_int_eq(file_read_text_at(AT_FDCWD, path, bytes, sizeof(bytes), &length), 0);
	return length;
}

static void write_file(const char *content, size_t length)
{
	ck_assert_int_eq(file_replace(path, content, length), 0);
}

START_TEST(test_safe_once_written_and_there_after_a_crash)
{
	struct queue *queue = open_queue();
	uint64_t id = add(queue, "k1", true, 3);
	const struct queued_alert *alert;

	ck_assert_uint_lt(queue_safe_id(queue), id);
	run_jobs();
	ck_assert_uint_eq(queue_safe_id(queue), id);
	crash(queue);
	queue = open_queue();
	alert = queue_first(queue);
	ck_assert_uint_eq(alert->id, id);
	ck_assert_int_eq(alert->key.pid, 7);
	ck_assert_uint_eq(alert->key.start_ticks, 99);
	ck_assert_str_eq(alert->boot_id, "boot");
	ck_assert_int_eq(alert->condition, CONDITION_THRASH);
	ck_assert_int_eq(alert->severity, SEVERITY_CRITICAL);
	ck_assert(alert->is_firing);
	ck_assert_str_eq(alert->dedup_key, "k1");
	ck_assert_str_eq(alert->body, "{\"a\":1}");
	ck_assert_uint_eq(alert->due, 3);
	ck_assert_uint_eq(alert->accepted_unix_ns, 5);
	ck_assert_uint_eq(queue_length(queue), 2);
	crash(queue);
}
END_TEST

START_TEST(test_settled_stays_settled_and_what_is_over_goes)
{
	struct queue *queue = open_queue();
	uint64_t first = add(queue, "k1", true, 3);
	uint64_t second = add(queue, "k1", false, 3);

	run_jobs();
	queue_settle(queue, queue_find(queue, first), 0);
	run_jobs();
	crash(queue);
	queue = open_queue();
	ck_assert_uint_eq(queue_find(queue, first)->due, 2);
	ck_assert(!queue_is_open(queue, queue_find(queue, first)));
	queue_settle(queue, queue_find(queue, first), 1);
	ck_assert_ptr_null(queue_find(queue, first));
	queue_settle(queue, queue_find(queue, second), 0);
	queue_settle(queue, queue_find(queue, second), 1);
	ck_assert_uint_eq(count_alerts(queue), 0);
	run_jobs();
	crash(queue);
	queue = open_queue();
	ck_assert_uint_eq(count_alerts(queue), 0);
	crash(queue);
}
END_TEST

START_TEST(test_an_open_episode_is_kept_without_receivers)
{
	struct queue *queue = open_queue();
	uint64_t first = add(queue, "k1", true, 0);
	uint64_t worse = add(queue, "k1", true, 0);

	ck_assert_ptr_null(queue_find(queue, first));
	ck_assert(queue_is_open(queue, queue_find(queue, worse)));
	ck_assert_uint_eq(queue_length(queue), 0);
	(void)add(queue, "k1", false, 0);
	ck_assert_uint_eq(count_alerts(queue), 0);
	run_jobs();
	crash(queue);
}
END_TEST

static size_t write_three(void)
{
	struct queue *queue = open_queue();

	(void)add(queue, "k1", true, 1);
	run_jobs();
	(void)add(queue, "k2", true, 1);
	(void)add(queue, "k3", true, 1);
	run_jobs();
	crash(queue);
	return read_file();
}

START_TEST(test_cut_at_any_byte_the_records_before_it_are_there)
{
	char whole[FILE_MAX];
	size_t length = write_three();
	size_t cut;
	size_t last = 0;

	memcpy(whole, bytes, length);
	for (cut = 0; cut <= length; cut++) {
		struct queue *queue;
		size_t count;

		write_file(whole, cut);
		queue = open_queue();
		count = count_alerts(queue);
		ck_assert_uint_ge(count, last);
		last = count;
		/* What comes next is written behind what is left of it. */
		(void)add(queue, "next", true, 1);
		run_jobs();
		crash(queue);
		queue = open_queue();
		ck_assert_uint_eq(count_alerts(queue), count + 1);
		crash(queue);
	}
	ck_assert_uint_eq(last, 3);
}
END_TEST

START_TEST(test_any_damaged_byte_costs_one_record_or_what_follows)
{
	char whole[FILE_MAX];
	size_t length = write_three();
	size_t one_lost = 0;
	size_t at;

	memcpy(whole, bytes, length);
	for (at = 0; at < length; at++) {
		struct queue *queue;

		whole[at] = (char)(whole[at] ^ 0x10);
		write_file(whole, length);
		whole[at] = (char)(whole[at] ^ 0x10);
		queue = open_queue();
		ck_assert_uint_lt(count_alerts(queue), 3);
		one_lost += count_alerts(queue) == 2;
		crash(queue);
	}
	ck_assert_uint_gt(one_lost, length / 2);
}
END_TEST

START_TEST(test_without_a_disk_alerts_are_safe_in_memory_and_counted)
{
	struct queue *queue = open_queue();
	uint64_t id;

	ck_assert_int_eq(rmdir(directory), 0);
	id = add(queue, "k1", true, 1);
	run_jobs();
	ck_assert_uint_eq(queue_safe_id(queue), id);
	ck_assert_uint_eq(queue_error_count(queue), 1);
	ck_assert_uint_eq(queue_length(queue), 1);
	ck_assert_int_eq(mkdir(directory, 0700), 0);
	queue_sync(queue);
	run_jobs();
	ck_assert_uint_eq(queue_error_count(queue), 1);
	crash(queue);
	queue = open_queue();
	ck_assert_uint_eq(count_alerts(queue), 1);
	crash(queue);
}
END_TEST

START_TEST(test_a_full_pool_is_tried_again)
{
	struct queue *queue = open_queue();
	uint64_t id;

	job.is_refusing = true;
	id = add(queue, "k1", true, 1);
	ck_assert_uint_lt(queue_safe_id(queue), id);
	job.is_refusing = false;
	queue_sync(queue);
	run_jobs();
	ck_assert_uint_eq(queue_safe_id(queue), id);
	crash(queue);
}
END_TEST

START_TEST(test_receivers_are_known_by_name)
{
	static const char *const others[] = {"new", "ops"};
	struct queue *queue = open_queue();
	uint64_t both = add(queue, "k1", true, 3);
	uint64_t gone = add(queue, "k2", false, 2);

	ck_assert_int_eq(queue_set_receivers(queue, others, 2), 0);
	ck_assert_uint_eq(queue_find(queue, both)->due, 2);
	ck_assert_uint_eq(queue_find(queue, both)->audience, 2);
	ck_assert_ptr_null(queue_find(queue, gone));
	run_jobs();
	crash(queue);
}
END_TEST

START_TEST(test_the_file_does_not_grow_with_history)
{
	struct queue *queue = open_queue();
	struct stat status;
	unsigned i;

	for (i = 0; i < 5000; i++) {
		uint64_t id = add(queue, "k", false, 1);

		run_jobs();
		queue_settle(queue, queue_find(queue, id), 0);
		run_jobs();
	}
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_lt(status.st_size, 300 << 10);
	crash(queue);
}
END_TEST

START_TEST(test_a_full_queue_gives_up_the_oldest_delivery)
{
	struct queue *queue = queue_open(NULL, &host);
	char key[32];
	unsigned i;

	ck_assert_int_eq(queue_set_receivers(queue, names, 2), 0);
	for (i = 0; i <= QUEUE_ALERTS_MAX; i++) {
		(void)snprintf(key, sizeof(key), "k%u", i);
		(void)add(queue, key, false, 3);
	}
	ck_assert_uint_eq(count_alerts(queue), QUEUE_ALERTS_MAX);
	ck_assert_uint_eq(queue_dropped_count(queue), 2);
	ck_assert_str_eq(queue_first(queue)->dedup_key, "k1");
	(void)queue_close(queue);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    test_safe_once_written_and_there_after_a_crash,
	    test_settled_stays_settled_and_what_is_over_goes,
	    test_an_open_episode_is_kept_without_receivers,
	    test_cut_at_any_byte_the_records_before_it_are_there,
	    test_any_damaged_byte_costs_one_record_or_what_follows,
	    test_without_a_disk_alerts_are_safe_in_memory_and_counted,
	    test_a_full_pool_is_tried_again,
	    test_receivers_are_known_by_name,
	    test_the_file_does_not_grow_with_history,
	    test_a_full_queue_gives_up_the_oldest_delivery,
	};
	Suite *suite = suite_create("queue");
	TCase *cases = tcase_create("queue");
	SRunner *runner = srunner_create(suite);
	size_t i;

	tcase_set_timeout(cases, 120);
	tcase_add_checked_fixture(cases, set_up, clean_up);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(cases, tests[i]);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
