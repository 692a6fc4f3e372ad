// SPDX-License-Identifier: MIT
/*
 * Words and numbers of the status page.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/exposition/status_parts.h"
#include "lib/clock.h"
#include "lib/markup.h"
#include "lib/units.h"

#define SECONDS_PER_HOUR 3600
#define SECONDS_PER_YEAR (365.0 * 86400)
/* Below it a slope is that of the start, or of chance. */
#define GROWTH_CONFIDENCE_MIN 0.25
#define DASH                  "<span class=\"none\" title=\"not known\">&ndash;</span>"

static const struct status_state states[] = {
    [LEAK_STATE_WARMUP] = {STATUS_NEUTRAL, 1, "Too young to say anything."},
    [LEAK_STATE_INSUFFICIENT] = {STATUS_NEUTRAL, 2, "Too little was seen of it so far."},
    [LEAK_STATE_STABLE] = {STATUS_GOOD, 0, "No sign of a leak."},
    [LEAK_STATE_FILLING] = {STATUS_INFO, 5, "Grows, but slows down, or not for long enough yet."},
    [LEAK_STATE_STEP] = {STATUS_INFO, 4, "Went up to a higher level and stays there."},
    [LEAK_STATE_LOAD] = {STATUS_INFO, 3, "Grows and shrinks with its load."},
    [LEAK_STATE_SUSPECTED] = {STATUS_WARNING, 6, "May leak."},
    [LEAK_STATE_LEAK] = {STATUS_BAD, 8, "Leaks."},
    [LEAK_STATE_THRASH] = {STATUS_BAD, 7,
                           "Collects garbage back to back near the limit of its heap."},
};

_Static_assert(sizeof(states) / sizeof(states[0]) == LEAK_STATE_COUNT, "words for each");

static const char *const places[] = {
    [LEAK_KIND_NONE] = "",
    [LEAK_KIND_JS_HEAP] = " on the JavaScript heap",
    [LEAK_KIND_LARGE_OBJECT] = " in large objects",
    [LEAK_KIND_EXTERNAL] = " in external memory (Buffers)",
    [LEAK_KIND_NATIVE] = " in native memory",
    [LEAK_KIND_CODE] = " in compiled code",
    [LEAK_KIND_FRAGMENTATION] = " by fragmentation",
    [LEAK_KIND_THREADS] = " threads",
    [LEAK_KIND_UNKNOWN] = "",
};

_Static_assert(sizeof(places) / sizeof(places[0]) == LEAK_KIND_COUNT, "words for each");

const struct status_state *status_state(enum leak_state state)
{
	return &states[state];
}

const char *status_tone_class(enum status_tone tone)
{
	static const char *const names[] = {
	    [STATUS_NEUTRAL] = "neutral", [STATUS_GOOD] = "good", [STATUS_INFO] = "info",
	    [STATUS_WARNING] = "warning", [STATUS_BAD] = "bad",
	};

	return names[tone];
}

bool status_needs_attention(const struct process *process)
{
	return process->is_alerting || states[process->verdict.state].tone >= STATUS_WARNING;
}

void status_badge(struct buf *out, enum leak_state state)
{
	buf_printf(out, "<span class=\"badge %s\" title=\"%s\">%s</span>",
	           status_tone_class(states[state].tone), states[state].meaning,
	           leak_state_name(state));
}

void status_name(struct buf *out, const struct process *process)
{
	markup_append(out, process->app[0] != '\0' ? process->app : "?");
	buf_printf(out, "<span class=\"slot\">/%u</span>", process->slot);
}

void status_append_path(struct buf *out, const struct process *process)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	                            "-._~";
	const char *app = process->app;
	/* "." and ".." would be steps of the path, also percent-encoded. */
	bool is_step = strcmp(app, ".") == 0 || strcmp(app, "..") == 0;

	for (; *app != '\0'; app++) {
		if (strchr(plain, *app) != NULL)
			buf_append_char(out, *app);
		else
			buf_printf(out, "%%%02X", (unsigned char)*app);
	}
	buf_printf(out, "%s%u", is_step ? "%2F" : "/", process->slot);
}

/* ---- numbers ---- */

void status_size(struct buf *out, bool is_known, double bytes)
{
	char text[UNIT_TEXT_SIZE];

	buf_append_string(out, is_known ? size_format(text, bytes) : DASH);
}

void status_seconds(struct buf *out, double seconds)
{
	char text[UNIT_TEXT_SIZE];

	if (!isfinite(seconds))
		buf_append_string(out, DASH);
	else if (seconds > SECONDS_PER_YEAR)
		buf_append_string(out, "over a year");
	else
		buf_append_string(
		    out, duration_format(text, (uint64_t)fmax(round(seconds), 0) * NS_PER_SECOND));
}

/* What a process grows by while it starts would only frighten. */
void status_growth(struct buf *out, const struct process *process)
{
	const struct verdict *verdict = &process->verdict;
	char text[UNIT_TEXT_SIZE];

	if (verdict->at_ns == 0 || verdict->state == LEAK_STATE_WARMUP ||
	    verdict->confidence < GROWTH_CONFIDENCE_MIN) {
		buf_append_string(out, DASH);
		return;
	}
	buf_printf(out, "%s%s/h", verdict->growth_bytes_per_second > 0 ? "+" : "",
	           size_format(text, verdict->growth_bytes_per_second * SECONDS_PER_HOUR));
}

/* ---- times ---- */

void status_age(struct buf *out, const struct status_source *source, uint64_t at_ns)
{
	char text[UNIT_TEXT_SIZE];
	uint64_t age_ns = u64_subtract_floor(source->now_ns, at_ns);

	buf_append_string(out, duration_format(text, age_ns / NS_PER_SECOND * NS_PER_SECOND));
}

static bool utc_of(const struct status_source *source, uint64_t at_ns, struct tm *ret_utc)
{
	uint64_t unix_ns = u64_add_saturating(at_ns, source->self->boot_realtime_offset_ns);
	time_t seconds = (time_t)(unix_ns / NS_PER_SECOND);

	return gmtime_r(&seconds, ret_utc) != NULL;
}

void status_time(struct buf *out, const struct status_source *source, uint64_t at_ns)
{
	char machine[40];
	char shown[40];
	struct tm utc;
	struct tm now;
	bool is_today;

	if (!utc_of(source, at_ns, &utc) || !utc_of(source, source->now_ns, &now))
		return;
	is_today = utc.tm_yday == now.tm_yday && utc.tm_year == now.tm_year;
	if (strftime(machine, sizeof(machine), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0 ||
	    strftime(shown, sizeof(shown), is_today ? "%H:%M UTC" : "%Y-%m-%d %H:%M UTC", &utc) ==
	        0)
		return;
	buf_printf(out, "<time datetime=\"%s\">%s</time>", machine, shown);
}

/* ---- the sentence ---- */

/* As whoever was alerted read it; the estimate of when a leak began moves on with its floors. */
static uint64_t onset_of(const struct process *process)
{
	const struct firing_alert *alert = &process->alerts[CONDITION_LEAK];

	return alert->is_firing && alert->since_ns > 0 ? alert->since_ns
	                                               : process->verdict.onset_ns;
}

static void append_since(struct buf *out, const struct status_source *source, uint64_t onset_ns)
{
	if (onset_ns == 0)
		return;
	buf_append_string(out, " since <strong>");
	status_time(out, source, onset_ns);
	buf_append_string(out, "</strong> (");
	status_age(out, source, onset_ns);
	buf_append_string(out, " ago)");
}

static void append_forecast(struct buf *out, const struct verdict *verdict)
{
	if (!isfinite(verdict->exhaustion_p50_seconds))
		return;
	buf_append_string(out, " Out of memory in about <strong>");
	status_seconds(out, verdict->exhaustion_p50_seconds);
	buf_append_string(out, "</strong> (");
	status_seconds(out, verdict->exhaustion_p10_seconds);
	buf_append_string(out, " to ");
	if (isfinite(verdict->exhaustion_p90_seconds))
		status_seconds(out, verdict->exhaustion_p90_seconds);
	else
		buf_append_string(out, "never");
	buf_append_string(out, ").");
}

void status_sentence(struct buf *out, const struct status_source *source,
                     const struct process *process)
{
	const struct verdict *verdict = &process->verdict;

	if (verdict->state != LEAK_STATE_LEAK && verdict->state != LEAK_STATE_SUSPECTED) {
		buf_append_string(out, states[verdict->state].meaning);
		if (states[verdict->state].tone == STATUS_BAD)
			append_forecast(out, verdict);
		return;
	}
	buf_printf(out, "%s%s", verdict->state == LEAK_STATE_LEAK ? "Leaks" : "May leak",
	           places[verdict->kind]);
	append_since(out, source, onset_of(process));
	buf_append_string(out, ", <strong>");
	status_growth(out, process);
	buf_append_string(out, "</strong>.");
	append_forecast(out, verdict);
}
