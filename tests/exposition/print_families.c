// SPDX-License-Identifier: MIT
/*
 * Prints the table of metric families as docs/metrics.md holds it between its marks, so that the
 * document can be compared with the code and brought up to date.
 */
#include <stdio.h>

#include "daemon/exposition/metrics.h"

/* "app,slot" as "`app`, `slot`". */
static void print_labels(const char *labels)
{
	if (*labels == '\0')
		return;
	(void)putchar('`');
	for (; *labels != '\0'; labels++) {
		if (*labels == ',')
			(void)fputs("`, `", stdout);
		else
			(void)putchar(*labels);
	}
	(void)putchar('`');
}

int main(void)
{
	size_t i;

	(void)puts("| metric | type | labels | unit | meaning | exists |\n"
	           "|---|---|---|---|---|---|");
	for (i = 0; i < metric_family_count; i++) {
		const struct metric_family *family = &metric_families[i];

		(void)printf("| `%s` | %s | ", family->name, metric_type_name(family->type));
		print_labels(family->labels);
		(void)printf(" | %s | %s | %s |\n", family->unit, family->help, family->exists);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
