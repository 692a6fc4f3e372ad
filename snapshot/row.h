// SPDX-License-Identifier: MIT
/*
 * A whole row of numbers at once, as V8 writes it: the quick way for nearly all of a snapshot.
 */
#ifndef HEAPWATCH_SNAPSHOT_ROW_H
#define HEAPWATCH_SNAPSHOT_ROW_H

#include <stdint.h>

/* What has to be there behind at for a row: that many bytes for each number. */
#define ROW_NUMBER_BYTES 24

/*
 * Reads width numbers, commas between them and "," or "\n," behind the last, into row. Returns what
 * is behind that; NULL when anything else stands there, even if JSON allows it: row is undefined
 * then. width * ROW_NUMBER_BYTES bytes must be there.
 */
const char *row_scan(const char *at, uint32_t width, uint64_t *row);

#endif
