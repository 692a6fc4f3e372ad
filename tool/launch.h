// SPDX-License-Identifier: MIT
/*
 * How a command gets V8's GC trace: by --trace-gc behind the first argument that is a Node
 * executable ("node app.js", "env A=b nice node app.js"), or, where that is hidden (npm, scripts),
 * by a script that NODE_OPTIONS preloads, since V8's trace flags are refused there. What is Node is
 * decided by the ELF file, never by a name.
 */
#ifndef HEAPWATCH_TOOL_LAUNCH_H
#define HEAPWATCH_TOOL_LAUNCH_H

#include <stdbool.h>

struct launch {
	char **argv;        /* owned; its strings are borrowed */
	char *node_options; /* owned; NULL: the flag is in argv */
};

/* -ENOMEM; -ENOENT: the script to preload is not installed. */
int launch_plan(struct launch *ret_launch, int argc, char **argv)
    __attribute__((warn_unused_result));
void launch_done(struct launch *launch);

#endif
