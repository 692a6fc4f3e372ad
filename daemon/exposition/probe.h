// SPDX-License-Identifier: MIT
/*
 * One process under the names that others made known, so that dashboards made for them work as they
 * are: prom-client's default metrics (prom-client 15, lib/metrics/) or OpenTelemetry's
 * instrumentation-runtime-node in the spelling of its Collector. A family that no source knows
 * anything of has HELP and TYPE and no sample. Pure.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_PROBE_H
#define HEAPWATCH_DAEMON_EXPOSITION_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/exposition/text.h"

struct buf;
struct process;
struct probe_subject;

struct probe_family {
	struct text_family family;
	/* One number, or samples with labels; both NULL: no source knows it. */
	bool (*value)(const struct probe_subject *subject, double *ret_value);
	void (*write)(const struct probe_subject *subject, struct text_writer *text);
};

struct probe_format {
	const char *name; /* of the parameter "format" */
	const struct probe_family *families;
	size_t family_count;
};

/* NULL: prom-client. NULL when there is no format of this name. */
const struct probe_format *probe_format_find(const char *name);

/* boot_realtime_offset_ns: as in struct self_status. */
void probe_write(const struct probe_format *format, const struct process *process,
                 uint64_t boot_realtime_offset_ns, struct buf *out);

#endif
