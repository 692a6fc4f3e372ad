// SPDX-License-Identifier: MIT
/*
 * The walk over a document by a table of keys: sections are entered, values are read into the
 * structs of the bases, and what is neither is given to the table's own reader.
 */
#ifndef HEAPWATCH_CONFIG_READER_H
#define HEAPWATCH_CONFIG_READER_H

#include <stdint.h>

#include "config/keys.h"
#include "config/message.h"
#include "config/values.h"

#define CONFIG_KEY_MAX  64 /* rows of a table */
#define CONFIG_PATH_MAX 64 /* bytes of a dotted path, with its NUL */

struct node;

struct config_reader {
	const struct config_table *table;
	struct config_messages messages;
	struct config_bases bases;
	uint64_t warned_mask; /* rows whose lack of effect was told */
	/* Of heapwatchd.yml: */
	struct config *config;
	const struct node *rules; /* read last: they inherit and name receivers */
};

/* Reads every key of the mapping; prefix is "" or ends with a dot. */
int config_read_mapping(struct config_reader *reader, const char *prefix, const struct node *node)
    __attribute__((warn_unused_result));
/* The child of a mapping, or NULL. */
const struct node *config_child(const struct node *mapping, const char *name);

#endif
