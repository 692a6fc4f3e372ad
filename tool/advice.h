// SPDX-License-Identifier: MIT
/*
 * What to do next, most useful first: depends on the verdict and on what the log cannot show.
 */
#ifndef HEAPWATCH_TOOL_ADVICE_H
#define HEAPWATCH_TOOL_ADVICE_H

#include "tool/notes.h"
#include "tool/reading.h"

void advice_find(struct notes *ret_advice, const struct reading *reading);

#endif
