// SPDX-License-Identifier: MIT
/*
 * The text formats of Prometheus, written into a buf: 0.0.4 and OpenMetrics 1.0, which differ in
 * what is said about a family, not in its samples. The header of a family comes with its first
 * sample, so that a family without a source leaves no trace. Label values are hostile input (an
 * argv, a file name): whatever they hold, the exposition stays valid.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 * https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_TEXT_H
#define HEAPWATCH_DAEMON_EXPOSITION_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum text_format { TEXT_PROMETHEUS, TEXT_OPENMETRICS, TEXT_FORMAT_COUNT };

const char *text_content_type(enum text_format format);

/* Labels that begin many series, escaped once: `{app="…",slot="…"`, without the closing brace. */
struct text_prefix {
	const char *text; /* borrowed */
	size_t length;    /* 0: none */
};

/* What is said about a family; all borrowed while its samples are written. */
struct text_family {
	const char *name; /* as in 0.0.4: a counter's ends in _total */
	const char *type; /* gauge, counter, histogram */
	const char *unit; /* "" when none; said where the name ends in it, as OpenMetrics demands */
	const char *help;
};

struct text_writer {
	struct buf *out;
	enum text_format format;
	struct text_family family;
	size_t name_length;
	bool has_header; /* of the current family */
	bool has_labels; /* of the current sample */
};

void text_init(struct text_writer *writer, enum text_format format, struct buf *out);
void text_family(struct text_writer *writer, const struct text_family *family);
/* Writes the header now: for a family that is shown without samples. */
void text_header(struct text_writer *writer);
/* After the last sample. */
void text_finish(struct text_writer *writer);

/* One sample: begin, any labels, end. suffix is "" but for histograms ("_bucket", …). */
void text_begin(struct text_writer *writer, const char *suffix, const struct text_prefix *prefix);
void text_label(struct text_writer *writer, const char *name, const char *value);
void text_end(struct text_writer *writer, double value);
void text_end_u64(struct text_writer *writer, uint64_t value);

/*
 * The value between the quotes: backslash, quote and newline escaped, each byte that is not part
 * of valid UTF-8 replaced by U+FFFD. Other control characters are legal and stay.
 */
void text_escape_label(struct buf *out, const char *value);

#endif
