// SPDX-License-Identifier: MIT
#include "collectors/inspector/explanation.h"
#include "tests/unit/profiles.h"
#include "tests/unit/unit.h"

static const char timers[] = "listOnTimeout node:internal/timers 500";
static const char leak[] = "leak file:///srv/app.js 7";
static const char cache[] = "cache file:///srv/app.js 30";
static const char handler[] = "handler file:///srv/app.js 50";
static const char parse[] = "parse node:internal/url 12";
static const char buffer[] = "createUnsafeBuffer node:internal/buffer 1060";
static const char alloc[] = "alloc node:buffer 380";
#define END                  \
	{                    \
		{NULL}, 0, 0 \
	}

#define PROFILE(name, ...) static const struct profile_path name[] = {__VA_ARGS__, END}

static void explain(const struct profile_path *const profiles[], size_t count,
                    const struct explanation_facts *facts, struct explanation *ret_explanation)
{
	static const struct explanation_facts none = {0};
	_cleanup_(call_tree_freep) struct call_tree *tree = call_tree_new(INTERVAL_BYTES);
	size_t i;

	for (i = 0; i < count; i++)
		profile_add(tree, profiles[i]);
	ck_assert_int_eq(explanation_make(tree, facts != NULL ? facts : &none, ret_explanation), 0);
}

static bool has_note(const struct explanation *explanation, const char *text)
{
	size_t i;

	for (i = 0; i < explanation->note_count; i++)
		if (strstr(explanation->notes[i], text) != NULL)
			return true;
	return false;
}

START_TEST(test_what_grows_is_named_not_what_is_large)
{
	static const struct explanation_facts facts = {.first_part = 1.0 / 7};
	PROFILE(first, {{timers, leak}, 10, 0}, {{timers, cache}, 900, 0});
	PROFILE(last, {{timers, leak}, 70, 0}, {{timers, cache}, 905, 0}, {{handler}, 15, 0});
	const struct profile_path *const profiles[] = {first, last};
	struct explanation explanation;

	explain(profiles, 2, &facts, &explanation);
	ck_assert_uint_eq(explanation.site_count, 2);
	ck_assert_str_eq(explanation.sites[0].function, "leak");
	ck_assert_str_eq(explanation.sites[0].script, "/srv/app.js");
	ck_assert_uint_eq(explanation.sites[0].line, 7);
	ck_assert_uint_eq(explanation.sites[0].samples, 60);
	ck_assert_double_eq_tol(explanation.sites[0].share, 0.75, 1e-9);
	ck_assert_str_eq(explanation.sites[1].function, "handler");
	ck_assert_uint_eq(explanation.sites[0].stack_count, 2);
	ck_assert_str_eq(explanation.sites[0].stack[0], "leak (/srv/app.js:7)");
	ck_assert_str_eq(explanation.sites[0].stack[1], "listOnTimeout (node:internal/timers:500)");
	ck_assert_double_gt(explanation.confidence, 0.8);
	ck_assert(has_note(&explanation, "1 places with fewer than 10 samples have 6 %"));
	ck_assert(has_note(&explanation, "inlined"));
	explanation_done(&explanation);
}
END_TEST

START_TEST(test_internal_frames_are_walked_past)
{
	PROFILE(first, {{timers, leak, parse}, 1, 0});
	PROFILE(last, {{timers, leak, parse}, 21, 0},
	        {{timers, handler, leak, parse, parse}, 10, 0}, {{timers, leak}, 5, 0});
	const struct profile_path *const profiles[] = {first, last};
	struct explanation explanation;

	explain(profiles, 2, NULL, &explanation);
	ck_assert_uint_eq(explanation.site_count, 1);
	ck_assert_str_eq(explanation.sites[0].function, "leak");
	ck_assert_uint_eq(explanation.sites[0].samples, 35);
	ck_assert_double_eq_tol(explanation.sites[0].share, 1, 1e-9);
	ck_assert_uint_eq(explanation.sites[0].stack_count, 2); /* of the path that grew most */
	explanation_done(&explanation);
}
END_TEST

START_TEST(test_few_samples_name_nothing)
{
	PROFILE(first, {{leak}, 1, 0});
	PROFILE(last, {{leak}, 10, 500.0 * INTERVAL_BYTES});
	PROFILE(more, {{leak}, 11, 0});
	const struct profile_path *const nine[] = {first, last};
	const struct profile_path *const ten[] = {first, more};
	struct explanation explanation;

	explain(nine, 2, NULL, &explanation);
	ck_assert_uint_eq(explanation.site_count, 0);
	ck_assert_double_eq(explanation.confidence, 0);
	ck_assert(has_note(&explanation, "sample for longer"));
	explanation_done(&explanation);
	explain(ten, 2, NULL, &explanation);
	ck_assert_uint_eq(explanation.site_count, 1);
	explanation_done(&explanation);
}
END_TEST

START_TEST(test_nothing_grew)
{
	PROFILE(first, {{leak}, 100, 0});
	PROFILE(last, {{leak}, 90, 0});
	const struct profile_path *const profiles[] = {first, last};
	struct explanation explanation;

	explain(profiles, 2, NULL, &explanation);
	ck_assert_uint_eq(explanation.site_count, 0);
	ck_assert(has_note(&explanation, "nothing grew"));
	explanation_done(&explanation);
	explain(profiles, 0, NULL, &explanation); /* not even a profile */
	ck_assert_uint_eq(explanation.site_count, 0);
	explanation_done(&explanation);
}
END_TEST

START_TEST(test_what_is_filled_once_is_less_certain)
{
	static const struct explanation_facts facts = {.first_part = 0.5};
	PROFILE(none, {{leak}, 0, 0});
	PROFILE(half, {{leak}, 100, 0});
	PROFILE(most, {{leak}, 180, 0});
	PROFILE(last, {{leak}, 200, 0});
	const struct profile_path *const steady[] = {half, last};
	const struct profile_path *const filled[] = {most, last};
	const struct profile_path *const late[] = {none, last};
	const struct profile_path *const single[] = {last};
	struct explanation a, b, c, d, e;

	explain(steady, 2, &facts, &a);
	explain(filled, 2, &facts, &b);
	explain(late, 2, &facts, &c);
	explain(single, 1, &facts, &d);
	explain(steady, 2, NULL, &e);
	ck_assert_double_gt(a.confidence, 0.9);
	ck_assert(!has_note(&a, "did not grow steadily"));
	ck_assert_double_lt(b.confidence, 0.5);
	ck_assert(has_note(&b, "did not grow steadily"));
	ck_assert_double_lt(c.confidence, 0.5);
	ck_assert(has_note(&c, "did not grow steadily"));
	ck_assert_double_lt(d.confidence, a.confidence);
	ck_assert(has_note(&d, "one profile"));
	ck_assert_double_lt(e.confidence, a.confidence); /* nobody told when it was */
	ck_assert(!has_note(&e, "did not grow steadily"));
	explanation_done(&a);
	explanation_done(&b);
	explanation_done(&c);
	explanation_done(&d);
	explanation_done(&e);
}
END_TEST

START_TEST(test_the_application_comes_before_node_and_v8)
{
	PROFILE(last, {{timers}, 50, 0}, {{leak}, 20, 0}, {{"(V8 API)"}, 30, 0});
	PROFILE(node_alone, {{timers}, 50, 0}, {{"(V8 API)"}, 30, 0});
	const struct profile_path *const profiles[] = {last};
	const struct profile_path *const none[] = {node_alone};
	struct explanation explanation;

	explain(profiles, 1, NULL, &explanation);
	ck_assert_uint_eq(explanation.site_count, 2);
	ck_assert_str_eq(explanation.sites[0].function, "leak");
	ck_assert_double_eq_tol(explanation.sites[0].share, 0.2, 1e-9);
	ck_assert_str_eq(explanation.sites[1].function, "listOnTimeout");
	ck_assert(has_note(&explanation, "30 % of the growth has no JavaScript"));
	ck_assert(!explanation.is_unnamed);
	explanation_done(&explanation);
	explain(none, 1, NULL, &explanation);
	ck_assert(has_note(&explanation,
	                   "only in Node.js itself: a callback that V8 inlined before "
	                   "sampling began is shown as its caller"));
	ck_assert(explanation.is_unnamed);
	explanation_done(&explanation);
}
END_TEST

START_TEST(test_buffers_are_led_back_to_who_makes_them)
{
	PROFILE(last, {{timers, handler}, 90, 0}, {{timers, leak, alloc, buffer}, 30, 0},
	        {{timers, leak}, 40, 0});
	const struct profile_path *const profiles[] = {last};
	const struct explanation_facts outside = {1 << 20, 64 << 20, 0};
	const struct explanation_facts inside = {64 << 20, 64 << 20, 0};
	struct explanation explanation;

	explain(profiles, 1, &outside, &explanation);
	ck_assert_uint_eq(explanation.site_count, 1);
	ck_assert_str_eq(explanation.sites[0].function, "leak");
	ck_assert_uint_eq(explanation.sites[0].samples, 30);
	ck_assert_double_eq_tol(explanation.sites[0].share, 1, 1e-9);
	ck_assert(has_note(&explanation, "outside the heap"));
	ck_assert(!explanation.is_unnamed);
	explanation_done(&explanation);
	explain(profiles, 1, &inside, &explanation);
	ck_assert_str_eq(explanation.sites[0].function, "handler");
	explanation_done(&explanation);
}
END_TEST

START_TEST(test_without_buffers_all_is_shown)
{
	PROFILE(last, {{timers, handler}, 90, 0}, {{timers, leak, buffer}, 3, 0});
	const struct profile_path *const profiles[] = {last};
	const struct explanation_facts outside = {0, 64 << 20, 0};
	struct explanation explanation;

	explain(profiles, 1, &outside, &explanation);
	ck_assert_str_eq(explanation.sites[0].function, "handler");
	ck_assert(has_note(&explanation, "what makes it was not seen"));
	ck_assert(explanation.is_unnamed);
	explanation_done(&explanation);
}
END_TEST

START_TEST(test_only_the_best_are_kept)
{
	struct profile_path paths[EXPLANATION_SITES_MAX + 4] = {{{NULL}, 0, 0}};
	char names[EXPLANATION_SITES_MAX + 3][32];
	const struct profile_path *const profiles[] = {paths};
	struct explanation explanation;
	unsigned i;

	for (i = 0; i < EXPLANATION_SITES_MAX + 3; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "f%u /srv/a.js %u", i, i + 1);
		paths[i] = (struct profile_path){{names[i]}, 20 + i * 7 % 13, 0};
	}
	explain(profiles, 1, NULL, &explanation);
	ck_assert_uint_eq(explanation.site_count, EXPLANATION_SITES_MAX);
	ck_assert_uint_eq(explanation.sites[0].samples, 32);
	for (i = 1; i < EXPLANATION_SITES_MAX; i++)
		ck_assert_double_lt(explanation.sites[i].share, explanation.sites[i - 1].share);
	explanation_done(&explanation);
}
END_TEST

static void explain_marked(const struct profile_path *timeline, struct explanation *ret_explanation)
{
	static const struct explanation_facts facts = {.first_part = 0.35};
	_cleanup_(call_tree_freep) struct call_tree *tree = call_tree_new(INTERVAL_BYTES);

	profile_add_marked(tree, timeline);
	ck_assert_int_eq(explanation_make(tree, &facts, ret_explanation), 0);
}

/* A cache that is turned over has what is new only, and a module what was loaded at once. */
START_TEST(test_what_passes_is_told_from_what_stays)
{
	PROFILE(timeline, {{timers}, 60, 0}, {{leak}, 20, 0}, {{CALL_TREE_MARK}, 1, 0},
	        {{leak}, 20, 0}, {{handler}, 20, 0}, {{leak}, 20, 0}, {{cache}, 20, 0});
	PROFILE(few, {{CALL_TREE_MARK}, 1, 0}, {{leak}, 4, 0}, {{leak}, 8, 0});
	struct explanation explanation;

	explain_marked(timeline, &explanation);
	ck_assert_uint_eq(explanation.site_count, 2);
	ck_assert_str_eq(explanation.sites[0].function, "leak");
	ck_assert_uint_eq(explanation.sites[0].samples, 40);
	ck_assert_double_gt(explanation.confidence, 0.7);
	ck_assert_str_eq(explanation.sites[1].function, "handler");
	explanation_done(&explanation);
	explain_marked(few, &explanation); /* may be chance */
	ck_assert_uint_eq(explanation.sites[0].samples, 12);
	explanation_done(&explanation);
}
END_TEST

/* As on Node 26: once optimised, the callback is a part of Node's timers. */
START_TEST(test_what_is_inlined_into_node_is_charged_to_what_it_called)
{
	PROFILE(first, {{timers, leak}, 20, 0}, {{timers, handler}, 2, 0});
	PROFILE(last, {{timers, leak}, 22, 0}, {{timers, handler}, 2, 0}, {{timers}, 60, 0},
	        {{timers, alloc, buffer}, 18, 0}, {{"run node:other 7"}, 20, 0});
	const struct profile_path *const profiles[] = {first, last};
	struct explanation explanation;

	explain(profiles, 2, NULL, &explanation);
	ck_assert_uint_eq(explanation.site_count, 2);
	ck_assert_str_eq(explanation.sites[0].function, "leak");
	ck_assert_uint_eq(explanation.sites[0].samples, 80);
	ck_assert_str_eq(explanation.sites[0].stack[0], "leak (/srv/app.js:7)");
	ck_assert(has_note(&explanation, "98 % of the first place was seen in Node.js"));
	ck_assert_str_eq(explanation.sites[1].function, "run");
	explanation_done(&explanation);
}
END_TEST

/* leak.js of Node 10 and 26: two profiles eight seconds apart, 4 KiB between samples. */
START_TEST(test_real_profiles_name_the_leak)
{
	static const char *const versions[] = {"node10", "node26"};
	static const struct explanation_facts facts = {0};
	struct explanation explanation;
	char name[64];
	size_t i, k;

	for (i = 0; i < 2; i++) {
		_cleanup_(call_tree_freep) struct call_tree *tree = call_tree_new(4096);

		for (k = 0; k < 2; k++) {
			_cleanup_(json_deletep) cJSON *profile = NULL;

			(void)snprintf(name, sizeof(name), "leak-%s-%zu.json", versions[i], k);
			profile = profile_read(name);
			ck_assert_int_eq(call_tree_add(tree, profile), 0);
		}
		ck_assert_int_eq(explanation_make(tree, &facts, &explanation), 0);
		ck_assert_uint_ge(explanation.site_count, 1);
		ck_assert_str_eq(explanation.sites[0].script, "/srv/leak.js");
		ck_assert_uint_eq(explanation.sites[0].line, 4);
		explanation_done(&explanation);
	}
}
END_TEST

UNIT_MAIN("explanation", test_what_grows_is_named_not_what_is_large,
          test_internal_frames_are_walked_past, test_few_samples_name_nothing, test_nothing_grew,
          test_what_is_filled_once_is_less_certain, test_the_application_comes_before_node_and_v8,
          test_buffers_are_led_back_to_who_makes_them, test_without_buffers_all_is_shown,
          test_only_the_best_are_kept, test_what_passes_is_told_from_what_stays,
          test_what_is_inlined_into_node_is_charged_to_what_it_called,
          test_real_profiles_name_the_leak)
