// SPDX-License-Identifier: MIT
/* See output.h. */
#include "tool/output.h"

#include <errno.h>

int output_print(struct buf *text, FILE *out)
{
	int r = buf_failed(text) ? -ENOMEM : 0;

	if (r == 0)
		(void)fwrite(buf_string(text), 1, text->length, out);
	buf_done(text);
	return r;
}
