// SPDX-License-Identifier: MIT
/*
 * Inputs: text as it is, gzip unpacked, what is neither refused with a hint; damage costs no more
 * than what stands behind it.
 */
#include "lib/input.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "tests/unit/unit.h"

#define PACKED_MAX ((size_t)64 * 1024)

DEFINE_CLEANUP(struct input, input_free)

static char path[64];

static void write_input(const void *bytes, size_t length)
{
	int fd;

	(void)snprintf(path, sizeof(path), "/tmp/test-input-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
	ck_assert_int_eq(close(fd), 0);
}

static size_t pack(const void *bytes, size_t length, unsigned char *ret_packed)
{
	z_stream deflater = {0};

	ck_assert_int_eq(deflateInit2(&deflater, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY),
	                 Z_OK);
	deflater.next_in = (unsigned char *)(uintptr_t)bytes;
	deflater.avail_in = (uInt)length;
	deflater.next_out = ret_packed;
	deflater.avail_out = PACKED_MAX;
	ck_assert_int_eq(deflate(&deflater, Z_FINISH), Z_STREAM_END);
	ck_assert_int_eq(deflateEnd(&deflater), Z_OK);
	return PACKED_MAX - deflater.avail_out;
}

/* Reads the input of path in pieces of at most size; returns the last result. */
static int read_all(struct input *input, size_t size, struct buf *ret_text)
{
	char piece[256];
	int length;

	while ((length = input_read(input, piece, size)) > 0) {
		ck_assert_uint_le((size_t)length, size);
		buf_append(ret_text, piece, (size_t)length);
	}
	return length;
}

/* With its text and, when not NULL, its problem, however it is read. */
static void check_input(const void *bytes, size_t length, const char *text, const char *problem)
{
	static const size_t sizes[] = {1, 7, 256};
	size_t i;

	write_input(bytes, length);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		_cleanup_(input_freep) struct input *input = NULL;
		struct buf read = BUF_INIT(PACKED_MAX);
		uint64_t read_bytes, size_bytes;

		ck_assert_int_eq(input_open(path, &input), 0);
		ck_assert_int_eq(read_all(input, sizes[i], &read), 0);
		ck_assert_str_eq(buf_string(&read), text);
		if (problem == NULL)
			ck_assert_ptr_null(input_problem(input));
		else
			ck_assert_ptr_nonnull(strstr(input_problem(input), problem));
		ck_assert_int_eq(input_read(input, path, 0), 0);
		input_progress(input, &read_bytes, &size_bytes);
		ck_assert_uint_eq(size_bytes, length);
		ck_assert_uint_le(read_bytes, size_bytes);
		buf_done(&read);
	}
	(void)unlink(path);
}

START_TEST(test_text_is_read_as_it_is)
{
	check_input("", 0, "", NULL);
	check_input("a", 1, "a", NULL);
	check_input("one\ntwo three four five\n", 24, "one\ntwo three four five\n", NULL);
	check_input("\x1f", 1, "\x1f", NULL);
}
END_TEST

START_TEST(test_gzip_is_unpacked_member_by_member)
{
	unsigned char packed[PACKED_MAX * 2 + 16];
	size_t one = pack("one\ntw", 6, packed);
	size_t two = one + pack("o\n", 2, packed + one);

	check_input(packed, one, "one\ntw", NULL);
	check_input(packed, two, "one\ntwo\n", NULL);
	memset(packed + two, 0, 16);
	check_input(packed, two + 16, "one\ntwo\n", NULL);
	packed[two] = 'x';
	check_input(packed, two + 16, "one\ntwo\n", "behind its end");
}
END_TEST

START_TEST(test_gzip_that_breaks_off_gives_what_it_holds)
{
	unsigned char packed[PACKED_MAX];
	size_t length = pack("one\ntwo\n", 8, packed);

	check_input(packed, length - 4, "one\ntwo\n", "its end is missing");
	check_input(packed, 5, "", "its end is missing");
	length = pack("one\ntwo\n", 8, packed);
	packed[length - 7] ^= 1; /* of the check sum */
	check_input(packed, length, "one\ntwo\n", "damaged");
}
END_TEST

START_TEST(test_a_huge_ratio_needs_no_memory)
{
	enum { ZEROS = 32 * 1024 * 1024 };
	unsigned char packed[PACKED_MAX];
	_cleanup_(freep) char *zeros = calloc(1, ZEROS);
	_cleanup_(input_freep) struct input *input = NULL;
	char piece[4096];
	size_t total = 0;
	int length;

	ck_assert_ptr_nonnull(zeros);
	write_input(packed, pack(zeros, ZEROS, packed));
	ck_assert_int_eq(input_open(path, &input), 0);
	while ((length = input_read(input, piece, sizeof(piece))) > 0)
		total += (size_t)length;
	ck_assert_uint_eq(total, ZEROS);
	(void)unlink(path);
}
END_TEST

START_TEST(test_what_is_no_text_is_refused_with_a_hint)
{
	static const struct {
		const char *bytes;
		size_t length;
		const char *hint;
	} rows[] = {
	    {"BZh91AY", 7, "bzcat"},
	    {"\xfd"
	     "7zXZ\0\0",
	     7, "xzcat"},
	    {"\x28\xb5\x2f\xfd rest", 9, "zstdcat"},
	    {"\x04\x22\x4d\x18 rest", 9, "lz4cat"},
	    {"LPKSHHRH rest", 13, "journalctl"},
	    {"\0\0\0\x2a\x0a\x06stdout\x10", 13, "docker logs"},
	    {"\0\0\0\x2a\x0a\x06stderr\x10", 13, "docker logs"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_(input_freep) struct input *input = NULL;
		char piece[64];

		write_input(rows[i].bytes, rows[i].length);
		ck_assert_int_eq(input_open(path, &input), 0);
		ck_assert_int_eq(input_read(input, piece, sizeof(piece)), -ENOTSUP);
		ck_assert_ptr_nonnull(strstr(input_problem(input), rows[i].hint));
		ck_assert_int_eq(input_read(input, piece, sizeof(piece)), -ENOTSUP);
		(void)unlink(path);
	}
}
END_TEST

START_TEST(test_what_cannot_be_opened_says_why)
{
	struct input *input = NULL;

	ck_assert_int_eq(input_open("/nonexistent/log", &input), -ENOENT);
	ck_assert_int_eq(input_open("/tmp", &input), -EISDIR);
	ck_assert_ptr_null(input);
	ck_assert_ptr_null(input_free(NULL));
}
END_TEST

START_TEST(test_the_standard_input_is_a_dash)
{
	_cleanup_(input_freep) struct input *input = NULL;
	unsigned char packed[PACKED_MAX];
	size_t length = pack("piped\n", 6, packed);
	struct buf read = BUF_INIT(64);
	uint64_t read_bytes, size_bytes;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], packed, length), (ssize_t)length);
	ck_assert_int_eq(close(ends[1]), 0);
	ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(input_open("-", &input), 0);
	ck_assert_int_eq(read_all(input, 256, &read), 0);
	ck_assert_str_eq(buf_string(&read), "piped\n");
	input_progress(input, &read_bytes, &size_bytes);
	ck_assert_uint_eq(read_bytes, length);
	ck_assert_uint_eq(size_bytes, 0);
	buf_done(&read);
}
END_TEST

UNIT_MAIN("input", test_text_is_read_as_it_is, test_gzip_is_unpacked_member_by_member,
          test_gzip_that_breaks_off_gives_what_it_holds, test_a_huge_ratio_needs_no_memory,
          test_what_is_no_text_is_refused_with_a_hint, test_what_cannot_be_opened_says_why,
          test_the_standard_input_is_a_dash)
