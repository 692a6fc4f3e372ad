// SPDX-License-Identifier: MIT
/*
 * The table of collectors, in the order in which they run in a pass: processes are found before
 * their logs are read.
 */
#include "collectors/collector.h"

#include "collectors/gclog/gclog.h"
#include "collectors/inspector/inspector.h"
#include "collectors/proc/proc.h"

const struct collector *const collector_registry[] = {
    &proc_collector,
    &gclog_collector,
    &inspector_collector,
};
const size_t collector_registry_count = sizeof(collector_registry) / sizeof(collector_registry[0]);
