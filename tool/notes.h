// SPDX-License-Identifier: MIT
/*
 * A short list of sentences that are told together.
 */
#ifndef HEAPWATCH_TOOL_NOTES_H
#define HEAPWATCH_TOOL_NOTES_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#define NOTES_MAX      8
#define NOTE_TEXT_SIZE 320

/* Zero-initialised. */
struct notes {
	size_t count;
	char text[NOTES_MAX][NOTE_TEXT_SIZE];
};

/* What is too much is left out; a text that is too long is cut. */
__attribute__((format(printf, 2, 3))) static inline void notes_add(struct notes *notes,
                                                                   const char *format, ...)
{
	va_list arguments;

	if (notes->count == NOTES_MAX)
		return;
	va_start(arguments, format);
	(void)vsnprintf(notes->text[notes->count++], NOTE_TEXT_SIZE, format, arguments);
	va_end(arguments);
}

#endif
