// SPDX-License-Identifier: MIT
/* external_labels of the configuration. */
#ifndef HEAPWATCH_CONFIG_LABELS_H
#define HEAPWATCH_CONFIG_LABELS_H

struct config;
struct config_reader;
struct node;

int config_read_labels(struct config_reader *reader, const struct node *node)
    __attribute__((warn_unused_result));
void config_labels_done(struct config *config);

#endif
