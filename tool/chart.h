// SPDX-License-Identifier: MIT
/*
 * A chart of text: two areas over time, one behind the other, and a line for a limit. Pure.
 */
#ifndef HEAPWATCH_TOOL_CHART_H
#define HEAPWATCH_TOOL_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

#define CHART_COLUMNS_MAX 128

/* Columns from left to right; a value below 0 is none. Bytes. */
struct chart {
	size_t columns; /* at most CHART_COLUMNS_MAX */
	size_t rows;
	double front[CHART_COLUMNS_MAX]; /* solid: the floor */
	double back[CHART_COLUMNS_MAX];  /* shaded: the heap */
	double limit;                    /* 0: none is drawn */
	const char *from;                /* what stands below the left and the right end */
	const char *to;
	size_t indent; /* columns before it */
	bool is_utf8;
};

void chart_append(struct buf *out, const struct chart *chart);

#endif
