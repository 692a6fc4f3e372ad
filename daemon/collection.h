// SPDX-License-Identifier: MIT
/*
 * All collectors of the registry, and the sink that takes their facts into the model.
 */
#ifndef HEAPWATCH_DAEMON_COLLECTION_H
#define HEAPWATCH_DAEMON_COLLECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"

struct buf;
struct collection;
struct config;
struct collector_status;
struct model;
struct unpack;

/* Creates every collector; NULL when one cannot start (logged). host and model are borrowed. */
struct collection *collection_new(const struct collector_options *options,
                                  const struct collector_host *host, struct model *model);
/* After the loop is drained. */
struct collection *collection_free(struct collection *collection);

/* Every collector uses config from now on. */
void collection_reconfigure(struct collection *collection, const struct config *config);
/*
 * One pass of each, in the order of the registry. True when all are through; else
 * collection_resume() goes on with those that are not, until it returns true.
 */
bool collection_pass(struct collection *collection);
bool collection_resume(struct collection *collection);
/* How many facts came that need not come in a pass: collections, incidents, parts of heaps. */
uint64_t collection_news_count(const struct collection *collection);
/* Where each stands, by name. -EAGAIN, with all in it, when one would rather be asked later. */
int collection_save(const struct collection *collection, struct buf *out)
    __attribute__((warn_unused_result));
void collection_restore(struct collection *collection, struct unpack *in);
/* How each is doing, with counters of now; the array is the collection's. Returns how many. */
size_t collection_status(struct collection *collection, const struct collector_status **ret_status);

#endif
