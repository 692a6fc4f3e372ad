// SPDX-License-Identifier: MIT
/*
 * analyze as a drawing: for each of the worst heaps what it held and its pauses over time, good on
 * light and dark ground. What lies closer together than the pixels is drawn by its extremes, so
 * that a drawing stays small whatever the recording.
 */
#include <math.h>
#include <stdlib.h>

#include "lib/axis.h"
#include "lib/clock.h"
#include "lib/svg.h"
#include "lib/units.h"
#include "tool/output.h"
#include "tool/report.h"

#define SVG_MAX ((size_t)4 * MIB)
/* Heaps that are drawn, worst first. */
#define FIGURES_MAX 4

#define WIDTH         960.0
#define HEIGHT_FIGURE 572.0
#define LEFT          88.0
#define RIGHT         20.0
#define PLOT_WIDTH    (WIDTH - LEFT - RIGHT)
#define MEMORY_TOP    104.0
#define MEMORY_HEIGHT 260.0
#define PAUSES_TOP    (MEMORY_TOP + MEMORY_HEIGHT + 40)
#define PAUSES_HEIGHT 90.0
#define TICKS_X       8
#define TICKS_MEMORY  5
#define TICKS_PAUSES  3
/* A limit further away than this times the heap would press the drawing to the floor. */
#define LIMIT_RATIO 2.0
#define HEADROOM    1.05

static const char style[] =
    "svg{--bg:#fff;--fg:#1c2126;--dim:#5f6b76;--grid:#e3e7eb;--heap:#86a9cc;--floor:#1769aa;\n"
    "--room:#8d7730;--limit:#c62828;--young:#6d9f71;--full:#c4721a;--good:#2e7d32;--warn:#a65d00}\n"
    "@media(prefers-color-scheme:dark){svg{--bg:#14181d;--fg:#e4e8ec;--dim:#98a4b0;\n"
    "--grid:#2a3138;--heap:#54789d;--floor:#58a9ee;--room:#b8a766;--limit:#ff6b66;\n"
    "--young:#7fb884;--full:#f0a04b;--good:#7bc67f;--warn:#f0a04b}}\n"
    "text{font:12px system-ui,sans-serif;fill:var(--dim)}\n"
    ".bg{fill:var(--bg)}.title{font-size:18px;font-weight:600;fill:var(--fg)}\n"
    ".word{font-weight:600}.bad{fill:var(--limit)}.warn{fill:var(--warn)}.good{fill:var(--good)}\n"
    ".fact{font-size:13px;fill:var(--fg)}.label{font-size:12px;fill:var(--fg)}\n"
    "path{fill:none;stroke-linejoin:round}.grid{stroke:var(--grid)}\n"
    ".heap{stroke:var(--heap)}.floor{stroke:var(--floor);stroke-width:2}\n"
    ".below{fill:var(--floor);opacity:.18}.room{stroke:var(--room);stroke-dasharray:3 2}\n"
    ".limit{stroke:var(--limit);stroke-dasharray:6 4}\n"
    ".young{stroke:var(--young)}.full{stroke:var(--full);stroke-width:2}\n"
    "rect.heap{fill:var(--heap);stroke:none}rect.floor{fill:var(--floor);stroke:none}\n"
    "rect.room{fill:var(--room);stroke:none}rect.limit{fill:var(--limit);stroke:none}\n"
    "rect.young{fill:var(--young);stroke:none}rect.full{fill:var(--full);stroke:none}\n";

/* A plot: data is drawn into this box, from (0, 0) at its lower left to (span, top). */
struct plot {
	struct buf *out;
	const struct reading *reading;
	double offset; /* of the figure in the drawing, downwards */
	struct svg_box box;
	double span; /* seconds */
	double top;
};

static double plot_x(const struct plot *plot, uint64_t at_ns)
{
	double seconds = ns_to_seconds(u64_subtract_floor(at_ns, plot->reading->begin_ns));

	return plot->box.x + plot->box.width * (plot->span > 0 ? seconds / plot->span : 0.5);
}

static double plot_y(const struct plot *plot, double value)
{
	return plot->box.y + plot->box.height * (1 - fmin(value / plot->top, 1));
}

static struct plot new_plot(struct buf *out, const struct reading *reading, double offset)
{
	return (struct plot){
	    .out = out,
	    .reading = reading,
	    .offset = offset,
	    .box = {LEFT, offset + MEMORY_TOP, PLOT_WIDTH, MEMORY_HEIGHT},
	    .span = reading->seconds,
	};
}

/* ---- axes ---- */

static void draw_level(const struct plot *plot, double value, const char *label)
{
	double y = plot_y(plot, value);
	struct svg_path path = svg_path_begin(plot->out, "grid");

	svg_path_line(&path, plot->box.x, y);
	svg_path_line(&path, plot->box.x + plot->box.width, y);
	svg_path_end(&path, false);
	svg_text(plot->out, "tick", plot->box.x - 8, y + 4, SVG_END, label);
}

static void draw_bytes_axis(const struct plot *plot)
{
	double step = axis_step_bytes(plot->top, TICKS_MEMORY);
	char label[UNIT_TEXT_SIZE];
	size_t i;

	for (i = 0; (double)i * step <= plot->top * (1 + 1e-9); i++)
		draw_level(plot, (double)i * step,
		           i > 0 ? size_format(label, (double)i * step) : "0");
}

static void draw_pause_axis(const struct plot *plot)
{
	double step = axis_step(plot->top, TICKS_PAUSES);
	char label[UNIT_TEXT_SIZE];
	size_t i;

	for (i = 0; (double)i * step <= plot->top * (1 + 1e-9); i++) {
		(void)snprintf(label, sizeof(label), "%.4g ms", (double)i * step);
		draw_level(plot, (double)i * step, i > 0 ? label : "0");
	}
}

static void draw_time_axis(const struct plot *plot)
{
	double step = axis_step_seconds(plot->span, TICKS_X);
	double below = plot->offset + PAUSES_TOP + PAUSES_HEIGHT;
	char label[AXIS_LABEL_SIZE];
	size_t i;

	for (i = 0; (double)i * step <= plot->span * (1 + 1e-9); i++) {
		double seconds = (double)i * step;
		double x = plot->box.x + plot->box.width * seconds / fmax(plot->span, step);
		struct svg_path path = svg_path_begin(plot->out, "grid");

		svg_path_line(&path, x, plot->offset + MEMORY_TOP);
		svg_path_line(&path, x, plot->offset + MEMORY_TOP + MEMORY_HEIGHT);
		svg_path_move(&path, x, plot->offset + PAUSES_TOP);
		svg_path_line(&path, x, below + 4);
		svg_path_end(&path, false);
		svg_text(plot->out, "tick", x, below + 18, SVG_MIDDLE,
		         axis_label_seconds(label, seconds));
	}
	svg_text(plot->out, "label", plot->box.x + plot->box.width / 2, below + 38, SVG_MIDDLE,
	         "time since the heap was first seen");
}

/* ---- memory ---- */

/* From before to after each collection; several in a bucket reach from their highest to lowest. */
static void draw_used(const struct plot *plot)
{
	const struct history *history = &plot->reading->row->history;
	struct svg_path path = svg_path_begin(plot->out, "heap");
	size_t i;

	for (i = 0; i < history_count(history); i++) {
		const struct history_bucket *bucket = history_at(history, i);
		double x = plot_x(plot, bucket->last_ns);

		svg_path_line(&path, x, plot_y(plot, (double)bucket->used_before_max));
		svg_path_line(&path, x, plot_y(plot, (double)bucket->used_after_min));
		svg_path_line(&path, x, plot_y(plot, (double)bucket->used_after_last));
	}
	svg_path_end(&path, false);
}

static void draw_committed(const struct plot *plot)
{
	const struct history *history = &plot->reading->row->history;
	struct svg_path path = svg_path_begin(plot->out, "room");
	size_t i;

	for (i = 0; i < history_count(history); i++) {
		const struct history_bucket *bucket = history_at(history, i);

		if (bucket->committed_max > 0)
			svg_path_line(&path, plot_x(plot, bucket->last_ns),
			              plot_y(plot, (double)bucket->committed_max));
	}
	svg_path_end(&path, false);
}

/* A floor stands until the next one. */
static void draw_floor(const struct plot *plot, const char *class_name, bool is_area)
{
	const struct history *history = &plot->reading->row->history;
	struct svg_path path = svg_path_begin(plot->out, class_name);
	double y = plot_y(plot, 0);
	size_t i;

	for (i = 0; i < history_count(history); i++) {
		const struct history_bucket *bucket = history_at(history, i);
		double x = plot_x(plot, bucket->floor_ns);

		if (bucket->full_count == 0)
			continue;
		if (path.has_point || is_area)
			svg_path_line(&path, x, y);
		y = plot_y(plot, (double)bucket->floor_min);
		svg_path_line(&path, x, y);
	}
	if (path.has_point) {
		double end = plot_x(plot, plot->reading->end_ns);

		svg_path_line(&path, end, y);
		if (is_area)
			svg_path_line(&path, end, plot_y(plot, 0));
	}
	svg_path_end(&path, is_area);
}

static double limit_shown(const struct reading *reading)
{
	double limit = (double)reading->isolate->limit_bytes;
	double most =
	    fmax((double)reading->all.used_before_max, (double)reading->all.committed_max);

	return limit <= LIMIT_RATIO * most ? limit : 0;
}

static void draw_limit(const struct plot *plot)
{
	double limit = limit_shown(plot->reading);
	struct svg_path path;

	if (limit <= 0)
		return;
	path = svg_path_begin(plot->out, "limit");
	svg_path_line(&path, plot->box.x, plot_y(plot, limit));
	svg_path_line(&path, plot->box.x + plot->box.width, plot_y(plot, limit));
	svg_path_end(&path, false);
}

static void draw_memory(const struct plot *plot)
{
	draw_bytes_axis(plot);
	draw_committed(plot);
	draw_floor(plot, "below", true);
	draw_used(plot);
	draw_floor(plot, "floor", false);
	draw_limit(plot);
	svg_text(plot->out, "label", plot->box.x, plot->box.y - 10, SVG_START,
	         "memory of the heap");
}

/* ---- pauses ---- */

static void draw_pauses_of(const struct plot *plot, const char *class_name, bool is_full)
{
	const struct history *history = &plot->reading->row->history;
	struct svg_path path = svg_path_begin(plot->out, class_name);
	size_t i;

	for (i = 0; i < history_count(history); i++) {
		const struct history_bucket *bucket = history_at(history, i);
		uint64_t pause_ns =
		    is_full ? bucket->full_pause_max_ns : bucket->young_pause_max_ns;
		double x = plot_x(plot, bucket->last_ns);

		if (pause_ns == 0)
			continue;
		svg_path_move(&path, x, plot_y(plot, 0));
		svg_path_line(&path, x, plot_y(plot, (double)pause_ns / (double)NS_PER_MS));
	}
	svg_path_end(&path, false);
}

static void draw_pauses(const struct plot *memory)
{
	const struct history_bucket *all = &memory->reading->all;
	uint64_t longest_ns = all->full_pause_max_ns > all->young_pause_max_ns
	                          ? all->full_pause_max_ns
	                          : all->young_pause_max_ns;
	struct plot plot = *memory;

	plot.box.y = plot.offset + PAUSES_TOP;
	plot.box.height = PAUSES_HEIGHT;
	plot.top = fmax((double)longest_ns / (double)NS_PER_MS * HEADROOM, 1e-3);
	draw_pause_axis(&plot);
	draw_pauses_of(&plot, "young", false);
	draw_pauses_of(&plot, "full", true);
	svg_text(plot.out, "label", plot.box.x, plot.box.y - 10, SVG_START, "pauses, the longest");
}

/* ---- words ---- */

static const char *tone_class(enum tone tone)
{
	switch (tone) {
	case TONE_BAD:
		return "title bad";
	case TONE_WARNING:
		return "title warn";
	case TONE_GOOD:
		return "title good";
	case TONE_PLAIN:
	case TONE_BOLD:
	case TONE_DIM:
		break;
	}
	return "title";
}

static void draw_legend(const struct plot *plot)
{
	static const struct {
		const char *class_name;
		const char *text;
		double width;
	} rows[] = {
	    {"floor", "survived full collections", 184},
	    {"heap", "before and after collections", 206},
	    {"room", "committed", 96},
	    {"young", "young pauses", 112},
	    {"full", "full pauses", 100},
	    {"limit", "limit", 60},
	};
	double x = plot->box.x;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct svg_box box = {x, plot->offset + HEIGHT_FIGURE - 21, 14, 4};

		if (rows[i].class_name[0] == 'l' && limit_shown(plot->reading) <= 0)
			continue;
		svg_rect(plot->out, rows[i].class_name, &box);
		svg_text(plot->out, "tick", x + 20, plot->offset + HEIGHT_FIGURE - 15, SVG_START,
		         rows[i].text);
		x += rows[i].width;
	}
}

/* "state leak, score 0.98, confidence 1.00, kind js-heap; +5.0 MiB per minute; memory runs …" */
static void append_facts(struct buf *facts, const struct reading *reading)
{
	const struct verdict *verdict = &reading->verdict;
	char text[NOTE_TEXT_SIZE];
	const char *forecast = report_forecast(text, reading);
	char growth[NOTE_TEXT_SIZE];

	buf_printf(facts, "state %s, score %.2f, confidence %.2f", leak_state_name(verdict->state),
	           verdict->score, verdict->confidence);
	if (verdict->kind != LEAK_KIND_NONE)
		buf_printf(facts, ", kind %s", leak_kind_name(verdict->kind));
	if (reading->has_growth && reading_is_suspicious(reading))
		buf_printf(facts, " · %s", report_growth(growth, reading->growth_bytes_per_second));
	if (isfinite(verdict->exhaustion_p10_seconds) && *forecast != '\0')
		buf_printf(facts, " · %s", forecast);
}

static void append_name(struct buf *name, const struct reading *reading)
{
	report_identity(name, reading->row);
	buf_printf(name, ": %s", report_outlook(reading)->word);
}

static void draw_words(const struct plot *plot)
{
	const struct outlook_row *outlook = report_outlook(plot->reading);
	struct buf text = BUF_INIT(1024);

	append_name(&text, plot->reading);
	svg_text(plot->out, tone_class(outlook->tone), 20, plot->offset + 30, SVG_START,
	         buf_string(&text));
	buf_clear(&text);
	svg_text(plot->out, "fact", 20, plot->offset + 50, SVG_START, outlook->headline);
	append_facts(&text, plot->reading);
	svg_text(plot->out, "tick", 20, plot->offset + 68, SVG_START, buf_string(&text));
	buf_done(&text);
}

static void draw_figure(struct buf *out, const struct reading *reading, double offset)
{
	struct plot plot = new_plot(out, reading, offset);
	double most =
	    fmax((double)reading->all.used_before_max, (double)reading->all.committed_max);

	plot.top = fmax(fmax(most, limit_shown(reading)) * HEADROOM, 1);
	draw_words(&plot);
	if (history_count(&reading->row->history) == 0) {
		svg_text(out, "fact", WIDTH / 2, offset + HEIGHT_FIGURE / 2, SVG_MIDDLE,
		         "Not one collection was written.");
		return;
	}
	draw_time_axis(&plot);
	draw_memory(&plot);
	draw_pauses(&plot);
	draw_legend(&plot);
}

/* ---- the drawing ---- */

static void append_description(struct buf *text, const struct report *report, size_t figures)
{
	size_t i;

	if (figures == 0)
		buf_append_string(text, "The log has no garbage collections.");
	for (i = 0; i < figures; i++) {
		const struct reading *reading = report->worst_first[i];
		char live[UNIT_TEXT_SIZE];

		buf_append_string(text, i > 0 ? " " : "");
		append_name(text, reading);
		buf_printf(text, ". %s ", report_outlook(reading)->headline);
		append_facts(text, reading);
		if (reading->isolate->has_live)
			buf_printf(text, " · %s survived the last full collection",
			           size_format(live, (double)reading->isolate->live_bytes));
		buf_append_char(text, '.');
	}
	if (figures < report->count)
		buf_printf(text, " %zu more heaps are not drawn.", report->count - figures);
}

static void draw(struct buf *out, const struct report *report)
{
	size_t figures = report->count < FIGURES_MAX ? report->count : FIGURES_MAX;
	struct buf description = BUF_INIT(16 * KIB);
	struct svg_document document = {
	    .width = WIDTH,
	    .height = figures > 0 ? HEIGHT_FIGURE * (double)figures : 120,
	    .title = "Garbage collections judged by heapwatch",
	    .style = style,
	};
	const struct svg_box background = {0, 0, document.width, document.height};
	size_t i;

	append_description(&description, report, figures);
	document.description = buf_string(&description);
	svg_begin(out, &document);
	svg_rect(out, "bg", &background);
	if (figures == 0)
		svg_text(out, "fact", 20, 60, SVG_START, document.description);
	for (i = 0; i < figures; i++)
		draw_figure(out, report->worst_first[i], HEIGHT_FIGURE * (double)i);
	svg_end(out);
	buf_done(&description);
}

int report_svg(FILE *out, const struct report *report)
{
	struct buf text = BUF_INIT(SVG_MAX);

	draw(&text, report);
	return output_print(&text, out);
}
