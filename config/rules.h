// SPDX-License-Identifier: MIT
/* apps of the configuration, and what their thresholds must fulfil. */
#ifndef HEAPWATCH_CONFIG_RULES_H
#define HEAPWATCH_CONFIG_RULES_H

struct alerting_config;
struct config;
struct config_reader;
struct config_table;
struct node;

int config_read_rules(struct config_reader *reader, const struct node *node)
    __attribute__((warn_unused_result));
void config_rules_done(const struct config_table *table, struct config *config);
/* clear < threshold, critical < warning; node is the section, prefix its path with a dot. */
int config_check_alerting(struct config_reader *reader, const struct alerting_config *alerting,
                          const char *prefix, const struct node *node)
    __attribute__((warn_unused_result));

#endif
