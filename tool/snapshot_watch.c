// SPDX-License-Identifier: MIT
/*
 * heapwatch snapshot watch: two or three heap snapshots of a running process, and what grew between
 * them. They are taken in one session, since V8 gives new ids to all objects when one ends.
 */
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/units.h"
#include "tool/command.h"
#include "tool/snapshot_words.h"

#define INTERVAL_MIN_NS NS_PER_SECOND
#define INTERVAL_MAX_NS (UINT64_C(24) * NS_PER_HOUR)

static int usage_error(const char *message, const char *given)
{
	(void)fprintf(stderr, "heapwatch snapshot: %s, not %s\n", message, given);
	return STATUS_USAGE;
}

/* What was taken is compared, even where it is fewer than was asked for. */
static int compare(struct snapshot_series *series, int status)
{
	int compared;

	if (series->taken < 2)
		return status;
	compared = snapshot_diff(series->options, series->paths, (int)series->taken);
	return compared != STATUS_OK ? compared : status;
}

int snapshot_watch(const struct snapshot_options *options, char **operands, int count)
{
	struct snapshot_series series = {.options = options,
	                                 .count = (unsigned)(options->count[0] - '0')};
	int status;

	(void)count;
	if (strcmp(options->count, "2") != 0 && strcmp(options->count, "3") != 0)
		return usage_error("--count: expected 2 or 3", options->count);
	if (duration_parse(options->interval, &series.interval_ns) < 0 ||
	    series.interval_ns < INTERVAL_MIN_NS || series.interval_ns > INTERVAL_MAX_NS)
		return usage_error("--interval: expected 1s to 24h", options->interval);
	if (!snapshot_find_process(options, operands[0], &series.pid, &status))
		return status;
	return compare(&series, snapshot_take_series(&series));
}
