// SPDX-License-Identifier: MIT
/*
 * Distance of two words in edits: insertions, deletions, replacements and swaps of neighbours
 * (restricted Damerau-Levenshtein), in three rows.
 */
#include "config/suggest.h"

#include <stdio.h>
#include <string.h>

struct rows {
	size_t before[SUGGESTION_SIZE];
	size_t above[SUGGESTION_SIZE];
	size_t here[SUGGESTION_SIZE];
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void fill_row(struct rows *rows, const char *a, size_t i, const char *b)
{
	size_t j;

	rows->here[0] = i;
	for (j = 1; b[j - 1] != '\0'; j++) {
		rows->here[j] = smaller(smaller(rows->above[j], rows->here[j - 1]) + 1,
		                        rows->above[j - 1] + (a[i - 1] != b[j - 1]));
		if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
			rows->here[j] = smaller(rows->here[j], rows->before[j - 2] + 1);
	}
}

/* Both are shorter than SUGGESTION_SIZE. */
static size_t distance_of(const char *a, const char *b)
{
	struct rows rows = {.here = {0}};
	size_t i;

	for (i = 0; i <= strlen(b); i++)
		rows.here[i] = i;
	for (i = 1; a[i - 1] != '\0'; i++) {
		memcpy(rows.before, rows.above, sizeof(rows.before));
		memcpy(rows.above, rows.here, sizeof(rows.above));
		fill_row(&rows, a, i, b);
	}
	return rows.here[strlen(b)];
}

struct suggestion suggestion_for(const char *wanted)
{
	size_t length = strlen(wanted);

	return (struct suggestion){.wanted = wanted, .distance = (length < 3 ? 1 : length / 3) + 1};
}

void suggestion_offer(struct suggestion *suggestion, const char *name)
{
	size_t distance;

	if (strlen(suggestion->wanted) >= SUGGESTION_SIZE || strlen(name) >= SUGGESTION_SIZE)
		return;
	distance = distance_of(suggestion->wanted, name);
	if (distance >= suggestion->distance)
		return;
	suggestion->distance = distance;
	(void)snprintf(suggestion->name, sizeof(suggestion->name), "%s", name);
}
