// SPDX-License-Identifier: MIT
/*
 * What speaks for a leak of a heap, what against it, and what cannot be told: plain sentences with
 * figures, for people who do not read GC logs. Pure.
 */
#ifndef HEAPWATCH_TOOL_SIGNS_H
#define HEAPWATCH_TOOL_SIGNS_H

#include "tool/notes.h"
#include "tool/reading.h"

struct signs {
	struct notes in_favour;
	struct notes against;
	struct notes open;
};

void signs_find(struct signs *ret_signs, const struct reading *reading);

#endif
