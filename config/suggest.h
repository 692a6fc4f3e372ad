// SPDX-License-Identifier: MIT
/*
 * The name that was probably meant: the nearest of those that are offered, if any is near.
 */
#ifndef HEAPWATCH_CONFIG_SUGGEST_H
#define HEAPWATCH_CONFIG_SUGGEST_H

#include <stddef.h>

#define SUGGESTION_SIZE 64

struct suggestion {
	const char *wanted; /* borrowed */
	size_t distance;    /* of the nearest so far */
	char name[SUGGESTION_SIZE];
};

/* Takes names up to a third of its length, at least one edit, away. */
struct suggestion suggestion_for(const char *wanted);
void suggestion_offer(struct suggestion *suggestion, const char *name);

#endif
