// SPDX-License-Identifier: MIT
/*
 * heapwatch top: rows from the API's document, safe text, orders, tables that fit, and keys.
 */
#include "tool/top_list.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "tool/screen.h"
#include "tool/top_screen.h"
#include "tool/top_text.h"

#define LEAKING                                                                         \
	"{\"app\":\"shop\",\"slot\":1,\"pid\":42,\"script\":\"/srv/shop.js\","          \
	"\"sources\":[\"proc\",\"gclog\"],"                                             \
	"\"unreadable\":[{\"fact\":\"maps\",\"needs\":\"CAP_SYS_PTRACE\"}],"            \
	"\"memory\":{\"resident_bytes\":104857600,\"limit_bytes\":null},"               \
	"\"heap\":{\"live_bytes\":52428800},"                                           \
	"\"isolates\":[{\"isolate\":\"main\",\"heap\":{\"used_bytes\":1048576}}],"      \
	"\"leak\":{\"is_evaluated\":true,\"score\":0.94,\"confidence\":0.5,"            \
	"\"state\":\"leak\",\"kind\":\"js-heap\",\"growth_bytes_per_second\":2912.711," \
	"\"time_to_exhaustion_seconds\":{\"p10\":3600,\"p50\":7200,\"p90\":null},"      \
	"\"onset_time\":1700000000,\"evidence\":[\"it rose \\u001b[31m a lot\"]},"      \
	"\"series\":{\"live_bytes\":{\"main\":[[1699999000,10485760],[1700003000,52428800]]}}}"
#define QUIET                                                                                   \
	"{\"app\":\"a\\u001b]0;x\\u0007\\u009b2J\\u202eb\",\"slot\":0,\"pid\":7,"               \
	"\"leak\":{\"is_evaluated\":false,\"score\":0,\"state\":\"stable\",\"kind\":\"none\"}," \
	"\"series\":{\"outside_heap_bytes\":[[1,2097152],[2,3145728]]}}"
#define STRANGE  "{\"app\":5,\"leak\":[],\"memory\":\"x\",\"slot\":null}"
#define DOCUMENT "{\"processes\":[" QUIET ", " LEAKING "\n," STRANGE "]}\n"

static const struct terminal plain = {.width = 100, .is_utf8 = true};

static struct top_list read_list(const char *document)
{
	struct top_list list;

	ck_assert_int_eq(top_list_read(document, strlen(document), &list), 0);
	return list;
}

/* ---- text ---- */

START_TEST(test_cells_have_their_width)
{
	static const struct terminal ascii = {.is_utf8 = false};
	static const struct {
		const char *text;
		size_t width;
		bool is_right;
		const char *expected;
	} rows[] = {
	    {"ab", 4, false, "ab  "},
	    {"ab", 4, true, "  ab"},
	    {"abcdef", 4, false, "abc~"},
	    {"\xe6\x97\xa5\xe6\x9c\xac", 5, false, "\xe6\x97\xa5\xe6\x9c\xac "},
	    {"\xe6\x97\xa5\xe6\x9c\xac", 3, false, "\xe6\x97\xa5~"},
	    {"a\xe2\x80\x8d-", 3, false, "a\xe2\x80\x8d- "},
	    {"", 2, true, "  "},
	};
	struct buf out = BUF_INIT(256);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_clear(&out);
		top_append_cell(&out, &plain, rows[i].text, rows[i].width, rows[i].is_right);
		ck_assert_str_eq(buf_string(&out), rows[i].expected);
	}
	buf_clear(&out);
	top_append_cell(&out, &ascii,
	                "\xc3\xbc"
	                "b",
	                3, false);
	ck_assert_str_eq(buf_string(&out), "?b ");
	buf_done(&out);
}
END_TEST

START_TEST(test_numbers_that_are_not_known_are_a_dash)
{
	char text[40];

	top_size(text, sizeof(text), (double)NAN);
	ck_assert_str_eq(text, "-");
	top_duration(text, sizeof(text), (double)INFINITY);
	ck_assert_str_eq(text, "-");
	top_duration(text, sizeof(text), 1e12);
	ck_assert_str_eq(text, "> 1y");
	top_duration(text, sizeof(text), 5400);
	ck_assert_str_eq(text, "1.5h");
	top_growth(text, sizeof(text), 1048576.0 / 3600);
	ck_assert_str_eq(text, "+1.0 MiB/h");
}
END_TEST

/* ---- the list ---- */

START_TEST(test_rows_are_read)
{
	static const char document[] = DOCUMENT;
	struct top_list list = read_list(document);
	const struct top_row *row = &list.rows[1];

	ck_assert_uint_eq(list.count, 3);
	ck_assert_str_eq(row->name, "shop/1");
	ck_assert_str_eq(row->state, "leak");
	ck_assert_str_eq(row->kind, "js-heap");
	ck_assert_double_eq(row->left_seconds, 7200);
	ck_assert_double_eq(row->floor_bytes, 52428800);
	ck_assert_double_eq(row->resident_bytes, 104857600);
	ck_assert_int_eq(strncmp(&document[row->at], LEAKING, row->length), 0);
	ck_assert_uint_eq(row->length, strlen(LEAKING));
	row = &list.rows[0];
	ck_assert_str_eq(row->name, "a\xef\xbf\xbd]0;x\xef\xbf\xbd\xef\xbf\xbd"
	                            "2J\xef\xbf\xbd"
	                            "b/0");
	ck_assert_double_eq(row->floor_bytes, 3145728); /* outside of heaps, the latest */
	ck_assert(isnan(row->growth_bytes_per_second));
	ck_assert(isnan(row->resident_bytes));
	row = &list.rows[2];
	ck_assert_str_eq(row->state, "");
	ck_assert(isnan(row->score));
	top_list_done(&list);
}
END_TEST

START_TEST(test_what_the_daemon_writes_is_read)
{
	const char *top = getenv("top_srcdir");
	char path[512];
	char document[65536];
	struct top_list list;
	FILE *file;
	size_t length;

	(void)snprintf(path, sizeof(path), "%s/tests/golden/processes.json",
	               top != NULL ? top : ".");
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	length = fread(document, 1, sizeof(document), file);
	(void)fclose(file);
	ck_assert_int_eq(top_list_read(document, length, &list), 0);
	ck_assert_uint_eq(list.count, 3);
	ck_assert_str_eq(list.rows[2].state, "leak");
	ck_assert_double_eq(list.rows[2].score, 0.9375);
	top_list_done(&list);
}
END_TEST

START_TEST(test_other_documents_are_refused)
{
	static const char *const documents[] = {
	    "",
	    "{",
	    "[]",
	    "{\"processes\":",
	    "{\"processes\":[",
	    "{\"processes\":[{}",
	    "{\"processes\":[{},]",
	    "{\"processes\":[5]}",
	    "<html>",
	    "{\"processes\":{}}",
	    "{\"processes\":[{\"app\":\"x\"}{}]}",
	};
	struct top_list list;
	size_t i;

	for (i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
		ck_assert_int_eq(top_list_read(documents[i], strlen(documents[i]), &list),
		                 -EBADMSG);
	for (i = 0; i < strlen(DOCUMENT) - 3; i++) /* torn anywhere */
		ck_assert_int_eq(top_list_read(DOCUMENT, i, &list), -EBADMSG);
	list = read_list(" { \"processes\" : [ ] }");
	ck_assert_uint_eq(list.count, 0);
	top_list_done(&list);
}
END_TEST

static struct top_row row_of(const char *name, const char *state, double value)
{
	struct top_row row = {.score = value,
	                      .growth_bytes_per_second = value,
	                      .left_seconds = value,
	                      .floor_bytes = value,
	                      .resident_bytes = value};

	(void)snprintf(row.name, sizeof(row.name), "%s", name);
	(void)snprintf(row.state, sizeof(row.state), "%s", state);
	return row;
}

START_TEST(test_orders)
{
	static const struct {
		size_t order;
		bool is_reversed;
		const char *expected;
	} rows[] = {
	    {0, false, "dabc"}, {0, true, "cbad"},  {1, false, "abdc"}, {2, false, "dbac"},
	    {3, false, "abdc"}, {4, false, "abdc"}, {5, false, "abcd"}, {5, true, "dcba"},
	};
	size_t i;
	size_t k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct top_row four[] = {row_of("c", "stable", (double)NAN), row_of("a", "load", 3),
		                         row_of("d", "leak", 1), row_of("b", "stable", 2)};
		struct top_list list = {four, 4};

		top_list_sort(&list, &top_orders[rows[i].order], rows[i].is_reversed);
		for (k = 0; k < 4; k++)
			ck_assert_msg(four[k].name[0] == rows[i].expected[k],
			              "order %zu: %zu is %s", i, k, four[k].name);
	}
}
END_TEST

/* ---- the screen ---- */

static struct top_view view_of(const struct top_list *list, size_t width, size_t height)
{
	return (struct top_view){.terminal = &plain,
	                         .width = width,
	                         .height = height,
	                         .list = list,
	                         .order = &top_orders[0],
	                         .source = "http://x",
	                         .trouble = ""};
}

/* Columns without the sequences of colours. */
static size_t width_of(const char *line, size_t length)
{
	char text[4096];
	size_t used = 0;
	size_t i;

	for (i = 0; i < length; i++) {
		if (line[i] == '\033') {
			while (line[i] != 'm')
				i++;
			continue;
		}
		text[used++] = line[i];
	}
	text[used] = '\0';
	return top_columns(text);
}

static void check_fits(const char *text, size_t width, size_t height)
{
	size_t lines = 1;

	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		ck_assert_uint_le(width_of(text, length), width);
		text += length;
		if (*text == '\n') {
			text++;
			lines++;
		}
	}
	ck_assert_uint_eq(lines, height);
}

START_TEST(test_every_screen_fits)
{
	static const struct {
		size_t width;
		size_t height;
	} sizes[] = {{200, 50}, {110, 24}, {80, 24}, {60, 10}, {40, 6}, {20, 4}};
	struct top_list list = read_list(DOCUMENT);
	size_t i;

	top_list_sort(&list, &top_orders[0], false);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct top_view view = view_of(&list, sizes[i].width, sizes[i].height);
		struct buf out = BUF_INIT(1U << 20);

		top_draw_table(&out, &view);
		check_fits(buf_string(&out), sizes[i].width, sizes[i].height);
		ck_assert_ptr_nonnull(strstr(buf_string(&out), "shop"));
		if (sizes[i].width >= 40)
			ck_assert_ptr_nonnull(strstr(buf_string(&out), "leak        "));
		buf_done(&out);
	}
	top_list_done(&list);
}
END_TEST

START_TEST(test_the_selected_row_is_marked_and_the_rest_scrolls)
{
	struct top_list list = read_list(DOCUMENT);
	struct top_view view = view_of(&list, 100, 4);
	struct buf out = BUF_INIT(1U << 20);

	ck_assert_uint_eq(top_table_rows(&view), 1);
	view.selected = 1;
	view.first = 1;
	top_draw_table(&out, &view);
	ck_assert_ptr_nonnull(strstr(buf_string(&out), "\033[7mshop/1 "));
	ck_assert_ptr_null(strstr(buf_string(&out), "]0;x"));
	ck_assert_ptr_nonnull(strstr(buf_string(&out), "3 processes, 1 leak or thrash"));
	view.trouble = "no answer";
	buf_clear(&out);
	top_draw_table(&out, &view);
	ck_assert_ptr_nonnull(strstr(buf_string(&out), "-- no answer"));
	buf_done(&out);
	top_list_done(&list);
}
END_TEST

START_TEST(test_once_is_plain_and_complete)
{
	struct top_list list = read_list("{\"processes\":[" LEAKING "]}");
	struct top_view view = view_of(&list, 20, 0);
	struct buf out = BUF_INIT(1U << 20);

	top_draw_table(&out, &view);
	ck_assert_str_eq(
	    buf_string(&out),
	    "PROCESS           STATE          SCORE   CONF  KIND                  GROWTH     LEFT  "
	    "     FLOOR         RSS      PID\n"
	    "shop/1            leak            0.94   0.50  js-heap          +10.0 MiB/h       2h  "
	    "  50.0 MiB   100.0 MiB       42\n");
	buf_done(&out);
	top_list_done(&list);
}
END_TEST

START_TEST(test_details_say_why_since_when_and_how_long)
{
	struct top_list list = read_list("{\"processes\":[" LEAKING "]}");
	struct top_view view = view_of(&list, 140, 40);
	struct buf out = BUF_INIT(1U << 20);
	const char *text;

	top_draw_detail(&out, &view, LEAKING, strlen(LEAKING), 1700003600);
	text = buf_string(&out);
	check_fits(text, 140, 40);
	ck_assert_ptr_nonnull(
	    strstr(text, "Since 2023-11-14 22:13 UTC (1h ago). Growth +10.0 MiB/h"));
	ck_assert_ptr_nonnull(strstr(text, "Out of memory in about 2h"));
	ck_assert_ptr_nonnull(strstr(text, "  - it rose \xef\xbf\xbd[31m a lot"));
	ck_assert_ptr_nonnull(strstr(text, "Floor (main)"));
	ck_assert_ptr_nonnull(strstr(text, "resident 100.0 MiB"));
	ck_assert_ptr_nonnull(strstr(text, "known from proc gclog"));
	ck_assert_ptr_nonnull(strstr(text, "may not be read: maps, needs CAP_SYS_PTRACE"));
	/* scrolled, on a small screen */
	view.height = 3;
	view.first = 1;
	buf_clear(&out);
	top_draw_detail(&out, &view, LEAKING, strlen(LEAKING), 1700003600);
	ck_assert_int_eq(strncmp(buf_string(&out), "Since ", 6), 0);
	check_fits(buf_string(&out), 140, 3);
	/* and of a document that is none */
	buf_clear(&out);
	top_draw_detail(&out, &view, "{", 1, 0);
	check_fits(buf_string(&out), 140, 3);
	buf_done(&out);
	top_list_done(&list);
}
END_TEST

/* ---- keys ---- */

START_TEST(test_keys_are_told_from_sequences)
{
	static const struct {
		const char *typed;
		int keys[4];
	} rows[] = {
	    {"q", {'q'}},
	    {"\033", {KEY_BACK}},
	    {"\033[A\033OB", {KEY_UP, KEY_DOWN}},
	    {"\033[5~g\033[6~", {KEY_PAGE_UP, 'g', KEY_PAGE_DOWN}},
	    {"\r\x7f", {KEY_OPEN, KEY_BACK}},
	    {"\033[1;5Cq", {'q'}}, /* a sequence that is no key of ours */
	    {"\033[200", {KEY_NONE}},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = rows[i].typed;
		size_t length = strlen(text);
		const int *expected = rows[i].keys;

		do {
			ck_assert_int_eq(screen_next_key(&text, &length), *expected);
		} while (*expected++ != KEY_NONE);
	}
}
END_TEST

UNIT_MAIN("top", test_cells_have_their_width, test_numbers_that_are_not_known_are_a_dash,
          test_rows_are_read, test_what_the_daemon_writes_is_read, test_other_documents_are_refused,
          test_orders, test_every_screen_fits, test_the_selected_row_is_marked_and_the_rest_scrolls,
          test_once_is_plain_and_complete, test_details_say_why_since_when_and_how_long,
          test_keys_are_told_from_sequences)
