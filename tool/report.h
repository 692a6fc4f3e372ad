// SPDX-License-Identifier: MIT
/*
 * The formats in which analyze answers: for people (report.c, report_heap.c), for programs
 * (report_json.c, the timeline).
 */
#ifndef HEAPWATCH_TOOL_REPORT_H
#define HEAPWATCH_TOOL_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "daemon/model/verdict.h"
#include "lib/buf.h"
#include "tool/notes.h"
#include "tool/reading.h"
#include "tool/replay.h"
#include "tool/terminal.h"

#define REPORT_LEAK_SCORE 0.8

/* What to call an outlook, and how to say it. */
struct outlook_row {
	const char *word;
	const char *headline; /* a sentence */
	enum tone tone;
};

const struct outlook_row *report_outlook(const struct reading *reading);

/* A recording that was played to its end, with a reading of each heap. */
struct report {
	const struct replay *replay;
	struct reading *readings;           /* owned, in the order of first sight */
	const struct reading **worst_first; /* owned */
	size_t count;
};

/* -ENOMEM. */
int report_init(struct report *report, const struct replay *replay, double time_scale)
    __attribute__((warn_unused_result));
void report_done(struct report *report);

/* One line of JSON per evaluation. */
void report_timeline(FILE *out, uint64_t at_ms, const struct verdict *verdict);
/* All return -ENOMEM; what cannot be written shows at fflush(). */
int report_text(FILE *out, const struct report *report, const struct terminal *terminal)
    __attribute__((warn_unused_result));
int report_json(FILE *out, const struct report *report) __attribute__((warn_unused_result));
int report_svg(FILE *out, const struct report *report) __attribute__((warn_unused_result));

/* ---- parts ---- */

/* "pid 7, main" */
void report_identity(struct buf *out, const struct heap_row *row);
/* "+3.2 MiB per second" */
const char *report_growth(char text[NOTE_TEXT_SIZE], double bytes_per_second);
/* When memory runs out by this verdict; "" when it does not. */
const char *report_exhaustion(char text[NOTE_TEXT_SIZE], const struct verdict *verdict);
/* When memory runs out, as far as it can be told; "" when that is no question. */
const char *report_forecast(char text[NOTE_TEXT_SIZE], const struct reading *reading);

void report_heap(struct buf *out, const struct terminal *terminal, const struct reading *reading);
/* One heap in one line. */
void report_heap_line(struct buf *out, const struct terminal *terminal,
                      const struct reading *reading);
/* "Verdict", "Growth" and "Forecast" of anything that has a verdict. */
struct report_verdict {
	const struct verdict *verdict;
	const char *word; /* what it is, in the tone */
	enum tone tone;
	const char *headline;
	const char *forecast; /* "": nothing to say */
	bool has_growth;
	double growth_bytes_per_second;
};
void report_verdict(struct buf *out, const struct terminal *terminal,
                    const struct report_verdict *what);

#endif
