// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>

#include "tests/unit/profiles.h"
#include "tests/unit/unit.h"

static const char tick[] = "tick file:///srv/app.js 7";
static const char timers[] = "listOnTimeout node:internal/timers 500";

/* The node of a function; fails where there is not exactly one. */
static const struct call_node *node_of(const struct call_tree *tree, const char *function)
{
	const struct call_node *found = NULL;
	uint32_t i;

	for (i = 0; i < call_tree_node_count(tree); i++) {
		const struct call_node *node = call_tree_node(tree, i);

		if (strcmp(call_tree_frame(tree, node->frame).function, function) != 0)
			continue;
		ck_assert_ptr_null(found);
		found = node;
	}
	ck_assert_ptr_nonnull(found);
	return found;
}

START_TEST(test_growth_is_from_first_to_last_by_path)
{
	static const struct profile_path first[] = {
	    {{timers, tick}, 5, 0}, {{timers, tick}, 1, 0}, {{"(GC)"}, 4, 0}, {{NULL}, 0, 0}};
	static const struct profile_path last[] = {
	    {{timers, tick}, 20, 0}, {{tick}, 2, 0}, {{NULL}, 0, 0}};
	_cleanup_(call_tree_freep) struct call_tree *tree = call_tree_new(INTERVAL_BYTES);
	const struct call_node *gc;

	profile_add(tree, first);
	ck_assert_double_eq(call_node_growth_samples(tree, node_of(tree, "tick")), 6);
	profile_add(tree, last);
	ck_assert_uint_eq(call_tree_profile_count(tree), 2);
	gc = node_of(tree, "(GC)");
	ck_assert_double_eq(call_node_growth_bytes(tree, gc), -4.0 * INTERVAL_BYTES);
	ck_assert_uint_eq(call_tree_node_count(tree), 5); /* root, timers, tick, GC, tick */
	ck_assert_uint_eq(call_tree_frame_count(tree), 4);
	ck_assert_int_eq(call_tree_add(tree, NULL), -ENOSPC);
}
END_TEST

START_TEST(test_samples_are_estimated_where_they_are_not_listed)
{
	static const struct profile_path paths[] = {{{tick}, 0, 10.4 * INTERVAL_BYTES},
	                                            {{NULL}, 0, 0}};
	_cleanup_(call_tree_freep) struct call_tree *tree = call_tree_new(INTERVAL_BYTES);
	_cleanup_(json_deletep) cJSON *profile = profile_make(paths, false);

	ck_assert_int_eq(call_tree_add(tree, profile), 0);
	ck_assert_double_eq(call_node_growth_samples(tree, node_of(tree, "tick")), 10);
}
END_TEST

START_TEST(test_one_profile_counts_for_two_by_the_order_of_samples)
{
	static const struct profile_path timeline[] = {
	    {{timers, tick}, 4, 0},
	    {{"boot file:///srv/app.js 1"}, 6, 0},
	    {{CALL_TREE_MARK}, 2, 0},
	    {{CALL_TREE_MARK, "push"}, 1, 0}, /* the 13th of 24 */
	    {{timers, tick}, 5, 2.0 * 5 * INTERVAL_BYTES},
	    {{timers, tick}, 3, 0},
	    {{"request file:///srv/app.js 9"}, 3, 0},
	    {{NULL}, 0, 0}};
	_cleanup_(call_tree_freep) struct call_tree *tree = call_tree_new(INTERVAL_BYTES);
	const struct call_node *node;

	profile_add_marked(tree, timeline);
	ck_assert_uint_eq(call_tree_profile_count(tree), 2);
	node = node_of(tree, "tick");
	ck_assert_double_eq(node->bytes[0], 4.0 * INTERVAL_BYTES);
	ck_assert_double_eq(call_node_growth_samples(tree, node), 8);
	ck_assert_double_eq(call_node_growth_bytes(tree, node), 13.0 * INTERVAL_BYTES);
	ck_assert_double_eq(node->recent_samples, 3);
	ck_assert_double_eq(node->recent_bytes, 3.0 * INTERVAL_BYTES);
	ck_assert_double_eq(call_node_growth_samples(tree, node_of(tree, "boot")), 0);
	ck_assert_double_eq(node_of(tree, "request")->recent_samples, 3);
	ck_assert_double_eq(node_of(tree, CALL_TREE_MARK)->bytes[1], 0);
	ck_assert_double_eq(node_of(tree, "push")->samples[1], 0);
	ck_assert_double_eq(call_tree_growth_bytes(tree), 16.0 * INTERVAL_BYTES);
}
END_TEST

START_TEST(test_what_is_alive_for_a_moment_is_little_growth)
{
	static const struct profile_path timeline[] = {
	    {{CALL_TREE_MARK}, 1, 0}, {{tick}, 4, 0}, {{timers}, 16, 0}, {{NULL}, 0, 0}};
	_cleanup_(call_tree_freep) struct call_tree *tree = call_tree_new(INTERVAL_BYTES);
	_cleanup_(call_tree_freep) struct call_tree *busy = call_tree_new(INTERVAL_BYTES);
	_cleanup_(json_deletep) cJSON *profile = profile_make(timeline, true);
	cJSON *samples = cJSON_GetObjectItem(profile, "samples");
	int i;

	ck_assert_int_eq(call_tree_add_marked(tree, profile), 0);
	ck_assert_double_eq(call_tree_growth_bytes(tree), 20.0 * INTERVAL_BYTES);
	/* Many that died are in the order before the last ones. */
	for (i = 8; i < 21; i++)
		cJSON_SetNumberValue(cJSON_GetObjectItem(cJSON_GetArrayItem(samples, i), "ordinal"),
		                     1000 + i);
	ck_assert_int_eq(call_tree_add_marked(busy, profile), 0);
	ck_assert_double_eq(call_tree_growth_bytes(busy), 14.0 * INTERVAL_BYTES);
}
END_TEST

START_TEST(test_without_a_mark_a_profile_counts_for_one)
{
	static const struct profile_path paths[] = {
	    {{tick}, 7, 0}, {{CALL_TREE_MARK " file:///srv/app.js 3"}, 2, 0}, {{NULL}, 0, 0}};
	static const struct profile_path unsampled[] = {
	    {{tick}, 7, 0}, {{CALL_TREE_MARK}, 0, 0}, {{NULL}, 0, 0}};
	const struct profile_path *const rows[] = {paths, unsampled};
	size_t i;

	for (i = 0; i < 2; i++) {
		_cleanup_(call_tree_freep) struct call_tree *tree = call_tree_new(INTERVAL_BYTES);

		profile_add_marked(tree, rows[i]);
		ck_assert_uint_eq(call_tree_profile_count(tree), 1);
		ck_assert_double_eq(call_node_growth_samples(tree, node_of(tree, "tick")), 7);
	}
}
END_TEST

START_TEST(test_an_order_that_lies_harms_nothing)
{
	static const struct profile_path timeline[] = {
	    {{tick}, 4, 0}, {{CALL_TREE_MARK}, 1, 0}, {{tick}, 4, 0}, {{NULL}, 0, 0}};
	static const char *const lies[] = {"\"x\"", "-1", "1e300", "0", "null", "{}"};
	size_t i;

	for (i = 0; i < 2 * sizeof(lies) / sizeof(lies[0]); i++) {
		_cleanup_(call_tree_freep) struct call_tree *tree = call_tree_new(INTERVAL_BYTES);
		_cleanup_(json_deletep) cJSON *profile = profile_make(timeline, true);
		const char *name = i % 2 == 0 ? "ordinal" : "size";
		cJSON *sample;

		cJSON_ArrayForEach(sample, cJSON_GetObjectItem(profile, "samples"))(void)
		    cJSON_ReplaceItemInObject(sample, name, cJSON_Parse(lies[i / 2]));
		ck_assert_int_eq(call_tree_add_marked(tree, profile), 0);
		ck_assert(isfinite(call_tree_growth_bytes(tree)));
		ck_assert_uint_eq(call_tree_profile_count(tree), i % 2 == 0 ? 1 : 2);
	}
}
END_TEST

static const struct {
	const char *frame;
	const char *function;
	const char *script;
	unsigned line;
	bool is_internal;
	bool is_buffer;
} frames[] = {
    {"tick file:///srv/app.js 7", "tick", "/srv/app.js", 7, false, false},
    {"tick /srv/app.js 7", "tick", "/srv/app.js", 7, false, false},
    {" /srv/app.js 1", "(anonymous)", "/srv/app.js", 1, false, false},
    {"load webpack://shop/./src/a.js 3", "load", "webpack://shop/./src/a.js", 3, false, false},
    {"main [eval] 1", "main", "[eval]", 1, false, false},
    {"run evalmachine.<anonymous> 1", "run", "evalmachine.<anonymous>", 1, false, false},
    {"(V8 API)", "(V8 API)", "", 0, true, false},
    {"Float64Array", "Float64Array", "", 0, true, true},
    {"SharedArrayBuffer", "SharedArrayBuffer", "", 0, true, true},
    {"Array", "Array", "", 0, true, false},
    {"BigArray /srv/app.js 9", "BigArray", "/srv/app.js", 9, false, false},
    {"emit node:events 400", "emit", "node:events", 400, true, false},
    {"alloc node:buffer 380", "alloc", "node:buffer", 380, true, true},
    {"FastBuffer node:internal/buffer 960", "FastBuffer", "node:internal/buffer", 960, true, true},
    {"emit events.js 44", "emit", "events.js", 44, true, false},
    {"alloc buffer.js 44", "alloc", "buffer.js", 44, true, true},
    {"run internal/timers.js 44", "run", "internal/timers.js", 44, true, false},
};

START_TEST(test_frames_are_told_apart)
{
	size_t i;

	for (i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		const struct profile_path paths[] = {{{frames[i].frame}, 1, 0}, {{NULL}, 0, 0}};
		_cleanup_(call_tree_freep) struct call_tree *tree = call_tree_new(INTERVAL_BYTES);
		struct call_frame frame;

		profile_add(tree, paths);
		frame = call_tree_frame(tree, call_tree_node(tree, 1)->frame);
		ck_assert_str_eq(frame.function, frames[i].function);
		ck_assert_str_eq(frame.script, frames[i].script);
		ck_assert_uint_eq(frame.line, frames[i].line);
		ck_assert_msg(frame.is_internal == frames[i].is_internal, "%s", frames[i].frame);
		ck_assert_msg(frame.is_buffer == frames[i].is_buffer, "%s", frames[i].frame);
	}
}
END_TEST

START_TEST(test_bare_names_are_the_applications_beside_a_scheme)
{
	const struct profile_path paths[] = {{{timers, "f script.js 2"}, 1, 0}, {{NULL}, 0, 0}};
	_cleanup_(call_tree_freep) struct call_tree *tree = call_tree_new(INTERVAL_BYTES);

	profile_add(tree, paths);
	ck_assert(!call_tree_frame(tree, node_of(tree, "f")->frame).is_internal);
}
END_TEST

#define FRAME                                               \
	"\"callFrame\":{\"functionName\":\"f\",\"url\":\"/" \
	"a\",\"lineNumber\":1,\"columnNumber\":1}"
#define NODE "{" FRAME ",\"selfSize\":1,\"id\":1}"

static const struct {
	const char *text;
	int result;
} documents[] = {
    {"{\"head\":" NODE "}", 0},
    {"{\"head\":" NODE ",\"samples\":[{\"nodeId\":1},{\"nodeId\":7},{\"nodeId\":-1},{},7]}", 0},
    {"{\"head\":" NODE ",\"samples\":{}}", 0},
    {"{\"head\":{" FRAME ",\"selfSize\":1,\"children\":{}}}", 0},
    {"{\"head\":{" FRAME ",\"selfSize\":1,\"id\":\"x\",\"children\":[" NODE "," NODE "]}}", 0},
    {"{\"head\":{\"callFrame\":{\"functionName\":7,\"lineNumber\":1e300},\"selfSize\":1}}", 0},
    {"{}", -EBADMSG},
    {"[]", -EBADMSG},
    {"{\"head\":[]}", -EBADMSG},
    {"{\"head\":{}}", -EBADMSG},
    {"{\"head\":{\"callFrame\":7,\"selfSize\":1}}", -EBADMSG},
    {"{\"head\":{" FRAME "}}", -EBADMSG},
    {"{\"head\":{" FRAME ",\"selfSize\":-1}}", -EBADMSG},
    {"{\"head\":{" FRAME ",\"selfSize\":1e999}}", -EBADMSG},
    {"{\"head\":{" FRAME ",\"selfSize\":\"1\"}}", -EBADMSG},
    {"{\"head\":{" FRAME ",\"selfSize\":1,\"children\":[7]}}", -EBADMSG},
};

START_TEST(test_what_is_no_profile_is_refused)
{
	size_t i;

	for (i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		_cleanup_(call_tree_freep) struct call_tree *tree = call_tree_new(INTERVAL_BYTES);
		_cleanup_(json_deletep) cJSON *document = cJSON_Parse(documents[i].text);

		ck_assert_ptr_nonnull(document);
		ck_assert_msg(call_tree_add(tree, document) == documents[i].result, "%s",
		              documents[i].text);
	}
}
END_TEST

START_TEST(test_depth_is_bounded)
{
	static const unsigned depths[] = {CALL_TREE_DEPTH_MAX, CALL_TREE_DEPTH_MAX + 1};
	size_t i;
	unsigned level;

	for (i = 0; i < 2; i++) {
		_cleanup_(call_tree_freep) struct call_tree *tree = call_tree_new(INTERVAL_BYTES);
		_cleanup_(json_deletep) cJSON *profile = cJSON_CreateObject();
		cJSON *node = profile_node("(root)", 1);

		(void)cJSON_AddItemToObject(profile, "head", node);
		for (level = 1; level < depths[i]; level++) {
			cJSON *child = profile_node(tick, 1);

			(void)cJSON_AddItemToArray(cJSON_GetObjectItem(node, "children"), child);
			node = child;
		}
		ck_assert_int_eq(call_tree_add(tree, profile), i == 0 ? 0 : -EMSGSIZE);
	}
}
END_TEST

START_TEST(test_long_names_are_cut)
{
	_cleanup_(call_tree_freep) struct call_tree *tree = call_tree_new(INTERVAL_BYTES);
	_cleanup_(json_deletep) cJSON *profile = cJSON_CreateObject();
	cJSON *node = profile_node("x", 1);
	char name[4096];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	(void)cJSON_ReplaceItemInObject(cJSON_GetObjectItem(node, "callFrame"), "functionName",
	                                cJSON_CreateString(name));
	(void)cJSON_AddItemToObject(profile, "head", node);
	ck_assert_int_eq(call_tree_add(tree, profile), 0);
	ck_assert_uint_eq(strlen(call_tree_frame(tree, 0).function), CALL_NAME_MAX_BYTES);
}
END_TEST

UNIT_MAIN("call_tree", test_growth_is_from_first_to_last_by_path,
          test_samples_are_estimated_where_they_are_not_listed,
          test_one_profile_counts_for_two_by_the_order_of_samples,
          test_what_is_alive_for_a_moment_is_little_growth,
          test_without_a_mark_a_profile_counts_for_one, test_an_order_that_lies_harms_nothing,
          test_frames_are_told_apart, test_bare_names_are_the_applications_beside_a_scheme,
          test_what_is_no_profile_is_refused, test_depth_is_bounded, test_long_names_are_cut)
