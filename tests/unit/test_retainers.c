// SPDX-License-Identifier: MIT
/*
 * What is new, by the path that holds it.
 */
#include "snapshot/retainers.h"

#include <string.h>

#include "lib/cleanup.h"
#include "snapshot/diff.h"
#include "snapshot/dominators.h"
#include "snapshot/locations.h"
#include "snapshot/names.h"
#include "snapshot/paths.h"
#include "tests/unit/snapshot_world.h"
#include "tool/retainer_report.h"

DEFINE_CLEANUP(struct reader, reader_free)

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
#define OBJECT(name, id)               \
	{                              \
		"object", name, id, 10 \
	}

/* Ids from 100 on are new. */
static const struct retained_case {
	const char *what;
	const char *rows; /* path, count, growth, retained; a line each */
	struct world_node nodes[24];
	struct world_edge edges[32];
} cases[] = {
    {"elements of an array whose store was replaced",
     "global > leaks (Array) > Leak x2 +24 24\n"
     "global > leaks (Array) > (elements) x1 +10 34\n",
     {BASE,
      OBJECT("Array", 5),
      {"array", "(elements)", 101, 10},
      OBJECT("Leak", 103),
      OBJECT("Leak", 105),
      {"string", "a", 107, 4}},
     {BASE_EDGES,
      {3, "property", "leaks", 5},
      {5, "internal", "elements", 101},
      {101, "element", "0", 103},
      {101, "element", "1", 105},
      {105, "property", "text", 107}}},
    {"an object that is used as a table",
     "global > table (Object) > * (Entry) x9 +90 90\n"
     "global > table (Object) > other (Other) x1 +10 10\n",
     {BASE, OBJECT("Object", 5), OBJECT("Entry", 101), OBJECT("Entry", 102), OBJECT("Entry", 103),
      OBJECT("Entry", 104), OBJECT("Entry", 105), OBJECT("Entry", 106), OBJECT("Entry", 107),
      OBJECT("Entry", 108), OBJECT("Entry", 109), OBJECT("Other", 110)},
     {BASE_EDGES,
      {3, "property", "table", 5},
      {5, "property", "k1", 101},
      {5, "property", "k2", 102},
      {5, "property", "k3", 103},
      {5, "property", "k4", 104},
      {5, "property", "k5", 105},
      {5, "property", "k6", 106},
      {5, "property", "k7", 107},
      {5, "property", "k8", 108},
      {5, "property", "k9", 109},
      {5, "property", "other", 110}}},
    {"an object with a few properties is none",
     "global > pair (Object) > left (Entry) x1 +10 10\n"
     "global > pair (Object) > right (Entry) x1 +10 10\n",
     {BASE, OBJECT("Object", 5), OBJECT("Entry", 101), OBJECT("Entry", 102)},
     {BASE_EDGES,
      {3, "property", "pair", 5},
      {5, "property", "left", 101},
      {5, "property", "right", 102}}},
    {"a list that grows in front is one row",
     "global > list (Link) x3 +30 40\n",
     {BASE, OBJECT("Link", 101), OBJECT("Link", 102), OBJECT("Link", 103), OBJECT("Link", 7)},
     {BASE_EDGES,
      {3, "property", "list", 101},
      {101, "property", "next", 102},
      {102, "property", "next", 103},
      {103, "property", "next", 7}}},
    {"a list that grows at its end repeats a step",
     "global > list (Link) > next (Link) ... x2 +20 20\n",
     {BASE, OBJECT("Link", 5), OBJECT("Link", 7), OBJECT("Link", 101), OBJECT("Link", 102)},
     {BASE_EDGES,
      {3, "property", "list", 5},
      {5, "property", "next", 7},
      {7, "property", "next", 101},
      {101, "property", "next", 102}}},
    {"anonymous objects by their shape",
     "global > a (Array) > Object {id, name} x2 +20 20\n"
     "global > a (Array) > Object {when} x1 +10 10\n",
     {BASE,
      OBJECT("Array", 5),
      OBJECT("Object", 101),
      OBJECT("Object", 102),
      OBJECT("Object", 103),
      {"string", "s", 7, 1}},
     {BASE_EDGES,
      {3, "property", "a", 5},
      {5, "element", "0", 101},
      {5, "element", "1", 102},
      {5, "element", "2", 103},
      {101, "property", "id", 7},
      {101, "property", "name", 7},
      {102, "property", "name", 7},
      {102, "property", "id", 7},
      {103, "property", "when", 7}}},
    {"a closure's variable; the user's roots before V8's; weak edges hold nothing",
     "handler() > cache (Map) > Item x1 +10 10\n"
     "(GC roots) > hidden (Item) x1 +10 10\n",
     {BASE,
      {"closure", "handler", 5, 8},
      {"object", "system / Context", 7, 8},
      OBJECT("Map", 9),
      OBJECT("Item", 101),
      OBJECT("Item", 102),
      OBJECT("Item", 103)},
     {BASE_EDGES,
      {2, "internal", "x", 101},
      {2, "property", "hidden", 102},
      {2, "weak", "w", 103},
      {1, "element", "5", 5},
      {5, "internal", "context", 7},
      {7, "context", "cache", 9},
      {9, "internal", "item", 101}}},
    {"nothing new", "", {BASE}, {BASE_EDGES}},
};

static void append_rows(struct buf *text, const struct heap *heap,
                        const struct retainers *retainers)
{
	const struct retainer_report report = {.heap = heap, .retainers = retainers};
	size_t i;

	for (i = 0; i < retainers->row_count; i++) {
		const struct trail *trail = &retainers->trails[retainers->rows[i]];

		retainer_append_path(text, &report, retainers->rows[i], " > ");
		buf_printf(text, " x%llu +%llu %llu\n", (unsigned long long)trail->count,
		           (unsigned long long)trail->growth_bytes,
		           (unsigned long long)trail->retained_bytes);
	}
}

static struct heap *read_case(const struct world *world, struct reader *reader)
{
	struct heap *heap = world_read(world, reader);
	uint32_t i;

	heap->is_new = calloc(heap->node_count, sizeof(*heap->is_new));
	ck_assert_ptr_nonnull(heap->is_new);
	for (i = 0; i < heap->node_count; i++)
		heap->is_new[i] = heap->node_ids[i] >= 100;
	ck_assert_int_eq(dominators_retain(heap, DOMINATORS_KEEP_GRAPH), 0);
	return heap;
}

#define KEEPS (HEAP_KEEPS_GRAPH | HEAP_KEEPS_IDS | HEAP_KEEPS_NAMES)

START_TEST(test_rows)
{
	const struct retained_case *row = &cases[_i];
	const struct world world = {row->nodes, row->edges, NULL};
	_cleanup_(reader_freep) struct reader *reader = reader_new(KEEPS);
	struct heap *heap = read_case(&world, reader);
	struct buf text = BUF_INIT((size_t)64 * 1024);
	struct retainers retainers;
	struct paths paths;
	uint64_t new_bytes = 0;
	uint32_t i;

	ck_assert_int_eq(paths_init(&paths, heap), 0);
	ck_assert_int_eq(retainers_find(&retainers, heap, &paths), 0);
	append_rows(&text, heap, &retainers);
	ck_assert_msg(strcmp(buf_string(&text), row->rows) == 0, "%s:\n%s", row->what,
	              buf_string(&text));
	for (i = 0; i < heap->node_count; i++)
		new_bytes += heap->is_new[i] ? heap->self_sizes[i] : 0;
	ck_assert_uint_eq(retainers.growth_bytes + retainers.unheld_bytes, new_bytes);
	buf_done(&text);
	retainers_done(&retainers);
	paths_done(&paths);
}
END_TEST

static const struct world placed = {
    .nodes = (const struct world_node[]){BASE,
                                         {"closure", "Leak", 5, 8},
                                         {"code", "Leak", 7, 8},
                                         {"code", "/srv/app.js", 9, 8},
                                         OBJECT("Leak", 101),
                                         OBJECT("Other", 103),
                                         {0}},
    .edges = (const struct world_edge[]){BASE_EDGES,
                                         {3, "property", "Leak", 5},
                                         {5, "internal", "shared", 7},
                                         {7, "internal", "script_or_debug_info", 9},
                                         {3, "property", "leak", 101},
                                         {3, "property", "other", 103},
                                         {0}},
    .locations = "35,8,41,7,30,77,0,0,15,8,41,7",
};

START_TEST(test_places)
{
	static const char *const places[] = {"", "", "", "/srv/app.js:42:8", "", "", "", ""};
	_cleanup_(reader_freep) struct reader *reader = reader_new(KEEPS);
	struct heap *heap = world_read(&placed, reader);
	struct buf text = BUF_INIT(256);
	uint32_t i;

	ck_assert_int_eq(locations_name_scripts(heap), 0);
	for (i = 0; i < heap->node_count; i++) {
		const struct location *location = locations_of(heap, i);

		ck_assert_int_eq(location != NULL, i == 3 || i == 6 || i == 7);
		buf_clear(&text);
		retainer_append_place(&text, heap, i);
		ck_assert_str_eq(buf_string(&text), i == 7 ? places[3] : places[i]);
	}
	buf_done(&text);
}
END_TEST

START_TEST(test_a_location_that_lies_is_an_error)
{
	static const struct {
		const char *locations;
		const char *problem;
	} lies[] = {
	    {"40,1,1,1", "a location is of a node that is not there"},
	    {"36,1,1,1", "a location is of the middle of a node"},
	    {"35,4294967296,1,1", "a location has numbers that do not fit into 32 bits"},
	    {"35,1,4294967295,1", "a location has numbers that do not fit into 32 bits"},
	    {"35,1,1", "an array ends in the middle of a row"},
	};
	size_t i;

	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		const struct world world = {placed.nodes, placed.edges, lies[i].locations};
		_cleanup_(reader_freep) struct reader *reader = reader_new(i % 2 == 0 ? KEEPS : 0);
		struct buf text = BUF_INIT((size_t)64 * 1024);
		uint64_t offset_bytes;

		world_write(&world, &text);
		ck_assert_int_lt(reader_feed(reader, buf_string(&text), text.length), 0);
		ck_assert_str_eq(reader_problem(reader, &offset_bytes), lies[i].problem);
		ck_assert_uint_lt(offset_bytes, text.length);
		buf_done(&text);
	}
}
END_TEST

START_TEST(test_distances)
{
	const struct retained_case *row = &cases[6];
	const struct world world = {row->nodes, row->edges, NULL};
	static const uint32_t distances[] = {0, 1, 1, 1, 2, 3, 4, 2, PATHS_NONE};
	_cleanup_(reader_freep) struct reader *reader = reader_new(KEEPS);
	struct heap *heap = world_read(&world, reader);
	struct paths paths;
	uint32_t i;

	ck_assert_int_eq(paths_init(&paths, heap), 0);
	for (i = 0; i < heap->node_count; i++)
		ck_assert_uint_eq(paths.distances[i], distances[i]);
	ck_assert_uint_eq(paths.user_count, 6);
	ck_assert_uint_eq(paths.count, 8);
	ck_assert_uint_eq(names_find(heap, "no such name"), UINT32_MAX);
	paths_done(&paths);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("retainers");
	TCase *rows = tcase_create("rows");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(rows, test_rows, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(rows, test_places);
	tcase_add_test(rows, test_a_location_that_lies_is_an_error);
	tcase_add_test(rows, test_distances);
	suite_add_tcase(suite, rows);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS; /* failures are in the TAP output */
}
