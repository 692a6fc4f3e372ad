// SPDX-License-Identifier: MIT
/*
 * One row for each format that logrotate is used with: RFC 1952, RFC 8878, the formats of xz, bzip2
 * and lz4.
 */
#include "collectors/gclog/compressed.h"

#include <string.h>

static const struct {
	const char *bytes;
	size_t length;
} magics[] = {
    {"\x1f\x8b\x08", 3},     /* gzip, deflate */
    {"\x28\xb5\x2f\xfd", 4}, /* zstd */
    {"\xfd\x37zXZ\x00", 6},  /* xz */
    {"BZh91AY&SY", 10},      /* bzip2 -9, which is its default */
    {"\x04\x22\x4d\x18", 4}, /* lz4 */
};

bool compressed_is(const char *head, size_t length)
{
	size_t i;

	for (i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (length >= magics[i].length &&
		    memcmp(head, magics[i].bytes, magics[i].length) == 0)
			return true;
	return false;
}
