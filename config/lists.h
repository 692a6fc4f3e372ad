// SPDX-License-Identifier: MIT
/*
 * Lists of texts, and of pairs of texts, that own what is in them.
 */
#ifndef HEAPWATCH_CONFIG_LISTS_H
#define HEAPWATCH_CONFIG_LISTS_H

struct pair_list;
struct string_list;

/* Adds a copy; -ENOMEM. */
int config_list_append(struct string_list *list, const char *text)
    __attribute__((warn_unused_result));
int config_pairs_append(struct pair_list *list, const char *name, const char *value)
    __attribute__((warn_unused_result));
/* Frees what is in the list, a struct of its kind, and leaves it empty. */
void config_list_release(void *list);
void config_pairs_release(void *list);

#endif
