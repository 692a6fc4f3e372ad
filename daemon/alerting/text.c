// SPDX-License-Identifier: MIT
/*
 * A key is that of the alert's body, but for those of a table: what people read is no JSON.
 */
#include "daemon/alerting/text.h"

#include <string.h>

#include "config/template.h"
#include "daemon/alerting/json.h"
#include "daemon/alerting/receiver.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/units.h"

#define EXHAUSTION_SECONDS_MAX 1e10 /* fits in nanoseconds */

struct writer {
	const cJSON *alert;
	void (*escape)(struct buf *out, const char *value);
};

static void append_evidence(const cJSON *alert, struct buf *out)
{
	const cJSON *line;

	cJSON_ArrayForEach(line, cJSON_GetObjectItem(alert, "evidence"))
	{
		if (out->length > 0)
			buf_append_char(out, '\n');
		buf_append_string(out, cJSON_IsString(line) ? line->valuestring : "");
	}
}

/* "3.2h"; "" when it is not coming. */
static void append_exhaustion(const cJSON *alert, struct buf *out)
{
	const cJSON *seconds =
	    cJSON_GetObjectItem(cJSON_GetObjectItem(alert, "time_to_exhaustion_seconds"), "p50");
	char text[UNIT_TEXT_SIZE];

	if (cJSON_IsNumber(seconds) && seconds->valuedouble >= 0 &&
	    seconds->valuedouble < EXHAUSTION_SECONDS_MAX)
		buf_append_string(out, duration_format(text, (uint64_t)(seconds->valuedouble *
		                                                        (double)NS_PER_SECOND)));
}

static const struct {
	const char *key;
	void (*append)(const cJSON *alert, struct buf *out);
} made_keys[] = {
    {"summary", receiver_summary},
    {"evidence", append_evidence},
    {"time_to_exhaustion", append_exhaustion},
};

static void append_value(const cJSON *alert, const char *key, struct buf *out)
{
	const cJSON *item = cJSON_GetObjectItem(alert, key);
	size_t i;

	for (i = 0; i < sizeof(made_keys) / sizeof(made_keys[0]); i++) {
		if (strcmp(made_keys[i].key, key) == 0) {
			made_keys[i].append(alert, out);
			return;
		}
	}
	if (cJSON_IsNumber(item))
		buf_append_double(out, item->valuedouble);
	else if (cJSON_IsString(item))
		buf_append_string(out, item->valuestring);
}

static void append_escaped(const void *context, const char *key, struct buf *out)
{
	const struct writer *writer = context;
	_cleanup_(buf_done) struct buf value = BUF_INIT(RECEIVER_REQUEST_MAX);

	append_value(writer->alert, key, &value);
	if (writer->escape != NULL)
		writer->escape(out, buf_string(&value));
	else
		buf_append(out, buf_string(&value), value.length);
}

void alert_text(const cJSON *alert, const char *text,
                void (*escape)(struct buf *out, const char *value), struct buf *out)
{
	const struct writer writer = {alert, escape};

	template_write(text, append_escaped, &writer, out);
}
