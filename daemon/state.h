// SPDX-License-Identifier: MIT
/*
 * Slots on disk: which process holds which slot, so that series keep their labels when heapwatchd
 * is restarted. One small text file in --storage.path, valid for one boot of the machine, written
 * by the pool whenever the slots changed. Where it cannot be written, heapwatchd runs in memory.
 */
#ifndef HEAPWATCH_DAEMON_STATE_H
#define HEAPWATCH_DAEMON_STATE_H

#include <stdbool.h>

#include "collectors/collector.h"

struct model;
struct state;

/*
 * Makes the directory when needed and gives the slots back to the model. On a disk that is full or
 * can only be read what is there is used, and writes are tried as on one that fails; without a
 * directory nothing is kept (NULL in ret_state). Both are warnings, and so is any other reason not
 * to keep anything unless is_required: then it is an error, logged. -ENOMEM.
 */
int state_open(const char *storage_path, bool is_required, const struct collector_host *host,
               struct model *model, struct state **ret_state) __attribute__((warn_unused_result));
/* Writes if the slots have changed since the last time; returns at once. */
void state_save(struct state *state, struct model *model);
/* Writes what is left, now. No job may be under way: call it after the loop's last turn. */
struct state *state_close(struct state *state, struct model *model);

#endif
