// SPDX-License-Identifier: MIT
/*
 * Names, and a short sorted list.
 */
#include "daemon/model/alert.h"

#include <assert.h>
#include <string.h>

static const char *const condition_names[] = {
    [CONDITION_LEAK] = "leak",
    [CONDITION_THRASH] = "thrash",
    [CONDITION_HEAP_OOM] = "heap_oom",
    [CONDITION_OOM_KILL] = "oom_kill",
};
_Static_assert(sizeof(condition_names) / sizeof(condition_names[0]) == CONDITION_COUNT,
               "a name each");

static const char *const severity_names[] = {
    [SEVERITY_INFO] = "info",
    [SEVERITY_WARNING] = "warning",
    [SEVERITY_CRITICAL] = "critical",
};
_Static_assert(sizeof(severity_names) / sizeof(severity_names[0]) == SEVERITY_COUNT, "a name each");

const char *condition_name(enum condition condition)
{
	assert(condition < CONDITION_COUNT);
	return condition_names[condition];
}

const char *severity_name(enum severity severity)
{
	assert(severity < SEVERITY_COUNT);
	return severity_names[severity];
}

void ended_alerts_add(struct ended_alerts *ended, const struct ended_alert *alert)
{
	size_t place = 0;
	size_t behind;

	ended->total++;
	while (place < ended->count && ended->items[place].since_ns > alert->since_ns)
		place++;
	if (place == ENDED_ALERTS_MAX)
		return;
	behind = ended->count - place;
	if (ended->count == ENDED_ALERTS_MAX)
		behind--; /* the oldest goes */
	else
		ended->count++;
	memmove(&ended->items[place + 1], &ended->items[place], behind * sizeof(*alert));
	ended->items[place] = *alert;
}
