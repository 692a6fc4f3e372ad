// SPDX-License-Identifier: MIT
/*
 * Most strings are plain, so eight bytes are looked at together.
 */
#include "snapshot/quoted.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))
#define HIGH_BITS        EACH_BYTE(0x80)

/* One of the eight bytes may be a quote, a backslash or a control character ("may": a byte behind
 * such a one can be taken for it by the borrow; then the slow way looks). */
static bool has_special(uint64_t bytes)
{
	uint64_t quotes = bytes ^ EACH_BYTE('"');
	uint64_t backslashes = bytes ^ EACH_BYTE('\\');
	uint64_t found = ((quotes - EACH_BYTE(1)) & ~quotes) |
	                 ((backslashes - EACH_BYTE(1)) & ~backslashes) |
	                 ((bytes - EACH_BYTE(0x20)) & ~bytes);

	return (found & HIGH_BITS) != 0;
}

static const char *skip_plain(const char *at, const char *end)
{
	uint64_t bytes;

	while ((size_t)(end - at) >= sizeof(bytes)) {
		memcpy(&bytes, at, sizeof(bytes));
		if (has_special(bytes))
			break;
		at += sizeof(bytes);
	}
	while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
		at++;
	return at;
}

/* False: c may not stand there. */
static bool take_escaped(struct quoted *quoted, char c)
{
	bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');

	if (quoted->digits_due > 0) {
		quoted->digits_due--;
		return is_hex;
	}
	quoted->is_escaped = false;
	if (c == 'u')
		quoted->digits_due = 4;
	return c != '\0' && strchr("\"\\/bfnrtu", c) != NULL;
}

enum quoted_result quoted_scan(struct quoted *quoted, const char **at, const char *end)
{
	const char *here = *at;
	enum quoted_result result = QUOTED_MORE;

	while (here < end && result == QUOTED_MORE) {
		if (quoted->is_escaped || quoted->digits_due > 0) {
			if (take_escaped(quoted, *here))
				here++;
			else
				result = QUOTED_BAD;
			continue;
		}
		here = skip_plain(here, end);
		if (here == end)
			break;
		if (*here == '\\') {
			quoted->is_escaped = true;
			here++;
		} else {
			result = *here == '"' ? QUOTED_END : QUOTED_BAD;
		}
	}
	*at = here;
	return result;
}
