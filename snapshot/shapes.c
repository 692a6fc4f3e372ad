// SPDX-License-Identifier: MIT
/*
 * Sums of hashes do not depend on the order.
 */
#include "snapshot/shapes.h"

#include <string.h>

#include "snapshot/names.h"

#define NAMES_SHOWN 6

static bool is_property(const struct heap *heap, uint32_t edge)
{
	return heap->edge_kinds[edge] == EDGE_KIND_PROPERTY;
}

/* MurmurHash3's finaliser. */
static uint32_t mix(uint32_t value)
{
	value = (value ^ value >> 16) * 0x85EBCA6B;
	value = (value ^ value >> 13) * 0xC2B2AE35;
	return value ^ value >> 16;
}

uint32_t shape_hash(const struct heap *heap, uint32_t node)
{
	uint32_t hash = 0;
	uint32_t edge;

	for (edge = heap->first_edges[node]; edge < heap->first_edges[node + 1]; edge++)
		if (is_property(heap, edge))
			hash += mix(heap->edge_names[edge] + 1);
	return hash != 0 ? hash : 1;
}

void shape_append(struct buf *out, const struct heap *heap, uint32_t node)
{
	size_t count = 0;
	uint32_t edge;

	buf_append_char(out, '{');
	for (edge = heap->first_edges[node]; edge < heap->first_edges[node + 1]; edge++) {
		const char *name = names_text(heap, heap->edge_names[edge]);

		if (!is_property(heap, edge) || strcmp(name, "__proto__") == 0)
			continue;
		if (count++ < NAMES_SHOWN)
			buf_printf(out, "%s%s", count > 1 ? ", " : "", name);
	}
	buf_append_string(out, count > NAMES_SHOWN ? ", ...}" : "}");
}
