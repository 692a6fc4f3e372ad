// SPDX-License-Identifier: MIT
/*
 * The alerts that are firing, on both status pages.
 */
#include <string.h>

#include "daemon/exposition/status_parts.h"
#include "daemon/model/alert.h"
#include "lib/markup.h"

static const char *const ends[] = {
    [CONDITION_HEAP_OOM] = "ran out of JavaScript heap",
    [CONDITION_OOM_KILL] = "was killed by the kernel, which was out of memory",
};
_Static_assert(sizeof(ends) / sizeof(ends[0]) == CONDITION_COUNT, "words for each");

static void write_badge(struct buf *out, const struct status_source *source,
                        enum condition condition, enum severity severity, uint64_t since_ns)
{
	buf_printf(out, " <span class=\"badge alert\">alert: %s, %s</span>",
	           condition_name(condition), severity_name(severity));
	if (since_ns == 0)
		return;
	buf_append_string(out, "<small>since ");
	status_time(out, source, since_ns);
	buf_append_string(out, "</small>");
}

void status_alerts(struct buf *out, const struct status_source *source,
                   const struct process *process)
{
	enum condition condition;

	for (condition = 0; condition < CONDITION_LIVING_COUNT; condition++) {
		const struct firing_alert *alert = &process->alerts[condition];

		if (alert->is_firing)
			write_badge(out, source, condition, alert->severity, alert->since_ns);
	}
}

static bool is_of_slot(const struct ended_alert *alert, const struct process *process)
{
	return process == NULL ||
	       (alert->slot == process->slot && strcmp(alert->app, process->app) == 0);
}

static void write_end(struct buf *out, const struct status_source *source,
                      const struct ended_alert *alert)
{
	buf_append_string(out, "<li><b>");
	markup_append(out, alert->app[0] != '\0' ? alert->app : "?");
	buf_printf(out, "<span class=\"slot\">/%u</span></b>, process %d, %s", alert->slot,
	           (int)alert->shown_pid, ends[alert->condition]);
	write_badge(out, source, alert->condition, alert->severity, alert->since_ns);
	buf_append_string(out, "</li>\n");
}

void status_ended(struct buf *out, const struct status_source *source,
                  const struct process *process)
{
	const struct ended_alerts *ended = &source->self->alerting.ended;
	size_t shown_count = 0;
	size_t i;

	for (i = 0; i < ended->count; i++) {
		if (!is_of_slot(&ended->items[i], process))
			continue;
		if (shown_count++ == 0)
			buf_printf(out, "<section class=\"why\">\n<h2>%s</h2>\n<ul>\n",
			           process == NULL ? "Ended" : "In this slot before");
		write_end(out, source, &ended->items[i]);
	}
	if (shown_count == 0)
		return;
	if (process == NULL && ended->total > ended->count)
		buf_printf(out, "<li>%zu more</li>\n", ended->total - ended->count);
	buf_append_string(out, "</ul>\n</section>\n");
}
