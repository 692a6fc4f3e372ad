// SPDX-License-Identifier: MIT
/*
 * uthash with Jenkins' one-at-a-time hash (its default falls through between cases, of which clang
 * warns in the caller), and without exit() when memory is short: then an element is left out.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_HASH_H
#define HEAPWATCH_COLLECTORS_GCLOG_HASH_H

#define HASH_FUNCTION(key, length, hash) HASH_OAT(key, length, hash)

#define HASH_NONFATAL_OOM 1

#include <uthash.h>

/* An element with its handle is in no table, after an insertion without memory. */
#define HASH_IS_LEFT_OUT(element, handle) ((element)->handle.tbl == NULL)

#endif
