// SPDX-License-Identifier: MIT
/*
 * Texts that do not fit are not kept: the next line is read in full again.
 */
#include "collectors/gclog/gcecho.h"

#include <string.h>

bool gcecho_take_head(const struct gclog_echo *echo, struct cursor *cursor,
                      struct gclog_record *record)
{
	if (echo->head_length == 0 || !cursor_take(cursor, echo->head, echo->head_length))
		return false;
	record->pid = echo->pid;
	record->event.isolate = echo->isolate;
	return true;
}

void gcecho_keep_head(struct gclog_echo *echo, const char *start, const struct cursor *cursor,
                      const struct gclog_record *record)
{
	size_t length = (size_t)(cursor->at - start);

	if (length > sizeof(echo->head))
		return;
	memcpy(echo->head, start, length);
	echo->head_length = length;
	echo->pid = record->pid;
	echo->isolate = record->event.isolate;
}

bool gcecho_take_tail(const struct gclog_echo *echo, struct cursor *cursor,
                      struct gclog_record *record, unsigned *ret_shape)
{
	const char *start = cursor->at;

	if (echo->tail_length == 0 || (size_t)(cursor->end - start) != echo->tail_length ||
	    memcmp(start, echo->tail, echo->tail_length) != 0)
		return false;
	record->event.is_last_resort = echo->is_last_resort;
	record->event.is_scavenge_might_not_succeed = echo->is_scavenge_might_not_succeed;
	record->event.is_external_pressure = echo->is_external_pressure;
	record->event.average_mutator_utilization = echo->average_mutator_utilization;
	record->event.current_mutator_utilization = echo->current_mutator_utilization;
	record->reason = start + echo->reason_at;
	record->reason_length = echo->reason_length;
	record->collector = start + echo->collector_at;
	record->collector_length = echo->collector_length;
	*ret_shape = echo->tail_shape;
	cursor->at += echo->tail_used;
	return true;
}

void gcecho_keep_tail(struct gclog_echo *echo, const char *start, const struct cursor *cursor,
                      const struct gclog_record *record, unsigned shape)
{
	size_t length = (size_t)(cursor->end - start);

	if (length > sizeof(echo->tail))
		return;
	memcpy(echo->tail, start, length);
	echo->tail_length = length;
	echo->tail_shape = shape;
	echo->tail_used = (size_t)(cursor->at - start);
	echo->is_last_resort = record->event.is_last_resort;
	echo->is_scavenge_might_not_succeed = record->event.is_scavenge_might_not_succeed;
	echo->is_external_pressure = record->event.is_external_pressure;
	echo->average_mutator_utilization = record->event.average_mutator_utilization;
	echo->current_mutator_utilization = record->event.current_mutator_utilization;
	echo->reason_length = record->reason_length;
	echo->reason_at = record->reason_length > 0 ? (size_t)(record->reason - start) : 0;
	echo->collector_length = record->collector_length;
	echo->collector_at = record->collector_length > 0 ? (size_t)(record->collector - start) : 0;
}
