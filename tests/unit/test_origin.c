// SPDX-License-Identifier: MIT
/* Which requests come from a page of another origin. */
#include <stddef.h>

#include "daemon/exposition/origin.h"
#include "tests/unit/unit.h"

START_TEST(test_origins)
{
	static const struct {
		const char *host, *origin, *site;
		bool is_cross;
	} rows[] = {
	    {"h:1", NULL, NULL, false}, /* curl */
	    {NULL, NULL, NULL, false},
	    {"h:1", "http://h:1", "same-origin", false},
	    {"h:1", "http://h:1", NULL, false},
	    {"h:1", "https://H:1", NULL, false},
	    {"h:1", NULL, "none", false},
	    {"h:1", NULL, "same-origin", false},
	    {"h:1", NULL, "cross-site", true},
	    {"h:1", NULL, "same-site", true},
	    {"h:1", NULL, "", true},
	    {"h:1", "http://h:1", "cross-site", true},
	    {"h:1", "http://h:2", NULL, true},
	    {"h:1", "http://evil", NULL, true},
	    {"h:1", "http://h:1.evil", NULL, true},
	    {"h:1", "null", NULL, true},
	    {"h:1", "", NULL, true},
	    {"h:1", "file://h:1", NULL, true},
	    {NULL, "http://h:1", NULL, true},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(origin_is_cross(rows[i].host, rows[i].origin, rows[i].site) ==
		                  rows[i].is_cross,
		              "row %zu", i);
}
END_TEST

UNIT_MAIN("origin", test_origins)
