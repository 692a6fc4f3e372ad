// SPDX-License-Identifier: MIT
/* What a process has shown is there again after a restart, and nothing that cannot be right. */
#include "daemon/model/history.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/model/model.h"
#include "lib/clock.h"
#include "lib/pack.h"
#include "tests/unit/unit.h"

#define MB (UINT64_C(1) << 20)

static const struct process_facts facts = {
    .key = {.pid = 10, .start_ticks = 7},
    .start_ns = NS_PER_SECOND,
    .app = "shop",
    .script = "",
    .node_version = "20.20.2",
    .container_id = "",
    .pod_uid = "",
    .container_name = "",
    .unit = "",
    .stdout_path = "",
};

/* Of a leak that was called and not yet revoked. */
static const struct score_memory called = {
    .level = 0.75,
    .high_since_ns = 7 * NS_PER_HOUR,
    .episode_peak_ns = 8 * NS_PER_HOUR,
    .episode_start = 40e6,
    .episode_peak = 90e6,
    .episode_rise_seconds = 1800,
    .episode_signal = 0xa << 3,
};

static struct model *make_model(double time_scale)
{
	const struct model_options options = {
	    .processes_max = 8, .apps_max = 8, .time_scale = time_scale};
	struct model *model = model_new(&options);

	ck_assert_ptr_nonnull(model);
	return model;
}

static void collect(struct model *model, uint64_t isolate, unsigned minute)
{
	const struct gc_event event = {
	    .kind = minute % 2 == 0 ? GC_MARK_COMPACT : GC_SCAVENGE,
	    .isolate = isolate,
	    .uptime_ns = minute * NS_PER_MINUTE,
	    .used_before_bytes = (10 + minute) * MB,
	    .used_after_bytes = (5 + minute) * MB,
	    .committed_after_bytes = 40 * MB,
	    .pause_ns = 3 * NS_PER_MS,
	    .average_mutator_utilization = 0.99,
	    .current_mutator_utilization = (double)NAN,
	};

	model_gc(model, &facts.key, NS_PER_SECOND + minute * NS_PER_MINUTE, &event);
}

static struct model *make_grown_model(void)
{
	struct model *model = make_model(1);
	struct memory_sample memory = {.rss_bytes = 100 * MB, .threads = 11};
	unsigned minute;

	ck_assert_int_eq(model_process_found(model, NS_PER_SECOND, &facts), 0);
	for (minute = 1; minute <= 50; minute++) {
		collect(model, 0xa, minute);
		if (minute % 3 == 0)
			collect(model, 0x7f0000000b00, minute);
		memory.at_ns = NS_PER_SECOND + minute * NS_PER_MINUTE;
		memory.threads = minute < 40 ? 11 : 10; /* the worker ends and comes back */
		model_memory(model, &facts.key, &memory);
	}
	model_find(model, &facts.key)->score_memory = called;
	return model;
}

static void check_same_episode(const struct score_memory *a, const struct score_memory *b)
{
	ck_assert_double_eq(a->level, b->level);
	ck_assert_uint_eq(a->episode_peak_ns, b->episode_peak_ns);
	ck_assert_double_eq(a->episode_start, b->episode_start);
	ck_assert_double_eq(a->episode_peak, b->episode_peak);
	ck_assert_double_eq(a->episode_rise_seconds, b->episode_rise_seconds);
	ck_assert_uint_eq(a->episode_signal, b->episode_signal);
}

static struct buf save(struct model *model)
{
	struct buf out = BUF_INIT(1U << 20);

	model_histories_save(model, &out);
	ck_assert(!buf_failed(&out));
	return out;
}

static void check_same_isolate(const struct isolate *a, const struct isolate *b)
{
	struct series_point points[2][SERIES_POINTS_MAX];
	size_t count = series_points(&a->floor, points[0]);
	size_t i;

	ck_assert_str_eq(a->name, b->name);
	ck_assert_int_eq(a->is_gone, b->is_gone);
	ck_assert_uint_eq(a->live_bytes, b->live_bytes);
	ck_assert_int_eq(a->has_live, b->has_live);
	ck_assert_uint_eq(a->allocated_bytes, b->allocated_bytes);
	ck_assert_double_eq(a->mutator_utilization, b->mutator_utilization);
	ck_assert_uint_eq(a->limit_bytes, b->limit_bytes);
	ck_assert_mem_eq(a->totals, b->totals, sizeof(a->totals));
	ck_assert_mem_eq(a->by_kind, b->by_kind, sizeof(a->by_kind));
	ck_assert_mem_eq(a->events, b->events, sizeof(a->events));
	ck_assert_uint_gt(a->course.count, 0);
	ck_assert_uint_eq(a->course.count, b->course.count);
	ck_assert_mem_eq(a->course.points, b->course.points, sizeof(a->course.points));
	ck_assert_uint_eq(series_points(&b->floor, points[1]), count);
	for (i = 0; i < count; i++) {
		ck_assert_uint_eq(points[0][i].at_ns, points[1][i].at_ns);
		ck_assert_uint_eq(points[0][i].value, points[1][i].value);
	}
}

static void check_same_trail(const struct trail *a, const struct trail *b)
{
	struct trail_point points[2][TRAIL_POINTS_MAX];
	size_t count = trail_points(a, points[0]);
	size_t i;

	ck_assert_uint_gt(count, 0);
	ck_assert_uint_eq(trail_points(b, points[1]), count);
	for (i = 0; i < count; i++) {
		ck_assert_uint_eq(points[0][i].at_ns, points[1][i].at_ns);
		ck_assert_uint_eq(points[0][i].used_bytes, points[1][i].used_bytes);
		ck_assert_uint_eq(points[0][i].pause_ns[1], points[1][i].pause_ns[1]);
	}
}

START_TEST(test_history_is_there_again)
{
	struct model *before = make_grown_model();
	struct model *after = make_model(1);
	struct buf out = save(before);
	const struct process *old = model_find(before, &facts.key);
	const struct process *new;
	size_t i;

	ck_assert_int_eq(model_histories_restore(after, out.data, out.length), 0);
	ck_assert_int_eq(model_process_found(after, 9 * NS_PER_HOUR, &facts), 0);
	new = model_find(after, &facts.key);
	ck_assert_uint_eq(new->isolate_count, 2);
	for (i = 0; i < 2; i++)
		check_same_isolate(old->isolates[i], new->isolates[i]);
	ck_assert_uint_eq(new->first_seen_ns, NS_PER_SECOND);
	check_same_episode(&new->score_memory, &called);
	/* Nobody looked in between: a score that was held begins anew. */
	ck_assert_uint_eq(new->score_memory.high_since_ns, 0);
	check_same_trail(&old->trail, &new->trail);
	ck_assert_uint_eq(new->sources, old->sources);
	ck_assert_uint_eq(new->outside.added_count, old->outside.added_count);
	ck_assert(new->needs_scoring);
	/* and it goes on */
	collect(before, 0xa, 51);
	collect(after, 0xa, 51);
	check_same_isolate(old->isolates[0], new->isolates[0]);
	buf_done(&out);
	(void)model_free(before);
	(void)model_free(after);
}
END_TEST

START_TEST(test_history_is_for_that_process_only)
{
	struct model *before = make_grown_model();
	struct model *after = make_model(1);
	struct buf out = save(before);
	struct process_facts other = facts;

	other.key.start_ticks++; /* the pid was used again */
	ck_assert_int_eq(model_histories_restore(after, out.data, out.length), 0);
	ck_assert_int_eq(model_process_found(after, NS_PER_HOUR, &other), 0);
	ck_assert_uint_eq(model_find(after, &other.key)->isolate_count, 0);
	/* who has not come back within a minute does not get it */
	model_advance(after, NS_PER_HOUR);
	model_advance(after, NS_PER_HOUR + 2 * NS_PER_MINUTE);
	ck_assert_int_eq(model_process_found(after, NS_PER_HOUR, &facts), 0);
	ck_assert_uint_eq(model_find(after, &facts.key)->isolate_count, 0);
	buf_done(&out);
	(void)model_free(before);
	(void)model_free(after);
}
END_TEST

START_TEST(test_history_of_another_time_scale_is_left_out)
{
	struct model *before = make_grown_model();
	struct model *after = make_model(60);
	struct buf out = save(before);

	ck_assert_int_eq(model_histories_restore(after, out.data, out.length), 0);
	ck_assert_int_eq(model_process_found(after, NS_PER_HOUR, &facts), 0);
	ck_assert_uint_eq(model_find(after, &facts.key)->isolate_count, 0);
	buf_done(&out);
	(void)model_free(before);
	(void)model_free(after);
}
END_TEST

START_TEST(test_damage_is_refused_or_left_out)
{
	struct model *before = make_grown_model();
	struct buf out = save(before);
	struct model *after;
	unsigned refused_count = 0;
	size_t i;

	for (i = 0; i < out.length; i += 8) {
		const uint64_t kept = *(uint64_t *)(void *)(out.data + i);
		const uint64_t huge = UINT64_MAX;

		after = make_model(1);
		memcpy(out.data + i, &huge, sizeof(huge));
		if (model_histories_restore(after, out.data, out.length) < 0)
			refused_count++;
		ck_assert_int_eq(model_process_found(after, NS_PER_HOUR, &facts), 0);
		collect(after, 0xa, 51);
		memcpy(out.data + i, &kept, sizeof(kept));
		(void)model_free(after);
	}
	ck_assert_uint_gt(refused_count, 0);
	for (i = 0; i < out.length; i += 101) {
		after = make_model(1);
		ck_assert_int_eq(model_histories_restore(after, out.data, i),
		                 i == 8 ? 0 : -EBADMSG);
		(void)model_free(after);
	}
	buf_done(&out);
	(void)model_free(before);
}
END_TEST

START_TEST(test_the_experience_of_an_app_is_there_again)
{
	struct model *before = make_grown_model();
	struct model *after = make_model(1);
	struct model *later = make_model(1);
	const struct plateau plateau = {.level = 9e7, .age_seconds = 1200, .seen_ns = NS_PER_HOUR};
	struct buf out;
	struct buf again;

	model_find(before, &facts.key)->experience->plateaus[EXPERIENCE_OUTSIDE] = plateau;
	out = save(before);
	ck_assert_int_eq(model_histories_restore(after, out.data, out.length), 0);
	/* what was read is written again, before any process came back */
	buf_init(&again, (size_t)1 << 20);
	model_histories_save(after, &again);
	ck_assert_int_eq(model_histories_restore(later, again.data, again.length), 0);
	ck_assert_int_eq(model_process_found(later, 9 * NS_PER_HOUR, &facts), 0);
	ck_assert_mem_eq(&model_find(later, &facts.key)->experience->plateaus[EXPERIENCE_OUTSIDE],
	                 &plateau, sizeof(plateau));
	buf_done(&again);
	buf_done(&out);
	(void)model_free(before);
	(void)model_free(after);
	(void)model_free(later);
}
END_TEST

UNIT_MAIN("model_history", test_the_experience_of_an_app_is_there_again,
          test_history_is_there_again, test_history_is_for_that_process_only,
          test_history_of_another_time_scale_is_left_out, test_damage_is_refused_or_left_out)
