// SPDX-License-Identifier: MIT
/*
 * Requests are hostile: a target is looked for, never put together into anything.
 */
#include "daemon/exposition/target.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/exposition/json.h"
#include "daemon/model/model.h"
#include "lib/cleanup.h"
#include "lib/numbers.h"

#define PID_PREFIX     "pid:"
#define HOST_MAX_BYTES 255
#define DIGITS         "0123456789"
#define HEX_DIGITS     DIGITS "abcdefABCDEF"
#define NAME_BYTES     HEX_DIGITS "ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ._-"

/* ---- finding ---- */

static int find_pid(struct model *model, const char *number, const struct process **ret_process)
{
	struct process *const *processes;
	size_t count = model_processes(model, &processes);
	uint64_t pid;
	size_t i;

	if (number_parse_u64(number, strlen(number), &pid) < 0 || pid == 0 || pid > INT_MAX)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		if ((uint64_t)processes[i]->key.pid == pid && processes[i]->is_exported) {
			*ret_process = processes[i];
			return 0;
		}
	}
	return -ENOENT;
}

int target_find_slot(const struct model *model, const char *target,
                     const struct process **ret_process)
{
	const char *slash = strrchr(target, '/');
	_cleanup_(freep) char *app = NULL;
	const struct process *process;
	uint64_t slot;

	if (slash == NULL || slash == target ||
	    number_parse_u64(slash + 1, strlen(slash + 1), &slot) < 0 || slot > UINT_MAX)
		return -EINVAL;
	app = strndup(target, (size_t)(slash - target));
	if (app == NULL)
		return -ENOMEM;
	process = model_find_slot(model, app, (unsigned)slot);
	if (process == NULL || !process->is_exported)
		return -ENOENT;
	*ret_process = process;
	return 0;
}

int target_find(struct model *model, const char *target, const struct process **ret_process)
{
	if (strncmp(target, PID_PREFIX, strlen(PID_PREFIX)) == 0 && strchr(target, '/') == NULL)
		return find_pid(model, target + strlen(PID_PREFIX), ret_process);
	return target_find_slot(model, target, ret_process);
}

/* ---- the list ---- */

static bool is_port(const char *text)
{
	uint64_t port;

	if (*text == '\0')
		return true;
	return *text == ':' && number_parse_u64(text + 1, strlen(text + 1), &port) == 0 &&
	       port <= UINT16_MAX;
}

bool target_host_is_valid(const char *host)
{
	size_t length;

	if (strlen(host) > HOST_MAX_BYTES)
		return false;
	if (host[0] == '[') {
		length = strspn(host + 1, HEX_DIGITS ":.");
		return length > 0 && host[1 + length] == ']' && is_port(host + length + 2);
	}
	length = strspn(host, NAME_BYTES);
	return length > 0 && is_port(host + length);
}

static void write_target(struct json *json, const struct process *process, const char *host)
{
	char slot[NUMBER_TEXT_SIZE];
	struct buf target = BUF_INIT((size_t)4096);

	(void)number_format_u64(slot, process->slot);
	buf_append_string(&target, process->app);
	buf_append_char(&target, '/');
	buf_append_string(&target, slot);
	json_begin_object(json, NULL);
	json_begin_array(json, "targets");
	json_string(json, NULL, host);
	json_end_array(json);
	json_begin_object(json, "labels");
	json_string(json, "__metrics_path__", "/probe");
	json_string(json, "__param_target", buf_string(&target));
	json_string(json, "app", process->app);
	json_string(json, "slot", slot);
	json_end_object(json);
	json_end_object(json);
	if (buf_failed(&target))
		json->out->has_failed = true;
	buf_done(&target);
}

void target_write_list(struct model *model, const char *host, struct buf *out)
{
	struct json json = {.out = out};
	struct process *const *processes;
	size_t count = model_processes(model, &processes);
	size_t i;

	json_begin_array(&json, NULL);
	for (i = 0; i < count; i++)
		if (processes[i]->is_exported)
			write_target(&json, processes[i], host);
	json_end_array(&json);
	buf_append_char(out, '\n');
}
