// SPDX-License-Identifier: MIT
/*
 * What a terminal can show, by descriptor and environment; paragraphs that fit.
 */
#include "tool/terminal.h"

#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static void clear_environment(void)
{
	static const char *const names[] = {"COLUMNS", "LC_ALL", "LC_CTYPE", "LANG", "NO_COLOR"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_int_eq(unsetenv(names[i]), 0);
	ck_assert_int_eq(setenv("TERM", "xterm", 1), 0);
}

START_TEST(test_a_file_is_plain)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct terminal terminal;

	clear_environment();
	terminal = terminal_of(fd);
	ck_assert(!terminal.is_tty && !terminal.has_colour && !terminal.is_utf8);
	ck_assert_uint_eq(terminal.width, 80);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(test_a_terminal_has_colour_unless_told_not_to)
{
	const struct winsize size = {.ws_row = 24, .ws_col = 101};
	struct terminal terminal;
	int main_fd;
	int fd;

	clear_environment();
	ck_assert_int_eq(openpty(&main_fd, &fd, NULL, NULL, &size), 0);
	terminal = terminal_of(fd);
	ck_assert(terminal.is_tty && terminal.has_colour);
	ck_assert_uint_eq(terminal.width, 101);
	ck_assert_int_eq(setenv("NO_COLOR", "1", 1), 0);
	ck_assert(!terminal_of(fd).has_colour);
	ck_assert_int_eq(unsetenv("NO_COLOR"), 0);
	ck_assert_int_eq(setenv("TERM", "dumb", 1), 0);
	ck_assert(!terminal_of(fd).has_colour);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(close(main_fd), 0);
}
END_TEST

START_TEST(test_the_locale_decides_on_unicode)
{
	static const struct {
		const char *name;
		const char *value;
		bool is_utf8;
	} rows[] = {
	    {"LANG", "de_DE.UTF-8", true},
	    {"LANG", "C", false},
	    {"LC_CTYPE", "C.utf8", true},
	    {"LC_ALL", "POSIX", false},
	};
	size_t i;

	clear_environment();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(setenv(rows[i].name, rows[i].value, 1), 0);
		ck_assert_int_eq(terminal_of(-1).is_utf8, rows[i].is_utf8);
	}
}
END_TEST

START_TEST(test_columns_are_bounded)
{
	clear_environment();
	ck_assert_int_eq(setenv("COLUMNS", "90", 1), 0);
	ck_assert_uint_eq(terminal_of(-1).width, 90);
	ck_assert_int_eq(setenv("COLUMNS", "7", 1), 0);
	ck_assert_uint_eq(terminal_of(-1).width, 60);
	ck_assert_int_eq(setenv("COLUMNS", "100000", 1), 0);
	ck_assert_uint_eq(terminal_of(-1).width, 120);
	ck_assert_int_eq(setenv("COLUMNS", "many", 1), 0);
	ck_assert_uint_eq(terminal_of(-1).width, 80);
}
END_TEST

START_TEST(test_tones_are_for_colour_only)
{
	const struct terminal plain = {.width = 80};
	const struct terminal colourful = {.width = 80, .has_colour = true};
	struct buf out = BUF_INIT(1024);

	terminal_append(&out, &plain, TONE_BAD, "a");
	terminal_append(&out, &colourful, TONE_PLAIN, "b");
	terminal_append(&out, &colourful, TONE_BAD, "c");
	ck_assert_str_eq(buf_string(&out), "ab\033[1;31mc\033[0m");
	buf_done(&out);
}
END_TEST

START_TEST(test_paragraphs_fit)
{
	const struct terminal terminal = {.width = 12};
	static const struct {
		const char *text;
		const char *expected;
	} rows[] = {
	    {"one two three", "  + one two\n    three\n"},
	    {"eightchr eightchr", "  + eightchr\n    eightchr\n"},
	    {"much-longer-than-a-line a", "  + much-longer-than-a-line\n    a\n"},
	    {"äöüß äöü", "  + äöüß äöü\n"},
	    {"a  b", "  + a b\n"},
	    {"a\033[2J b\xc2\x9b", "  + a [2J b \n"},
	    {"", "  + \n"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = BUF_INIT(1024);

		terminal_wrap(&out, &terminal, "  + ", rows[i].text);
		ck_assert_str_eq(buf_string(&out), rows[i].expected);
		buf_done(&out);
	}
}
END_TEST

START_TEST(test_text_of_others_is_shown_but_does_not_act)
{
	static const struct {
		const char *text;
		const char *expected;
	} rows[] = {
	    {"plain", "plain"},
	    {"caf\xc3\xa9\xe2\x80\xa6", "caf\xc3\xa9\xe2\x80\xa6"},
	    {"\033[2J\n\x7f", " [2J  "},
	    {"\xc2\x9b"
	     "2J",
	     " 2J"},
	    {"a\xe2\x80\xae\xef\xbb\xbf\xffz", "a   z"},
	    {"12345678", "12345678"},
	    {"1234567\xc3\xa9", "1234567\xc3\xa9"},
	    {"1234567\xc3\xa9!", "1234567\xc3\xa9..."},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = BUF_INIT(1024);

		terminal_append_clean(&out, rows[i].text, 8);
		ck_assert_str_eq(buf_string(&out), rows[i].expected);
		buf_done(&out);
	}
}
END_TEST

UNIT_MAIN("terminal", test_a_file_is_plain, test_a_terminal_has_colour_unless_told_not_to,
          test_the_locale_decides_on_unicode, test_columns_are_bounded,
          test_tones_are_for_colour_only, test_paragraphs_fit,
          test_text_of_others_is_shown_but_does_not_act)
