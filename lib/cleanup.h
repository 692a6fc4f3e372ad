// SPDX-License-Identifier: MIT
/*
 * Scope-bound release of locals (the cleanup attribute of GCC and clang).
 * Pass ownership on with TAKE_PTR / TAKE_FD, which empty the local.
 */
#ifndef HEAPWATCH_LIB_CLEANUP_H
#define HEAPWATCH_LIB_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function)))

#define TAKE_PTR(pointer)                               \
	({                                              \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL;                       \
		taken_;                                 \
	})

#define TAKE_FD(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

/* Defines NAMEp(), the cleanup twin of a function that frees one pointer and copes with NULL. */
#define DEFINE_CLEANUP(type, name)                 \
	static inline void name##p(type **pointer) \
	{                                          \
		if (*pointer != NULL)              \
			(void)name(*pointer);      \
	}

static inline void freep(void *pointer)
{
	free(*(void **)pointer);
}

static inline void closep(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* read-only or already synced: nothing left to report */
}

static inline void fclosep(FILE **file)
{
	if (*file != NULL)
		(void)fclose(*file);
}

#endif
