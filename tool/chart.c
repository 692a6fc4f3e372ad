// SPDX-License-Identifier: MIT
/*
 * Each character is a cell; in Unicode the upper edge of the front is drawn in eighths of one.
 */
#include "tool/chart.h"

#include <math.h>
#include <string.h>

#include "lib/units.h"

#define LABEL_WIDTH 10
#define EIGHTHS     8

struct glyphs {
	const char *front[EIGHTHS + 1]; /* how much of a cell is filled */
	const char *back;
	const char *limit;
	const char *axis;
	const char *tick;
};

static const struct glyphs unicode = {
    .front = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
    .back = "░",
    .limit = "╌",
    .axis = "│",
    .tick = "┤",
};

/* Half a cell is the least that counts. */
static const struct glyphs ascii = {
    .front = {" ", " ", " ", " ", "#", "#", "#", "#", "#"},
    .back = ".",
    .limit = "-",
    .axis = "|",
    .tick = "+",
};

static double top_of(const struct chart *chart)
{
	double top = chart->limit;
	size_t i;

	for (i = 0; i < chart->columns; i++)
		top = fmax(top, fmax(chart->front[i], chart->back[i]));
	return top > 0 ? top : 1;
}

/* How many eighths of the cell in this row, counted from below, a value fills. */
static int eighths(double value, double top, size_t rows, size_t row)
{
	double filled = value / top * (double)rows - (double)row;

	return (int)lround(fmin(fmax(filled, 0), 1) * EIGHTHS);
}

static void append_label(struct buf *out, double bytes)
{
	char text[UNIT_TEXT_SIZE];

	buf_printf(out, "%*s ", LABEL_WIDTH, size_format(text, bytes));
}

static const char *cell(const struct chart *chart, const struct glyphs *glyphs, double top,
                        size_t row, size_t column)
{
	int front = eighths(chart->front[column], top, chart->rows, row);
	int back = eighths(chart->back[column], top, chart->rows, row);

	if (strcmp(glyphs->front[front], " ") != 0)
		return glyphs->front[front];
	if (back >= EIGHTHS / 2)
		return glyphs->back;
	if (chart->limit > 0 &&
	    row == (size_t)fmin(chart->limit / top * (double)chart->rows, (double)chart->rows - 1))
		return glyphs->limit;
	return " ";
}

static void append_row(struct buf *out, const struct chart *chart, double top, size_t row)
{
	const struct glyphs *glyphs = chart->is_utf8 ? &unicode : &ascii;
	bool has_label = row + 1 == chart->rows || row == 0 || row == chart->rows / 2;
	size_t spaces = 0;
	size_t column;

	buf_printf(out, "%*s", (int)chart->indent, "");
	if (has_label)
		append_label(out, row == 0 ? 0 : top * (double)(row + 1) / (double)chart->rows);
	else
		buf_printf(out, "%*s", LABEL_WIDTH + 1, "");
	buf_append_string(out, has_label ? glyphs->tick : glyphs->axis);
	for (column = 0; column < chart->columns; column++) {
		const char *glyph = cell(chart, glyphs, top, row, column);

		if (strcmp(glyph, " ") == 0) {
			spaces++;
			continue;
		}
		buf_printf(out, "%*s%s", (int)spaces, "", glyph);
		spaces = 0;
	}
	buf_append_char(out, '\n');
}

void chart_append(struct buf *out, const struct chart *chart)
{
	double top = top_of(chart);
	size_t ends = strlen(chart->from) + strlen(chart->to);
	size_t row;

	for (row = chart->rows; row-- > 0;)
		append_row(out, chart, top, row);
	buf_printf(out, "%*s%s", (int)(chart->indent + LABEL_WIDTH + 2), "", chart->from);
	buf_printf(out, "%*s%s\n", ends < chart->columns ? (int)(chart->columns - ends) : 1, "",
	           chart->to);
}
