// SPDX-License-Identifier: MIT
/*
 * Histograms of pauses over bounds of their own, each of them one of the model's.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_PAUSES_H
#define HEAPWATCH_DAEMON_EXPOSITION_PAUSES_H

/* An upper bound as a number and as it is written. */
struct pause_bound {
	double seconds; /* one of gc_pause_bounds_seconds */
	const char *text;
};

#endif
