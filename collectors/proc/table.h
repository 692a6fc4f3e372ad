// SPDX-License-Identifier: MIT
/*
 * uthash as this collector uses it: without memory an insertion leaves the element out (ask
 * TABLE_HAS) instead of ending the program, and with a hash function that does not fall through in
 * a switch, of which clang would warn in every caller.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_TABLE_H
#define HEAPWATCH_COLLECTORS_PROC_TABLE_H

#define HASH_NONFATAL_OOM                  1
#define HASH_FUNCTION(key, length, result) HASH_OAT(key, length, result)
#include <uthash.h>

/* Whether the insertion just tried has taken place. */
#define TABLE_HAS(element) ((element)->hh.tbl != NULL)

#endif
