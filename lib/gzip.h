// SPDX-License-Identifier: MIT
/*
 * A buffer compressed in one go, for HTTP bodies. Takes long for large ones: not for the loop.
 */
#ifndef HEAPWATCH_LIB_GZIP_H
#define HEAPWATCH_LIB_GZIP_H

#include <stddef.h>

struct buf;

/*
 * Appends one gzip member (RFC 1952) at the fastest level, at which an exposition shrinks to about
 * a tenth. -ENOMEM, also when out would exceed its maximum.
 */
int gzip_compress(const void *bytes, size_t length, struct buf *out)
    __attribute__((warn_unused_result));

#endif
