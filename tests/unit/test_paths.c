// SPDX-License-Identifier: MIT
/*
 * Distances from the root, as Chrome DevTools has them: also which edges it leaves out of them, and
 * that these lead to what nothing else leads to.
 */
#include "snapshot/paths.h"

#include "lib/cleanup.h"
#include "tests/unit/snapshot_world.h"

DEFINE_CLEANUP(struct reader, reader_free)

#define PAIR_OF_5(number) \
	number " / part of key (Key @5) -> value (Value @9) pair in WeakMap (table @7)"
#define PAIR_OF_6(number) \
	number " / part of key (Key @6) -> value (Value @9) pair in WeakMap (table @7)"
#define BASE                                                        \
	{"synthetic", "", 1, 0}, {"synthetic", "(GC roots)", 2, 0}, \
	{                                                           \
		"object", "global", 3, 8                            \
	}
#define BASE_EDGES                         \
	{1, "element", "1", 2},            \
	{                                  \
		1, "shortcut", "global", 3 \
	}

static const struct distance_case {
	const char *what;
	const struct world_node *nodes;
	const struct world_edge *edges;
	uint32_t id;
	uint32_t distance;
	uint32_t parent; /* an id */
	bool is_users;   /* reached from the user's roots */
} cases[] = {
    {"a shorter way",
     (const struct world_node[]){BASE, {"object", "A", 5, 8}, {"object", "B", 7, 8}, {0}},
     (const struct world_edge[]){BASE_EDGES,
                                 {3, "property", "a", 5},
                                 {3, "property", "b", 7},
                                 {5, "property", "b", 7},
                                 {0}},
     7, 2, 3, true},
    {"V8's roots come last, even with a shorter way",
     (const struct world_node[]){BASE, {"object", "A", 5, 8}, {"object", "B", 7, 8}, {0}},
     (const struct world_edge[]){
         BASE_EDGES, {2, "element", "0", 7}, {3, "property", "a", 5}, {5, "property", "b", 7}, {0}},
     7, 3, 5, true},
    {"weak edges and shortcuts of others are none",
     (const struct world_node[]){BASE, {"object", "A", 5, 8}, {0}},
     (const struct world_edge[]){
         BASE_EDGES, {2, "element", "0", 5}, {3, "weak", "a", 5}, {3, "shortcut", "a", 5}, {0}},
     5, 2, 2, false},
    {"the map of sloppy functions is no way",
     (const struct world_node[]){BASE,
                                 {"hidden", "system / NativeContext", 5, 8},
                                 {"object", "A", 7, 8},
                                 {"hidden", "Map", 9, 8},
                                 {0}},
     (const struct world_edge[]){BASE_EDGES,
                                 {3, "internal", "native_context", 5},
                                 {3, "property", "a", 7},
                                 {5, "internal", "sloppy_function_map", 9},
                                 {7, "property", "b", 5},
                                 {7, "internal", "map", 9},
                                 {0}},
     9, 3, 7, true},
    {"but that of another node is",
     (const struct world_node[]){
         BASE, {"object", "system / NativeContext", 5, 8}, {"hidden", "Map", 9, 8}, {0}},
     (const struct world_edge[]){BASE_EDGES,
                                 {3, "internal", "native_context", 5},
                                 {5, "internal", "sloppy_function_map", 9},
                                 {0}},
     9, 3, 5, true},
    {"what a descriptor describes is held otherwise",
     (const struct world_node[]){BASE,
                                 {"array", "(map descriptors)", 5, 8},
                                 {"object", "A", 7, 8},
                                 {"object", "B", 9, 8},
                                 {"object", "C", 11, 8},
                                 {0}},
     (const struct world_edge[]){BASE_EDGES,
                                 {3, "internal", "descriptors", 5},
                                 {3, "property", "a", 7},
                                 {5, "hidden", "4", 11},
                                 {7, "property", "b", 9},
                                 {9, "property", "c", 11},
                                 {0}},
     11, 4, 9, true},
    {"its key is not, nor the cache",
     (const struct world_node[]){BASE,
                                 {"array", "(map descriptors)", 5, 8},
                                 {"object", "A", 7, 8},
                                 {"object", "B", 9, 8},
                                 {0}},
     (const struct world_edge[]){BASE_EDGES,
                                 {3, "internal", "descriptors", 5},
                                 {5, "hidden", "1", 7},
                                 {5, "hidden", "2", 9},
                                 {0}},
     7, 3, 5, true},
    {"an array of another name is a way",
     (const struct world_node[]){
         BASE, {"array", "(object elements)", 5, 8}, {"object", "A", 7, 8}, {0}},
     (const struct world_edge[]){
         BASE_EDGES, {3, "internal", "elements", 5}, {5, "hidden", "4", 7}, {0}},
     7, 3, 5, true},
    {"nothing else leads there: then a descriptor does, at last",
     (const struct world_node[]){BASE,
                                 {"array", "(map descriptors)", 5, 8},
                                 {"object", "A", 7, 8},
                                 {"object", "B", 9, 8},
                                 {0}},
     (const struct world_edge[]){BASE_EDGES,
                                 {3, "internal", "descriptors", 5},
                                 {5, "hidden", "4", 7},
                                 {7, "property", "b", 9},
                                 {0}},
     9, 4, 7, false},
    {"the value of a WeakMap is behind its key and its table",
     (const struct world_node[]){BASE,
                                 {"object", "Key", 5, 8},
                                 {"array", "table", 7, 8},
                                 {"object", "Value", 9, 8},
                                 {"object", "A", 11, 8},
                                 {0}},
     (const struct world_edge[]){BASE_EDGES,
                                 {3, "property", "table", 7},
                                 {3, "property", "a", 11},
                                 {5, "internal", PAIR_OF_5("1"), 9},
                                 {7, "internal", PAIR_OF_5("3"), 9},
                                 {11, "property", "key", 5},
                                 {0}},
     9, 4, 5, true},
    {"two entries are two pairs",
     (const struct world_node[]){BASE,
                                 {"object", "Key", 5, 8},
                                 {"object", "Key", 6, 8},
                                 {"array", "table", 7, 8},
                                 {"object", "Value", 9, 8},
                                 {"object", "A", 11, 8},
                                 {0}},
     (const struct world_edge[]){BASE_EDGES,
                                 {3, "property", "table", 7},
                                 {3, "property", "a", 11},
                                 {5, "internal", PAIR_OF_5("1"), 9},
                                 {6, "internal", PAIR_OF_6("1"), 9},
                                 {7, "internal", PAIR_OF_6("4"), 9},
                                 {7, "internal", PAIR_OF_5("3"), 9},
                                 {11, "property", "key", 6},
                                 {0}},
     9, 4, 6, true},
};

START_TEST(test_distances)
{
	const struct distance_case *row = &cases[_i];
	const struct world world = {row->nodes, row->edges, NULL};
	_cleanup_(reader_freep) struct reader *reader =
	    reader_new(HEAP_KEEPS_GRAPH | HEAP_KEEPS_IDS | HEAP_KEEPS_NAMES);
	struct heap *heap = world_read(&world, reader);
	uint32_t node = (uint32_t)world_place(&world, row->id);
	bool is_users = false;
	struct paths paths;
	uint32_t i;

	ck_assert_int_eq(paths_init(&paths, heap), 0);
	for (i = 0; i < paths.user_count; i++)
		is_users = is_users || paths.order[i] == node;
	ck_assert_msg(paths.distances[node] == row->distance, "%s: %u", row->what,
	              paths.distances[node]);
	ck_assert_msg(heap->node_ids[paths.parents[node]] == row->parent, "%s: from %u", row->what,
	              heap->node_ids[paths.parents[node]]);
	ck_assert_msg(is_users == row->is_users, "%s", row->what);
	paths_done(&paths);
}
END_TEST

/* Without names of edges none is left out. */
START_TEST(test_without_names)
{
	const struct distance_case *row = &cases[5];
	const struct world world = {row->nodes, row->edges, NULL};
	_cleanup_(reader_freep) struct reader *reader = reader_new(HEAP_KEEPS_GRAPH);
	struct heap *heap = world_read(&world, reader);
	struct paths paths;

	ck_assert_int_eq(paths_init(&paths, heap), 0);
	ck_assert_uint_eq(paths.distances[world_place(&world, row->id)], 3);
	paths_done(&paths);
}
END_TEST
int main(void)
{
	Suite *suite = suite_create("paths");
	TCase *distances = tcase_create("distances");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(distances, test_distances, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(distances, test_without_names);
	suite_add_tcase(suite, distances);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS; /* failures are in the TAP output */
}
