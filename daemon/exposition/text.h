// SPDX-License-Identifier: MIT
/*
 * The text format 0.0.4 of Prometheus, written into a buf: the header of a family comes with its
 * first sample, so that a family without a source leaves no trace. Label values are hostile input
 * (an argv, a file name): whatever they hold, the exposition stays valid.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_TEXT_H
#define HEAPWATCH_DAEMON_EXPOSITION_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* Labels that begin many series, escaped once: `{app="…",slot="…"`, without the closing brace. */
struct text_prefix {
	const char *text; /* borrowed */
	size_t length;    /* 0: none */
};

struct text_writer {
	struct buf *out;
	const char *name;
	const char *type;
	const char *help;
	size_t name_length;
	bool has_header; /* of the current family */
	bool has_labels; /* of the current sample */
};

void text_init(struct text_writer *writer, struct buf *out);
/* Begins a family; name, type and help are borrowed until the next one. */
void text_family(struct text_writer *writer, const char *name, const char *type, const char *help);

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
