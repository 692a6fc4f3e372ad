// SPDX-License-Identifier: MIT
/*
 * Which format and coding an answer gets, for the headers of real scrapers and for broken ones.
 */
#include "daemon/exposition/negotiate.h"

#include <stddef.h>

#include "tests/unit/unit.h"

struct format_case {
	const char *accept;
	enum text_format expected;
};

static const struct format_case format_cases[] = {
    {NULL, TEXT_PROMETHEUS},
    {"", TEXT_PROMETHEUS},
    /* Prometheus 2.42 and 3 */
    {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
     "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
     TEXT_OPENMETRICS},
    {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
     "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;q=0.3,"
     "text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
     TEXT_OPENMETRICS},
    {"text/plain;version=0.0.4;q=1,*/*;q=0.1", TEXT_PROMETHEUS},
    /* browsers, curl */
    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT_PROMETHEUS},
    {"*/*", TEXT_PROMETHEUS},
    {"application/openmetrics-text", TEXT_OPENMETRICS},
    {"APPLICATION/OpenMetrics-Text; VERSION=\"1.0.0\" ; charset=utf-8", TEXT_OPENMETRICS},
    {"application/openmetrics-text;version=0.0.1", TEXT_PROMETHEUS},
    {"application/openmetrics-text;version=2.0.0", TEXT_PROMETHEUS},
    /* qualities */
    {"application/openmetrics-text;q=0.5,text/plain", TEXT_PROMETHEUS},
    {"text/plain;q=0.5,application/openmetrics-text", TEXT_OPENMETRICS},
    {"text/plain,application/openmetrics-text", TEXT_PROMETHEUS},
    {"application/openmetrics-text,text/plain", TEXT_OPENMETRICS},
    {"application/openmetrics-text;q=0", TEXT_PROMETHEUS},
    {"text/plain;q=0,application/openmetrics-text;q=0.001", TEXT_OPENMETRICS},
    {"text/*;q=0.4,application/openmetrics-text;q=0.3", TEXT_PROMETHEUS},
    /* broken ones */
    {"application/openmetrics-text;q=abc", TEXT_PROMETHEUS},
    {"application/openmetrics-text;q=-1", TEXT_PROMETHEUS},
    {"application/openmetrics-text;q=7", TEXT_PROMETHEUS},
    {"application/openmetrics-text;q", TEXT_OPENMETRICS},
    {"application/openmetrics-text;=;;version", TEXT_OPENMETRICS},
    {",,,;q=1,  ,application/openmetrics-text", TEXT_OPENMETRICS},
    {"application/openmetrics-textual", TEXT_PROMETHEUS},
    {";", TEXT_PROMETHEUS},
    {"\"", TEXT_PROMETHEUS},
};

START_TEST(test_format_of_the_highest_quality)
{
	size_t i;

	for (i = 0; i < sizeof(format_cases) / sizeof(format_cases[0]); i++)
		ck_assert_msg(negotiate_format(format_cases[i].accept) == format_cases[i].expected,
		              "%s", format_cases[i].accept);
}
END_TEST

struct coding_case {
	const char *accept_encoding;
	bool expected;
};

static const struct coding_case coding_cases[] = {
    {NULL, false},
    {"", false},
    {"gzip", true},
    {"GZIP", true},
    {"x-gzip", true},
    {"deflate, gzip;q=1.0, *;q=0.5", true},
    {"gzip;q=0", false},
    {"gzip; q=0.000, *", false},
    {"*", true},
    {"*;q=0", false},
    {"identity", false},
    {"identity, *;q=0", false},
    {"gzip;q=0.5, identity;q=1", false},
    {"gzip;q=0.5, identity;q=0.5", true},
    {"gzip;q=broken", false},
    {"br", false},
    {"gzipped", false},
};

START_TEST(test_gzip_only_where_it_is_taken)
{
	size_t i;

	for (i = 0; i < sizeof(coding_cases) / sizeof(coding_cases[0]); i++)
		ck_assert_msg(negotiate_gzip(coding_cases[i].accept_encoding) ==
		                  coding_cases[i].expected,
		              "%s", coding_cases[i].accept_encoding);
}
END_TEST

UNIT_MAIN("negotiate", test_format_of_the_highest_quality, test_gzip_only_where_it_is_taken)
