// SPDX-License-Identifier: MIT
/* Text in, text out; see naming.h. */
#include "collectors/proc/naming.h"

#include <stdio.h>
#include <string.h>

#include "lib/cjson.h"
#include "lib/utf8.h"

#define NAME_MAX_BYTES (APP_NAME_SIZE - 1)

static bool ends_with(const char *text, const char *suffix)
{
	size_t length = strlen(text);
	size_t suffix_length = strlen(suffix);

	return length > suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

/* Copies without the first of the suffixes that matches. */
static void copy_without(const char *text, const char *const *suffixes, char *out, size_t size)
{
	size_t length = strlen(text);

	for (; *suffixes != NULL; suffixes++) {
		if (ends_with(text, *suffixes)) {
			length -= strlen(*suffixes);
			break;
		}
	}
	if (length >= size)
		length = size - 1;
	memcpy(out, text, length);
	out[length] = '\0';
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool accept(const char *text, char ret_name[APP_NAME_SIZE])
{
	if (text[strspn(text, " \t")] == '\0')
		return false;
	utf8_clean(ret_name, APP_NAME_SIZE, text);
	return true;
}

void naming_choose(const struct naming_facts *facts, char ret_name[APP_NAME_SIZE])
{
	static const char *const unit_suffixes[] = {".service", NULL};
	static const char *const script_suffixes[] = {".js", ".cjs", ".mjs", ".ts", NULL};
	char text[NAME_MAX_BYTES * 2];

	if (accept(facts->rule_name, ret_name) || accept(facts->pm2_name, ret_name))
		return;
	if (facts->is_cgroup_telling) {
		copy_without(facts->unit, unit_suffixes, text, sizeof(text));
		if (accept(text, ret_name) || accept(facts->container, ret_name))
			return;
	}
	if (accept(facts->package, ret_name))
		return;
	copy_without(base_name(facts->script), script_suffixes, text, sizeof(text));
	if (accept(text, ret_name))
		return;
	(void)accept("node", ret_name);
}

/* Appends the components of path to out, an absolute path of *length bytes without final slash. */
static bool append_components(const char *path, char *out, size_t size, size_t *length)
{
	while (*path != '\0') {
		size_t part = strcspn(path, "/");
		if (part == 2 && memcmp(path, "..", 2) == 0) {
			while (*length > 0 && out[--*length] != '/')
				;
		} else if (part > 0 && !(part == 1 && *path == '.')) {
			if (part + 2 > size - *length)
				return false;
			out[(*length)++] = '/';
			memcpy(out + *length, path, part);
			*length += part;
		}
		path += part;
		path += *path == '/';
	}
	out[*length] = '\0';
	return true;
}

void naming_resolve(const char *directory, const char *script, char *out, size_t size)
{
	size_t length = 0;

	out[0] = '\0';
	if ((script[0] != '/' && !append_components(directory, out, size, &length)) ||
	    !append_components(script, out, size, &length))
		(void)snprintf(out, size, "%s",
		               script); /* too long: it is only shown and compared */
	else if (length == 0)
		(void)snprintf(out, size, "/");
}

bool naming_json_string(const char *json, size_t length, const char *key, char *out, size_t size)
{
	cJSON *root = cJSON_ParseWithLength(json, length);
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, key);
	bool is_found = cJSON_IsString(item) && item->valuestring[0] != '\0';

	if (is_found)
		utf8_clean(out, size, item->valuestring);
	cJSON_Delete(root);
	return is_found;
}

bool naming_is_launcher(const char *script)
{
	static const char *const launchers[] = {"npm-cli.js", "npx-cli.js", "npm",
	                                        "npx",        "yarn",       "yarn.js",
	                                        "pnpm",       "pnpm.cjs",   "corepack.js"};
	size_t i;

	for (i = 0; i < sizeof(launchers) / sizeof(launchers[0]); i++) {
		if (strcmp(base_name(script), launchers[i]) == 0)
			return true;
	}
	return false;
}
