// SPDX-License-Identifier: MIT
/* What was packed comes back; what was damaged does not, and nothing is read beyond it. */
#include "lib/pack.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

#define TITLE "test 1"

static struct buf make_sealed(void)
{
	struct buf out = BUF_INIT(4096);
	const uint64_t values[] = {3, UINT64_MAX};

	seal_begin(&out, TITLE);
	pack_u64(&out, 42);
	pack_string(&out, "a\nb");
	pack_u64s(&out, values, 2);
	pack_double(&out, 0.25);
	pack_bytes(&out, "", 0);
	seal_end(&out);
	ck_assert(!buf_failed(&out));
	return out;
}

START_TEST(test_what_was_packed_comes_back)
{
	struct buf out = make_sealed();
	struct unpack in;
	uint64_t values[2];
	char text[8];
	size_t length = 1;

	ck_assert_int_eq(seal_open(out.data, out.length, TITLE, &in), 0);
	ck_assert_uint_eq(unpack_u64(&in), 42);
	unpack_string(&in, text, sizeof(text));
	ck_assert_str_eq(text, "a\nb");
	unpack_u64s(&in, values, 2);
	ck_assert_uint_eq(values[0], 3);
	ck_assert_uint_eq(values[1], UINT64_MAX);
	ck_assert_double_eq(unpack_double(&in), 0.25);
	(void)unpack_bytes(&in, &length);
	ck_assert_uint_eq(length, 0);
	ck_assert(!in.has_failed);
	ck_assert_ptr_eq(in.at, in.end);
	ck_assert_uint_eq(unpack_u64(&in), 0);
	ck_assert(in.has_failed);
	buf_done(&out);
}
END_TEST

START_TEST(test_damage_is_seen)
{
	struct buf out = make_sealed();
	struct unpack in;
	size_t i;

	for (i = 0; i < out.length; i++) {
		ck_assert_int_eq(seal_open(out.data, i, TITLE, &in), -EBADMSG);
		out.data[i] ^= 4;
		ck_assert_int_eq(seal_open(out.data, out.length, TITLE, &in), -EBADMSG);
		out.data[i] ^= 4;
	}
	ck_assert_int_eq(seal_open(out.data, out.length, "test 2", &in), -EBADMSG);
	ck_assert_int_eq(seal_open(out.data, out.length, TITLE, &in), 0);
	buf_done(&out);
}
END_TEST

START_TEST(test_lengths_are_not_believed)
{
	struct buf out = BUF_INIT(64);
	struct unpack in;
	char text[4];
	size_t length;

	pack_u64(&out, UINT64_MAX);
	in = (struct unpack){out.data, out.data + out.length, false};
	(void)unpack_bytes(&in, &length);
	ck_assert_uint_eq(length, 0);
	ck_assert(in.has_failed);
	buf_clear(&out);
	pack_string(&out, "long");
	pack_bytes(&out, "\0", 1);
	in = (struct unpack){out.data, out.data + out.length, false};
	unpack_string(&in, text, sizeof(text));
	ck_assert_str_eq(text, "");
	ck_assert(in.has_failed);
	buf_done(&out);
}
END_TEST

UNIT_MAIN("pack", test_what_was_packed_comes_back, test_damage_is_seen,
          test_lengths_are_not_believed)
