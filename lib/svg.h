// SPDX-License-Identifier: MIT
/*
 * Writes SVG into a buffer: a drawing is self-contained, without script and external asset, and
 * has a title and a description for those who do not see it. Pure. Coordinates are pixels, written
 * with one decimal; what is not finite becomes 0. Text may be any bytes.
 */
#ifndef HEAPWATCH_LIB_SVG_H
#define HEAPWATCH_LIB_SVG_H

#include <stdbool.h>

#include "lib/buf.h"

struct svg_document {
	double width;
	double height;
	const char *title;
	const char *description;
	const char *style; /* CSS of the caller's own, trusted */
};

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

void svg_begin(struct buf *out, const struct svg_document *document);
/*
 * A drawing inside of an HTML page, which stretches to the box that the page's style gives it.
 * label: what it shows, in words; NULL: the page says so beside it.
 */
void svg_begin_inline(struct buf *out, const char *class_name, double width, double height,
                      const char *label);
void svg_end(struct buf *out);

/* The class is the caller's own, trusted. */
void svg_text(struct buf *out, const char *class_name, double x, double y, enum svg_anchor anchor,
              const char *text);

struct svg_box {
	double x;
	double y;
	double width;
	double height;
};

void svg_rect(struct buf *out, const char *class_name, const struct svg_box *box);

/* A path of straight lines; what repeats the point before is left out. */
struct svg_path {
	struct buf *out;
	double x; /* the last point, as written */
	double y;
	bool has_point;
};

struct svg_path svg_path_begin(struct buf *out, const char *class_name);
void svg_path_move(struct svg_path *path, double x, double y);
void svg_path_line(struct svg_path *path, double x, double y);
void svg_path_end(struct svg_path *path, bool is_closed);

#endif
