// SPDX-License-Identifier: MIT
/*
 * heapwatch check gc-log: what heapwatchd would find in a file.
 */
#ifndef HEAPWATCH_TOOL_CHECK_GC_LOG_H
#define HEAPWATCH_TOOL_CHECK_GC_LOG_H

#include <stddef.h>

/*
 * STATUS_OK when it can be read and holds a collection, else STATUS_USAGE; says on stderr why not.
 * *ret_detail: what was counted.
 */
int check_gc_log(const char *path, char *ret_detail, size_t detail_size);

#endif
