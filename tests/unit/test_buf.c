// SPDX-License-Identifier: MIT
/*
 * The growable buffer: contents, its maximum, and errors that stick.
 */
#include "lib/buf.h"

#include <math.h>
#include <string.h>

#include "tests/unit/unit.h"

START_TEST(test_empty_buffer_is_the_empty_string)
{
	struct buf buf = BUF_INIT(16);

	ck_assert_str_eq(buf_string(&buf), "");
	ck_assert(!buf_failed(&buf));
	buf_append(&buf, "", 0);
	ck_assert_str_eq(buf_string(&buf), "");
	buf_done(&buf);
}
END_TEST

START_TEST(test_appends_follow_each_other)
{
	struct buf buf;

	buf_init(&buf, 4096);
	buf_append(&buf, "abc", 2);
	buf_append_char(&buf, ':');
	buf_append_string(&buf, "text ");
	buf_append_u64(&buf, UINT64_MAX);
	buf_append_char(&buf, ' ');
	buf_append_double(&buf, -(double)INFINITY);
	buf_printf(&buf, " %d%s", -7, "!");
	ck_assert_str_eq(buf_string(&buf), "ab:text 18446744073709551615 -Inf -7!");
	ck_assert_uint_eq(buf.length, strlen(buf.data));
	buf_done(&buf);
	ck_assert_ptr_null(buf.data);
	ck_assert_uint_eq(buf.maximum, 4096);
}
END_TEST

START_TEST(test_it_grows_far_beyond_the_first_allocation)
{
	struct buf buf = BUF_INIT(1 << 20);
	size_t i;

	for (i = 0; i < 100000; i++)
		buf_append_char(&buf, (char)('a' + i % 26));
	buf_printf(&buf, "%01000d", 5);
	ck_assert(!buf_failed(&buf));
	ck_assert_uint_eq(buf.length, 101000);
	for (i = 0; i < 100000; i++)
		ck_assert_int_eq(buf.data[i], (char)('a' + i % 26));
	ck_assert_int_eq(buf.data[100999], '5');
	buf_done(&buf);
}
END_TEST

START_TEST(test_maximum_is_reached_but_not_passed)
{
	struct buf buf = BUF_INIT(5);

	buf_append_string(&buf, "12345");
	ck_assert(!buf_failed(&buf));
	ck_assert_str_eq(buf_string(&buf), "12345");
	ck_assert_uint_le(buf.capacity, 6);
	buf_append_char(&buf, '6');
	ck_assert(buf_failed(&buf));
	ck_assert_str_eq(buf_string(&buf), "12345");
	buf_done(&buf);
}
END_TEST

START_TEST(test_error_sticks_until_cleared)
{
	struct buf buf = BUF_INIT(300);

	buf_append_string(&buf, "kept");
	buf_printf(&buf, "%0400d", 1);
	ck_assert(buf_failed(&buf));
	buf_append_char(&buf, 'x');
	ck_assert(buf_failed(&buf));
	ck_assert_str_eq(buf_string(&buf), "kept");
	buf_clear(&buf);
	ck_assert(!buf_failed(&buf));
	ck_assert_str_eq(buf_string(&buf), "");
	buf_append_char(&buf, 'x');
	ck_assert_str_eq(buf_string(&buf), "x");
	buf_done(&buf);
}
END_TEST

START_TEST(test_less_than_before)
{
	struct buf buf = BUF_INIT(5000);

	buf_printf(&buf, "%04000d", 1);
	buf_restart(&buf, 300);
	ck_assert_str_eq(buf_string(&buf), "");
	buf_printf(&buf, "%0200d", 1);
	ck_assert(!buf_failed(&buf));
	buf_append(&buf, "0123456789012345678901234567890123456789", 40);
	buf_append(&buf, "0123456789012345678901234567890123456789", 40);
	ck_assert_uint_eq(buf.length, 280);
	buf_append(&buf, "0123456789012345678901234567890123456789", 40);
	ck_assert(buf_failed(&buf));
	ck_assert_uint_eq(buf.length, 280);
	buf_restart(&buf, 9000);
	buf_printf(&buf, "%08000d", 1);
	ck_assert(!buf_failed(&buf));
	ck_assert_uint_eq(buf.length, 8000);
	buf_done(&buf);
}
END_TEST

UNIT_MAIN("buf", test_empty_buffer_is_the_empty_string, test_appends_follow_each_other,
          test_it_grows_far_beyond_the_first_allocation, test_maximum_is_reached_but_not_passed,
          test_error_sticks_until_cleared, test_less_than_before)
