// SPDX-License-Identifier: MIT
/* receivers of the configuration. */
#ifndef HEAPWATCH_CONFIG_RECEIVERS_H
#define HEAPWATCH_CONFIG_RECEIVERS_H

struct config;
struct config_reader;
struct config_table;
struct node;

int config_read_receivers(struct config_reader *reader, const struct node *node)
    __attribute__((warn_unused_result));
void config_receivers_done(const struct config_table *table, struct config *config);

#endif
