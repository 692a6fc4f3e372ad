// SPDX-License-Identifier: MIT
/*
 * What the reader of the output can show: its width, Unicode, colour; and paragraphs that fit.
 */
#ifndef HEAPWATCH_TOOL_TERMINAL_H
#define HEAPWATCH_TOOL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

struct terminal {
	size_t width; /* columns */
	bool is_tty;
	bool is_utf8; /* as the locale of the environment says */
	bool has_colour;
};

enum tone { TONE_PLAIN, TONE_BOLD, TONE_DIM, TONE_GOOD, TONE_WARNING, TONE_BAD };

/* Of a descriptor and the environment: COLUMNS, LC_ALL, LC_CTYPE, LANG, NO_COLOR, TERM. */
struct terminal terminal_of(int fd);

/* At most that many characters of it, then "..."; blanks for those that may not be shown. */
void terminal_append_clean(struct buf *out, const char *text, size_t maximum);
/* The text, or nothing but the text where there is no colour. */
void terminal_append(struct buf *out, const struct terminal *terminal, enum tone tone,
                     const char *text);
/*
 * The words of text in lines that fit, the first one behind first ("  + "), the others indented as
 * far; blanks for what may not be shown. Ends with a newline.
 */
void terminal_wrap(struct buf *out, const struct terminal *terminal, const char *first,
                   const char *text);
/* Columns that UTF-8 text takes, all characters being one wide. */
size_t terminal_columns(const char *text);

#endif
