// SPDX-License-Identifier: MIT
/*
 * Secrets are read anew for each request, so that they can be changed without a reload.
 */
#include "daemon/alerting/errand.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/file.h"

#define SECRET_SIZE 8192

/* A file with one secret, without its last newline. */
static int read_secret(const char *path, char secret[SECRET_SIZE], size_t *ret_length)
{
	int result = file_read_text_at(AT_FDCWD, path, secret, SECRET_SIZE, ret_length);

	if (result < 0)
		return result;
	if (*ret_length > 0 && secret[*ret_length - 1] == '\n')
		secret[--*ret_length] = '\0';
	return *ret_length == 0 || *ret_length >= SECRET_SIZE - 1 ? -EINVAL : 0;
}

static void fail(struct errand *errand, enum post_outcome outcome, const char *what)
{
	errand->result = (struct post_result){.outcome = outcome};
	(void)snprintf(errand->result.error, POST_ERROR_SIZE, "%s", what);
}

/* To every URL; one that takes it is enough, since they tell each other. */
static void post_to_all(struct errand *errand, const struct receiver_request *request,
                        const char *const *urls, size_t count)
{
	struct post_result best = {.outcome = POST_REFUSED};

	for (size_t i = 0; i < count; i++) {
		struct post_result result;
		const struct post post = {
		    .url = urls[i],
		    .path = receiver_types[errand->config->type].path,
		    .request = request,
		    .ca_file = errand->config->ca_file,
		    .cert_file = errand->config->cert_file,
		    .key_file = errand->config->key_file,
		    .is_aborted = errand->is_aborted,
		};

		post_perform(&post, &result);
		if (i == 0 || result.outcome < best.outcome)
			best = result;
	}
	errand->result = best;
}

static void post_request(struct errand *errand, const struct receiver_request *request)
{
	const struct receiver_config *config = errand->config;
	_cleanup_(freep) char *secret = NULL;
	const char *url = receiver_types[config->type].default_url;
	size_t length;

	if (config->urls.count > 0) {
		post_to_all(errand, request, (const char *const *)config->urls.values,
		            config->urls.count);
		return;
	}
	if (config->url_file != NULL) {
		secret = malloc(SECRET_SIZE);
		if (secret == NULL || read_secret(config->url_file, secret, &length) < 0) {
			fail(errand, POST_RETRY, "cannot read url_file");
			return;
		}
		url = secret;
	}
	post_to_all(errand, request, &url, 1);
}

static int read_key(const struct errand *errand, char key[SECRET_SIZE],
                    struct receiver_message *message)
{
	const char *path = errand->config->secret_file != NULL ? errand->config->secret_file
	                                                       : errand->config->routing_key_file;

	if (path == NULL)
		return 0;
	message->secret = key;
	return read_secret(path, key, &message->secret_length);
}

int errand_add(struct errand *errand, const char *body)
{
	assert(errand->count < RECEIVER_BATCH_MAX);
	errand->bodies[errand->count] = strdup(body);
	if (errand->bodies[errand->count] == NULL)
		return -ENOMEM;
	errand->count++;
	return 0;
}

void errand_run(struct errand *errand)
{
	_cleanup_(freep) char *key = malloc(SECRET_SIZE);
	struct receiver_request request = {.body = BUF_INIT(RECEIVER_REQUEST_MAX)};
	struct receiver_message message = {
	    .bodies = (const char *const *)errand->bodies,
	    .count = errand->count,
	    .text = errand->config->text,
	    .now_unix_ns = clock_realtime_ns(),
	};
	int result;

	if (key == NULL || read_key(errand, key, &message) < 0) {
		fail(errand, POST_RETRY, "cannot read the file with its secret");
		return;
	}
	result = receiver_types[errand->config->type].write(&message, &request);
	if (result == 0)
		post_request(errand, &request);
	else
		fail(errand, result == -ENOMEM ? POST_RETRY : POST_REFUSED,
		     "cannot write the request");
	buf_done(&request.body);
}

void errand_done(struct errand *errand)
{
	while (errand->count > 0)
		free(errand->bodies[--errand->count]);
}
