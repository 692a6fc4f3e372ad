// SPDX-License-Identifier: MIT
/*
 * Which scripts are Node's own, by their names. Pure.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_SCRIPT_NAME_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_SCRIPT_NAME_H

#include <stdbool.h>

/* "node:events": from Node 16 on all of its own. */
bool script_has_node_scheme(const char *script);
/*
 * Up to Node 14 internal scripts are named as in Node's lib directory: "events.js",
 * "internal/timers.js". What an application loads has an absolute path or a scheme.
 */
bool script_is_bare(const char *script);
/* Node's Buffer, of those that are Node's own. */
bool script_is_buffer(const char *script);
/* Of those without a script: "Float64Array", "ArrayBuffer" and the like, but no "Array". */
bool function_makes_buffers(const char *function);

#endif
