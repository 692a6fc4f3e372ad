// SPDX-License-Identifier: MIT
/*
 * Compressed files are told by their content, and never followed.
 */
#include "collectors/gclog/compressed.h"

#include "tests/unit/gclog_fixture.h"

#define GZIP_HEAD "\x1f\x8b\x08\x00\x00\x00"

START_TEST(test_magic_numbers)
{
	static const struct {
		const char *head;
		size_t length;
		bool is_compressed;
	} cases[] = {
	    {GZIP_HEAD, 6, true},
	    {GZIP_HEAD, 3, true},
	    {GZIP_HEAD, 2, false}, /* too short to tell */
	    {"\x28\xb5\x2f\xfd\x04", 5, true},
	    {"\xfd\x37zXZ\x00\x00", 7, true},
	    {"BZh91AY&SY", 10, true},
	    {"BZh is a word", 13, false},
	    {"\x04\x22\x4d\x18", 4, true},
	    {"", 0, false},
	    {"[7:0xa]  1 ms: ", 15, false},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(compressed_is(cases[i].head, cases[i].length) ==
		                  cases[i].is_compressed,
		              "case %zu", i);
}
END_TEST

static void put_compressed(int fd)
{
	ck_assert_int_eq((int)write(fd, GZIP_HEAD, 6), 6);
	put(fd, "\n");
	put_gc(fd, 9); /* so that reading it would be seen */
}

START_TEST(test_compressed_file_that_a_pattern_matches_is_left_alone)
{
	int plain = writer("app.log", O_APPEND);
	int compressed = writer("app.log.1.gz", O_APPEND);
	enum collector_error error;

	put_gc(plain, 1);
	put_compressed(compressed);
	start("app.log*");
	process(7);
	look();
	look();
	check_each_once(1);
	ck_assert_double_eq(counter(FILES, NULL), 1);
	for (error = 0; error < COLLECTOR_ERROR_COUNT; error++)
		ck_assert_uint_eq(test.errors[error], 0);
	(void)close(plain);
	(void)close(compressed);
}
END_TEST

START_TEST(test_file_that_becomes_a_compressed_one_is_let_go)
{
	int fd = writer("app.log.gz", O_APPEND); /* gzip opens it before it writes */

	start("app.log*");
	process(7);
	look();
	put_compressed(fd);
	look();
	ck_assert_uint_eq(test.seen_count, 0);
	ck_assert_double_eq(counter(FILES, NULL), 0);
	(void)close(fd);
}
END_TEST

GCLOG_MAIN("gclog_compressed", test_magic_numbers,
           test_compressed_file_that_a_pattern_matches_is_left_alone,
           test_file_that_becomes_a_compressed_one_is_let_go)
