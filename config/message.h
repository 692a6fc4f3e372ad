// SPDX-License-Identifier: MIT
/*
 * What the user is told about a file: "file:line:column: message", of an error as the one result of
 * reading, of warnings through a callback. Control characters of the file do not reach a terminal.
 */
#ifndef HEAPWATCH_CONFIG_MESSAGE_H
#define HEAPWATCH_CONFIG_MESSAGE_H

#include "config/config.h"

struct node;

struct config_messages {
	const char *name; /* of the file */
	char *error;      /* CONFIG_MESSAGE_SIZE */
	config_warn warn; /* NULL: nobody listens */
	void *warn_context;
};

/* -EINVAL. */
int config_error(struct config_messages *messages, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* -ENOMEM. */
int config_no_memory(struct config_messages *messages);
void config_warning(struct config_messages *messages, const struct node *node, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));

#endif
