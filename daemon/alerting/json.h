// SPDX-License-Identifier: MIT
/*
 * What the texts of alerts need of cJSON, in one place. cJSON takes strings as they are, so what is
 * not UTF-8 is replaced before. Private to the room.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_JSON_H
#define HEAPWATCH_DAEMON_ALERTING_JSON_H

#include "lib/cjson.h"

/* Any text as a string; NULL gives null. NULL without memory, which cJSON's adders pass on. */
cJSON *json_clean_string(const char *text);
struct buf;
void json_append_clean(struct buf *out, const char *text);
/* Borrowed; "" when there is no such string. */
const char *json_text(const cJSON *object, const char *key);

#endif
