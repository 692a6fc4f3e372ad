// SPDX-License-Identifier: MIT
/*
 * One function per sign, each silent where it does not apply; most compare the first third of the
 * recording with the last.
 */
#include "tool/signs.h"

#include <math.h>

#include "lib/clock.h"
#include "lib/units.h"

/* A floor within this band is flat. */
#define FLAT_RATIO 0.10
#define FLAT_BYTES (1.0 * MIB)
/* Of a rise, what may be given back without being a sign against it. */
#define FALLBACK_RATIO_LOW  0.10
#define FALLBACK_RATIO_HIGH 0.30
/* The second half of the rise to the first: below it slows down. */
#define SLOWING_RATIO 0.35
#define STEP_SHARE    0.80
/* Shares of the heap that full collections free. */
#define FREED_LITTLE 0.10
#define FREED_MUCH   0.50
#define NEAR_LIMIT   0.80
#define MUTATOR_LOW  0.40
/* Full collections from which on a floor is judged. */
#define FULL_FEW 4

static double freed_ratio(const struct history_bucket *span)
{
	return span->full_before > 0 ? (double)span->full_freed / (double)span->full_before : 0;
}

static double rise_of(const struct reading *reading)
{
	return reading->quarter_floor[READING_QUARTERS - 1] - reading->quarter_floor[0];
}

static double flat_band(const struct reading *reading)
{
	return fmax(FLAT_BYTES, FLAT_RATIO * reading->quarter_floor[0]);
}

/* By quarters, or, with too few full collections for them, by all that was left. */
static bool is_rising(const struct reading *reading)
{
	if (reading->quarters > 0)
		return rise_of(reading) > flat_band(reading);
	return reading->has_risen && (reading->is_dead || reading->all.full_count >= FULL_FEW);
}

static const char *quarters_text(char text[160], const struct reading *reading)
{
	const double *floor = reading->quarter_floor;

	(void)snprintf(text, 160, "%.1f, %.1f, %.1f, %.1f MiB", floor[0] / (double)MIB,
	               floor[1] / (double)MIB, floor[2] / (double)MIB, floor[3] / (double)MIB);
	return text;
}

/* ---- for ---- */

static bool rises_in_all_quarters(const struct reading *reading)
{
	size_t i;

	for (i = 1; i < reading->quarters; i++) {
		if (reading->quarter_floor[i] <= reading->quarter_floor[i - 1])
			return false;
	}
	return reading->quarters > 0 && rise_of(reading) > flat_band(reading);
}

static void say_rise(struct notes *notes, const struct reading *reading)
{
	char text[160];
	char from[UNIT_TEXT_SIZE];
	char to[UNIT_TEXT_SIZE];

	if (rises_in_all_quarters(reading))
		notes_add(
		    notes,
		    "What survives full collections rose from each quarter of the time to the "
		    "next: %s.",
		    quarters_text(text, reading));
	else if (is_rising(reading) && reading->quarters == 0)
		notes_add(notes,
		          "The heap got by with %s at first; in the last third it never fell below "
		          "%s, whatever was collected.",
		          size_format(from, (double)reading->first.used_after_min),
		          size_format(to, (double)reading->last.used_after_min));
}

static void say_kept(struct notes *notes, const struct reading *reading)
{
	double rise = rise_of(reading);
	char text[UNIT_TEXT_SIZE];

	if (reading->quarters == 0 || rise <= flat_band(reading) ||
	    reading->fallback_bytes > FALLBACK_RATIO_LOW * rise)
		return;
	if (reading->fallback_bytes <= 0)
		notes_add(notes, "Nothing of it was ever given back.");
	else
		notes_add(notes, "Next to nothing of it was given back: %s at most.",
		          size_format(text, reading->fallback_bytes));
}

static void say_vain(struct notes *notes, const struct reading *reading)
{
	double first = freed_ratio(&reading->first);
	double last = freed_ratio(&reading->last);

	if (reading->last.full_count == 0 || !is_rising(reading))
		return;
	if (reading->first.full_count > 0 && last < first / 2 && first > FREED_LITTLE)
		notes_add(notes,
		          "Full collections free less and less: %.0f %% of the heap in the first "
		          "third, %.0f %% in the last.",
		          100 * first, 100 * last);
	else if (last < FREED_LITTLE)
		notes_add(notes,
		          "Full collections free next to nothing: %.1f %% of the heap in the last "
		          "third.",
		          100 * last);
}

static void say_frequent(struct notes *notes, const struct reading *reading)
{
	uint32_t first = reading->first.full_count;
	uint32_t last = reading->last.full_count;
	bool has_more_work = reading->last.allocated > 2 * reading->first.allocated;
	char before[16];

	if (last < FULL_FEW || last < 2 * first || has_more_work || !is_rising(reading))
		return;
	(void)snprintf(before, sizeof(before), "%u", first);
	notes_add(notes,
	          "V8 has to try more often: %s full collections in the first third of the time, "
	          "%u in the last, for no more allocation.",
	          first > 0 ? before : "no", last);
}

static void say_limit(struct notes *notes, const struct reading *reading)
{
	const struct isolate *isolate = reading->isolate;
	double share = isolate->limit_bytes > 0 && isolate->has_live
	                   ? (double)isolate->live_bytes / (double)isolate->limit_bytes
	                   : 0;
	char text[UNIT_TEXT_SIZE];

	if (share >= NEAR_LIMIT)
		notes_add(notes, "What survives fills %.0f %% of the heap limit of %s.",
		          100 * share, size_format(text, (double)isolate->limit_bytes));
	if (isolate->mutator_utilization < MUTATOR_LOW)
		notes_add(notes,
		          "In the end V8 spent most of the time collecting and left the program "
		          "%.0f %% of it.",
		          100 * isolate->mutator_utilization);
	if (isolate->events[HEAP_EVENT_LAST_RESORT] > 0)
		notes_add(notes, "V8 collected as a last resort, %llu times.",
		          (unsigned long long)isolate->events[HEAP_EVENT_LAST_RESORT]);
}

static void say_external(struct notes *notes, const struct reading *reading)
{
	struct series_point points[SERIES_POINTS_MAX];
	size_t count = series_points(&reading->isolate->external, points);
	char from[UNIT_TEXT_SIZE];
	char to[UNIT_TEXT_SIZE];

	if (count >= 2 && (double)points[count - 1].value > (double)points[0].value + FLAT_BYTES)
		notes_add(notes, "Memory outside the heap (Buffers) rose from %s to %s.",
		          size_format(from, (double)points[0].value),
		          size_format(to, (double)points[count - 1].value));
	else if (count == 0 && reading->isolate->has_external_pressure)
		notes_add(notes, "V8 ran full collections because of external memory (Buffers, "
		                 "ArrayBuffers), which these lines do not show.");
}

/* ---- against ---- */

static void say_flat(struct notes *notes, const struct reading *reading)
{
	char text[160];

	if (reading->quarters == 0)
		return;
	if (fabs(rise_of(reading)) <= flat_band(reading))
		notes_add(notes,
		          "What survives full collections stays where it was: %s by quarter of the "
		          "time.",
		          quarters_text(text, reading));
	else if (rise_of(reading) < 0)
		notes_add(notes, "What survives full collections fell: %s by quarter of the time.",
		          quarters_text(text, reading));
}

static void say_fallback(struct notes *notes, const struct reading *reading)
{
	double height = reading->peak_floor - (double)reading->all.floor_min;
	char fell[UNIT_TEXT_SIZE];

	if (reading->all.full_count < 2 || reading->fallback_bytes <= FLAT_BYTES ||
	    reading->fallback_bytes < FALLBACK_RATIO_HIGH * height)
		return;
	notes_add(
	    notes,
	    "What had survived was let go later: the floor fell by %s, %.0f %% of its height.",
	    size_format(fell, reading->fallback_bytes), 100 * reading->fallback_bytes / height);
}

static void say_slowing(struct notes *notes, const struct reading *reading)
{
	const double *floor = reading->quarter_floor;
	double first = floor[1] - floor[0];
	double last = floor[3] - floor[2];
	double largest = fmax(fmax(first, floor[2] - floor[1]), last);

	if (reading->quarters == 0 || rise_of(reading) <= flat_band(reading))
		return;
	if (largest > STEP_SHARE * rise_of(reading) && last < largest)
		notes_add(notes,
		          "It rose in one step and stands since then, as after loading something.");
	else if (last < SLOWING_RATIO * first)
		notes_add(
		    notes,
		    "The rise is slowing down: %+.1f MiB from the first quarter to the "
		    "second, %+.1f MiB from the third to the last. A cache that fills up looks "
		    "like this.",
		    first / (double)MIB, last / (double)MIB);
}

static void say_garbage(struct notes *notes, const struct reading *reading)
{
	double freed = freed_ratio(&reading->last);

	if (reading->last.full_count > 0 && freed >= FREED_MUCH)
		notes_add(notes,
		          "Full collections free %.0f %% of the heap: what swings is garbage.",
		          100 * freed);
}

/* ---- open ---- */

/* Trace events of old versions have no sizes, and so no history. */
static bool has_only_pauses(const struct reading *reading)
{
	return reading->all.young_count + reading->all.full_count == 0 &&
	       reading->isolate->last_gc_ns > 0;
}

static void say_few(struct notes *notes, const struct reading *reading)
{
	uint32_t count = reading->all.full_count;

	if (has_only_pauses(reading))
		notes_add(
		    notes,
		    "What was recorded tells how long collections took and not what they left; "
		    "record with --trace-gc.");
	else if (count == 0 && reading->all.young_count == 0)
		notes_add(notes,
		          "Not one collection was written. Output that is still buffered is lost "
		          "when the program aborts: start old versions of Node with stdbuf -oL.");
	else if (count == 0)
		notes_add(notes,
		          "There was no full collection. Only those show what survives; what young "
		          "ones leave may be garbage.");
	else if (count < FULL_FEW)
		notes_add(notes,
		          "There %s only %u full collection%s; a heap is judged by what survives "
		          "several of them.",
		          count == 1 ? "was" : "were", count, count == 1 ? "" : "s");
}

static void say_short(struct notes *notes, const struct reading *reading)
{
	const struct verdict *stretched = &reading->stretched;
	char text[UNIT_TEXT_SIZE];

	if (!reading->is_short || reading->is_dead || reading->seconds <= 0 ||
	    has_only_pauses(reading))
		return;
	(void)duration_format(text, (uint64_t)(reading->seconds * (double)NS_PER_SECOND));
	if (reading->stretch <= 0)
		notes_add(notes, "%s of a heap are too short for a verdict.", text);
	else if (stretched->score >= 0.5)
		notes_add(notes,
		          "%s are too short to tell a leak from a start. If they stood for an hour "
		          "(--time-scale=%.0f) the verdict would be: %s, score %.2f.",
		          text, reading->stretch, leak_state_name(stretched->state),
		          stretched->score);
	else
		notes_add(notes,
		          "%s are too short for a verdict on a program that runs for days; even if "
		          "they stood for an hour they would not be the picture of a leak.",
		          text);
}

void signs_find(struct signs *ret_signs, const struct reading *reading)
{
	*ret_signs = (struct signs){.open.count = 0};
	say_rise(&ret_signs->in_favour, reading);
	say_kept(&ret_signs->in_favour, reading);
	say_vain(&ret_signs->in_favour, reading);
	say_frequent(&ret_signs->in_favour, reading);
	say_limit(&ret_signs->in_favour, reading);
	say_external(&ret_signs->in_favour, reading);
	say_flat(&ret_signs->against, reading);
	say_fallback(&ret_signs->against, reading);
	say_slowing(&ret_signs->against, reading);
	say_garbage(&ret_signs->against, reading);
	say_few(&ret_signs->open, reading);
	say_short(&ret_signs->open, reading);
}
