// SPDX-License-Identifier: MIT
/*
 * One sentence per fact, each only where it applies; the order is that of importance.
 */
#include "daemon/scoring/evidence.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/scoring/effort.h"
#include "daemon/scoring/forecast.h"
#include "daemon/scoring/kinds.h"
#include "lib/clock.h"
#include "lib/units.h"

struct writer {
	struct process *process;
	const struct signal *signal;
	uint64_t now_ns;
	const struct scoring_options *options;
	struct rise rise; /* of the signal; its process is the same */
};

__attribute__((format(printf, 2, 3))) static void say(struct process *process, const char *format,
                                                      ...)
{
	va_list arguments;

	if (process->evidence_count >= EVIDENCE_MAX)
		return;
	va_start(arguments, format);
	(void)vsnprintf(process->evidence[process->evidence_count++], EVIDENCE_TEXT_SIZE, format,
	                arguments);
	va_end(arguments);
}

static const char *real_duration(char text[UNIT_TEXT_SIZE], const struct writer *writer,
                                 double production_time)
{
	double seconds = production_time / writer->options->time_scale;

	return duration_format(text, (uint64_t)(fmax(seconds, 0) * (double)NS_PER_SECOND));
}

static const char *subject(const struct signal *signal, char text[64])
{
	switch (signal->source) {
	case SIGNAL_FLOOR:
		(void)snprintf(text, 64, "Heap after full collections (%s)", signal->isolate->name);
		break;
	case SIGNAL_OUTSIDE:
		(void)snprintf(text, 64, "Memory outside the V8 heap");
		break;
	case SIGNAL_ANONYMOUS:
		(void)snprintf(text, 64, "Anonymous memory");
		break;
	case SIGNAL_THREADS:
		(void)snprintf(text, 64, "The number of threads");
		break;
	case SIGNAL_EXTERNAL:
		(void)snprintf(text, 64, "External memory (%s: Buffers, ArrayBuffers)",
		               signal->isolate->name);
		break;
	case SIGNAL_UNUSED:
		(void)snprintf(text, 64, "What V8 committed and does not use (%s)",
		               signal->isolate->name);
		break;
	}
	return text;
}

static const char *per_hour(char out[UNIT_TEXT_SIZE], double bytes_per_second)
{
	return size_format(out, bytes_per_second * 3600);
}

static void say_rise(const struct writer *writer)
{
	const struct judgement *judgement = &writer->signal->judgement;
	const struct verdict *verdict = &writer->process->verdict;
	char name[64];
	char from[UNIT_TEXT_SIZE];
	char to[UNIT_TEXT_SIZE];
	char length[UNIT_TEXT_SIZE];
	char growth[UNIT_TEXT_SIZE];
	char lower[UNIT_TEXT_SIZE];
	char upper[UNIT_TEXT_SIZE];

	(void)subject(writer->signal, name);
	(void)real_duration(length, writer, judgement->length_seconds);
	if (writer->signal->source == SIGNAL_THREADS) {
		say(writer->process, "%s rose %.0f -> %.0f in %s and never fell back.", name,
		    judgement->level_start, judgement->level_end, length);
		return;
	}
	say(writer->process,
	    "%s rose %s -> %s in %s over %zu measurements and never gave it back: "
	    "%s an hour (90 %% between %s and %s).",
	    name, size_format(from, judgement->level_start), size_format(to, judgement->level_end),
	    length, judgement->bin_count, per_hour(growth, verdict->growth_bytes_per_second),
	    per_hour(lower, verdict->growth_lower_bytes_per_second),
	    per_hour(upper, verdict->growth_upper_bytes_per_second));
}

static void say_shape(const struct writer *writer)
{
	const struct judgement *judgement = &writer->signal->judgement;

	say(writer->process,
	    "Of its %d segments the slowest grew at %.0f %% of the average; the last half rose "
	    "%.2f times as much as the first; Mann-Kendall z %.1f.",
	    SEGMENT_COUNT, 100 * judgement->slowest_gain_ratio, fmin(judgement->halves_ratio, 99),
	    judgement->trend.z);
}

static void say_terms(const struct writer *writer)
{
	const struct judgement *judgement = &writer->signal->judgement;
	const struct term_row *row = &term_table[judgement->weakest];
	double ratio = judgement->ratios[judgement->weakest];

	if (ratio < 1)
		say(writer->process,
		    "Not sure of a leak: the rise %s (%s at %.2f of what is required).",
		    row->shortfall, row->name, fmax(ratio, 0));
	else
		say(writer->process,
		    "All %d demands on a leak are met; the narrowest is %s, at %.2f times what is "
		    "required.",
		    TERM_COUNT, row->name, ratio);
}

/* What is far from a leak needs no figures of its shape. */
static void say_no_leak(const struct writer *writer)
{
	const struct judgement *judgement = &writer->signal->judgement;
	const struct term_row *row = &term_table[judgement->weakest];
	bool is_count = writer->signal->source == SIGNAL_THREADS;
	char name[64];
	char from[UNIT_TEXT_SIZE];
	char to[UNIT_TEXT_SIZE];
	char length[UNIT_TEXT_SIZE];

	(void)size_format(from, judgement->level_start);
	(void)size_format(to, judgement->level_end);
	if (is_count) {
		(void)snprintf(from, sizeof(from), "%.0f", judgement->level_start);
		(void)snprintf(to, sizeof(to), "%.0f", judgement->level_end);
	}
	say(writer->process,
	    "%s shows no leak: its latest rise, %s -> %s in %s over %zu measurements, %s (%s at "
	    "%.2f of what is required).",
	    subject(writer->signal, name), from, to,
	    real_duration(length, writer, judgement->length_seconds), judgement->bin_count,
	    row->shortfall, row->name, fmax(judgement->ratios[judgement->weakest], 0));
}

/* What stands by what was seen before, not by what is seen now. */
static void say_episode(const struct writer *writer)
{
	const struct score_memory *memory = &writer->process->score_memory;
	char ago[UNIT_TEXT_SIZE];

	if (memory->episode_peak_ns == 0 || writer->signal->judgement.score >= SCORE_ALL_MET)
		return;
	say(writer->process,
	    "A leak was called before and stands: it was last seen to rise %s ago, and less than "
	    "three quarters of its rise were given back.",
	    duration_format(ago, u64_subtract_floor(writer->now_ns, memory->episode_peak_ns)));
}

static void say_dying(const struct writer *writer)
{
	say(writer->process,
	    "The last %u full collections (%s) left 80 %% or more of the heap limit in use and "
	    "hardly let the program run; V8 gives up after four in a row.",
	    writer->signal->isolate->ineffective_in_a_row, writer->signal->isolate->name);
}

/* "large objects rose 40 MiB -> 90 MiB" */
static const char *part_text(char text[96], const char *name, const struct part_rise *part)
{
	char from[UNIT_TEXT_SIZE];
	char to[UNIT_TEXT_SIZE];

	(void)snprintf(text, 96, "%s %s -> %s", name, size_format(from, part->from_bytes),
	               size_format(to, part->to_bytes));
	return text;
}

static void say_heap_kind(const struct writer *writer)
{
	const struct isolate *isolate = writer->signal->isolate;
	struct part_rise large = kinds_large(&writer->rise, isolate);
	struct part_rise code = kinds_code(&writer->rise, isolate);
	struct part_rise mapped = kinds_mapped_large(&writer->rise);
	char large_text[96];
	char code_text[96];

	if (large.is_known && code.is_known)
		say(writer->process, "Meanwhile, of the spaces of that heap, %s and %s.",
		    part_text(large_text, "large objects went", &large),
		    part_text(code_text, "compiled code", &code));
	else if (writer->signal->kind == LEAK_KIND_LARGE_OBJECT)
		say(writer->process, "Meanwhile, by the shape of /proc/PID/maps, %s.",
		    part_text(large_text, "large objects of V8 went", &mapped));
}

static void say_outside_kind(const struct writer *writer)
{
	struct part_rise external = kinds_external(&writer->rise);
	char text[96];

	if (external.is_known)
		say(writer->process, "Meanwhile %s.",
		    part_text(text, "external memory (Buffers, ArrayBuffers) went", &external));
	else if (writer->signal->kind == LEAK_KIND_EXTERNAL)
		say(writer->process,
		    "V8 named external memory (Buffers, ArrayBuffers) as the reason of full "
		    "collections.");
}

static void say_anonymous_kind(const struct writer *writer)
{
	struct part_rise v8 = kinds_mapped_v8(&writer->rise);
	struct part_rise native = kinds_mapped_malloc(&writer->rise);
	char v8_text[96];
	char native_text[96];

	if (v8.is_known)
		say(writer->process,
		    "Meanwhile, by the shape of /proc/PID/maps, %s and %s (address space, an "
		    "estimate).",
		    part_text(v8_text, "V8's heaps went", &v8),
		    part_text(native_text, "malloc's memory", &native));
}

static void say_kind(const struct writer *writer)
{
	switch (writer->signal->source) {
	case SIGNAL_FLOOR:
		say_heap_kind(writer);
		break;
	case SIGNAL_OUTSIDE:
		say_outside_kind(writer);
		break;
	case SIGNAL_ANONYMOUS:
		say_anonymous_kind(writer);
		break;
	case SIGNAL_UNUSED:
		say(writer->process, "V8 may give it back when memory runs short: alone it is no "
		                     "leak, and the score stays at 0.70 or below.");
		break;
	case SIGNAL_EXTERNAL:
	case SIGNAL_THREADS:
		break;
	}
}

static void say_effort(const struct writer *writer, bool has_rise)
{
	char text[EVIDENCE_TEXT_SIZE];
	struct effort effort;

	if (writer->signal->source != SIGNAL_FLOOR ||
	    !effort_compare(writer->signal->isolate, has_rise ? writer->rise.since_ns : 0, &effort))
		return;
	if (effort_tell_worse(&effort, text, sizeof(text)) > 0)
		say(writer->process, "V8 works harder than %s: %s.",
		    has_rise ? "when the rise began" : "at first", text);
	else if (effort_tell_steady(&effort, text, sizeof(text)) > 0)
		say(writer->process, "V8 works no harder than %s: %s.",
		    has_rise ? "when the rise began" : "at first", text);
}

/* What V8 says when a heap runs full. */
static void say_alarms(const struct writer *writer, bool has_rise)
{
	static const struct {
		enum heap_event event;
		const char *words;
	} alarms[] = {
	    {HEAP_EVENT_INEFFECTIVE, "collections in vain near the limit"},
	    {HEAP_EVENT_LAST_RESORT, "last resort"},
	    {HEAP_EVENT_SCAVENGE_MIGHT_NOT_SUCCEED, "scavenge might not succeed"},
	    {HEAP_EVENT_NEAR_LIMIT, "80 % or more of the limit left in use"},
	    {HEAP_EVENT_MARKING_SPED_UP, "marking sped up"},
	};
	char text[EVIDENCE_TEXT_SIZE] = "";
	struct effort effort;
	size_t i;

	if (writer->signal->source != SIGNAL_FLOOR)
		return;
	(void)effort_compare(writer->signal->isolate, has_rise ? writer->rise.since_ns : 0,
	                     &effort);
	for (i = 0; i < sizeof(alarms) / sizeof(alarms[0]); i++) {
		size_t length = strlen(text);

		if (effort.events[alarms[i].event] > 0)
			(void)snprintf(text + length, sizeof(text) - length, "%s%s (%u)",
			               length > 0 ? ", " : "", alarms[i].words,
			               effort.events[alarms[i].event]);
	}
	if (text[0] != '\0')
		say(writer->process, "In %u full collections since then V8 told of: %s.",
		    effort.full_count, text);
}

static void say_load(const struct writer *writer)
{
	char name[64];

	if (writer->process->verdict.state == LEAK_STATE_LOAD)
		say(writer->process,
		    "%s rises with the work done (bytes allocated, or CPU time), at most in "
		    "proportion to it.",
		    subject(writer->signal, name));
}

static void say_no_rise(const struct writer *writer)
{
	const struct signal *signal = writer->signal;
	char age[UNIT_TEXT_SIZE];
	char name[64];

	(void)duration_format(age, u64_subtract_floor(writer->now_ns, writer->process->start_ns));
	if (signal->source == SIGNAL_FLOOR && signal->full_collections < 3)
		say(writer->process,
		    "Only %llu full collections were seen (%s) in %s; a heap is judged from three "
		    "on.",
		    (unsigned long long)signal->full_collections, signal->isolate->name, age);
	else
		say(writer->process, "%s shows no lasting rise in %s.", subject(signal, name), age);
}

static void say_fatal_oom(const struct writer *writer)
{
	if (process_has_fatal_oom(writer->process))
		say(writer->process, "V8 reported that its heap is out of memory.");
}

static void say_carried(const struct writer *writer)
{
	const struct score_memory *memory = &writer->process->score_memory;
	char ago[UNIT_TEXT_SIZE];

	if (memory->carried <= 0)
		return;
	say(writer->process,
	    "The process before it in this slot ended leaking, %s ago (score %.2f).",
	    duration_format(ago, u64_subtract_floor(writer->now_ns, memory->carried_at_ns)),
	    memory->carried);
}

static void say_sources(const struct writer *writer)
{
	if (writer->process->isolate_count == 0)
		say(writer->process,
		    "No GC log is known, so that V8's heap %s told from other memory%s and the "
		    "score stays at 0.70 or below.",
		    writer->process->has_map ? "is" : "cannot be",
		    writer->process->has_map ? " by an estimate alone" : "");
}

/* What is written fills two or three rows of each process. */
static bool resize(struct process *process, size_t rows)
{
	void *resized = reallocarray(process->evidence, rows, sizeof(*process->evidence));

	if (resized == NULL)
		return false;
	process->evidence = resized;
	return true;
}

void evidence_write(struct process *process, const struct signal *signal, uint64_t now_ns,
                    const struct scoring_options *options)
{
	struct writer writer = {.process = process, .now_ns = now_ns, .options = options};
	bool has_rise;

	process->evidence_count = 0;
	if (signal == NULL || !resize(process, EVIDENCE_MAX))
		return;
	has_rise = signal->judgement.has_ratios && signal->judgement.has_trend;
	writer.signal = signal;
	writer.rise = (struct rise){
	    .process = process,
	    .since_ns = signals_rise_ns(process, signal, options),
	    .net_bytes = signal->judgement.net,
	};
	if (signal->is_dying)
		say_dying(&writer);
	say_episode(&writer);
	if (has_rise && signal->judgement.score < GROWTH_SCORE_MIN) {
		say_no_leak(&writer);
	} else if (has_rise) {
		say_rise(&writer);
		say_kind(&writer);
		say_shape(&writer);
		say_terms(&writer);
	} else if (!signal->is_dying && !signal->is_dead) {
		say_no_rise(&writer);
	}
	say_effort(&writer, has_rise);
	say_alarms(&writer, has_rise);
	say_load(&writer);
	say_fatal_oom(&writer);
	say_carried(&writer);
	say_sources(&writer);
	(void)resize(process, process->evidence_count > 0 ? process->evidence_count : 1);
}
