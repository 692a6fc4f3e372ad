// SPDX-License-Identifier: MIT
/*
 * Whose line it is, told by pid, file and age; and records that wait for their process.
 */
#include "collectors/gclog/attribute.h"

#include "collectors/gclog/held.h"
#include "lib/clock.h"
#include "tests/unit/unit.h"

#define SECONDS(count) ((uint64_t)(count)*NS_PER_SECOND)

static const struct file_identity no_file = {0, 0};
static const struct file_identity file_a = {1, 100};
static const struct file_identity file_b = {1, 200};

static void see(struct attribution *attribution, pid_t pid, pid_t inner_pid, uint64_t start_s,
                struct file_identity stdout_file)
{
	const struct process_facts facts = {.key = {pid, start_s},
	                                    .start_ns = SECONDS(start_s),
	                                    .namespace_pids = {pid, inner_pid},
	                                    .namespace_count = inner_pid != pid ? 2 : 1,
	                                    .stdout_file = stdout_file};

	ck_assert_int_eq(attribution_seen(attribution, &facts), 0);
}

/* The pid of the process that a line is of, 0 for none. */
static pid_t find(struct attribution *attribution, struct file_identity file, pid_t pid,
                  uint64_t uptime_s, uint64_t arrival_s)
{
	const struct line_origin origin = {file, pid, SECONDS(uptime_s), SECONDS(arrival_s)};
	struct isolate_clocks *clocks = NULL;
	const struct process_key *key = attribution_find(attribution, &origin, &clocks);

	ck_assert(key == NULL || clocks != NULL);
	return key == NULL ? 0 : key->pid;
}

START_TEST(test_innermost_pid_in_its_own_stdout_wins)
{
	struct attribution *attribution = attribution_new();

	see(attribution, 500, 7, 10, file_a);
	see(attribution, 600, 7, 10, file_b);
	see(attribution, 7, 7, 10, no_file);
	ck_assert_int_eq(find(attribution, file_a, 7, 1, 100), 500);
	ck_assert_int_eq(find(attribution, file_b, 7, 1, 100), 600);
	ck_assert_int_eq(find(attribution, file_a, 7, 2, 100), 500);
	ck_assert_int_eq(find(attribution, file_a, 8, 1, 100), 0);
	(void)attribution_free(attribution);
}
END_TEST

START_TEST(test_outer_pid_is_the_last_resort)
{
	struct attribution *attribution = attribution_new();

	see(attribution, 500, 1, 10, no_file);
	ck_assert_int_eq(find(attribution, file_a, 500, 1, 100), 500);
	see(attribution, 700, 500, 10, no_file);
	ck_assert_int_eq(find(attribution, file_a, 500, 1, 100), 700);
	(void)attribution_free(attribution);
}
END_TEST

START_TEST(test_age_tells_processes_with_one_pid_apart)
{
	struct attribution *attribution = attribution_new();

	see(attribution, 500, 1, 100, file_a);
	see(attribution, 600, 1, 400, file_a);
	ck_assert_int_eq(find(attribution, file_a, 1, 900, 1000), 500);
	ck_assert_int_eq(find(attribution, file_a, 1, 600, 1000), 600);
	ck_assert_int_eq(find(attribution, file_a, 1, 901, 1001), 500);
	(void)attribution_free(attribution);
}
END_TEST

START_TEST(test_line_of_an_earlier_life_is_nobodys)
{
	struct attribution *attribution = attribution_new();

	see(attribution, 500, 500, 100, file_a);
	ck_assert_int_eq(find(attribution, file_a, 500, 50, 150), 500);
	ck_assert_int_eq(find(attribution, file_a, 500, 52, 150), 500);
	ck_assert_int_eq(find(attribution, file_a, 500, 53, 150), 0);
	(void)attribution_free(attribution);
}
END_TEST

START_TEST(test_line_without_pid_is_of_the_only_holder)
{
	struct attribution *attribution = attribution_new();

	see(attribution, 500, 500, 100, file_a);
	see(attribution, 600, 600, 100, file_b);
	ck_assert_int_eq(find(attribution, file_a, 0, 1, 200), 500);
	see(attribution, 700, 700, 100, file_a);
	ck_assert_int_eq(find(attribution, file_a, 0, 1, 200), 0);
	(void)attribution_free(attribution);
}
END_TEST

START_TEST(test_process_that_exited_is_kept_for_a_while)
{
	struct attribution *attribution = attribution_new();
	const struct process_key key = {500, 100};
	const struct process_key reused = {500, 999};

	see(attribution, 500, 500, 100, file_a);
	ck_assert_uint_eq(attribution_gone(attribution, &reused).inode, 0);
	ck_assert_uint_eq(attribution_gone(attribution, &key).inode, file_a.inode);
	attribution_pass(attribution);
	attribution_pass(attribution);
	ck_assert_int_eq(find(attribution, file_a, 500, 1, 200), 500);
	ck_assert(attribution_holds(attribution, &file_a));
	attribution_pass(attribution);
	ck_assert_int_eq(find(attribution, file_a, 500, 1, 200), 0);
	ck_assert(!attribution_holds(attribution, &file_a));
	(void)attribution_free(attribution);
}
END_TEST

START_TEST(test_reused_pid_is_a_new_process)
{
	struct attribution *attribution = attribution_new();
	uint64_t generation;

	see(attribution, 500, 500, 100, file_a);
	ck_assert_int_eq(find(attribution, file_a, 500, 10, 200), 500);
	generation = attribution_generation(attribution);
	see(attribution, 500, 500, 300, file_b);
	ck_assert_uint_ne(attribution_generation(attribution), generation);
	ck_assert_int_eq(find(attribution, file_a, 500, 150, 400), 0);
	ck_assert_int_eq(find(attribution, file_b, 500, 50, 400), 500);
	(void)attribution_free(attribution);
	ck_assert_ptr_null(attribution_free(NULL));
}
END_TEST

/* ---- held records ---- */

static size_t delivered_count;
static pid_t wanted_pid;

static bool deliver(void *context, const struct held_record *record)
{
	(void)context;
	if (record->origin.pid != wanted_pid)
		return false;
	ck_assert_uint_eq(record->origin.uptime_ns, delivered_count);
	delivered_count++;
	return true;
}

static size_t hold(struct held *held, pid_t pid, uint64_t number)
{
	const struct held_record record = {.origin = {.pid = pid, .uptime_ns = number}};

	return held_push(held, &record);
}

START_TEST(test_held_records_are_offered_in_order)
{
	struct held held = {NULL, 0, 0};
	uint64_t i;

	for (i = 0; i < 200; i++) {
		ck_assert_uint_eq(hold(&held, 1, i), 0);
		ck_assert_uint_eq(hold(&held, 2, i), 0);
	}
	wanted_pid = 2;
	held_offer(&held, deliver, NULL);
	ck_assert_uint_eq(delivered_count, 200);
	ck_assert_uint_eq(held.count, 200);
	delivered_count = 0;
	wanted_pid = 1;
	held_offer(&held, deliver, NULL);
	ck_assert_uint_eq(delivered_count, 200);
	ck_assert_ptr_null(held.records); /* nothing waits, nothing is kept */
}
END_TEST

START_TEST(test_held_records_are_bounded_and_expire)
{
	struct held held = {NULL, 0, 0};
	size_t lost_count = 0;
	uint64_t i;

	for (i = 0; i < HELD_MAX + 1; i++)
		lost_count += hold(&held, 1, i);
	ck_assert_uint_eq(lost_count + held.count, HELD_MAX + 1);
	ck_assert_uint_gt(lost_count, 0);
	ck_assert_uint_eq(held.records[0].origin.uptime_ns, lost_count); /* the oldest went */
	ck_assert_uint_eq(held_pass(&held), 0);
	ck_assert_uint_eq(hold(&held, 1, 0), 0);
	ck_assert_uint_eq(held_pass(&held), 0);
	ck_assert_uint_eq(held_pass(&held), HELD_MAX + 1 - lost_count);
	ck_assert_uint_eq(held.count, 1);
	held_done(&held);
}
END_TEST

UNIT_MAIN("gclog_attribute", test_innermost_pid_in_its_own_stdout_wins,
          test_outer_pid_is_the_last_resort, test_age_tells_processes_with_one_pid_apart,
          test_line_of_an_earlier_life_is_nobodys, test_line_without_pid_is_of_the_only_holder,
          test_process_that_exited_is_kept_for_a_while, test_reused_pid_is_a_new_process,
          test_held_records_are_offered_in_order, test_held_records_are_bounded_and_expire)
