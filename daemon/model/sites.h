// SPDX-License-Identifier: MIT
/*
 * Which code holds the growth of a process, as an explanation said last. Names are cut to what a
 * label may hold.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_SITES_H
#define HEAPWATCH_DAEMON_MODEL_SITES_H

#include <stddef.h>
#include <stdint.h>

#define LEAK_SITES_MAX          10
#define LEAK_SITE_FUNCTION_SIZE 128
#define LEAK_SITE_SCRIPT_SIZE   256

struct leak_site {
	char function[LEAK_SITE_FUNCTION_SIZE];
	char script[LEAK_SITE_SCRIPT_SIZE];
	uint32_t line; /* 0: unknown */
	uint64_t samples;
	double share; /* 0…1 */
};

struct leak_sites {
	size_t count;
	struct leak_site items[LEAK_SITES_MAX]; /* best first */
};

#endif
