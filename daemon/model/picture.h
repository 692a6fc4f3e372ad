// SPDX-License-Identifier: MIT
/*
 * The model as it is at one moment: copies that stay as they are while the model goes on, so that
 * what takes long to write (an exposition of 2,000 processes) can be written by another thread.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_PICTURE_H
#define HEAPWATCH_DAEMON_MODEL_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "daemon/model/model.h"
#include "daemon/model/process.h"

struct picture {
	const struct process *const *processes; /* by app, then slot */
	size_t process_count;
	const struct app_totals *apps;
	size_t app_count;
	uint64_t dropped[DROP_REASON_COUNT];
};

struct picture_chunk;

/* What pictures that were freed leave to the next: fresh memory would cost more than the copying.
 */
struct picture_memory {
	struct picture_chunk *chunks;
	size_t count;
	size_t count_max; /* as many as the latest picture took */
};

/*
 * NULL without memory. About 10 KB and 2 us per process with one heap. memory is borrowed until the
 * picture is freed, by the same thread; NULL: none is kept.
 */
struct picture *picture_take(struct model *model, struct picture_memory *memory);
struct picture *picture_free(struct picture *picture);
void picture_memory_done(struct picture_memory *memory);

#endif
