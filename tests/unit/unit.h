// SPDX-License-Identifier: MIT
/*
 * What every unit test needs of check: a suite from a table of tests, run with TAP on stdout.
 *
 *	UNIT_MAIN("series", test_minimum_wins, test_time_does_not_go_back)
 */
#ifndef HEAPWATCH_TESTS_UNIT_H
#define HEAPWATCH_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

static inline int unit_run(const char *name, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *cases = tcase_create(name);
	SRunner *runner = srunner_create(suite);
	size_t i;

	tcase_set_timeout(cases, 60);
	for (i = 0; i < count; i++)
		tcase_add_test(cases, tests[i]);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS; /* failures are in the TAP output */
}

#define UNIT_MAIN(name, ...)                                                    \
	int main(void)                                                          \
	{                                                                       \
		const TTest *const tests[] = {__VA_ARGS__};                     \
		return unit_run(name, tests, sizeof(tests) / sizeof(tests[0])); \
	}

#endif
