// SPDX-License-Identifier: MIT
/*
 * Coordinates in paths are relative and in tenths of a pixel, which keeps drawings small.
 */
#include "lib/svg.h"

#include <math.h>

#include "lib/markup.h"

#define COORDINATE_MAX 1e6

/* In tenths, so that sums of differences stay exact. */
static long tenths(double value)
{
	if (!isfinite(value))
		return 0;
	return lround(fmin(fmax(value, -COORDINATE_MAX), COORDINATE_MAX) * 10);
}

static void append_tenths(struct buf *out, long value)
{
	long magnitude = value < 0 ? -value : value;

	if (value < 0)
		buf_append_char(out, '-');
	buf_append_u64(out, (uint64_t)(magnitude / 10));
	if (magnitude % 10 != 0) {
		buf_append_char(out, '.');
		buf_append_u64(out, (uint64_t)(magnitude % 10));
	}
}

static void append_attribute(struct buf *out, const char *name, double value)
{
	buf_printf(out, " %s=\"", name);
	append_tenths(out, tenths(value));
	buf_append_char(out, '"');
}

void svg_begin(struct buf *out, const struct svg_document *document)
{
	buf_append_string(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ");
	append_tenths(out, tenths(document->width));
	buf_append_char(out, ' ');
	append_tenths(out, tenths(document->height));
	buf_append_char(out, '"');
	append_attribute(out, "width", document->width);
	append_attribute(out, "height", document->height);
	buf_append_string(out, " role=\"img\" aria-labelledby=\"title description\">\n"
	                       "<title id=\"title\">");
	markup_append(out, document->title);
	buf_append_string(out, "</title>\n<desc id=\"description\">");
	markup_append(out, document->description);
	buf_printf(out, "</desc>\n<style>\n%s</style>\n", document->style);
}

void svg_begin_inline(struct buf *out, const char *class_name, double width, double height,
                      const char *label)
{
	buf_printf(out, "<svg class=\"%s\" viewBox=\"0 0 ", class_name);
	append_tenths(out, tenths(width));
	buf_append_char(out, ' ');
	append_tenths(out, tenths(height));
	buf_append_string(out, "\" preserveAspectRatio=\"none\"");
	if (label == NULL) {
		buf_append_string(out, " aria-hidden=\"true\">");
		return;
	}
	buf_append_string(out, " role=\"img\" aria-label=\"");
	markup_append(out, label);
	buf_append_string(out, "\">");
}

void svg_end(struct buf *out)
{
	buf_append_string(out, "</svg>\n");
}

void svg_text(struct buf *out, const char *class_name, double x, double y, enum svg_anchor anchor,
              const char *text)
{
	static const char *const anchors[] = {
	    [SVG_START] = "",
	    [SVG_MIDDLE] = " text-anchor=\"middle\"",
	    [SVG_END] = " text-anchor=\"end\"",
	};

	buf_printf(out, "<text class=\"%s\"", class_name);
	append_attribute(out, "x", x);
	append_attribute(out, "y", y);
	buf_printf(out, "%s>", anchors[anchor]);
	markup_append(out, text);
	buf_append_string(out, "</text>\n");
}

void svg_rect(struct buf *out, const char *class_name, const struct svg_box *box)
{
	buf_printf(out, "<rect class=\"%s\"", class_name);
	append_attribute(out, "x", box->x);
	append_attribute(out, "y", box->y);
	append_attribute(out, "width", fmax(box->width, 0));
	append_attribute(out, "height", fmax(box->height, 0));
	buf_append_string(out, "/>\n");
}

struct svg_path svg_path_begin(struct buf *out, const char *class_name)
{
	buf_printf(out, "<path class=\"%s\" d=\"", class_name);
	return (struct svg_path){.out = out};
}

/* Nothing when it is there already. */
static void append_step(struct svg_path *path, char command, double x, double y)
{
	long to_x = tenths(x);
	long to_y = tenths(y);
	long by_x = to_x - tenths(path->x);
	long by_y = to_y - tenths(path->y);

	if (path->has_point && by_x == 0 && by_y == 0)
		return;
	if (path->has_point && command == 'l' && by_x == 0) {
		buf_append_char(path->out, 'v');
		append_tenths(path->out, by_y);
	} else if (path->has_point && command == 'l' && by_y == 0) {
		buf_append_char(path->out, 'h');
		append_tenths(path->out, by_x);
	} else {
		buf_append_char(path->out, command);
		append_tenths(path->out, by_x);
		if (by_y >= 0)
			buf_append_char(path->out, ' ');
		append_tenths(path->out, by_y);
	}
	path->x = (double)to_x / 10;
	path->y = (double)to_y / 10;
	path->has_point = true;
}

void svg_path_move(struct svg_path *path, double x, double y)
{
	append_step(path, 'm', x, y);
}

void svg_path_line(struct svg_path *path, double x, double y)
{
	append_step(path, path->has_point ? 'l' : 'm', x, y);
}

void svg_path_end(struct svg_path *path, bool is_closed)
{
	buf_append_string(path->out, is_closed && path->has_point ? "z\"/>\n" : "\"/>\n");
}
