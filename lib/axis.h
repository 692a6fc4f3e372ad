// SPDX-License-Identifier: MIT
/*
 * Where the ticks of an axis stand, and how they are labelled. Pure.
 */
#ifndef HEAPWATCH_LIB_AXIS_H
#define HEAPWATCH_LIB_AXIS_H

#include <stddef.h>

#define AXIS_LABEL_SIZE 32

/* The distance of ticks, 1, 2 or 5 times a power of ten, so that at most count fit; > 0. */
double axis_step(double span, size_t count);
/* The same in powers of two, for sizes in bytes of which people think in MiB and GiB. */
double axis_step_bytes(double span_bytes, size_t count);
/* The same for seconds: whole seconds, minutes, hours, days above one. */
double axis_step_seconds(double span_seconds, size_t count);

/* "1m 30s", "2h", "3d 12h", "0.5s": exact for multiples of the steps above. */
const char *axis_label_seconds(char out[AXIS_LABEL_SIZE], double seconds);

#endif
