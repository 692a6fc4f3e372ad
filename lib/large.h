// SPDX-License-Identifier: MIT
/*
 * Arrays of many megabytes that are looked at in no order. The kernel is asked to back them with
 * huge pages (madvise(2), MADV_HUGEPAGE), where it gives these to who asks: there are a hundredth
 * of the page faults then, and fewer misses of the TLB. Otherwise as calloc(3) and realloc(3), and
 * free(3) frees them.
 */
#ifndef HEAPWATCH_LIB_LARGE_H
#define HEAPWATCH_LIB_LARGE_H

#include <stddef.h>

/*
 * For a program that has little else: from now on what malloc(3) gives from 1 MiB on goes back to
 * the system when it is freed. glibc stops doing so for sizes up to 32 MiB once one of that size
 * was freed, and holes remain in its heap.
 */
void large_return_when_freed(void);

/* Of zeros; NULL without memory. */
void *large_calloc(size_t count, size_t size) __attribute__((warn_unused_result));
/* NULL without memory: the array is as it was then. */
void *large_realloc(void *array, size_t count, size_t size) __attribute__((warn_unused_result));

#endif
