// SPDX-License-Identifier: MIT
/*
 * Lines: however a stream is cut into chunks, the lines are the same, and memory stays bounded.
 */
#include "collectors/gclog/lines.h"

#include <string.h>

#include "tests/unit/unit.h"

#define SEEN_SIZE ((size_t)512 * 1024)

struct seen {
	char text[SEEN_SIZE]; /* lines, each followed by '|' */
	size_t length;
	size_t count;
	size_t longest;
};

static struct seen seen;

static void see(void *context, const char *line, size_t length)
{
	struct seen *to = context;

	ck_assert_uint_lt(to->length + length + 1, SEEN_SIZE);
	memcpy(to->text + to->length, line, length);
	to->length += length;
	to->text[to->length++] = '|';
	to->count++;
	if (length > to->longest)
		to->longest = length;
}

static void feed(struct lines *lines, const char *text)
{
	lines_feed(lines, text, strlen(text), see, &seen);
	seen.text[seen.length] = '\0';
}

START_TEST(test_lines_are_the_same_for_every_chunk_size)
{
	static const char text[] = "one\n\ntwo words\r\n\x01\xff\nlast";
	size_t chunk;

	for (chunk = 1; chunk <= sizeof(text); chunk++) {
		struct lines lines = {0};
		size_t at;

		seen = (struct seen){.length = 0};
		for (at = 0; at < sizeof(text) - 1; at += chunk)
			lines_feed(&lines, text + at,
			           at + chunk < sizeof(text) - 1 ? chunk : sizeof(text) - 1 - at,
			           see, &seen);
		lines_finish(&lines, see, &seen);
		seen.text[seen.length] = '\0';
		ck_assert_str_eq(seen.text, "one||two words\r|\x01\xff|last|");
		lines_done(&lines);
	}
}
END_TEST

START_TEST(test_partial_line_waits_for_its_newline)
{
	struct lines lines = {0};

	seen = (struct seen){.length = 0};
	feed(&lines, "begin");
	ck_assert_uint_eq(seen.count, 0);
	ck_assert_uint_eq(lines.carry_length, 5);
	feed(&lines, "ning\nnext");
	ck_assert_str_eq(seen.text, "beginning|");
	ck_assert_uint_eq(lines_drop(&lines), 4);
	lines_finish(&lines, see, &seen);
	ck_assert_uint_eq(seen.count, 1);
	lines_done(&lines);
}
END_TEST

START_TEST(test_endless_line_comes_in_pieces_and_keeps_its_end_whole)
{
	static char chunk[4096];
	struct lines lines = {0};
	size_t fed = 0;

	seen = (struct seen){.length = 0};
	memset(chunk, 'x', sizeof(chunk));
	while (fed < 4 * LINES_CARRY_MAX) {
		lines_feed(&lines, chunk, sizeof(chunk), see, &seen);
		fed += sizeof(chunk);
		ck_assert_uint_le(lines.carry_capacity, LINES_CARRY_MAX);
	}
	feed(&lines, "[1:0xa] 1 ms: ");
	feed(&lines, "Scavenge\n");
	ck_assert_uint_ge(lines.cut_count, 3);
	ck_assert_uint_eq(seen.count, lines.cut_count + 1);
	ck_assert_uint_le(seen.longest, LINES_CARRY_MAX);
	ck_assert_str_eq(seen.text + seen.length - 24, "x[1:0xa] 1 ms: Scavenge|");
	lines_done(&lines);
}
END_TEST

START_TEST(test_large_chunk_without_newline_loses_no_byte)
{
	static char chunk[3 * LINES_CARRY_MAX];
	struct lines lines = {0};

	seen = (struct seen){.length = 0};
	memset(chunk, 'y', sizeof(chunk));
	feed(&lines, "a");
	lines_feed(&lines, chunk, sizeof(chunk), see, &seen);
	lines_finish(&lines, see, &seen);
	ck_assert_uint_eq(seen.length - seen.count, sizeof(chunk) + 1);
	ck_assert_uint_eq(lines.carry_capacity, 0);
}
END_TEST

UNIT_MAIN("gclog_lines", test_lines_are_the_same_for_every_chunk_size,
          test_partial_line_waits_for_its_newline,
          test_endless_line_comes_in_pieces_and_keeps_its_end_whole,
          test_large_chunk_without_newline_loses_no_byte)
