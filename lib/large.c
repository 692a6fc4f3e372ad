// SPDX-License-Identifier: MIT
/*
 * An array of this size is a mapping of its own in glibc's malloc, whose first page begins with
 * malloc's own data. All of its pages are advised: of a mapping that is two for the kernel, with
 * and without advice, realloc() could not move the pages (mremap(2)).
 */
#include "lib/large.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define RETURNED_BYTES_MIN (1 << 20)
#define ADVISED_BYTES_MIN  ((size_t)4 << 20) /* two huge pages of x86-64 */

void large_return_when_freed(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, RETURNED_BYTES_MIN);
}

static void advise(void *array, size_t bytes)
{
	uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t begin = (uintptr_t)array & ~(page_bytes - 1);
	uintptr_t end = ((uintptr_t)array + bytes + page_bytes - 1) & ~(page_bytes - 1);

	if (bytes >= ADVISED_BYTES_MIN) /* a wish: nothing is lost when it is not granted */
		(void)madvise((char *)array - ((uintptr_t)array - begin), end - begin,
		              MADV_HUGEPAGE);
}

void *large_calloc(size_t count, size_t size)
{
	void *array = calloc(count, size);

	if (array != NULL)
		advise(array, count * size);
	return array;
}

void *large_realloc(void *array, size_t count, size_t size)
{
	void *resized = reallocarray(array, count, size);

	if (resized != NULL)
		advise(resized, count * size);
	return resized;
}
