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

#include "lib/clock.h"
#include "lib/units.h"

struct writer {
	struct process *process;
	const struct signal *signal;
	uint64_t now_ns;
	double time_scale;
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
	double seconds = production_time / writer->time_scale;

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

static void say_dying(const struct writer *writer)
{
	say(writer->process,
	    "The last %u full collections (%s) left 80 %% or more of the heap limit in use and "
	    "hardly let the program run; V8 gives up after four in a row.",
	    writer->signal->isolate->ineffective_in_a_row, writer->signal->isolate->name);
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
		    "No GC log is known, so that V8's heap cannot be told from other memory and "
		    "the score stays at 0.70 or below.");
	else if (writer->signal->kind == LEAK_KIND_EXTERNAL)
		say(writer->process,
		    "V8 named external memory (Buffers, ArrayBuffers) as the reason of full "
		    "collections.");
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
	const struct writer writer = {process, signal, now_ns, options->time_scale};

	process->evidence_count = 0;
	if (signal == NULL || !resize(process, EVIDENCE_MAX))
		return;
	if (signal->is_dying)
		say_dying(&writer);
	if (signal->judgement.has_ratios && signal->judgement.has_trend) {
		say_rise(&writer);
		say_shape(&writer);
		say_terms(&writer);
	} else if (!signal->is_dying && !signal->is_dead) {
		say_no_rise(&writer);
	}
	say_load(&writer);
	say_fatal_oom(&writer);
	say_carried(&writer);
	say_sources(&writer);
	(void)resize(process, process->evidence_count > 0 ? process->evidence_count : 1);
}
