// SPDX-License-Identifier: MIT
/*
 * Writes a heap snapshot of any size to stdout, in the layout of Node.js 20: global → leaks (Array)
 * → items, each an object with a text of its own, an array, and a pointer to an earlier item.
 *
 *	snapshot_make ITEMS [NAME_OF_CLASS]
 *
 * Four nodes and 13 edges an item, about 310 bytes. A snapshot with more items has those of one
 *with fewer, with the same ids, so that two of them can be compared.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/numbers.h"

#define WIDTH         7 /* fields of a node */
#define NODES_BEFORE  6
#define NODES_OF_ITEM 4
#define EDGES_OF_ITEM 13
#define TEXTS_BEFORE  14
#define OUTPUT_BYTES  ((size_t)1 << 20)
#define ITEMS_MAX     100000000

static const char head[] =
    "{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\",\"self_size\","
    "\"edge_count\",\"trace_node_id\",\"detachedness\"],\"node_types\":[[\"hidden\",\"array\","
    "\"string\",\"object\",\"code\",\"closure\",\"regexp\",\"number\",\"native\",\"synthetic\","
    "\"concatenated string\",\"sliced string\",\"symbol\",\"bigint\",\"object shape\"],"
    "\"string\",\"number\",\"number\",\"number\",\"number\",\"number\"],\"edge_fields\":[\"type\","
    "\"name_or_index\",\"to_node\"],\"edge_types\":[[\"context\",\"element\",\"property\","
    "\"internal\",\"hidden\",\"shortcut\",\"weak\"],\"string_or_number\",\"node\"],"
    "\"location_fields\":[\"object_index\",\"script_id\",\"line\",\"column\"]}";

enum {
	TEXT_EMPTY,
	TEXT_ROOTS,
	TEXT_GLOBAL,
	TEXT_ARRAY,
	TEXT_ELEMENTS,
	TEXT_MAP,
	TEXT_CLASS,
	TEXT_LEAKS,
	TEXT_EDGE_ELEMENTS,
	TEXT_EDGE_MAP,
	TEXT_TEXT,
	TEXT_LIST,
	TEXT_BEFORE,
	TEXT_PROTO
};

/* Nodes: the root, V8's roots, the global object, the array, its elements, a map; then items. */
static uint64_t node_of(uint64_t item, unsigned part)
{
	return (NODES_BEFORE + item * NODES_OF_ITEM + part) * WIDTH;
}

static void write_nodes(uint64_t items)
{
	uint64_t i;

	(void)printf("\"nodes\":[9,0,1,0,2,0,0\n,9,%d,3,0,1,0,0\n,3,%d,5,40,2,0,0\n,"
	             "3,%d,7,32,2,0,0\n,1,%d,9,%" PRIu64 ",%" PRIu64 ",0,0\n,0,%d,11,80,0,0,0\n",
	             TEXT_ROOTS, TEXT_GLOBAL, TEXT_ARRAY, TEXT_ELEMENTS, 16 + items * 8, items,
	             TEXT_MAP);
	for (i = 0; i < items; i++) {
		uint64_t id = 101 + i * 8;

		(void)printf(",3,%d,%" PRIu64 ",56,5,0,0\n,2,%" PRIu64 ",%" PRIu64 ",32,1,0,0\n"
		             ",3,%d,%" PRIu64 ",32,2,0,0\n,1,%d,%" PRIu64 ",32,4,0,0\n",
		             TEXT_CLASS, id, TEXTS_BEFORE + i, id + 2, TEXT_ARRAY, id + 4,
		             TEXT_ELEMENTS, id + 6);
	}
	(void)printf("],\n");
}

/* Some item before, neither the nearest nor always the same. */
static uint64_t earlier(uint64_t item)
{
	return item == 0 ? 0 : item * UINT64_C(2654435761) % item;
}

static void write_edges(uint64_t items)
{
	uint64_t map = 5 * WIDTH;
	uint64_t i;

	(void)printf("\"edges\":[1,1,%d\n,5,%d,%d\n,3,%d,%" PRIu64 "\n,2,%d,%d\n,3,%d,%" PRIu64
	             "\n,3,%d,%d\n,3,%d,%" PRIu64 "\n",
	             1 * WIDTH, TEXT_GLOBAL, 2 * WIDTH, TEXT_EDGE_MAP, map, TEXT_LEAKS, 3 * WIDTH,
	             TEXT_EDGE_MAP, map, TEXT_EDGE_ELEMENTS, 4 * WIDTH, TEXT_EDGE_MAP, map);
	for (i = 0; i < items; i++)
		(void)printf(",1,%" PRIu64 ",%" PRIu64 "\n", i, node_of(i, 0));
	for (i = 0; i < items; i++)
		(void)printf(",2,%d,%" PRIu64 "\n,2,%d,%" PRIu64 "\n,2,%d,%" PRIu64
		             "\n,2,%d,%" PRIu64 "\n,3,%d,%" PRIu64 "\n,3,%d,%" PRIu64
		             "\n,3,%d,%" PRIu64 "\n,3,%d,%" PRIu64 "\n,3,%d,%" PRIu64
		             "\n,1,0,%" PRIu64 "\n,1,1,%" PRIu64 "\n,1,2,%" PRIu64 "\n",
		             TEXT_TEXT, node_of(i, 1), TEXT_LIST, node_of(i, 2), TEXT_BEFORE,
		             node_of(earlier(i), 0), TEXT_PROTO, UINT64_C(2) * WIDTH, TEXT_EDGE_MAP,
		             map, TEXT_EDGE_MAP, map, TEXT_EDGE_ELEMENTS, node_of(i, 3),
		             TEXT_EDGE_MAP, map, TEXT_EDGE_MAP, map, node_of(earlier(i), 1),
		             node_of(earlier(i / 2), 1), node_of(i, 0));
	(void)printf("],\n");
}

static void write_strings(uint64_t items, const char *class_name)
{
	uint64_t i;

	(void)printf(
	    "\"strings\":[\"\",\n\"(GC roots)\",\n\"global\",\n\"Array\",\n"
	    "\"(object elements)\",\n\"system / Map\",\n\"%s\",\n\"leaks\",\n\"elements\",\n"
	    "\"map\",\n\"text\",\n\"list\",\n\"before\",\n\"__proto__\"",
	    class_name);
	for (i = 0; i < items; i++)
		(void)printf(",\n\"text of item %" PRIu64 "\"", i);
	(void)printf("]}\n");
}

int main(int argc, char **argv)
{
	static char output[OUTPUT_BYTES];
	uint64_t items;

	if (argc < 2 || argc > 3 || number_parse_u64(argv[1], strlen(argv[1]), &items) < 0 ||
	    items > ITEMS_MAX) {
		(void)fputs("usage: snapshot_make ITEMS [NAME_OF_CLASS]\n", stderr);
		return 2;
	}
	(void)setvbuf(stdout, output, _IOFBF, sizeof(output));
	(void)printf("%s,\"node_count\":%" PRIu64 ",\"edge_count\":%" PRIu64
	             ",\"trace_function_count\":0},\n",
	             head, NODES_BEFORE + items * NODES_OF_ITEM, 7 + items * EDGES_OF_ITEM);
	write_nodes(items);
	write_edges(items);
	(void)printf("\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n"
	             "\"locations\":[%d,9,3,19],\n",
	             (NODES_BEFORE)*WIDTH);
	write_strings(items, argc == 3 ? argv[2] : "Item");
	return fflush(stdout) == 0 ? 0 : 1;
}
