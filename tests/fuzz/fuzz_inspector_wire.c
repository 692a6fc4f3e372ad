// SPDX-License-Identifier: MIT
/*
 * What an inspector and the kernel's tables say, of any bytes: the reply to the handshake, both
 * documents, messages and what a ring says in them, rows of net/tcp, flags. By the first byte.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "collectors/inspector/attach.h"
#include "collectors/inspector/cdp.h"
#include "collectors/inspector/find.h"
#include "collectors/inspector/http_reply.h"
#include "collectors/inspector/ring.h"
#include "lib/clock.h"
#include "tests/fuzz/fuzz.h"

#define NOW_NS (UINT64_C(1000) * NS_PER_SECOND)
#define KEY    "dGhlIHNhbXBsZSBub25jZQ=="

static void try_reply(const char *text, size_t length)
{
	struct http_reply reply;
	char version[ATTACH_VERSION_SIZE] = "";
	char id[ATTACH_ID_SIZE] = "";
	int r = http_reply_parse(text, length, &reply);

	assert(r == 0 || r == -EAGAIN || r == -EBADMSG || r == -EMSGSIZE);
	if (r < 0)
		return;
	assert(reply.head_length <= length && reply.body_length <= length - reply.head_length);
	r = handshake_check(&reply, KEY);
	assert(r == 0 || r == -EPROTO);
	if (attach_read_version(reply.body, reply.body_length, version) == SESSION_OK)
		assert(strspn(version, "0123456789.") == strlen(version));
	if (attach_read_list(reply.body, reply.body_length, id) == SESSION_OK)
		assert(strspn(id, "0123456789abcdefABCDEF-") == strlen(id) && id[0] != '\0');
}

static void check_drain(const struct ring_drain *drain)
{
	size_t i;

	assert(drain->gc_count <= EXPRESSION_RING_MAX && drain->part_count <= HEAP_PART_COUNT);
	for (i = 0; i < drain->gc_count; i++)
		assert(drain->gcs[i].at_ns <= NOW_NS && drain->gcs[i].event.kind < GC_KIND_COUNT);
	for (i = 0; i < drain->part_count; i++)
		assert(drain->parts[i].part < HEAP_PART_COUNT);
	assert(drain->level.loop.resource_count <= LOOP_RESOURCES_MAX);
}

static void try_message(const char *text, size_t length)
{
	struct ring_drain *drain = malloc(sizeof(*drain));
	struct cdp_message message;

	if (drain != NULL && cdp_parse(text, length, &message) == 0) {
		assert(message.is_reply ? message.error != NULL : message.method[0] != '\0');
		if (message.is_reply &&
		    ring_read(message.result, ISOLATE_INSPECTOR_MAIN, NOW_NS, drain) == 0)
			check_drain(drain);
		cdp_message_done(&message);
	}
	free(drain);
}

static void try_tables(const char *text, size_t length)
{
	struct find_flags flags = FIND_FLAGS_INIT;
	struct find_listener listeners[4];
	char *words = malloc(length + 1);

	assert(find_listeners(text, length, false, listeners, 4) <= 4);
	assert(find_listeners(text, length, true, listeners, 4) <= 4);
	if (words == NULL)
		return;
	memcpy(words, text, length);
	words[length] = '\0';
	find_flags_of_node_options(words, &flags);
	find_flags_of_command_line(text, length, &flags);
	free(words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	if (size == 0)
		return 0;
	switch (text[0]) {
	case 'H':
		try_reply(text, size);
		break;
	case '{':
		try_message(text, size);
		break;
	default:
		try_tables(text + 1, size - 1);
	}
	return 0;
}
