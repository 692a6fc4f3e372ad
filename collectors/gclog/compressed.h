// SPDX-License-Identifier: MIT
/*
 * Whether bytes are those of a compressed file, by its magic number: what logrotate leaves beside a
 * log may match the same glob. Pure.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_COMPRESSED_H
#define HEAPWATCH_COLLECTORS_GCLOG_COMPRESSED_H

#include <stdbool.h>
#include <stddef.h>

#define COMPRESSED_MAGIC_MAX 10

/* head: the first bytes of a file, COMPRESSED_MAGIC_MAX of them if it has so many. */
bool compressed_is(const char *head, size_t length);

#endif
