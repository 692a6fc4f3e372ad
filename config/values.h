// SPDX-License-Identifier: MIT
/*
 * Values of a table's rows: defaults, reading with a message that says what was expected, writing,
 * release. A member is found by its row's base and offset. What a type is stands in types.c.
 */
#ifndef HEAPWATCH_CONFIG_VALUES_H
#define HEAPWATCH_CONFIG_VALUES_H

#include "config/keys.h"

struct buf;
struct config_messages;
struct node;

/* One struct per base, for the offsets of the rows; those that are not at hand are NULL. */
struct config_bases {
	void *of[CONFIG_BASE_COUNT];
};

/* Sets the defaults of all rows of the base; -ENOMEM. */
int config_values_init(const struct config_table *table, const struct config_bases *bases,
                       enum config_base base) __attribute__((warn_unused_result));
/* Frees what the rows of the base own. */
void config_values_done(const struct config_table *table, const struct config_bases *bases,
                        enum config_base base);
/* Copies the values of from that a reload cannot change; told(key) is called for each that differs.
 */
void config_values_keep(const struct config_table *table, const struct config_bases *bases,
                        const struct config_bases *from,
                        void (*told)(void *context, const struct config_key *key), void *context);

/* False for the parts that a table reads itself. */
bool config_type_is_value(enum config_type type);
int config_value_read(struct config_messages *messages, const struct config_bases *bases,
                      const struct config_key *key, const struct node *node)
    __attribute__((warn_unused_result));
/* "expected …, from 1s to 10m, got …": -EINVAL. */
int config_value_error(struct config_messages *messages, const struct config_key *key,
                       const struct node *node);
/*
 * Whether the row has a value that fits a line: not the lists of mappings, nothing that is not set,
 * and of url and urls the one that was meant.
 */
bool config_value_is_line(const struct config_bases *bases, const struct config_key *key);
/* That value as YAML, secrets left out. */
void config_value_write(const struct config_bases *bases, const struct config_key *key,
                        struct buf *out);

#endif
