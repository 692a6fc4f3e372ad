// SPDX-License-Identifier: MIT
/*
 * A document that was put together in memory goes out whole or not at all.
 */
#ifndef HEAPWATCH_TOOL_OUTPUT_H
#define HEAPWATCH_TOOL_OUTPUT_H

#include <stdio.h>

#include "lib/buf.h"

/*
 * Prints the text and frees its memory. -ENOMEM with nothing printed when an append to it was lost;
 * what out does not take is seen at its flush, see command.c.
 */
int output_print(struct buf *text, FILE *out) __attribute__((warn_unused_result));

#endif
