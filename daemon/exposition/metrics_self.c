// SPDX-License-Identifier: MIT
/*
 * Families about heapwatchd: its build, its collectors, what it dropped, and its own process under
 * the names that every Prometheus client library uses.
 */
#include <string.h>

#include "daemon/exposition/families.h"

/* ---- heapwatch_* ---- */

void metric_build_info(const struct metric_scope *scope, const struct metric_family *family)
{
	(void)family;
	text_begin(scope->text, "", NULL);
	text_label(scope->text, "version", scope->self->version);
	text_label(scope->text, "revision", scope->self->revision);
	text_label(scope->text, "compiler", scope->self->compiler);
	text_end_u64(scope->text, 1);
}

static void write_labelled(const struct metric_scope *scope, const char *label, const char *value,
                           uint64_t count)
{
	text_begin(scope->text, "", NULL);
	text_label(scope->text, label, value);
	text_end_u64(scope->text, count);
}

void metric_process_states(const struct metric_scope *scope, const struct metric_family *family)
{
	enum leak_state state;

	write_labelled(scope, family->labels, "young", scope->young_count);
	for (state = 0; state < LEAK_STATE_COUNT; state++)
		write_labelled(scope, family->labels, leak_state_name(state),
		               scope->state_counts[state]);
}

void metric_dropped(const struct metric_scope *scope, const struct metric_family *family)
{
	static const char *const names[] = {
	    [DROP_PROCESS_LIMIT] = "process_limit",
	    [DROP_FD_LIMIT] = "fd_limit",
	};
	enum drop_reason reason;

	_Static_assert(sizeof(names) / sizeof(names[0]) == DROP_REASON_COUNT, "a name per reason");
	for (reason = 0; reason < DROP_REASON_COUNT; reason++)
		write_labelled(scope, family->labels, names[reason],
		               scope->picture->dropped[reason]);
}

void metric_exits(const struct metric_scope *scope, const struct metric_family *family)
{
	size_t i;

	(void)family;
	for (i = 0; i < scope->picture->app_count; i++) {
		const struct app_totals *app = &scope->picture->apps[i];
		enum process_end end;

		for (end = 0; end < PROCESS_END_COUNT; end++) {
			text_begin(scope->text, "", NULL);
			text_label(scope->text, "app", app->app);
			text_label(scope->text, "cause", process_end_name(end));
			text_end_u64(scope->text, app->exits[end]);
		}
	}
}

/* ---- collectors ---- */

static void begin_collector(const struct metric_scope *scope,
                            const struct collector_status *collector)
{
	text_begin(scope->text, "", NULL);
	text_label(scope->text, "collector", collector->name);
}

void metric_collector_duration(const struct metric_scope *scope, const struct metric_family *family)
{
	size_t i;

	(void)family;
	for (i = 0; i < scope->self->collector_count; i++) {
		begin_collector(scope, &scope->self->collectors[i]);
		text_end(scope->text, scope->self->collectors[i].duration_seconds);
	}
}

void metric_collector_success(const struct metric_scope *scope, const struct metric_family *family)
{
	size_t i;

	(void)family;
	for (i = 0; i < scope->self->collector_count; i++) {
		begin_collector(scope, &scope->self->collectors[i]);
		text_end_u64(scope->text, scope->self->collectors[i].is_success != 0);
	}
}

void metric_collector_errors(const struct metric_scope *scope, const struct metric_family *family)
{
	size_t i;

	(void)family;
	for (i = 0; i < scope->self->collector_count; i++) {
		enum collector_error error;

		for (error = 0; error < COLLECTOR_ERROR_COUNT; error++) {
			begin_collector(scope, &scope->self->collectors[i]);
			text_label(scope->text, "reason", collector_error_name(error));
			text_end_u64(scope->text, scope->self->collectors[i].errors[error]);
		}
	}
}

static void write_counter(const struct metric_scope *scope, const struct metric_family *family,
                          const struct collector_counter *counter)
{
	if (strcmp(counter->name, family->name) != 0)
		return;
	text_begin(scope->text, "", NULL);
	if (counter->label_value != NULL)
		text_label(scope->text, family->labels, counter->label_value);
	text_end(scope->text, counter->value);
}

void metric_collector_counters(const struct metric_scope *scope, const struct metric_family *family)
{
	size_t i;
	size_t k;

	for (i = 0; i < scope->self->collector_count; i++) {
		const struct collector_status *collector = &scope->self->collectors[i];

		for (k = 0; k < collector->counter_count; k++)
			write_counter(scope, family, &collector->counters[k]);
	}
}

/* ---- explanations ---- */

void metric_openings(const struct metric_scope *scope, const struct metric_family *family)
{
	enum opening_result result;

	for (result = 0; result < OPENING_RESULT_COUNT; result++)
		write_labelled(scope, family->labels, opening_result_name(result),
		               scope->self->explaining.openings[result]);
}

void metric_explanations(const struct metric_scope *scope, const struct metric_family *family)
{
	write_labelled(scope, family->labels, "done", scope->self->explaining.done_count);
	write_labelled(scope, family->labels, "failed", scope->self->explaining.failed_count);
}

/* ---- notifications ---- */

void metric_notifications(const struct metric_scope *scope, const struct metric_family *family)
{
	const struct alerting_status *alerting = &scope->self->alerting;
	size_t i;

	(void)family;
	for (i = 0; i < alerting->receiver_count; i++) {
		enum delivery_outcome outcome;

		for (outcome = 0; outcome < DELIVERY_OUTCOME_COUNT; outcome++) {
			text_begin(scope->text, "", NULL);
			text_label(scope->text, "receiver", alerting->receivers[i].name);
			text_label(scope->text, "outcome", delivery_outcome_name(outcome));
			text_end_u64(scope->text, alerting->receivers[i].outcomes[outcome]);
		}
	}
}

void metric_notifications_dropped(const struct metric_scope *scope,
                                  const struct metric_family *family)
{
	enum queue_drop reason;

	for (reason = 0; reason < QUEUE_DROP_COUNT; reason++)
		write_labelled(scope, family->labels, queue_drop_name(reason),
		               scope->self->alerting.dropped[reason]);
}

bool metric_self_queue_on_disk(const struct self_status *self, double *ret_value)
{
	*ret_value = self->alerting.queue_is_on_disk;
	return true;
}

bool metric_self_queue_length(const struct self_status *self, double *ret_value)
{
	*ret_value = (double)self->alerting.queue_length;
	return true;
}

/* ---- numbers of struct self_status ---- */

bool metric_self_loop_turn(const struct self_status *self, double *ret_value)
{
	*ret_value = self->loop_turn_max_seconds;
	return true;
}

bool metric_self_storage_errors(const struct self_status *self, double *ret_value)
{
	*ret_value = (double)(self->storage_errors + self->alerting.write_errors);
	return true;
}

bool metric_self_reload_successful(const struct self_status *self, double *ret_value)
{
	*ret_value = self->config_reload_successful != 0;
	return true;
}

bool metric_self_reload_timestamp(const struct self_status *self, double *ret_value)
{
	*ret_value = self->config_reload_success_timestamp_seconds;
	return true;
}

bool metric_self_cpu(const struct self_status *self, double *ret_value)
{
	*ret_value = self->cpu_seconds;
	return true;
}

bool metric_self_start_time(const struct self_status *self, double *ret_value)
{
	*ret_value = self->start_time_seconds;
	return true;
}

bool metric_self_resident(const struct self_status *self, double *ret_value)
{
	*ret_value = (double)self->resident_bytes;
	return true;
}

bool metric_self_virtual(const struct self_status *self, double *ret_value)
{
	*ret_value = (double)self->virtual_bytes;
	return true;
}

bool metric_self_virtual_max(const struct self_status *self, double *ret_value)
{
	*ret_value = (double)self->virtual_max_bytes;
	return self->virtual_max_bytes > 0;
}

bool metric_self_open_fds(const struct self_status *self, double *ret_value)
{
	*ret_value = (double)self->open_fds;
	return true;
}

bool metric_self_max_fds(const struct self_status *self, double *ret_value)
{
	*ret_value = (double)self->max_fds;
	return true;
}
