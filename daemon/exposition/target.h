// SPDX-License-Identifier: MIT
/*
 * Names of processes in requests: APP/SLOT and pid:N, and the list of them all for Prometheus's
 * http_sd. Both come from outside and go out to others. Pure.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_TARGET_H
#define HEAPWATCH_DAEMON_EXPOSITION_TARGET_H

#include <stdbool.h>

struct buf;
struct model;
struct process;

/*
 * The slot follows the last '/'. -EINVAL: neither of the two forms; -ENOENT: no such process, or it
 * is too young to be shown.
 */
int target_find(struct model *model, const char *target, const struct process **ret_process)
    __attribute__((warn_unused_result));
/* APP/SLOT alone. */
int target_find_slot(const struct model *model, const char *target,
                     const struct process **ret_process) __attribute__((warn_unused_result));

/* A host name or address with or without a port, and nothing else (RFC 9110, 7.2). */
bool target_host_is_valid(const char *host);
/* https://prometheus.io/docs/prometheus/latest/http_sd/; host is a valid one. */
void target_write_list(struct model *model, const char *host, struct buf *out);

#endif
