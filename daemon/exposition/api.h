// SPDX-License-Identifier: MIT
/*
 * The model as JSON, described by docs/api.schema.json. An unknown number is null, and so is an
 * exhaustion that is not coming; times are Unix seconds. Pure.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_API_H
#define HEAPWATCH_DAEMON_EXPOSITION_API_H

#include <stdint.h>

struct buf;
struct picture;
struct process;
struct self_status;

void api_write_processes(const struct picture *picture, const struct self_status *self,
                         struct buf *out);
/* boot_realtime_offset_ns: as in struct self_status. */
void api_write_process(const struct process *process, uint64_t boot_realtime_offset_ns,
                       struct buf *out);

#endif
