// SPDX-License-Identifier: MIT
/*
 * libcurl's multi interface with one handle, which keeps the connection.
 */
#include "tool/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/units.h"

#define BODY_MAX_BYTES (256 * MIB)
#define UNIX_PREFIX    "unix:"
#define FDS_MAX        4

struct fetch {
	CURLM *multi;
	CURL *easy;
	char *url;
	struct buf body;
	bool is_running;
};

static size_t take_body(char *bytes, size_t size, size_t count, void *data)
{
	struct buf *body = data;

	buf_append(body, bytes, size * count);
	return buf_failed(body) ? 0 : size * count;
}

static char *join(const char *url, const char *path)
{
	size_t length = strlen(url);
	char *joined = NULL;

	while (length > 0 && url[length - 1] == '/')
		length--;
	return asprintf(&joined, "%.*s%s", (int)length, url, path) < 0 ? NULL : joined;
}

static bool is_http(const char *url)
{
	return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

static bool configure(struct fetch *fetch, const struct fetch_options *options)
{
	CURL *easy = fetch->easy;
	bool is_unix = strncmp(options->url, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0;

	return (!is_unix || curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH,
	                                     options->url + strlen(UNIX_PREFIX)) == CURLE_OK) &&
	       curl_easy_setopt(easy, CURLOPT_URL, fetch->url) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, options->timeout_ms) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_USERAGENT, "heapwatch/" PACKAGE_VERSION) ==
	           CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEDATA, &fetch->body) == CURLE_OK &&
	       (options->ca_file == NULL ||
	        curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file) == CURLE_OK);
}

DEFINE_CLEANUP(struct fetch, fetch_free)

int fetch_new(const struct fetch_options *options, struct fetch **ret_fetch,
              char reterr_message[FETCH_MESSAGE_SIZE])
{
	_cleanup_(fetch_freep) struct fetch *fetch = calloc(1, sizeof(*fetch));
	bool is_unix = strncmp(options->url, UNIX_PREFIX "/", strlen(UNIX_PREFIX "/")) == 0;

	if (!is_unix && !is_http(options->url)) {
		(void)snprintf(reterr_message, FETCH_MESSAGE_SIZE,
		               "expected http://HOST:PORT, https://HOST:PORT or unix:/PATH");
		return -EINVAL;
	}
	(void)snprintf(reterr_message, FETCH_MESSAGE_SIZE, "no memory");
	if (fetch == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	buf_init(&fetch->body, BODY_MAX_BYTES);
	fetch->multi = curl_multi_init();
	fetch->easy = curl_easy_init();
	fetch->url = join(is_unix ? "http://localhost" : options->url, options->path);
	if (fetch->multi == NULL || fetch->easy == NULL || fetch->url == NULL ||
	    !configure(fetch, options))
		return -ENOMEM;
	*ret_fetch = TAKE_PTR(fetch);
	return 0;
}

static void stop(struct fetch *fetch)
{
	if (fetch->is_running)
		(void)curl_multi_remove_handle(fetch->multi, fetch->easy);
	fetch->is_running = false;
}

struct fetch *fetch_free(struct fetch *fetch)
{
	if (fetch == NULL)
		return NULL;
	stop(fetch);
	curl_easy_cleanup(fetch->easy);
	(void)curl_multi_cleanup(fetch->multi);
	buf_done(&fetch->body);
	free(fetch->url);
	free(fetch);
	return NULL;
}

void fetch_start(struct fetch *fetch)
{
	if (fetch->is_running)
		return;
	buf_clear(&fetch->body);
	fetch->is_running = curl_multi_add_handle(fetch->multi, fetch->easy) == CURLM_OK;
}

static enum fetch_state finish(struct fetch *fetch, CURLcode code, char *reterr_message)
{
	long status = 0;

	stop(fetch);
	(void)curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK)
		(void)snprintf(reterr_message, FETCH_MESSAGE_SIZE, "%s", curl_easy_strerror(code));
	else if (status == 404)
		(void)snprintf(reterr_message, FETCH_MESSAGE_SIZE,
		               "it answered 404, that is not known there");
	else if (status != 200)
		(void)snprintf(reterr_message, FETCH_MESSAGE_SIZE, "it answered %ld", status);
	else
		return FETCH_DONE;
	return FETCH_FAILED;
}

static enum fetch_state look(struct fetch *fetch, char *reterr_message)
{
	int running;
	int left;
	const CURLMsg *message;

	if (curl_multi_perform(fetch->multi, &running) != CURLM_OK)
		return finish(fetch, CURLE_FAILED_INIT, reterr_message);
	message = curl_multi_info_read(fetch->multi, &left);
	if (message == NULL || message->msg != CURLMSG_DONE)
		return FETCH_IDLE;
	return finish(fetch, message->data.result, reterr_message);
}

enum fetch_state fetch_wait(struct fetch *fetch, const int *fds, size_t fd_count, int timeout_ms,
                            char reterr_message[FETCH_MESSAGE_SIZE])
{
	struct curl_waitfd watched[FDS_MAX];
	enum fetch_state state = fetch->is_running ? look(fetch, reterr_message) : FETCH_IDLE;
	size_t i;

	if (state != FETCH_IDLE)
		return state;
	for (i = 0; i < fd_count && i < FDS_MAX; i++)
		watched[i] = (struct curl_waitfd){.fd = fds[i], .events = CURL_WAIT_POLLIN};
	(void)curl_multi_poll(fetch->multi, watched, (unsigned)i, timeout_ms, NULL);
	return fetch->is_running ? look(fetch, reterr_message) : FETCH_IDLE;
}

void fetch_take(struct fetch *fetch, struct buf *body)
{
	struct buf taken = fetch->body;

	fetch->body = *body;
	fetch->body.maximum = BODY_MAX_BYTES;
	*body = taken;
}
