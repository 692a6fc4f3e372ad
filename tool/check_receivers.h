// SPDX-License-Identifier: MIT
/*
 * heapwatch check receivers: whether those of a configuration take a test alert.
 */
#ifndef HEAPWATCH_TOOL_CHECK_RECEIVERS_H
#define HEAPWATCH_TOOL_CHECK_RECEIVERS_H

#include <stddef.h>

/*
 * Sends each of them an alert that is a test, and its end, as heapwatchd would, and prints a line
 * about each: without its URL, which may be a secret. STATUS_FAILURE when one did not take them,
 * STATUS_USAGE when the configuration is not valid. *ret_detail: how many took them.
 */
int check_receivers(const char *path, char *ret_detail, size_t detail_size);

#endif
