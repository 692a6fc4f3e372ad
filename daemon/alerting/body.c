// SPDX-License-Identifier: MIT
/*
 * The order of the keys is that of the documentation.
 */
#include "daemon/alerting/body.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/config.h"
#include "daemon/alerting/json.h"
#include "daemon/model/process.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#define BODY_VERSION 1
#define TIME_SIZE    40

static cJSON *time_string(uint64_t unix_ns)
{
	time_t seconds = (time_t)(unix_ns / NS_PER_SECOND);
	char date[TIME_SIZE];
	char text[TIME_SIZE + 8];
	struct tm utc;

	if (gmtime_r(&seconds, &utc) == NULL ||
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc) == 0)
		return cJSON_CreateNull();
	(void)snprintf(text, sizeof(text), "%s.%03uZ", date,
	               (unsigned)(unix_ns % NS_PER_SECOND / NS_PER_MS));
	return cJSON_CreateString(text);
}

/* JSON has no infinity: null. */
static cJSON *number(double value)
{
	return isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull();
}

static cJSON *exhaustion(const struct verdict *verdict)
{
	cJSON *object = cJSON_CreateObject();

	(void)cJSON_AddItemToObject(object, "p10", number(verdict->exhaustion_p10_seconds));
	(void)cJSON_AddItemToObject(object, "p50", number(verdict->exhaustion_p50_seconds));
	(void)cJSON_AddItemToObject(object, "p90", number(verdict->exhaustion_p90_seconds));
	return object;
}

static cJSON *evidence(const struct process *process)
{
	cJSON *array = cJSON_CreateArray();
	size_t i;

	for (i = 0; i < process->evidence_count; i++)
		(void)cJSON_AddItemToArray(array, json_clean_string(process->evidence[i]));
	return array;
}

static cJSON *sites(const struct process *process)
{
	cJSON *array = cJSON_CreateArray();
	size_t i;

	for (i = 0; process->sites != NULL && i < process->sites->count; i++) {
		const struct leak_site *source = &process->sites->items[i];
		cJSON *site = cJSON_CreateObject();

		(void)cJSON_AddItemToObject(site, "function", json_clean_string(source->function));
		(void)cJSON_AddItemToObject(site, "script", json_clean_string(source->script));
		(void)cJSON_AddItemToObject(site, "line", cJSON_CreateNumber(source->line));
		(void)cJSON_AddItemToObject(site, "share", number(source->share));
		(void)cJSON_AddItemToObject(site, "samples",
		                            cJSON_CreateNumber((double)source->samples));
		(void)cJSON_AddItemToArray(array, site);
	}
	return array;
}

static cJSON *labels(const struct body_source *source)
{
	cJSON *object = cJSON_CreateObject();
	size_t i;

	for (i = 0; i < source->label_count; i++)
		(void)cJSON_AddItemToObject(object, source->labels[i].name,
		                            json_clean_string(source->labels[i].value));
	return object;
}

static cJSON *identity(const struct body_source *source)
{
	cJSON *body = cJSON_CreateObject();
	const struct process *process = source->process;

	(void)cJSON_AddItemToObject(body, "version", cJSON_CreateNumber(BODY_VERSION));
	(void)cJSON_AddItemToObject(body, "status", cJSON_CreateString("firing"));
	(void)cJSON_AddItemToObject(body, "condition",
	                            cJSON_CreateString(condition_name(source->condition)));
	(void)cJSON_AddItemToObject(body, "severity",
	                            cJSON_CreateString(severity_name(source->severity)));
	(void)cJSON_AddItemToObject(body, "dedup_key", json_clean_string(source->dedup_key));
	(void)cJSON_AddItemToObject(body, "app", json_clean_string(process->app));
	(void)cJSON_AddItemToObject(body, "slot", cJSON_CreateNumber(process->slot));
	(void)cJSON_AddItemToObject(body, "pid", cJSON_CreateNumber(process->shown_pid));
	(void)cJSON_AddItemToObject(body, "host", json_clean_string(source->host));
	(void)cJSON_AddItemToObject(body, "process_start",
	                            time_string(source->process_start_unix_ns));
	(void)cJSON_AddItemToObject(body, "starts_at", time_string(source->starts_unix_ns));
	(void)cJSON_AddItemToObject(body, "ends_at", cJSON_CreateNull());
	(void)cJSON_AddItemToObject(body, "resolved_reason", cJSON_CreateNull());
	return body;
}

static void add_verdict(cJSON *body, const struct process *process)
{
	const struct verdict *verdict = &process->verdict;

	(void)cJSON_AddItemToObject(body, "score", number(verdict->score));
	(void)cJSON_AddItemToObject(body, "confidence", number(verdict->confidence));
	(void)cJSON_AddItemToObject(body, "state",
	                            cJSON_CreateString(leak_state_name(verdict->state)));
	(void)cJSON_AddItemToObject(body, "kind",
	                            cJSON_CreateString(leak_kind_name(verdict->kind)));
	(void)cJSON_AddItemToObject(body, "growth_bytes_per_second",
	                            number(verdict->growth_bytes_per_second));
	(void)cJSON_AddItemToObject(body, "time_to_exhaustion_seconds", exhaustion(verdict));
	(void)cJSON_AddItemToObject(body, "evidence", evidence(process));
	(void)cJSON_AddItemToObject(body, "sites", sites(process));
}

static void keep_start(cJSON *body, const char *former_text)
{
	_cleanup_(json_deletep) cJSON *former = cJSON_Parse(former_text);
	cJSON *start = cJSON_DetachItemFromObject(former, "starts_at");

	if (start != NULL)
		(void)cJSON_ReplaceItemInObject(body, "starts_at", start);
}

static char *print(const cJSON *json)
{
	char *text = cJSON_PrintUnformatted(json);

	if (text != NULL && strlen(text) > BODY_MAX_BYTES) {
		free(text);
		return NULL;
	}
	return text;
}

char *body_dedup_key(const struct body_source *source, uint64_t fired_unix_ns)
{
	_cleanup_(buf_done) struct buf key = BUF_INIT(BODY_MAX_BYTES);

	json_append_clean(&key, source->host);
	buf_append_char(&key, '/');
	json_append_clean(&key, source->process->app);
	buf_printf(&key, "/%u/%llu/%s/%llu", source->process->slot,
	           (unsigned long long)(source->process_start_unix_ns / NS_PER_SECOND),
	           condition_name(source->condition),
	           (unsigned long long)(fired_unix_ns / NS_PER_SECOND));
	return buf_failed(&key) ? NULL : strdup(buf_string(&key));
}

char *body_write(const struct body_source *source)
{
	_cleanup_(json_deletep) cJSON *body = identity(source);

	if (body == NULL)
		return NULL;
	if (source->former != NULL)
		keep_start(body, source->former);
	add_verdict(body, source->process);
	(void)cJSON_AddItemToObject(body, "labels", labels(source));
	return print(body);
}

char *body_resolve(const char *text, uint64_t ends_unix_ns, enum resolution resolution)
{
	_cleanup_(json_deletep) cJSON *body = cJSON_Parse(text);
	_cleanup_(json_deletep) cJSON *end = time_string(ends_unix_ns);
	const cJSON *start = cJSON_GetObjectItem(body, "starts_at");

	if (!cJSON_IsObject(body))
		return NULL;
	/* Texts of one form and length. Alertmanager refuses an end before the start. */
	if (cJSON_IsString(start) && cJSON_IsString(end) &&
	    strcmp(end->valuestring, start->valuestring) < 0)
		(void)cJSON_SetValuestring(end, start->valuestring);
	(void)cJSON_ReplaceItemInObject(body, "status", cJSON_CreateString("resolved"));
	(void)cJSON_ReplaceItemInObject(body, "ends_at", TAKE_PTR(end));
	(void)cJSON_ReplaceItemInObject(body, "resolved_reason",
	                                json_clean_string(resolution_name(resolution)));
	return print(body);
}

/* As time_string() writes it. */
static uint64_t time_of(const cJSON *text)
{
	struct tm utc = {.tm_sec = 0};
	const char *end;
	unsigned milliseconds = 0;

	if (!cJSON_IsString(text))
		return 0;
	end = strptime(text->valuestring, "%Y-%m-%dT%H:%M:%S.", &utc);
	if (end == NULL)
		return 0;
	while (*end >= '0' && *end <= '9' && milliseconds < 100)
		milliseconds = milliseconds * 10 + (unsigned)(*end++ - '0');
	return (uint64_t)timegm(&utc) * NS_PER_SECOND + milliseconds * NS_PER_MS;
}

int body_read(const char *text, struct body_facts *ret_facts)
{
	_cleanup_(json_deletep) cJSON *body = cJSON_Parse(text);
	const cJSON *app = cJSON_GetObjectItem(body, "app");
	const cJSON *slot = cJSON_GetObjectItem(body, "slot");
	const cJSON *pid = cJSON_GetObjectItem(body, "pid");

	if (!cJSON_IsString(app) || !cJSON_IsNumber(slot) || !cJSON_IsNumber(pid) ||
	    slot->valueint < 0)
		return -EBADMSG;
	(void)snprintf(ret_facts->app, sizeof(ret_facts->app), "%s", app->valuestring);
	ret_facts->slot = (unsigned)slot->valueint;
	ret_facts->shown_pid = pid->valueint;
	ret_facts->starts_unix_ns = time_of(cJSON_GetObjectItem(body, "starts_at"));
	return 0;
}
