// SPDX-License-Identifier: MIT
/* An explanation as text, JSON, folded stacks and heap profile. */
#include "tool/explain_report.h"

#include "collectors/inspector/explanation.h"
#include "tests/unit/profiles.h"
#include "tests/unit/unit.h"
#include "tool/terminal.h"

static const char timers[] = "listOnTimeout node:internal/timers 500";
static const char leak[] = "le;ak file:///srv/a\x1b[31m.js 7";

static struct call_tree *make_tree(void)
{
	static const struct profile_path paths[] = {
	    {{timers, leak}, 30, 0}, {{timers, " /srv/b.js 2"}, 10, 0}, {{NULL}, 0, 0}};
	struct call_tree *tree = call_tree_new(INTERVAL_BYTES);

	profile_add(tree, paths);
	return tree;
}

static void make_explanation(const struct call_tree *tree, struct explanation *ret_explanation)
{
	static const struct explanation_facts facts = {0};

	ck_assert_int_eq(explanation_make(tree, &facts, ret_explanation), 0);
	ret_explanation->pid = 4711;
}

START_TEST(test_text_is_a_tree_that_does_nothing_to_the_terminal)
{
	_cleanup_(call_tree_freep) struct call_tree *tree = make_tree();
	_cleanup_(buf_done) struct buf out = BUF_INIT(PROFILE_MAX_SIZE);
	const struct terminal terminal = {.width = 80};
	struct explanation explanation;

	make_explanation(tree, &explanation);
	explain_report_text(&out, &terminal, &explanation);
	ck_assert_ptr_nonnull(strstr(buf_string(&out), " 75.0 %       30  le;ak (/srv/a"));
	ck_assert_ptr_nonnull(
	    strstr(buf_string(&out),
	           "\n                    < listOnTimeout (node:internal/timers:500)\n"));
	ck_assert_ptr_nonnull(strstr(buf_string(&out), "\nconfidence 0."));
	ck_assert_ptr_nonnull(strstr(buf_string(&out), "  - one profile"));
	ck_assert_ptr_null(strchr(buf_string(&out), '\x1b'));
	explanation_done(&explanation);
}
END_TEST

START_TEST(test_json_has_the_promised_members)
{
	_cleanup_(call_tree_freep) struct call_tree *tree = make_tree();
	_cleanup_(buf_done) struct buf out = BUF_INIT(PROFILE_MAX_SIZE);
	_cleanup_(json_deletep) cJSON *json = NULL;
	struct explanation explanation;
	const cJSON *site;

	make_explanation(tree, &explanation);
	explain_report_json(&out, &explanation);
	json = cJSON_Parse(buf_string(&out));
	ck_assert_double_eq(cJSON_GetNumberValue(cJSON_GetObjectItem(json, "pid")), 4711);
	ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(json, "sites")), 2);
	site = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "sites"), 0);
	ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(site, "function")), "le;ak");
	ck_assert_double_eq(cJSON_GetNumberValue(cJSON_GetObjectItem(site, "line")), 7);
	ck_assert_double_eq(cJSON_GetNumberValue(cJSON_GetObjectItem(site, "share")), 0.75);
	ck_assert_double_eq(cJSON_GetNumberValue(cJSON_GetObjectItem(site, "samples")), 30);
	ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(site, "stack")), 2);
	ck_assert(cJSON_IsNumber(cJSON_GetObjectItem(json, "confidence")));
	ck_assert(cJSON_IsArray(cJSON_GetObjectItem(json, "notes")));
	explanation_done(&explanation);
}
END_TEST

START_TEST(test_folded_stacks_have_one_separator)
{
	_cleanup_(call_tree_freep) struct call_tree *tree = make_tree();
	_cleanup_(buf_done) struct buf out = BUF_INIT(PROFILE_MAX_SIZE);

	explain_report_folded(&out, tree);
	ck_assert_ptr_nonnull(
	    strstr(buf_string(&out), "listOnTimeout (node:internal/timers:500);le:ak (/srv/a"));
	ck_assert_ptr_nonnull(strstr(buf_string(&out), ".js:7) 30\n"));
	ck_assert_ptr_nonnull(strstr(buf_string(&out), ";(anonymous) (/srv/b.js:2) 10\n"));
}
END_TEST

/* What was written reads back as a profile of the same growth. */
START_TEST(test_heapprofile_reads_back)
{
	_cleanup_(call_tree_freep) struct call_tree *tree = make_tree();
	_cleanup_(call_tree_freep) struct call_tree *again = call_tree_new(INTERVAL_BYTES);
	_cleanup_(buf_done) struct buf out = BUF_INIT(PROFILE_MAX_SIZE);
	_cleanup_(buf_done) struct buf first = BUF_INIT(PROFILE_MAX_SIZE);
	_cleanup_(buf_done) struct buf second = BUF_INIT(PROFILE_MAX_SIZE);
	_cleanup_(json_deletep) cJSON *json = NULL;

	explain_report_heapprofile(&out, tree);
	json = cJSON_Parse(buf_string(&out));
	ck_assert_ptr_nonnull(json);
	ck_assert_int_eq(call_tree_add(again, json), 0);
	ck_assert_uint_eq(call_tree_node_count(again), call_tree_node_count(tree));
	explain_report_heapprofile(&first, tree);
	explain_report_folded(&second, again);
	ck_assert_ptr_nonnull(strstr(buf_string(&second), ".js:7) 30\n"));
	ck_assert_ptr_nonnull(strstr(buf_string(&first), "\"functionName\":\"\""));
}
END_TEST

UNIT_MAIN("explain_report", test_text_is_a_tree_that_does_nothing_to_the_terminal,
          test_json_has_the_promised_members, test_folded_stacks_have_one_separator,
          test_heapprofile_reads_back)
