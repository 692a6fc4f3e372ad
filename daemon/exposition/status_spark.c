// SPDX-License-Identifier: MIT
/*
 * Which memory is the floor of a process, and the small drawings of it and of the score.
 */
#include <math.h>
#include <stdio.h>

#include "daemon/exposition/status_parts.h"
#include "lib/svg.h"
#include "lib/units.h"

#define SPARK_WIDTH  120.0
#define SPARK_HEIGHT 24.0
#define SPARK_MARGIN 2.0
#define BAR_WIDTH    40.0
#define BAR_HEIGHT   6.0
/* A sparkline shows a change of less than this part of the level as flat. */
#define FLAT_RATIO 0.1

/* ---- the floor ---- */

const struct isolate *status_largest_heap(const struct process *process)
{
	const struct isolate *found = NULL;
	size_t i;

	for (i = 0; i < process->isolate_count; i++) {
		const struct isolate *isolate = process->isolates[i];

		if (isolate->has_live && !isolate->is_gone &&
		    (found == NULL || isolate->live_bytes > found->live_bytes))
			found = isolate;
	}
	return found;
}

const struct series *status_floor(const struct process *process, const char **ret_name)
{
	const struct isolate *isolate = status_largest_heap(process);
	enum leak_kind kind = process->verdict.kind;

	if (kind == LEAK_KIND_THREADS) {
		*ret_name = "threads";
		return &process->threads;
	}
	if (isolate == NULL || kind == LEAK_KIND_NATIVE || kind == LEAK_KIND_EXTERNAL ||
	    kind == LEAK_KIND_FRAGMENTATION) {
		*ret_name = isolate == NULL ? "anonymous" : "outside the heap";
		return &process->outside;
	}
	*ret_name = isolate->name;
	return &isolate->floor;
}

bool status_floor_now(const struct series *floor, uint64_t *ret_value)
{
	struct series_point points[SERIES_POINTS_MAX];
	size_t count = series_points(floor, points);

	if (count == 0)
		return false;
	*ret_value = points[count - 1].value;
	return true;
}

/* ---- small drawings ---- */

static double share(double value, double low, double high)
{
	return high > low ? (value - low) / (high - low) : 0.5;
}

static void draw_spark(struct buf *out, const struct series_point *points, size_t count,
                       uint64_t now_ns)
{
	double low = (double)points[0].value;
	double high = low;
	struct svg_path path;
	size_t i;

	for (i = 1; i < count; i++) {
		low = fmin(low, (double)points[i].value);
		high = fmax(high, (double)points[i].value);
	}
	if (high - low < FLAT_RATIO * high)
		low = high * (1 - FLAT_RATIO);
	path = svg_path_begin(out, "line");
	for (i = 0; i < count; i++)
		svg_path_line(&path,
		              SPARK_WIDTH * share((double)points[i].at_ns, (double)points[0].at_ns,
		                                  (double)now_ns),
		              SPARK_HEIGHT - SPARK_MARGIN -
		                  (SPARK_HEIGHT - 2 * SPARK_MARGIN) *
		                      share((double)points[i].value, low, high));
	svg_path_line(&path, SPARK_WIDTH, path.y);
	svg_path_end(&path, false);
}

void status_sparkline(struct buf *out, const struct series *floor, uint64_t now_ns)
{
	struct series_point points[SERIES_POINTS_MAX];
	size_t count = series_points(floor, points);
	char label[128];
	char from[UNIT_TEXT_SIZE];
	char to[UNIT_TEXT_SIZE];

	if (count < 2) {
		buf_append_string(out, "<span class=\"none\">too early</span>");
		return;
	}
	(void)snprintf(label, sizeof(label), "From %s to %s",
	               size_format(from, (double)points[0].value),
	               size_format(to, (double)points[count - 1].value));
	svg_begin_inline(out, "spark", SPARK_WIDTH, SPARK_HEIGHT, label);
	draw_spark(out, points, count, now_ns);
	svg_end(out);
}

void status_score_bar(struct buf *out, const struct process *process)
{
	const struct svg_box whole = {0, 0, BAR_WIDTH, BAR_HEIGHT};
	const struct svg_box part = {0, 0, BAR_WIDTH * fmin(fmax(process->verdict.score, 0), 1),
	                             BAR_HEIGHT};

	svg_begin_inline(out, "bar", BAR_WIDTH, BAR_HEIGHT, NULL);
	svg_rect(out, "whole", &whole);
	svg_rect(out, "part", &part);
	svg_end(out);
}
