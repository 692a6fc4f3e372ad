// SPDX-License-Identifier: MIT
/*
 * Sampling profiles as V8's inspector gives them, made of paths, for tests.
 */
#ifndef HEAPWATCH_TESTS_UNIT_PROFILES_H
#define HEAPWATCH_TESTS_UNIT_PROFILES_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/inspector/call_tree.h"
#include "lib/cjson.h"
#include "lib/cleanup.h"

#define INTERVAL_BYTES   1024
#define PROFILE_MAX_SIZE ((size_t)1024 * 1024)

DEFINE_CLEANUP(struct call_tree, call_tree_free)

/*
 * One allocating path: "function url line", outermost first, up to a NULL, and its samples, which
 * were allocated after those of the paths before.
 */
struct profile_path {
	const char *frames[8];
	unsigned samples;
	double bytes; /* 0: as many as the samples stand for */
};

static inline cJSON *profile_node(const char *frame, int id)
{
	cJSON *node = cJSON_CreateObject();
	cJSON *call_frame = cJSON_AddObjectToObject(node, "callFrame");
	char function[512] = "", url[512] = "";
	int line = -1;
	char text[512];
	char *first_blank, *last_blank;

	(void)snprintf(text, sizeof(text), "%s", frame);
	first_blank = strchr(text, ' ');
	last_blank = strrchr(text, ' ');
	if (first_blank != NULL && last_blank != first_blank) {
		*first_blank = *last_blank = '\0';
		(void)snprintf(url, sizeof(url), "%s", first_blank + 1);
		line = (int)strtol(last_blank + 1, NULL, 10) - 1;
	}
	(void)snprintf(function, sizeof(function), "%s", text);
	(void)cJSON_AddStringToObject(call_frame, "functionName", function);
	(void)cJSON_AddStringToObject(call_frame, "scriptId", "1");
	(void)cJSON_AddStringToObject(call_frame, "url", url);
	(void)cJSON_AddNumberToObject(call_frame, "lineNumber", line);
	(void)cJSON_AddNumberToObject(call_frame, "columnNumber", 4);
	(void)cJSON_AddNumberToObject(node, "selfSize", 0);
	(void)cJSON_AddNumberToObject(node, "id", id);
	(void)cJSON_AddArrayToObject(node, "children");
	return node;
}

/* Paths share no nodes: siblings of one frame are merged by who reads them. Ends at a path without
 * frames. lists_samples: as from Node 12 on. */
static inline cJSON *profile_make(const struct profile_path *paths, bool lists_samples)
{
	cJSON *profile = cJSON_CreateObject();
	cJSON *head = profile_node("(root)", 1);
	cJSON *samples = lists_samples ? cJSON_AddArrayToObject(profile, "samples") : NULL;
	int id = 1, place = 0;

	(void)cJSON_AddItemToObject(profile, "head", head);
	for (; paths->frames[0] != NULL; paths++) {
		cJSON *node = head;
		size_t i;
		unsigned n;

		for (i = 0; i < 8 && paths->frames[i] != NULL; i++) {
			cJSON *child = profile_node(paths->frames[i], ++id);

			(void)cJSON_AddItemToArray(cJSON_GetObjectItem(node, "children"), child);
			node = child;
		}
		cJSON_SetNumberValue(cJSON_GetObjectItem(node, "selfSize"),
		                     paths->bytes > 0 ? paths->bytes
		                                      : (double)paths->samples * INTERVAL_BYTES);
		for (n = 0; lists_samples && n < paths->samples; n++) {
			cJSON *sample = cJSON_CreateObject();

			(void)cJSON_AddNumberToObject(
			    sample, "size",
			    paths->bytes > 0 ? paths->bytes / paths->samples : INTERVAL_BYTES);
			(void)cJSON_AddNumberToObject(sample, "nodeId", id);
			(void)cJSON_AddNumberToObject(sample, "ordinal", ++place);
			(void)cJSON_AddItemToArray(samples, sample);
		}
	}
	return profile;
}

static inline void profile_add(struct call_tree *tree, const struct profile_path *paths)
{
	_cleanup_(json_deletep) cJSON *profile = profile_make(paths, true);

	ck_assert_int_eq(call_tree_add(tree, profile), 0);
}

static inline void profile_add_marked(struct call_tree *tree, const struct profile_path *paths)
{
	_cleanup_(json_deletep) cJSON *profile = profile_make(paths, true);

	ck_assert_int_eq(call_tree_add_marked(tree, profile), 0);
}

/* What a real Node.js gave: fixtures/inspector/NAME. */
static inline cJSON *profile_read(const char *name)
{
	char path[512];
	_cleanup_(fclosep) FILE *file = NULL;
	_cleanup_(freep) char *text = malloc(PROFILE_MAX_SIZE);
	cJSON *profile;

	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/inspector/%s", getenv("top_srcdir"),
	               name);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	profile = cJSON_ParseWithLength(text, fread(text, 1, PROFILE_MAX_SIZE, file));
	ck_assert_ptr_nonnull(profile);
	return profile;
}

#endif
