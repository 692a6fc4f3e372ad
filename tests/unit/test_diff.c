// SPDX-License-Identifier: MIT
/*
 * What came, went and stayed between snapshots, by the ids of objects.
 */
#include "snapshot/diff.h"

#include <errno.h>

#include "lib/cleanup.h"
#include "snapshot/dominators.h"
#include "snapshot/objects.h"
#include "tests/unit/snapshot_world.h"

DEFINE_CLEANUP(struct reader, reader_free)

#define ROOT                          \
	{                             \
		"synthetic", "", 1, 0 \
	}
#define LIST                             \
	{                                \
		"object", "Array", 3, 16 \
	}

/* The list holds each Item, each of which has a string of 100 bytes. */
static const struct world worlds[] = {
    {.nodes =
         (const struct world_node[]){
             ROOT, LIST, {"object", "Item", 5, 10}, {"string", "s", 7, 100}, {0}},
     .edges =
         (const struct world_edge[]){
             {1, "property", "list", 3}, {3, "element", "0", 5}, {5, "property", "text", 7}, {0}}},
    /* The string 7 went; 9 to 15 came; what was an Item is of another class now. */
    {.nodes = (const struct world_node[]){ROOT,
                                          LIST,
                                          {"object", "Item", 9, 10},
                                          {"string", "s", 11, 100},
                                          {"object", "Item", 13, 10},
                                          {"string", "s", 15, 100},
                                          {"object", "Other", 5, 10},
                                          {0}},
     .edges = (const struct world_edge[]){{1, "property", "list", 3},
                                          {3, "element", "0", 9},
                                          {9, "property", "text", 11},
                                          {3, "element", "1", 13},
                                          {13, "property", "text", 15},
                                          {3, "element", "2", 5},
                                          {0}}},
    /* Of what came only 13 and 15 stayed, 17 is newer. */
    {.nodes = (const struct world_node[]){ROOT,
                                          LIST,
                                          {"object", "Item", 17, 10},
                                          {"object", "Item", 13, 10},
                                          {"string", "s", 15, 100},
                                          {0}},
     .edges = (const struct world_edge[]){{1, "property", "list", 3},
                                          {3, "element", "0", 17},
                                          {3, "element", "1", 13},
                                          {13, "property", "text", 15},
                                          {0}}},
};

static void compare(size_t first, size_t count, unsigned graph, struct diff *diff)
{
	size_t i;

	diff_init(diff);
	for (i = first; i < first + count; i++) {
		_cleanup_(reader_freep) struct reader *reader = reader_new(HEAP_KEEPS_IDS | graph);
		struct heap *heap = world_read(&worlds[i], reader);

		ck_assert_int_eq(diff_add(diff, heap, i == first + count - 1), 0);
		if (graph != 0) {
			ck_assert_int_eq(dominators_retain(heap, DOMINATORS_KEEP_GRAPH), 0);
			diff_retained(diff, heap);
		}
	}
	diff_finish(diff);
}

static const struct diff_row *row_of(const struct diff *diff, const char *name)
{
	size_t i;

	for (i = 0; i < diff->row_count; i++)
		if (strcmp(diff->rows[i].name, name) == 0)
			return &diff->rows[i];
	ck_abort_msg("no row %s", name);
}

static void check_amount(const struct diff_amount *amount, uint64_t count, uint64_t self_bytes,
                         uint64_t retained_bytes)
{
	ck_assert_uint_eq(amount->count, count);
	ck_assert_uint_eq(amount->self_bytes, self_bytes);
	ck_assert_uint_eq(amount->retained_bytes, retained_bytes);
}

START_TEST(test_two_snapshots)
{
	struct diff diff;
	const struct diff_row *row;

	compare(0, 2, HEAP_KEEPS_GRAPH, &diff);
	ck_assert_uint_eq(diff.snapshot_count, 2);
	ck_assert_uint_eq(diff.row_count, 5);
	ck_assert_uint_eq(diff.totals[0].self_bytes, 126);
	ck_assert_uint_eq(diff.totals[1].node_count, 7);
	row = row_of(&diff, "Item");
	ck_assert_ptr_eq(row, &diff.rows[0]); /* what new ones hold decides */
	check_amount(&row->at[0], 1, 10, 110);
	check_amount(&row->at[1], 2, 20, 220);
	check_amount(&row->new, 2, 20, 220);
	check_amount(&row->deleted, 1, 10, 0);
	check_amount(&row_of(&diff, "(string)")->deleted, 1, 100, 0);
	check_amount(&row_of(&diff, "Other")->new, 1, 10, 10);
	check_amount(&row_of(&diff, "Other")->at[0], 0, 0, 0);
	check_amount(&row_of(&diff, "Array")->new, 0, 0, 0);
	diff_done(&diff);
}
END_TEST

START_TEST(test_of_three_new_is_what_stayed)
{
	struct diff diff;
	const struct diff_row *row;

	compare(0, 3, HEAP_KEEPS_GRAPH, &diff);
	row = row_of(&diff, "Item");
	check_amount(&row->at[2], 2, 20, 120);
	check_amount(&row->new, 1, 10, 110); /* 13, not 9 that went nor 17 that came later */
	check_amount(&row->deleted, 1, 10, 0);
	check_amount(&row_of(&diff, "Other")->new, 0, 0, 0);
	check_amount(&row_of(&diff, "(string)")->new, 1, 100, 100);
	ck_assert_int_eq(diff_delta(row->at[2].count, row->at[1].count), 0);
	diff_done(&diff);
}
END_TEST

/* As the first of the worlds, with ids given anew; and with a string that was put together. */
static const struct world_node anew[] = {
    ROOT, {"string", "s", 3, 100}, {"object", "Array", 5, 16}, {"object", "Item", 7, 10}, {0}};
static const struct world_node flattened[] = {
    ROOT, LIST, {"object", "Item", 5, 10}, {"concatenated string", "s", 7, 100}, {0}};

START_TEST(test_ids_that_were_given_anew_are_noticed)
{
	static const struct {
		const struct world_node *nodes;
		uint64_t mistaken_count;
		bool is_of_one;
	} rows[] = {{flattened, 0, true}, {anew, 3, false}};
	static const struct world_edge no_edges[] = {{0}};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct world later = {.nodes = rows[i].nodes, .edges = no_edges};
		const struct world *pair[] = {&worlds[0], &later, &worlds[0]};
		struct diff diff;
		size_t at;

		diff_init(&diff);
		for (at = 0; at < 3; at++) {
			_cleanup_(reader_freep) struct reader *reader = reader_new(HEAP_KEEPS_IDS);

			ck_assert_int_eq(diff_add(&diff, world_read(pair[at], reader), at == 2), 0);
		}
		ck_assert_uint_eq(diff.totals[1].shared_count, 4);
		ck_assert_uint_eq(diff.totals[1].mistaken_count, rows[i].mistaken_count);
		ck_assert(diff_is_of_one_process(&diff, 1) == rows[i].is_of_one);
		ck_assert_uint_eq(diff.totals[2].shared_count, 4);
		ck_assert(diff_is_of_one_process(&diff, 2));
		diff_done(&diff);
	}
}
END_TEST

START_TEST(test_without_a_graph_nothing_is_retained)
{
	struct diff diff;

	compare(1, 2, 0, &diff);
	ck_assert(!diff.has_retained);
	check_amount(&row_of(&diff, "Item")->new, 1, 10, 0);
	ck_assert_int_eq(diff_delta(diff.totals[1].self_bytes, diff.totals[0].self_bytes), -110);
	diff_done(&diff);
}
END_TEST

START_TEST(test_ids_are_sorted)
{
	static uint32_t node_ids[] = {0x80000001, 3, 0xFFFFFFFF, 2048, 2047, 0x400000, 3, 0};
	static const uint32_t nodes[] = {7, 1, 6, 4, 3, 5, 0, 2};
	_cleanup_(freep) struct object_id *ids = objects_sort(node_ids, 8);
	size_t i;

	ck_assert_ptr_nonnull(ids);
	for (i = 0; i < 8; i++) {
		ck_assert_uint_eq(ids[i].node, nodes[i]);
		ck_assert_uint_eq(ids[i].id, node_ids[nodes[i]]);
	}
}
END_TEST

START_TEST(test_ids_must_be_there_and_fit)
{
	static const char with[] = "{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\","
	                           "\"self_size\",\"edge_count\",\"%s\"],\"node_types\":[["
	                           "\"object\"]],\"edge_fields\":[\"type\",\"name_or_index\","
	                           "\"to_node\"],\"edge_types\":[[\"weak\"]]},\"node_count\":1,"
	                           "\"edge_count\":0},\"nodes\":[0,0,0,0,%s]";
	static const struct {
		const char *field;
		const char *id;
		unsigned keeps;
		int result;
	} cases[] = {
	    {"id", "4294967295", HEAP_KEEPS_IDS, 0},
	    {"id", "4294967296", HEAP_KEEPS_IDS, -EINVAL},
	    {"id", "4294967296", HEAP_KEEPS_GRAPH, 0},
	    {"trace_node_id", "1", HEAP_KEEPS_IDS, -EINVAL},
	    {"trace_node_id", "1", 0, 0},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(reader_freep) struct reader *reader = reader_new(cases[i].keeps);
		char text[512];
		int length = snprintf(text, sizeof(text), with, cases[i].field, cases[i].id);

		ck_assert_int_eq(reader_feed(reader, text, (size_t)length), cases[i].result);
	}
}
END_TEST

START_TEST(test_a_symbol_of_node_8_is_known)
{
	static const char format[] = "{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\","
	                             "\"self_size\",\"edge_count\"],\"node_types\":[["
	                             "\"hidden\",\"array\",\"string\",\"object\",\"code\","
	                             "\"closure\",\"regexp\",\"number\",\"native\","
	                             "\"synthetic\",\"concatenated string\",\"sliced string\"]"
	                             "],\"edge_fields\":[\"type\",\"name_or_index\","
	                             "\"to_node\"],\"edge_types\":[[\"weak\"]]},\"node_count\":1,"
	                             "\"edge_count\":0},\"nodes\":[%u,0,8,0],\"edges\":[],"
	                             "\"strings\":[\"s\"]}";
	uint32_t type;

	for (type = 12; type < 14; type++) {
		_cleanup_(reader_freep) struct reader *reader = reader_new(0);
		struct heap *heap = NULL;
		char text[1024];
		int length = snprintf(text, sizeof(text), format, type);

		if (reader_feed(reader, text, (size_t)length) < 0) {
			ck_assert_uint_eq(type, 13);
			continue;
		}
		ck_assert_uint_eq(type, 12);
		ck_assert_int_eq(reader_finish(reader, &heap), 0);
		ck_assert_str_eq(heap->classes[0].name, "(symbol)");
	}
}
END_TEST

UNIT_MAIN("diff", test_two_snapshots, test_of_three_new_is_what_stayed,
          test_ids_that_were_given_anew_are_noticed, test_without_a_graph_nothing_is_retained,
          test_ids_are_sorted, test_ids_must_be_there_and_fit, test_a_symbol_of_node_8_is_known)
