// SPDX-License-Identifier: MIT
/* Mappings by their shape. The rows are as real processes have them. */
#include <errno.h>
#include <string.h>

#include "collectors/proc/maps.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

struct row {
	const char *line;
	uint64_t v8_page_kib;
	uint64_t v8_large_object_kib;
	uint64_t malloc_kib;
};

/* In the order of the file: a stack is told from malloc's by what stands before it. */
static const struct row rows[] = {
    {"00400000-0138a000 r--p 00000000 fe:00 332835                     /usr/bin/node", 0, 0, 0},
    {"06b3e000-06b76000 rw-p 05d3e000 fe:00 332835                     /usr/bin/node", 0, 0, 0},
    {"349ec000-34cda000 rw-p 00000000 00:00 0                          [heap]", 0, 0, 3000},
    {"bc96c0000-bc9700000 rw-p 00000000 00:00 0 ", 256, 0, 0},
    {"b0b44240000-b0b4424c000 rw-p 00000000 00:00 0 ", 48, 0, 0},
    {"281cdac0000-281cdbc1000 rw-p 00000000 00:00 0 ", 0, 1028, 0},
    {"366dac0000-366db00000 r--p 00000000 00:00 0 ", 0, 0, 0},
    {"366db00000-366db40000 rwxp 00000000 00:00 0 ", 0, 0, 0},
    {"3fffc0001000-3fffc0041000 rw-p 00000000 00:00 0 ", 0, 0, 256}, /* not where pages begin */
    {"400000000000-400000040000 rw-p 00000000 00:00 0 ", 0, 0, 256}, /* nor where V8 asks */
    {"7efd30000000-7efd30021000 rw-p 00000000 00:00 0 ", 0, 0, 132}, /* an arena */
    {"7efd30021000-7efd34000000 ---p 00000000 00:00 0 ", 0, 0, 0},
    {"7efd34000000-7efd34021000 rw-p 00000000 00:00 0 ", 0, 0, 132}, /* the next one */
    {"7efd50000000-7efd6fdc0000 rwxp 00000000 00:00 0 ", 0, 0, 0},   /* code range */
    {"7efd7d508000-7efd7d509000 ---p 00000000 00:00 0 ", 0, 0, 0},
    {"7efd7d509000-7efd7dd09000 rw-p 00000000 00:00 0 ", 0, 0, 0}, /* a thread's stack */
    {"7efd80b80000-7efd81b80000 rw-p 00000000 00:00 0 ", 0, 0, 16384},
    {"7efd82000000-7efd82010000 rw-s 00000000 00:10 1724384             anon_inode:[io_uring]", 0,
     0, 0},
    {"7efd82800000-7efd82810000 rw-p 00000000 00:00 0                   [anon: named]", 0, 0, 0},
    {"7ffc8a5c5000-7ffc8a5e7000 rw-p 00000000 00:00 0                   [stack]", 0, 0, 0},
    {"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0           [vsyscall]", 0, 0, 0},
};

START_TEST(test_memory_goes_to_who_mapped_it)
{
	struct maps_reader reader = {.row_count = 0};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct memory_map before = reader.map;

		ck_assert_int_eq(maps_read_line(&reader, rows[i].line, strlen(rows[i].line)), 0);
		ck_assert_msg(
		    reader.map.v8_page_bytes - before.v8_page_bytes == rows[i].v8_page_kib * KIB &&
		        reader.map.v8_large_object_bytes - before.v8_large_object_bytes ==
		            rows[i].v8_large_object_kib * KIB &&
		        reader.map.malloc_bytes - before.malloc_bytes == rows[i].malloc_kib * KIB,
		    "%s", rows[i].line);
	}
	ck_assert_uint_eq(reader.row_count, sizeof(rows) / sizeof(rows[0]));
}
END_TEST

START_TEST(test_damaged_line_is_refused)
{
	static const char *const lines[] = {
	    "",
	    "-",
	    "7efd30000000",
	    "7efd30000000-7efd30021000",
	    "7efd30000000-7efd30021000 rw-p 00000000 00:00",
	    "7efd30000000-7efd30021000 rw-p 00000000 00:00 ",
	    "7efd30000000-7efd30021000 rw-p 00000000 00:00 x",
	    "7efd30000000-7efd30021000 rwp 00000000 00:00 0",
	    "7efd30021000-7efd30000000 rw-p 00000000 00:00 0",
	    "7efd30000000-7efd30000000 rw-p 00000000 00:00 0",
	    "11112222333344445-7efd30021000 rw-p 00000000 00:00 0",
	    "zz-7efd30021000 rw-p 00000000 00:00 0",
	};
	struct maps_reader reader = {.row_count = 0};
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ck_assert_msg(maps_read_line(&reader, lines[i], strlen(lines[i])) == -EBADMSG, "%s",
		              lines[i]);
	ck_assert_uint_eq(reader.row_count, 0);
	ck_assert_uint_eq(reader.map.malloc_bytes, 0);
}
END_TEST

START_TEST(test_rows_are_bounded)
{
	static const char line[] = "bc96c0000-bc9700000 rw-p 00000000 00:00 0";
	struct maps_reader reader = {.row_count = MAPS_ROWS_MAX - 1};

	ck_assert_int_eq(maps_read_line(&reader, line, sizeof(line) - 1), 0);
	ck_assert_int_eq(maps_read_line(&reader, line, sizeof(line) - 1), -EFBIG);
	ck_assert_uint_eq(reader.map.v8_page_bytes, 256 * KIB);
}
END_TEST

UNIT_MAIN("maps", test_memory_goes_to_who_mapped_it, test_damaged_line_is_refused,
          test_rows_are_bounded)
