// SPDX-License-Identifier: MIT
/*
 * Differences of sums at four points; one table row per sign.
 */
#include "daemon/scoring/effort.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/units.h"

/* Of a third, so that a mean says something. */
#define FULL_MIN  3
#define YOUNG_MIN 3
/* Less is noise of so few collections. */
#define WORSE_FACTOR  1.5
#define STEADY_FACTOR 1.25
/* Pauses below are short whatever they were before. */
#define PAUSE_SECONDS_MIN 0.001
/* Of the time of the program. */
#define UTILIZATION_LOSS 0.10
/* More allocation makes collections more frequent: that is no sign. */
#define ALLOCATION_FACTOR 1.3
#define FIGURE_SIZE       (UNIT_TEXT_SIZE + 24)

static double ratio(double part, double whole)
{
	return whole > 0 ? part / whole : (double)NAN;
}

static struct effort_span span(const struct course_point *from, const struct course_point *to,
                               bool knows_freed)
{
	double seconds = ns_to_seconds(u64_subtract_floor(to->at_ns, from->at_ns));
	uint32_t full = to->full_count - from->full_count;
	uint32_t young = to->young_count - from->young_count;
	uint64_t freed_kib = u64_subtract_floor(to->full_freed_kib, from->full_freed_kib);
	uint64_t before_kib = u64_subtract_floor(to->full_before_kib, from->full_before_kib);
	struct effort_span result = {
	    .freed_share = (double)NAN,
	    .freed_bytes = (double)NAN,
	    .interval_seconds = ratio(seconds, full),
	    .full_pause_seconds = ratio(
	        ns_to_seconds(u64_subtract_floor(to->full_pause_ns, from->full_pause_ns)), full),
	    .young_pause_seconds = (double)NAN,
	    .mutator_utilization = to->mutator_utilization,
	    .allocation = ratio(
	        (double)u64_subtract_floor(to->allocated_bytes, from->allocated_bytes), seconds),
	    .committed_bytes = (double)NAN,
	};

	if (knows_freed) {
		result.freed_share = ratio((double)freed_kib, (double)before_kib);
		result.freed_bytes = ratio((double)freed_kib * (double)KIB, full);
	}
	if (young >= YOUNG_MIN)
		result.young_pause_seconds = ratio(
		    ns_to_seconds(u64_subtract_floor(to->young_pause_ns, from->young_pause_ns)),
		    young);
	if (to->committed_kib != COURSE_UNKNOWN_KIB)
		result.committed_bytes = (double)to->committed_kib * (double)KIB;
	return result;
}

bool effort_compare(const struct isolate *isolate, uint64_t since_ns, struct effort *ret_effort)
{
	const struct course_point *first = course_at(&isolate->course, since_ns);
	const struct course_point *last = course_at(&isolate->course, UINT64_MAX);
	const struct course_point *third[2];
	uint64_t step_ns;
	size_t i;

	memset(ret_effort, 0, sizeof(*ret_effort));
	if (first == NULL)
		return false;
	step_ns = u64_subtract_floor(last->at_ns, first->at_ns) / 3;
	third[0] = course_at(&isolate->course, first->at_ns + step_ns);
	third[1] = course_at(&isolate->course, first->at_ns + 2 * step_ns);
	for (i = 0; i < HEAP_EVENT_COUNT; i++)
		ret_effort->events[i] = (uint16_t)(last->events[i] - first->events[i]);
	ret_effort->full_count = last->full_count - first->full_count;
	if (third[0]->full_count - first->full_count < FULL_MIN ||
	    last->full_count - third[1]->full_count < FULL_MIN)
		return false;
	ret_effort->then = span(first, third[0], isolate_knows_reclaimed(isolate));
	ret_effort->now = span(third[1], last, isolate_knows_reclaimed(isolate));
	return true;
}

/* ---- signs ---- */

/* All false where one of the figures is not known. */

static bool frees_less(const struct effort_span *then, const struct effort_span *now)
{
	return now->freed_share * WORSE_FACTOR < then->freed_share;
}

static bool frees_as_before(const struct effort_span *then, const struct effort_span *now)
{
	return now->freed_bytes > 0 && now->freed_bytes * STEADY_FACTOR >= then->freed_bytes;
}

static bool is_more_frequent(const struct effort_span *then, const struct effort_span *now)
{
	return now->interval_seconds * WORSE_FACTOR < then->interval_seconds &&
	       now->allocation <= then->allocation * ALLOCATION_FACTOR;
}

static bool is_as_frequent(const struct effort_span *then, const struct effort_span *now)
{
	return now->interval_seconds * STEADY_FACTOR >= then->interval_seconds;
}

static bool is_longer(double then, double now)
{
	return now > then * WORSE_FACTOR && now >= PAUSE_SECONDS_MIN;
}

static bool has_longer_full(const struct effort_span *then, const struct effort_span *now)
{
	return is_longer(then->full_pause_seconds, now->full_pause_seconds);
}

static bool has_steady_full(const struct effort_span *then, const struct effort_span *now)
{
	return now->full_pause_seconds <= then->full_pause_seconds * STEADY_FACTOR;
}

static bool has_longer_young(const struct effort_span *then, const struct effort_span *now)
{
	return is_longer(then->young_pause_seconds, now->young_pause_seconds);
}

static bool has_steady_young(const struct effort_span *then, const struct effort_span *now)
{
	return now->young_pause_seconds <= then->young_pause_seconds * STEADY_FACTOR;
}

static bool leaves_less(const struct effort_span *then, const struct effort_span *now)
{
	return now->mutator_utilization < then->mutator_utilization - UTILIZATION_LOSS;
}

static bool has_steady_committed(const struct effort_span *then, const struct effort_span *now)
{
	return now->committed_bytes <= then->committed_bytes * STEADY_FACTOR &&
	       now->committed_bytes * STEADY_FACTOR >= then->committed_bytes;
}

static bool never(const struct effort_span *then, const struct effort_span *now)
{
	(void)then;
	(void)now;
	return false;
}

static void share_figure(char out[FIGURE_SIZE], const struct effort_span *span)
{
	(void)snprintf(out, FIGURE_SIZE, "%.0f %%", 100 * span->freed_share);
}

static void freed_figure(char out[FIGURE_SIZE], const struct effort_span *span)
{
	char text[UNIT_TEXT_SIZE];

	(void)snprintf(out, FIGURE_SIZE, "%s", size_format(text, span->freed_bytes));
}

static void interval_figure(char out[FIGURE_SIZE], const struct effort_span *span)
{
	(void)snprintf(out, FIGURE_SIZE, span->interval_seconds < 10 ? "%.1f s" : "%.0f s",
	               span->interval_seconds);
}

static void milliseconds(char out[FIGURE_SIZE], double seconds)
{
	(void)snprintf(out, FIGURE_SIZE, seconds < 0.01 ? "%.1f ms" : "%.0f ms", 1000 * seconds);
}

static void full_figure(char out[FIGURE_SIZE], const struct effort_span *span)
{
	milliseconds(out, span->full_pause_seconds);
}

static void young_figure(char out[FIGURE_SIZE], const struct effort_span *span)
{
	milliseconds(out, span->young_pause_seconds);
}

static void mutator_figure(char out[FIGURE_SIZE], const struct effort_span *span)
{
	(void)snprintf(out, FIGURE_SIZE, "%.0f %%", 100 * span->mutator_utilization);
}

static void committed_figure(char out[FIGURE_SIZE], const struct effort_span *span)
{
	char text[UNIT_TEXT_SIZE];

	(void)snprintf(out, FIGURE_SIZE, "%s", size_format(text, span->committed_bytes));
}

static const struct sign {
	bool (*is_worse)(const struct effort_span *then, const struct effort_span *now);
	bool (*is_steady)(const struct effort_span *then, const struct effort_span *now);
	void (*figure)(char out[FIGURE_SIZE], const struct effort_span *span);
	const char *before; /* the figure of now, and in parentheses that of then */
	const char *after;
} signs[] = {
    {frees_less, never, share_figure, "full collections free ", " of the heap"},
    {never, frees_as_before, freed_figure, "each full collection frees ", ""},
    {is_more_frequent, is_as_frequent, interval_figure, "full collections come every ", ""},
    {has_longer_full, has_steady_full, full_figure, "full collections take ", ""},
    {has_longer_young, has_steady_young, young_figure, "scavenges take ", ""},
    {leaves_less, never, mutator_figure, "the program has ", " of the time"},
    {never, has_steady_committed, committed_figure, "committed are ", ""},
};

static void append(const struct sign *sign, const struct effort *effort, char *text, size_t size)
{
	size_t length = strlen(text);
	char then[FIGURE_SIZE];
	char now[FIGURE_SIZE];

	sign->figure(then, &effort->then);
	sign->figure(now, &effort->now);
	(void)snprintf(text + length, size - length, "%s%s%s%s (%s)", length > 0 ? ", " : "",
	               sign->before, now, sign->after, then);
}

size_t effort_tell_worse(const struct effort *effort, char *text, size_t size)
{
	size_t count = 0;
	size_t i;

	text[0] = '\0';
	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (!signs[i].is_worse(&effort->then, &effort->now))
			continue;
		append(&signs[i], effort, text, size);
		count++;
	}
	return count;
}

size_t effort_tell_steady(const struct effort *effort, char *text, size_t size)
{
	size_t count = 0;
	size_t i;

	text[0] = '\0';
	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (!signs[i].is_steady(&effort->then, &effort->now))
			continue;
		append(&signs[i], effort, text, size);
		count++;
	}
	return count;
}
