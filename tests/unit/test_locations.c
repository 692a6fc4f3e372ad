// SPDX-License-Identifier: MIT
/*
 * A snapshot that lies about places costs no more than its size. Their use is tested with rows by
 * retainer.
 */
#include "snapshot/locations.h"

#include "lib/buf.h"
#include "snapshot/reader.h"
#include "tests/unit/unit.h"

#define COUNT 300000U

/* Each node is said to have a place, and all of these to be of the one that has all edges. */
static void write_snapshot(struct buf *text)
{
	unsigned i;

	buf_printf(text,
	           "{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"self_size\","
	           "\"edge_count\"],\"node_types\":[[\"closure\"]],\"edge_fields\":[\"type\","
	           "\"name_or_index\",\"to_node\"],\"edge_types\":[[\"internal\"]],"
	           "\"location_fields\":[\"object_index\",\"script_id\",\"line\",\"column\"]},"
	           "\"node_count\":%u,\"edge_count\":%u},\"nodes\":[0,0,8,%u",
	           COUNT, COUNT, COUNT);
	for (i = 1; i < COUNT; i++)
		buf_append_string(text, "\n,0,0,8,0");
	buf_append_string(text, "],\"edges\":[0,1,0");
	for (i = 1; i < COUNT; i++)
		buf_append_string(text, "\n,0,1,0");
	buf_append_string(text, "],\"locations\":[0,7,1,1");
	for (i = 1; i < COUNT; i++)
		buf_printf(text, "\n,0,7,1,%u", i % 5);
	buf_append_string(text, "],\"strings\":[\"\",\"a\",\"shared\",\"script\"]}");
}

START_TEST(test_many_places_of_one_node)
{
	struct reader *reader = reader_new(HEAP_KEEPS_GRAPH | HEAP_KEEPS_NAMES);
	struct buf text = BUF_INIT((size_t)COUNT * 64);
	struct heap *heap = NULL;

	write_snapshot(&text);
	ck_assert_ptr_nonnull(reader);
	ck_assert_int_eq(reader_feed(reader, buf_string(&text), text.length), 0);
	ck_assert_int_eq(reader_finish(reader, &heap), 0);
	ck_assert_uint_eq(heap->location_count, COUNT);
	ck_assert_int_eq(locations_name_scripts(heap), 0); /* or the time of a test is over */
	ck_assert_str_eq(locations_script(heap, 7), "");
	ck_assert_uint_eq(locations_of(heap, 0)->script, 7);
	buf_done(&text);
	(void)reader_free(reader);
}
END_TEST

UNIT_MAIN("locations", test_many_places_of_one_node)
