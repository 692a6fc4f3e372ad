// SPDX-License-Identifier: MIT
/*
 * What is known, on disk: the histories of the model and where each collector stands, in one file,
 * as of one moment. So a later heapwatchd, also after a crash, goes on from there: what was counted
 * is not counted again, and what came since is counted once. Valid for one boot of the machine;
 * written by the pool; without it, or when it is damaged, everything is learnt anew.
 */
#ifndef HEAPWATCH_DAEMON_KEPT_H
#define HEAPWATCH_DAEMON_KEPT_H

#include <stdint.h>

#include "collectors/collector.h"

struct collection;
struct kept;
struct model;

/* Reads what is there. NULL without memory: then nothing is kept. */
struct kept *kept_open(const char *storage_path, const struct collector_host *host);
/* Gives back what was read: to both, before the first pass, or to none. */
void kept_restore(struct kept *kept, struct model *model, struct collection *collection);
/* After each pass: writes when it is time to. Returns at once. */
void kept_save(struct kept *kept, struct model *model, struct collection *collection,
               uint64_t now_ns);
/* Writes once more, now. No job may be under way: call it after the loop's last turn. */
struct kept *kept_close(struct kept *kept, struct model *model, struct collection *collection);
/* Writes that failed so far. */
uint64_t kept_error_count(const struct kept *kept);

#endif
