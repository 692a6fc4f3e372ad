// SPDX-License-Identifier: MIT
/*
 * Line splitting with a bounded carry. Whole lines inside a chunk are handed on where they stand;
 * only what crosses the end of a chunk is copied.
 */
#include "collectors/gclog/lines.h"

#include <stdlib.h>
#include <string.h>

#define CARRY_MIN  ((size_t)256)
#define CARRY_IDLE ((size_t)1024) /* a larger empty carry is given back: there may be 5,000 */

static bool carry_reserve(struct lines *lines, size_t length)
{
	size_t capacity = lines->carry_capacity != 0 ? lines->carry_capacity : CARRY_MIN;
	char *carry;

	if (length <= lines->carry_capacity)
		return true;
	while (capacity < length)
		capacity *= 2;
	carry = realloc(lines->carry, capacity);
	if (carry == NULL)
		return false;
	lines->carry = carry;
	lines->carry_capacity = capacity;
	return true;
}

/* Takes a part of an unfinished line, at most LINES_CARRY_MAX - LINES_KEEP_BACK bytes. */
static void carry_part(struct lines *lines, const char *bytes, size_t length, lines_line on_line,
                       void *context)
{
	if (lines->carry_length + length > LINES_CARRY_MAX) {
		size_t ready = lines->carry_length - LINES_KEEP_BACK;

		lines->is_part = true;
		on_line(context, lines->carry, ready);
		lines->is_part = false;
		memmove(lines->carry, lines->carry + ready, LINES_KEEP_BACK);
		lines->carry_length = LINES_KEEP_BACK;
		lines->cut_count++;
	}
	if (!carry_reserve(lines, lines->carry_length + length)) {
		lines->carry_length = 0; /* out of memory: this line is lost, the next is not */
		lines->cut_count++;
		return;
	}
	memcpy(lines->carry + lines->carry_length, bytes, length);
	lines->carry_length += length;
}

static void carry_append(struct lines *lines, const char *bytes, size_t length, lines_line on_line,
                         void *context)
{
	const size_t part_max = LINES_CARRY_MAX - LINES_KEEP_BACK;

	while (length > 0) {
		size_t part = length < part_max ? length : part_max;

		carry_part(lines, bytes, part, on_line, context);
		bytes += part;
		length -= part;
	}
}

static void carry_clear(struct lines *lines)
{
	lines->carry_length = 0;
	if (lines->carry_capacity > CARRY_IDLE)
		lines_done(lines);
}

void lines_feed(struct lines *lines, const char *bytes, size_t length, lines_line on_line,
                void *context)
{
	const char *end = bytes + length;

	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));

		if (newline == NULL) {
			carry_append(lines, bytes, (size_t)(end - bytes), on_line, context);
			return;
		}
		if (lines->carry_length == 0) {
			on_line(context, bytes, (size_t)(newline - bytes));
		} else {
			carry_append(lines, bytes, (size_t)(newline - bytes), on_line, context);
			lines_finish(lines, on_line, context);
		}
		bytes = newline + 1;
	}
}

void lines_finish(struct lines *lines, lines_line on_line, void *context)
{
	if (lines->carry_length > 0)
		on_line(context, lines->carry, lines->carry_length);
	carry_clear(lines);
}

size_t lines_drop(struct lines *lines)
{
	size_t length = lines->carry_length;

	carry_clear(lines);
	return length;
}

void lines_done(struct lines *lines)
{
	free(lines->carry);
	lines->carry = NULL;
	lines->carry_length = 0;
	lines->carry_capacity = 0;
}
