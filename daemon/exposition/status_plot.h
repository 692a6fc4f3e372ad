// SPDX-License-Identifier: MIT
/*
 * A plot of what a trail holds: axes, lines, areas and bars. For status_chart.c.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_STATUS_PLOT_H
#define HEAPWATCH_DAEMON_EXPOSITION_STATUS_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/model/process.h"
#include "lib/buf.h"
#include "lib/units.h"

/* A drawing's own units: the style stretches it. */
#define PLOT_WIDTH  600.0
#define PLOT_HEIGHT 160.0

struct plot {
	struct buf *out;
	const struct process *process;
	const struct trail_point *points;
	size_t count;
	uint64_t begin_ns;
	uint64_t now_ns;
	double step_seconds; /* of the time axis, which ends now */
	size_t step_count;
	double step; /* of the values, which begin at 0 */
	size_t value_count;
	double top;
};

typedef double (*plot_value)(const struct trail_point *point);

/* span_ns: 0 is all that the points reach back. */
void plot_set_time(struct plot *plot, uint64_t span_ns);
/* So that highest is in it, with ticks at each step. */
void plot_set_values(struct plot *plot, double highest, double step);
double plot_highest(const struct plot *plot, plot_value value);

/* The drawing with its grid and its labels, which format makes of values. */
void plot_begin(const struct plot *plot, const char *label,
                const char *(*format)(char out[UNIT_TEXT_SIZE], double value));
void plot_end(const struct plot *plot);

double plot_x(const struct plot *plot, uint64_t at_ns);
/* A line from the first value on that is not 0, or the area below it. */
void plot_draw(const struct plot *plot, const char *class_name, plot_value value, bool is_area);
void plot_draw_bars(const struct plot *plot, const char *class_name, plot_value value);
void plot_draw_series(const struct plot *plot, const char *class_name, const struct series *series);
/* Nothing where it is 0. */
void plot_draw_limit(const struct plot *plot, double limit);

#endif
