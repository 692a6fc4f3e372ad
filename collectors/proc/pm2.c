// SPDX-License-Identifier: MIT
#include "collectors/proc/pm2.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "collectors/proc/command_line.h"
#include "lib/cjson.h"
#include "lib/cleanup.h"

static void take(char *out, size_t size, const char *text)
{
	size_t length = text != NULL ? strlen(text) : 0;

	if (length > 0 && length < size)
		memcpy(out, text, length + 1);
}

static void take_object(const char *text, struct pm2_app *app)
{
	_cleanup_(json_deletep) cJSON *object = cJSON_Parse(text);

	take(app->name, sizeof(app->name),
	     cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "name")));
	take(app->script, sizeof(app->script),
	     cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "pm_exec_path")));
}

void pm2_find(char *environment, size_t length, struct pm2_app *ret_app)
{
	const char *object = environment_find(environment, length, "pm2_env");

	ret_app->name[0] = '\0';
	ret_app->script[0] = '\0';
	if (object != NULL) {
		take_object(object, ret_app);
		return;
	}
	if (environment_find(environment, length, "pm_id") == NULL)
		return;
	take(ret_app->name, sizeof(ret_app->name), environment_find(environment, length, "name"));
	take(ret_app->script, sizeof(ret_app->script),
	     environment_find(environment, length, "pm_exec_path"));
}
