// SPDX-License-Identifier: MIT
/*
 * Looking things up in a table of keys. A few dozen rows: from the first to the last.
 */
#include "config/keys.h"

#include <stdio.h>
#include <string.h>

const struct config_key *config_table_find(const struct config_table *table, const char *path)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		if (strcmp(table->keys[i].path, path) == 0)
			return &table->keys[i];
	return NULL;
}

bool config_table_has_section(const struct config_table *table, const char *path)
{
	size_t length = strlen(path);
	size_t i;

	for (i = 0; i < table->count; i++)
		if (strncmp(table->keys[i].path, path, length) == 0 &&
		    table->keys[i].path[length] == '.')
			return true;
	return false;
}

bool config_table_name(const struct config_table *table, const char *prefix, size_t index,
                       char ret_name[CONFIG_NAME_SIZE])
{
	size_t prefix_length = strlen(prefix), last_length = 0, i;
	const char *last = NULL;

	for (i = 0; i < table->count; i++) {
		const char *name = table->keys[i].path + prefix_length;
		size_t length;

		if (strncmp(table->keys[i].path, prefix, prefix_length) != 0)
			continue;
		length = strcspn(name, ".[");
		if (last != NULL && length == last_length && memcmp(name, last, length) == 0)
			continue;
		last = name;
		last_length = length;
		if (index-- > 0)
			continue;
		(void)snprintf(ret_name, CONFIG_NAME_SIZE, "%.*s", (int)length, name);
		return true;
	}
	return false;
}
