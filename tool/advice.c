// SPDX-License-Identifier: MIT
/*
 * A row of sentences per outlook, and some that depend on figures.
 */
#include "tool/advice.h"

#include <math.h>

#include "lib/clock.h"
#include "lib/units.h"

/* Time in collections from which on they are worth tuning. */
#define PAUSED_MUCH 0.10
/* How far young collections must outweigh full ones for that. */
#define YOUNG_SHARE   0.5
#define LIMIT_EXAMPLE (1.0 * GIB)

static void advise_snapshot(struct notes *notes)
{
	notes_add(notes,
	          "--heapsnapshot-near-heap-limit=1 (Node 14.18 and later) writes a heap snapshot "
	          "before it dies the next time, if as much memory again is free.");
}

static void advise_holder(struct notes *notes, const struct reading *reading)
{
	if (reading->is_dead)
		notes_add(notes,
		          "Find what holds it: start it again, and while it grows ask it with "
		          "heapwatch explain PID.");
	else
		notes_add(notes,
		          "Find what holds it, in the running process: heapwatch explain %lld",
		          (long long)reading->row->key.pid);
	notes_add(notes,
	          "Or run it with --heapsnapshot-signal=SIGUSR2 (Node 12 and later), take two "
	          "snapshots with kill -USR2 some minutes apart and compare them with "
	          "heapwatch snapshot diff. A snapshot stops the program and needs as much "
	          "memory again.");
}

static void advise_more_heap(struct notes *notes, const struct reading *reading)
{
	double growth = reading->growth_bytes_per_second;
	char pace[UNIT_TEXT_SIZE];
	char gain[UNIT_TEXT_SIZE];

	if (!reading->has_growth || growth <= 0)
		return;
	(void)duration_format(
	    gain, (uint64_t)(fmin(LIMIT_EXAMPLE / growth, 1e9) * (double)NS_PER_SECOND));
	notes_add(notes, "A larger --max-old-space-size only buys time: at %s/s each GiB lasts %s.",
	          size_format(pace, growth), gain);
}

static void advise_restart(struct notes *notes, const struct reading *reading)
{
	double seconds = reading->verdict.exhaustion_p10_seconds;
	char text[UNIT_TEXT_SIZE];

	if (!isfinite(seconds) || seconds <= 0)
		return;
	notes_add(notes, "Until it is mended, restart it before %s are over.",
	          duration_format(text, (uint64_t)(seconds * (double)NS_PER_SECOND)));
}

static void advise_limit(struct notes *notes, const struct reading *reading)
{
	if (reading->isolate->limit_bytes == 0)
		notes_add(
		    notes,
		    "Give --heap-limit=SIZE, the program's --max-old-space-size, to learn when "
		    "it will run out.");
}

static void advise_leak(struct notes *notes, const struct reading *reading)
{
	if (reading->isolate->has_external_pressure)
		notes_add(notes,
		          "Record with --trace-gc-verbose: it shows memory held by Buffers, which "
		          "these lines do not.");
	advise_restart(notes, reading);
	advise_holder(notes, reading);
	if (reading->is_dead)
		advise_snapshot(notes);
	advise_more_heap(notes, reading);
	if (!reading->is_dead)
		advise_limit(notes, reading);
}

static void advise_small(struct notes *notes, const struct reading *reading)
{
	char text[UNIT_TEXT_SIZE];

	notes_add(
	    notes,
	    "Raise --max-old-space-size if the program is meant to keep that much (it had %s "
	    "in use at the end) and record again: a floor that then stands still was just too "
	    "large for the limit, one that goes on rising is a leak.",
	    size_format(text, (double)reading->all.used_after_last));
	advise_snapshot(notes);
}

static void advise_longer(struct notes *notes, const struct reading *reading)
{
	if (reading->is_short)
		notes_add(
		    notes,
		    "Record for half an hour or more under its usual load. For a load test in "
		    "fast motion say what a second stands for: --time-scale=60 makes a minute an "
		    "hour.");
	else
		notes_add(
		    notes,
		    "Record for as long again: what fills up has then come to rest, a leak has "
		    "not.");
}

static void advise_outside(struct notes *notes, const struct reading *reading)
{
	if (reading->isolate->has_external_pressure)
		notes_add(notes, "Full collections were asked for by external memory: record with "
		                 "--trace-gc-verbose to see what Buffers hold.");
	else
		notes_add(notes,
		          "If the memory of the process grows all the same it is not in this heap: "
		          "heapwatchd, or --proc=FILE here, judges all of it.");
}

static void advise_pauses(struct notes *notes, const struct reading *reading)
{
	double paused = ns_to_seconds(reading->all.paused_ns);
	double young = ns_to_seconds(reading->isolate->totals[GC_GENERATION_YOUNG].pause_ns);

	if (reading->seconds <= 0 || paused < PAUSED_MUCH * reading->seconds ||
	    young < YOUNG_SHARE * paused)
		return;
	notes_add(notes,
	          "Young collections stop the program for %.0f %% of the time: try "
	          "--max-semi-space-size=32 or 64 (MB).",
	          100 * young / reading->seconds);
}

void advice_find(struct notes *ret_advice, const struct reading *reading)
{
	*ret_advice = (struct notes){.count = 0};
	switch (reading->outlook) {
	case OUTLOOK_DIED_LEAKING:
	case OUTLOOK_LEAK:
	case OUTLOOK_SUSPECTED:
		advise_leak(ret_advice, reading);
		break;
	case OUTLOOK_DIED:
	case OUTLOOK_THRASH:
		advise_small(ret_advice, reading);
		break;
	case OUTLOOK_SHORT_LEAK:
		advise_longer(ret_advice, reading);
		advise_leak(ret_advice, reading);
		break;
	case OUTLOOK_FILLING:
	case OUTLOOK_SHORT:
	case OUTLOOK_FEW:
		advise_longer(ret_advice, reading);
		advise_outside(ret_advice, reading);
		break;
	case OUTLOOK_STEP:
	case OUTLOOK_LOAD:
	case OUTLOOK_STABLE:
	case OUTLOOK_COUNT:
		advise_outside(ret_advice, reading);
		break;
	}
	advise_pauses(ret_advice, reading);
}
