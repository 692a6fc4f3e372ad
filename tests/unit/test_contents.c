// SPDX-License-Identifier: MIT
/*
 * What stands out in a heap: strings, functions, objects; and how far classes are from the root.
 */
#include "snapshot/contents.h"

#include "lib/cleanup.h"
#include "snapshot/dominators.h"
#include "snapshot/locations.h"
#include "snapshot/names.h"
#include "snapshot/paths.h"
#include "tests/unit/snapshot_world.h"

DEFINE_CLEANUP(struct reader, reader_free)

/* Two functions f of one place and one of another; "twice" three times, once longer than the name.
 */
static const struct world world = {
    .nodes = (const struct world_node[]){{"synthetic", "", 1, 0},
                                         {"object", "global", 3, 8},
                                         {"string", "twice", 5, 20},
                                         {"string", "twice", 7, 20},
                                         {"string", "twice", 9, 2000},
                                         {"string", "once", 11, 50},
                                         {"closure", "f", 13, 32},
                                         {"closure", "f", 15, 32},
                                         {"closure", "f", 17, 64},
                                         {"object", "Holder", 19, 10},
                                         {"array", "(elements)", 21, 500},
                                         {"synthetic", "(GC roots)", 23, 0},
                                         {"object", "Hidden", 25, 9},
                                         {0}},
    .edges = (const struct world_edge[]){{1, "shortcut", "global", 3},
                                         {1, "element", "2", 23},
                                         {3, "property", "holder", 19},
                                         {3, "property", "a", 5},
                                         {3, "property", "b", 7},
                                         {3, "property", "c", 9},
                                         {3, "property", "d", 11},
                                         {3, "property", "e", 13},
                                         {3, "property", "f", 15},
                                         {3, "property", "g", 17},
                                         {19, "internal", "elements", 21},
                                         {23, "internal", "hidden", 25},
                                         {0}},
    .locations = "30,1,1,1,35,1,1,1,40,1,2,1",
};

static void check_list(const struct heap *heap, const struct content *list, size_t count,
                       const struct content *expected)
{
	size_t i;

	for (i = 0; i < count; i++) {
		ck_assert_uint_lt(list[i].node, heap->node_count);
		ck_assert_uint_eq(heap->node_ids[list[i].node], expected[i].node);
		ck_assert_uint_eq(list[i].count, expected[i].count);
		ck_assert_uint_eq(list[i].bytes, expected[i].bytes);
	}
	ck_assert_uint_eq(list[count].node, UINT32_MAX);
}

static struct heap *read_world(struct reader *reader)
{
	struct heap *heap = world_read(&world, reader);

	ck_assert_int_eq(dominators_retain(heap, DOMINATORS_KEEP_GRAPH), 0);
	ck_assert_int_eq(contents_find_rest(heap->contents, heap), 0);
	return heap;
}

#define KEEPS (HEAP_KEEPS_GRAPH | HEAP_KEEPS_IDS | HEAP_KEEPS_NAMES | HEAP_KEEPS_CONTENTS)

START_TEST(test_strings)
{
	_cleanup_(reader_freep) struct reader *reader = reader_new(KEEPS);
	struct heap *heap = read_world(reader);
	const struct contents *contents = heap->contents;

	ck_assert_uint_eq(contents->string_count, 4);
	ck_assert_uint_eq(contents->string_bytes, 2090);
	ck_assert_uint_eq(contents->duplicate_count, 1);
	ck_assert_uint_eq(contents->duplicate_bytes, 20);
	check_list(heap, contents->duplicates, 1, (const struct content[]){{5, 2, 20}});
	check_list(heap, contents->strings, 2, (const struct content[]){{11, 1, 50}, {5, 2, 20}});
	ck_assert_str_eq(names_text(heap, heap->node_names[contents->strings[0].node]), "once");
}
END_TEST

START_TEST(test_functions)
{
	_cleanup_(reader_freep) struct reader *reader = reader_new(KEEPS);
	struct heap *heap = read_world(reader);
	const struct content *closures = heap->contents->closures;

	ck_assert_uint_eq(closures[0].bytes, 64);
	ck_assert_uint_eq(closures[1].bytes, 64);
	ck_assert_uint_eq(closures[0].count + closures[1].count, 3);
	ck_assert_uint_eq(closures[2].node, UINT32_MAX);
}
END_TEST

START_TEST(test_objects)
{
	_cleanup_(reader_freep) struct reader *reader = reader_new(KEEPS);
	struct heap *heap = read_world(reader);
	const struct content *objects = heap->contents->objects;

	ck_assert_uint_eq(heap->node_ids[objects[0].node], 3);
	ck_assert_uint_eq(objects[0].bytes, 8 + 2090 + 128 + 510);
	ck_assert_uint_eq(heap->node_ids[objects[1].node], 9);
	ck_assert_uint_eq(heap->node_ids[objects[2].node], 19);
	ck_assert_uint_eq(objects[2].bytes, 510);
	ck_assert_uint_ne(objects[CONTENTS_TOP - 1].node, UINT32_MAX);
}
END_TEST

START_TEST(test_distances_of_classes)
{
	_cleanup_(reader_freep) struct reader *reader = reader_new(KEEPS);
	struct heap *heap = read_world(reader);
	struct paths paths;
	uint32_t i;

	ck_assert_int_eq(paths_init(&paths, heap), 0);
	paths_measure_classes(&paths, heap);
	for (i = 0; i < heap->class_count; i++) {
		const char *name = heap->classes[i].name;
		uint32_t distance = heap->classes[i].distance;

		if (strcmp(name, "global") == 0)
			ck_assert_uint_eq(distance, 1);
		if (strcmp(name, "Holder") == 0)
			ck_assert_uint_eq(distance, 2);
		if (strcmp(name, "(array)") == 0)
			ck_assert_uint_eq(distance, 3);
		if (strcmp(name, "Hidden") == 0)
			ck_assert_uint_eq(distance, UINT32_MAX);
	}
	paths_done(&paths);
}
END_TEST

UNIT_MAIN("contents", test_strings, test_functions, test_objects, test_distances_of_classes)
