// SPDX-License-Identifier: MIT
/*
 * The status page: hostile names stay text, the worst come first, nothing that its policy forbids,
 * and every process says what is missing.
 */
#include "daemon/exposition/status.h"

#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "tests/unit/sample_model.h"
#include "tests/unit/unit.h"

#define PAGE_MAX (8U << 20)

static const struct status_source source = {&sample_self, "/met\"rics", SAMPLE_NOW_NS};

static struct buf page;

static const char *list(struct model *model)
{
	struct picture *picture = picture_take(model, NULL);

	ck_assert_ptr_nonnull(picture);
	page = BUF_INIT(PAGE_MAX);
	status_write_list(&source, picture, &page);
	(void)picture_free(picture);
	ck_assert(!buf_failed(&page));
	return buf_string(&page);
}

static const char *one(struct model *model, const char *app, const char *range)
{
	const struct process *process = model_find_slot(model, app, 0);

	ck_assert_ptr_nonnull(process);
	page = BUF_INIT(PAGE_MAX);
	status_write_process(&source, process, range, &page);
	ck_assert(!buf_failed(&page));
	return buf_string(&page);
}

static void done(struct model *model)
{
	buf_done(&page);
	(void)model_free(model);
}

static void has(const char *text, const char *expected)
{
	ck_assert_msg(strstr(text, expected) != NULL, "no %s in\n%.3000s", expected, text);
}

static void has_not(const char *text, const char *unwanted)
{
	ck_assert_msg(strstr(text, unwanted) == NULL, "%s in\n%.3000s", unwanted, text);
}

static size_t count_of(const char *text, const char *wanted)
{
	size_t count = 0;

	for (text = strstr(text, wanted); text != NULL; text = strstr(text + 1, wanted))
		count++;
	return count;
}

START_TEST(test_hostile_names_stay_text)
{
	static const char name[] =
	    "shop&quot;} 1\nevil{a=&quot;\\&lt;script&gt;&amp;&#39;\xef\xbf\xbd"
	    "<span class=\"slot\">/0</span>";
	struct model *model = sample_model();
	const char *text = list(model);

	has(text, name);
	has(text, "href=\"process/"
	          "shop%22%7D%201%0Aevil%7Ba%3D%22%5C%3Cscript%3E%26%27%FF/0\"");
	has(text, "href=\"./met&quot;rics\"");
	has(text, "static/page.css?v=1.2.3-abc&quot;def\"");
	buf_done(&page);
	text = one(model, SAMPLE_HOSTILE_APP, NULL);
	has(text, name);
	has(text, "/srv/\xc3\xa9tal/\\server\n.js");
	ck_assert_uint_eq(count_of(text, "<script"), 1); /* our own */
	done(model);
}
END_TEST

START_TEST(test_a_name_that_is_a_step_of_a_path_has_an_address)
{
	struct model *model = model_new(&(struct model_options){
	    .processes_max = 9, .apps_max = 9, .min_age_ns = 1, .time_scale = 1});

	(void)sample_found(model, 1, NS_PER_HOUR, "..", "index.js");
	(void)sample_found(model, 2, NS_PER_HOUR, "@a/b", "index.js");
	model_advance(model, SAMPLE_NOW_NS);
	(void)list(model);
	has(buf_string(&page), "href=\"process/..%2F0\"");
	has(buf_string(&page), "href=\"process/%40a%2Fb/0\"");
	done(model);
}
END_TEST

#define ALERT                                                                        \
	"<span class=\"badge alert\">alert: leak, warning</span><small>since <time " \
	"datetime=\"2023-11-14T23:43:20Z\">2023-11-14 23:43 UTC</time></small>"

START_TEST(test_the_worst_is_told_first_with_time_and_reason)
{
	struct model *model = sample_model();
	struct process *process = model_find_slot(model, SAMPLE_HOSTILE_APP, 0);
	const char *text;
	const char *table;

	process->verdict.onset_ns = SAMPLE_NOW_NS - 30 * NS_PER_MINUTE;
	process->is_alerting = true;
	process->alerts[CONDITION_LEAK] =
	    (struct firing_alert){true, SEVERITY_WARNING, process->verdict.onset_ns};
	process->evidence = calloc(EVIDENCE_MAX, sizeof(*process->evidence));
	ck_assert_ptr_nonnull(process->evidence);
	(void)snprintf(process->evidence[process->evidence_count++], EVIDENCE_TEXT_SIZE,
	               "it rose <fast>");
	text = list(model);
	has(text, "<title>(1) heapwatch</title>");
	has(text, "<h1>1 of 3 processes leaks</h1>");
	has(text, "too young to be shown");
	has(text,
	    "Leaks on the JavaScript heap since <strong><time datetime=\"2023-11-14T23:43:20Z\">"
	    "2023-11-14 23:43 UTC</time></strong> (30m ago), <strong>+4.2 MiB/h</strong>. "
	    "Out of memory in about <strong>2h</strong> (1h to never).");
	has(text, "it rose &lt;fast&gt;");
	has(text, "<p class=\"next\"><b>Look at</b> <code>on&quot;Request</code> in /srv/\\shop\n"
	          ".js:41: it allocated 75&thinsp;% of the growth.</p>");
	ck_assert_uint_eq(count_of(text, ALERT), 2); /* card and row */
	has(text,
	    "<b>auth<span class=\"slot\">/0</span></b>, process 40, ran out of JavaScript heap "
	    "<span class=\"badge alert\">alert: heap_oom, critical</span><small>since ");
	has(text, "<li>3 more</li>");
	table = strstr(text, "<tbody");
	ck_assert_ptr_nonnull(table);
	ck_assert(strstr(table, "evil") < strstr(table, ">auth<"));
	has_not(text, "auth/2");
	done(model);
}
END_TEST

START_TEST(test_the_headline_counts_what_leaks_and_what_thrashes)
{
	struct model *model = sample_model();
	struct process *evil = model_find_slot(model, SAMPLE_HOSTILE_APP, 0);
	struct process *auth = model_find_slot(model, "auth", 0);

	auth->verdict.state = LEAK_STATE_THRASH;
	has(list(model), "<h1>1 of 3 processes leaks, 1 thrashes</h1>");
	has(buf_string(&page), "<p class=\"next\"><b>Drain and restart it</b>");
	buf_done(&page);
	evil->verdict.state = LEAK_STATE_THRASH;
	has(list(model), "<h1>2 of 3 processes thrash</h1>");
	buf_done(&page);
	evil->verdict.state = LEAK_STATE_LEAK;
	auth->verdict.state = LEAK_STATE_LEAK;
	has(list(model), "<h1>2 of 3 processes leak</h1>");
	done(model);
}
END_TEST

START_TEST(test_what_to_do_is_said_of_what_needs_attention)
{
	struct model *model = sample_model();
	const char *text = one(model, SAMPLE_HOSTILE_APP, NULL);

	has(text, "<h2>What to do</h2>");
	has(text, "<li><b>To gain time</b> restart it");
	ck_assert(strstr(text, "What to do</h2>") < strstr(text, "Over time</h2>"));
	buf_done(&page);
	has_not(one(model, "auth", NULL), "What to do");
	done(model);
}
END_TEST

START_TEST(test_a_leak_began_when_its_alert_says)
{
	struct model *model = sample_model();
	struct process *process = model_find_slot(model, SAMPLE_HOSTILE_APP, 0);

	process->verdict.onset_ns = SAMPLE_NOW_NS - 20 * NS_PER_MINUTE;
	has(one(model, SAMPLE_HOSTILE_APP, NULL), "</strong> (20m ago)");
	buf_done(&page);
	process->alerts[CONDITION_LEAK] =
	    (struct firing_alert){true, SEVERITY_WARNING, SAMPLE_NOW_NS - 30 * NS_PER_MINUTE};
	has(one(model, SAMPLE_HOSTILE_APP, NULL), "</strong> (30m ago)");
	done(model);
}
END_TEST

START_TEST(test_the_page_of_a_process_tells_its_alerts_and_who_was_in_its_slot)
{
	struct model *model = sample_model();
	struct process *process = model_find_slot(model, SAMPLE_HOSTILE_APP, 0);
	const char *text;

	process->alerts[CONDITION_LEAK] =
	    (struct firing_alert){true, SEVERITY_WARNING, SAMPLE_NOW_NS - 30 * NS_PER_MINUTE};
	process->alerts[CONDITION_THRASH] = (struct firing_alert){true, SEVERITY_CRITICAL, 0};
	text = one(model, SAMPLE_HOSTILE_APP, NULL);
	has(text, ALERT);
	has(text, "<span class=\"badge alert\">alert: thrash, critical</span></h1>");
	has_not(text, "heap_oom");
	buf_done(&page);
	text = one(model, "auth", NULL);
	has(text, "In this slot before");
	has(text, "alert: heap_oom, critical");
	has_not(text, "more</li>");
	done(model);
}
END_TEST

START_TEST(test_what_is_unknown_is_a_dash)
{
	struct model *model = sample_model();
	const char *row = strstr(list(model), "<small>pid 43</small>");

	ck_assert_ptr_nonnull(row);
	*strstr(row, "</tr>") = '\0';
	has(row, ">warmup</span>");
	has(row,
	    "data-label=\"Growth\"><span class=\"none\" title=\"not known\">&ndash;</span></td>");
	has(row, "data-label=\"Floor\"><span class=\"none\" title=\"not known\">&ndash;</span>");
	has(row, "data-label=\"Resident\"><span class=\"none\" title=\"not known\">&ndash;</span>");
	has(row, "too early");
	done(model);
}
END_TEST

START_TEST(test_what_may_not_be_read_is_said)
{
	struct model *model = sample_model();

	has(list(model), ": 3 denied since the start");
	has(buf_string(&page), "<b>Left out: 1</b>");
	done(model);
}
END_TEST

START_TEST(test_many_processes_are_cut)
{
	struct model *model = model_new(&(struct model_options){
	    .processes_max = 700, .apps_max = 8, .min_age_ns = 1, .time_scale = 1});
	pid_t pid;

	for (pid = 1; pid <= 600; pid++)
		(void)sample_found(model, pid, NS_PER_HOUR, "shop", "index.js");
	model_advance(model, SAMPLE_NOW_NS);
	ck_assert_uint_eq(count_of(list(model), "<th role=\"rowheader\""), 500);
	has(buf_string(&page), "Of 600 processes the 500 with the worst verdicts");
	ck_assert_uint_lt(page.length, 1U << 20);
	done(model);
}
END_TEST

START_TEST(test_without_processes_there_is_advice)
{
	struct model *model = model_new(&(struct model_options){
	    .processes_max = 9, .apps_max = 1, .min_age_ns = NS_PER_MINUTE, .time_scale = 1});

	has_not(list(model), "<table");
	has(buf_string(&page), "No Node.js process is seen");
	has_not(buf_string(&page), "too young");
	buf_done(&page);
	(void)sample_found(model, 1, SAMPLE_NOW_NS, "shop", "index.js");
	has(list(model), "<b>1</b> is too young to be shown");
	done(model);
}
END_TEST

/* The policy allows no style or script of the document itself. */
START_TEST(test_pages_need_nothing_that_their_policy_forbids)
{
	struct model *model = sample_model();
	int i;

	ck_assert_str_eq(status_headers[0].name, "Content-Security-Policy");
	has(status_headers[0].value, "default-src 'none'");
	has_not(status_headers[0].value, "unsafe");
	for (i = 0; i < 2; i++) {
		const char *text = i == 0 ? list(model) : one(model, SAMPLE_HOSTILE_APP, NULL);

		has_not(text, "<style");
		has_not(text, "style=");
		has_not(text, "javascript:");
		has_not(text, "http:");
		has_not(text, "https:");
		has_not(text, " onclick");
		has_not(text, " onload");
		buf_done(&page);
	}
	(void)model_free(model);
}
END_TEST

START_TEST(test_a_process_is_shown_with_charts_heaps_and_identity)
{
	struct model *model = sample_model();
	const char *text = one(model, SAMPLE_HOSTILE_APP, NULL);

	ck_assert_uint_eq(count_of(text, "<figure>"), 4);
	ck_assert_uint_eq(count_of(text, "<svg class=\"chart\""), 4);
	has(text, "aria-label=\"Heap over time");
	has(text, "floor <b>40.0 MiB</b>");
	has(text, "anonymous <b>250.0 MiB</b>");
	has(text, "limit <b>512.0 MiB</b>");
	has(text, "full, at most <b>120 ms</b>");
	has(text, ">worker-1</th>");
	has(text, "shop.service");
	has(text, "/proc, GC log");
	has(text, "href=\"../../api/v1/processes/shop%22");
	done(model);
}
END_TEST

START_TEST(test_the_code_that_is_to_blame_is_named)
{
	static struct leak_sites sites = {
	    .count = LEAK_SITES_MAX,
	    .items = {{.function = "<script>\xff", .script = "/a&b.js", .line = 7, .share = 0.755},
	              {.function = "idle", .script = "node:fs"}}};
	struct model *model = sample_model();
	struct process *process = model_find_slot(model, SAMPLE_HOSTILE_APP, 0);
	const char *text = one(model, SAMPLE_HOSTILE_APP, NULL);

	has(text, "<li><code>on&quot;Request</code> <b>75&thinsp;%</b>"
	          "<small>/srv/\\shop\n.js:41</small></li>");
	has(text, "<li><code>(anonymous)</code> <b>12&thinsp;%</b></li>");
	has_not(text, "heapwatch explain");
	buf_done(&page);
	process_set_sites(process, &sites);
	text = one(model, SAMPLE_HOSTILE_APP, NULL);
	has(text, "<code>&lt;script&gt;\xef\xbf\xbd</code> <b>76&thinsp;%</b>"
	          "<small>/a&amp;b.js:7</small>");
	has(text, "<code>idle</code> <b>0&thinsp;%</b><small>node:fs</small>");
	ck_assert_uint_eq(count_of(text, "<li><code>"), LEAK_SITES_MAX);
	buf_done(&page);
	process_set_sites(process, NULL);
	text = one(model, SAMPLE_HOSTILE_APP, NULL);
	has_not(text, "Which code</h2>");
	has(text, "<code>heapwatch explain 4711</code>");
	done(model);
}
END_TEST

START_TEST(test_the_range_is_one_that_the_history_covers)
{
	struct model *model = sample_model();
	const struct process *process = sample_found(model, 46, NS_PER_HOUR, "old", "index.js");
	const struct memory_sample early = {.at_ns = NS_PER_HOUR, .rss_bytes = 200 * MIB};

	model_memory(model, &process->key, &early); /* the trail begins an hour ago */
	sample_memory(model, process);
	has(one(model, "old", "15m"), "<a href=\"?range=15m\" aria-current=\"true\">15m</a>");
	has(buf_string(&page), "<li>&minus;15m</li>");
	has_not(buf_string(&page), "?range=6h");
	buf_done(&page);
	has(one(model, "old", "7d"), "<a href=\"?range=all\" aria-current=\"true\">");
	buf_done(&page);
	has(one(model, "old", "\"><script>"), "aria-current=\"true\">all</a>");
	done(model);
}
END_TEST

START_TEST(test_what_is_missing_is_said_for_each_process)
{
	struct model *model = sample_model();
	struct process *process;

	has_not(one(model, SAMPLE_HOSTILE_APP, NULL), "Its heap is not seen");
	has_not(buf_string(&page), "Its memory may not be read");
	buf_done(&page);
	has(one(model, "auth", NULL), "Its heap is not seen");
	has(buf_string(&page), "heapwatch run");
	has_not(buf_string(&page), "heapwatch explain");
	process = model_find_slot(model, "auth", 0);
	process->has_memory = false;
	buf_done(&page);
	has(one(model, "auth", NULL), "Its memory may not be read");
	has(buf_string(&page), "CAP_SYS_PTRACE");
	process->needs[PROCESS_FACT_MAPS] = PROCESS_NEED_PTRACE;
	process->needs[PROCESS_FACT_CONTAINER_LOG] = PROCESS_NEED_MOUNT;
	buf_done(&page);
	has(one(model, "auth", NULL),
	    "May not be read.</b> The map of its memory: which of it is native; heapwatchd "
	    "needs <code>CAP_SYS_PTRACE</code>.");
	has(buf_string(&page), "logs to be mounted.");
	process->sources = 1U << SOURCE_GCLOG;
	buf_done(&page);
	has(one(model, "auth", NULL), "The process itself is not visible");
	has(buf_string(&page), "No full collection was seen yet");
	done(model);
}
END_TEST

START_TEST(test_a_process_that_is_gone_is_said_to_be)
{
	page = BUF_INIT(PAGE_MAX);
	status_write_missing(&source, &page);
	has(buf_string(&page), "<h1>No such process</h1>");
	has(buf_string(&page), "id=\"live\"");
	buf_done(&page);
}
END_TEST

START_TEST(test_assets_are_there_by_name)
{
	static const char *const names[] = {"icon.svg", "page.css", "page.js"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct status_asset *asset = status_asset_find(names[i]);

		ck_assert_ptr_nonnull(asset);
		ck_assert_uint_gt(asset->length, 100);
		ck_assert_int_eq(asset->bytes[asset->length - 1], '\n');
	}
	ck_assert_ptr_null(status_asset_find("../site.c"));
	ck_assert_ptr_null(status_asset_find(""));
}
END_TEST

UNIT_MAIN("status", test_hostile_names_stay_text,
          test_a_name_that_is_a_step_of_a_path_has_an_address,
          test_the_worst_is_told_first_with_time_and_reason,
          test_the_headline_counts_what_leaks_and_what_thrashes,
          test_what_to_do_is_said_of_what_needs_attention, test_a_leak_began_when_its_alert_says,
          test_the_page_of_a_process_tells_its_alerts_and_who_was_in_its_slot,
          test_what_is_unknown_is_a_dash, test_what_may_not_be_read_is_said,
          test_many_processes_are_cut, test_without_processes_there_is_advice,
          test_pages_need_nothing_that_their_policy_forbids,
          test_a_process_is_shown_with_charts_heaps_and_identity,
          test_the_code_that_is_to_blame_is_named, test_the_range_is_one_that_the_history_covers,
          test_what_is_missing_is_said_for_each_process, test_a_process_that_is_gone_is_said_to_be,
          test_assets_are_there_by_name)
