// SPDX-License-Identifier: MIT
/*
 * The landing page: hostile names stay text, the worst come first, the page stays small.
 */
#include "daemon/exposition/landing.h"

#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "tests/unit/sample_model.h"
#include "tests/unit/unit.h"

static void write_page(struct model *model, const char *telemetry_path, struct buf *out)
{
	struct picture *picture = picture_take(model, NULL);

	ck_assert_ptr_nonnull(picture);
	landing_write(picture, &sample_self, telemetry_path, out);
	(void)picture_free(picture);
}

START_TEST(test_hostile_names_stay_text)
{
	struct model *model = sample_model();
	struct buf page = BUF_INIT(1U << 20);

	write_page(model, "/met\"rics", &page);
	ck_assert(!buf_failed(&page));
	ck_assert_ptr_nonnull(strstr(buf_string(&page),
	                             "<td>shop&quot;} 1\xef\xbf\xbd"
	                             "evil{a=&quot;\\&lt;script&gt;&amp;&#39;\xef\xbf\xbd/0</td>"));
	ck_assert_ptr_nonnull(strstr(buf_string(&page), "href=\"/met&quot;rics\""));
	ck_assert_ptr_nonnull(strstr(buf_string(&page), "1.2.3 (abc&quot;def)"));
	buf_done(&page);
	(void)model_free(model);
}
END_TEST

START_TEST(test_processes_come_by_score_and_unknown_numbers_are_dashes)
{
	static const char leaking[] = "<td align=\"right\">4711</td><td>leak</td>"
	                              "<td align=\"right\">0.94</td><td align=\"right\">0.30</td>"
	                              "<td align=\"right\">4.2 MiB/h</td>"
	                              "<td align=\"right\">300.0 MiB</td>"
	                              "<td align=\"right\">40.0 MiB</td></tr>";
	static const char unread[] = "<td align=\"right\">43</td><td>warmup</td>"
	                             "<td align=\"right\">0.00</td><td align=\"right\">0.00</td>"
	                             "<td align=\"right\">&ndash;</td>"
	                             "<td align=\"right\">&ndash;</td>"
	                             "<td align=\"right\">&ndash;</td></tr>";
	struct model *model = sample_model();
	struct buf page = BUF_INIT(1U << 20);
	const char *first;
	const char *second;

	write_page(model, "/metrics", &page);
	first = strstr(buf_string(&page), leaking);
	ck_assert_msg(first != NULL, "%s", buf_string(&page));
	second = strstr(first, "<td>auth/0</td>");
	ck_assert_ptr_nonnull(second);
	ck_assert_ptr_nonnull(strstr(second, unread));
	ck_assert_ptr_nonnull(
	    strstr(buf_string(&page), "3 processes, 1 more too young to be shown</p>"));
	ck_assert_ptr_null(strstr(buf_string(&page), "auth/2"));
	buf_done(&page);
	(void)model_free(model);
}
END_TEST

START_TEST(test_many_processes_are_cut_to_a_hundred)
{
	struct model *model = model_new(&(struct model_options){
	    .processes_max = 200, .apps_max = 8, .min_age_ns = 1, .time_scale = 1});
	struct buf page = BUF_INIT(1U << 20);
	const char *row;
	size_t count = 0;
	pid_t pid;

	for (pid = 1; pid <= 150; pid++)
		(void)sample_found(model, pid, NS_PER_HOUR, "shop", "index.js");
	model_advance(model, SAMPLE_NOW_NS);
	write_page(model, "/metrics", &page);
	for (row = strstr(buf_string(&page), "<tr><td>"); row != NULL;
	     row = strstr(row + 1, "<tr><td>"))
		count++;
	ck_assert_uint_eq(count, 100);
	ck_assert_ptr_nonnull(
	    strstr(buf_string(&page), "150 processes; the 100 with the highest score"));
	buf_done(&page);
	(void)model_free(model);
}
END_TEST

START_TEST(test_page_needs_nothing_that_its_policy_forbids)
{
	struct model *model = sample_model();
	struct buf page = BUF_INIT(1U << 20);

	write_page(model, "/metrics", &page);
	ck_assert_str_eq(landing_headers[0].name, "Content-Security-Policy");
	ck_assert_ptr_nonnull(strstr(landing_headers[0].value, "default-src 'none'"));
	ck_assert_ptr_null(strstr(buf_string(&page), "<script"));
	ck_assert_ptr_null(strstr(buf_string(&page), "style"));
	ck_assert_ptr_null(strstr(buf_string(&page), "src="));
	buf_done(&page);
	(void)model_free(model);
}
END_TEST

START_TEST(test_without_processes_there_is_no_table)
{
	struct model *model = model_new(&(struct model_options){
	    .processes_max = 1, .apps_max = 1, .min_age_ns = 1, .time_scale = 1});
	struct buf page = BUF_INIT(1U << 20);

	write_page(model, "/metrics", &page);
	ck_assert_ptr_nonnull(strstr(buf_string(&page), "0 processes</p>"));
	ck_assert_ptr_null(strstr(buf_string(&page), "<table"));
	buf_done(&page);
	(void)model_free(model);
}
END_TEST

UNIT_MAIN("landing", test_hostile_names_stay_text,
          test_processes_come_by_score_and_unknown_numbers_are_dashes,
          test_many_processes_are_cut_to_a_hundred, test_page_needs_nothing_that_its_policy_forbids,
          test_without_processes_there_is_no_table)
