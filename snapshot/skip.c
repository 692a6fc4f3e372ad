// SPDX-License-Identifier: MIT
/*
 * A stack of bits tells which bracket has to come.
 */
#include "snapshot/skip.h"

#include <string.h>

/* Of numbers and literals; in an array or object also what stands between values. */
static bool is_plain(char c, bool is_inside)
{
	if ((c >= '0' && c <= '9') || (is_inside && (c == ',' || c == ':')))
		return true;
	return c != '\0' && strchr("+-.Eaeflnrstu \n\r\t", c) != NULL;
}

static const char *open_level(struct skip *skip, char bracket)
{
	uint8_t bit = (uint8_t)(1U << (skip->depth % 8));
	uint8_t *level = &skip->levels[skip->depth / 8];

	if (skip->depth == SKIP_DEPTH_MAX)
		return "values are nested too deeply";
	*level = bracket == '{' ? *level | bit : *level & (uint8_t)~bit;
	skip->depth++;
	return NULL;
}

static const char *close_level(struct skip *skip, char bracket)
{
	bool is_object;

	skip->depth--;
	is_object = skip->levels[skip->depth / 8] >> (skip->depth % 8) & 1;
	return is_object == (bracket == '}') ? NULL : "a bracket does not match the one before";
}

/* One byte that is no plain one. */
static const char *take_special(struct skip *skip, char c)
{
	if (c == '"') {
		skip->is_in_string = true;
		skip->quoted = (struct quoted){0};
		return NULL;
	}
	if (c == '{' || c == '[')
		return open_level(skip, c);
	if (skip->depth > 0 && (c == '}' || c == ']'))
		return close_level(skip, c);
	return "a byte that JSON does not allow here";
}

const char *skip_scan(struct skip *skip, const char **at, const char *end, bool *ret_is_end)
{
	const char *problem = NULL;

	while (*at < end && problem == NULL) {
		if (skip->is_in_string) {
			enum quoted_result result = quoted_scan(&skip->quoted, at, end);

			if (result == QUOTED_BAD)
				return "a string holds what JSON does not allow";
			skip->is_in_string = result == QUOTED_MORE;
			*at += result == QUOTED_END;
			continue;
		}
		while (is_plain(**at, skip->depth > 0))
			(*at)++;
		if (*at == end)
			break;
		if (skip->depth == 0 && (**at == ',' || **at == '}')) {
			*ret_is_end = true;
			break;
		}
		problem = take_special(skip, **at);
		*at += problem == NULL;
	}
	return problem;
}
