// SPDX-License-Identifier: MIT
/*
 * Prints what heapwatchd.conf(5) has to say of each key, a block of three lines as they stand in
 * the page: the key, what it takes, its help. tests/config/conf_man.sh compares.
 */
#include <stdio.h>
#include <string.h>

#include "config/keys.h"

static void print_type(const struct config_key *key)
{
	size_t i;

	(void)printf("Type: %s", config_type_name(key->type));
	for (i = 0; key->choices != NULL && key->choices[i] != NULL; i++)
		(void)printf("%s%s", i > 0 ? ", " : " of ", key->choices[i]);
	if (key->minimum != NULL)
		(void)printf(" from %s to %s", key->minimum, key->maximum);
	if (key->inherits != NULL)
		(void)printf("; default: that of %s", key->inherits);
	else
		(void)printf("; default: %s", key->fallback != NULL ? key->fallback : "none");
	(void)printf("; reloadable: %s.\n", key->is_reloadable ? "yes" : "no");
}

int main(void)
{
	size_t i;

	for (i = 0; i < config_key_count; i++) {
		(void)printf(".It Cm %s\n", config_keys[i].path);
		print_type(&config_keys[i]);
		(void)printf("%s\n", config_keys[i].help);
	}
	return 0;
}
