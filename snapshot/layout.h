// SPDX-License-Identifier: MIT
/*
 * The value of "snapshot" at the head of a V8 heap snapshot: how many nodes and edges follow, which
 * fields a row of them has and in what order, and the names of the types
 * (V8, src/profiler/heap-snapshot-generator.cc, HeapSnapshotJSONSerializer::SerializeSnapshot).
 */
#ifndef HEAPWATCH_SNAPSHOT_LAYOUT_H
#define HEAPWATCH_SNAPSHOT_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#define LAYOUT_FIELDS_MAX     32
#define LAYOUT_TYPES_MAX      64
#define LAYOUT_TYPE_NAME_SIZE 32
#define LAYOUT_NO_FIELD       UINT32_MAX

enum node_field {
	NODE_TYPE,
	NODE_NAME,
	NODE_SELF_SIZE,
	NODE_EDGE_COUNT,
	NODE_ID,
	NODE_DETACHEDNESS
};
#define NODE_FIELD_COUNT 6

enum edge_field { EDGE_TYPE, EDGE_NAME, EDGE_TO };
#define EDGE_FIELD_COUNT 3

enum location_field { LOCATION_OBJECT, LOCATION_SCRIPT, LOCATION_LINE, LOCATION_COLUMN };
#define LOCATION_FIELD_COUNT 4

struct layout_types {
	uint32_t count;
	char names[LAYOUT_TYPES_MAX][LAYOUT_TYPE_NAME_SIZE];
};

struct layout {
	uint32_t node_count;
	uint32_t edge_count;
	uint32_t node_width; /* fields in a row */
	uint32_t edge_width;
	uint32_t node_fields[NODE_FIELD_COUNT]; /* place in the row, or LAYOUT_NO_FIELD */
	uint32_t edge_fields[EDGE_FIELD_COUNT];
	uint32_t location_width; /* 0: the head does not tell */
	uint32_t location_fields[LOCATION_FIELD_COUNT];
	struct layout_types node_types;
	struct layout_types edge_types;
};

/*
 * Reads the text of the value, an object. NULL, or in plain words what is wrong with it;
 * *ret_layout is untouched then. id and detachedness may be missing (LAYOUT_NO_FIELD).
 */
const char *layout_parse(const char *text, size_t length, struct layout *ret_layout)
    __attribute__((warn_unused_result));

#endif
