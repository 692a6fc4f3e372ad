// SPDX-License-Identifier: MIT
/*
 * Expansion with glob(3). Watched are the directories that a pattern names (its part before the
 * last slash, expanded) and the last one before its first wildcard, where others may appear.
 */
#include "collectors/gclog/globs.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int globs_add(struct globs *globs, const char *pattern)
{
	char **patterns;
	char *copy;

	if (strlen(pattern) + 3 > PATH_MAX)
		return -ENAMETOOLONG;
	patterns = reallocarray(globs->patterns, globs->count + 1, sizeof(*patterns));
	if (patterns == NULL)
		return -ENOMEM;
	globs->patterns = patterns;
	/* so that each path has a directory in front */
	if (asprintf(&copy, "%s%s", strchr(pattern, '/') == NULL ? "./" : "", pattern) < 0)
		return -ENOMEM;
	globs->patterns[globs->count++] = copy;
	return 0;
}

static void watch_directory(struct globs *globs, const char *path)
{
	char **directories;
	char *copy;
	size_t i;

	for (i = 0; i < globs->directory_count; i++)
		if (strcmp(globs->directories[i], path) == 0)
			return;
	if (globs->directory_count >= WATCH_DIRECTORIES_MAX)
		return; /* looked at now and then */
	directories =
	    reallocarray(globs->directories, globs->directory_count + 1, sizeof(*directories));
	if (directories == NULL)
		return;
	globs->directories = directories;
	copy = strdup(path);
	if (copy == NULL)
		return;
	if (watches_add(globs->watches, copy) < 0) {
		free(copy);
		return;
	}
	globs->directories[globs->directory_count++] = copy;
}

/* Cuts a path behind the last slash within its first length bytes. */
static void cut_to_directory(char *path, size_t length)
{
	while (length > 0 && path[length - 1] != '/')
		length--;
	path[length] = '\0';
}

static void watch_pattern(struct globs *globs, const char *pattern)
{
	char directory[PATH_MAX];
	size_t wildcard = strcspn(pattern, "*?[");
	glob_t matches;
	size_t i;

	(void)snprintf(directory, sizeof(directory), "%s", pattern);
	cut_to_directory(directory, wildcard);
	watch_directory(globs, directory);
	(void)snprintf(directory, sizeof(directory), "%s", pattern);
	cut_to_directory(directory, strlen(directory));
	/* a pattern that ends with a slash matches directories only, and gives them with it */
	if (strlen(directory) > wildcard && glob(directory, GLOB_NOSORT, NULL, &matches) == 0) {
		for (i = 0; i < matches.gl_pathc; i++)
			watch_directory(globs, matches.gl_pathv[i]);
		globfree(&matches);
	}
}

/* What glob(3) itself keeps quiet about: it takes a directory that it cannot open for an empty one.
 */
static int shortage(int result)
{
	if (result == GLOB_NOSPACE)
		return -ENOMEM;
	return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -errno : 0;
}

int globs_expand(struct globs *globs, size_t limit,
                 void (*on_path)(void *context, const char *path), void *context)
{
	glob_t matches;
	int result;
	int error = 0;
	size_t i;
	size_t j;

	for (i = 0; i < globs->count; i++) {
		watch_pattern(globs, globs->patterns[i]); /* first, so that nothing slips through */
		errno = 0;
		result = glob(globs->patterns[i], GLOB_NOSORT, NULL, &matches);
		if (result != 0) {
			error = error == 0 ? shortage(result) : error;
			continue;
		}
		for (j = 0; j < matches.gl_pathc && limit > 0; j++, limit--)
			on_path(context, matches.gl_pathv[j]);
		globfree(&matches);
	}
	return error;
}

bool globs_name(const struct globs *globs, const char *path)
{
	size_t i;

	for (i = 0; i < globs->count; i++)
		if (strcmp(globs->patterns[i], path) == 0)
			return strpbrk(path, "*?[") == NULL;
	return false;
}

static void free_strings(char **strings, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		free(strings[i]);
	free(strings);
}

void globs_done(struct globs *globs)
{
	size_t i;

	for (i = 0; i < globs->directory_count; i++)
		watches_remove(globs->watches, globs->directories[i]);
	free_strings(globs->patterns, globs->count);
	free_strings(globs->directories, globs->directory_count);
	*globs = (struct globs){NULL, 0, NULL, 0, globs->watches};
}
