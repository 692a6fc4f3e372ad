// SPDX-License-Identifier: MIT
/*
 * When a collection happened, from the age of its isolate.
 */
#include "collectors/gclog/isolate_clock.h"

#include "lib/clock.h"
#include "tests/unit/unit.h"

#define START_S 1000
#define MAIN    0xa
#define WORKER  0xb

static struct isolate_clocks clocks;

static void set_up(void)
{
	clocks = (struct isolate_clocks){.start_ns = START_S * NS_PER_SECOND};
}

static void tear_down(void)
{
	isolate_clocks_done(&clocks);
}

/* All in seconds. */
static double date(uint64_t isolate, double uptime, double arrival, bool is_live)
{
	return (double)isolate_clocks_date(&clocks, isolate, (uint64_t)(uptime * 1e9),
	                                   (uint64_t)(arrival * 1e9), is_live) /
	       1e9;
}

#define CHECK_DATE(expected, actual) ck_assert_double_eq_tol((actual), (expected), 1e-6)

START_TEST(test_main_isolate_is_as_old_as_its_process)
{
	CHECK_DATE(1005, date(MAIN, 5, 9000, false));
	CHECK_DATE(1500, date(MAIN, 500, 9000, false));
	CHECK_DATE(9000, date(MAIN, 8000, 9003, true)); /* read a little late */
}
END_TEST

START_TEST(test_date_is_never_in_the_future)
{
	CHECK_DATE(1004.5, date(MAIN, 5, 1004.5, true));
}
END_TEST

START_TEST(test_dates_of_an_isolate_do_not_go_back)
{
	CHECK_DATE(1010, date(MAIN, 10, 1010, true));
	CHECK_DATE(1012, date(WORKER, 2, 1012, true));
	CHECK_DATE(1012, date(WORKER, 3, 1012, true)); /* born earlier than it seemed */
}
END_TEST

START_TEST(test_live_worker_is_dated_by_its_earliest_arrival)
{
	CHECK_DATE(1100, date(MAIN, 100, 1100, true));
	CHECK_DATE(1104, date(WORKER, 2, 1104, true));     /* seemingly born at 1102 */
	CHECK_DATE(1104.5, date(WORKER, 3, 1104.5, true)); /* at 1101.5: better known */
	CHECK_DATE(1106.5, date(WORKER, 5, 1107.5, true));
}
END_TEST

START_TEST(test_worker_of_the_past_is_dated_by_its_neighbours)
{
	CHECK_DATE(1100, date(MAIN, 100, 9000, false));
	CHECK_DATE(1100, date(WORKER, 2, 9000, false));
	CHECK_DATE(1101, date(WORKER, 3, 9000, false));
	CHECK_DATE(1200, date(MAIN, 200, 9000, false));
	CHECK_DATE(1200, date(WORKER, 4, 9000, false)); /* behind a line of that date */
}
END_TEST

START_TEST(test_clock_going_backwards_is_a_new_life)
{
	CHECK_DATE(1100, date(MAIN, 100, 1100, true));
	CHECK_DATE(1110, date(WORKER, 9, 1110, true));
	CHECK_DATE(1200, date(WORKER, 1, 1200, true));
	CHECK_DATE(1203, date(WORKER, 4, 1203.5, true));
}
END_TEST

START_TEST(test_sleep_of_the_machine_moves_the_zero_point)
{
	CHECK_DATE(1100, date(MAIN, 100, 1100, true));
	CHECK_DATE(4701, date(MAIN, 101, 4701, true)); /* an hour asleep */
	CHECK_DATE(4705, date(MAIN, 105, 4706, true));
}
END_TEST

START_TEST(test_isolates_are_bounded)
{
	uint64_t isolate;

	for (isolate = 1; isolate <= 2 * ISOLATE_CLOCKS_MAX; isolate++)
		(void)date(isolate, 1, 1100, true);
	ck_assert_uint_eq(clocks.count, ISOLATE_CLOCKS_MAX);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    test_main_isolate_is_as_old_as_its_process,
	    test_date_is_never_in_the_future,
	    test_dates_of_an_isolate_do_not_go_back,
	    test_live_worker_is_dated_by_its_earliest_arrival,
	    test_worker_of_the_past_is_dated_by_its_neighbours,
	    test_clock_going_backwards_is_a_new_life,
	    test_sleep_of_the_machine_moves_the_zero_point,
	    test_isolates_are_bounded,
	};
	Suite *suite = suite_create("gclog_isolate_clock");
	TCase *cases = tcase_create("gclog_isolate_clock");
	SRunner *runner = srunner_create(suite);
	size_t i;

	tcase_add_checked_fixture(cases, set_up, tear_down);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(cases, tests[i]);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS; /* failures are in the TAP output */
}
