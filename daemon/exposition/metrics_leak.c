// SPDX-License-Identifier: MIT
/*
 * Families about the verdict on a process. None exists before its first evaluation.
 */
#include "daemon/exposition/families.h"
#include "lib/numbers.h"

static bool is_evaluated(const struct process *process)
{
	return process->verdict.at_ns > 0;
}

bool metric_leak_score(const struct metric_scope *scope, const struct process *process,
                       double *ret_value)
{
	(void)scope;
	*ret_value = process->verdict.score;
	return is_evaluated(process);
}

bool metric_leak_confidence(const struct metric_scope *scope, const struct process *process,
                            double *ret_value)
{
	(void)scope;
	*ret_value = process->verdict.confidence;
	return is_evaluated(process);
}

bool metric_leak_alerts(const struct metric_scope *scope, const struct process *process,
                        double *ret_value)
{
	(void)scope;
	*ret_value = process->is_alerting;
	return is_evaluated(process);
}

/* One 0/1 gauge per value, so that a series neither begins nor ends with the verdict. */
static void write_choice(const struct metric_scope *scope, const struct metric_process *row,
                         const char *label, const char *value, bool is_chosen)
{
	metric_begin_process(scope, row);
	text_label(scope->text, label, value);
	text_end_u64(scope->text, is_chosen);
}

void metric_leak_state(const struct metric_scope *scope, const struct metric_family *family)
{
	enum leak_state state;
	size_t i;

	(void)family;
	for (i = 0; i < scope->process_count; i++) {
		const struct metric_process *row = &scope->processes[i];

		if (!is_evaluated(row->process))
			continue;
		for (state = 0; state < LEAK_STATE_COUNT; state++)
			write_choice(scope, row, "state", leak_state_name(state),
			             row->process->verdict.state == state);
	}
}

void metric_leak_kind(const struct metric_scope *scope, const struct metric_family *family)
{
	enum leak_kind kind;
	size_t i;

	(void)family;
	for (i = 0; i < scope->process_count; i++) {
		const struct metric_process *row = &scope->processes[i];

		if (!is_evaluated(row->process))
			continue;
		for (kind = 0; kind < LEAK_KIND_COUNT; kind++)
			write_choice(scope, row, "kind", leak_kind_name(kind),
			             row->process->verdict.kind == kind);
	}
}

/* The slope and its bounds carry the same labels, so that queries can join them. */
void metric_leak_growth(const struct metric_scope *scope, const struct metric_family *family)
{
	size_t i;

	for (i = 0; i < scope->process_count; i++) {
		const struct metric_process *row = &scope->processes[i];
		double value;

		if (!family->of_process(scope, row->process, &value))
			continue;
		metric_begin_process(scope, row);
		text_label(scope->text, "kind", leak_kind_name(row->process->verdict.kind));
		text_end(scope->text, value);
	}
}

bool metric_leak_growth_slope(const struct metric_scope *scope, const struct process *process,
                              double *ret_value)
{
	(void)scope;
	*ret_value = process->verdict.growth_bytes_per_second;
	return is_evaluated(process);
}

bool metric_leak_growth_lower(const struct metric_scope *scope, const struct process *process,
                              double *ret_value)
{
	(void)scope;
	*ret_value = process->verdict.growth_lower_bytes_per_second;
	return is_evaluated(process);
}

bool metric_leak_growth_upper(const struct metric_scope *scope, const struct process *process,
                              double *ret_value)
{
	(void)scope;
	*ret_value = process->verdict.growth_upper_bytes_per_second;
	return is_evaluated(process);
}

static void write_percentile(const struct metric_scope *scope, const struct metric_process *row,
                             const char *percentile, double seconds)
{
	metric_begin_process(scope, row);
	text_label(scope->text, "percentile", percentile);
	text_end(scope->text, seconds);
}

void metric_leak_exhaustion(const struct metric_scope *scope, const struct metric_family *family)
{
	size_t i;

	(void)family;
	for (i = 0; i < scope->process_count; i++) {
		const struct metric_process *row = &scope->processes[i];
		const struct verdict *verdict = &row->process->verdict;

		if (!is_evaluated(row->process))
			continue;
		write_percentile(scope, row, "10", verdict->exhaustion_p10_seconds);
		write_percentile(scope, row, "50", verdict->exhaustion_p50_seconds);
		write_percentile(scope, row, "90", verdict->exhaustion_p90_seconds);
	}
}

static void write_site(const struct metric_scope *scope, const struct metric_process *row, size_t i)
{
	const struct leak_site *site = &row->process->sites->items[i];
	char number[NUMBER_TEXT_SIZE];

	metric_begin_process(scope, row);
	(void)number_format_u64(number, i + 1);
	text_label(scope->text, "rank", number);
	text_label(scope->text, "function", site->function);
	text_label(scope->text, "script", site->script);
	(void)number_format_u64(number, site->line);
	text_label(scope->text, "line", number);
	text_end(scope->text, site->share);
}

void metric_leak_sites(const struct metric_scope *scope, const struct metric_family *family)
{
	size_t i, k;

	(void)family;
	for (i = 0; i < scope->process_count; i++) {
		const struct leak_sites *sites = scope->processes[i].process->sites;

		for (k = 0; sites != NULL && k < sites->count; k++)
			write_site(scope, &scope->processes[i], k);
	}
}
