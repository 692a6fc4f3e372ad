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

DEFINE_CLEANUP(struct poster, poster_free)

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

/* The URLs, which are configured, or the one that is in a file; -EACCES: it cannot be read. */
static int read_urls(struct errand *errand, const char *const **ret_urls, size_t *ret_count)
{
	const struct receiver_config *config = errand->config;
	size_t length;

	*ret_urls = (const char *const *)config->urls.values;
	*ret_count = config->urls.count;
	if (config->urls.count > 0)
		return 0;
	*ret_urls = &receiver_types[config->type].default_url;
	*ret_count = 1;
	if (config->url_file == NULL)
		return 0;
	errand->secret_url = malloc(SECRET_SIZE);
	*ret_urls = (const char *const *)&errand->secret_url;
	return errand->secret_url != NULL &&
	               read_secret(config->url_file, errand->secret_url, &length) == 0
	           ? 0
	           : -EACCES;
}

static void make_posts(struct errand *errand)
{
	const char *const *urls;
	size_t count;

	if (read_urls(errand, &urls, &count) < 0) {
		fail(errand, POST_RETRY, "cannot read url_file");
		return;
	}
	errand->posts = calloc(count, sizeof(*errand->posts));
	if (errand->posts == NULL) {
		fail(errand, POST_RETRY, "no memory");
		return;
	}
	for (; errand->post_count < count; errand->post_count++)
		errand->posts[errand->post_count] = (struct post){
		    .url = urls[errand->post_count],
		    .path = receiver_types[errand->config->type].path,
		    .request = &errand->request,
		    .ca_file = errand->config->ca_file,
		    .cert_file = errand->config->cert_file,
		    .key_file = errand->config->key_file,
		};
}

/*
 * libcurl reads these when it connects, in the one job that sends to all receivers: what cannot be
 * read, or hangs on a mount that is dead, does so here, where it holds up its own receiver alone.
 */
static int check_readable(const char *path)
{
	char start[2];
	size_t length;

	return path == NULL ? 0 : file_read_text_at(AT_FDCWD, path, start, sizeof(start), &length);
}

/* NULL, or what is wrong. */
static const char *check_tls_files(const struct receiver_config *config)
{
	if (check_readable(config->ca_file) < 0)
		return "cannot read ca_file";
	if (check_readable(config->cert_file) < 0)
		return "cannot read cert_file";
	return check_readable(config->key_file) < 0 ? "cannot read key_file" : NULL;
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

void errand_prepare(struct errand *errand)
{
	_cleanup_(freep) char *key = malloc(SECRET_SIZE);
	struct receiver_message message = {
	    .bodies = (const char *const *)errand->bodies,
	    .count = errand->count,
	    .text = errand->config->text,
	    .now_unix_ns = clock_realtime_ns(),
	};
	const char *problem = check_tls_files(errand->config);
	int result;

	errand->result = (struct post_result){.outcome = POST_RETRY};
	buf_init(&errand->request.body, RECEIVER_REQUEST_MAX);
	if (problem == NULL && (key == NULL || read_key(errand, key, &message) < 0))
		problem = "cannot read the file with its secret";
	if (problem != NULL) {
		fail(errand, POST_RETRY, problem);
		return;
	}
	result = receiver_types[errand->config->type].write(&message, &errand->request);
	if (result == 0)
		make_posts(errand);
	else
		fail(errand, result == -ENOMEM ? POST_RETRY : POST_REFUSED,
		     "cannot write the request");
}

bool errand_is_over(const struct errand *errand)
{
	size_t i;

	for (i = 0; i < errand->post_count; i++)
		if (!errand->posts[i].is_over)
			return false;
	return true;
}

void errand_conclude(struct errand *errand)
{
	size_t i;

	for (i = 0; i < errand->post_count; i++)
		if (i == 0 || errand->posts[i].result.outcome < errand->result.outcome)
			errand->result = errand->posts[i].result;
}

void errand_run(struct errand *errand)
{
	_cleanup_(poster_freep) struct poster *poster = poster_new();
	size_t i;

	errand_prepare(errand);
	for (i = 0; i < errand->post_count; i++)
		poster_begin(poster, &errand->posts[i]);
	while (!errand_is_over(errand))
		poster_wait(poster);
	errand_conclude(errand);
}

void errand_done(struct errand *errand)
{
	while (errand->count > 0)
		free(errand->bodies[--errand->count]);
	buf_done(&errand->request.body);
	errand->request.header_count = 0;
	free(errand->secret_url);
	errand->secret_url = NULL;
	free(errand->posts);
	errand->posts = NULL;
	errand->post_count = 0;
}
