// SPDX-License-Identifier: MIT
/*
 * What a service manager is told: readiness, the end, and that the loop still turns (sd_notify(3)).
 * Nothing happens without a manager, or without libsystemd.
 */
#ifndef HEAPWATCH_DAEMON_SERVICE_H
#define HEAPWATCH_DAEMON_SERVICE_H

#include <stdint.h>

void service_ready(void);
void service_stopping(void);
/*
 * Sockets that the manager opened for us (sd_listen_fds(3)), the first of them in *ret_first; 0:
 * none. -ENOTSUP without libsystemd. For once.
 */
int service_sockets(int *ret_first) __attribute__((warn_unused_result));
/* A reload begins and ends. */
void service_reloading(void);
void service_reloaded(void);
void service_alive(void);
/* How often service_alive() must be called, half of the manager's limit; 0: no watchdog. */
uint64_t service_watchdog_interval_ms(void);

#endif
