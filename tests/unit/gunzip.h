// SPDX-License-Identifier: MIT
/*
 * The inverse of lib/gzip.h, for tests: exactly one member, and nothing after it.
 */
#ifndef HEAPWATCH_TESTS_UNIT_GUNZIP_H
#define HEAPWATCH_TESTS_UNIT_GUNZIP_H

#include <stdint.h>

#include <zlib.h>

#include "lib/buf.h"
#include "tests/unit/unit.h"

static inline void gunzip(const void *bytes, size_t length, struct buf *out)
{
	z_stream stream = {.next_in = (unsigned char *)(uintptr_t)bytes,
	                   .avail_in = (unsigned)length};
	unsigned char piece[4096];
	int result;

	ck_assert_int_eq(inflateInit2(&stream, 15 + 16), Z_OK);
	do {
		stream.next_out = piece;
		stream.avail_out = sizeof(piece);
		result = inflate(&stream, Z_NO_FLUSH);
		ck_assert(result == Z_OK || result == Z_STREAM_END);
		buf_append(out, piece, sizeof(piece) - stream.avail_out);
	} while (result != Z_STREAM_END);
	ck_assert_uint_eq(stream.avail_in, 0);
	ck_assert_int_eq(inflateEnd(&stream), Z_OK);
}

#endif
