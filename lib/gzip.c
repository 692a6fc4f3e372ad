// SPDX-License-Identifier: MIT
/*
 * zlib's deflate behind a gzip header, in pieces: its counters are of 32 bits, ours are not.
 */
#include "lib/gzip.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <zlib.h>

#include "lib/buf.h"

#define GZIP_WINDOW_BITS (15 + 16) /* + 16: a gzip header instead of zlib's */
#define MEMORY_LEVEL     8         /* zlib's default */
#define PIECE_BYTES      ((size_t)64 * 1024)

static void deflate_piece(z_stream *stream, int flush, struct buf *out)
{
	unsigned char bytes[16384];

	do {
		stream->next_out = bytes;
		stream->avail_out = sizeof(bytes);
		(void)deflate(stream, flush); /* only fails when it is misused */
		buf_append(out, bytes, sizeof(bytes) - stream->avail_out);
	} while (stream->avail_out == 0);
}

int gzip_compress(const void *bytes, size_t length, struct buf *out)
{
	z_stream stream = {0};
	size_t piece;

	if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL,
	                 Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	/* zlib does not write to it, but without ZLIB_CONST its member lacks const. */
	stream.next_in = (unsigned char *)(uintptr_t)bytes;
	do {
		piece = length < PIECE_BYTES ? length : PIECE_BYTES;
		length -= piece;
		stream.avail_in = (unsigned)piece;
		deflate_piece(&stream, length == 0 ? Z_FINISH : Z_NO_FLUSH, out);
	} while (length > 0);
	(void)deflateEnd(&stream); /* complains of what was not flushed; all was */
	return buf_failed(out) ? -ENOMEM : 0;
}
