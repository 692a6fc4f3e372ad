// SPDX-License-Identifier: MIT
/* What each type of receiver makes of an alert. */
#include "daemon/alerting/receiver.h"

#include <errno.h>
#include <string.h>

#include "lib/clock.h"
#include "tests/unit/unit.h"

#define ALERT(status, ends)                                                                \
	"{\"status\":\"" status "\",\"condition\":\"leak\",\"severity\":\"warning\","      \
	"\"dedup_key\":\"key\",\"app\":\"<shop>\",\"slot\":0,\"host\":\"web\","            \
	"\"starts_at\":\"S\",\"ends_at\":" ends ",\"resolved_reason\":null,\"score\":0.9," \
	"\"kind\":\"js-heap\",\"evidence\":[\"a\",\"b\"],\"labels\":{\"app\":\"x\",\"c\":\"d\"}}"

#define FIRING   ALERT("firing", "null")
#define RESOLVED ALERT("resolved", "\"E\"")

#define AM_START                                                                                 \
	"{\"labels\":{\"c\":\"d\",\"alertname\":\"HeapwatchProcessLeak\",\"app\":\"<shop>\","    \
	"\"slot\":\"0\",\"host\":\"web\"},\"annotations\":{\"summary\":\"<shop>/0 on web leaks " \
	"memory (js-heap)\",\"description\":\"a\\nb\",\"severity\":\"warning\",\"kind\":\"js-"   \
	"heap\",\"dedup_key\":\"key\",\"score\":\"0.9\"},\"startsAt\":\"S\""

#define PD(action, alert)                                                                          \
	"{\"routing_key\":\"k\",\"event_action\":\"" action "\",\"dedup_key\":\"key\",\"client\":" \
	"\"heapwatch\",\"payload\":{\"summary\":\"<shop>/0 on web leaks memory (js-heap)\","       \
	"\"source\":\"web\",\"severity\":\"warning\",\"timestamp\":\"S\",\"component\":"           \
	"\"<shop>\",\"class\":\"leak\",\"custom_details\":" alert "}}"

#define SLACK(status)                                                                    \
	"{\"text\":\"[" status ", warning] &lt;shop&gt;/0 on web leaks memory (js-heap)" \
	"\\n• a\\n• b\"}"

START_TEST(test_each_type_has_its_own_request)
{
	static const struct {
		enum receiver_type type;
		const char *alert;
		const char *body;
	} rows[] = {
	    {RECEIVER_WEBHOOK, FIRING, FIRING},
	    {RECEIVER_ALERTMANAGER, FIRING, "[" AM_START "}]"},
	    {RECEIVER_ALERTMANAGER, RESOLVED, "[" AM_START ",\"endsAt\":\"E\"}]"},
	    {RECEIVER_PAGERDUTY, FIRING, PD("trigger", FIRING)},
	    {RECEIVER_PAGERDUTY, RESOLVED, PD("resolve", RESOLVED)},
	    {RECEIVER_SLACK, RESOLVED, SLACK("resolved")},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct receiver_request request = {.body = BUF_INIT(RECEIVER_REQUEST_MAX)};
		const struct receiver_message message = {
		    .bodies = &rows[i].alert, .count = 1, .secret = "k", .secret_length = 1};

		ck_assert_int_eq(receiver_types[rows[i].type].write(&message, &request), 0);
		ck_assert_str_eq(buf_string(&request.body), rows[i].body);
		buf_done(&request.body);
	}
}
END_TEST

/* What a page at night must say: why, how long there is left, and where to look. */
#define EXPLAINED(condition)                                                                      \
	"{\"status\":\"firing\",\"condition\":\"" condition "\",\"evidence\":[\"a\"],"            \
	"\"time_to_exhaustion_seconds\":{\"p50\":11520},\"sites\":["                              \
	"{\"function\":\"<on>\\n\",\"script\":\"/a.js\",\"line\":41,\"share\":0.75},"             \
	"{\"function\":\"f\",\"script\":\"node:fs\",\"line\":0,\"share\":null},"                  \
	"{\"function\":\"g\",\"script\":\"\",\"line\":7,\"share\":0.1},{\"function\":\"never\"}," \
	"7]}"

START_TEST(test_time_left_and_sites_are_told)
{
	static const struct {
		enum receiver_type type;
		const char *alert;
		const char *text;
		const char *part;
	} rows[] = {
	    {RECEIVER_ALERTMANAGER, EXPLAINED("leak"), NULL,
	     "\"description\":\"a\\nAbout 3.2h were left when this was noticed.\\n"
	     "75 % of the growth by <on>  (/a.js:41)\\nf (node:fs)\\n10 % of the growth by g\""},
	    {RECEIVER_ALERTMANAGER, EXPLAINED("heap_oom"), NULL,
	     "\"description\":\"a\\n75 % of the growth by <on>  (/a.js:41)\\n"},
	    {RECEIVER_SLACK, EXPLAINED("leak"), NULL,
	     "\\n• a\\n• About 3.2h were left when this was noticed.\\n"
	     "• 75 % of the growth by &lt;on&gt;  (/a.js:41)\\n• f (node:fs)\\n"
	     "• 10 % of the growth by g\"}"},
	    {RECEIVER_SLACK, EXPLAINED("leak"), "{{sites}}",
	     "{\"text\":\"75 % of the growth by &lt;on&gt;  (/a.js:41)\\nf (node:fs)\\n"
	     "10 % of the growth by g\"}"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct receiver_request request = {.body = BUF_INIT(RECEIVER_REQUEST_MAX)};
		const struct receiver_message message = {
		    .bodies = &rows[i].alert, .count = 1, .text = rows[i].text};

		ck_assert_int_eq(receiver_types[rows[i].type].write(&message, &request), 0);
		ck_assert_msg(strstr(buf_string(&request.body), rows[i].part) != NULL, "%s",
		              buf_string(&request.body));
		buf_done(&request.body);
	}
}
END_TEST

#define TEMPLATE "<{{app}}> {{severity}} {{score}} {{ends_at}} {{pid}}: {{summary}}\n{{evidence}}"

START_TEST(test_a_template_gives_the_text)
{
	static const struct {
		enum receiver_type type;
		const char *part;
	} rows[] = {
	    {RECEIVER_WEBHOOK,
	     "\"labels\":{\"app\":\"x\",\"c\":\"d\"},\"text\":\"<<shop>> warning 0.9 E "
	     ": <shop>/0 on web leaks memory (js-heap)\\na\\nb\"}"},
	    {RECEIVER_PAGERDUTY, "\"summary\":\"<<shop>> warning 0.9 E : <shop>/0 on web leaks "
	                         "memory (js-heap)\\na\\nb\",\"source\""},
	    {RECEIVER_SLACK, "{\"text\":\"<&lt;shop&gt;> warning 0.9 E : &lt;shop&gt;/0 on web "
	                     "leaks memory (js-heap)\\na\\nb\"}"},
	};
	static const char *const alert = RESOLVED;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct receiver_request request = {.body = BUF_INIT(RECEIVER_REQUEST_MAX)};
		const struct receiver_message message = {.bodies = &alert,
		                                         .count = 1,
		                                         .secret = "k",
		                                         .secret_length = 1,
		                                         .text = TEMPLATE};

		ck_assert_int_eq(receiver_types[rows[i].type].write(&message, &request), 0);
		ck_assert_ptr_nonnull(strstr(buf_string(&request.body), rows[i].part));
		buf_done(&request.body);
	}
}
END_TEST

START_TEST(test_a_long_summary_is_cut_between_characters)
{
	static const char *const alert = RESOLVED;
	char text[2000] = "a";
	struct receiver_request request = {.body = BUF_INIT(RECEIVER_REQUEST_MAX)};
	const struct receiver_message message = {
	    .bodies = &alert, .count = 1, .secret = "k", .secret_length = 1, .text = text};
	const char *summary;
	size_t i;

	for (i = 0; i < 900; i++)
		memcpy(text + 1 + 2 * i, "\u00e9", 3);
	ck_assert_int_eq(pagerduty_write(&message, &request), 0);
	summary = strstr(buf_string(&request.body), "\"summary\":\"");
	ck_assert_ptr_nonnull(summary);
	ck_assert_uint_eq(strcspn(summary + 11, "\""), 1023); /* 1024 would be half of one */
	buf_done(&request.body);
}
END_TEST

/* By: printf '1700000000.{}' | openssl dgst -sha256 -hmac key */
START_TEST(test_a_webhook_is_signed_and_has_an_id)
{
	static const char *const body = "{}";
	struct receiver_request request = {.body = BUF_INIT(RECEIVER_REQUEST_MAX)};
	const struct receiver_message message = {.bodies = &body,
	                                         .count = 1,
	                                         .secret = "key",
	                                         .secret_length = 3,
	                                         .now_unix_ns = 1700000000 * NS_PER_SECOND};

	ck_assert_int_eq(receiver_types[RECEIVER_WEBHOOK].write(&message, &request), 0);
	ck_assert_uint_eq(request.header_count, 2);
	ck_assert_str_eq(request.headers[0],
	                 "X-Heapwatch-Delivery: bf21a9e8-fbc5-5384-afb0-5b4fa0859e09");
	ck_assert_str_eq(request.headers[1],
	                 "X-Heapwatch-Signature: t=1700000000,v1="
	                 "9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae");
	buf_done(&request.body);
}
END_TEST

START_TEST(test_what_is_no_alert_is_refused)
{
	static const char *const body = "[]";
	struct receiver_request request = {.body = BUF_INIT(RECEIVER_REQUEST_MAX)};
	const struct receiver_message message = {.bodies = &body, .count = 1};

	ck_assert_int_eq(alertmanager_write(&message, &request), -EINVAL);
	ck_assert_int_eq(pagerduty_write(&message, &request), -EINVAL);
	ck_assert_int_eq(slack_write(&message, &request), -EINVAL);
	buf_done(&request.body);
}
END_TEST

UNIT_MAIN("receiver", test_each_type_has_its_own_request, test_time_left_and_sites_are_told,
          test_a_template_gives_the_text, test_a_long_summary_is_cut_between_characters,
          test_a_webhook_is_signed_and_has_an_id, test_what_is_no_alert_is_refused)
