// SPDX-License-Identifier: MIT
/*
 * Runs a fuzz target over each file of its seeds, so that make check keeps what fuzzing once found
 * fixed, with any compiler. TAP on stdout; a finding aborts.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_MAX ((size_t)4 * 1024 * 1024)

static void replay(const char *path)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	_cleanup_(freep) uint8_t *input = malloc(INPUT_MAX);
	_cleanup_(freep) uint8_t *exact = NULL;
	size_t length;

	if (file == NULL || input == NULL)
		abort();
	length = fread(input, 1, INPUT_MAX, file);
	/* As large as the input and no larger, so that a read beyond it is seen. */
	exact = malloc(length > 0 ? length : 1);
	if (exact == NULL)
		abort();
	memcpy(exact, input, length);
	(void)LLVMFuzzerTestOneInput(exact, length);
}

int main(void)
{
	const char *top = getenv("top_srcdir");
	struct dirent **entries = NULL;
	char directory[4096], path[8192];
	int i, count, number = 0;

	(void)snprintf(directory, sizeof(directory), "%s/%s", top != NULL ? top : ".",
	               REPLAY_CORPUS);
	count = scandir(directory, &entries, NULL, alphasort);
	for (i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			(void)snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
			replay(path);
			(void)printf("ok %d - %s\n", ++number, entries[i]->d_name);
		}
		free(entries[i]);
	}
	free(entries);
	if (number == 0)
		(void)printf("not ok %d - no seeds in %s\n", ++number, directory);
	(void)printf("1..%d\n", number);
	return EXIT_SUCCESS;
}
