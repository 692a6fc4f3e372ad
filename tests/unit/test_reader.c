// SPDX-License-Identifier: MIT
/*
 * Snapshots: read in pieces of any size, by the layout that they state; torn or lying ones are an
 * error with its place, whatever the lie is about.
 */
#include "snapshot/reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "tests/unit/unit.h"

DEFINE_CLEANUP(struct reader, reader_free)

#define TEXT_MAX ((size_t)16 * 1024)

static char small[TEXT_MAX];
static size_t small_length;

static void load(const char *name, char *ret_text, size_t *ret_length)
{
	const char *top = getenv("top_srcdir");
	_cleanup_(fclosep) FILE *file = NULL;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/snapshot/%s.heapsnapshot",
	               top != NULL ? top : ".", name);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	*ret_length = fread(ret_text, 1, TEXT_MAX - 1, file);
	ret_text[*ret_length] = '\0';
	while (*ret_length > 0 && ret_text[*ret_length - 1] == '\n')
		ret_text[--*ret_length] = '\0';
}

/* In pieces, each of which is followed by a NUL, in memory of its own. */
static int feed(struct reader *reader, const char *text, size_t length, size_t piece)
{
	size_t at;
	int r = 0;

	for (at = 0; at < length && r == 0; at += piece) {
		size_t count = length - at < piece ? length - at : piece;
		char *copy = malloc(count + 1);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, text + at, count);
		copy[count] = '\0';
		r = reader_feed(reader, copy, count);
		free(copy);
	}
	return r;
}

static const struct heap_class *find(const struct heap *heap, const char *name)
{
	uint32_t i;

	for (i = 0; i < heap->class_count; i++)
		if (strcmp(heap->classes[i].name, name) == 0)
			return &heap->classes[i];
	return NULL;
}

static void check_class(const struct heap *heap, const char *name, uint64_t count, uint64_t bytes)
{
	const struct heap_class *class = find(heap, name);

	ck_assert_msg(class != NULL, "no class %s", name);
	ck_assert_uint_eq(class->count, count);
	ck_assert_uint_eq(class->self_bytes, bytes);
}

static void check_heap_of_small(const struct heap *heap)
{
	ck_assert_uint_eq(heap->node_count, 7);
	ck_assert_uint_eq(heap->edge_count, 9);
	ck_assert_uint_eq(heap->string_count, 10);
	ck_assert_uint_eq(heap->self_bytes, 210);
	ck_assert_uint_eq(heap->detached_count, 1);
	ck_assert_uint_eq(heap->class_count, 6);
	check_class(heap, "(synthetic)", 1, 0);
	check_class(heap, "Cache", 1, 10);
	check_class(heap, "Entry \xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd", 2, 50);
	check_class(heap, "(string)", 1, 40);
	check_class(heap, "Detached <div>", 1, 50);
	check_class(heap, "Function", 1, 60);
}

static void check_small(const char *text, size_t length, size_t piece, bool keeps_graph)
{
	_cleanup_(reader_freep) struct reader *reader = reader_new(keeps_graph);
	struct heap *heap = NULL;

	ck_assert_int_eq(feed(reader, text, length, piece), 0);
	ck_assert_int_eq(reader_finish(reader, &heap), 0);
	check_heap_of_small(heap);
}

START_TEST(test_pieces_of_any_size_read_the_same)
{
	static const size_t pieces[] = {1, 2, 3, 7, 64, TEXT_MAX};
	size_t i;

	load("small", small, &small_length);
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		check_small(small, small_length, pieces[i], false);
		check_small(small, small_length, pieces[i], true);
	}
}
END_TEST

/* As chunks of the inspector's protocol are: two pieces, torn at every byte. */
START_TEST(test_a_piece_may_end_at_any_byte)
{
	size_t first;

	load("small", small, &small_length);
	for (first = 1; first < small_length; first++) {
		_cleanup_(reader_freep) struct reader *reader = reader_new(HEAP_KEEPS_GRAPH);
		struct heap *heap = NULL;

		ck_assert_int_eq(feed(reader, small, first, first), 0);
		ck_assert_int_eq(feed(reader, small + first, small_length - first, TEXT_MAX), 0);
		ck_assert_int_eq(reader_finish(reader, &heap), 0);
		check_heap_of_small(heap);
	}
}
END_TEST

/* Around each byte that is no part of a string or number. */
START_TEST(test_blanks_mean_nothing)
{
	static char spaced[4 * TEXT_MAX];
	bool is_in_string = false;
	size_t i, length = 0;

	load("small", small, &small_length);
	for (i = 0; i < small_length; i++) {
		bool is_structure = strchr("{}[],:", small[i]) != NULL && !is_in_string;

		if (small[i] == '"' && small[i - 1] != '\\')
			is_in_string = !is_in_string;
		if (is_structure)
			spaced[length++] = '\t';
		spaced[length++] = small[i];
		if (is_structure) {
			spaced[length++] = '\r';
			spaced[length++] = '\n';
		}
	}
	check_small(spaced, length, 1, true);
	check_small(spaced, length, TEXT_MAX, true);
}
END_TEST

START_TEST(test_rows_are_read_by_the_names_of_their_fields)
{
	_cleanup_(reader_freep) struct reader *reader = reader_new(HEAP_KEEPS_GRAPH);
	struct heap *heap = NULL;

	load("reordered", small, &small_length);
	ck_assert_int_eq(feed(reader, small, small_length, 5), 0);
	ck_assert_int_eq(reader_finish(reader, &heap), 0);
	check_class(heap, "A", 1, 8);
	ck_assert_uint_eq(heap->edge_targets[0], 1);
	ck_assert_uint_eq(heap->first_edges[1], 1);
}
END_TEST

/* Of every length but the whole. */
START_TEST(test_a_torn_snapshot_is_an_error_at_its_end)
{
	size_t length;

	load("small", small, &small_length);
	for (length = 0; length < small_length; length++) {
		_cleanup_(reader_freep) struct reader *reader = reader_new(HEAP_KEEPS_GRAPH);
		struct heap *heap = NULL;
		uint64_t offset_bytes;

		ck_assert_int_eq(feed(reader, small, length, 100), 0);
		ck_assert_int_eq(reader_finish(reader, &heap), -EINVAL);
		ck_assert_ptr_null(heap);
		ck_assert_str_eq(reader_problem(reader, &offset_bytes), "breaks off");
		ck_assert_uint_eq(offset_bytes, length);
	}
}
END_TEST

/* The first occurrence of a text replaced by another. */
static const struct lie {
	const char *from;
	const char *to;
	const char *problem; /* part of it */
} lies[] = {
    {"{\"snapshot\"", "[\"snapshot\"", "is no heap snapshot"},
    {"\"snapshot\":{", "\"snapshut\":{", "not in this order"},
    {"\"snapshot\":{", "\"snapshot\":[{", "bracket"},
    {"\"snapshot\":", "\"snapshot\"", "not what JSON demands"},
    {"\"node_fields\":[", "\"node_fields\":{", "bracket"},
    {"\"node_fields\"", "\"nude_fields\"", "lacks node_fields"},
    {"\"self_size\"", "\"shelf_size\"", "lacks type, name, self_size"},
    {"\"to_node\"", "\"to_nude\"", "lacks type, name_or_index"},
    {"\"edge_types\":[[", "\"edge_types\":[5,[", NULL},
    {"\"edge_types\":[[\"context\"", "\"edge_types\":[[5", "no text where one is due"},
    {"\"node_types\":[[\"hidden\"", "\"node_types\":[[\"a name that is too long for any type\"",
     "too long names"},
    {"\"node_count\":7", "\"node_count\":8", "fewer nodes"},
    {"\"node_count\":7", "\"node_count\":6", "more nodes"},
    {"\"node_count\":7", "\"node_count\":0", "no nodes"},
    {"\"node_count\":7", "\"node_count\":-7", "no number"},
    {"\"node_count\":7", "\"node_count\":\"7\"", "no number"},
    {"\"node_count\":7", "\"node_count\":4000000000", "32 bits"},
    {"\"node_count\":7", "\"node_count\":99999999999", "32 bits"},
    {"\"node_count\":7,", "", "lacks node_count"},
    {"\"node_count\":7", "\"node_count\":500000000", "fewer nodes"},
    {"\"edge_count\":9", "\"edge_count\":10", "fewer edges"},
    {"\"edge_count\":9", "\"edge_count\":8", "more edges"},
    {"[9,0,1,0,3,0,0", "[9,0,1,0,4,0,0", "more edges"},
    {"[9,0,1,0,3,0,0", "[9,0,1,0,2,0,0", "fewer edges"},
    {"[9,0,1,0,3,0,0", "[10,0,1,0,3,0,0", "a node has a type"},
    {"[9,0,1,0,3,0,0", "[9,10,1,0,3,0,0", "not among the strings"},
    {"[9,0,1,0,3,0,0", "[9,4294967296,1,0,3,0,0", "no string can have"},
    {"[9,0,1,0,3,0,0", "[9,0,1,-4,3,0,0", "a number is due"},
    {"[9,0,1,0,3,0,0", "[9,0,1,1.5,3,0,0", "a number is due"},
    {"[9,0,1,0,3,0,0", "[9,0,1,1e5,3,0,0", "a number is due"},
    {"[9,0,1,0,3,0,0", "[9,0,1,,3,0,0", "a number is missing"},
    {"[9,0,1,0,3,0,0", "[9,0,1,1 2,3,0,0", "a comma is missing"},
    {"[9,0,1,0,3,0,0", "[9,0,1,\"a\",3,0,0", "a number is due"},
    {"[9,0,1,0,3,0,0", "[9,0,1,0,3,0", "middle of a row"},
    {"[9,0,1,0,3,0,0", "[9,0,1,18446744073709551616,3,0,0", "too many digits"},
    {"1,0,0\n]", "1,0\n]", "middle of a row"},
    {"1,0,0\n]", "1,0,0,\n]", "a number is missing"},
    {"[1,1,7", "[7,1,7", "an edge has a type"},
    {"[1,1,7", "[1,1,49", "not there"},
    {"[1,1,7", "[1,1,8", "middle of a node"},
    {"[1,1,7", "[2,10,7", "not among the strings"},
    {"\"edges\":[", "\"edges\":{", "no array"},
    {"\"edges\"", "\"nodes\"", "twice"},
    {"\"edges\"", "\"widges\"", "not in this order"},
    {"\"trace_tree\":[1,0,[2,0,[]]]", "\"trace_tree\":[1,0,[2,0,[]}]", "bracket"},
    {"\"trace_tree\":[1,0,[2,0,[]]]", "\"trace_tree\":[1,0,[2,0,[]]]]", "does not allow"},
    {"\"strings\":[", "\"strungs\":[", "are missing"},
    {"\"(GC roots)\",", "", "not among the strings"},
    {"\"(GC roots)\",", "\"(GC roots)\"", "not what JSON demands"},
    {"\"(GC roots)\",", "17,", "a string is due"},
    {"\\\"text", "\\xtext", "a string holds"},
    {"\\u00e9", "\\u00g9", "a string holds"},
    {"\\u00e9", "\x01", "a string holds"},
    {"\"value\"]}", "\"value\"]} {", "follows the end"},
    {"\"value\"]}", "\"value\",]}", "a string is due"},
    {"\"value\"]}", "\"value\"],}", "a key is due"},
};

static size_t replace(const struct lie *lie, char *ret_text)
{
	const char *place = strstr(small, lie->from);
	size_t before;

	ck_assert_msg(place != NULL, "%s", lie->from);
	before = (size_t)(place - small);
	memcpy(ret_text, small, before);
	(void)snprintf(ret_text + before, TEXT_MAX, "%s%s", lie->to, place + strlen(lie->from));
	return strlen(ret_text);
}

START_TEST(test_a_lie_is_an_error)
{
	static char text[2 * TEXT_MAX];
	static const size_t pieces[] = {1, 13, TEXT_MAX};
	size_t i;

	load("small", small, &small_length);
	for (i = 0; i < 3 * (sizeof(lies) / sizeof(lies[0])); i++) {
		const struct lie *lie = &lies[i / 3];
		_cleanup_(reader_freep) struct reader *reader = reader_new(i % 2 == 0);
		size_t length = replace(lie, text);
		struct heap *heap = NULL;
		uint64_t offset_bytes;
		int r = feed(reader, text, length, pieces[i % 3]);

		if (r == 0)
			r = reader_finish(reader, &heap);
		if (lie->problem == NULL) { /* odd, but no lie */
			ck_assert_int_eq(r, 0);
			continue;
		}
		ck_assert_msg(r == -EINVAL, "%s -> %s: %d", lie->from, lie->to, r);
		ck_assert_msg(strstr(reader_problem(reader, &offset_bytes), lie->problem) != NULL,
		              "%s -> %s: %s", lie->from, lie->to,
		              reader_problem(reader, &offset_bytes));
		ck_assert_uint_le(offset_bytes, length);
		ck_assert_int_eq(reader_feed(reader, "", 0), -EINVAL);
	}
}
END_TEST

START_TEST(test_the_place_of_an_error_is_counted_from_the_start)
{
	static char text[2 * TEXT_MAX];
	static const struct lie lie = {"[1,1,7", "[1,1,8", NULL};
	size_t piece;

	load("small", small, &small_length);
	for (piece = 1; piece < 50; piece++) {
		_cleanup_(reader_freep) struct reader *reader = reader_new(0);
		size_t length = replace(&lie, text);
		uint64_t offset_bytes;

		ck_assert_int_eq(feed(reader, text, length, piece), -EINVAL);
		(void)reader_problem(reader, &offset_bytes);
		ck_assert_int_eq(memcmp(text + offset_bytes - 7, "[1,1,8\n", 7), 0);
	}
}
END_TEST

UNIT_MAIN("reader", test_pieces_of_any_size_read_the_same, test_a_piece_may_end_at_any_byte,
          test_blanks_mean_nothing, test_rows_are_read_by_the_names_of_their_fields,
          test_a_torn_snapshot_is_an_error_at_its_end, test_a_lie_is_an_error,
          test_the_place_of_an_error_is_counted_from_the_start)
