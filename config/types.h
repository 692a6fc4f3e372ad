// SPDX-License-Identifier: MIT
/*
 * The types of values, one row per type: how a text becomes a member, how the member is written
 * again and freed. A member is found by its key's offset; it is never aliased.
 */
#ifndef HEAPWATCH_CONFIG_TYPES_H
#define HEAPWATCH_CONFIG_TYPES_H

#include <stdbool.h>

#include "config/keys.h"

struct buf;

struct value_type {
	const char *name;
	const char *expected;
	bool needs_plain; /* in quotes it would be a string */
	bool is_secret;   /* not repeated in messages */
	/* A scalar: -EINVAL when it is none, -ERANGE when it is beyond the row's range. */
	int (*parse)(const struct config_key *key, const char *text, void *member);
	/* A list: whether the element may stand in it. */
	bool (*is_element)(const char *text);
	void (*write)(const struct config_key *key, const void *member, struct buf *out);
	void (*release)(void *member);
};

extern const struct value_type config_types[CONFIG_TYPE_COUNT];

/* In double quotes, with YAML's escapes. */
void config_write_quoted(struct buf *out, const char *text);

#endif
