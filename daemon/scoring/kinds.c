// SPDX-License-Identifier: MIT
/* See kinds.h. */
#include "daemon/scoring/kinds.h"

#include <math.h>
#include <stddef.h>

#include "lib/units.h"

/* A part that made so much of a rise names it. */
#define MOST_SHARE 0.5
/*
 * A function that is kept holds more than its code: its closure, source text and feedback are in
 * the old space. Of what `new Function` left, 30 to 50 % were in the spaces of code (Node 16 to
 * 26), of what other leaks left none.
 */
#define CODE_SHARE 0.25

static double gain(const struct part_rise *part)
{
	return part->is_known ? part->to_bytes - part->from_bytes : 0;
}

static bool is_most(const struct part_rise *part, const struct rise *rise)
{
	return gain(part) >= MOST_SHARE * rise->net_bytes;
}

/* ---- of a heap ---- */

static struct part_rise from_kib(uint32_t from, uint32_t to)
{
	return (struct part_rise){
	    .is_known = from != COURSE_UNKNOWN_KIB && to != COURSE_UNKNOWN_KIB,
	    .from_bytes = (double)from * (double)KIB,
	    .to_bytes = (double)to * (double)KIB,
	};
}

struct part_rise kinds_large(const struct rise *rise, const struct isolate *isolate)
{
	const struct course_point *first = course_at(&isolate->course, rise->since_ns);
	const struct course_point *last = course_at(&isolate->course, UINT64_MAX);

	return first != NULL ? from_kib(first->large_kib, last->large_kib)
	                     : (struct part_rise){.is_known = false};
}

struct part_rise kinds_code(const struct rise *rise, const struct isolate *isolate)
{
	const struct course_point *first = course_at(&isolate->course, rise->since_ns);
	const struct course_point *last = course_at(&isolate->course, UINT64_MAX);

	return first != NULL ? from_kib(first->code_kib, last->code_kib)
	                     : (struct part_rise){.is_known = false};
}

enum leak_kind kinds_of_heap(const struct rise *rise, const struct isolate *isolate)
{
	struct part_rise code = kinds_code(rise, isolate);
	struct part_rise large = kinds_large(rise, isolate);

	if (!large.is_known)
		large = kinds_mapped_large(rise);
	if (is_most(&large, rise))
		return LEAK_KIND_LARGE_OBJECT;
	return gain(&code) >= CODE_SHARE * rise->net_bytes ? LEAK_KIND_CODE : LEAK_KIND_JS_HEAP;
}

/* ---- outside ---- */

static void add_external(const struct isolate *isolate, uint64_t since_ns, struct part_rise *sum)
{
	struct series_point points[SERIES_POINTS_MAX];
	size_t count = series_points(&isolate->external, points);
	size_t i = count;

	if (count == 0)
		return;
	while (i > 1 && points[i - 1].at_ns > since_ns)
		i--;
	sum->is_known = true;
	sum->from_bytes += (double)points[i - 1].value;
	sum->to_bytes += (double)points[count - 1].value;
}

struct part_rise kinds_external(const struct rise *rise)
{
	struct part_rise sum = {.is_known = false};
	size_t i;

	for (i = 0; i < rise->process->isolate_count; i++) {
		if (!rise->process->isolates[i]->is_gone)
			add_external(rise->process->isolates[i], rise->since_ns, &sum);
	}
	return sum;
}

static bool has_external_pressure(const struct process *process)
{
	size_t i;

	for (i = 0; i < process->isolate_count; i++) {
		if (process->isolates[i]->has_external_pressure)
			return true;
	}
	return false;
}

enum leak_kind kinds_of_outside(const struct rise *rise)
{
	struct part_rise external = kinds_external(rise);

	if (external.is_known)
		return is_most(&external, rise) ? LEAK_KIND_EXTERNAL : LEAK_KIND_NATIVE;
	return has_external_pressure(rise->process) ? LEAK_KIND_EXTERNAL : LEAK_KIND_NATIVE;
}

/* ---- by the shape of the mappings ---- */

static struct part_rise mapped(const struct rise *rise, double (*kib)(const struct map_point *))
{
	const struct map_point *first = map_course_at(&rise->process->map_course, rise->since_ns);
	const struct map_point *last = map_course_at(&rise->process->map_course, UINT64_MAX);

	if (first == NULL)
		return (struct part_rise){.is_known = false};
	return (struct part_rise){
	    .is_known = true,
	    .from_bytes = kib(first) * (double)KIB,
	    .to_bytes = kib(last) * (double)KIB,
	};
}

static double large_of(const struct map_point *point)
{
	return (double)point->large_kib;
}

static double v8_of(const struct map_point *point)
{
	return (double)point->page_kib + (double)point->large_kib;
}

static double malloc_of(const struct map_point *point)
{
	return (double)point->malloc_kib;
}

struct part_rise kinds_mapped_large(const struct rise *rise)
{
	return mapped(rise, large_of);
}

struct part_rise kinds_mapped_v8(const struct rise *rise)
{
	return mapped(rise, v8_of);
}

struct part_rise kinds_mapped_malloc(const struct rise *rise)
{
	return mapped(rise, malloc_of);
}

enum leak_kind kinds_of_anonymous(const struct rise *rise)
{
	struct part_rise large = kinds_mapped_large(rise);
	struct part_rise v8 = kinds_mapped_v8(rise);
	struct part_rise native = kinds_mapped_malloc(rise);

	if (is_most(&v8, rise) && gain(&v8) >= gain(&native))
		return is_most(&large, rise) ? LEAK_KIND_LARGE_OBJECT : LEAK_KIND_JS_HEAP;
	return is_most(&native, rise) ? LEAK_KIND_NATIVE : LEAK_KIND_UNKNOWN;
}
