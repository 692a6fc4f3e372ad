// SPDX-License-Identifier: MIT
/*
 * The body as it is, signed: X-Heapwatch-Signature: t=UNIX,v1=HEX is HMAC-SHA256 of "UNIX.BODY".
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/alerting/json.h"
#include "daemon/alerting/receiver.h"
#include "daemon/alerting/text.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/digest.h"

static int sign(const struct receiver_message *message, struct receiver_request *request)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(RECEIVER_REQUEST_MAX);
	unsigned long long unix_seconds = message->now_unix_ns / NS_PER_SECOND;
	char *header = request->headers[request->header_count];
	unsigned char digest[DIGEST_SHA256_BYTES];
	int length;
	size_t i;

	buf_printf(&text, "%llu.%s", unix_seconds, buf_string(&request->body));
	if (buf_failed(&text) || digest_hmac_sha256(message->secret, message->secret_length,
	                                            buf_string(&text), text.length, digest) < 0)
		return -ENOMEM;
	length = snprintf(header, RECEIVER_HEADER_SIZE,
	                  "X-Heapwatch-Signature: t=%llu,v1=", unix_seconds);
	for (i = 0; i < DIGEST_SHA256_BYTES; i++)
		length += snprintf(header + length, RECEIVER_HEADER_SIZE - (size_t)length, "%02x",
		                   digest[i]);
	request->header_count++;
	return 0;
}

/* A UUID of version 5's form (RFC 9562), from the body: the same at each try, also after a restart.
 */
static int identify(const struct receiver_message *message, struct receiver_request *request)
{
	unsigned char digest[DIGEST_SHA1_BYTES];
	const unsigned char *id = digest;

	if (digest_sha1(message->bodies[0], strlen(message->bodies[0]), digest) < 0)
		return -ENOMEM;
	digest[6] = (unsigned char)((digest[6] & 0x0F) | 0x50);
	digest[8] = (unsigned char)((digest[8] & 0x3F) | 0x80);
	(void)snprintf(request->headers[request->header_count++], RECEIVER_HEADER_SIZE,
	               "X-Heapwatch-Delivery: %02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	               "%02x%02x%02x%02x%02x%02x",
	               id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7], id[8], id[9], id[10],
	               id[11], id[12], id[13], id[14], id[15]);
	return 0;
}

/* The body as it is, or with what the template says as its text. */
static int write_body(const struct receiver_message *message, struct receiver_request *request)
{
	_cleanup_(json_deletep) cJSON *alert = NULL;
	_cleanup_(buf_done) struct buf text = BUF_INIT(RECEIVER_REQUEST_MAX);

	if (message->text == NULL) {
		buf_append_string(&request->body, message->bodies[0]);
		return buf_failed(&request->body) ? -ENOMEM : 0;
	}
	alert = cJSON_Parse(message->bodies[0]);
	if (!cJSON_IsObject(alert))
		return -EINVAL;
	alert_text(alert, message->text, NULL, &text);
	(void)cJSON_AddStringToObject(alert, "text", buf_string(&text));
	return receiver_print(alert, request);
}

int webhook_write(const struct receiver_message *message, struct receiver_request *request)
{
	int result;

	if (identify(message, request) < 0)
		return -ENOMEM;
	result = write_body(message, request);
	if (result < 0)
		return result;
	return message->secret != NULL ? sign(message, request) : 0;
}
