// SPDX-License-Identifier: MIT
/* Alerts on disk: none lost by a crash at any byte, one by a damaged record, bounded. */
#include "daemon/alerting/queue.h"

#include "tests/unit/queue_fixture.h"

#define FILE_MAX 65536

static char bytes[FILE_MAX];

static size_t read_file(void)
{
	size_t length;

	ck_assert_int_eq(file_read_text_at(AT_FDCWD, path, bytes, sizeof(bytes), &length), 0);
	return length;
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

/* ends: of the title and of each record. */
static size_t write_three(size_t ends[4])
{
	static const char *const keys[] = {"k1", "k2", "k3"};
	struct queue *queue = open_queue();
	size_t i;

	/* The first write is of the whole file, the second is appended. */
	for (i = 0; i < 3; i++) {
		(void)add(queue, keys[i], true, 1);
		run_jobs();
		ends[i + 1] = read_file();
	}
	ends[0] = ends[1] - (ends[3] - ends[2]);
	crash(queue);
	return read_file();
}

/* What is written next is there after the next start, beside what was left. */
static void check_goes_on(size_t count)
{
	struct queue *queue = open_queue();

	(void)add(queue, "next", true, 1);
	run_jobs();
	crash(queue);
	queue = open_queue();
	ck_assert_uint_eq(count_alerts(queue), count + 1);
	ck_assert_uint_eq(queue_dropped_count(queue, QUEUE_DROP_DAMAGED), 0);
	crash(queue);
}

START_TEST(test_cut_at_any_byte_the_records_before_it_are_there)
{
	char whole[FILE_MAX];
	size_t ends[4] = {0};
	size_t length = write_three(ends);
	size_t cut;

	memcpy(whole, bytes, length);
	for (cut = 0; cut <= length; cut++) {
		size_t whole_count = 0;
		bool is_between =
		    cut == ends[0] || cut == ends[1] || cut == ends[2] || cut == length;
		struct queue *queue;

		while (whole_count < 3 && cut >= ends[whole_count + 1])
			whole_count++;
		write_file(whole, cut);
		queue = open_queue();
		ck_assert_uint_eq(count_alerts(queue), whole_count);
		ck_assert_uint_eq(queue_dropped_count(queue, QUEUE_DROP_DAMAGED), !is_between);
		crash(queue);
		check_goes_on(whole_count);
	}
}
END_TEST

static size_t count_after(const char *content, size_t length)
{
	struct queue *queue;
	size_t count;

	write_file(content, length);
	queue = open_queue();
	count = count_alerts(queue);
	ck_assert_uint_eq(queue_dropped_count(queue, QUEUE_DROP_DAMAGED), 1);
	ck_assert_int_eq(access(damaged, R_OK), 0);
	crash(queue);
	return count;
}

START_TEST(test_any_damaged_byte_costs_its_record_alone)
{
	static const char values[] = {0, 1, 0x10, '\n', 'a', 0x7F, (char)0x80, (char)0xFF};
	char whole[FILE_MAX];
	size_t ends[4] = {0};
	size_t length = write_three(ends);
	size_t at;
	size_t i;

	memcpy(whole, bytes, length);
	for (at = 0; at < length; at++) {
		char right = whole[at];

		for (i = 0; i < sizeof(values); i++) {
			whole[at] = (char)(right ^ values[i]);
			if (values[i] != 0)
				ck_assert_uint_eq(count_after(whole, length), at < ends[0] ? 3 : 2);
		}
		whole[at] = right;
	}
}
END_TEST

START_TEST(test_bytes_that_are_missing_or_too_many_cost_their_record_alone)
{
	char whole[FILE_MAX];
	size_t ends[4] = {0};
	size_t length = write_three(ends);
	size_t at;

	for (at = ends[0]; at < length; at++) {
		memcpy(whole, bytes, at);
		memcpy(whole + at, bytes + at + 1, length - at - 1);
		ck_assert_uint_eq(count_after(whole, length - 1), 2);
	}
	for (at = ends[0]; at < length; at++) {
		size_t count;

		memcpy(whole, bytes, at);
		memset(whole + at, 0, 512); /* what a file system may leave after a loss of power */
		memcpy(whole + at + 512, bytes + at, length - at);
		count = count_after(whole, length + 512);
		ck_assert_uint_eq(count, at == ends[0] || at == ends[1] || at == ends[2] ? 3 : 2);
	}
}
END_TEST

START_TEST(test_another_kind_of_file_is_set_aside)
{
	static const char text[] = "not alerts at all, and \nalert\nsettled\n neither";
	char aside[sizeof(text)];
	size_t length;

	ck_assert_uint_eq(count_after(text, sizeof(text) - 1), 0);
	check_goes_on(0);
	ck_assert_int_eq(file_read_text_at(AT_FDCWD, damaged, aside, sizeof(aside), &length), 0);
	ck_assert_str_eq(aside, text);
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
	ck_assert(!queue_is_on_disk(queue));
	id = add(queue, "k2", true, 1);
	ck_assert_ptr_null(job.work); /* not tried with each change */
	ck_assert_uint_eq(queue_safe_id(queue), id);
	queue_sync(queue);
	run_jobs();
	ck_assert_uint_eq(queue_error_count(queue), 2);
	ck_assert_int_eq(mkdir(directory, 0700), 0);
	queue_sync(queue);
	run_jobs();
	ck_assert_uint_eq(queue_error_count(queue), 2);
	ck_assert(queue_is_on_disk(queue));
	crash(queue);
	queue = open_queue();
	ck_assert_uint_eq(count_alerts(queue), 2);
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
	ck_assert_uint_eq(queue_dropped_count(queue, QUEUE_DROP_RECEIVER), 2);
	run_jobs();
	crash(queue);
}
END_TEST

/* What is given up while a write is under way is none the less gone from the disk. */
START_TEST(test_a_receiver_that_goes_during_a_write_is_forgotten)
{
	static const char *const none[] = {""};
	struct queue *queue = open_queue();

	(void)add(queue, "k1", true, 3);
	ck_assert_ptr_nonnull(job.work);
	ck_assert_int_eq(queue_set_receivers(queue, none, 0), 0);
	run_jobs();
	queue_sync(queue);
	run_jobs();
	crash(queue);
	queue = open_queue();
	ck_assert_uint_eq(count_alerts(queue), 1);
	ck_assert_uint_eq(queue_length(queue), 0);
	crash(queue);
}
END_TEST

START_TEST(test_the_file_does_not_grow_with_history)
{
	struct queue *queue = open_queue();
	struct stat status;
	unsigned i;

	for (i = 0; i < 2500; i++) {
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
	ck_assert_uint_eq(queue_dropped_count(queue, QUEUE_DROP_FULL), 2);
	ck_assert_str_eq(queue_first(queue)->dedup_key, "k1");
	ck_assert(!queue_is_on_disk(queue));
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
	    test_any_damaged_byte_costs_its_record_alone,
	    test_bytes_that_are_missing_or_too_many_cost_their_record_alone,
	    test_another_kind_of_file_is_set_aside,
	    test_without_a_disk_alerts_are_safe_in_memory_and_counted,
	    test_a_full_pool_is_tried_again,
	    test_receivers_are_known_by_name,
	    test_a_receiver_that_goes_during_a_write_is_forgotten,
	    test_the_file_does_not_grow_with_history,
	    test_a_full_queue_gives_up_the_oldest_delivery,
	};

	return run_suite("queue", tests, sizeof(tests) / sizeof(tests[0]));
}
