// SPDX-License-Identifier: MIT
/* See lists.h. */
#include "config/lists.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

void config_list_release(void *member)
{
	struct string_list *list = member;
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->values[i]);
	free(list->values);
	*list = (struct string_list){0};
}

int config_list_append(struct string_list *list, const char *text)
{
	char **values = realloc(list->values, (list->count + 1) * sizeof(*values));

	if (values == NULL)
		return -ENOMEM;
	list->values = values;
	values[list->count] = strdup(text);
	if (values[list->count] == NULL)
		return -ENOMEM;
	list->count++;
	return 0;
}

void config_pairs_release(void *member)
{
	struct pair_list *list = member;
	size_t i;

	for (i = 0; i < list->count; i++) {
		free(list->pairs[i].name);
		free(list->pairs[i].value);
	}
	free(list->pairs);
	*list = (struct pair_list){0};
}

int config_pairs_append(struct pair_list *list, const char *name, const char *value)
{
	struct label_pair *pairs = realloc(list->pairs, (list->count + 1) * sizeof(*pairs));
	struct label_pair pair = {.name = NULL};

	if (pairs == NULL)
		return -ENOMEM;
	list->pairs = pairs;
	pair.name = strdup(name);
	pair.value = strdup(value);
	if (pair.name == NULL || pair.value == NULL) {
		free(pair.name);
		free(pair.value);
		return -ENOMEM;
	}
	pairs[list->count++] = pair;
	return 0;
}
