// SPDX-License-Identifier: MIT
/*
 * JSON written into a buf as it comes, for documents of thousands of processes, of which a tree
 * would be many times as large. Text is hostile input: whatever it holds, the document stays valid
 * (RFC 8259) and UTF-8.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_JSON_H
#define HEAPWATCH_DAEMON_EXPOSITION_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

struct json {
	struct buf *out;
	bool needs_comma;
};

/* In an object each value has a key, which is ours and needs no escape; NULL in an array. */
void json_begin_object(struct json *json, const char *key);
void json_end_object(struct json *json);
void json_begin_array(struct json *json, const char *key);
void json_end_array(struct json *json);
void json_string(struct json *json, const char *key, const char *text);
/* null for what is no finite number. */
void json_number(struct json *json, const char *key, double value);
void json_u64(struct json *json, const char *key, uint64_t value);
void json_bool(struct json *json, const char *key, bool value);

#endif
