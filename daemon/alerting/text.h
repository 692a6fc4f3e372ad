// SPDX-License-Identifier: MIT
/*
 * What people read of an alert: by the template of its receiver (config/template.h), or as usual.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_TEXT_H
#define HEAPWATCH_DAEMON_ALERTING_TEXT_H

struct buf;
struct cJSON;

/* escape: how the receiver wants values that are none of its own markup; NULL: as they are. */
void alert_text(const struct cJSON *alert, const char *text,
                void (*escape)(struct buf *out, const char *value), struct buf *out);
/* Why it is told, how long there is left, and which code is to blame: lines, into an empty out. */
void alert_reasons(const struct cJSON *alert, struct buf *out);

#endif
