// SPDX-License-Identifier: MIT
/*
 * A YAML document as a checked tree that remembers where each node was written. Anchors are
 * resolved. Refused: several documents, duplicate keys, keys that are no scalars, tags, NUL bytes,
 * and documents beyond the limits below (an alias bomb is caught by the count of nodes, a cycle by
 * the depth). What the keys mean is none of its business.
 */
#ifndef HEAPWATCH_CONFIG_DOCUMENT_H
#define HEAPWATCH_CONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/cleanup.h"

#define DOCUMENT_SIZE_MAX    ((size_t)1024 * 1024)
#define DOCUMENT_DEPTH_MAX   32
#define DOCUMENT_NODE_MAX    50000
#define DOCUMENT_MAPPING_MAX 256 /* keys of one mapping */

enum node_kind { NODE_SCALAR, NODE_SEQUENCE, NODE_MAPPING };

struct node {
	enum node_kind kind;
	bool is_plain; /* a scalar without quotes */
	size_t line;   /* both from 1 */
	size_t column;
	char *text;   /* scalar, owned */
	size_t count; /* of children */
	struct node *children;
	struct node *keys; /* of a mapping: one scalar per child */
};

/*
 * Reads the document; *ret_root is NULL when it is empty. -EINVAL with a message for the user,
 * "name:line:column: …"; -ENOMEM likewise.
 */
int document_parse(const char *name, const char *text, size_t length, struct node **ret_root,
                   char *reterr_message, size_t message_size) __attribute__((warn_unused_result));
struct node *document_free(struct node *root);
DEFINE_CLEANUP(struct node, document_free)

/* An empty value, "~" or "null": a section whose keys are all commented out. */
bool node_is_null(const struct node *node);
/* "a scalar", "a list", "a mapping" for messages. */
const char *node_kind_name(const struct node *node);

#endif
