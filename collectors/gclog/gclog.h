// SPDX-License-Identifier: MIT
/*
 * The gclog collector: follows the files into which Node processes print V8's --trace-gc lines, and
 * gives each collection to its process.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_GCLOG_H
#define HEAPWATCH_COLLECTORS_GCLOG_GCLOG_H

#include "collectors/collector.h"

extern const struct collector gclog_collector;

#endif
