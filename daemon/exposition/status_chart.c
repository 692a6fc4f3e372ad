// SPDX-License-Identifier: MIT
/*
 * The charts of one process, each with its legend and the values of now.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/exposition/status_parts.h"
#include "daemon/exposition/status_plot.h"
#include "lib/axis.h"
#include "lib/clock.h"
#include "lib/svg.h"

#define TICKS_Y 4
/* A limit beyond this times the data would press it to the floor. */
#define LIMIT_RATIO   3.0
#define RIBBON_HEIGHT 10.0

/* ---- ranges ---- */

struct range {
	const char *name;
	uint64_t span_ns; /* 0: all */
};

static const struct range ranges[] = {
    {"15m", 15 * NS_PER_MINUTE}, {"1h", NS_PER_HOUR},    {"6h", 6 * NS_PER_HOUR},
    {"24h", NS_PER_DAY},         {"7d", 7 * NS_PER_DAY}, {"all", 0},
};

#define RANGE_COUNT (sizeof(ranges) / sizeof(ranges[0]))
#define RANGE_ALL   (&ranges[RANGE_COUNT - 1])
#define RANGE_DAY   (&ranges[RANGE_COUNT - 3])

static const struct range *choose_range(const char *name, uint64_t age_ns)
{
	size_t i;

	for (i = 0; name != NULL && i < RANGE_COUNT; i++)
		if (strcmp(ranges[i].name, name) == 0 && ranges[i].span_ns < age_ns)
			return &ranges[i];
	return age_ns > 2 * NS_PER_DAY ? RANGE_DAY : RANGE_ALL;
}

static void write_ranges(struct buf *out, const struct range *chosen, uint64_t age_ns)
{
	size_t i;

	buf_append_string(out, "<nav class=\"ranges\" aria-label=\"Time span of the charts\">");
	for (i = 0; i < RANGE_COUNT; i++)
		if (ranges[i].span_ns < age_ns)
			buf_printf(out, "<a href=\"?range=%s\"%s>%s</a>", ranges[i].name,
			           &ranges[i] == chosen ? " aria-current=\"true\"" : "",
			           ranges[i].name);
	buf_append_string(out, "</nav>\n");
}

/* ---- values of points ---- */

typedef double (*value_of)(const struct trail_point *point);

static double used_of(const struct trail_point *point)
{
	return (double)point->used_bytes;
}

static double committed_of(const struct trail_point *point)
{
	return (double)point->committed_bytes;
}

static double shmem_of(const struct trail_point *point)
{
	return (double)point->shmem_bytes;
}

static double shared_of(const struct trail_point *point)
{
	return (double)(point->shmem_bytes + point->file_bytes);
}

static double resident_of(const struct trail_point *point)
{
	return shared_of(point) + (double)point->anon_bytes;
}

static double young_ms_of(const struct trail_point *point)
{
	return (double)point->pause_ns[GC_GENERATION_YOUNG] / (double)NS_PER_MS;
}

static double full_ms_of(const struct trail_point *point)
{
	return (double)point->pause_ns[GC_GENERATION_FULL] / (double)NS_PER_MS;
}

static double score_of(const struct trail_point *point)
{
	return point->score;
}

/* ---- frames of charts ---- */

static void begin_figure(struct buf *out, const char *title, const char *explanation)
{
	buf_printf(out, "<figure>\n<figcaption><h3>%s</h3><p>%s</p></figcaption>\n", title,
	           explanation);
}

static void write_legend(struct buf *out, const char *class_name, const char *name,
                         const char *value)
{
	buf_printf(out,
	           "<li><span class=\"swatch %s\" aria-hidden=\"true\"></span>%s <b>%s</b></li>\n",
	           class_name, name, value);
}

static void write_legend_size(struct buf *out, const char *class_name, const char *name,
                              double bytes)
{
	char text[UNIT_TEXT_SIZE];

	write_legend(out, class_name, name, size_format(text, bytes));
}

static void end_figure(struct buf *out)
{
	buf_append_string(out, "</figure>\n");
}

static const char *format_ms(char out[UNIT_TEXT_SIZE], double value)
{
	(void)snprintf(out, UNIT_TEXT_SIZE, "%.4g ms", value);
	return out;
}

static const char *format_ratio(char out[UNIT_TEXT_SIZE], double value)
{
	(void)snprintf(out, UNIT_TEXT_SIZE, "%.2g", value);
	return out;
}

static double limit_shown(double limit, double data)
{
	return limit > 0 && limit <= LIMIT_RATIO * data ? limit : 0;
}

/* ---- the heap ---- */

static void write_heap_chart(struct plot *plot)
{
	const struct process *process = plot->process;
	const struct isolate *isolate = status_largest_heap(process);
	const struct isolate *any = isolate != NULL ? isolate : process->isolates[0];
	double most = fmax(plot_highest(plot, committed_of), plot_highest(plot, used_of));
	double limit = limit_shown((double)any->limit_bytes, most);
	struct buf *out = plot->out;

	most = fmax(fmax(most, limit), MIB);
	plot_set_values(plot, most, axis_step_bytes(most, TICKS_Y));
	begin_figure(out, "Heap", "The floor is what survives full collections: a leak lifts it.");
	plot_begin(plot, "Heap over time: committed, used, floor and limit", size_format);
	plot_draw(plot, "committed", committed_of, true);
	plot_draw(plot, "used", used_of, false);
	if (isolate != NULL)
		plot_draw_series(plot, "floor", &isolate->floor);
	plot_draw_limit(plot, limit);
	plot_end(plot);
	buf_append_string(out, "<ul class=\"legend\">\n");
	if (isolate != NULL)
		write_legend_size(out, "floor", "floor", (double)isolate->live_bytes);
	write_legend_size(out, "used", "used", (double)process_used_bytes(process));
	write_legend_size(out, "committed", "committed", (double)process_committed_bytes(process));
	if (any->limit_bytes > 0)
		write_legend_size(out, limit > 0 ? "limit" : "limit away",
		                  limit > 0 ? "limit" : "limit (above the picture)",
		                  (double)any->limit_bytes);
	buf_append_string(out, "</ul>\n");
	end_figure(out);
}

/* ---- resident memory ---- */

static void write_resident_chart(struct plot *plot)
{
	const struct process *process = plot->process;
	double most = plot_highest(plot, resident_of);
	double limit_bytes = process->has_detail ? (double)process->detail.limit_bytes : 0;
	double limit = limit_shown(limit_bytes, most);
	struct buf *out = plot->out;

	most = fmax(fmax(most, limit), MIB);
	plot_set_values(plot, most, axis_step_bytes(most, TICKS_Y));
	begin_figure(out, "Resident memory",
	             "What the kernel counts, by type. A leak of native memory or Buffers is in "
	             "anonymous memory.");
	plot_begin(plot, "Resident memory over time: anonymous, of files, shared", size_format);
	plot_draw(plot, "anon", resident_of, true);
	plot_draw(plot, "file", shared_of, true);
	plot_draw(plot, "shmem", shmem_of, true);
	plot_draw_limit(plot, limit);
	plot_end(plot);
	buf_append_string(out, "<ul class=\"legend\">\n");
	write_legend_size(out, "anon", "anonymous", (double)process_rss_anon_bytes(process));
	write_legend_size(out, "file", "files", (double)process_rss_file_bytes(process));
	write_legend_size(out, "shmem", "shared", (double)process_rss_shmem_bytes(process));
	if (limit_bytes > 0)
		write_legend_size(out, limit > 0 ? "limit" : "limit away",
		                  process->detail.limit_is_cgroup ? "limit" : "the host's",
		                  limit_bytes);
	buf_append_string(out, "</ul>\n");
	end_figure(out);
}

/* ---- pauses ---- */

static void write_pause_chart(struct plot *plot)
{
	double young = plot_highest(plot, young_ms_of);
	double full = plot_highest(plot, full_ms_of);
	double most = fmax(fmax(young, full), 1);
	char text[UNIT_TEXT_SIZE];
	struct buf *out = plot->out;

	plot_set_values(plot, most, axis_step(most, TICKS_Y));
	begin_figure(out, "Longest pauses", "The longest collection of each time span.");
	plot_begin(plot, "Longest pauses over time, of full and young collections", format_ms);
	plot_draw_bars(plot, "full", full_ms_of);
	plot_draw_bars(plot, "young", young_ms_of);
	plot_end(plot);
	buf_append_string(out, "<ul class=\"legend\">\n");
	write_legend(out, "full", "full, at most", format_ms(text, full));
	write_legend(out, "young", "young, at most", format_ms(text, young));
	buf_append_string(out, "</ul>\n");
	end_figure(out);
}

/* ---- score and state ---- */

/* Runs of a state, from the begin of the first bucket to that of the next run. */
static void draw_states(const struct plot *plot)
{
	size_t i = 0;

	svg_begin_inline(plot->out, "ribbon", PLOT_WIDTH, RIBBON_HEIGHT, NULL);
	while (i < plot->count) {
		enum leak_state state = plot->points[i].state;
		double begin = fmax(plot_x(plot, plot->points[i].at_ns), 0);
		double end;
		struct svg_box box;

		while (i < plot->count && plot->points[i].state == state)
			i++;
		end = i < plot->count ? plot_x(plot, plot->points[i].at_ns) : PLOT_WIDTH;
		box = (struct svg_box){begin, 0, end - begin, RIBBON_HEIGHT};
		if (end > 0)
			svg_rect(plot->out, status_tone_class(status_state(state)->tone), &box);
	}
	svg_end(plot->out);
}

/* The states in the order in which they were, each begin with its time. */
static void write_states(const struct plot *plot, const struct status_source *source)
{
	uint64_t start_ns = plot->process->start_ns;
	size_t i;

	buf_append_string(plot->out, "<ul class=\"legend states\">\n");
	for (i = 0; i < plot->count; i++) {
		const struct trail_point *point = &plot->points[i];
		bool is_last = i + 1 == plot->count || plot->points[i + 1].at_ns > plot->begin_ns;

		if (i > 0 && point->state == plot->points[i - 1].state &&
		    (point->at_ns > plot->begin_ns || !is_last))
			continue;
		if (point->at_ns < plot->begin_ns && !is_last)
			continue;
		buf_printf(plot->out, "<li><span class=\"swatch %s\" aria-hidden=\"true\"></span>",
		           status_tone_class(status_state(point->state)->tone));
		/* The first bucket may begin before the process did. */
		status_time(plot->out, source, point->at_ns > start_ns ? point->at_ns : start_ns);
		buf_printf(plot->out, " <b>%s</b></li>\n", leak_state_name(point->state));
	}
	buf_append_string(plot->out, "</ul>\n");
}

static void write_score_chart(struct plot *plot, const struct status_source *source)
{
	struct buf *out = plot->out;

	plot_set_values(plot, 1, 0.25);
	begin_figure(out, "Score and state",
	             "How sure it was that it leaks, and what it was called.");
	plot_begin(plot, "Leak score over time", format_ratio);
	plot_draw(plot, "score", score_of, true);
	plot_end(plot);
	draw_states(plot);
	write_states(plot, source);
	end_figure(out);
}

/* ---- all of them ---- */

void status_charts(struct buf *out, const struct status_source *source,
                   const struct process *process, const char *range_name)
{
	struct trail_point points[TRAIL_POINTS_MAX];
	struct plot plot = {
	    .out = out, .process = process, .points = points, .now_ns = source->now_ns};
	const struct range *range;
	uint64_t age_ns;

	plot.count = trail_points(&process->trail, points);
	if (plot.count == 0)
		return;
	age_ns = u64_subtract_floor(source->now_ns, points[0].at_ns);
	range = choose_range(range_name, age_ns);
	plot_set_time(&plot, range->span_ns);
	buf_append_string(out, "<section>\n<div class=\"tablehead\"><h2>Over time</h2>");
	write_ranges(out, range, age_ns);
	buf_append_string(out, "</div>\n<div class=\"charts\">\n");
	if (process->isolate_count > 0)
		write_heap_chart(&plot);
	if (process->has_memory)
		write_resident_chart(&plot);
	write_score_chart(&plot, source);
	if (process->isolate_count > 0)
		write_pause_chart(&plot);
	buf_append_string(out, "</div>\n</section>\n");
}
