// SPDX-License-Identifier: MIT
/*
 * Bounded reads and atomic replacement, on a temporary directory.
 */
#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "tests/unit/unit.h"

static char directory[64];

static void enter_directory(void)
{
	(void)snprintf(directory, sizeof(directory), "/tmp/test-file-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
}

static void leave_directory(void)
{
	(void)unlink("a");
	(void)unlink("a.tmp");
	(void)rmdir("a");
	ck_assert_int_eq(rmdir(directory), 0);
}

START_TEST(test_file_is_read_whole_or_cut)
{
	static const struct {
		size_t size;
		const char *expected;
	} rows[] = {{64, "hello"}, {6, "hello"}, {5, "hell"}, {1, ""}};
	char out[64];
	size_t i, length;

	enter_directory();
	ck_assert_int_eq(file_replace("a", "hello", 5), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(out, '#', sizeof(out));
		ck_assert_int_eq(file_read_text_at(AT_FDCWD, "a", out, rows[i].size, &length), 0);
		ck_assert_str_eq(out, rows[i].expected);
		ck_assert_uint_eq(length, strlen(rows[i].expected));
	}
	ck_assert_int_eq(file_read_text_at(AT_FDCWD, "a", out, 0, &length), -EINVAL);
	leave_directory();
}
END_TEST

START_TEST(test_kept_fd_is_read_from_the_start_each_time)
{
	_cleanup_(closep) int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	char first[512], second[512];
	size_t length;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(file_pread_text(fd, first, sizeof(first), &length), 0);
	ck_assert_int_eq(file_pread_text(fd, second, sizeof(second), &length), 0);
	ck_assert_int_eq(strncmp(first, second, strcspn(first, ")")), 0);
	ck_assert_uint_gt(length, 20);
}
END_TEST

START_TEST(test_what_is_no_file_is_an_error_and_no_hang)
{
	char out[16];
	size_t length = 77;

	enter_directory();
	ck_assert_int_eq(file_read_text_at(AT_FDCWD, "a", out, sizeof(out), &length), -ENOENT);
	ck_assert_int_eq(mkfifo("a", 0600), 0);
	ck_assert_int_eq(file_read_text_at(AT_FDCWD, "a", out, sizeof(out), &length), -ESPIPE);
	ck_assert_int_eq(file_read_text_at(AT_FDCWD, ".", out, sizeof(out), &length), -EISDIR);
	ck_assert_uint_eq(length, 77);
	leave_directory();
}
END_TEST

START_TEST(test_link_is_read_with_a_nul_or_refused)
{
	char out[16];

	enter_directory();
	ck_assert_int_eq(symlink("123456789012345", "a"), 0);
	ck_assert_int_eq(file_read_link_at(AT_FDCWD, "a", out, sizeof(out)), 0);
	ck_assert_str_eq(out, "123456789012345");
	ck_assert_int_eq(file_read_link_at(AT_FDCWD, "a", out, 15), -ENAMETOOLONG);
	ck_assert_int_eq(file_read_link_at(AT_FDCWD, "a", out, 0), -EINVAL);
	ck_assert_int_eq(file_read_link_at(AT_FDCWD, "b", out, sizeof(out)), -ENOENT);
	leave_directory();
}
END_TEST

START_TEST(test_replace_by_relative_and_absolute_path)
{
	char path[128], out[16];
	struct stat status;
	size_t length;

	enter_directory();
	(void)snprintf(path, sizeof(path), "%s/a", directory);
	ck_assert_int_eq(file_replace("a", "one", 3), 0);
	ck_assert_int_eq(file_replace(path, "twotwo", 6), 0);
	ck_assert_int_eq(file_read_text_at(AT_FDCWD, "a", out, sizeof(out), &length), 0);
	ck_assert_str_eq(out, "twotwo");
	ck_assert_int_eq(stat("a", &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0600);
	ck_assert_int_eq(access("a.tmp", F_OK), -1);
	leave_directory();
}
END_TEST

START_TEST(test_failed_replacement_keeps_the_old_and_leaves_nothing)
{
	char path[PATH_MAX + 8];

	enter_directory();
	ck_assert_int_eq(file_replace("no/a", "x", 1), -ENOENT);
	ck_assert_int_eq(mkdir("a", 0700), 0);
	ck_assert_int_eq(file_replace("a", "x", 1), -EISDIR);
	ck_assert_int_eq(access("a.tmp", F_OK), -1);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(file_replace(path, "x", 1), -ENAMETOOLONG);
	leave_directory();
}
END_TEST

START_TEST(test_replacement_that_cannot_be_written_is_removed)
{
	if (access("/dev/full", W_OK) != 0)
		return;
	enter_directory();
	ck_assert_int_eq(symlink("/dev/full", "a.tmp"), 0);
	/* A planted link is not followed. */
	ck_assert_int_eq(file_replace("a", "x", 1), -ELOOP);
	ck_assert_int_eq(access("a", F_OK), -1);
	leave_directory();
}
END_TEST

UNIT_MAIN("file", test_file_is_read_whole_or_cut, test_kept_fd_is_read_from_the_start_each_time,
          test_what_is_no_file_is_an_error_and_no_hang, test_link_is_read_with_a_nul_or_refused,
          test_replace_by_relative_and_absolute_path,
          test_failed_replacement_keeps_the_old_and_leaves_nothing,
          test_replacement_that_cannot_be_written_is_removed)
