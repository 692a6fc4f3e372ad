// SPDX-License-Identifier: MIT
/*
 * From series to samples on the clock of production, with the demands that suit each signal.
 */
#include "daemon/scoring/signals.h"

#include <math.h>
#include <string.h>

#include "daemon/scoring/kinds.h"
#include "daemon/scoring/lives.h"
#include "lib/clock.h"
#include "lib/units.h"

/* Relevance of a rise of the heap: of the level before, of the limit (up to a point), absolute. */
#define HEAP_SIZE_MIN         (1.0 * MIB)
#define HEAP_SIZE_SHARE       0.05
#define HEAP_SIZE_LIMIT_SHARE 0.02
/* Relevance outside: jitter and the allocator's own creep grow with the process. */
#define OUTSIDE_SIZE_MIN         (8.0 * MIB)
#define OUTSIDE_SIZE_ANON_SHARE  0.15
#define OUTSIDE_SIZE_LIMIT_SHARE 0.04
/* No share of a large limit makes a larger rise irrelevant. */
#define SIZE_LIMIT_MAX (16.0 * MIB)
/* What there is to fill outside the heap when no cgroup says so. */
#define OUTSIDE_CAPACITY_HEAPS 1.5
#define OUTSIDE_CAPACITY_MIN   (256.0 * MIB)
#define THREADS_SIZE_MIN       6
#define THREADS_SIZE_SHARE     0.30
/* V8 may hold what it does not use for as long as memory is cheap: alone it is no leak. */
#define UNUSED_SCORE_MAX 0.70
/* … and below this it is not worth a word, nor when what is used rises by this share of it. */
#define UNUSED_SCORE_MIN    0.5
#define UNUSED_OTHERS_SHARE 0.5
/* Floors are exact; what is sampled holds what allocators keep, too, and must rise for longer. */
#define SAMPLED_RISE_FACTOR 1.5
/* V8 gives up at the fourth ineffective full collection in a row. */
#define DYING_IN_A_ROW 4
#define DYING_SCORE    0.9

struct scene {
	const struct process *process;
	uint64_t now_ns;
	double now_seconds; /* age on the clock of production */
	double observed_seconds;
	double time_scale;
};

double production_seconds(const struct process *process, uint64_t at_ns, double time_scale)
{
	return ns_to_seconds(u64_subtract_floor(at_ns, process->start_ns)) * time_scale;
}

static uint64_t rise_ns(const struct process *process, const struct signal *signal,
                        double time_scale)
{
	return process->start_ns +
	       (uint64_t)(signal->judgement.start_seconds / time_scale * (double)NS_PER_SECOND);
}

static void read_series(const struct scene *scene, const struct series *series,
                        struct samples *ret_samples)
{
	struct series_point points[SERIES_POINTS_MAX];
	size_t count = series_points(series, points);
	size_t i;

	for (i = 0; i < count; i++) {
		ret_samples->at_seconds[i] =
		    production_seconds(scene->process, points[i].at_ns, scene->time_scale);
		ret_samples->value[i] = (double)points[i].value;
		ret_samples->work[i] = (double)points[i].work;
		ret_samples->width_seconds[i] =
		    ns_to_seconds(points[i].width_ns) * scene->time_scale;
	}
	ret_samples->count = count;
}

static struct demand new_demand(const struct scene *scene)
{
	return (struct demand){
	    .age_seconds = scene->now_seconds,
	    .observed_seconds = scene->observed_seconds,
	    .rise_factor = 1,
	};
}

/* The other lives first: what this one kept is no excuse for itself. */
static void compare_lives(const struct scene *scene, enum experience_kind kind,
                          const struct samples *samples, struct demand *demand)
{
	struct experience *experience = scene->process->experience;
	struct plateau *known;
	struct plateau seen;

	if (experience == NULL)
		return;
	known = &experience->plateaus[kind];
	demand->known_level =
	    lives_known_level(known, scene->now_seconds, scene->now_ns, scene->time_scale);
	if (!lives_plateau(samples, demand, &seen))
		return;
	seen.seen_ns = scene->now_ns;
	lives_learn(known, &seen, scene->time_scale);
}

static void judge_floor(const struct scene *scene, const struct isolate *isolate,
                        struct signal *ret_signal)
{
	struct demand demand = new_demand(scene);
	struct samples samples;

	*ret_signal = (struct signal){
	    .source = SIGNAL_FLOOR,
	    .isolate = isolate,
	    .is_dying = isolate->ineffective_in_a_row >= DYING_IN_A_ROW,
	    .is_dead = isolate->events[HEAP_EVENT_FATAL_OOM] > 0,
	    .limit_bytes = (double)isolate->limit_bytes,
	    .full_collections = isolate->by_kind[GC_MARK_COMPACT].count,
	};
	demand.size_min = fmax(
	    HEAP_SIZE_MIN, fmin(HEAP_SIZE_LIMIT_SHARE * ret_signal->limit_bytes, SIZE_LIMIT_MAX));
	demand.size_share = HEAP_SIZE_SHARE;
	demand.limit = ret_signal->limit_bytes;
	demand.capacity = ret_signal->limit_bytes;
	read_series(scene, &isolate->floor, &samples);
	compare_lives(scene,
	              strcmp(isolate->name, "main") == 0 ? EXPERIENCE_MAIN_HEAP
	                                                 : EXPERIENCE_OTHER_HEAPS,
	              &samples, &demand);
	terms_judge(&samples, &demand, &ret_signal->judgement);
	if (ret_signal->is_dying || ret_signal->is_dead)
		ret_signal->judgement.score = fmax(ret_signal->judgement.score, DYING_SCORE);
}

static double heap_limit(const struct process *process)
{
	uint64_t limit_bytes = 0;
	size_t i;

	for (i = 0; i < process->isolate_count; i++) {
		if (process->isolates[i]->limit_bytes > limit_bytes)
			limit_bytes = process->isolates[i]->limit_bytes;
	}
	return (double)limit_bytes;
}

/* 0: there is none, or it is that of the host. */
static double container_limit(const struct process *process)
{
	return process->has_detail && process->detail.limit_is_cgroup
	           ? (double)process->detail.limit_bytes
	           : 0;
}

static double outside_capacity(const struct process *process)
{
	double limit = container_limit(process);

	if (limit > 0)
		return limit;
	return fmax(OUTSIDE_CAPACITY_HEAPS * heap_limit(process), OUTSIDE_CAPACITY_MIN);
}

/* What is relevant, and what there is to fill, outside the heaps. */
static struct demand outside_demand(const struct scene *scene)
{
	struct demand demand = new_demand(scene);
	double anonymous = (double)process_rss_anon_bytes(scene->process);

	demand.capacity = outside_capacity(scene->process);
	demand.size_min = fmax(OUTSIDE_SIZE_MIN, OUTSIDE_SIZE_ANON_SHARE * anonymous);
	demand.size_min =
	    fmax(demand.size_min, fmin(OUTSIDE_SIZE_LIMIT_SHARE * demand.capacity, SIZE_LIMIT_MAX));
	/* Page cache does not count: the kernel takes it back. */
	if (container_limit(scene->process) > 0)
		demand.used_share = anonymous / demand.capacity;
	demand.rise_factor = SAMPLED_RISE_FACTOR;
	return demand;
}

static void judge_outside(const struct scene *scene, struct signal *ret_signal)
{
	const struct process *process = scene->process;
	struct demand demand = outside_demand(scene);
	struct samples samples;

	*ret_signal = (struct signal){
	    .source = process->isolate_count > 0 ? SIGNAL_OUTSIDE : SIGNAL_ANONYMOUS,
	};
	read_series(scene, &process->outside, &samples);
	compare_lives(scene, process->isolate_count > 0 ? EXPERIENCE_OUTSIDE : EXPERIENCE_ANONYMOUS,
	              &samples, &demand);
	terms_judge(&samples, &demand, &ret_signal->judgement);
}

static void judge_external(const struct scene *scene, const struct isolate *isolate,
                           struct signal *ret_signal)
{
	struct demand demand = outside_demand(scene);
	struct samples samples;

	*ret_signal = (struct signal){.source = SIGNAL_EXTERNAL, .isolate = isolate};
	read_series(scene, &isolate->external, &samples);
	compare_lives(scene, EXPERIENCE_EXTERNAL, &samples, &demand);
	terms_judge(&samples, &demand, &ret_signal->judgement);
}

static void read_unused(const struct scene *scene, const struct course *course,
                        struct samples *ret_samples)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < course->count; i++) {
		const struct course_point *point = &course->points[i];

		if (course_unused_kib(point) == COURSE_UNKNOWN_KIB)
			continue;
		ret_samples->at_seconds[count] =
		    production_seconds(scene->process, point->at_ns, scene->time_scale);
		ret_samples->value[count] = (double)course_unused_kib(point) * (double)KIB;
		ret_samples->work[count] = (double)point->allocated_bytes;
		ret_samples->width_seconds[count] = 0;
		count++;
	}
	ret_samples->count = count;
}

/* More than it uses: what is less comes and goes with the work. */
static bool is_mostly_unused(const struct isolate *isolate)
{
	const struct course_point *last = course_at(&isolate->course, UINT64_MAX);

	return last != NULL && course_unused_kib(last) != COURSE_UNKNOWN_KIB &&
	       course_unused_kib(last) > last->used_kib;
}

/* A heap that grows is committed in advance: that is no fragmentation. */
static bool is_used_flat(const struct isolate *isolate, const struct signal *unused,
                         uint64_t since_ns)
{
	const struct course_point *first = course_at(&isolate->course, since_ns);
	const struct course_point *last = course_at(&isolate->course, UINT64_MAX);
	double used_rise = ((double)last->used_kib - (double)first->used_kib) * (double)KIB;

	return used_rise < UNUSED_OTHERS_SHARE * unused->judgement.net;
}

static void judge_unused(const struct scene *scene, const struct isolate *isolate,
                         struct signal *ret_signal)
{
	struct demand demand = outside_demand(scene);
	struct samples samples;

	*ret_signal = (struct signal){.source = SIGNAL_UNUSED, .isolate = isolate};
	read_unused(scene, &isolate->course, &samples);
	terms_judge(&samples, &demand, &ret_signal->judgement);
	ret_signal->judgement.score =
	    is_used_flat(isolate, ret_signal,
	                 rise_ns(scene->process, ret_signal, scene->time_scale))
	        ? fmin(ret_signal->judgement.score, UNUSED_SCORE_MAX)
	        : 0;
}

static void judge_threads(const struct scene *scene, struct signal *ret_signal)
{
	struct demand demand = new_demand(scene);
	struct samples samples;

	*ret_signal = (struct signal){.source = SIGNAL_THREADS};
	demand.size_min = THREADS_SIZE_MIN;
	demand.size_share = THREADS_SIZE_SHARE;
	demand.rise_factor = SAMPLED_RISE_FACTOR;
	read_series(scene, &scene->process->threads, &samples);
	compare_lives(scene, EXPERIENCE_THREADS, &samples, &demand);
	terms_judge(&samples, &demand, &ret_signal->judgement);
}

/* Among those that reach an alarm the heap wins, being measured and not a difference. */
static bool is_better(const struct signal *signal, const struct signal *best)
{
	double score = signal->judgement.score;
	double best_score = best->judgement.score;

	if (score < SCORE_ALL_MET || best_score < SCORE_ALL_MET)
		return score > best_score;
	if ((signal->source == SIGNAL_FLOOR) != (best->source == SIGNAL_FLOOR))
		return signal->source == SIGNAL_FLOOR;
	return score > best_score;
}

static void keep_better(const struct signal *signal, struct signal *best, bool *has_best)
{
	if (!*has_best || is_better(signal, best))
		*best = *signal;
	*has_best = true;
}

static void judge_heap(const struct scene *scene, const struct isolate *isolate,
                       struct signal *best, bool *has_best)
{
	struct signal signal;

	judge_floor(scene, isolate, &signal);
	keep_better(&signal, best, has_best);
	if (isolate->external.added_count > 0) {
		judge_external(scene, isolate, &signal);
		keep_better(&signal, best, has_best);
	}
	if (is_mostly_unused(isolate)) {
		judge_unused(scene, isolate, &signal);
		if (signal.judgement.score >= UNUSED_SCORE_MIN)
			keep_better(&signal, best, has_best);
	}
}

uint64_t signals_rise_ns(const struct process *process, const struct signal *signal,
                         const struct scoring_options *options)
{
	return rise_ns(process, signal, options->time_scale);
}

static enum leak_kind kind_of(const struct process *process, const struct signal *signal,
                              const struct scoring_options *options)
{
	const struct rise rise = {
	    .process = process,
	    .since_ns = signals_rise_ns(process, signal, options),
	    .net_bytes = signal->judgement.net,
	};

	switch (signal->source) {
	case SIGNAL_THREADS:
		return LEAK_KIND_THREADS;
	case SIGNAL_EXTERNAL:
		return LEAK_KIND_EXTERNAL;
	case SIGNAL_UNUSED:
		return LEAK_KIND_FRAGMENTATION;
	case SIGNAL_OUTSIDE:
		return kinds_of_outside(&rise);
	case SIGNAL_ANONYMOUS:
		return kinds_of_anonymous(&rise);
	case SIGNAL_FLOOR:
		break;
	}
	return signal->judgement.has_ratios ? kinds_of_heap(&rise, signal->isolate)
	                                    : LEAK_KIND_JS_HEAP;
}

bool signals_judge(const struct process *process, uint64_t now_ns,
                   const struct scoring_options *options, struct signal *ret_best)
{
	uint64_t seen_ns =
	    process->first_seen_ns > process->start_ns ? process->first_seen_ns : process->start_ns;
	const struct scene scene = {
	    .process = process,
	    .now_ns = now_ns,
	    .now_seconds = production_seconds(process, now_ns, options->time_scale),
	    .observed_seconds =
	        ns_to_seconds(u64_subtract_floor(now_ns, seen_ns)) * options->time_scale,
	    .time_scale = options->time_scale,
	};
	struct signal signal;
	bool has_best = false;
	size_t i;

	for (i = 0; i < process->isolate_count; i++) {
		if (process->isolates[i]->is_gone)
			continue;
		judge_heap(&scene, process->isolates[i], ret_best, &has_best);
	}
	if (process->has_memory) {
		judge_outside(&scene, &signal);
		keep_better(&signal, ret_best, &has_best);
		judge_threads(&scene, &signal);
		keep_better(&signal, ret_best, &has_best);
	}
	if (has_best)
		ret_best->kind = kind_of(process, ret_best, options);
	return has_best;
}

uint64_t signals_number(const struct signal *signal)
{
	/* Addresses are aligned: the low bits are free for the source. */
	uint64_t address = signal->isolate != NULL ? signal->isolate->address : 0;

	return address << 3 | signal->source;
}

static const struct series *series_of_isolate(const struct isolate *isolate, uint64_t source)
{
	if (isolate->is_gone)
		return NULL;
	return source == SIGNAL_EXTERNAL ? &isolate->external : &isolate->floor;
}

static const struct series *series_of(const struct process *process, uint64_t number)
{
	size_t i;

	if ((number & 7) == SIGNAL_THREADS)
		return &process->threads;
	if ((number & 7) == SIGNAL_OUTSIDE || (number & 7) == SIGNAL_ANONYMOUS)
		return &process->outside;
	for (i = 0; i < process->isolate_count; i++) {
		const struct isolate *isolate = process->isolates[i];

		if (isolate->address << 3 == (number & ~UINT64_C(7)))
			return series_of_isolate(isolate, number & 7);
	}
	return NULL;
}

bool signals_long_trend(const struct process *process, const struct signal *signal,
                        const struct scoring_options *options, struct trend *ret_trend)
{
	const struct scene scene = {.process = process, .time_scale = options->time_scale};
	struct samples samples;

	if (signal->source == SIGNAL_THREADS)
		return false;
	if (signal->source == SIGNAL_UNUSED)
		read_unused(&scene, &signal->isolate->course, &samples);
	else
		read_series(&scene, series_of(process, signals_number(signal)), &samples);
	return statistics_trend(samples.at_seconds, samples.value, samples.count, TREND_INTERVAL_Z,
	                        ret_trend);
}

bool signals_recent_floor(const struct process *process, uint64_t number, double seconds,
                          uint64_t now_ns, const struct scoring_options *options, double *ret_level)
{
	struct series_point points[SERIES_POINTS_MAX];
	const struct series *series = series_of(process, number);
	uint64_t since_ns =
	    u64_subtract_floor(now_ns, (uint64_t)(seconds / options->time_scale * 1e9));
	size_t count = series != NULL ? series_points(series, points) : 0;
	uint64_t lowest;

	if (count == 0)
		return false;
	lowest = points[--count].value;
	while (count > 0 && points[count - 1].at_ns >= since_ns) {
		count--;
		lowest = points[count].value < lowest ? points[count].value : lowest;
	}
	*ret_level = (double)lowest;
	return true;
}
