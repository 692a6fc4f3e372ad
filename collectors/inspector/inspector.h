// SPDX-License-Identifier: MIT
/*
 * The inspector collector: attaches to inspectors of Node that are already open on loopback, where
 * the configuration says so, and reads heaps, collections and event loops through them. It opens
 * and closes none.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_INSPECTOR_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_INSPECTOR_H

#include "collectors/collector.h"

extern const struct collector inspector_collector;

#endif
