// SPDX-License-Identifier: MIT
/*
 * What is compressed comes back as it was, whatever its size.
 */
#include "lib/gzip.h"

#include <errno.h>
#include <string.h>

#include "lib/buf.h"
#include "tests/unit/gunzip.h"
#include "tests/unit/unit.h"

#define LARGE_BYTES ((size_t)300 * 1000)

static void fill(char *bytes, size_t length, unsigned step)
{
	size_t i;

	for (i = 0; i < length; i++)
		bytes[i] = (char)(i * i * step >> 7);
}

START_TEST(test_bytes_come_back)
{
	static const size_t lengths[] = {0, 1, 100, 65535, 65536, 65537, LARGE_BYTES};
	static char bytes[LARGE_BYTES];
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct buf packed = BUF_INIT(1U << 20);
		struct buf unpacked = BUF_INIT(1U << 20);

		fill(bytes, lengths[i], (unsigned)i + 1);
		ck_assert_int_eq(gzip_compress(bytes, lengths[i], &packed), 0);
		gunzip(packed.data, packed.length, &unpacked);
		ck_assert_uint_eq(unpacked.length, lengths[i]);
		ck_assert_int_eq(memcmp(buf_string(&unpacked), bytes, lengths[i]), 0);
		buf_done(&packed);
		buf_done(&unpacked);
	}
}
END_TEST

START_TEST(test_text_shrinks)
{
	static char text[LARGE_BYTES];
	struct buf packed = BUF_INIT(1U << 20);

	memset(text, 'a', sizeof(text));
	ck_assert_int_eq(gzip_compress(text, sizeof(text), &packed), 0);
	ck_assert_uint_lt(packed.length, sizeof(text) / 100);
	buf_done(&packed);
}
END_TEST

START_TEST(test_more_than_fits_is_an_error)
{
	static char bytes[LARGE_BYTES];
	struct buf packed = BUF_INIT(1000);

	fill(bytes, sizeof(bytes), 12345);
	ck_assert_int_eq(gzip_compress(bytes, sizeof(bytes), &packed), -ENOMEM);
	buf_done(&packed);
}
END_TEST

UNIT_MAIN("gzip", test_bytes_come_back, test_text_shrinks, test_more_than_fits_is_an_error)
