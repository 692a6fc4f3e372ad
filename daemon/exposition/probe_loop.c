// SPDX-License-Identifier: MIT
/*
 * As the inspector told them last. Types of resources are text of the application.
 */
#include "daemon/exposition/probe_loop.h"

#include <math.h>
#include <stddef.h>

#include "daemon/exposition/text.h"
#include "daemon/model/isolate.h"
#include "lib/units.h"

static const struct event_loop *loop_of(const struct probe_subject *subject)
{
	return subject->main != NULL && subject->main->loop.at_ns > 0 ? &subject->main->loop : NULL;
}

bool probe_loop_lag(const struct probe_subject *subject, double *ret_value)
{
	const struct event_loop *loop = loop_of(subject);

	if (loop == NULL || !loop->sample.has_lag)
		return false;
	*ret_value = ns_to_seconds(loop->sample.lag_ns);
	return true;
}

bool probe_loop_utilization(const struct probe_subject *subject, double *ret_value)
{
	const struct event_loop *loop = loop_of(subject);

	if (loop == NULL || isnan(loop->utilization_ratio))
		return false;
	*ret_value = loop->utilization_ratio;
	return true;
}

bool probe_resources_total(const struct probe_subject *subject, double *ret_value)
{
	const struct event_loop *loop = loop_of(subject);

	if (loop == NULL || !loop->sample.has_resources)
		return false;
	*ret_value = (double)loop->sample.resource_total;
	return true;
}

bool probe_handles_total(const struct probe_subject *subject, double *ret_value)
{
	const struct event_loop *loop = loop_of(subject);

	if (loop == NULL || !loop->sample.has_handles)
		return false;
	*ret_value = (double)loop->sample.handle_total;
	return true;
}

bool probe_requests_total(const struct probe_subject *subject, double *ret_value)
{
	const struct event_loop *loop = loop_of(subject);

	if (loop == NULL || !loop->sample.has_handles)
		return false;
	*ret_value = (double)loop->sample.request_total;
	return true;
}

static void write_resources(const struct probe_subject *subject, struct text_writer *text,
                            const char *label)
{
	const struct event_loop *loop = loop_of(subject);
	size_t i;

	for (i = 0; loop != NULL && i < loop->sample.resource_count; i++) {
		text_begin(text, "", NULL);
		text_label(text, label, loop->sample.resources[i].type);
		text_end_u64(text, loop->sample.resources[i].count);
	}
}

void probe_resources(const struct probe_subject *subject, struct text_writer *text)
{
	write_resources(subject, text, "type");
}

void probe_resources_otel(const struct probe_subject *subject, struct text_writer *text)
{
	write_resources(subject, text, "v8js_resource_type");
}

static void write_time(struct text_writer *text, const char *state, uint64_t time_ns)
{
	text_begin(text, "", NULL);
	text_label(text, "nodejs_eventloop_state", state);
	text_end(text, ns_to_seconds(time_ns));
}

void probe_loop_time(const struct probe_subject *subject, struct text_writer *text)
{
	const struct event_loop *loop = loop_of(subject);

	if (loop == NULL || !loop->sample.has_utilization)
		return;
	write_time(text, "active", loop->sample.active_ns);
	write_time(text, "idle", loop->sample.idle_ns);
}
