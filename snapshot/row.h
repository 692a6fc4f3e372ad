// SPDX-License-Identifier: MIT
/*
 * A whole row of numbers at once, as V8 writes it: the quick way for nearly all of a snapshot.
 */
#ifndef HEAPWATCH_SNAPSHOT_ROW_H
#define HEAPWATCH_SNAPSHOT_ROW_H

#include <stddef.h>
#include <stdint.h>

/* What has to be there for a row: its numbers with what ends them, and what is read beyond. */
#define ROW_BYTES(width) ((size_t)(width)*20 + 40)

/*
 * Reads width numbers, commas between them and "," or "\n," behind the last, into row. Returns what
 * is behind that; NULL when anything else stands there, even if JSON allows it: row is undefined
 * then. ROW_BYTES(width) must be there.
 */
const char *row_scan(const char *at, uint32_t width, uint64_t *row);

#endif
