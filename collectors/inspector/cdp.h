// SPDX-License-Identifier: MIT
/*
 * Messages of the Chrome DevTools protocol as V8's inspector speaks it: requests to text, text to
 * replies and events. Pure. What comes is written by the observed process and is hostile input:
 * depth and number of its values are bounded before a document is built of it.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_CDP_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_CDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;

/*
 * A sampling profile nests two levels for each frame of a stack, and V8 samples stacks of up to 128
 * frames. A value costs 64 bytes of memory whatever its text.
 */
#define CDP_DEPTH_MAX  512
#define CDP_VALUES_MAX ((size_t)256 * 1024)

/* 2^53: beyond it a double skips integers. */
#define CDP_INTEGER_MAX 9007199254740992.0

struct cdp_message {
	struct cJSON *document; /* owned: cdp_message_done() */
	bool is_reply;
	/* Of a reply; borrowed from the document, as all below. */
	uint32_t id;
	const struct cJSON *result; /* NULL: the method failed */
	const char *error;          /* "" unless it failed */
	/* Of an event. */
	const char *method;
	const struct cJSON *params; /* NULL: none */
};

/*
 * {"id":…,"method":…,"params":…} with a NUL, to be freed by cdp_text_free(); NULL without memory.
 * params is borrowed and may be NULL.
 */
char *cdp_request(uint32_t id, const char *method, const struct cJSON *params);
void cdp_text_free(char *text);

/*
 * -EBADMSG: no JSON, or neither a reply nor an event. -EMSGSIZE: above the maxima. -ENOMEM is told
 * as -EBADMSG: cJSON does not tell them apart.
 */
int cdp_parse(const char *text, size_t length, struct cdp_message *ret_message)
    __attribute__((warn_unused_result));
void cdp_message_done(struct cdp_message *message);

/* A document of any kind within the same bounds, or NULL; freed by cJSON_Delete(). */
struct cJSON *cdp_parse_document(const char *text, size_t length, int *ret_error);

/* Members of an object that may be NULL or of another type; hostile text and numbers. */
const char *cdp_string(const struct cJSON *object, const char *name); /* "" when there is none */
/* -EBADMSG unless a number that is an integer from 0 to 2^53. */
int cdp_u64(const struct cJSON *object, const char *name, uint64_t *ret_value)
    __attribute__((warn_unused_result));
int cdp_item_u64(const struct cJSON *item, uint64_t *ret_value) __attribute__((warn_unused_result));

#endif
