// SPDX-License-Identifier: MIT
/*
 * The contract of a receiver type: from the body of an alert to one HTTP request. To add a type is
 * to add a file and a row of receiver_types. Called in the pool; no clock, no network.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_RECEIVER_H
#define HEAPWATCH_DAEMON_ALERTING_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "lib/buf.h"

#define RECEIVER_REQUEST_MAX ((size_t)4 << 20)
#define RECEIVER_BATCH_MAX   64 /* bodies in one request */
#define RECEIVER_HEADER_MAX  3
#define RECEIVER_HEADER_SIZE 256

struct receiver_message {
	const char *const *bodies; /* one, or several where the type is_repeated */
	size_t count;
	const char *secret; /* of secret_file or routing_key_file; NULL: none */
	size_t secret_length;
	const char *text; /* template of the receiver (text.h); NULL: the usual text */
	uint64_t now_unix_ns;
};

struct receiver_request {
	struct buf body;
	char headers[RECEIVER_HEADER_MAX][RECEIVER_HEADER_SIZE];
	size_t header_count;
};

struct receiver_type_row {
	/* -EINVAL: the message is none; -ENOMEM. */
	int (*write)(const struct receiver_message *message, struct receiver_request *request);
	const char *default_url; /* NULL: one is configured */
	const char *path;        /* of the request, behind the URL */
	bool is_repeated;        /* firing alerts are sent again while they fire */
};

/* By enum receiver_type. */
extern const struct receiver_type_row receiver_types[];

int webhook_write(const struct receiver_message *message, struct receiver_request *request);
int alertmanager_write(const struct receiver_message *message, struct receiver_request *request);
int pagerduty_write(const struct receiver_message *message, struct receiver_request *request);
int slack_write(const struct receiver_message *message, struct receiver_request *request);

/* "shop/0 on web-1 leaks (js-heap)" or what else the condition is. */
struct cJSON;
void receiver_summary(const struct cJSON *alert, struct buf *out);
/* Prints into the body of the request; -ENOMEM. json may be NULL, for want of memory. */
int receiver_print(const struct cJSON *json, struct receiver_request *request)
    __attribute__((warn_unused_result));

#endif
