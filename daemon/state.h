// SPDX-License-Identifier: MIT
/*
 * Slots on disk: which process holds which slot, so that series keep their labels when heapwatchd
 * is restarted. One small text file in --storage.path, valid for one boot of the machine, written
 * by the pool whenever the slots changed. Where it cannot be written, heapwatchd runs in memory.
 */
#ifndef HEAPWATCH_DAEMON_STATE_H
#define HEAPWATCH_DAEMON_STATE_H

#include "collectors/collector.h"

struct model;
struct state;

/*
 * Makes the directory when needed and gives the slots back to the model. With is_required a
 * directory that cannot be written is an error (NULL, logged); else a warning, and nothing is kept
 * (NULL), unless it is there on a read-only disk: then writes are tried as on one that fails.
 */
struct state *state_open(const char *storage_path, int is_required,
                         const struct collector_host *host, struct model *model);
/* Writes if the slots have changed since the last time; returns at once. */
void state_save(struct state *state, struct model *model);
/* Writes what is left, now. No job may be under way: call it after the loop's last turn. */
struct state *state_close(struct state *state, struct model *model);

#endif
