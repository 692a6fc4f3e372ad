// SPDX-License-Identifier: MIT
/*
 * The rows of probe.c that are about the event loop of the main thread. Private to the room.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_PROBE_LOOP_H
#define HEAPWATCH_DAEMON_EXPOSITION_PROBE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct isolate;
struct process;
struct text_writer;

struct probe_subject {
	const struct process *process;
	const struct isolate *main; /* NULL: no heap is known */
	uint64_t boot_realtime_offset_ns;
};

bool probe_loop_lag(const struct probe_subject *subject, double *ret_value);
bool probe_loop_utilization(const struct probe_subject *subject, double *ret_value);
bool probe_resources_total(const struct probe_subject *subject, double *ret_value);
bool probe_handles_total(const struct probe_subject *subject, double *ret_value);
bool probe_requests_total(const struct probe_subject *subject, double *ret_value);
void probe_resources(const struct probe_subject *subject, struct text_writer *text);
/* The same under OpenTelemetry's label. */
void probe_resources_otel(const struct probe_subject *subject, struct text_writer *text);
void probe_loop_time(const struct probe_subject *subject, struct text_writer *text);

#endif
