// SPDX-License-Identifier: MIT
/* The short list of alerts about processes that are gone. */
#include "daemon/model/alert.h"

#include "tests/unit/unit.h"

START_TEST(test_the_latest_come_first_and_the_oldest_go)
{
	static struct ended_alerts ended;
	uint64_t i;

	/* 1, 3, 5, … and then 2, 4, 6, …, so that some go in between. */
	for (i = 0; i < 2 * ENDED_ALERTS_MAX; i++) {
		const uint64_t half = ENDED_ALERTS_MAX;
		const struct ended_alert alert = {.since_ns =
		                                      i < half ? 2 * i + 1 : 2 * (i - half) + 2};

		ended_alerts_add(&ended, &alert);
	}
	ck_assert_uint_eq(ended.count, ENDED_ALERTS_MAX);
	ck_assert_uint_eq(ended.total, 2 * ENDED_ALERTS_MAX);
	for (i = 0; i < ENDED_ALERTS_MAX; i++)
		ck_assert_uint_eq(ended.items[i].since_ns, 2 * ENDED_ALERTS_MAX - i);
}
END_TEST

START_TEST(test_each_has_a_name)
{
	ck_assert_str_eq(condition_name(CONDITION_OOM_KILL), "oom_kill");
	ck_assert_str_eq(severity_name(SEVERITY_INFO), "info");
}
END_TEST

UNIT_MAIN("alert", test_the_latest_come_first_and_the_oldest_go, test_each_has_a_name)
