// SPDX-License-Identifier: MIT
/* The nearest name: slips of the finger find it, foreign words do not. */
#include <string.h>

#include "config/suggest.h"
#include "tests/unit/unit.h"

START_TEST(test_nearest_name)
{
	static const struct {
		const char *wanted;
		const char *expected;
	} rows[] = {
	    {"intervall", "interval"},
	    {"intreval", "interval"},
	    {"budget", ""},
	    {"hodl", "hold"},
	    {"x", ""},
	    {"", ""},
	    {"smaps_budgt", "smaps_budget"},
	    {"treshold", "threshold"},
	    {"Hold", "hold"},
	};
	static const char *const names[] = {"interval", "smaps_budget", "hold", "threshold"};
	char longest[200];
	size_t i, j;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct suggestion suggestion = suggestion_for(rows[i].wanted);

		for (j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			suggestion_offer(&suggestion, names[j]);
		ck_assert_str_eq(suggestion.name, rows[i].expected);
	}
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	{
		struct suggestion suggestion = suggestion_for(longest);

		suggestion_offer(&suggestion, "hold");
		suggestion_offer(&suggestion, longest);
		ck_assert_str_eq(suggestion.name, "");
	}
}
END_TEST

UNIT_MAIN("suggest", test_nearest_name)
