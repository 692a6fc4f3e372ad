// SPDX-License-Identifier: MIT
/*
 * Drawings stretch to the width of the page, so they hold no text: the labels of axes are HTML
 * beside them. Ticks are evenly spaced, which lets the style place the labels.
 */
#include "daemon/exposition/status_plot.h"

#include <math.h>

#include "lib/axis.h"
#include "lib/clock.h"
#include "lib/svg.h"

#define TICKS_X 5

double plot_x(const struct plot *plot, uint64_t at_ns)
{
	double seconds = ((double)at_ns - (double)plot->begin_ns) / (double)NS_PER_SECOND;

	return PLOT_WIDTH * seconds / (plot->step_seconds * (double)plot->step_count);
}

static double y_of(const struct plot *plot, double value)
{
	return PLOT_HEIGHT * (1 - fmin(value / plot->top, 1));
}

/* The middle of a bucket, which has not ended yet when it is the latest. */
static double middle_of(const struct plot *plot, const struct trail_point *point)
{
	uint64_t end_ns = point->at_ns + point->width_ns;

	if (end_ns > plot->now_ns)
		end_ns = plot->now_ns;
	return (plot_x(plot, point->at_ns) + plot_x(plot, end_ns)) / 2;
}

void plot_set_time(struct plot *plot, uint64_t span_ns)
{
	uint64_t first_ns = plot->count > 0 ? plot->points[0].at_ns : plot->now_ns;
	uint64_t all_ns = u64_subtract_floor(plot->now_ns, first_ns);
	double seconds = fmax(ns_to_seconds(span_ns > 0 ? span_ns : all_ns), 1);

	plot->step_seconds = axis_step_seconds(seconds, TICKS_X);
	plot->step_count = (size_t)ceil(seconds / plot->step_seconds - 1e-9);
	plot->begin_ns = u64_subtract_floor(
	    plot->now_ns,
	    (uint64_t)(plot->step_seconds * (double)plot->step_count * (double)NS_PER_SECOND));
}

void plot_set_values(struct plot *plot, double highest, double step)
{
	plot->step = step;
	plot->value_count = (size_t)fmax(ceil(highest / step - 1e-9), 1);
	plot->top = step * (double)plot->value_count;
}

static void draw_grid(const struct plot *plot)
{
	struct svg_path path = svg_path_begin(plot->out, "grid");
	size_t i;

	for (i = 0; i <= plot->value_count; i++) {
		svg_path_move(&path, 0, y_of(plot, plot->step * (double)i));
		svg_path_line(&path, PLOT_WIDTH, y_of(plot, plot->step * (double)i));
	}
	for (i = 0; i <= plot->step_count; i++) {
		double x = PLOT_WIDTH * (double)i / (double)plot->step_count;

		svg_path_move(&path, x, 0);
		svg_path_line(&path, x, PLOT_HEIGHT);
	}
	svg_path_end(&path, false);
}

static void write_time_labels(const struct plot *plot)
{
	char label[AXIS_LABEL_SIZE];
	size_t i;

	buf_append_string(plot->out, "<ol class=\"x\" aria-hidden=\"true\">");
	for (i = plot->step_count; i > 0; i--)
		buf_printf(plot->out, "<li>&minus;%s</li>",
		           axis_label_seconds(label, plot->step_seconds * (double)i));
	buf_append_string(plot->out, "<li>now</li></ol>\n");
}

double plot_highest(const struct plot *plot, plot_value value)
{
	double found = 0;
	size_t i;

	for (i = 0; i < plot->count; i++)
		found = fmax(found, value(&plot->points[i]));
	return found;
}

/* An area down to the floor of the chart, where a later one covers it, or a line. */
void plot_draw(const struct plot *plot, const char *class_name, plot_value value, bool is_area)
{
	struct svg_path path = svg_path_begin(plot->out, class_name);
	double x = 0;
	size_t i;

	for (i = 0; i < plot->count; i++) {
		double y = y_of(plot, value(&plot->points[i]));

		if (value(&plot->points[i]) <= 0 && !path.has_point)
			continue; /* not known yet */
		x = middle_of(plot, &plot->points[i]);
		if (is_area && !path.has_point)
			svg_path_line(&path, x, PLOT_HEIGHT);
		svg_path_line(&path, x, y);
	}
	if (path.has_point) {
		svg_path_line(&path, PLOT_WIDTH, path.y);
		if (is_area)
			svg_path_line(&path, PLOT_WIDTH, PLOT_HEIGHT);
	}
	svg_path_end(&path, is_area);
}

void plot_draw_bars(const struct plot *plot, const char *class_name, plot_value value)
{
	struct svg_path path = svg_path_begin(plot->out, class_name);
	size_t i;

	for (i = 0; i < plot->count; i++) {
		double x = middle_of(plot, &plot->points[i]);

		if (value(&plot->points[i]) <= 0)
			continue;
		svg_path_move(&path, x, PLOT_HEIGHT);
		svg_path_line(&path, x, y_of(plot, value(&plot->points[i])));
	}
	svg_path_end(&path, false);
}

void plot_draw_series(const struct plot *plot, const char *class_name, const struct series *series)
{
	struct series_point points[SERIES_POINTS_MAX];
	size_t count = series_points(series, points);
	struct svg_path path = svg_path_begin(plot->out, class_name);
	size_t i;

	for (i = 0; i < count; i++)
		svg_path_line(&path, plot_x(plot, points[i].at_ns),
		              y_of(plot, (double)points[i].value));
	if (path.has_point)
		svg_path_line(&path, PLOT_WIDTH, path.y);
	svg_path_end(&path, false);
}

void plot_draw_limit(const struct plot *plot, double limit)
{
	struct svg_path path;

	if (limit <= 0 || limit > plot->top)
		return;
	path = svg_path_begin(plot->out, "limit");
	svg_path_line(&path, 0, y_of(plot, limit));
	svg_path_line(&path, PLOT_WIDTH, y_of(plot, limit));
	svg_path_end(&path, false);
}

/* Opens the drawing with its grid, labels of values beside it. */
void plot_begin(const struct plot *plot, const char *label,
                const char *(*format)(char out[UNIT_TEXT_SIZE], double value))
{
	char text[UNIT_TEXT_SIZE];
	size_t i;

	buf_append_string(plot->out, "<div class=\"plot\"><ol class=\"y\" aria-hidden=\"true\">");
	for (i = plot->value_count; i > 0; i--)
		buf_printf(plot->out, "<li>%s</li>", format(text, plot->step * (double)i));
	buf_append_string(plot->out, "<li>0</li></ol>\n");
	svg_begin_inline(plot->out, "chart", PLOT_WIDTH, PLOT_HEIGHT, label);
	draw_grid(plot);
}

void plot_end(const struct plot *plot)
{
	svg_end(plot->out);
	write_time_labels(plot);
	buf_append_string(plot->out, "</div>\n");
}
