// SPDX-License-Identifier: MIT
/*
 * Closes an inspector from within: its process calls process._debugEnd() a moment after we are
 * gone. Called at once it ends Node 8 and blocks the others; while anybody is connected it stops
 * the application. Private to opening.c, which knows what was opened by us.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_CLOSING_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_CLOSING_H

#include "collectors/inspector/opening.h"

enum closing_result closing_run(const struct subject *subject,
                                const struct inspector_address *address);

#endif
