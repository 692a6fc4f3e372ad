// SPDX-License-Identifier: MIT
/*
 * Texts with {{key}} where a value shall stand. That is all there is: no expression, no function,
 * nothing that a value could be expanded in once more. A brace alone is itself.
 */
#ifndef HEAPWATCH_CONFIG_TEMPLATE_H
#define HEAPWATCH_CONFIG_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* The keys, ending with NULL; those of an alert (heapwatchd.conf(5), receivers[].text). */
extern const char *const template_keys[];

/*
 * False when something in it is no key, or "{{" is never closed: where that begins, "{{" included,
 * and how long it is.
 */
bool template_is_valid(const char *text, const char **reterr_at, size_t *reterr_length);
/* The text of a valid one; append(context, key, out) adds the value of a key of template_keys. */
void template_write(const char *text,
                    void (*append)(const void *context, const char *key, struct buf *out),
                    const void *context, struct buf *out);

#endif
